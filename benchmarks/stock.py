# ruff: noqa: S608  statements are put together from the constants of this module.
"""Measure the reading of the Sirene stock beside plain pandas: ``python -m benchmarks.stock [--quick]``.

The files are made up by DuckDB itself with the columns of the real ones: 5 million establishments of 3.5 million units
(``--quick``: 200,000 of 140,000), the points of all of them, and who is of the ESS. Nobody in them exists, and every
name says so. Each reading runs in a process of its own and tells its time and the peak of its memory; pandas reads the
same columns of the same files and must find the same establishments. Targets are printed beside what was measured;
nothing fails if one is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from essmap import reference
from essmap.sources.stock import StockFiles, open_stock
from essmap.sources.stock_columns import LAYOUTS, Kind

ROWS, QUICK_ROWS = 5_000_000, 200_000
#: Units for each establishment, as in the real files (29 million for 43 million).
UNITS = 0.7
DEPARTMENT = "31"
MEMORY = "1GiB"
TARGET_S, TARGET_MIB = 60, 2048
#: A SIREN begins so high that few real ones come near; what it names is made up all the same.
FIRST_SIREN = 90_000_000

#: Columns of the stock files that are never read, empty here as they mostly are there.
EMPTY_SITE = (
    "activitePrincipaleRegistreMetiersEtablissement", "indiceRepetitionDernierNumeroVoieEtablissement",
    "libelleCommuneEtrangerEtablissement", "distributionSpecialeEtablissement", "codeCedexEtablissement",
    "libelleCedexEtablissement", "codePaysEtrangerEtablissement", "libellePaysEtrangerEtablissement",
    "complementAdresse2Etablissement", "numeroVoie2Etablissement", "indiceRepetition2Etablissement",
    "typeVoie2Etablissement", "libelleVoie2Etablissement", "codePostal2Etablissement", "libelleCommune2Etablissement",
    "libelleCommuneEtranger2Etablissement", "distributionSpeciale2Etablissement", "codeCommune2Etablissement",
    "codeCedex2Etablissement", "libelleCedex2Etablissement", "codePaysEtranger2Etablissement",
    "libellePaysEtranger2Etablissement", "enseigne2Etablissement", "enseigne3Etablissement",
)  # fmt: skip
EMPTY_UNIT = (
    "unitePurgeeUniteLegale", "sexeUniteLegale", "prenom1UniteLegale", "prenom2UniteLegale", "prenom3UniteLegale",
    "prenom4UniteLegale", "prenomUsuelUniteLegale", "pseudonymeUniteLegale", "nomUniteLegale", "nomUsageUniteLegale",
    "denominationUsuelle2UniteLegale", "denominationUsuelle3UniteLegale", "societeMissionUniteLegale",
)  # fmt: skip


def _check_digit(number: str, digits: int) -> str:
    """Return the SQL of the digit that makes a number well formed (Luhn)."""
    terms = []
    for place in range(digits):
        digit = f"(({number}) // {10**place} % 10)"
        terms.append(f"({digit} * 2 // 10 + {digit} * 2 % 10)" if place % 2 == 0 else digit)
    return f"((10 - ({' + '.join(terms)}) % 10) % 10)"


def make_files(folder: Path, rows: int) -> StockFiles:
    """Write made-up stock files and return where they are.

    Parameters
    ----------
    folder : Path
    rows : int
        Establishments.
    """
    paths = {kind: folder / f"{kind}.csv" for kind in LAYOUTS}
    units = int(rows * UNITS)
    departments = reference.departments().index
    listed = ", ".join(f"'{code}'" for code in departments)
    connection = duckdb.connect(config={"memory_limit": "2GiB", "temp_directory": str(folder / "spill")})
    with connection:
        connection.execute(
            f"CREATE MACRO siren_of(u) AS ({FIRST_SIREN} + u) * 10 + {_check_digit(f'{FIRST_SIREN} + u', 8)}"
        )
        # One establishment in 33 is in the department that is read, as Haute-Garonne has 2 to 3 % of the real ones.
        connection.execute(
            f"""
            CREATE VIEW sites AS
            SELECT i, siren_of(i % {units}) AS siren, i // {units} + 1 AS place, hash(i) AS h,
                   CASE WHEN hash(i, 1) % 33 = 0 THEN '{DEPARTMENT}'
                        ELSE ([{listed}])[1 + CAST(hash(i, 2) % {len(departments)} AS INTEGER)] END AS department
            FROM range({rows}) t(i)
            """
        )
        for kind, sql in (("units", _units_sql(units)), ("establishments", _sites_sql()), ("dinum", _dinum_sql(units)),
                          ("geolocation", _places_sql())):  # fmt: skip
            delimiter = LAYOUTS[kind].separator  # type: ignore[index]
            connection.execute(f"COPY ({sql}) TO '{paths[kind]}' (HEADER, DELIMITER '{delimiter}')")  # type: ignore[index]
    return StockFiles(**paths)


def _units_sql(units: int) -> str:
    """Return made-up units: two fifths are persons, half are closed, one in twenty of the others has the ESS flag."""
    empty = ", ".join(f"'' AS {name}" for name in EMPTY_UNIT)
    return f"""
        SELECT siren_of(u) AS siren, CASE WHEN h % 17 = 0 THEN 'P' ELSE 'O' END AS statutDiffusionUniteLegale,
               '2010-01-01' AS dateCreationUniteLegale, '' AS sigleUniteLegale, '' AS identifiantAssociationUniteLegale,
               'NN' AS trancheEffectifsUniteLegale, '' AS anneeEffectifsUniteLegale,
               '2026-08-01T10:00:00' AS dateDernierTraitementUniteLegale, 1 AS nombrePeriodesUniteLegale,
               'PME' AS categorieEntreprise, '2024' AS anneeCategorieEntreprise, '2010-01-01' AS dateDebut,
               CASE WHEN h % 2 = 0 THEN 'A' ELSE 'C' END AS etatAdministratifUniteLegale,
               'STRUCTURE INVENTEE ' || u AS denominationUniteLegale, '' AS denominationUsuelle1UniteLegale,
               CASE WHEN hu % 10 < 4 THEN '1000' WHEN hu % 10 < 9 THEN '5499' ELSE '9220' END
                   AS categorieJuridiqueUniteLegale,
               '94.99Z' AS activitePrincipaleUniteLegale, 'NAFRev2' AS nomenclatureActivitePrincipaleUniteLegale,
               '94.99Y' AS activitePrincipaleNAF25UniteLegale, '00012' AS nicSiegeUniteLegale,
               CASE WHEN hu % 10 = 9 AND h % 3 > 0 THEN 'O' WHEN h % 500 = 0 THEN 'O' ELSE 'N' END
                   AS economieSocialeSolidaireUniteLegale,
               'N' AS caractereEmployeurUniteLegale, {empty}
        FROM (SELECT u, hash(u, 4) AS h, hash(u, 3) AS hu FROM range({units}) t(u))"""


def _sites_sql() -> str:
    empty = ", ".join(f"'' AS {name}" for name in EMPTY_SITE)
    return f"""
        SELECT siren, substr(siret, 10) AS nic, siret,
               CASE WHEN h % 19 = 0 THEN 'P' ELSE 'O' END AS statutDiffusionEtablissement,
               '2010-01-01' AS dateCreationEtablissement, 'NN' AS trancheEffectifsEtablissement,
               '' AS anneeEffectifsEtablissement, '2026-08-01T10:00:00' AS dateDernierTraitementEtablissement,
               place = 1 AS etablissementSiege, 1 AS nombrePeriodesEtablissement, '' AS complementAdresseEtablissement,
               h % 200 AS numeroVoieEtablissement, '' AS indiceRepetitionEtablissement,
               '' AS dernierNumeroVoieEtablissement, 'RUE' AS typeVoieEtablissement,
               'INVENTEE ' || h % 1000 AS libelleVoieEtablissement, department || '000' AS codePostalEtablissement,
               'COMMUNE INVENTEE' AS libelleCommuneEtablissement,
               left(department || '00', 3) || lpad(CAST(1 + h % 99 AS VARCHAR), 2, '0') AS codeCommuneEtablissement,
               '{DEPARTMENT}_INVENTE_' || i AS identifiantAdresseEtablissement,
               600000 + h % 100000 AS coordonneeLambertAbscisseEtablissement,
               6300000 + h % 100000 AS coordonneeLambertOrdonneeEtablissement, '2010-01-01' AS dateDebut,
               CASE WHEN h % 5 < 3 THEN 'A' ELSE 'F' END AS etatAdministratifEtablissement,
               '' AS enseigne1Etablissement, '' AS denominationUsuelleEtablissement,
               '88.99B' AS activitePrincipaleEtablissement, 'NAFRev2' AS nomenclatureActivitePrincipaleEtablissement,
               '88.99Y' AS activitePrincipaleNAF25Etablissement, 'N' AS caractereEmployeurEtablissement, {empty}
        FROM (SELECT *, siren || lpad(CAST(place AS VARCHAR), 4, '0') || {_check_digit("siren * 10000 + place", 13)}
              AS siret FROM sites)"""


def _dinum_sql(units: int) -> str:
    """Return who is of the ESS by the list: a few more than the flag says."""
    return f"""
        SELECT siren_of(u) AS siren, 'A' AS etat_administratif, 'STRUCTURE INVENTEE ' || u AS nom_complet,
               'False' AS est_association, CASE WHEN h % 40 = 0 THEN 'True' ELSE 'False' END AS est_ess,
               CASE WHEN h % 700 = 0 THEN 'True' ELSE 'False' END AS est_siae,
               CASE WHEN h % 700 = 0 THEN '[''ACI'', ''EI'']' ELSE '' END AS type_siae
        FROM (SELECT u, hash(u, 5) AS h FROM range({units}) t(u))"""


def _places_sql() -> str:
    return f"""
        SELECT siren || lpad(CAST(place AS VARCHAR), 4, '0') || {_check_digit("siren * 10000 + place", 13)} AS siret,
               600000 AS x, 6300000 AS y, CASE WHEN h % 6 = 0 THEN 33 ELSE 11 END AS qualite_xy, 2154 AS epsg,
               '' AS plg_qp24, '' AS plg_iris, '' AS plg_code_commune, 43.5 + h % 1000 / 10000 AS y_latitude,
               1.4 + h % 1000 / 10000 AS x_longitude
        FROM sites"""


def read_ours(folder: Path, files: StockFiles) -> dict[str, object]:
    """Read one department as essmap does."""
    with open_stock(files, memory_limit=MEMORY, temp_dir=folder / "work") as stock:
        found = stock.read(DEPARTMENT)
    return {"rows": len(found.frame), "digest": _digest(found.frame["siret"].tolist())}


def read_all(folder: Path, files: StockFiles) -> dict[str, object]:
    """Read every department as essmap does, one after the other."""
    rows, departments, digest = 0, 0, ""
    with open_stock(files, memory_limit=MEMORY, temp_dir=folder / "work") as stock:
        for department, found in stock.read_each("all"):
            rows, departments = rows + len(found.frame), departments + 1
            if department == DEPARTMENT:
                digest = _digest(found.frame["siret"].tolist())
    return {"rows": rows, "departments": departments, "digest": digest}


def read_pandas(_: Path, files: StockFiles) -> dict[str, object]:
    """Read one department with plain pandas: the same columns of the same files, every cell a string."""
    read = {kind: _plain(kind, path) for kind, path in files.given().items()}
    units, sites = read["units"], read["establishments"]
    in_list = set(read["dinum"].loc[read["dinum"]["est_ess"] == "True", "siren"])
    is_ess = (units["economieSocialeSolidaireUniteLegale"] == "O") | units["siren"].isin(in_list)
    is_person = units["categorieJuridiqueUniteLegale"].str[0].isin(["1", "2"])
    units = units[is_ess & ~is_person & (units["etatAdministratifUniteLegale"] == "A")]
    here = sites["codeCommuneEtablissement"].str[:2] == DEPARTMENT
    sites = sites[here & (sites["etatAdministratifEtablissement"] == "A")]
    found = sites.merge(units, on="siren").merge(read["geolocation"], on="siret", how="left")
    return {"rows": len(found), "digest": _digest(sorted(found["siret"]))}


def _plain(kind: Kind, path: str | Path) -> pd.DataFrame:
    layout = LAYOUTS[kind]
    columns = [column.name for column in layout.columns]
    return pd.read_csv(path, sep=layout.separator, usecols=columns, dtype=str, keep_default_na=False)


def _digest(numbers: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(numbers).encode()).hexdigest()


READINGS: dict[str, Callable[[Path, StockFiles], dict[str, object]]] = {
    "essmap": read_ours, "pandas": read_pandas, "essmap, all": read_all,
}  # fmt: skip


def _measured(reading: str, folder: Path) -> dict[str, float | int | str]:
    """Run one reading in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.stock", "--reading", reading, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{reading} failed:\n{done.stderr}")
    answer: dict[str, float | int | str] = json.loads(done.stdout)
    return answer


