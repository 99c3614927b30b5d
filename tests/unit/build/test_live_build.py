"""Whole builds from a made-up register: nothing of whom we hide in any artefact, and counts that add up."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_register import establishment, register_read

from essmap.build.geocode import GeocodeReport
from essmap.build.geography import Geography
from essmap.build.live import LiveOptions, build_live
from essmap.build.live_completeness import completeness_of, dates_in_words
from essmap.build.overrides import Override, Overrides
from essmap.build.privacy import MASKED_FIELDS
from essmap.build.register import hidden_identifier
from essmap.build.report import with_report
from essmap.build.starter import build_starter, is_outdated, load_geography
from essmap.cli.report import as_json
from essmap.errors import SourceError
from essmap.schema.withheld import Entry, Withheld
from essmap.sources.starter import ACTORS_FILE
from essmap.store import Store
from essmap.view import assets
from essmap.view.cards import actor_card
from essmap.view.layers import publish_actors
from essmap.view.opendata.content import actors_content, projects_content
from essmap.view.opendata.package import FORMATS, package
from essmap.view.rows import each_row

NOTHING = GeocodeReport({})
BOTH = LiveOptions("api+starter", with_starter=True)
ALONE = LiveOptions("api")


@pytest.fixture(scope="module")
def territory() -> Geography:
    """Haute-Garonne: shared, read only."""
    return load_geography("31")


#: What must be found nowhere, by kind of row. Every value is unlike any other of the data.
SECRET_LON, SECRET_LAT = "1.4412347", "43.6098761"
PLANTED = {
    "partial": {"diffusion": "P", "sign": "ENSEIGNE-SECRETE", "acronym": "SIGLESECRET"},
    "sensitive": {"name": "FOYER DE FEMMES VICTIMES DE VIOLENCES"},
    "home": {"complement": "CHEZ MME UNETELLE-SECRETE"},
    "home in the address": {"address": "CHEZ M SECRET-BIEN-GARDE 78901 RUE DES MOTS-CACHES"},
    "non-employer": {"employer": "N", "workforce_band": "NN"},
    "natural person": {"legal_category": "1000", "name": "NOMSECRET PRENOMSECRET"},
    "withheld": {"name": "OPPOSITION-SECRETE"},
}


def planted_rows() -> list[dict[str, str]]:
    """Return rows of each kind, with values that nothing else holds."""
    rows = []
    for number, cells in enumerate(PLANTED.values(), start=71):
        row = establishment(
            number, siren=f"7654321{number}", siret=f"7654321{number}98765", address="78901 RUE DES MOTS-CACHES",
            postcode="31987", lon=SECRET_LON, lat=SECRET_LAT,
        )  # fmt: skip
        row["name"] = f"NOM VISIBLE {number}"
        rows.append(row | cells)
    return rows


SECRETS = (
    "78901", "mots-caches", "31987", "7654321", "1.4412", "43.6098", "unetelle", "bien-garde", "nomsecret",
    "prenomsecret", "opposition-secrete", "enseigne-secrete", "siglesecret", "enseigne secrete",
)  # fmt: skip


def artefact_texts(snapshot, folder) -> dict[str, str]:
    """Return the text of everything that a build leaves and of what the app makes of it, in small letters."""
    Store(str(folder)).save(snapshot)
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.json")}
    assert {"manifest.json", "report.json", "current.json"} <= set(texts)
    read = Store(str(folder)).load("31")
    for name, frame in read.tables.items():
        texts[name] = pd.DataFrame(frame).to_csv() if name in {"actors", "projects", "merges"} else ""
    actors = read.layer("actors")
    contents = [*actors_content(read), *projects_content(read)]
    files = package(contents, FORMATS) | {f"machine {name}": data for name, data in _for_machines(contents).items()}
    for name, data in files.items():
        if name.endswith((".csv", ".geojson", ".gpkg")):
            texts[name] = data.decode("utf-8-sig" if name.endswith(".csv") else "latin-1")
    texts["export"] = texts["structures-ess-31.csv"]
    texts["export"] += texts["export"].replace(",", ".")
    content = assets.get(publish_actors(actors))
    assert content is not None
    texts["actors.json"] = str(content.content if hasattr(content, "content") else content)
    texts["cards"] = "".join(
        actor_card(actor, read.table("projects").iloc[:0], report_address="", page_url="") for actor in each_row(actors)
    )
    texts["info"] = json.dumps(as_json(read.manifest, read.report), ensure_ascii=False)
    return {name: text.casefold() for name, text in texts.items()}


def _for_machines(contents) -> dict[str, bytes]:
    return package(contents, ["csv"], for_machines=True)


@pytest.mark.parametrize("options", [ALONE, BOTH], ids=["alone", "with starter"])
def test_no_planted_value_is_in_any_artefact(territory, tmp_path, options):
    """Tables, manifest, report, exports, map asset and cards hold none of what is hidden; what is public is there."""
    public = establishment(1, name="LES AMIS PUBLICS", address="12345 RUE PUBLIQUE")
    listed = Withheld((Entry("siren", "765432177"),), "x")
    asked = []

    def geocode(actors, _geography):
        asked.append(pd.DataFrame(actors).to_csv().casefold())
        return actors, NOTHING

    read = register_read([*planted_rows(), public])
    snapshot = build_live(read, "31", replace(options, withheld=listed, geocode=geocode), geography=territory)
    previous = build_live(register_read(planted_rows()), "31", options, geography=territory)
    assert "opposition-secrete" in str(previous.table("actors")["name"].tolist()).casefold()
    snapshot = with_report(snapshot, previous, source=options.source, withheld=listed)
    assert snapshot.report.changes.gone.count == 0
    texts = artefact_texts(snapshot, tmp_path)
    texts["asked of the geocoder"] = asked[0]
    found = {(name, secret) for name, text in texts.items() for secret in SECRETS if secret in text}
    assert found == set()
    assert "12345 rue publique" in texts["export"]
    assert "les amis publics" in texts["actors.json"]
    assert snapshot.report.rejected["natural_person"] == 1
    assert snapshot.report.rejected["withheld"] == 1
    assert snapshot.report.hidden == {"partial_diffusion": 1, "sensitive": 1, "home": 2, "non_employer": 1}


def test_hidden_unit_is_hidden_in_the_list_too(territory, starter_copy):
    """A gathered row of a unit of partial diffusion loses address and point, known by its number or its name."""
    rows = starter_copy.rows(ACTORS_FILE)
    placed = [(line, row) for line, row in rows.items() if row["lon"] and row["address"]][:3]
    (first, by_number), (_, by_name), (_, untouched) = placed
    starter_copy.change(ACTORS_FILE, first, siren="552100554", siret="55210055400013")
    read = register_read(
        [
            establishment(1, siren="552100554", siret="55210055400013", name="TOUT AUTRE NOM", diffusion="P",
                          commune_code=by_number["commune_code"]),
            establishment(2, name=by_name["name"], diffusion="P", commune_code=by_name["commune_code"]),
        ]
    )  # fmt: skip
    options = replace(BOTH, starter_folder=starter_copy.path)
    snapshot = build_live(read, "31", options, geography=territory)
    actors = snapshot.layer("actors").set_index("actor_id")
    for row in (by_number, by_name):
        assert actors.loc[row["id"], list(MASKED_FIELDS)].isna().all()
        assert actors.at[row["id"], "geo_precision"] == "municipality"
    assert actors.at[untouched["id"], "address"] == untouched["address"]
    assert len(actors) == 396


@pytest.mark.parametrize(
    ("address", "is_shown"),
    [("same", False), ("9 RUE DE TOUT AUTRE CHOSE", True)],
)
def test_home_in_the_register_hides_the_same_place_only(territory, starter_copy, address, is_shown):
    """An association that meets elsewhere than at its registered office is shown where it meets; at home it is not."""
    rows = starter_copy.rows(ACTORS_FILE)
    row = next(row for row in rows.values() if row["lon"] and row["address"][:1].isdigit())
    at = row["address"].upper() if address == "same" else address
    lon, lat = (row["lon"], row["lat"]) if address == "same" else ("", "")
    read = register_read(
        [
            establishment(1, name=row["name"], employer="N", workforce_band="NN", address=at, lon=lon, lat=lat,
                          commune_code=row["commune_code"])
        ]
    )  # fmt: skip
    options = replace(BOTH, starter_folder=starter_copy.path)
    actors = build_live(read, "31", options, geography=territory).table("actors").set_index("actor_id")
    assert (actors.at[row["id"], "address"] == row["address"]) is is_shown
    assert (actors.at[row["id"], "geo_precision"] != "municipality") is is_shown
    assert actors.at[row["id"], "siret"] is None or pd.isna(actors.at[row["id"], "siret"])


@pytest.mark.parametrize(
    ("address", "is_shown"),
    [
        ("78 rue des Lilas", False), ("78 rue des Lilas, bât. B", False), ("78 rue des Lilas 31000 Toulouse", False),
        ("78, rue des Lilas (2e étage)", False), ("Résidence 3 Pins, 78 rue des Lilas", False),
        ("rue des Lilas", False), ("BP 78", False), ("4 place des Platanes", True),
    ],
)  # fmt: skip
def test_home_stays_hidden_however_the_list_writes_it(territory, starter_copy, address, is_shown):
    """The list gives an address and no point: it would be placed at the door that the register protects."""
    line, row = next((line, row) for line, row in starter_copy.rows(ACTORS_FILE).items() if row["address"])
    starter_copy.change(ACTORS_FILE, line, address=address, lon="", lat="", geo_precision="")
    read = register_read(
        [
            establishment(1, name=row["name"], employer="N", workforce_band="NN", address="78 RUE DES LILAS", lon="",
                          lat="", commune_code=row["commune_code"])
        ]
    )  # fmt: skip
    options = replace(BOTH, starter_folder=starter_copy.path)
    actors = build_live(read, "31", options, geography=territory).table("actors").set_index("actor_id")
    assert (actors.at[row["id"], "address"] == address) is is_shown


def test_opposition_to_one_row_is_to_the_actor(territory, starter_snapshot):
    """Whatever row is named, the merged actor is gone, its supports stay and name nobody."""
    holder = starter_snapshot.table("projects")["actor_id"].dropna().iloc[0]
    row = starter_snapshot.table("actors").set_index("actor_id").loc[holder]
    read = register_read([establishment(1, name=row["name"], commune_code=row["commune_code"]), establishment(2)])
    before = build_live(read, "31", BOTH, geography=territory)
    assert holder in set(before.table("actors")["actor_id"])
    for entry in (Entry("siren", "900000001"), Entry("actor_id", holder), Entry("actor_id", "siret-90000000100001")):
        after = build_live(read, "31", replace(BOTH, withheld=Withheld((entry,), "x")), geography=territory)
        ids = set(after.table("actors")["actor_id"])
        assert not ids & {holder, "siret-90000000100001"}
        assert len(ids) == 396
        assert len(after.table("projects")) == 68
        assert holder not in set(after.table("projects")["actor_id"].dropna())
        assert after.report.rejected == {"withheld": 2}
        assert len(after.table("merges")) == 0


@pytest.mark.parametrize("kind", ["siren", "siret"])
def test_opposition_by_a_number_that_is_hidden(territory, kind):
    """The page of a hidden actor gives no number, but whoever objects knows it: the next build obeys."""
    row = establishment(1, diffusion="P", name="LES AMIS CACHES")
    withheld = Withheld((Entry(kind, row[kind]),), "x")
    read = register_read([row, establishment(2)])
    snapshot = build_live(read, "31", replace(ALONE, withheld=withheld), geography=territory)
    assert snapshot.table("actors")["name"].tolist() == ["Association Inventee 2"]
    assert snapshot.report.rejected == {"withheld": 1}


@pytest.mark.parametrize("kind", ["siren", "siret"])
def test_opposition_is_not_named_by_the_next_report(territory, kind):
    """The previous build holds no number of a hidden actor: who is gone since is counted and not named."""
    row = establishment(1, employer="N", workforce_band="NN", name="OPPOSANTE SECRETE")
    read = register_read([row, establishment(2)])
    before = build_live(read, "31", ALONE, geography=territory)
    withheld = Withheld((Entry(kind, row[kind]),), "x")
    after = build_live(read, "31", replace(ALONE, withheld=withheld), geography=territory)
    report = with_report(after, before, source="api", withheld=withheld).report
    assert report.changes.gone.count == 1
    assert "opposante" not in json.dumps(report.as_dict()).casefold()


def test_starter_build_obeys_the_list_too(starter_snapshot):
    """The embedded rows are withheld by identifier; counts say so."""
    holder = starter_snapshot.table("projects")["actor_id"].dropna().iloc[0]
    snapshot = build_starter("31", withheld=Withheld((Entry("actor_id", holder),), "x"))
    assert len(snapshot.table("actors")) == 395
    assert holder not in set(snapshot.table("projects")["actor_id"].dropna())
    record = snapshot.manifest.sources[0]
    assert (record.rows_in, record.rows_kept, dict(record.rows_rejected)) == (396, 395, {"withheld": 1})
    assert snapshot.manifest.rejected == 1


def test_supported_projects_name_the_merged_actors(territory, starter_snapshot):
    """With the gathered list its identifiers stay, so supports and links shared before still lead somewhere."""
    snapshot = build_live(register_read([establishment(1)]), "31", BOTH, geography=territory)
    for name in ("actor_id", "project_id"):
        assert snapshot.table("projects")[name].tolist() == starter_snapshot.table("projects")[name].tolist()
    actors = snapshot.table("actors")
    assert set(actors.loc[actors["is_supported"], "actor_id"]) == set(
        starter_snapshot.table("projects")["actor_id"].dropna()
    )
    assert len(actors) == 397
    assert snapshot.manifest.completeness["projects"] == starter_snapshot.manifest.completeness["projects"]


def test_register_alone_keeps_the_projects_without_holders(territory):
    """Supports are another table: they stay, and name nobody of a register that does not know them."""
    snapshot = build_live(register_read([establishment(1)]), "31", ALONE, geography=territory)
    assert len(snapshot.table("actors")) == 1
    assert len(snapshot.table("projects")) == 68
    assert snapshot.table("projects")["actor_id"].isna().all()
    assert not snapshot.table("actors")["is_supported"].any()


def test_list_is_exhaustive_only_where_all_was_read(territory):
    """One part that is missing makes the list partial, and the report says which."""
    rows = [establishment(1)]
    whole = build_live(register_read(rows), "31", ALONE, geography=territory)
    short = build_live(
        register_read(rows, is_complete=False, shortfalls=("Muret : 3 sur 5.",)), "31", ALONE, geography=territory
    )
    untold = build_live(register_read(rows, is_complete=False), "31", ALONE, geography=territory)
    said = [snapshot.manifest.completeness["actors"] for snapshot in (whole, short, untold)]
    assert [one.status for one in said] == ["exhaustive", "partial", "partial"]
    assert "20/11/2026" in said[0].sentence
    assert "n’est ni le périmètre de la loi" in said[0].sentence
    assert short.report.shortfalls == ("Muret : 3 sur 5.",)
    assert "Muret : 3 sur 5." in short.manifest.notes


@pytest.mark.parametrize(("lost", "status"), [(0, "exhaustive"), (1, "exhaustive"), (2, "partial"), (5, "partial")])
@pytest.mark.parametrize("reason", ["unknown_commune", "no_name", "malformed"])
def test_rows_that_are_lost_are_said_and_soon_make_the_list_partial(lost, status, reason):
    """One in a thousand is said in a list that stays complete; more make it partial, whatever the reason."""
    frame = pd.DataFrame(index=range(1005))
    read = replace(register_read([establishment(1)]), frame=frame)
    found = completeness_of(read, {reason: lost, "closed": 400} if lost else {"closed": 400}, 1005 - lost)
    assert found.status == status
    assert (f"{lost} établissement" in found.sentence) is (lost > 0)
    assert ("la liste est complète" in found.sentence) is (status == "exhaustive")


def test_build_with_unknown_communes_is_not_exhaustive(territory):
    """Five establishments of a merged commune among ten are neither shown nor passed over in silence."""
    rows = [establishment(number, commune_code="31999" if number > 5 else "31555") for number in range(1, 11)]
    snapshot = build_live(register_read(rows), "31", ALONE, geography=territory)
    completeness = snapshot.manifest.completeness["actors"]
    assert completeness.status == "partial"
    assert "5 établissements du registre manquent" in completeness.sentence


def test_range_of_days_is_in_french():
    """A reading over midnight names two days as French people write them."""
    assert dates_in_words("du 2026-11-25 au 2026-11-26") == "du 25/11/2026 au 26/11/2026"
    assert dates_in_words("2026-99-99") == "2026-99-99"


def test_upgrade_does_not_replace_a_live_build(territory):
    """A new version of the embedded rows is no reason to throw a register away."""
    snapshot = build_live(register_read([establishment(1)]), "31", BOTH, geography=territory)
    sources = tuple(replace(source, sha256="other") for source in snapshot.manifest.sources)
    assert not is_outdated(replace(snapshot.manifest, sources=sources))


def test_department_without_starter_data_is_said(territory):
    """Where the gathered list is asked for and there is none, the register alone is built, with a note."""
    elsewhere = replace(territory, department=territory.department.assign(department_code="09"))
    read = register_read([establishment(1)])
    for options, notes in ((BOTH, 1), (ALONE, 0)):
        snapshot = build_live(read, "09", options, geography=elsewhere)
        assert len([note for note in snapshot.manifest.notes if "aucune liste de départ" in note]) == notes
        assert (len(snapshot.table("projects")), len(snapshot.table("figures"))) == (0, 0)
        assert snapshot.manifest.completeness["projects"].status == "partial"


def test_folder_without_starter_data_is_an_error(territory, tmp_path):
    """A folder that was given must hold the files."""
    with pytest.raises(SourceError):
        build_live(register_read([establishment(1)]), "31", replace(BOTH, starter_folder=tmp_path), geography=territory)


def test_figures_of_source_and_geocoder_are_told(territory):
    """What the source and the geocoder counted is in the report; others are named without rows."""
    file = register_read([]).files[0]

    def geocode(actors, _geography):
        return actors, GeocodeReport({"street": 2, "error": 0}, requests=3, source=replace(file, key="geocoder"))

    read = register_read([establishment(1)], figures={"requests": 7})
    read = replace(read, files=(*read.files, replace(read.files[0], key="dinum_units", title="Autre")))
    snapshot = build_live(read, "31", replace(ALONE, geocode=geocode), geography=territory)
    assert dict(snapshot.report.figures) == {"requests": 7}
    assert dict(snapshot.report.geocoding) == {"outcomes.street": 2, "requests": 3, "sent": 0, "kept": 0}
    assert dict(snapshot.report.activities) == {"mapped": 1, "without_domain": 0}
    records = {source.key: source for source in snapshot.manifest.sources}
    assert [records[key].rows_in for key in ("api_search", "dinum_units", "geocoder")] == [1, 0, 0]
    unplaced = build_live(read, "31", ALONE, geography=territory)
    assert "geocoder" not in {source.key for source in unplaced.manifest.sources}


def test_what_a_person_should_look_at_is_told(territory, starter_copy):
    """Two rows of the register that could be one gathered row, and a decision on nobody: named, without any number."""
    row = next(
        row for row in starter_copy.rows(ACTORS_FILE).values() if row["id"] == "arbres-et-paysages-d-autan-31004"
    )
    same = {"name": row["name"], "commune_code": row["commune_code"]}
    read = register_read([establishment(1, **same), establishment(2, **same, diffusion="P")])
    overrides = Overrides("decisions.csv", kept_apart=(Override(row["id"], "siret-55210055400013", 7),))
    options = replace(BOTH, starter_folder=starter_copy.path, overrides=overrides)
    report = build_live(read, "31", options, geography=territory).report
    assert set(report.contested) == {
        row["id"],
        "siret-90000000100001",
        hidden_identifier(row["commune_code"], row["name"]),
    }
    assert report.contested[row["id"]] == row["name"]
    (sentence,) = report.unused_decisions
    assert sentence.startswith("decisions.csv, ligne 7 (right)")
    assert not [number for number in ("552100554", "900000002") if number in json.dumps(report.as_dict())]
    withheld = Withheld((Entry("actor_id", row["id"]),), "x")
    after = build_live(read, "31", replace(options, withheld=withheld), geography=territory).report
    assert row["id"] not in after.contested


CELLS = {
    "legal_category": st.sampled_from(["9220", "1000"]),
    "ess": st.sampled_from(["yes", "no"]),
    "name": st.sampled_from(["LES AMIS", "CHRS DU LAC", ""]),
    "diffusion": st.sampled_from(["O", "P"]),
    "employer": st.sampled_from(["O", "N"]),
    "commune_code": st.sampled_from(["A", "B", "Z"]),
}
LISTED = st.lists(st.integers(1, 12), max_size=3)


@settings(max_examples=15)
@given(st.lists(st.fixed_dictionaries(CELLS), max_size=12), LISTED, st.integers(0, 5))
def test_counts_add_up(rows, listed, closed):
    """Whatever the rows: read = kept + merged + rejected, per source and in all, and kept is what is there."""
    geography = small_geography()
    codes = dict(zip("ABZ", [*geography.communes["commune_code"][:2], "99999"], strict=True))
    read = register_read(
        [
            establishment(number, **(cells | {"commune_code": codes[cells["commune_code"]], "lon": "", "lat": ""}))
            for number, cells in enumerate(rows, start=1)
        ],
        rejected={"closed": closed} if closed else {},
    )
    withheld = Withheld(tuple(Entry("siren", f"{900000000 + number}") for number in listed), "x")
    snapshot = build_live(read, "09", replace(ALONE, withheld=withheld), geography=geography)
    manifest = snapshot.manifest
    for record in manifest.sources:
        assert record.rows_in == record.rows_kept + record.rows_merged + sum(record.rows_rejected.values())
    assert manifest.rows_in == len(rows) + closed
    assert manifest.rows_in == manifest.counts["actors"] + manifest.merged + manifest.rejected
    assert manifest.merged == len(snapshot.table("merges"))
    assert sum(snapshot.report.rejected.values()) == manifest.rejected
    assert not withheld.matches(snapshot.table("actors")).any()


_SMALL: list[Geography] = []


def small_geography() -> Geography:
    """Return two communes of Haute-Garonne as a department of their own, made once."""
    if not _SMALL:
        whole = load_geography("31")
        communes = whole.communes[whole.communes["commune_code"].isin(["31395", "31555"])].reset_index(drop=True)
        department = whole.department.assign(department_code="09")
        parts = whole.canton_parts[whole.canton_parts["commune_code"].isin(communes["commune_code"])]
        _SMALL.append(replace(whole, communes=communes, department=department, canton_parts=parts))
    return _SMALL[0]
