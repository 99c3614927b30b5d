"""What enrichment keeps and how builds use it: checked line by line, never finer than may be shown."""

from __future__ import annotations

from dataclasses import asdict, replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.enrichment import (
    COLUMNS,
    FINE,
    NOTHING,
    Enrichment,
    Line,
    mark_of,
    read_enrichment,
    write_enrichment,
)
from essmap.build.enrichment_use import enriched_rows
from essmap.build.starter import build_starter
from essmap.build.starter_files import read_starter
from essmap.errors import DataError, SourceError
from essmap.schema.withheld import Entry, Withheld
from standins.made_up_department import with_key

SIREN = with_key("93000001")
SIRET = with_key(f"{SIREN}0001")
OTHER = with_key("93000002")


@pytest.fixture(scope="module")
def raw(communes) -> pd.DataFrame:
    """The gathered rows."""
    return read_starter("31", communes).actors.frame


def bare_row(raw: pd.DataFrame) -> dict[str, str]:
    """Return a gathered row of Toulouse with neither address nor point."""
    found = raw[raw["commune_code"].eq("31555") & raw["address"].eq("") & raw["lon"].eq("") & raw["siren"].eq("")]
    return {str(name): str(cell) for name, cell in found[found["is_sensitive"].eq("")].iloc[0].items()}


def line_about(row: dict[str, str], **said: str) -> Line:
    """Return a whole line about a gathered row."""
    whole = {
        "rule": "name_commune", "score": "1.00", "date": "2026-11-20", "mark": mark_of(row["id"], SIREN, SIRET),
        "siren": SIREN, "siret": SIRET, "legal_category": "9220", "naf": "88.99B", "workforce_band": "11",
        "employer": "O", "address": "1 rue Inventée", "postcode": "31000", "lon": "1.4436", "lat": "43.6045",
        "geo_precision": "street",
    }  # fmt: skip
    return Line(row["id"], row["name"], row["commune_code"], **{**whole, **said})


def hidden(line: Line, reason: str) -> Line:
    """Return a line of somebody of whom nothing fine is kept."""
    return replace(line, hidden=reason, **dict.fromkeys(FINE, ""))


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x85\u2028\u2029"), max_size=20)


@given(texts, texts, st.sampled_from(["", "88.99B"]))
def test_lines_come_back_as_they_were_written(tmp_path_factory, name, address, naf):
    """Whatever a name or an address holds: the file gives the same lines."""
    path = tmp_path_factory.mktemp("kept") / "enrichment.csv"
    row = {"id": "a-31555", "name": f"x{name.strip()}".strip(), "commune_code": "31555"}
    line = line_about(row, address=address.strip(), naf=naf)
    write_enrichment(path, [line])
    assert read_enrichment(path).lines == (line,)


def test_no_file_is_nothing(tmp_path):
    """Where nothing was kept nothing is used, and reading makes no file."""
    assert read_enrichment(tmp_path / "enrichment.csv") is NOTHING


WRONG = {
    "unknown rule": ({"rule": "guess"}, "rule"),
    "score": ({"score": "1,5"}, "score"),
    "date": ({"date": "20/11/2026"}, "date"),
    "key": ({"siren": "123456789", "siret": ""}, "siren"),
    "other unit": ({"siren": OTHER}, "siret"),
    "half a point": ({"lat": ""}, "lat"),
    "no number": ({"lon": "est"}, "lon"),
    "no precision": ({"geo_precision": ""}, "geo_precision"),
    "hidden with a number": ({"hidden": "home"}, "siret"),
    "employer": ({"employer": "oui"}, "employer"),
    "nobody": ({"actor_id": ""}, "actor_id"),
}


@pytest.mark.parametrize(("change", "column"), WRONG.values(), ids=WRONG)
def test_line_that_breaks_a_rule_stops_the_build_and_is_located(tmp_path, raw, change, column):
    """Each fault is said with its line and column; no line of the file is used."""
    path = tmp_path / "enrichment.csv"
    good = line_about(bare_row(raw))
    cells = [asdict(good), {**asdict(replace(good, actor_id="other-31555")), **change}]
    pd.DataFrame(cells, columns=COLUMNS).to_csv(path, index=False)
    with pytest.raises(DataError) as told:
        read_enrichment(path)
    assert {(problem.row, problem.column) for problem in told.value.problems} >= {(3, column)}


