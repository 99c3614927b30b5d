"""Actors with an address and no position are placed by what the geocoder answers and we accept, and nobody else."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_rows import actor_rows

from essmap.build.addresses import WAYS, prepare_address, prepare_addresses
from essmap.build.geocode import ACCEPTED_FROM, NOT_TAKEN, OUTCOMES, PLACED, REVIEWED_FROM, geocode, judge
from essmap.errors import SourceError
from essmap.schema.tables import ACTORS, validate
from essmap.sources.geocoder import GeocoderService
from essmap.sources.geocoder_rows import Answer
from standins.geocoder import Hit, geocoder_stand_in, status

SQUARE = shapely.box(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("written", "prepared"),
    [
        ("20 route de Ticaille", "20 route de Ticaille"),
        ("12 B AV ST EXUPERY", "12 B avenue saint EXUPERY"),
        ("12 bis, bd. du Gal Leclerc", "12 bis boulevard du général Leclerc"),
        ("CHE DE BORDEROUGE CS 12345", "chemin DE BORDEROUGE"),
        ("12-14 R DU 8 MAI 1945", "12 rue DU 8 MAI 1945"),
        ("1 et 3 rue Caraman", "1 rue Caraman"),
        ("BP 12 - 2 PL STE ANNE - 31000 TOULOUSE CEDEX 9", "2 place sainte ANNE"),
        ("3 allée Jean-Jaurès B.P. n° 40012", "3 allée Jean Jaurès"),
        ("n° 5 rue d'Assalit", "5 rue d'Assalit"),
        ("5 rue A. Briand", "5 rue A. Briand"),
        ("lieu-dit L'Hers", "lieu dit L'Hers"),
        ("BP 12", ""),
        ("CEDEX 9", ""),
        ("31000 Toulouse", ""),
        ("12", ""),
        ("", ""),
        ("— -", ""),
    ],
)
def test_address_is_written_as_it_is_found(written, prepared):
    """Boxes of the post, postcode and town go; abbreviations are in full; hyphens are spaces; one number stays."""
    assert prepare_address(written) == prepared


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_prepared_address_is_fit_to_be_sent(text):
    """Whatever the text: empty, or at least three signs of which one is a letter, beginning with a letter or digit."""
    prepared = prepare_address(text)
    assert prepared == prepared.strip()
    assert not set(prepared) & set(',;"\t\r\n-')
    assert prepared == "" or (len(prepared) >= 3 and prepared[0].isalnum() and any(map(str.isalpha, prepared)))


def test_missing_address_is_prepared_as_empty():
    """A column keeps its index; what is missing is empty."""
    column = pd.Series(["1 AV HAUTE", None], index=[7, 9], dtype="str")
    assert prepare_addresses(column).to_dict() == {7: "1 avenue HAUTE", 9: ""}


def test_abbreviations_are_not_words_they_stand_for():
    """No abbreviation is itself a full word of the table: writing in full twice is writing in full once."""
    assert not set(WAYS) & {word for name in WAYS.values() for word in name.replace("-", " ").split()}


def answer(**said):
    return Answer(
        **{"status": "ok", "lon": 0.5, "lat": 0.5, "score": 0.9, "type": "street", "citycode": "31001", **said}
    )


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({}, "street"),
        ({"type": "housenumber", "score": ACCEPTED_FROM}, "housenumber"),
        ({"type": "locality"}, "locality"),
        ({"score": 0.699}, "review"),
        ({"score": REVIEWED_FROM}, "review"),
        ({"score": 0.499}, "low_score"),
        ({"type": "municipality", "score": 1.0}, "municipality"),
        ({"type": "poi"}, "other_type"),
        ({"type": ""}, "other_type"),
        ({"citycode": "31002"}, "elsewhere"),
        ({"citycode": ""}, "elsewhere"),
        ({"lon": 1.001}, "outside_commune"),
        ({"status": "not-found"}, "not_found"),
        ({"status": "skipped"}, "skipped"),
        ({"status": "error"}, "error"),
        ({"status": "offline"}, "offline"),
    ],
)
def test_answer_is_worth_what_thresholds_say(said, outcome):
    """Type, score, code and outline must all hold; a commune's centre never is a site."""
    assert judge(answer(**said), "31001", SQUARE) == outcome
    assert outcome in {*PLACED, *NOT_TAKEN}


def test_nothing_is_taken_without_an_outline():
    """A commune whose outline is not known places nobody."""
    assert judge(answer(), "31001", None) == "outside_commune"


@pytest.fixture
def place(square_geography, tmp_path, waits):
    """Geocode rows of the made-up department against a stand-in that answers as told."""

    def run(frame, cache="cache", **state):
        with geocoder_stand_in(**state) as stand_in:
            placed, report = geocode(frame, square_geography, GeocoderService(stand_in.url, tmp_path / cache))
        validate(placed, ACTORS)
        assert list(report.outcomes) == list(OUTCOMES)
        assert sum(report.outcomes.values()) == len(frame)
        return placed, report, stand_in

    return run


@pytest.fixture
def rows(square_geography):
    """Make actors that stand on the reference point of their commune."""
    communes = square_geography.communes.set_index("commune_code")

    def make(*cells):
        records = []
        for row in cells:
            commune = communes.loc[row.get("commune_code", "31001")]
            where = {
                "commune_code": commune.name,
                "commune_name": commune["commune_name"],
                "canton_code": commune["canton_code"],
            }
            point = (commune["point_lon"], commune["point_lat"])
            records.append({"at": point, "geo_precision": "municipality", **where, **row})
        return actor_rows("api_search", *records, kind="register")

    return make


