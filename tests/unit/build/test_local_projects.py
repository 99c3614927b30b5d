"""Projects of local lists: linked to their holder, kept once, complete for what was declared. All rows are made up."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from essmap.analysis.coverage import Tables
from essmap.analysis.funding import funding
from essmap.analysis.portrait import served_from_elsewhere
from essmap.build.locals import LocalList, LocalLists
from essmap.build.starter import build_starter, load_geography
from essmap.schema.snapshot import Snapshot, Span
from essmap.schema.withheld import Entry, Withheld
from essmap.store import Store
from essmap.view.funding import funding_sentence, funding_table, quadrant_chart, quadrants, territory_funding
from essmap.view.supports import projects_table
from made_up_lists import judged_text, local_list

SIRET, OTHER = "73282932000074", "35600000000048"
ACTORS = local_list(
    f"Nom;Commune;SIRET\nLa Roue inventée;Muret;{SIRET}\nLe Fil inventé;Blagnac;\nLe Fil inventé;Seysses;{OTHER}\n"
)
GEOGRAPHY = load_geography("31")
HEAD = "Porteur;SIRET;SIREN;Programme;Année;Montant;Commune;Communes desservies\n"


def projects(*rows: str, day: int = 20, spans: tuple[Span, ...] = ()) -> LocalList:
    return local_list(HEAD + "\n".join(rows), "projects", day=day, spans=spans)


def built(*lists: LocalList, withheld: Withheld | None = None) -> Snapshot:
    more = {} if withheld is None else {"withheld": withheld}
    return build_starter("31", geography=GEOGRAPHY, lists=LocalLists(lists), **more)


def mine(snapshot: Snapshot, programme: str = "Vélo inventé") -> list[dict[str, object]]:
    table = snapshot.table("projects")
    return table[table["programme"] == programme].to_dict("records")


LINKS = {
    "siret": (f"Nom sans rapport;{SIRET};;Vélo inventé;2024;;;", "liste-la-roue-inventee-31395"),
    "siren": (f"Nom sans rapport;;{SIRET[:9]};Vélo inventé;2024;;Toulouse;", "liste-la-roue-inventee-31395"),
    "name and commune": ("LE FIL INVENTE;;;Vélo inventé;2024;;Blagnac;", "liste-le-fil-invente-31069"),
    "name of a gathered structure": ("Cafetière (La);;;Vélo inventé;2024;;Aurignac;", "la-cafetiere-31028"),
    "same name elsewhere": ("Le Fil inventé;;;Vélo inventé;2024;;Muret;", None),
    "same name, other number": (
        f"Le Fil inventé;;{SIRET[:9]};Vélo inventé;2024;;Seysses;",
        "liste-la-roue-inventee-31395",
    ),
    "nobody's number": ("Le Fil inventé;;552100554;Vélo inventé;2024;;Seysses;", None),
    "name alone": ("Le Fil inventé;;;Vélo inventé;2024;;;", None),
    "nobody": ("Personne d’inventé;;;Vélo inventé;2024;;Muret;", None),
}


@pytest.fixture(scope="module")
def linked() -> Snapshot:
    """All the links in one build."""
    return built(ACTORS, projects(*(row for row, _ in LINKS.values())))


@pytest.mark.parametrize("name", LINKS)
def test_a_project_is_linked_to_its_holder_or_stands_alone(name, linked):
    """By SIRET, by SIREN, by name and commune; where nothing tells, no link, and the commune's point or none."""
    place = list(LINKS).index(name)
    row = mine(linked)[place]
    expected = LINKS[name][1]
    assert (row["actor_id"] if isinstance(row["actor_id"], str) else None) == expected
    if expected is not None:
        actors = linked.layer("actors").set_index("actor_id")
        assert row["geometry"].equals(actors.geometry[expected])
        assert actors["is_supported"][expected]
    elif row["commune_code"] is not None and isinstance(row["commune_code"], str):
        commune = GEOGRAPHY.communes.set_index("commune_code").loc[row["commune_code"]]
        assert (row["geometry"].x, row["geometry"].y) == (commune["point_lon"], commune["point_lat"])
    else:
        assert row["geometry"] is None


