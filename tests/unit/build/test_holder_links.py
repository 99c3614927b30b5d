"""Holders found by name among many: the same as by comparing with everybody, and quickly. Names are public."""

from __future__ import annotations

import random
import time

import pandas as pd
import pytest

from essmap.build.holder_links import HolderIndex
from essmap.build.name_scores import SAME_NAME, name_score, rests_on_initials
from essmap.build.names import read_name
from essmap.schema.folding import fold
from essmap.schema.tables import MERGES, empty

TOULOUSE = "31555"
WORDS = ("Alpha", "Nord", "Bêta", "des Lilas", "du Parc", "Soleil", "de la Lune", "Horizon", "Atelier", "Jardin")


def actors(names: list[str]) -> pd.DataFrame:
    """Return actors of Toulouse with these names."""
    return pd.DataFrame(
        {"actor_id": [f"a{n}" for n in range(len(names))], "name": names, "commune_code": TOULOUSE,
         "commune_name": "Toulouse", "siren": None, "siret": None}
    )  # fmt: skip


def row(name: str) -> dict[str, str]:
    return {"actor_id": "", "holder_siret": "", "holder_siren": "", "commune_code": TOULOUSE, "holder_name": name}


def mistyped(name: str, chance: random.Random) -> str:
    """Return a name as another list would write it: a letter less in a long word, something said more."""
    words = name.split()
    place = chance.randrange(len(words))
    if len(words[place]) > 5:
        letter = chance.randrange(1, len(words[place]) - 1)
        words[place] = words[place][:letter] + words[place][letter + 1 :]
    return " ".join(words) + chance.choice(["", " Toulouse", " 31", " (Toulouse)", " association"])


@pytest.fixture(scope="module")
def names(starter_snapshot) -> list[str]:
    return starter_snapshot.table("actors")["name"].drop_duplicates().tolist()


def test_what_is_not_looked_at_closely_would_not_have_been_found(names):
    """Each mistyped name has the holder that a comparison with every name gives; initials prove nothing."""
    chance = random.Random(31)  # noqa: S311  examples, not secrets
    index = HolderIndex(actors(names), empty(MERGES))
    read = [(f"a{n}", read_name(name, "Toulouse", "31"), fold(name)) for n, name in enumerate(names)]
    found = 0
    for name in [mistyped(name, chance) for name in chance.sample(names, 120)]:
        wanted = read_name(name, "Toulouse", "31")
        scores = {
            actor: 2.0 if text == fold(name) else name_score(wanted, one)
            for actor, one, text in read
            if not rests_on_initials(wanted, one)
        }
        best = max(scores.values())
        everybody = [actor for actor, score in scores.items() if score == best]
        expected = everybody[0] if best >= SAME_NAME and len(everybody) == 1 else None
        assert index.holder(row(name))[0] == expected, name
        found += expected is not None
    assert found > 60


def test_a_list_of_thousands_finds_its_holders_in_seconds(names):
    """5,000 rows, a third mistyped, against 5,396 actors of one commune; comparing with all took 11 minutes."""
    chance = random.Random(31)  # noqa: S311  examples, not secrets
    many = list(names)
    many += [f"{chance.choice(names)} {chance.choice(WORDS)} {n}" for n in range(5_396 - len(many))]
    rows = [chance.choice(many) for _ in range(5_000)]
    rows = [mistyped(name, chance) if n % 3 == 0 else name.upper() for n, name in enumerate(rows)]
    start = time.process_time()
    index = HolderIndex(actors(many), empty(MERGES))
    found = sum(index.holder(row(name))[0] is not None for name in rows)
    assert time.process_time() - start < 30  # some 3 on the machine it was written on
    assert found > 3_000


def test_a_name_that_two_actors_have_is_nobodys():
    """Exact or near, several that fit alike are none."""
    index = HolderIndex(actors(["Les Bricoleurs", "LES BRICOLEURS", "Le Rucher"]), empty(MERGES))
    assert index.holder(row("les bricoleurs")) == (None, "none")
    assert index.holder(row("Les Bricoleeurs")) == (None, "none")
    assert index.holder(row("Rucher (Le)")) == ("a2", "name")


def test_initials_alone_are_no_holder():
    """Letters that any words may begin with do not say who holds a support."""
    index = HolderIndex(actors(["TEC 31"]), empty(MERGES))
    assert index.holder(row("Toulouse Espace Couture")) == (None, "none")


def test_a_row_that_was_merged_into_an_actor_is_that_actor():
    """By its identifier, and by its name."""
    merges = pd.DataFrame(
        [("a0", "liste-x", "Autre Nom", "s", "siret", 1.0), ("a0", "masqué", "N", "s", "siret", 1.0),
         ("a1", "masqué", "M", "s", "siret", 1.0)],
        columns=MERGES.column_names,
    )  # fmt: skip
    index = HolderIndex(actors(["Les Bricoleurs", "Le Rucher"]), merges)
    assert index.holder({**row("Sans rapport"), "actor_id": "liste-x"}) == ("a0", "actor_id")
    assert index.holder({**row("Sans rapport"), "actor_id": "masqué"}) == (None, "none")
    assert index.holder(row("autre nom")) == ("a0", "name")
