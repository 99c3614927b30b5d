"""How long a list takes to be brought in: a made-up list of 20,000 structures, one in a hundred with a fault.

Nobody in the list exists. The baseline is the least that any reader must do: the same file through the csv module of
Python, every cell looked at once.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.made_up import SEED
from essmap.build.imports.annotated import annotated_copy
from essmap.build.imports.judge import Wanted, judge
from essmap.build.locals import About, LocalLists, as_list, keep_list
from essmap.build.starter import build_starter, load_geography
from essmap.sources.spreadsheet import read_bytes

ROWS: Final = 20_000
QUICK_ROWS: Final = 2_000
EVERY: Final = 100  # one row in so many has a fault

_HEADER: Final = ["Dénomination", "Statut", "Thématiques", "Adresse", "CP", "Ville", "Latitude", "Longitude", "Année"]
_FORMS: Final = ("Association loi 1901", "Scic", "SARL SCOP", "Mutuelle", "")
_DOMAINS: Final = ("Mobilité", "Culture et médias ; Tiers-lieux", "insertion, réemploi", "")
#: One way each to spoil a row: its column, what stands there, the rule that must say so.
_FAULTS: Final = (
    (5, "Atlantis", "unknown_commune"),
    (1, "Auto-entrepreneur", "natural_person"),
    (2, "Astrologie", "unknown_domain"),
    (8, "2023-2024", "several_years"),
    (6, "48,85", "point_outside_commune"),
)


def main(arguments: Sequence[str] = ()) -> None:
    """Print how long each step takes; fail if the report is not complete."""
    rows = QUICK_ROWS if "--quick" in arguments else ROWS
    content, planted = made_up_list(rows)
    communes = load_geography("31").communes
    spent: dict[str, float] = {}

    def timed(name: str, start: float) -> float:
        now = time.perf_counter()
        spent[name] = now - start
        return now

    start = time.perf_counter()
    cells = sum(len(cell) for row in csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";") for cell in row)
    start = timed("baseline: csv, every cell once", start)
    book = read_bytes(content, "liste.csv")
    start = timed("read", start)
    judged = judge(book, Wanted("actors"), communes, "31")
    start = timed("judge", start)
    annotated = annotated_copy(judged)
    start = timed("annotated copy", start)
    one = as_list(judged, About(), datetime.now(UTC))
    with TemporaryDirectory() as folder:
        keep_list(Path(folder), "31", one)
        start = timed("keep", start)
    build_starter("31", lists=LocalLists((one,)))
    timed("build with the list", start)
    found = {line: faults[0].rule for line, faults in judged.reasons.items()}
    if found != planted or judged.rows_in != rows or not cells or not annotated:
        raise SystemExit("the report of the import is not complete")
    print(f"\nImport of a made-up list: {rows} rows, {len(planted)} with a fault, all of them reported and no other")
    for name, seconds in spent.items():
        print(f"{name:>32} {seconds:>8.2f} s")


def made_up_list(rows: int) -> tuple[bytes, dict[int, str]]:
    """Return a made-up list as a French spreadsheet saves it, and the rule that each spoilt line breaks.

    Parameters
    ----------
    rows : int

    Returns
    -------
    content : bytes
        Windows-1252, semicolons.
    planted : dict of str
        Rule by line.
    """
    communes = load_geography("31").communes
    pointed = communes[communes["point_lon"].notna()].reset_index(drop=True)
    rng = np.random.default_rng(SEED)
    chosen = pointed.iloc[rng.integers(len(pointed), size=rows)]
    planted: dict[int, str] = {}
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    for number, commune in enumerate(chosen.itertuples()):
        row = [
            f"Structure inventée n° {number}",
            _FORMS[number % len(_FORMS)],
            _DOMAINS[number % len(_DOMAINS)],
            f"{number % 90 + 1} rue Inventée",
            commune.postcodes[0],
            str(commune.commune_name).upper().replace("-", " "),
            f"{commune.point_lat:.6f}".replace(".", ","),
            f"{commune.point_lon:.6f}".replace(".", ","),
            str(2015 + number % 10),
        ]
        if number % EVERY == 0:
            column, value, rule = _FAULTS[number // EVERY % len(_FAULTS)]
            row[column] = value
            planted[number + 2] = rule
        writer.writerow(row)
    return text.getvalue().encode("cp1252"), planted


if __name__ == "__main__":
    main(sys.argv[1:])