def test_one_holder_has_several_years_and_programmes(linked):
    """Nothing of a holder is lost: each year and each programme is a project of its own."""
    snapshot = built(
        ACTORS,
        projects(
            f"La Roue inventée;{SIRET};;Vélo inventé;2023;100;;",
            f"La Roue inventée;{SIRET};;Vélo inventé;2024;200;;",
            f"La Roue inventée;{SIRET};;Pain inventé;2024;300;;",
            f"La Roue inventée;{SIRET};;Vélo inventé;2024;50;;",
        ),
    )
    assert [row["amount_eur"] for row in mine(snapshot)] == [100, 200, 50]
    assert len({row["project_id"] for row in mine(snapshot)}) == 3
    assert len(mine(snapshot, "Pain inventé")) == 1
    assert all(SIRET[:9] not in str(row["project_id"]) for row in mine(snapshot))


def test_what_a_project_does_not_say_is_taken_from_its_holder_or_left():
    """Domains are the holder's; an amount or a year that is not said stays unknown."""
    snapshot = built(projects("La Cafetière;;;Vélo inventé;;;Aurignac;"))
    (row,) = mine(snapshot)
    holder = snapshot.table("actors").set_index("actor_id").loc["la-cafetiere-31028"]
    assert list(row["domains"]) == list(holder["domains"])
    assert row["amount_eur"] != row["amount_eur"]
    assert (row["support_kind"], row["title"], row["source_url"]) == ("other", "Vélo inventé", "")


def test_a_project_known_twice_is_kept_once_and_the_list_wins(starter_snapshot):
    """Same holder, programme and year as a gathered support: the amount of the list, and the count says so."""
    known = starter_snapshot.table("projects").set_index("actor_id").loc["la-cafetiere-31028"]
    known = known if isinstance(known["programme"], str) else known.iloc[0]
    year = int(known["year"])
    row = f'La Cafetière;Aurignac;"{known["programme"]}";{year};1234\n'
    snapshot = built(local_list(f"Porteur;Commune;Programme;Année;Montant\n{row}", "projects"))
    same = [row for row in mine(snapshot, known["programme"]) if row["actor_id"] == "la-cafetiere-31028"]
    assert [row["amount_eur"] for row in same] == [1234]
    assert len(snapshot.table("projects")) == len(starter_snapshot.table("projects"))
    (record,) = [one for one in snapshot.manifest.sources if one.key == "starter_projects"]
    assert (record.rows_merged, record.rows_in) == (1, record.rows_kept + 1)


def records_of(snapshot: Snapshot) -> list[tuple[int, int]]:
    """Rows that stay and rows that gave way, of each list of projects in order."""
    found = [one for one in snapshot.manifest.sources if one.key.startswith("list_") and one.key.endswith("_projects")]
    return [(one.rows_kept, one.rows_merged) for one in found]


def test_a_list_that_is_given_again_with_more_rows_takes_the_place_of_its_rows():
    """Rows of both are kept once, the later one; what differs in amount stays beside and is said, never summed away."""
    old = projects("A inventée;;;Vélo inventé;2024;100;Muret;", "B inventée;;;Vélo inventé;2024;100;Muret;")
    new = projects(
        "A inventée;;;Vélo inventé;2024;150;Muret;", "B inventée;;;Vélo inventé;2024;100;Muret;",
        "C inventée;;;Vélo inventé;2024;100;Muret;", day=22,
    )  # fmt: skip
    snapshot = built(old, new)
    assert sorted((row["holder_name"], row["amount_eur"]) for row in mine(snapshot)) == [
        ("A inventée", 100), ("A inventée", 150), ("B inventée", 100), ("C inventée", 100),
    ]  # fmt: skip
    assert records_of(snapshot) == [(1, 1), (3, 0)]
    assert any("n’est compté qu’une fois" in note for note in snapshot.manifest.notes)
    assert any("si l’un corrige l’autre" in note for note in snapshot.manifest.notes)


