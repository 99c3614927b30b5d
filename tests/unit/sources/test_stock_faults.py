"""Stock files that are not what they should be are refused with a sentence: what, where, what to do."""

from __future__ import annotations

import csv
import gzip
import io
import resource
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_stock import MadeUpStock, packed, siren, siret

from essmap.errors import EssmapError, SettingsError, SourceError
from essmap.sources import bulk_file
from essmap.sources.stock import StockFiles, open_stock


@pytest.fixture
def files(tmp_path) -> StockFiles:
    stock = MadeUpStock()
    for number in range(50):
        stock.locate(stock.add(number))
        stock.enlist(number)
    return stock.write(tmp_path)


def read(files: StockFiles, folder: Path, memory_limit: str = "1GiB"):
    with open_stock(files, memory_limit=memory_limit, temp_dir=folder / "work", threads=1) as stock:
        return stock.read("31")


def refused(files: StockFiles, folder: Path, **options: str) -> str:
    """Return the sentence; it is French, names no folder above and leaves nothing in the work folder."""
    with pytest.raises(EssmapError) as caught:
        read(files, folder, **options)
    said = str(caught.value)
    assert str(folder) not in said
    assert not any(word in said for word in ("Error", "CSV Error", "Invalid", "duckdb"))
    work = folder / "work"
    assert not work.exists() or list(work.iterdir()) == []
    return said


def put(files: StockFiles, folder: Path, content: bytes, kind: str = "establishments") -> StockFiles:
    path = folder / "mauvais.dat"
    path.write_bytes(content)
    return replace(files, **{kind: path})


def content(files: StockFiles, kind: str = "establishments") -> bytes:
    return Path(getattr(files, kind)).read_bytes()


@pytest.mark.parametrize("kind", ["establishments", "units", "dinum", "geolocation"])
def test_missing_file_is_named(files, tmp_path, kind):
    """Each of the four files, where it does not exist."""
    said = refused(replace(files, **{kind: tmp_path / "absent.csv"}), tmp_path)
    assert "absent.csv" in said
    assert "introuvable" in said


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (b"", "est vide"),
        (b"\n\n", "ni un CSV, ni un Parquet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100), "ni un CSV, ni un Parquet"),
        (b"PAR1" + bytes(100), "abîmé"),
        (b"<!DOCTYPE html>\n<html><body>Introuvable</body></html>\n", "page web"),
        (b"x" * 200_000, "ni un CSV, ni un Parquet"),
        ("siren,siret,dénomination\n".encode("latin-1"), "UTF-8"),
        ("siren,siret\n1,2\n".encode("utf-16"), "ni un CSV, ni un Parquet"),
        (b"PK\x03\x04" + bytes(50), "abîmé"),
        (b"\x1f\x8b" + bytes(50), "abîmé"),
    ],
)
def test_what_is_no_stock_file_is_said(files, tmp_path, bad, expected):
    """Empty, binary, a page of the web, another encoding, broken archives."""
    assert expected in refused(put(files, tmp_path, bad), tmp_path)


def test_folder_is_no_file(files, tmp_path):
    """A folder given for a file is said."""
    assert "c’est un dossier" in refused(replace(files, units=tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("kind", "expected", "found"),
    [("establishments", ",", ";"), ("units", ",", "tabulation"), ("geolocation", ";", ",")],
)
def test_wrong_separator_is_said(files, tmp_path, kind, expected, found):
    """A file saved again with another separator is refused with both signs."""
    sign = "\t" if found == "tabulation" else found
    said = refused(put(files, tmp_path, content(files, kind).replace(expected.encode(), sign.encode()), kind), tmp_path)
    assert f"«\u202f{found}\u202f» au lieu de «\u202f{expected}\u202f»" in said


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("establishments", "units", "est le fichier des unités légales (StockUniteLegale). Il faut ici"),
        ("units", "establishments", "est le fichier des établissements (StockEtablissement). Il faut ici"),
        ("dinum", "units", "est le fichier des unités légales (StockUniteLegale). Il faut ici"),
        ("units", "dinum", "Annuaire des Entreprises (DINUM). Il faut ici le fichier des unités légales (Stock"),
    ],
)
def test_one_file_for_another_is_said(files, tmp_path, kind, given, expected):
    """Files given in the wrong order are told apart by their columns."""
    assert expected in refused(replace(files, **{kind: getattr(files, given)}), tmp_path)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("siren,dateFin,dateDebut,categorieJuridiqueUniteLegale", "l’historique des unités légales"),
        ("siren,nic,siret,dateFin,etatAdministratifEtablissement", "l’historique des établissements"),
        ("siren,siret,est_siege,adresse,liste_idcc", "le fichier des établissements de l’Annuaire"),
    ],
)
def test_other_files_of_the_producers_are_known(files, tmp_path, header, expected):
    """The history files and the establishments of the DINUM are called by their name."""
    assert expected in refused(put(files, tmp_path, f"{header}\n".encode()), tmp_path)


