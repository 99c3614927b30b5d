"""Two ways to write one address are one place; when in doubt they are too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.doors import read_door, same_door

HOME = "12 RUE DES LILAS"


@pytest.mark.parametrize(
    "address",
    [
        "12 rue des Lilas", "12 rue des Lilas, bât. B", "12 rue des Lilas 31000 Toulouse",
        "12, rue des Lilas, Toulouse",
        "12, rue des Lilas (2e étage)", "Résidence 3 Pins, 12 rue des Lilas", "12-14 rue des Lilas", "rue des Lilas",
        "10 à 12 rue des Lilas", "12 bis rue des Lilas", "12B R DES LILAS", "rue des Lilas BP 33", "12 rue des Lylas",
        "Rue des Lilas, n° 12", "12 rue des Lilas appt 5 résidence Hugo", "les Lilas",
    ],
)  # fmt: skip
def test_one_place_is_known_however_it_is_written(address):
    """Buildings, floors, postcodes, residences, ranges and missing numbers do not make another place."""
    assert same_door(address, HOME) is True
    assert same_door(HOME, address) is True


@pytest.mark.parametrize(
    "address", ["14 rue des Lilas", "9 rue de tout autre chose", "12 avenue Foch", "Maison des associations",
                "Résidence 12 Pins, 3 rue des Lilas"],
)  # fmt: skip
def test_another_place_is_another(address):
    """Another number of the street, or another street, is clearly elsewhere."""
    assert same_door(address, HOME) is False


@pytest.mark.parametrize("address", ["", "BP 12", "31000 Toulouse", "12", "bât. B"])
def test_address_without_a_street_tells_nothing(address):
    """What names no street can be compared with none."""
    assert same_door(address, HOME) is None


def test_numbers_inside_the_name_of_a_street_are_no_door():
    """« 8 mai 1945 » is a street, whose numbers tell nothing."""
    assert same_door("14 rue du 8 mai 1945", "12 RUE DU 8 MAI 1945") is False
    assert read_door("12 rue du 8 mai 1945").numbers == {"12"}
    assert read_door("12 Le Moulin").numbers == {"12"}


@given(st.text(max_size=40), st.text(max_size=40))
def test_order_does_not_matter(one, other):
    """Whatever the texts, the answer is the same both ways, and an address with a street is its own place."""
    assert same_door(one, other) == same_door(other, one)
    assert same_door(one, one) is (True if read_door(one).words else None)
