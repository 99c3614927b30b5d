"""Several sources become one row per actor: which rows, which fields; in any order; nothing told of whom we hide."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_rows import CENTRES, actor_rows, register_rows

from essmap import reference
from essmap.build.merge import _CHOSEN, merge_actors
from essmap.build.overrides import Override, Overrides
from essmap.build.privacy import MASKED_FIELDS
from essmap.errors import DataError
from essmap.schema.tables import ACTORS, MERGES, SOURCE_KINDS, validate

SIRETS = [f"{number:09d}00012" for number in range(1, 9)]


def merge(*tables, **options):
    """Merge frames, each under the key its rows carry, and check what comes out against the schema."""
    merged = merge_actors([(frame["source"].iloc[0], frame) for frame in tables], **options)
    validate(merged.actors, ACTORS)
    validate(merged.merges, MERGES)
    for key, counts in merged.counts.items():
        assert counts.rows_in == counts.kept + counts.merged
        assert counts.merged == (merged.merges["source"] == key).sum()
    assert len(merged.actors) + len(merged.merges) == sum(len(frame) for frame in tables)
    return merged


def pairs(merged):
    """Return what was merged into what, and by which rule."""
    rows = merged.merges
    return set(zip(rows["kept_id"], rows["merged_id"], rows["rule"], strict=True))


# --- which rows ----------------------------------------------------------------------------------------------------


def test_same_siret_is_one_actor():
    """A SIRET names an establishment, whatever the names and communes say; in one source it is a repeat."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Une", "siret": SIRETS[0]})
    listed = actor_rows(
        "list_x", {"id": "b", "name": "Deux", "siret": SIRETS[0]}, {"id": "c", "name": "Trois", "siret": SIRETS[0]},
        kind="list",
    )  # fmt: skip
    register = register_rows({"siret": SIRETS[0], "name": "QUATRE", "commune_code": "31002"})
    merged = merge(starter, listed, register)
    assert pairs(merged) == {("a", other, "siret") for other in ("b", "c", f"siret-{SIRETS[0]}")}


ACRONYMS = {
    "ARVL": "ASSOCIATION REGIONALE DES VETERANS DE LUCHON",
    "APF": "ASSOCIATION DES PARENTS DE FENOUILLET",
    "ARPE": "ASSOCIATION DES RANDONNEURS PEDESTRES ENDURANTS",
    "AFEV": "ASSOCIATION FAMILIALE ESPOIR VIVANT",
}


@pytest.mark.parametrize(("letters", "name"), ACRONYMS.items())
def test_initials_alone_make_no_actor(letters, name):
    """Any organisation may have these letters: both rows are left alone and reported, unless they share a place."""
    starter = actor_rows("starter_actors", {"id": "a", "name": letters})
    merged = merge(starter, register_rows({"siret": SIRETS[0], "name": name}))
    assert pairs(merged) == set()
    assert set(merged.contested) == {"a", f"siret-{SIRETS[0]}"}
    assert merged.rivals != ()
    there = {"address": "1 rue Haute", "at": (1.001, 43.001)}
    starter = actor_rows("starter_actors", {"id": "a", "name": letters, **there})
    merged = merge(starter, register_rows({"siret": SIRETS[0], "name": name, **there}))
    assert pairs(merged) == {("a", f"siret-{SIRETS[0]}", "name_commune")}


def test_initials_beside_what_they_stand_for_are_enough():
    """The row that gives both joins the two others."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "ARVL"})
    listed = actor_rows("list_x", {"id": "b", "name": f"ARVL – {ACRONYMS['ARVL'].title()}"}, kind="list")
    merged = merge(starter, listed, register_rows({"siret": SIRETS[0], "name": ACRONYMS["ARVL"]}))
    assert len(merged.actors) == 1
    assert merged.contested == ()


def test_same_siren_in_the_commune_is_one_actor_where_one_is_meant():
    """A row with a SIREN alone joins the only establishment of the unit in its commune."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Une", "siren": SIRETS[0][:9]})
    register = register_rows(
        {"siret": SIRETS[0], "name": "QUATRE"}, {"siret": "00000000100020", "commune_code": "31002"}
    )
    assert pairs(merge(starter, register)) == {("a", f"siret-{SIRETS[0]}", "siren_commune")}