@pytest.mark.parametrize(
    ("kind", "column"),
    [("establishments", "codeCommuneEtablissement"), ("units", "economieSocialeSolidaireUniteLegale"),
     ("dinum", "est_siae"), ("geolocation", "x_longitude")],
)  # fmt: skip
def test_missing_column_is_named_with_those_found(files, tmp_path, kind, column):
    """The column that is gone, and those that are there."""
    said = refused(put(files, tmp_path, content(files, kind).replace(column.encode(), b"autre_nom", 1), kind), tmp_path)
    assert f": {column}. Colonnes trouvées".replace(": ", "\u00a0: ", 1) in said
    assert "autre_nom" in said


def test_column_named_twice_is_said(files, tmp_path):
    """Two columns of one name cannot be told apart."""
    doubled = content(files).replace(b"libelleCommuneEtablissement", b"codeCommuneEtablissement", 1)
    assert "codecommuneetablissement" in refused(put(files, tmp_path, doubled), tmp_path)


@pytest.mark.parametrize("form", ["gzip", "zip"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_archive_that_is_cut_is_refused(files, tmp_path, form, share):
    """However much of it is there, nothing is read of a part."""
    whole = packed(content(files) * 3, form)
    assert "incomplet ou abîmé" in refused(put(files, tmp_path, whole[: int(len(whole) * share)]), tmp_path)


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_archive_with_a_wrong_checksum_is_refused(files, tmp_path, form):
    """A value changed on the way is seen even where the file still unpacks."""
    whole = bytearray(packed(content(files), form))
    at = len(whole) - 8 if form == "gzip" else whole.rindex(b"PK\x01\x02") + 16
    whole[at] ^= 0xFF
    if form == "zip":  # the same in the local header, so that only the data disagree
        whole[14] ^= 0xFF
    assert "incomplet ou abîmé" in refused(put(files, tmp_path, bytes(whole)), tmp_path)


@pytest.mark.parametrize("cut", [1, 2, 40, 1000])
def test_csv_that_is_cut_is_refused(files, tmp_path, cut):
    """A CSV that ends within a line is cut, even in its last cell; a line too short is said with its number."""
    said = refused(put(files, tmp_path, content(files)[:-cut]), tmp_path)
    assert "s’arrête au milieu d’une ligne" in said


def test_line_with_too_few_cells_is_located(files, tmp_path):
    """A line cut in the middle of the file."""
    lines = content(files).splitlines(keepends=True)
    lines[20] = lines[20][:60] + b"\n"
    assert "à la ligne 21" in refused(put(files, tmp_path, b"".join(lines)), tmp_path)


def test_quote_that_is_not_closed_is_located(files, tmp_path):
    """A cell that swallows the rest of the file."""
    lines = content(files).splitlines(keepends=True)
    lines[20] = lines[20].replace(b"RUE", b'"RUE')
    assert "à la ligne 21" in refused(put(files, tmp_path, b"".join(lines)), tmp_path)


def test_other_encoding_far_in_the_file_is_said(files, tmp_path):
    """The first lines are plain, one far below is in Latin-1."""
    lines = content(files).splitlines(keepends=True) * 60
    lines[2500] = lines[2500].replace(b"INVENTEE", "INVENTÉE".encode("latin-1"))
    body = b"".join([lines[0], *[line for line in lines if not line.startswith(b"siren")]])
    assert "UTF-8 (ligne" in refused(put(files, tmp_path, body), tmp_path)


def test_parquet_that_is_cut_is_refused(files, tmp_path):
    """A Parquet has its index at the end: without it there is nothing to read."""
    stock = MadeUpStock()
    stock.add(1)
    whole = Path(stock.write(tmp_path, "parquet").establishments).read_bytes()
    assert "incomplet ou abîmé" in refused(put(files, tmp_path, whole[:-20]), tmp_path)


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"], ["lisez-moi.txt"]])
def test_archive_holds_one_csv(files, tmp_path, names):
    """None or several: the archive's files are listed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, content(files))
    said = refused(put(files, tmp_path, target.getvalue()), tmp_path)
    assert f"elle contient\u00a0: {', '.join(names) or '-'}." in said


def test_csv_beside_other_things_is_found(files, tmp_path):
    """Folders, a notice and what macOS adds do not matter."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("stock")
        archive.writestr("LISEZMOI.txt", "notice inventée")
        archive.writestr("__MACOSX/stock/._a.csv", "x")
        archive.writestr("stock/a.CSV", content(files))
    assert len(read(put(files, tmp_path, target.getvalue()), tmp_path).frame) == 50


def test_archive_with_a_password_is_said(files, tmp_path):
    """A protected archive is unpacked by whoever has the password."""
    whole = bytearray(packed(content(files), "zip"))
    for at in (6, whole.rindex(b"PK\x01\x02") + 8):
        whole[at : at + 2] = struct.pack("<H", 1)
    assert "protégée ou compressée d’une façon inconnue" in refused(put(files, tmp_path, bytes(whole)), tmp_path)


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_file_that_swells_beyond_reason_is_refused(files, tmp_path, monkeypatch, form):
    """A bomb is given up while it unpacks, before the disk is full."""
    monkeypatch.setattr(bulk_file, "_SWELLS_FROM", 2**20)
    bomb = content(files) + b"\n" * (8 * 2**20)
    assert "plus de 100 fois plus gros" in refused(put(files, tmp_path, packed(bomb, form)), tmp_path)


def test_members_of_a_gzip_are_all_read(files, tmp_path):
    """A gzip made of several is one file."""
    whole = content(files)
    middle = whole.index(b"\n", len(whole) // 2) + 1
    parts = gzip.compress(whole[:middle]) + gzip.compress(whole[middle:])
    assert len(read(put(files, tmp_path, parts), tmp_path).frame) == 50


@pytest.mark.parametrize("kind", ["units", "dinum"])
def test_file_without_a_unit_of_the_ess_is_said(files, tmp_path, kind):
    """No unit at all, or a flag written otherwise: an error, not an empty department."""
    lines = content(files, kind).splitlines(keepends=True)
    emptied = replace(put(files, tmp_path, lines[0], kind), **({"dinum": None} if kind == "units" else {}))
    assert "Aucune unité légale de l’ESS" in refused(emptied, tmp_path)


def test_byte_order_mark_is_no_part_of_a_name(files, tmp_path):
    """A file that begins with the mark of UTF-8 is read."""
    marked = put(files, tmp_path, b"\xef\xbb\xbf" + content(files))
    assert len(read(marked, tmp_path).frame) == 50


@pytest.mark.parametrize("limit", ["", "beaucoup", "2", "80%", "-1GB", "2 GO", "1GB; DROP"])
def test_memory_that_is_no_amount_is_said(files, tmp_path, limit):
    """A number and a unit, nothing else."""
    with pytest.raises(SettingsError, match="512MB ou 2GiB"):
        read(files, tmp_path, memory_limit=limit)


def test_threads_are_one_or_more(files, tmp_path):
    """No thread at all is no way to work."""
    with pytest.raises(SettingsError, match="1 ou plus"), open_stock(files, temp_dir=tmp_path, threads=0):
        pass


def test_memory_that_is_too_small_is_said(files, tmp_path):
    """The limit and the file are named."""
    said = refused(files, tmp_path, memory_limit="2MB")
    assert "La mémoire accordée (2MB) ne suffit pas" in said


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: what a full disk looks like."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_while_unpacking_is_said(files, tmp_path):
    """What is unpacked needs room: the folder is named, and nothing is left there."""
    archive = put(files, tmp_path, packed(content(files) * 20, "zip"))
    with small_disk(100_000):
        said = refused(archive, tmp_path)
    assert "Impossible de décompresser" in said
    assert "«\u202fwork\u202f»" in said


def test_full_disk_while_spilling_is_said(tmp_path):
    """What does not fit in memory needs room as well."""
    stock = MadeUpStock()
    stock.add(1)
    files = stock.write(tmp_path)
    rows = csv.DictReader(io.StringIO(content(files, "units").decode()))
    row = next(rows)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(row), lineterminator="\n")
    writer.writeheader()
    for number in range(60_000):
        own = siren(number)
        writer.writerow({**row, "siren": own, "denominationUniteLegale": f"INVENTEE {siret(number)} {own}" * 20})
    bigger = put(files, tmp_path, target.getvalue().encode(), "units")
    with small_disk(1_000_000):
        assert "Le disque est plein" in refused(bigger, tmp_path, memory_limit="70MB")


def test_folder_that_cannot_be_made_is_said(files, tmp_path):
    """A file where the work folder should be."""
    (tmp_path / "work").write_text("")
    with pytest.raises(SourceError, match="dossier de travail"):
        read(files, tmp_path)