def _run(reading: str, folder: Path) -> None:
    """Do one reading here and print what it took; memory is the peak of this process, libraries included."""
    files = StockFiles(**{kind: folder / f"{kind}.csv" for kind in LAYOUTS})
    start = time.perf_counter()
    answer = READINGS[reading](folder, files)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**answer, "seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mib": _peak_mib()}))


def _peak_mib() -> float:
    """Return the most memory that this process has held; on Linux ``ru_maxrss`` begins with what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the files, run each reading and print one table."""
    parser = argparse.ArgumentParser(prog="benchmarks.stock", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} establishments instead of {ROWS:,}")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--reading", choices=READINGS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.reading:
        _run(asked.reading, asked.folder)
        return
    rows = asked.rows or (QUICK_ROWS if asked.quick else ROWS)
    with tempfile.TemporaryDirectory(prefix="essmap-bench-") as name:
        folder = Path(name)
        start = time.perf_counter()
        make_files(folder, rows)
        size = sum(path.stat().st_size for path in folder.glob("*.csv")) / 2**20
        print(f"Stock of {rows:,} made-up establishments ({size:,.0f} MiB of CSV, made in "
              f"{time.perf_counter() - start:.0f} s), memory option {MEMORY}")  # fmt: skip
        found = {reading: _measured(reading, folder) for reading in READINGS}
    print(f"Targets: {TARGET_S} s, {TARGET_MIB:,} MiB")
    print(f"{'reading':<12} {'seconds':>8} {'of CPU':>8} {'peak, MiB':>10} {'rows':>9}")
    for reading, one in found.items():
        print(f"{reading:<12} {one['seconds']:>8.1f} {one['cpu']:>8.1f} {one['mib']:>10,.0f} {one['rows']:>9,}")
    ours, plain = found["essmap"], found["pandas"]
    print(f"pandas takes {float(plain['seconds']) / float(ours['seconds']):.1f} times as long and "
          f"{float(plain['mib']) / float(ours['mib']):.1f} times the memory")  # fmt: skip
    if len({one["digest"] for one in found.values()}) != 1:
        raise SystemExit("the readings do not find the same establishments")


if __name__ == "__main__":
    main()