def test_several_establishments_of_a_unit_are_not_guessed():
    """Two establishments in the commune: a SIREN does not tell which; a name may."""
    siren = SIRETS[0][:9]
    register = register_rows(
        {"siret": f"{siren}00012", "name": "BOUTIQUE DES LILAS"}, {"siret": f"{siren}00020", "name": "GARAGE DES PINS"}
    )
    unnamed = actor_rows("starter_actors", {"id": "a", "name": "Une", "siren": siren})
    assert pairs(merge(unnamed, register)) == set()
    named = actor_rows("starter_actors", {"id": "a", "name": "Boutique des Lilas", "siren": siren})
    assert pairs(merge(named, register)) == {("a", f"siret-{siren}00012", "name_commune")}


def test_two_sites_of_one_source_stay_two():
    """Two rows of a source with one SIREN and no SIRET are two places, which one establishment cannot be both of."""
    siren = SIRETS[0][:9]
    starter = actor_rows("starter_actors", {"id": "a", "siren": siren}, {"id": "b", "siren": siren})
    assert pairs(merge(starter, register_rows({"siret": SIRETS[0]}))) == set()
    assert pairs(merge(starter, actor_rows("list_x", {"id": "c", "siren": siren}, kind="list"))) == set()


def test_same_name_in_the_commune_is_one_actor():
    """The name decides where identifiers are silent, in one commune only, with its score."""
    starter = actor_rows(
        "starter_actors",
        {"id": "a", "name": "Les Lucioles"},
        {"id": "b", "name": "Les Lucioles", "commune_code": "31002"},
    )
    register = register_rows({"siret": SIRETS[0], "name": "ASSOCIATION LES LUCIOLES"})
    merged = merge(starter, register)
    assert pairs(merged) == {("a", f"siret-{SIRETS[0]}", "name_commune")}
    assert merged.merges["score"].tolist() == [1.0]


def test_names_within_one_source_are_never_merged():
    """Two rows of one source with one name are two actors: whoever made the list saw two."""
    assert pairs(merge(actor_rows("list_x", {"name": "Les Lucioles"}, {"name": "Les Lucioles"}, kind="list"))) == set()


def test_other_numbers_forbid_a_merge_by_name():
    """Two units of different SIREN, or two establishments, are two whatever they are called."""
    one = actor_rows("list_x", {"id": "a", "name": "Les Lucioles", "siren": SIRETS[1][:9]}, kind="list")
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"})
    assert pairs(merge(one, register)) == set()


def test_best_name_goes_first_and_each_row_once():
    """The exact name takes the register's row; what is only near stays."""
    starter = actor_rows(
        "starter_actors", {"id": "a", "name": "Les Lucioles – résidence L'Envol"}, {"id": "b", "name": "Les Lucioles"}
    )
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"})
    assert pairs(merge(starter, register)) == {("b", f"siret-{SIRETS[0]}", "name_commune")}


def test_row_that_could_be_several_is_left_alone_and_said():
    """Two establishments of one name: none is chosen, and the actor is neither confirmed nor not."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Les Lucioles"})
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"}, {"siret": SIRETS[1], "name": "LES LUCIOLES"})
    merged = merge(starter, register)
    assert pairs(merged) == set()
    assert merged.contested == ("a", *(f"siret-{siret}" for siret in SIRETS[:2]))
    assert {frozenset(pair) for pair in merged.rivals} == {frozenset({"a", f"siret-{one}"}) for one in SIRETS[:2]}
    assert merged.actors.set_index("actor_id")["is_confirmed"]["a"] is pd.NA


def test_common_address_tells_which():
    """Of two establishments of one name, the one at the same address is it."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Les Lucioles", "address": "2 rue de l'Été"})
    register = register_rows(
        {"siret": SIRETS[0], "name": "LES LUCIOLES", "address": "9 RUE HAUTE"},
        {"siret": SIRETS[1], "name": "LES LUCIOLES", "address": "2 RUE DE L ETE"},
    )
    assert pairs(merge(starter, register)) == {("a", f"siret-{SIRETS[1]}", "name_commune")}


