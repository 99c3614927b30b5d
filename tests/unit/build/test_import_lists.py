"""A folder of awkward lists: each comes in right, or ends in a sentence that says where. All rows are made up."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from shapely.geometry import Point

from essmap.build.imports.annotated import annotated_copy
from essmap.build.imports.judge import Judged, Wanted, judge, read_span
from essmap.build.starter import load_geography
from essmap.errors import DataError, EssmapError, SettingsError
from essmap.schema.withheld import Entry, Withheld
from essmap.sources.spreadsheet import read_file

COMMUNES = load_geography("31").communes
SIRET, OTHER_SIRET = "73282932000074", "35600000000048"


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding))


def excel(*rows: list[object], name: str = "Liste", before: str = "", merge: str = "") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = name
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
        if before:
            first = book.create_sheet(before, 0)
            first.append(["Bonjour", "Voici la liste demandée"])
        book.save(path)

    return write


def geojson(*features: tuple[dict[str, object], list[float] | None]) -> Callable[[Path], None]:
    found = [
        {"type": "Feature", "properties": one, "geometry": {"type": "Point", "coordinates": xy} if xy else None}
        for one, xy in features
    ]
    return text(json.dumps({"type": "FeatureCollection", "features": found}))


def geopackage(path: Path) -> None:
    frame = gpd.GeoDataFrame({"nom": ["Inventée"], "ville": ["Toulouse"]}, geometry=[Point(1.4442, 43.6045)], crs=4326)
    frame.to_crs(2154).to_file(path, driver="GPKG")


def macro_styled(path: Path) -> None:
    """A workbook with everything that is no value: colours, formulas, links, errors."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Données 2026")
        sheet.write_row(0, 0, ["Nom", "Commune", "Site web", "Montant"])
        sheet.write_formula(1, 0, '="Inven"&"tée"', value="Inventée")
        sheet.write(1, 1, "Muret", book.add_format({"bg_color": "red"}))
        sheet.write_url(1, 2, "https://exemple.fr", string="https://exemple.fr")
        sheet.write_formula(1, 3, "=1/0", value="#DIV/0!")


@dataclass(frozen=True)
class Case:
    """A file, and what becomes of it."""

    name: str
    write: Callable[[Path], None]
    accepted: int = 0
    faults: tuple[tuple[int, str], ...] = ()  # line, rule
    values: dict[str, str] = field(default_factory=dict)  # of the first accepted row
    kind: str = "actors"
    refused: str = ""  # the rule or the words of a file that is refused as a whole
    wanted: dict[str, object] = field(default_factory=dict)