def test_actor_has_one_line(tmp_path, raw):
    """Two lines about one actor are a fault; a refusal beside a find is none."""
    path, line = tmp_path / "enrichment.csv", line_about(bare_row(raw))
    refusal = Line(line.actor_id, line.name, line.commune_code, "refused", "0.92", "2026-11-20", "0" * 20)
    write_enrichment(path, [line, refusal])
    assert read_enrichment(path).found == {line.actor_id: line}
    write_enrichment(path, [line, replace(line, score="0.99")])
    with pytest.raises(DataError, match="n’est pas comprise"):
        read_enrichment(path)


def test_disk_that_fails_leaves_the_file_as_it_was(tmp_path, raw, monkeypatch):
    """A write that fails is said, and what was kept is there."""
    path, line = tmp_path / "enrichment.csv", line_about(bare_row(raw))
    write_enrichment(path, [line])

    def full(_path, _content):
        raise OSError(28, "full")

    monkeypatch.setattr("essmap.build.enrichment.write_whole", full)
    with pytest.raises(SourceError, match="n’a pas changé"):
        write_enrichment(path, [])
    assert read_enrichment(path).lines == (line,)


def test_associations_without_employee_lose_their_address_when_the_setting_says_so(tmp_path, raw):
    """What was kept while the setting showed such addresses is not shown once it does not."""
    path, line = tmp_path / "enrichment.csv", line_about(bare_row(raw), employer="N", workforce_band="NN")
    write_enrichment(path, [line])
    assert read_enrichment(path, show_non_employer_addresses=True).lines == (line,)
    (read,) = read_enrichment(path).lines
    assert read == hidden(line, "non_employer")


def test_numbers_are_recognised_by_their_mark_alone(raw):
    """A mark shows no number, and tells by SIREN and by SIRET whether its unit objects."""
    row = bare_row(raw)
    line = hidden(line_about(row), "non_employer")
    kept = Enrichment("e.csv", (line,))
    for entry in (Entry("siren", SIREN), Entry("siret", SIRET)):
        assert kept.named_by(Withheld((entry,))) == {row["id"]}
    for entry in (Entry("siren", OTHER), Entry("siret", with_key(f"{SIREN}0002")), Entry("actor_id", row["id"])):
        assert kept.named_by(Withheld((entry,))) == set()
    assert SIREN not in "".join(asdict(line).values())


def used(raw, communes, line: Line) -> dict[str, str]:
    """Return the gathered row that a line is about as the build sees it."""
    frame, _ = enriched_rows(raw, Enrichment("e.csv", (line,)), communes)
    return {str(name): str(cell) for name, cell in frame[frame["id"].eq(line.actor_id)].iloc[0].items()}


def test_line_fills_what_a_row_does_not_say(raw, communes):
    """Number, address and point are taken where the row has none; the source says so; the rest is untouched."""
    row = bare_row(raw)
    told = used(raw, communes, line_about(row))
    assert (told["siret"], told["address"], told["geo_precision"]) == (SIRET, "1 rue Inventée", "street")
    assert told["source_note"].startswith(row["source_note"])
    assert "20/11/2026" in told["source_note"]
    changed = {"siren", "siret", "address", "postcode", "lon", "lat", "geo_precision", "source_note"}
    assert {name for name in row if row[name] != told[name]} == changed


@pytest.mark.parametrize(
    ("change", "taken"),
    [({"name": "Autre nom"}, False), ({"commune_code": "31395"}, False), ({"lon": "2.5", "lat": "48.8"}, True)],
)
def test_line_about_what_has_changed_tells_nothing(raw, communes, change, taken):
    """Another name or commune makes a line stale; a point outside the commune is left out, the number stays."""
    row = bare_row(raw)
    frame, kept = enriched_rows(raw, Enrichment("e.csv", (replace(line_about(row), **change),)), communes)
    told = frame[frame["id"].eq(row["id"])].iloc[0]
    assert (told["siret"] == SIRET) is taken
    assert told["lon"] == ""
    assert kept.stale == (not taken)