def test_other_family_needs_the_same_name():
    """An association and a cooperative of nearly one name are two; of exactly one name they are one."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Récobrada", "family": "association"})
    for name, expected in (("RECOBRADA", 1), ("RESSOURCERIE RECOBRADA", 0)):
        register = register_rows({"siret": SIRETS[0], "name": name, "family": "cooperative"})
        assert len(pairs(merge(starter, register))) == expected


def test_no_chain_through_a_third_row():
    """A matches B and B matches C, but A and C are two: only the surer pair is merged."""
    one = actor_rows("starter_actors", {"id": "a", "name": "Les Lucioles – résidence L'Envol"})
    two = actor_rows("list_x", {"id": "b", "name": "Les Lucioles"}, kind="list")
    three = actor_rows("list_y", {"id": "c", "name": "Les Lucioles – résidence Les Pins"}, kind="list")
    assert pairs(merge(one, three)) == set()
    assert len(pairs(merge(one, two, three))) == 1


def test_three_sources_of_one_name_are_one_actor():
    """Each matches each."""
    frames = [actor_rows(f"list_{key}", {"id": key, "name": name}, kind="list") for key, name in
              (("x", "Les Lucioles"), ("y", "Association Les Lucioles"), ("z", "LUCIOLES"))]  # fmt: skip
    assert len(merge(*frames).actors) == 1


# --- what somebody decided -----------------------------------------------------------------------------------------


def test_forced_merge():
    """A decision merges what no rule would, and says so without a score."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Une"}, {"id": "b", "name": "Deux"})
    register = register_rows({"siret": SIRETS[0], "name": "TROIS"})
    decided = Overrides("f.csv", merged=(Override("a", f"siret-{SIRETS[0]}", 2), Override("a", "b", 3)))
    merged = merge(starter, register, overrides=decided)
    assert pairs(merged) == {("a", f"siret-{SIRETS[0]}", "forced"), ("a", "b", "forced")}
    assert merged.merges["score"].isna().all()