CASES = {
    "utf-8 with its mark": Case(
        "a.csv", text("\ufeffNom;Commune\nInventée;Muret\n"), 1, values={"name": "Inventée", "commune_code": "31395"}
    ),
    "windows with semicolons": Case(
        "b.csv", text("Dénomination;Ville;Activité\nL’Œuvre inventée;St-Gaudens;Vélos à louer\n", "cp1252"), 1,
        values={"name": "L’Œuvre inventée", "commune": "Saint-Gaudens", "activity": "Vélos à louer"},
    ),
    "tabs and capitals": Case(
        "c.tsv", text("NOM\tVILLE\nINVENTÉE\tTOULOUSE CEDEX 9\n"), 1, values={"commune_code": "31555"}
    ),
    "title and blank lines above": Case(
        "d.csv", text("Annuaire 2026;;\n;;\nRaison sociale;Commune;CP\nInventée;Muret;31600\n"), 1,
        values={"postcode": "31600"},
    ),
    "header on line 4 of a workbook": Case(
        "e.xlsx", excel(["Liste du réseau"], [], [None, None], ["Structure", "Commune"], ["Inventée", "Muret"]), 1,
    ),
    "a sheet of words first": Case(
        "f.xlsx", excel(["Nom", "Commune"], ["Inventée", "Muret"], before="Lisez-moi"), 1, values={"name": "Inventée"}
    ),
    "merged title": Case("g.xlsx", excel(["Titre", None], ["Nom", "Commune"], ["Inventée", "Muret"], merge="A1:B1"), 1),
    "formulas, links, errors": Case(
        "h.xlsx", macro_styled, 1, values={"website": "https://exemple.fr", "name": "Inventée"}
    ),
    "numbers as numbers": Case(
        "i.xlsx", excel(["Nom", "Code INSEE", "SIRET", "Code postal"], ["Inventée", 31395, int(SIRET), 31600]), 1,
        values={"siret": SIRET, "siren": SIRET[:9], "commune": "Muret", "postcode": "31600"},
    ),
    "shortened numbers": Case(
        "j.csv", text("Nom;Commune;SIRET\nInventée;Muret;7,32829E+13\n"), faults=((2, "shortened_number"),)
    ),
    "a point in one column": Case(
        "k.csv", text('Nom;Commune;Coordonnées GPS\nInventée;Toulouse;"43.6045, 1.4442"\n'), 1,
        values={"lon": "1.444200", "geo_precision": "locality"},
    ),
    "lambert-93 with addresses": Case(
        "l.csv", text("Nom;Commune;Adresse;X;Y\nInventée;Toulouse;1 place du Capitole;574357,1;6279642,3\n"), 1,
        values={"lon": "1.444191", "geo_precision": "street"},
    ),
    "a point of another commune": Case(
        "m.csv", text("Nom;Commune;Lat;Lon\nInventée;Muret;43.6045;1.4442\n"), faults=((2, "point_outside_commune"),)
    ),
    "no commune but a point": Case(
        "n.csv", text("Nom;Latitude;Longitude\nInventée;43.6045;1.4442\n"), 1, values={"commune": "Toulouse"}
    ),
    "several domains": Case(
        "o.csv", text("Nom;Commune;Domaine 1;Domaine 2\nInventée;Muret;Mobilité;Culture et médias\n"), 1,
        values={"domains": "mobilite;culture_medias"},
    ),
    "too many domains": Case(
        "p.csv", text('Nom;Commune;Domaines\nInventée;Muret;"sport, culture, vélo, énergie"\n'),
        faults=((2, "too_many_domains"),),
    ),
    "persons": Case(
        "q.csv", text("Nom;Commune;Statut;Téléphone\nM. Inventé;Muret;;06\nInventée;Muret;Auto-entrepreneur;06\n"),
        faults=((2, "natural_person"), (3, "natural_person")),
    ),
    "typing errors": Case(
        "r.csv", text("Nom;Commune\nA inventée;Toulousse\nB inventée;Paris\nC inventée;Blagnac\n"), 1,
        faults=((2, "unknown_commune"), (3, "unknown_commune")), values={"name": "C inventée"},
    ),
    "code against name": Case(
        "s.csv", text("Nom;Code commune;Commune\nInventée;31555;Muret\n"), faults=((2, "commune_name"),)
    ),
    "old code, right name": Case(
        "t.csv", text("Nom;Code commune;Commune\nInventée;31999;Muret\n"), 1, values={"commune_code": "31395"}
    ),
    "twice the same": Case(
        "u.csv", text(f"Nom;Commune;SIRET\nInventée;Muret;{SIRET}\nAutre nom;Muret;{SIRET}\n"), 1,
        faults=((3, "repeated"),),
    ),
    "more cells than headings": Case(
        "v.csv", text("Nom;Commune\nInventée;Muret;et puis;autre chose\nB inventée;Muret;;\n"), 1,
        faults=((2, "cell_count"),),
    ),
    "formulas as text": Case(
        "w.csv", text("Nom;Commune;Activité\n'=1+1 inventée;Muret;@SUM(A1)\n"), 1, values={"name": "=1+1 inventée"}
    ),
    "invisible signs": Case(
        "x.csv", text("Nom\u200b;Commune\u00a0\n\u200bInven\u00adtée ;\u202fMuret\u00a0\n"), 1,
        values={"commune": "Muret"},
    ),
    "geojson": Case(
        "y.geojson",
        geojson(({"nom": "Inventée", "ville": "Toulouse"}, [1.4442, 43.6045]), ({"nom": "B", "ville": "Muret"}, None)),
        2, values={"lat": "43.604500"},
    ),
    "geojson in lambert-93": Case(
        "z.geojson", geojson(({"nom": "Inventée", "ville": "Toulouse"}, [574357.1, 6279642.3])), 1,
        values={"lon": "1.444191"},
    ),
    "geopackage": Case("aa.gpkg", geopackage, 1, values={"commune_code": "31555", "lat": "43.604500"}),
    "no header": Case("ab.csv", text("Inventée;Muret\nB;Muret\n"), refused="no_header"),
    "no commune at all": Case("ac.csv", text("Nom;Statut\nInventée;Association\n"), refused="missing_column"),
    "two names": Case("ad.csv", text("Nom;Raison sociale;Commune\nA;B;Muret\n"), 1, values={"name": "A"}),
    "two columns for one": Case(
        "ae.csv", text("Dénomination;Raison sociale;Commune\nA;B;Muret\n"), refused="repeated_column"
    ),
    "unknown headings": Case(
        "af.csv", text("Raison soc.;Commune\nInventée;Muret\n"), 1, values={"name": "Inventée"},
        wanted={"mapping": {"raison soc.": "name"}},
    ),
    "unknown heading in a mapping": Case(
        "ag.csv", text("Nom;Commune\nA;Muret\n"), refused="Colonnes trouvées", wanted={"mapping": {"Nomm": "name"}}
    ),
    "no such sheet": Case(
        "ah.xlsx", excel(["Nom", "Commune"], ["A", "Muret"]), refused="Feuilles", wanted={"sheet": "Feuil9"}
    ),
    "examples left in": Case(
        "ai.csv", text("Nom;Commune\nEXEMPLE À SUPPRIMER : L’Atelier;Toulouse\n"), faults=((2, "example_row"),)
    ),
    "withheld": Case(
        "aj.csv", text(f"Nom;Commune;SIRET\nInventée;Toulouse;{OTHER_SIRET}\n"), faults=((2, "withheld"),)
    ),
    "total line": Case(
        "ak.csv", text("Nom;Commune\nInventée;Muret\nTotal;\n"), 1, faults=((3, "total_row"),)
    ),
    "scdl": Case(
        "al.csv", text(
            "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,objet,montant,"
            f"nature,dispositifAide\nCD31,22310001700423,2024-03-12,CP-12,Inventée,{SIRET},Vélos,15000.50,"
            "aide en numéraire,Mobilité\n"
        ), 1, kind="projects",
        values={"year": "2024", "amount_eur": "15000.5", "programme": "Mobilité", "support_kind": "grant",
                "holder_siren": SIRET[:9], "decision": "CP-12", "title": "Vélos"},
    ),
    "french amounts": Case(
        "am.csv", text("Bénéficiaire;Programme;Année;Montant (€);Commune\nInventée;Vélo;mars 2024;15 000,50 €;Muret\n"
                       "B inventée;Vélo;2024;15.000;Muret\nC inventée;Vélo;2023-2024;10;Muret\n"), 1, kind="projects",
        faults=((3, "ambiguous_amount"), (4, "several_years")),
        values={"amount_eur": "15000.5", "commune_code": "31395"},
    ),
    "communes served": Case(
        "an.csv", text("Porteur;Dispositif;Communes concernées\nInventée;Vélo;Muret, Seysses et St Gaudens\n"
                       "B inventée;Vélo;Muret, Atlantis\n"), 1, kind="projects",
        faults=((3, "unknown_commune"),), values={"communes_served": "31395;31547;31483"},
    ),
    "one column per year": Case(
        "ao.csv", text("Porteur;Programme;Montant 2023;Montant 2024\nInventée;Vélo;1;2\n"), kind="projects",
        refused="repeated_column",
    ),
    "no programme, but said": Case(
        "ap.csv", text("Porteur;Commune\nInventée;Muret\n"), 1, kind="projects",
        values={"programme": "Vélo", "title": "Vélo"}, wanted={"programme": "Vélo"},
    ),
    "complete, with a fault": Case(
        "aq.csv", text("Porteur;Programme;Année;Commune\nA;Vélo;2024;Muret\nB;Vélo;2024;Toulousse\n"), kind="projects",
        refused="unknown_commune", wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "complete, without year": Case(
        "ar.csv", text("Porteur;Programme;Année\nA;Vélo;2024\nB;Vélo;\n"), kind="projects", refused="undated",
        wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "complete for another programme": Case(
        "as.csv", text("Porteur;Programme;Année\nA;Vélo;2024\n"), kind="projects", refused="Programmes de la liste",
        wanted={"spans": (read_span("Auto", "2024"),)},
    ),
    "complete structures": Case(
        "at.csv", text("Nom;Commune\nA;Muret\n"), refused="--complete-for",
        wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
}  # fmt: skip


def judged(path: Path, kind: str = "actors", **wanted: object) -> Judged:
    withheld = Withheld((Entry("siren", OTHER_SIRET[:9]),), "x")
    return judge(read_file(path), Wanted(kind, **wanted), COMMUNES, "31", withheld=withheld)  # type: ignore[arg-type]


def test_the_folder_is_large_enough():
    """At least twenty-five awkward files."""
    assert len(CASES) >= 25


@pytest.mark.parametrize("name", CASES)
def test_awkward_lists_come_in_right_or_say_where(name, tmp_path):
    """Rows that are sound come in with the right values; each other one is told with line, column, value, expected."""
    case = CASES[name]
    path = tmp_path / case.name
    case.write(path)
    if case.refused:
        with pytest.raises(EssmapError) as refused:
            judged(path, case.kind, **case.wanted)
        rules = {problem.rule for problem in getattr(refused.value, "problems", ())}
        assert case.refused in rules or case.refused in str(refused.value)
        return
    found = judged(path, case.kind, **case.wanted)
    assert len(found.frame) == case.accepted
    assert [(faults[0].row, faults[0].rule) for faults in found.reasons.values()] == list(case.faults)
    assert found.rows_in == len(found.frame) + len(found.reasons)
    for fault in found.faults:
        assert fault.file.startswith(case.name)
        assert fault.expected
        assert fault.column or fault.rule == "cell_count"
    first = found.frame.iloc[0] if len(found.frame) else {}
    assert {column: first[column] for column in case.values} == case.values


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_the_annotated_copy_has_every_cell_at_its_place(name, tmp_path):
    """The copy is the sheet two columns further right, with a verdict beside each row, and why."""
    case = CASES[name]
    path = tmp_path / case.name
    case.write(path)
    found = judged(path, case.kind, **case.wanted)
    sheet = openpyxl.load_workbook(io.BytesIO(annotated_copy(found))).active
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    header = found.layout.header
    for place, cells in enumerate(found.layout.grid.rows[header:], start=header):
        shown = [" ".join("".join(s if s.isprintable() else " " for s in cell).split()) for cell in cells]
        there = [" ".join(cell.split()) for cell in rows[place][2 : 2 + len(cells)]] if place < len(rows) else []
        assert there + [""] * (len(shown) - len(there)) == shown
    for line, faults in found.reasons.items():
        assert rows[line - 1][0] == "écartée"
        assert all(fault.expected in rows[line - 1][1] for fault in faults)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_remarks_say_what_was_set_aside(tmp_path):
    """What is not kept of a row that comes in is told with its line and column."""
    path = tmp_path / "liste.csv"
    text(f"Nom;Commune;CP;SIRET;Site;Lat;Lon\nInventée;Muret;31059;{SIRET};a@b.fr;0;0\n")(path)
    remarks = judged(path).remarks
    assert {(remark.row, remark.column) for remark in remarks} == {(2, "CP"), (2, "Site"), (2, "Lon")}


def test_unknown_headings_get_a_proposal_and_persons_are_dropped(tmp_path):
    """A heading near to one of ours is proposed, never taken; columns about persons are named and left out."""
    path = tmp_path / "liste.csv"
    text("Nom;Commune;Code postall;Nom du président;E-mail;Couleur\nInventée;Muret;31600;X;x;bleu\n")(path)
    layout = judged(path).layout
    assert layout.unknown == (("Code postall", "postcode"), ("Couleur", ""))
    assert layout.dropped == ("Nom du président", "E-mail")
    assert "X" not in judged(path).frame.to_numpy().ravel().tolist()


def test_a_list_of_a_template_export_comes_back_as_itself(starter_snapshot, tmp_path):
    """Names of columns and keys for programs are understood as they are: what was accepted is accepted again, equal."""
    actors = starter_snapshot.table("actors")
    first = tmp_path / "un.csv"
    rows = pd.DataFrame(
        {name: actors[name] for name in ("actor_id", "name", "legal_form", "commune_code", "siret", "activity")}
    )
    rows["domains"] = [";".join(keys) for keys in actors["domains"]]
    rows.to_csv(first, index=False)
    one = judged(first)
    assert one.faults == ()
    second = tmp_path / "deux.csv"
    one.frame.to_csv(second, index=False)
    pd.testing.assert_frame_equal(judged(second).frame, one.frame)
    assert one.frame["id"].tolist() == actors["actor_id"].tolist()


@pytest.mark.parametrize("years", ["", "24", "2024-2022", "2022-2023-2024", "vingt"])
def test_years_of_a_span_that_make_no_sense_are_refused(years):
    """A span is one year or two, in order."""
    with pytest.raises(SettingsError):
        read_span("Vélo", years)


def test_a_span_is_written_as_the_list_writes_it(tmp_path):
    """Case and accents of what was typed do not matter; the programme is called as the rows call it."""
    path = tmp_path / "p.csv"
    text("Porteur;Programme;Année\nA inventée;Aide au Vélo;2024\n")(path)
    found = judged(path, "projects", spans=(read_span("aide au velo", "2022-2024"),))
    assert [(one.programme, one.first_year, one.last_year) for one in found.wanted.spans] == [
        ("Aide au Vélo", 2022, 2024)
    ]


def test_a_fault_of_the_header_names_what_was_found(tmp_path):
    """Whoever mends the file sees the headings that were found and those that are missing."""
    path = tmp_path / "liste.csv"
    text("Nom;Statut\nInventée;Association\n")(path)
    with pytest.raises(DataError) as refused:
        judged(path)
    (problem,) = refused.value.problems
    assert problem.value == "Nom, Statut"
    assert "Commune" in problem.expected