def test_own_address_and_point_of_a_row_stay(raw, communes):
    """A row that says where it is is not moved to a registered office."""
    found = raw[raw["lon"].ne("") & raw["address"].ne("") & raw["siren"].eq("") & raw["is_sensitive"].eq("")].iloc[0]
    told = used(raw, communes, line_about({str(name): str(cell) for name, cell in found.items()}))
    assert told["siret"] == SIRET
    assert [told[name] for name in ("address", "lon", "lat")] == [found[name] for name in ("address", "lon", "lat")]


def test_row_with_another_number_keeps_it(raw, communes):
    """A line of another unit than the row names tells nothing."""
    row = raw[raw["siren"].ne("")].iloc[0]
    told = used(raw, communes, line_about({str(name): str(cell) for name, cell in row.items()}))
    assert (told["siren"], told["siret"]) == (row["siren"], row["siret"])


@pytest.mark.parametrize("reason", ["partial_diffusion", "sensitive", "same_home"])
def test_who_is_protected_is_shown_at_its_commune_whatever_the_row_says(raw, reason):
    """A find that must not be shown hides the actor's own address, page and point too."""
    row = raw[raw["lon"].ne("") & raw["address"].ne("") & raw["is_sensitive"].eq("")].iloc[0]
    line = hidden(line_about({str(name): str(cell) for name, cell in row.items()}), reason)
    actors = build_starter("31", enrichment=Enrichment("e.csv", (line,))).layer("actors").set_index("actor_id")
    actor = actors.loc[row["id"]]
    assert actor["geo_precision"] == "municipality"
    assert actor[["address", "postcode", "siren", "siret", "website", "source_url"]].isna().all()


def test_sensitive_row_is_not_filled_in_even_by_hand(raw):
    """A line that somebody wrote about a sensitive place shows nothing: rows are masked after they are filled in."""
    row = raw[raw["is_sensitive"].eq("yes")].iloc[0]
    line = line_about({str(name): str(cell) for name, cell in row.items()}, lon="", lat="", geo_precision="")
    actors = build_starter("31", enrichment=Enrichment("e.csv", (line,))).layer("actors").set_index("actor_id")
    assert actors.loc[row["id"], ["siren", "siret", "address", "postcode"]].isna().all()


def test_address_that_says_it_is_a_home_is_masked(raw):
    """« Chez » in a line is a home like any other."""
    row = bare_row(raw)
    line = line_about(row, address="2 rue Haute, chez Mme Inventée")
    actors = build_starter("31", enrichment=Enrichment("e.csv", (line,))).layer("actors").set_index("actor_id")
    assert actors.loc[row["id"], ["siret", "address"]].isna().all()
    assert actors.loc[row["id"], "geo_precision"] == "municipality"


def test_manifest_names_the_source_and_the_snapshot_stays_the_embedded_one(raw):
    """What was used is a source of its own with its licence and days; lines of other departments are not counted."""
    row = bare_row(raw)
    elsewhere = replace(line_about(row), actor_id="ailleurs-69123", commune_code="69123")
    stale = replace(line_about(row), actor_id="disparue-31555")
    snapshot = build_starter("31", enrichment=Enrichment("e.csv", (line_about(row), elsewhere, stale), "d" * 64))
    (record,) = [one for one in snapshot.manifest.sources if one.key == "enrichment"]
    assert (record.licence, record.vintage, record.sha256) == ("Licence Ouverte 2.0", "2026-11-20", "d" * 64)
    notes = " ".join(snapshot.manifest.notes)
    assert "1 structure est complétée" in notes
    assert "1 ligne du fichier de compléments" in notes
    assert snapshot.manifest.rows_in == len(raw)