@pytest.mark.parametrize("cells", [{"siret": SIRETS[0]}, {"siren": SIRETS[0][:9]}, {"name": "LES LUCIOLES"}])
def test_decision_to_keep_apart_wins_over_every_rule(cells):
    """Whatever would merge them, two actors that somebody keeps apart stay two."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Une", **cells})
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"})
    assert len(pairs(merge(starter, register))) == 1
    decided = Overrides("f.csv", kept_apart=(Override(f"siret-{SIRETS[0]}", "a", 2),))
    assert pairs(merge(starter, register, overrides=decided)) == set()


def test_decision_on_nobody_is_said():
    """A decision that names an actor no source has does nothing and is reported."""
    merged = merge(actor_rows("starter_actors", {"id": "a"}), overrides=Overrides("f.csv", (Override("a", "z", 2),)))
    assert [problem.value for problem in merged.unused] == ["z"]


# --- which fields --------------------------------------------------------------------------------------------------


def test_each_field_comes_from_the_source_trusted_for_it():
    """Numbers, form and workforce of the register; name, activity, domains, site and page of who saw it."""
    starter = actor_rows("starter_actors", {
        "id": "a", "name": "Les Lucioles", "activity": "Réparer des vélos", "domains": ["mobilite"],
        "axes": ["bifurcation_ecologique"], "website": "https://lucioles.example/", "is_supported": True,
        "source_url": "https://presse.example/1", "source_year": 2021, "naf": "00.00Z",
        "legal_form": "association", "family": "association",
    })  # fmt: skip
    register = register_rows({
        "siret": SIRETS[0], "name": "LES LUCIOLES", "activity": "Réparation", "legal_form": "scic", "naf": "95.29Z",
        "family": "cooperative", "workforce_band": "11", "is_employer": True, "source_year": 2026, "at": (1.1, 43.1),
        "address": "2 RUE HAUTE", "postcode": "31000",
    })  # fmt: skip
    row = merge(starter, register).actors.iloc[0]
    said = {
        name: row[name]
        for name in ("actor_id", "name", "activity", "domains", "axes", "website", "source_url", "source_year")
    }
    assert said == {name: starter.iloc[0][name] for name in said}
    assert (row["source"], row["source_kind"]) == ("starter_actors", "press")
    told = ("siren", "siret", "legal_form", "family", "naf", "workforce_band", "is_employer", "address", "geometry")
    known = {name: row[name] for name in told}
    assert known == {name: register.iloc[0][name] for name in known}
    assert row["is_supported"]
    assert row["is_confirmed"]


def test_what_a_source_says_goes_before_what_was_read_from_a_name():
    """Domains guessed, a list without page and a list's « association » come last, and still fill what nobody says."""
    listed = actor_rows("list_0123_actors", {
        "id": "liste-a", "name": "Les Lucioles", "domains": ["culture"], "source_kind": "list", "siret": SIRETS[0],
        "legal_form": "association", "family": "association", "source_url": None, "source_note": "Liste",
    })  # fmt: skip
    gathered = {
        "id": "a", "name": "Les Lucioles", "siret": SIRETS[0], "domains": ["mobilite"], "legal_form": "scic",
        "family": "cooperative", "source_url": "https://presse.example/1",
    }  # fmt: skip
    derived = {"domains": {("list_0123_actors", "liste-a")}}
    row = merge(actor_rows("starter_actors", gathered), listed, derived=derived).actors.iloc[0]
    assert (row["domains"], row["legal_form"], row["source"]) == (["mobilite"], "scic", "starter_actors")
    silent = {**gathered, "domains": [], "legal_form": "unknown", "family": "unknown", "source_url": None}
    row = merge(actor_rows("starter_actors", silent), listed, derived=derived).actors.iloc[0]
    assert (row["domains"], row["legal_form"], row["source"]) == (["culture"], "association", "list_0123_actors")
    row = merge(actor_rows("starter_actors", gathered), listed).actors.iloc[0]
    assert row["domains"] == ["culture"]


