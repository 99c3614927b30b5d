"""Any table file is read as text, and what cannot be read ends in a sentence. All lists here are made up."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import geopandas as gpd
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from shapely.geometry import LineString, MultiPoint, Point

from essmap.errors import SourceError
from essmap.sources.spreadsheet import Book, Limits, read_bytes, read_file
from essmap.sources.spreadsheet_text import decode, read_text_table

ROWS = [["Nom", "Commune"], ["L'Étoile à côté", "Saint-Gaudens"], ["Les œuvres", "Blagnac"]]


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods(rows: list[list[str]], *, repeated: int = 1) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Feuille1")
    for row in rows:
        line = TableRow()
        for text in row:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            line.addElement(cell)
        table.addElement(line)
    if repeated > 1:
        line = TableRow(numberrowsrepeated=repeated)
        cell = TableCell(numbercolumnsrepeated=repeated, valuetype="string")
        cell.addElement(P(text="x"))
        line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


def rows_of(book: Book) -> list[list[str]]:
    (grid,) = book.grids
    return grid.rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_text_is_read_in_any_usual_encoding_and_separator(encoding, separator):
    """Accents come out right and cells are parted, whichever program saved the list."""
    text = "\r\n".join(separator.join(row) for row in ROWS)
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        content = text.replace("œ", "oe").encode(encoding)
    found = rows_of(read_bytes(content, "liste.csv"))
    assert [[cell.replace("œ", "oe") for cell in row] for row in found] == [
        [cell.replace("œ", "oe") for cell in row] for row in ROWS
    ]


@given(st.text(alphabet="aeilnrstu éèàêçîôûùâëï'-", min_size=1, max_size=40))
def test_windows_text_survives(text):
    """Whatever French letters a Windows file holds, they come out as they were."""
    content = f"Nom;Où\r\n{text};Muret".encode("cp1252")
    assert decode(content, "f")[0].split("\n")[1].split(";")[0] == text


CAPITALS = (
    "COMITE DES FÊTES", "LE CHÊNE", "PERE NOËL", "ÉCOLE", "MAÏS", "AOÛT", "ŒUVRES SOCIALES", "Asociación Ramón",
    "Escòla occitana", "adhérent·e·s…", "CAFÉ\u00a0: 5\u00a0€", "«\u00a0CAFÉ\u00a0»", "• Été", "Sud–Ouest",
)  # fmt: skip


@pytest.mark.parametrize("text", CAPITALS)
def test_a_short_windows_list_is_no_list_of_an_older_computer(text):
    """A few capitals with accents, signs or letters of our neighbours do not make a file Macintosh or DOS."""
    found = decode(f"NOM;VILLE\r\n{text};MURET\r\n".encode("cp1252"), "f")
    assert found == (f"NOM;VILLE\r\n{text};MURET\r\n", "cp1252")


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
@pytest.mark.parametrize("text", ["L'École d'été", "Théâtre à Muret", "Les Gens d'Été", "Maître d'œuvre"])
def test_a_short_list_of_an_older_computer_is_read_as_such(encoding, text):
    """What Windows-1252 would make of it is no French text."""
    text = text.replace("œ", "oe")
    assert decode(f"Nom;Ville\n{text};Muret\n".encode(encoding), "f") == (f"Nom;Ville\n{text};Muret\n", encoding)


def test_a_line_of_utf8_in_a_windows_file_is_named():
    """Two files that somebody joined are refused, whichever of them is the longer."""
    content = "Nom;Commune\nÉté;Muret\nÉcole;Sète\n".encode("cp1252") + "Café;Muret\n".encode()
    with pytest.raises(SourceError, match=r"deux encodages.*ligne 4 est en UTF-8"):
        read_bytes(content, "liste.csv")


def test_accents_that_were_spoilt_are_mended_and_said():
    """UTF-8 read as Windows and saved again is set right."""
    spoilt = "Nom;Commune\nL'Étoile;Sète à côté\n".encode().decode("cp1252").encode()
    book = read_bytes(spoilt, "liste.csv")
    assert rows_of(book)[1] == ["L'Étoile", "Sète à côté"]
    assert "abîmés" in book.notes[-1]


def test_only_the_cells_that_were_spoilt_are_mended():
    """One spoilt line among sound ones is set right, and counted; what is right stays."""
    book = read_bytes("Nom;Ville\nÃ‰tÃ© Ã\u00a0 SÃ¨te;Œuvre\nL’été «\u00a0là\u00a0»;Â\n".encode(), "liste.csv")
    assert rows_of(book)[1:] == [["Été à Sète", "Œuvre"], ["L’été «\u00a0là\u00a0»", "Â"]]
    assert "1 cellule" in book.notes[-1]


def test_two_encodings_in_one_file_are_refused_with_the_line():
    """One Windows line in a UTF-8 file is not a Macintosh file."""
    content = "Nom;Commune\nL'Étoile;Muret\nÉté;Sète\n".encode() + "Café;Muret\n".encode("cp1252")
    with pytest.raises(SourceError, match=r"deux encodages.*ligne 4"):
        read_bytes(content, "liste.csv")


def test_quotes_that_are_a_part_of_a_name_are_kept():
    """A quote that does not go around the whole cell is text; doubled ones are one."""
    content = b'Nom;Commune\n"Les Amis" de Muret;Muret\n"A ""b""; c";"Muret" \nL"Atelier;Muret\n'
    found = rows_of(read_bytes(content, "f"))
    assert found[1:] == [['"Les Amis" de Muret', "Muret"], ['A "b"; c', "Muret"], ['L"Atelier', "Muret"]]


STRAY = {
    "closed by a later row": ('Nom;Ville\nA;Muret\n"B;Muret\nC";Muret\nD;Muret\n', 3),
    "closed by an opening quote": ('Nom;Ville\nA;Muret\n"B;Muret\nC;"Muret"\nD;Muret\n', 3),
    "same number of cells": ('Nom;Ville;Objet\nA;Muret;"un\nB;Muret;deux"\nC;Muret;x\nD;Muret;y\n', 2),
    "a whole row inside": ('Nom;Ville;Objet\nA;Muret;"un\nB;Muret;x\ndeux"\nC;Muret;x\nD;Muret;y\n', 2),
    "rows inside a row that is cut short": (
        'Nom;Ville;Objet\nD;Muret;z\n"E;Muret;t\nA;Muret;x\nB";y\nC;Muret;x\nF;Muret;y\n',
        3,
    ),
    "never closed": ('Nom;Ville\nA;Muret\nB;"Muret\nC;Muret\n', 3),
}


@pytest.mark.parametrize("name", STRAY)
def test_a_quote_that_swallows_rows_is_refused_where_it_opens(name):
    """No row disappears into a cell of another one."""
    content, line = STRAY[name]
    with pytest.raises(SourceError, match=f"guillemets ouverts à la ligne {line}"):
        read_bytes(content.encode(), "liste")


def test_a_long_note_over_lines_with_a_separator_is_a_cell():
    """A note that holds a line break and a semicolon is no fault where its lines are no rows."""
    content = 'Nom;Ville;Objet\nA;Muret;"un\ndeux; trois"\nB;Muret;x\nC;Muret;y\n'
    assert rows_of(read_bytes(content.encode(), "f"))[1] == ["A", "Muret", "un\ndeux; trois"]


NOTES = {
    "prose with as many commas as a row": (
        'Nom,Ville,Objet\nA,Muret,"Le lieu :\nRepas, ateliers, sorties\net plus"\nB,Muret,x\n', 3
    ),
    "rows that end early": (
        'Nom,Ville,Rue,Objet,Site\nA,Muret,1 rue,"Repas, vélo\nsorties",\nB,Muret,2 rue,x\nC,Muret,3 rue,y\n', 5
    ),
    "a list within a cell": ('Nom;Ville;Objet\nA;Muret;"- vélo; bar; jeu\n- café; bar; jeu\n- fin"\nB;Muret;x\n', 3),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_notes_over_several_lines_are_cells(name):
    """What is written in sentences, or closes where a cell ends, swallows nothing."""
    content, width = NOTES[name]
    found = rows_of(read_bytes(content.encode(), "f"))
    assert (len(found[1]), found[1][0], found[2][0]) == (width, "A", "B")


def test_only_line_ends_end_lines():
    """Signs that end lines for some programs stand within a cell."""
    found = rows_of(read_bytes("Nom;Ville\nA\u2028b\x0bc\x0cd\x85e;Muret\rB;Muret\r\nC;Muret".encode(), "f"))
    assert [row[1] for row in found] == ["Ville", "Muret", "Muret", "Muret"]


def test_numbers_are_written_so_that_nobody_reads_another_one(tmp_path):
    """A number of three decimals is not thousands; positions keep what they say."""
    assert rows_of(read_bytes(workbook({"A": [[333.125, 1.444, 15000.0, 0.5, 1e-7]]}), "f"))[0] == [
        "333.1250", "1.4440", "15000", "0.5", "1e-07",
    ]  # fmt: skip
    feature = {"properties": {"n": 333.125}, "geometry": {"type": "Point", "coordinates": [1.5, 43.5]}}
    assert rows_of(read_bytes(json.dumps({"features": [feature]}).encode(), "f"))[1][0] == "333.1250"


@pytest.mark.parametrize("form", ["geojson", "gpkg"])
def test_points_in_groups_of_one_are_points(form, tmp_path):
    """QGIS saves points as groups of one; a group of several is no point."""
    if form == "geojson":
        one, two, none = [
            json.dumps({"features": [{"properties": {}, "geometry": {"type": "MultiPoint", "coordinates": points}}]})
            for points in ([[1.5, 43.5]], [[1.5, 43.5], [1.6, 43.6]], [])
        ]
        found = [one.encode(), two.encode(), none.encode()]
    else:
        found = []
        for points in ([(1.5, 43.5)], [(1.5, 43.5), (1.6, 43.6)], []):
            path = tmp_path / f"{len(points)}.gpkg"
            gpd.GeoDataFrame({"n": [1]}, geometry=[MultiPoint(points)], crs=4326).to_file(path, driver="GPKG")
            found.append(path.read_bytes())
    assert rows_of(read_bytes(found[0], "f"))[1][-2:] == ["1.5", "43.5"]
    assert rows_of(read_bytes(found[2], "f"))[1][-2:] == ["", ""]
    with pytest.raises(SourceError, match="point"):
        read_bytes(found[1], "f")


def test_hidden_sheets_are_counted():
    """A hidden sheet that holds anything is said by name; a book of hidden sheets only is empty, and says why."""
    book = openpyxl.Workbook()
    book.active.append(["Nom"])
    hidden = book.create_sheet("Secret")
    hidden.append(["Nom"])
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    found = read_bytes(buffer.getvalue(), "f")
    assert ([grid.sheet for grid in found.hidden], len(found.grids)) == (["Secret"], 1)
    assert "1 feuille cachée" in found.notes[-1]


def test_a_large_hidden_sheet_keeps_nobody_from_the_list():
    """Communes in a hidden sheet, for a drop-down list, are no reason to refuse the list."""
    book = openpyxl.Workbook()
    book.active.append(["Nom"])
    hidden = book.create_sheet("Communes")
    hidden.sheet_state = "hidden"
    for number in range(200):
        hidden.append([number])
    buffer = io.BytesIO()
    book.save(buffer)
    found = read_bytes(buffer.getvalue(), "f", Limits(max_rows=100))
    assert (rows_of(found), found.hidden[0].sheet) == ([["Nom"]], "Communes")


def test_a_declared_separator_wins_and_keeps_line_numbers():
    """« sep=| » is obeyed; the header is then line 2, as a spreadsheet shows it."""
    found = read_text_table("sep=|\nNom|Où;encore\nA|Muret\n".encode(), "f", max_rows=10)
    assert found.rows == [[], ["Nom", "Où;encore"], ["A", "Muret"]]


def test_cells_with_line_breaks_are_one_line():
    """A quoted cell over two lines is one cell of one row."""
    found = rows_of(read_bytes(b'Nom;Adresse\n"A";"1 rue\nbis"\nB;2\n', "f"))
    assert found[1] == ["A", "1 rue\nbis"]
    assert len(found) == 3


def test_workbook_cells_are_typed_as_a_person_would():
    """Numbers keep no decimals, dates are ISO, booleans are words, formulas give their value."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Liste")
        sheet.write_row(2, 0, ["Nom", 73282932000074, 15000.5, True])
        sheet.write_datetime(3, 0, dt.datetime(2024, 3, 12), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001
        sheet.write_formula(3, 1, "=1+1", value=2)
        hidden = book.add_worksheet("Cachée")
        hidden.write(0, 0, "rien")
        hidden.hide()
    book = read_bytes(buffer.getvalue(), "liste.xlsx")
    assert (book.form, [grid.sheet for grid in book.grids]) == ("xlsx", ["Liste"])
    assert rows_of(book)[2] == ["Nom", "73282932000074", "15000.5", "oui"]
    assert rows_of(book)[3][:2] == ["2024-03-12", "2"]


def test_an_open_document_is_read():
    """ODS gives the same rows."""
    book = read_bytes(ods(ROWS), "liste.ods")
    assert (book.form, rows_of(book)) == ("ods", ROWS)


def test_a_geojson_gives_properties_and_points():
    """A list property becomes its items; an entity without point has no coordinates."""
    features = [
        {"type": "Feature", "properties": {"nom": "A", "domaines": ["x", "y"], "n": 3.0, "ok": True, "o": {"a": 1}},
         "geometry": {"type": "Point", "coordinates": [1.5, 43.5]}},
        {"type": "Feature", "properties": {"nom": "B"}, "geometry": None},
    ]  # fmt: skip
    book = read_bytes(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "liste.json")
    assert rows_of(book)[1] == ["A", "x;y", "3", "oui", '{"a": 1}', "1.5", "43.5"]
    assert rows_of(book)[2][-2:] == ["", ""]


def test_a_geopackage_gives_degrees_whatever_its_system(tmp_path):
    """A layer in Lambert-93 comes out in degrees."""
    frame = gpd.GeoDataFrame({"nom": ["A"], "n": [3]}, geometry=[Point(1.4442, 43.6045)], crs="EPSG:4326")
    path = tmp_path / "liste.gpkg"
    frame.to_crs("EPSG:2154").to_file(path, driver="GPKG", layer="liste")
    book = read_file(path)
    assert (book.form, book.grids[0].sheet) == ("gpkg", "liste")
    row = rows_of(book)[1]
    assert row[:2] == ["A", "3"]
    assert [round(float(value), 4) for value in row[2:]] == [1.4442, 43.6045]


def _far_cell() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Nom")
        sheet.write(1_048_575, 16_383, "loin")
    return buffer.getvalue()


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _lying_zip() -> bytes:
    """A workbook whose entry says that it is 10 bytes long and holds a million."""
    content = bytearray(_zip({"xl/workbook.xml": b"0" * 1_000_000}))
    size = (1_000_000).to_bytes(4, "little")
    return bytes(content.replace(size, (10).to_bytes(4, "little")))


def _lines(tmp_path) -> bytes:
    path = tmp_path / "lignes.gpkg"
    gpd.GeoDataFrame({"nom": ["A"]}, geometry=[LineString([(1, 43), (2, 44)])], crs=4326).to_file(path, driver="GPKG")
    return path.read_bytes()


HOSTILE = {
    "cell at the far corner": (lambda _: _far_cell(), "mémoire"),
    "zip bomb": (lambda _: _zip({f"xl/{n}.xml": b"0" * 2_000_000 for n in range(40)}), "décompressé"),
    "zip of many entries": (lambda _: _zip({f"xl/{n}": b"" for n in range(2_500)}), "décompressé"),
    "zip that lies": (lambda _: _lying_zip(), "abîmé"),
    "macros": (lambda _: _zip({"xl/workbook.xml": b"", "xl/vbaProject.bin": b""}), "macros"),
    "locked or old": (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "mot de passe"),
    "text document": (lambda _: _zip({"word/document.xml": b""}), "document"),
    "archive": (lambda _: _zip({"liste.csv": b"a"}), "archive"),
    "cut workbook": (lambda _: workbook({"A": ROWS})[:900], "abîmé"),
    "workbook of nothing": (lambda _: _zip({"xl/workbook.xml": b"<x/>"}), "abîmé"),
    "repeated cells": (lambda _: ods(ROWS, repeated=1_000_000), "lignes|mémoire|colonnes|abîmé"),
    "pdf": (lambda _: b"%PDF-1.7 ...", "PDF"),
    "picture": (lambda _: b"\x89PNG\r\n", "image"),
    "compressed": (lambda _: b"\x1f\x8b\x08", "archive"),
    "parquet": (lambda _: b"PAR1....", "abîmé"),
    "web page": (lambda _: b"\n<!DOCTYPE html><table>", "page web"),
    "unknown binary": (lambda _: b"a\x00b\x01", "binaire"),
    "broken gpkg": (lambda _: b"SQLite format 3\x00" + b"0" * 100, "abîmé"),
    "lines instead of points": (_lines, "points"),
    "empty": (lambda _: b"  \n", "vide"),
    "only separators": (lambda _: b";;;\n;;;\n", "vide"),
    "open quote": (lambda _: b'Nom;Commune\n"A;Muret\nB;Muret\n', "guillemets"),
    "broken json": (lambda _: b'{"type": \n nothing', "ligne 2"),
    "json of something else": (lambda _: b'{"a": 1}', "FeatureCollection"),
    "nested json": (lambda _: b"[" * 100_000, "FeatureCollection"),
    "polygons": (
        lambda _: b'{"features": [{"properties": {}, "geometry": {"type": "Polygon", "coordinates": []}}]}',
        "ligne 2",
    ),
    "unknown system": (
        lambda _: b'{"crs": {"properties": {"name": "EPSG:27572"}}, "features": []}',
        "27572",
    ),
    "wide": (lambda _: (";".join("abcdefghij" * 40) + "\n").encode(), "colonnes"),
    "false utf-16": (lambda _: b"\xff\xfea", "encodage"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_ends_in_a_sentence(name, tmp_path):
    """Each hostile or wrong file is refused with its name and what to do: no traceback, nothing read."""
    make, said = HOSTILE[name]
    with pytest.raises(SourceError, match=said) as refused:
        read_bytes(make(tmp_path), "liste", Limits(max_unpacked=50_000_000, max_rows=1_000))
    assert "«\u202fliste\u202f»" in str(refused.value)


def test_too_large_is_refused_before_it_is_read(tmp_path):
    """A file of 200 MB costs no memory: its size is looked at first."""
    path = tmp_path / "grand.csv"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    with pytest.raises(SourceError, match="200 Mio ; la limite est de 100 Mio".replace(" ;", "\u202f;")):
        read_file(path)
    with pytest.raises(SourceError, match="introuvable"):
        read_file(tmp_path / "rien.csv")


@pytest.mark.parametrize("form", ["csv", "xlsx", "geojson"])
def test_too_many_rows_are_refused_with_the_limit(form):
    """The limit and what was found are said."""
    rows = [["Nom", "Commune"], *([f"A{n}", "Muret"] for n in range(60))]
    content = {
        "csv": "\n".join(";".join(row) for row in rows).encode(),
        "xlsx": workbook({"A": rows}),
        "geojson": json.dumps({"features": [{"properties": {"nom": row[0]}} for row in rows]}).encode(),
    }[form]
    with pytest.raises(SourceError, match="la limite est de 50"):
        read_bytes(content, "liste", Limits(max_rows=50))