def near(geography, code, metres):
    """Return a point so far east of a commune's reference point."""
    row = geography.communes.set_index("commune_code").loc[code]
    point = gpd.GeoSeries.from_xy([row["point_lon"]], [row["point_lat"]], crs=4326).to_crs(2154).translate(metres, 0)
    return point.to_crs(4326).iloc[0]


def test_address_is_placed_with_its_precision(place, rows, square_geography):
    """The point, the precision and nothing else change; the question is the prepared address."""
    frame = rows({"address": "2 AV HAUTE"}, {"address": "IMP BASSE"}, {"address": "HAM DU BOIS"})
    points = [near(square_geography, "31001", metres) for metres in (100, 200, 300)]
    kinds = ("housenumber", "street", "locality")
    texts = ("2 avenue haute", "impasse basse", "hameau du bois")
    places = {
        (text, "31001"): Hit(point.x, point.y, type=kind)
        for text, point, kind in zip(texts, points, kinds, strict=True)
    }
    placed, report, stand_in = place(frame, places=places)
    assert [one.casefold() for one in stand_in.asked] == list(texts)
    assert placed["geo_precision"].tolist() == list(kinds)
    assert [one.equals(point) for one, point in zip(placed.geometry, points, strict=True)] == [True] * 3
    changed = ["geometry", "geo_precision"]
    pd.testing.assert_frame_equal(pd.DataFrame(placed.drop(columns=changed)), pd.DataFrame(frame.drop(columns=changed)))
    assert frame["geo_precision"].eq("municipality").all()
    assert (report.placed, report.requests, report.sent, report.kept) == (3, 1, 3, 0)
    assert report.counts["outcomes.street"] == 1
    assert (report.source.key, report.source.licence) == ("geocoder", "Licence Ouverte 2.0")
    assert report.source.vintage == report.source.fetched_at


def test_whom_we_do_not_place_is_never_asked(place, rows):
    """A sensitive place, a home, a masked row, a row with a position: their addresses leave nowhere."""
    frame = rows(
        {"address": "1 RUE SECRETE", "is_sensitive": True},
        {"address": "2 rue Haute, chez Mme Unetelle"},
        {"address": None},
        {"address": "4 RUE HAUTE", "geo_precision": "locality"},
        {"address": "BP 12"},
    )
    placed, report, stand_in = place(frame, default=Hit(1.0, 43.0))
    assert stand_in.files == []
    pd.testing.assert_frame_equal(pd.DataFrame(placed), pd.DataFrame(frame))
    counted = {name: n for name, n in report.outcomes.items() if n}
    assert counted == {"not_to_place": 2, "no_address": 1, "has_position": 1, "unusable_address": 1}


def test_hit_in_another_commune_moves_nobody(place, rows, square_geography):
    """By its code or by its outline: an actor stays on its commune's reference point, and it is counted."""
    beyond = near(square_geography, "31001", 9_000)
    inside = near(square_geography, "31001", 100)
    frame = rows({"address": "1 rue Haute"}, {"address": "2 rue Haute"})
    places = {
        ("1 rue haute", "31001"): Hit(beyond.x, beyond.y),
        ("2 rue haute", "31001"): Hit(inside.x, inside.y, citycode="31002"),
    }
    placed, report, _ = place(frame, places=places)
    assert placed.geometry.geom_equals(frame.geometry).all()
    assert (report.placed, report.outcomes["outside_commune"], report.outcomes["elsewhere"]) == (0, 1, 1)
    assert report.source is None


def test_refresh_gives_the_same_without_asking(place, rows, square_geography, tmp_path):
    """A second build asks nothing; placed actors are not asked for again either."""
    point = near(square_geography, "31001", 100)
    frame = rows({"address": "1 rue Haute"}, {"address": "rue perdue"})
    with geocoder_stand_in(places={("1 rue haute", "31001"): Hit(point.x, point.y)}) as stand_in:
        service = GeocoderService(stand_in.url, tmp_path / "kept")
        first, _ = geocode(frame, square_geography, service)
        again, report = geocode(frame, square_geography, service)
        third, _ = geocode(first, square_geography, service)
    assert (report.requests, report.sent, report.kept) == (0, 0, 2)
    for other in (again, third):
        pd.testing.assert_frame_equal(pd.DataFrame(other), pd.DataFrame(first))


def test_service_that_fails_stops_the_build(place, rows):
    """No answer is an error, not an actor without position."""
    with pytest.raises(SourceError, match="n’a pas répondu comme il faut"):
        place(rows({"address": "1 rue Haute"}), bad=[status(500)] * 50)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(-20_000, 20_000), st.sampled_from(["housenumber", "street", "locality", "municipality", "poi"]),
            st.floats(0, 1), st.sampled_from([None, "31001", "31555"]), st.sampled_from(["31001", "31555"]),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_actor_never_leaves_its_commune(hits):
    """Wherever answers lie, each actor is within its commune's outline, and placed only by an accepted answer."""
    outlines = {"31001": SQUARE, "31555": shapely.box(1, 0, 2, 1)}
    for metres, kind, score, said, own in hits:
        lon = metres / 10_000
        outcome = judge(Answer("ok", lon, 0.5, score, kind, said or own), own, outlines[own])
        if outcome in PLACED:
            assert outlines[own].covers(shapely.Point(lon, 0.5))
            assert (outcome, said or own) == (kind, own)
            assert score >= ACCEPTED_FROM