def test_what_the_trusted_source_does_not_say_another_does():
    """A register that does not know the form or the workforce leaves them to the others."""
    starter = actor_rows("starter_actors", {
        "id": "a", "name": "Les Lucioles", "legal_form": "scop", "family": "cooperative", "is_employer": True,
        "siren": SIRETS[0][:9],
    })  # fmt: skip
    row = merge(starter, register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES", "domains": []})).actors.iloc[0]
    assert (row["legal_form"], row["family"], row["is_employer"], row["domains"]) == (
        "scop",
        "cooperative",
        True,
        ["numerique"],
    )


@pytest.mark.parametrize("finer", ["starter_actors", "api_search"])
def test_most_precise_position_wins_with_its_address(finer):
    """Whoever is more precise places the actor; the address shown is that of the point."""
    cells = {
        key: {"geo_precision": "housenumber" if key == finer else "locality",
              "at": (1.1, 43.1) if key == finer else (1.2, 43.2), "address": f"1 rue {key}", "postcode": "31000"}
        for key in ("starter_actors", "api_search")
    }  # fmt: skip
    starter = actor_rows("starter_actors", {"name": "Les Lucioles", **cells["starter_actors"]})
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES", **cells["api_search"]})
    row = merge(starter, register).actors.iloc[0]
    assert (row["geo_precision"], row["address"], row["geometry"].x) == ("housenumber", f"1 rue {finer}", 1.1)


def test_no_register_no_verdict():
    """Without a register among the sources nobody is said to be confirmed or not; with one, everybody is."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Les Lucioles"}, {"id": "b", "name": "Le Cairn"})
    assert merge(starter).actors["is_confirmed"].isna().all()
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"}, {"siret": SIRETS[1], "name": "RECOBRADA"})
    confirmed = merge(starter, register).actors.set_index("actor_id")["is_confirmed"]
    assert confirmed.to_dict() == {"a": True, "b": False, f"siret-{SIRETS[1]}": True}


# --- whom we hide --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["sensitive", "masked"])
def test_hidden_actor_keeps_nothing_finer_than_its_commune(who):
    """One row that must not be placed hides what every other knows: address, point, numbers, pages; in merges too."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "La Halte", "is_sensitive": who == "sensitive"})
    register = register_rows({
        "siret": SIRETS[0], "name": "LA HALTE", "address": "2 RUE SECRETE", "postcode": "31999", "at": (1.11, 43.11),
        "website": "https://secret.example/", "source_url": "https://secret.example/", "source_note": "secret",
    })  # fmt: skip
    merged = merge(starter, register, masked={"a"} if who == "masked" else set())
    row = merged.actors.iloc[0]
    assert merged.actors[list(MASKED_FIELDS)].isna().all(axis=None)
    assert (row["geo_precision"], row["geometry"].coords[0]) == ("municipality", CENTRES["31001"])
    assert row["is_sensitive"] == (who == "sensitive")
    everything = merged.actors.to_csv() + merged.merges.to_csv()
    for secret in ("SECRET", "secret", "31999", "1.11", SIRETS[0], SIRETS[0][:9]):
        assert secret not in everything


def test_hidden_actor_stands_in_the_commune_of_the_hidden_row():
    """Where communes differ, the row that is hidden says which commune is shown: it stands on its reference point."""
    starter = actor_rows("starter_actors", {"id": "a", "is_sensitive": True, "commune_code": "31002"})
    register = register_rows({"siret": SIRETS[0], "at": (1.11, 43.11)})
    decided = Overrides("f.csv", (Override("a", f"siret-{SIRETS[0]}", 2),))
    row = merge(starter, register, overrides=decided).actors.iloc[0]
    assert (row["commune_code"], row["geometry"].coords[0]) == ("31002", CENTRES["31002"])


def test_source_that_places_a_sensitive_row_is_refused():
    """A source that was not masked stops the merge: its point would be written."""
    with pytest.raises(DataError, match="list_x"):
        merge(actor_rows("list_x", {"is_sensitive": True, "at": (1.1, 43.1)}, kind="list"))


# --- order, repetition, place --------------------------------------------------------------------------------------

NAMES = (
    "Les Lucioles",
    "LUCIOLES",
    "Les Lucioles – résidence L'Envol",
    "Récobrada",
    "Ressourcerie Recobrada",
    "Foyer rural",
)


@st.composite
def sources(draw):
    """Draw three sources whose rows share names, identifiers and communes as they like."""
    frames = []
    for key, kind in (("starter_actors", "press"), ("list_x", "list"), ("api_search", "register")):
        rows, used = [], set()
        for number in range(draw(st.integers(0, 5))):
            commune = draw(st.sampled_from(sorted(CENTRES)))
            siret = draw(st.sampled_from(SIRETS[:4])) if kind == "register" or draw(st.integers(0, 3)) == 0 else None
            if kind == "register" and siret in used:
                continue
            used.add(siret)
            is_sensitive = draw(st.integers(0, 9)) == 0
            x, y = CENTRES[commune]
            row = {
                "id": f"siret-{siret}" if kind == "register" else f"{key}-{number}",
                "name": draw(st.sampled_from(NAMES)),
                "commune_code": commune,
                "siret": siret,
                "siren": siret[:9] if siret else draw(st.sampled_from([None, SIRETS[0][:9]])),
                "is_sensitive": is_sensitive,
                "source_year": draw(st.sampled_from([None, 2020, 2024])),
                "activity": draw(st.sampled_from([None, f"activité {key} {number}"])),
            }
            if not is_sensitive and draw(st.booleans()):
                row |= {"at": (x + number / 100, y), "address": f"{number} rue {key}",
                        "geo_precision": draw(st.sampled_from(["housenumber", "street", "locality"]))}  # fmt: skip
            rows.append(row)
        frames.append((key, actor_rows(key, *rows, kind=kind)))
    return frames


@settings(max_examples=25)
@given(sources(), st.randoms(use_true_random=False))
def test_order_of_sources_and_rows_changes_nothing(tables, shuffle):
    """However sources arrive and their rows are sorted, actors and merges are the same."""
    merged = merge_actors(tables)
    mixed = [
        (key, frame.iloc[shuffle.sample(range(len(frame)), len(frame))].reset_index(drop=True)) for key, frame in tables
    ]
    shuffle.shuffle(mixed)
    again = merge_actors(mixed)
    assert_same(again.actors, merged.actors)
    pd.testing.assert_frame_equal(again.merges, merged.merges)
    assert (again.counts, again.contested) == (merged.counts, merged.contested)


@settings(max_examples=25)
@given(sources())
def test_merging_again_changes_nothing(tables):
    """The result alone, or merged again with the sources it was made of, is the same actors."""
    merged = merge_actors(tables)
    assert_same(merge_actors([("before", merged.actors)]).actors, merged.actors, but=["is_confirmed"])
    assert_same(merge_actors([("before", merged.actors), *tables]).actors, merged.actors)


@settings(max_examples=25)
@given(sources())
def test_actor_never_leaves_its_commune(tables):
    """An actor stands where one of its rows of that commune stands; hidden ones on the reference point."""
    merged = merge_actors(tables)
    rows = pd.concat([frame for _, frame in tables])
    stands = set(zip(rows["commune_code"], rows.geometry.to_wkt(), strict=True))
    for actor in merged.actors.itertuples():
        assert (actor.commune_code, actor.geometry.wkt) in stands
        if actor.is_sensitive:
            assert actor.geometry.coords[0] == CENTRES[actor.commune_code]
    assert merged.actors["actor_id"].is_unique


def assert_same(found, expected, but=()):
    """Compare two tables of actors, geometries too."""
    plain = [
        pd.DataFrame(frame).drop(columns=list(but)).assign(geometry=frame.geometry.to_wkt())
        for frame in (found, expected)
    ]
    pd.testing.assert_frame_equal(*plain)


def test_nothing_to_merge():
    """No source, or sources without rows, give an empty table of actors."""
    for tables in ([], [("starter_actors", actor_rows("starter_actors"))]):
        merged = merge_actors(tables)
        validate(merged.actors, ACTORS)
        assert merged.actors.empty
        assert isinstance(merged.actors, gpd.GeoDataFrame)


def test_keys_and_identifiers_are_given_once():
    """Two sources of one key are a fault of the caller; an identifier given twice is one of the list."""
    starter = actor_rows("starter_actors", {"id": "a"})
    with pytest.raises(ValueError, match="starter_actors"):
        merge_actors([("starter_actors", starter), ("starter_actors", starter)])
    with pytest.raises(DataError, match="deux fois") as told:
        merge_actors([("list_x", pd.concat([starter, starter]))])
    assert [(one.file, one.value) for one in told.value.problems] == [("list_x", "a")]


def test_starter_snapshot_merges_with_itself_unchanged(starter_snapshot):
    """The real starter rows, alone, come out as they went in."""
    actors = starter_snapshot.layer("actors")
    merged = merge_actors([("starter_actors", actors)])
    assert merged.merges.empty
    by_id = [frame.sort_values("actor_id").reset_index(drop=True) for frame in (merged.actors, actors)]
    assert_same(*by_id)


def test_trust_is_declared_for_each_choice():
    """The table names every field that is chosen, and all kinds of sources for each but what a register alone knows."""
    table = reference.trust()
    assert set(table.index) == {*_CHOSEN, "identifiers", "place"}
    keys = {"starter_actors", "given_actors"}
    for field, names in table["sources"].items():
        assert set(names.split(";")) - keys == SOURCE_KINDS, field
        assert len(set(names.split(";"))) == len(names.split(";"))


def test_given_trust_replaces_the_declared_one():
    """A caller may trust otherwise: the register's name then wins."""
    starter = actor_rows("starter_actors", {"id": "a", "name": "Les Lucioles"})
    register = register_rows({"siret": SIRETS[0], "name": "LES LUCIOLES"})
    trust = {field: ["register"] for field in reference.trust().index}
    assert merge(starter, register, trust=trust).actors["name"].tolist() == ["LES LUCIOLES"]