TITLED = "Porteur;Commune;Programme;Année;Montant;Objet;Décision\n"
APART = {
    "commune": ("A;Muret;Vélo inventé;2024;100;;", "A;Blagnac;Vélo inventé;2024;100;;"),
    "amount": ("A;Muret;Vélo inventé;2024;100;;", "A;Muret;Vélo inventé;2024;101;;"),
    "title": ("A;Muret;Vélo inventé;2024;100;Atelier;", "A;Muret;Vélo inventé;2024;100;Local;"),
    "decision": ("A;Muret;Vélo inventé;2024;100;;CP 1", "A;Muret;Vélo inventé;2024;100;;CP 2"),
    "year": ("A;Muret;Vélo inventé;2023;100;;", "A;Muret;Vélo inventé;2024;100;;"),
    "no year": ("A;Muret;Vélo inventé;;100;;", "A;Muret;Vélo inventé;;101;;"),
    "commune of a known holder": (
        "La Cafetière;Aurignac;Vélo inventé;2024;100;;", "La Cafetière;Muret;Vélo inventé;2024;100;;",
    ),
}  # fmt: skip
ONE = {
    "all": ("A;Muret;Vélo inventé;2024;100;Atelier;CP 1", "A;Muret;Vélo inventé;2024;100;Atelier;CP 1"),
    "amount not known": ("A;Muret;Vélo inventé;2024;;;", "A;Muret;Vélo inventé;2024;100;;"),
    "title not said": ("A;Muret;Vélo inventé;2024;100;;", "A;Muret;Vélo inventé;2024;100;Atelier;"),
    "another spelling": ("L'Étoile;Muret;Vélo inventé;2024;100;;", "l étoile;Muret;VELO INVENTÉ;2024;100;;"),
    "known holder": (
        "La Cafetière;Aurignac;Vélo inventé;2024;100;;", "Cafetière (La);Aurignac;Vélo inventé;2024;100;;",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_two_supports_that_only_look_alike_are_two(name):
    """Another commune, amount, title, decision or year: none takes the place of the other."""
    first, second = (local_list(TITLED + row, "projects", day=20 + n) for n, row in enumerate(APART[name]))
    assert records_of(built(first, second)) == [(1, 0), (1, 0)]


@pytest.mark.parametrize("name", ONE)
def test_one_support_in_two_lists_is_the_later_one(name):
    """Holder, programme and year equal, and nothing that both say differs."""
    first, second = (local_list(TITLED + row + " \n" * n, "projects", day=20 + n) for n, row in enumerate(ONE[name]))
    assert records_of(built(first, second)) == [(0, 1), (1, 0)]


def test_a_row_takes_the_place_of_one_row_at_most(starter_snapshot):
    """Two supports alike in the older list and one in the later: one goes; three lists: one of each."""
    double = projects("A;;;Vélo inventé;2024;100;Muret;", "A;;;Vélo inventé;2024;100;Muret;31547")
    single = projects("A;;;Vélo inventé;2024;100;Muret;", "Z;;;Vélo inventé;2024;100;Muret;", day=22)
    last = projects("A;;;Vélo inventé;2024;100;Muret;", "Y;;;Vélo inventé;2024;100;Muret;", day=23)
    assert records_of(built(double, single)) == [(1, 1), (2, 0)]
    assert records_of(built(double, single, last)) == [(1, 1), (1, 1), (2, 0)]


def test_two_yearly_lists_that_both_count_from_one_are_kept_whole():
    """An identifier of a list says nothing of another list; in the table each is there once."""
    head = "ID;Porteur;Programme;Année;Montant;Commune\n"
    lists = [
        local_list(f"{head}1;A;Vélo inventé;{year};100;Muret\n2;B;Vélo inventé;{year};200;Muret\n", "projects", day=day)
        for year, day in ((2023, 20), (2024, 21))
    ]
    snapshot = built(*lists)
    assert len(mine(snapshot)) == 4
    assert snapshot.table("projects")["project_id"].is_unique
    assert snapshot.table("projects")["project_id"].tolist() == built(*lists).table("projects")["project_id"].tolist()
    assert records_of(snapshot) == [(2, 0), (2, 0)]


def exported(snapshot: Snapshot, *, day: int, spans: tuple[Span, ...] = ()) -> LocalList:
    """Return what leaves of the made-up programme as it comes in again."""
    rows = [
        ";".join(
            str(cell)
            for cell in (
                row["project_id"], row["holder_name"], row["programme"], row["year"], int(row["amount_eur"]),
                row["commune_code"],
            )
        )
        for row in mine(snapshot)
    ]  # fmt: skip
    text = "ID;Porteur;Programme;Année;Montant;Code INSEE\n" + "\n".join(rows)
    return local_list(text, "projects", day=day, spans=spans)


@pytest.mark.parametrize("declared", [False, True])
def test_a_complete_list_and_its_own_export_do_not_destroy_each_other(declared):
    """The export of a list that is complete, brought in again: every row is there once, and the span stays true."""
    span = Span("Vélo inventé", 2024, 2024)
    complete = projects("A;;;Vélo inventé;2024;1;Muret;", "B;;;Vélo inventé;2024;2;Muret;", spans=(span,))
    first = built(complete)
    again = built(complete, exported(first, day=25, spans=(span,) if declared else ()))
    assert sorted(row["amount_eur"] for row in mine(again)) == [1, 2]
    assert again.manifest.completeness["projects"].spans == (span,)
    assert records_of(again) == ([(0, 2), (2, 0)] if declared else [(2, 0), (0, 2)])
    assert any("déclarée complète" in note for note in again.manifest.notes)


def test_of_two_lists_complete_for_the_same_years_the_later_one_holds_everything():
    """A second complete list, with another amount and one support less, is not added to the first."""
    span = Span("Vélo inventé", 2024, 2024)
    first = projects("A;;;Vélo inventé;2024;1000;Muret;", "B;;;Vélo inventé;2024;2000;Muret;", spans=(span,))
    second = local_list(
        "Porteur;Programme;Année;Montant;Commune\nA;Vélo inventé;2024;1500;Muret\n", "projects", day=25, spans=(span,)
    )
    snapshot = built(first, second)
    assert [row["amount_eur"] for row in mine(snapshot)] == [1500]
    assert records_of(snapshot) == [(0, 2), (1, 0)]


def test_a_gathered_support_that_comes_back_is_known_by_its_identifier(starter_snapshot):
    """An export of the gathered supports corrects them: even without year, even with another amount."""
    table = starter_snapshot.table("projects")
    undated = table[table["year"].isna() & table["actor_id"].notna()].iloc[0]
    holder = f'"{undated["holder_name"]}";{undated["actor_id"]};{undated["commune_code"]}'
    row = f'{undated["project_id"]};{holder};"{undated["programme"]}";777\n'
    snapshot = built(
        local_list(f"ID;Porteur;Identifiant de la structure;Code INSEE;Programme;Montant\n{row}", "projects")
    )
    assert len(snapshot.table("projects")) == len(table)
    found = snapshot.table("projects").set_index("project_id").loc[undated["project_id"]]
    assert found["amount_eur"] == 777


def test_a_gathered_support_of_a_namesake_elsewhere_stays(starter_snapshot):
    """A holder of the same name in another commune, or with another amount, is another support."""
    table = starter_snapshot.table("projects")
    known = table[table["actor_id"].isna() & table["year"].notna() & table["commune_code"].notna()]
    known = known.iloc[0] if len(known) else table[table["actor_id"].eq("la-cafetiere-31028")].iloc[0]
    elsewhere = "Muret" if known["commune_code"] != "31395" else "Blagnac"
    row = f'"{known["holder_name"]}";{elsewhere};"{known["programme"]}";{known["year"]}\n'
    snapshot = built(local_list(f"Porteur;Commune;Programme;Année\n{row}", "projects"))
    assert len(snapshot.table("projects")) == len(table) + 1


def test_one_programme_has_one_spelling_and_the_source_keeps_its_own(starter_snapshot):
    """Filters and sums compare what is written: the first way, gathered rows before lists, is that of all."""
    table = starter_snapshot.table("projects")
    assert "Label Comme à la maison" in set(table["programme"])
    row = "A;Label comme à la Maison;2024;100;Muret\n"
    one = local_list(
        f"Porteur;Programme;Année;Montant;Commune\n{row}",
        "projects",
        spans=(Span("LABEL COMME A LA MAISON", 2024, 2024),),
    )
    snapshot = built(one)
    found = snapshot.table("projects").set_index("holder_name").loc["A"]
    assert (found["programme"], found["programme_raw"]) == ("Label Comme à la maison", "Label comme à la Maison")
    assert found["title"] == "Label Comme à la maison"
    assert snapshot.manifest.completeness["projects"].spans == (Span("Label Comme à la maison", 2024, 2024),)


def test_gathered_supports_without_year_beside_a_complete_list_are_counted(starter_snapshot):
    """They stay, and a note says how many count in no complete year."""
    table = starter_snapshot.table("projects")
    programme = table.loc[table["year"].isna(), "programme"].iloc[0]
    n = int((table["year"].isna() & table["programme"].eq(programme)).sum())
    one = local_list(
        f'Porteur;Programme;Année;Montant;Commune\nA;"{programme}";2024;100;Muret\n', "projects",
        spans=(Span(programme, 2024, 2024),),
    )  # fmt: skip
    snapshot = built(one)
    after = snapshot.table("projects")
    assert int((after["year"].isna() & after["programme"].eq(programme)).sum()) == n
    assert any(note.startswith(f"{n} soutien") and "années complètes" in note for note in snapshot.manifest.notes)


def test_whoever_has_lost_the_only_gathered_support_is_supported_no_more(starter_snapshot):
    """Who is supported is told by the supports that remain: none of a complete list's programme but its own."""
    table = starter_snapshot.table("projects").query("programme == 'Label Comme à la maison' and year == 2025")
    others = starter_snapshot.table("projects").drop(table.index)
    only = set(table["actor_id"].dropna()) - set(others["actor_id"])
    assert only
    span = Span("Label Comme à la maison", 2025, 2025)
    one = local_list(
        "Porteur;Programme;Année;Commune\nA;Label Comme à la maison;2025;Muret\n", "projects", spans=(span,)
    )
    actors = built(one).table("actors").set_index("actor_id")
    assert not actors.loc[sorted(only), "is_supported"].any()
    assert actors["is_supported"].any()


def test_numbers_of_a_row_that_contradict_each_other_are_refused():
    """A SIRET begins with the SIREN of its row, or one of them is somebody else's."""
    judged = judged_text(HEAD + f"A;{SIRET};{OTHER[:9]};Vélo inventé;2024;;Muret;\n", "projects")
    (fault,) = judged.faults
    assert (fault.row, fault.rule, fault.value) == (2, "siret_of_siren", SIRET)
    assert judged.rows_in == len(judged.frame) + 1


def test_a_complete_list_is_all_there_is_of_its_programme_and_years():
    """Other lists' supports of that programme and span give way; other years and programmes stay."""
    span = Span("Vélo inventé", 2023, 2024)
    other = projects(
        "A inventée;;;Vélo inventé;2024;1;Muret;", "B inventée;;;Vélo inventé;2022;2;Muret;",
        "C inventée;;;Pain inventé;2024;3;Muret;", day=25,
    )  # fmt: skip
    complete = projects("D inventée;;;Vélo inventé;2023;4;Muret;", spans=(span,))
    snapshot = built(complete, other)
    assert sorted(row["holder_name"] for row in mine(snapshot)) == ["B inventée", "D inventée"]
    assert len(mine(snapshot, "Pain inventé")) == 1
    completeness = snapshot.manifest.completeness["projects"]
    assert (completeness.status, completeness.spans) == ("partial", (span,))
    assert "Vélo inventé (2023-2024)" in completeness.sentence


def test_completeness_survives_the_store(tmp_path):
    """The span is in the manifest that is written and read again."""
    span = Span("Vélo inventé", 2024, 2024)
    snapshot = built(projects("D inventée;;;Vélo inventé;2024;4;Muret;Seysses", spans=(span,)))
    Store(str(tmp_path)).save(snapshot)
    again = Store(str(tmp_path)).load("31")
    assert again.manifest.completeness["projects"].spans == (span,)
    assert list(mine(again)[0]["served_codes"]) == ["31547"]


def test_a_holder_that_objects_is_not_named_and_the_support_stays():
    """By number, though the holder is no actor: programme, year and amount stay, its name is nowhere."""
    one = projects(f"Secrète inventée;{SIRET};;Vélo inventé;2024;100;Muret;")
    snapshot = built(one, withheld=Withheld((Entry("siren", SIRET[:9]),), "x"))
    (row,) = mine(snapshot)
    assert row["amount_eur"] == 100
    assert "secr" not in str(row).lower()


def funded() -> Snapshot:
    span = Span("Vélo inventé", 2024, 2024)
    return built(projects(
        "A inventée;;;Vélo inventé;2024;1000;Muret;", "B inventée;;;Vélo inventé;2024;600;;\"Muret ; Seysses\"",
        "C inventée;;;Vélo inventé;2024;;Blagnac;", "D inventée;;;Vélo inventé;2024;50;;", spans=(span,),
    ))  # fmt: skip


def test_amounts_per_inhabitant_are_those_of_a_hand_computation():
    """Muret gets its own and its share by inhabitants of what it serves with Seysses; nothing is counted twice."""
    snapshot = funded()
    (span,) = snapshot.manifest.completeness["projects"].spans
    communes = GEOGRAPHY.communes.set_index("commune_code")
    found = funding(Tables.of(snapshot), snapshot.table("projects"), span, "commune")
    muret, seysses = (int(communes["population"][code]) for code in ("31395", "31547"))
    part = 600 * muret / (muret + seysses)
    assert found.table.loc["31395", "known_eur"] == pytest.approx(1000 + part)
    assert found.table.loc["31547", "per_inhabitant_eur"] == pytest.approx((600 - part) / seysses)
    assert found.table["known_eur"].sum() == pytest.approx(1600)
    assert found.table["projects"].gt(0).sum() == 3
    assert found.share_without == pytest.approx((len(communes) - 3) / len(communes))
    assert found.unplaced == 1
    assert found.table.loc["31069", "unknown"] == 1
    assert found.table["per_inhabitant_eur"].isna()["31069"]
    told = communes["population"].sum() - communes["population"]["31069"]
    assert found.per_inhabitant_eur == pytest.approx(1600 / told)
    assert not found.is_mean_of_all


def test_an_unknown_amount_of_several_communes_is_one_support():
    """A support without amount that serves three communes of a canton is one unknown; known money beside it stays."""
    span = Span("Vélo inventé", 2024, 2024)
    snapshot = built(projects(
        "Z inventée;;;Vélo inventé;2024;;;\"Blagnac ; Aussonne ; Beauzelle\"",
        "C inventée;;;Vélo inventé;2024;4000;Blagnac;", spans=(span,),
    ))  # fmt: skip
    found = funding(Tables.of(snapshot), snapshot.table("projects"), span)
    canton = found.table.loc[snapshot.table("communes").set_index("commune_code").at["31069", "canton_code"]]
    assert (canton["projects"], canton["unknown"], canton["known_eur"]) == (2, 1, 4000)
    assert "4 000" in funding_table(found, "Légende").replace("\u202f", " ")


def test_a_support_that_acts_elsewhere_is_told_in_both_places():
    """Held in Muret for Blagnac alone: no support reaches Muret, and it says why; Blagnac knows that it is served."""
    span = Span("Vélo inventé", 2024, 2024)
    snapshot = built(projects("A inventée;;;Vélo inventé;2024;900;Muret;Blagnac", spans=(span,)))
    tables, table = Tables.of(snapshot), snapshot.table("projects")
    cantons = snapshot.table("communes").set_index("commune_code")["canton_code"]
    found = funding(tables, table, span)
    muret, blagnac = found.table.loc[cantons["31395"]], found.table.loc[cantons["31069"]]
    assert (muret["projects"], muret["based"], muret["known_eur"]) == (0, 1, 0)
    assert (blagnac["projects"], blagnac["based"], blagnac["known_eur"]) == (1, 0, 900)
    assert "porté d’ici" in territory_funding(found, cantons["31395"])
    served = served_from_elsewhere(table, tables, "canton", cantons["31069"])
    assert served["amount_eur"].tolist() == [900]
    assert served_from_elsewhere(table, tables, "canton", cantons["31395"]).empty


def test_a_list_of_which_rows_are_lost_is_complete_no_more():
    """A commune that is gone takes a row out of a list declared complete: the declaration goes with it, and is said."""
    span = Span("Vélo inventé", 2024, 2024)
    whole = projects("A;;;Vélo inventé;2024;1;Muret;", "B;;;Vélo inventé;2024;2;Blagnac;", spans=(span,))
    place = whole.columns.index("commune_code")
    rows = tuple(tuple("31999" if n == place and row[place] == "31069" else cell for n, cell in enumerate(row))
                 for row in whole.rows)  # fmt: skip
    snapshot = built(replace(whole, rows=rows))
    assert [row["amount_eur"] for row in mine(snapshot)] == [1]
    assert snapshot.manifest.completeness["projects"].spans == ()
    assert any("elle ne l’est plus" in note for note in snapshot.manifest.notes)


def test_a_support_of_a_shared_commune_leaves_its_cantons_unknown():
    """Whose canton is not known may be that of each: none is said to get nothing, and the mean leaves them out."""
    span = Span("Vélo inventé", 2024, 2024)
    snapshot = built(projects(
        "Z inventée;;;Vélo inventé;2024;50000;Toulouse;", "C inventée;;;Vélo inventé;2024;4000;Blagnac;", spans=(span,)
    ))  # fmt: skip
    tables = Tables.of(snapshot)
    codes = snapshot.table("cantons")["canton_code"].head(2).tolist()
    parts = pd.DataFrame({"commune_code": ["31555", "31555"], "canton_code": codes, "population": [1000, 3000]})
    shared = replace(tables, parts=parts)
    found = funding(shared, snapshot.table("projects"), span)
    assert (found.unplaced, found.is_mean_of_all) == (1, False)
    assert found.table.loc[codes, "possible"].tolist() == [1, 1]
    assert found.table.loc[codes, "per_inhabitant_eur"].isna().all()
    others = found.table[found.table["projects"].eq(0) & ~found.table.index.isin(codes)]
    assert found.without == len(others)
    assert "ne peuvent être rangés" in territory_funding(found, codes[0])
    assert "on ne sait pas" in funding_sentence(found)


@pytest.mark.parametrize("level", ["canton", "epci", "commune"])
def test_totals_are_the_same_at_every_level(level):
    """Adding up by canton, intercommunality or commune gives the same euros."""
    snapshot = funded()
    (span,) = snapshot.manifest.completeness["projects"].spans
    found = funding(Tables.of(snapshot), snapshot.table("projects"), span, level)
    assert found.table["known_eur"].sum() == pytest.approx(1600)


def test_an_empty_span_leaves_every_territory_without():
    """A programme of which no support is known in the years: all zero, nothing missing."""
    snapshot = funded()
    found = funding(Tables.of(snapshot), snapshot.table("projects"), Span("Vélo inventé", 1990, 1991))
    assert found.share_without == 1
    assert found.table["per_inhabitant_eur"].eq(0).all()


def test_words_table_and_chart_of_a_complete_programme():
    """The sentence counts cantons without, the table has every canton, the chart those with both numbers."""
    snapshot = funded()
    (span,) = snapshot.manifest.completeness["projects"].spans
    found = funding(Tables.of(snapshot), snapshot.table("projects"), span)
    none = int(found.table["projects"].eq(0).sum())
    assert f"{none} cantons sur {len(found.table)}" in funding_sentence(found)
    assert funding_table(found, "Légende").count("<tr") == len(found.table) + 1
    points = quadrants(found)
    assert len(points) == len(found.table.dropna(subset=["ratio", "per_inhabitant_eur"]))
    assert set(points["part"]) <= {
        f"{one}_{other}" for one in ("missing", "present") for other in ("supported", "unsupported")
    }
    drawn = quadrant_chart(found).to_dict()
    assert any(len(rows) == len(points) for rows in drawn["datasets"].values())
    code = found.table.index[found.table["projects"].eq(0)][0]
    assert "aucun soutien ici" in territory_funding(found, code)
    given = found.table.index[found.table["known_eur"].gt(0)][0]
    assert "par habitant" in territory_funding(found, given)
    assert territory_funding(found, "nowhere") == ""


def test_the_table_of_supports_names_every_commune_served():
    """Several communes of one support are all read; a support without page shows no link."""
    snapshot = funded()
    table = snapshot.table("projects")
    html = projects_table(table[table["holder_name"] == "B inventée"], snapshot.table("communes"), "Légende")
    assert "Muret, Seysses" in html
    assert "voir la page" not in html


def test_a_project_of_a_commune_that_is_gone_is_counted_not_lost():
    """What no longer fits is left out under a reason, and the entry adds up."""
    one = projects("A inventée;;;Vélo inventé;2024;1;Muret;", "B inventée;;;Vélo inventé;2024;1;Muret;")
    place = one.columns.index("commune_code")
    rows = (tuple("31999" if n == place else cell for n, cell in enumerate(one.rows[0])), one.rows[1])
    (record,) = [each for each in built(replace(one, rows=rows)).manifest.sources if each.key.startswith("list_")]
    assert (record.rows_in, record.rows_kept, dict(record.rows_rejected)) == (2, 1, {"unknown_commune": 1})
