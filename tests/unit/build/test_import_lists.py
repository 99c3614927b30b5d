"""A folder of awkward lists: each comes in right, or ends in a sentence that says where. All rows are made up."""

from __future__ import annotations

import doctest
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from shapely.geometry import Point

from essmap.build.imports import heading_words, sensitive
from essmap.build.imports.annotated import annotated_copy
from essmap.build.imports.headings import proposal, recognise
from essmap.build.imports.judge import Judged, NotCompleteError, Wanted, judge, read_span
from essmap.build.starter import load_geography
from essmap.errors import DataError, EssmapError, SettingsError
from essmap.schema.withheld import Entry, Withheld
from essmap.sources import spreadsheet_worker
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


def sheets(**named: list[list[object]]) -> Callable[[Path], None]:
    """A workbook of several sheets; those whose name begins with « h_ » are hidden."""

    def write(path: Path) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in named.items():
            sheet = book.create_sheet(name.removeprefix("y"))
            sheet.sheet_state = "hidden" if name.startswith("h_") else "visible"
            for row in rows:
                sheet.append(row)
        book.save(path)

    return write


HEADER: list[object] = ["Porteur", "Programme", "Année"]
Y2022, Y2023 = [HEADER, ["A inventée", "Vélo", 2022]], [HEADER, ["A inventée", "Vélo", 2023]]


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
        faults=((2, "perhaps_person"), (3, "natural_person")),
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
    "two names": Case("ad.csv", text("Nom;Raison sociale;Commune\nA;B;Muret\n"), 1, values={"name": "B"}),
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
    "other sheets, complete": Case(
        "au.xlsx", sheets(y2022=Y2022, y2023=Y2023), kind="projects", refused="other_sheet",
        wanted={"spans": (read_span("Vélo", "2022"),)},
    ),
    "one of the sheets, complete": Case(
        "av.xlsx", sheets(y2022=Y2022, y2023=Y2023), 1, kind="projects", values={"year": "2022"},
        wanted={"spans": (read_span("Vélo", "2022"),), "sheet": "2022"},
    ),
    "years of another sheet, complete": Case(
        "aw.xlsx", sheets(y2022=Y2022, y2023=Y2023), kind="projects", refused="other_sheet",
        wanted={"spans": (read_span("Vélo", "2022-2023"),), "sheet": "2022"},
    ),
    "a hidden list, complete": Case(
        "ax.xlsx", sheets(y2022=Y2022, h_2023=Y2023), kind="projects", refused="other_sheet",
        wanted={"spans": (read_span("Vélo", "2022"),)},
    ),
    "a table above": Case(
        "ay.csv", text("Porteur;Montant;Année\nA;1;2024\n;;\nPorteur;Programme;Montant;Année\nB;Vélo;3;2023\n"), 1,
        kind="projects", faults=((1, "header_again"), (2, "above_header")), values={"holder_name": "B"},
    ),
    "the fuller header is below": Case(
        "az.csv", text("Porteur;Programme\nA;Vélo\nPorteur;Programme;Année;Montant\nB;Vélo;2024;3\n"), 1,
        kind="projects", faults=((3, "header_again"), (4, "other_table")), values={"holder_name": "A"},
    ),
    "the header again": Case(
        "ba.csv", text("Porteur;Programme;Couleur\nA;Vélo;bleu\nPorteur;Programme;Couleur\nB;Vélo;\n"), 2,
        kind="projects", faults=((3, "header_again"),),
    ),
    "the header again, complete": Case(
        "bb.csv", text("Porteur;Programme;Année\nA;Vélo;2024\nPorteur;Programme;Année\nB;Vélo;2024\n"), 2,
        kind="projects", faults=((3, "header_again"),), wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "another table below": Case(
        "bc.csv", text("Porteur;Programme;Objet\nA;Vélo;x\nProgramme;Porteur;Objet\nVélo;B;x\nVélo;C;x\n"), 1,
        kind="projects", faults=((3, "header_again"), (4, "other_table"), (5, "other_table")),
    ),
    "another table below, complete": Case(
        "bd.csv", text("Porteur;Programme;Année\nA;Vélo;2024\nProgramme;Porteur;Année\nVélo;B;2024\n"),
        kind="projects", refused="other_table", wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "amounts of a year": Case(
        "be.csv", text("Bénéficiaire;Dispositif;Exercice 2024\nA;Vélo;25000\n"), 1, kind="projects",
        values={"year": "", "amount_eur": ""},
    ),
    "plurals and dates": Case(
        "bf.csv", text("Bénéficiaires;Dispositifs;Date d’attribution;Date de création;Montants votés 2024;Villes\n"
                       "A;Vélo;12/03/2024;2001;15 000 €;Muret\n"), 1, kind="projects",
        values={"year": "2024", "amount_eur": "15000", "commune_code": "31395", "programme": "Vélo"},
    ),
    "either number, projects": Case(
        "bg.csv", text(f"Porteur;Programme;SIREN / SIRET\nA;Vélo;{SIRET}\nB;Vélo;{SIRET[:9]}\nC;Vélo;123\n"), 2,
        kind="projects", faults=((4, "siren"),), values={"holder_siret": SIRET, "holder_siren": SIRET[:9]},
    ),
    "either number, structures": Case(
        "bh.csv", text(f"Nom;Ville;SIRET / SIREN\nA;Muret;{SIRET}\nB;Muret;{SIRET[:9]}\n"), 2,
        values={"siret": SIRET, "siren": SIRET[:9]},
    ),
    "telephones under coordinates": Case(
        "bi.csv", text("Nom;Commune;Coordonnées\nInventée;Muret;05 61 00 00 00\n"), 1, values={"lon": ""}
    ),
    "no year column, complete": Case(
        "bj.csv", text("Porteur;Programme;Quand\nA;Vélo;2024\nB;Vélo;2024\n"), kind="projects",
        refused="no_year_column", wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "equal supports, complete": Case(
        "bk.csv", text("Porteur;Programme;Année\nA;Vélo;2024\nA;Vélo;2024\n"), kind="projects", refused="repeated",
        wanted={"spans": (read_span("Vélo", "2024"),)},
    ),
    "letters lost": Case(
        "bl.csv", text("Nom;Ville;Couleur\nCaf\ufffd;Muret;\nB;Muret;bl\ufffd\n"), 1, faults=((2, "lost_letters"),)
    ),
    "second columns that differ": Case(
        "bm.csv", text("Nom usuel;Nom;Commune\nA;B;Muret\n"), refused="repeated_column"
    ),
    "second columns that say the same": Case(
        "bm2.csv", text("Nom usuel;Nom;Commune;Commune 2\nL’ÉTÉ;L'été;Muret;Blagnac\n;B;Muret;\n"), 2,
        values={"name": "L'été", "commune": "Muret"},
    ),
    "a second column that is mapped": Case(
        "bm3.csv", text("Nom usuel;Nom;Commune\nA;B;Muret\n"), 1, values={"name": "A"},
        wanted={"mapping": {"Nom usuel": "name"}},
    ),
    "two columns that hide": Case(
        "ra.csv", text("Nom;Ville;Adresse;Lieu sensible ?;Adresse confidentielle\nA;Muret;1 rue;non;oui\n"
                       "B;Muret;2 rue;oui;\nC;Muret;3 rue;oui;peut-être\n"), 2,
        faults=((4, "flag"),), values={"is_sensitive": "yes"},
    ),
    "words that hide": Case(
        "rb.csv", text("Nom;Ville;Confidentialité;À ne pas publier;Adresse à masquer;Non diffusable\n"
                       "A;Muret;;;;oui\nB;Muret;non;non;non;non\n"), 2, values={"is_sensitive": "yes"},
    ),
    "an agreement that is refused": Case(
        "rc.csv", text("Nom;Ville;Accord de diffusion\nA;Muret;non\n"), 1, values={"is_sensitive": "yes"}
    ),
    "an agreement that is given": Case(
        "rd.csv", text("Nom;Ville;Accord de diffusion\nA;Muret;oui\n"), 1, values={"is_sensitive": ""}
    ),
    "an agreement of which nothing is said": Case(
        "re.csv", text("Nom;Ville;Accord de diffusion\nA;Muret;\n"), 1, values={"is_sensitive": "yes"}
    ),
    "words that may hide": Case(
        "rf.csv", text("Nom;Ville;Niveau de confidentialité\nA;Muret;2\n"), refused="perhaps_hidden"
    ),
    "words that may hide, left aside": Case(
        "rg.csv", text("Nom;Ville;Niveau de confidentialité\nA;Muret;2\n"), 1,
        wanted={"mapping": {"Niveau de confidentialité": "-"}},
    ),
    "words that only look like hiding": Case(
        "rh.csv", text("Nom;Ville;Ouvert au public;Publications;Diffusion\nA;Muret;oui;Revue;Radio\n"), 1
    ),
    "a president beside an association": Case(
        "ri.csv", text("Association;Nom;Commune;Téléphone\nLa Roue;Dupont;Muret;06\n"), 1, values={"name": "La Roue"}
    ),
    "a president with a first name beside a structure": Case(
        "rj.csv", text("Raison sociale;Nom;Prénom;Commune\nLa Roue;Dupont;Jean;Muret\n"), 1,
        values={"name": "La Roue"},
    ),
    "a president beside a holder": Case(
        "rk.csv", text("Association;Nom;Prénom;Dispositif\nLa Roue;Dupont;Jean;Vélo\n"), 1, kind="projects",
        values={"holder_name": "La Roue"},
    ),
    "dates of a file and of its decision": Case(
        "rl.csv", text("Porteur;Programme;Date de dépôt;Date de notification;Date de la CP\n"
                       "A;Vélo;2022-11-02;2024-01-12;2023-12-12\n"), 1, kind="projects", values={"year": "2023"},
    ),
    "a date of demand": Case(
        "rm.csv", text("Porteur;Programme;Date de la demande;Date de versement\nA;Vélo;2022-11-02;2024-01-12\n"), 1,
        kind="projects", values={"year": ""},
    ),
    "settings above": Case(
        "rn.csv", text("Programme;Tiers-lieux;Année;2024\nDirection de l’ESS;;;\n;;;\n"
                       "Bénéficiaire;Commune;Montant;Programme\nA;Muret;10;P\n"), 1, kind="projects",
        values={"programme": "P"},
    ),
    "settings above that name all": Case(
        "ro.csv", text("Commune;Toulouse;Nom;Liste\nMise à jour : 2024;;;\nNom;Commune;Adresse;Statut\n"
                       "A;Muret;1 rue;SCOP\n"), 1, values={"name": "A", "legal_form": "scop"},
    ),
    "a table above, cut short": Case(
        "rp.csv", text("Porteur;Montant;Année\nA;1;\nPorteur;Programme;Montant\nB;Vélo;3\n"), 1, kind="projects",
        faults=((1, "header_again"), (2, "above_header")),
    ),
    "another sheet without year, called by another": Case(
        "rq.xlsx", sheets(y2022=Y2022, y2023=[HEADER[:2], ["A inventée", "Vélo"]]), 1, kind="projects",
        wanted={"spans": (read_span("Vélo", "2022"),), "sheet": "2022"},
    ),
    "another sheet without year, of another programme": Case(
        "rr.xlsx", sheets(y2022=Y2022, yAutre=[HEADER[:2], ["A inventée", "Toits"]]), 1, kind="projects",
        wanted={"spans": (read_span("Vélo", "2022"),), "sheet": "2022"},
    ),
    "another sheet whose rows are kept out": Case(
        "rs.xlsx", sheets(y2022=Y2022, yAutre=[[*HEADER, "Commune"], ["A inventée", "Vélo", 2022, "Atlantis"]]),
        kind="projects", refused="other_sheet", wanted={"spans": (read_span("Vélo", "2022"),), "sheet": "2022"},
    ),
    "a number of three decimals": Case(
        "bn.xlsx", excel(["Porteur", "Programme", "Montant"], ["A", "Vélo", 333.125]), 1, kind="projects",
        values={"amount_eur": "333.12"},
    ),
    "a date beside the date of the decision": Case(
        "bp.csv", text("Porteur;Programme;Date de dépôt;Date de décision\nA;Vélo;2023-11-02;2024-03-12\n"), 1,
        kind="projects", values={"year": "2024"},
    ),
    "two dates, none of them the decision's": Case(
        "bq.csv", text("Porteur;Programme;Date haute;Date basse\nA;Vélo;2023-11-02;2024-03-12\n"),
        kind="projects", refused="repeated_column",
    ),
    "a typing error in a heading": Case(
        "bo.csv", text("Porteur;Progrrame;Année\nA;Vélo;2024\n"), kind="projects", refused="missing_column"
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
        assert fault.column or fault.rule in {"cell_count", "header_again", "above_header", "other_table"}
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


def test_other_sheets_are_named(tmp_path):
    """A sheet that is a list too is said with what to type; hidden ones and those that are none are said too."""
    path = tmp_path / "m.xlsx"
    sheets(y2022=Y2022, y2023=Y2023, Notes=[["Bonjour"]], h_2024=Y2023)(path)
    found = judged(path, "projects")
    assert found.rows_in == 1
    notes = "\n".join(found.notes)
    assert "La feuille «\u202f2023\u202f» contient aussi une liste" in notes
    assert '--sheet "2023"' in notes
    assert "non lue, sans titres de colonnes reconnus\u00a0: Notes" in notes
    assert "1 feuille cachée" in notes
    assert found.as_dict()["other_sheets"] == ["2023"]
    assert found.as_dict()["notes"] == list(found.notes)


def test_layers_of_a_geopackage_are_sheets(tmp_path):
    """A second layer is named as a second sheet is."""
    path = tmp_path / "m.gpkg"
    frame = gpd.GeoDataFrame({"nom": ["Inventée"], "ville": ["Toulouse"]}, geometry=[Point(1.4442, 43.6045)], crs=4326)
    frame.to_file(path, driver="GPKG", layer="nord")
    frame.to_file(path, driver="GPKG", layer="sud")
    assert '--sheet "sud"' in "\n".join(judged(path).notes)


def test_second_columns_and_columns_without_point_are_said(tmp_path):
    """What is left of a file is never called personal where it is merely the second of its kind."""
    path = tmp_path / "l.csv"
    text("Raison sociale;Nom;Commune;Commune 2;Coordonnées\nA;B;Muret;Blagnac;05 61 00 00 00\n")(path)
    found = judged(path)
    assert found.layout.dropped == ()
    assert found.layout.unknown == (("Commune 2", "commune"),)
    notes = "\n".join(found.notes)
    assert "«\u202fNom\u202f» désigne le même champ que «\u202fRaison sociale\u202f»" in notes
    assert "«\u202fCoordonnées\u202f» ne contient aucune position" in notes


def test_a_heading_that_is_missing_is_proposed(tmp_path):
    """Whoever mistyped a heading reads what to type; without a near one, the headings that are not known."""
    path = tmp_path / "l.csv"
    said = {
        "Porteur;Progrrame;Année\nA;Vélo;2024\n": '--map "Progrrame=programme"',
        "Porteurr;Progrrame;Couleur\nA;Vélo;bleu\n": '--map "Porteurr=holder_name" ou --map "Progrrame=programme"',
        "Porteur;Année;Couleur\nA;2024;bleu\n": "Titres non reconnus\u00a0: Couleur",
    }
    for content, expected in said.items():
        text(content)(path)
        with pytest.raises(DataError) as refused:
            judged(path, "projects")
        assert expected in refused.value.problems[0].expected


def test_a_complete_list_without_year_is_one_fault(tmp_path):
    """One sentence names the headings that could be the year, in French; not one line per row."""
    path = tmp_path / "l.csv"
    text("Porteur;Programme;Quand\n" + "".join(f"A{n};Vélo;2024\n" for n in range(9)))(path)
    with pytest.raises(NotCompleteError) as refused:
        judged(path, "projects", spans=(read_span("Vélo", "2024"),))
    (problem,) = refused.value.problems
    assert "Année" in problem.expected
    assert "Quand" in problem.expected
    assert refused.value.judged.rows_in == len(refused.value.judged.frame) == 9


def test_faults_name_columns_in_french(tmp_path):
    """A column that the file does not have is called by our French title, not by its name for programs."""
    path = tmp_path / "l.csv"
    text("Nom;Ville\nA;Muret\n")(path)
    layout = judged(path).layout
    assert (layout.heading("commune_code"), layout.heading("commune")) == ("Code INSEE de la commune", "Ville")


def test_a_list_that_is_not_complete_carries_what_it_is(tmp_path):
    """The refusal has the judged list, every row in or out, for the annotated copy."""
    path = tmp_path / "l.csv"
    text("Porteur;Programme;Année\nA;Vélo;2024\nB;Vélo;\nC;Vélo;2024\nC;Vélo;2024\n")(path)
    with pytest.raises(NotCompleteError) as refused:
        judged(path, "projects", spans=(read_span("Vélo", "2024"),))
    found = refused.value.judged
    assert found.rejected == {"undated": 1, "repeated": 1}
    assert found.rows_in == len(found.frame) + len(found.reasons) == 4
    assert "référence de la décision" in found.reasons[5][0].expected
    sheet = openpyxl.load_workbook(io.BytesIO(annotated_copy(found))).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["reprise", "écartée", "reprise", "écartée"]


def test_spans_that_may_not_be_complete_are_remarks(tmp_path):
    """A year that is not over and years without a row are said; they do not refuse the list."""
    path = tmp_path / "l.csv"
    now = datetime.now(UTC).year
    text(f"Porteur;Programme;Année\nA;Vélo;{now - 2}\n")(path)
    said = [one.expected for one in judged(path, "projects", spans=(read_span("Vélo", f"{now - 2}-{now}"),)).remarks]
    assert any("n’est pas finie" in one for one in said)
    assert any(f"des années {now - 1}, {now}" in one for one in said)


@pytest.mark.parametrize("years", [str(datetime.now(UTC).year + 1), "1979", "1979-2020"])
def test_years_that_nobody_can_know_are_refused(years):
    """Years to come and years before decentralisation."""
    with pytest.raises(SettingsError, match="1980"):
        read_span("Vélo", years)


HEADINGS = {
    "year": ("Date de convention", "Date de la décision", "Date de CP", "Date de notification", "Date d'attribution",
             "Date de délibération", "Date du vote", "Exercice"),
    "": ("Exercice 2024", "Année 2023", "2024", "Date de création", "Date de mise à jour", "Commune 2",
         "Date de la demande", "Dates de début", "Date de dépôt", "Date de solde", "Ligne"),
    "-": ("Date de naissance", "pourcentageSubvention", "conditionsVersement", "notificationUE", "nomAttribuant"),
    "holder_name": ("Bénéficiaires", "Dénominations", "nomBeneficiaire"),
    "programme": ("Dispositifs", "dispositifAide"),
    "commune": ("Villes",),
    "communes_served": ("Communes",),
    "amount_eur": ("Montants votés", "Montants votés 2024"),
    "domains": ("Domaine 2",),
    "holder_siren": ("SIREN / SIRET", "SIRET/SIREN"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADINGS)
def test_headings_as_people_write_them(name):
    """Plurals, dates of any decision, a year or a rank behind; what could be something else is not known."""
    assert {heading: recognise(heading, "projects") for heading in HEADINGS[name]} == dict.fromkeys(
        HEADINGS[name], name
    )


@pytest.mark.parametrize("module", [heading_words, sensitive, spreadsheet_worker])
def test_examples_of_the_docstrings_hold(module):
    """What the docstrings show is what the functions do."""
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_a_year_as_heading_is_proposed_as_an_amount():
    """« Exercice 2024 » over amounts is not the year of the support."""
    assert {proposal(heading, "projects") for heading in ("Exercice 2024", "Année 2023", "2024")} == {"amount_eur"}


def test_a_second_date_is_not_known(tmp_path):
    """Beside the date of the decision another date is another thing: it is left, and said as not known."""
    path = tmp_path / "l.csv"
    text("Porteur;Programme;Date de dépôt;Date de décision\nA;Vélo;2023-11-02;2024-03-12\n")(path)
    layout = judged(path, "projects").layout
    assert [heading for heading, _ in layout.unknown] == ["Date de dépôt"]
    assert layout.doubles == ()


def test_a_chosen_sheet_is_not_asked_for_again(tmp_path):
    """Whoever chose the sheet reads what else to do about another one without years."""
    path = tmp_path / "l.xlsx"
    sheets(yA=Y2022, ySuite=[HEADER[:2], ["A inventée", "Vélo"]])(path)
    with pytest.raises(NotCompleteError) as refused:
        judged(path, "projects", spans=(read_span("Vélo", "2022"),), sheet="A")
    said = f"{refused.value} {refused.value.problems[0].expected}"
    assert "--sheet" not in said
    assert "Complétez l’année" in said


def test_a_programme_of_which_no_row_is_kept_says_why(tmp_path):
    """The list that was judged is there for report and copy, and the true cause is said."""
    path = tmp_path / "l.csv"
    text("Porteur;Programme;Année;Commune\nA;Vélo;2024;Atlantis\n")(path)
    with pytest.raises(NotCompleteError, match=r"Aucune ligne n’a pu être gardée\. 1 ligne est écartée") as refused:
        judged(path, "projects", spans=(read_span("Vélo", "2024"),))
    assert [one.rule for one in refused.value.problems] == ["unknown_commune"]
    assert len(annotated_copy(refused.value.judged)) > 0
