# ruff: noqa: S608  statements are put together from names of this package and from codes of its tables; the only
# texts from outside, paths and headers, go through `stock_columns.literal`.
"""The working tables of the stock: units of the ESS, their establishments, the points of these.

Everything that must not be shown is emptied here, where it is read: what leaves DuckDB of a natural person or of a
closed unit is a count, and of a unit or an establishment of partial diffusion nothing finer than its commune.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pandas as pd

from essmap import reference
from essmap.errors import SourceError
from essmap.sources.bulk_file import DamagedFileError
from essmap.sources.download import Downloaded
from essmap.sources.stock_columns import Kind, listing, literal
from essmap.sources.stock_engine import Engine, Scan, StockFile
from essmap.texts import t

_DEPARTMENT: Final = """
    CASE WHEN length(commune_code) <> 5 THEN '' WHEN commune_code[1:2] IN ('97', '98') THEN commune_code[1:3]
         ELSE upper(commune_code[1:2]) END"""
#: Legal category 1000 and, where INSEE says 2..., units without legal personality: their name is that of persons.
_GONE: Final = """
    CASE WHEN legal_category[1] IN ('1', '2') THEN 'natural_person'
         WHEN NOT regexp_full_match(legal_category, '[0-9]{4}') THEN 'malformed'
         WHEN state <> 'A' THEN 'closed' ELSE '' END"""
_TRUE: Final = "('true', 't', '1', 'o')"

#: What is kept of a unit, and of an establishment, that may be shown; the second part only under full diffusion
#: (Code de commerce, art. R123-232-1). A masked value that a file forgot to mask is therefore not read either.
_UNIT_OPEN: Final = (
    "legal_category", "name", "unit_naf", "unit_nomenclature", "unit_naf25", "unit_updated",
)  # fmt: skip
_UNIT_HIDDEN: Final = ("usual_name", "acronym", "rna")
_SITE_OPEN: Final = (
    "workforce_band", "employer", "head_office", "naf", "nomenclature", "naf25", "commune_code", "updated",
)  # fmt: skip
_SITE_HIDDEN: Final = (
    "sign", "usual_sign", "complement", "number", "repetition", "last_number", "street_type", "street", "postcode",
    "x", "y",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """One file, its digest, and what is known of its coming where it was fetched."""

    file: StockFile
    fetched: Downloaded | None
    sha256: str


class Tables:
    """The working tables; they are made when they are first asked for."""

    def __init__(self, engine: Engine, opened: Mapping[Kind, Opened]) -> None:
        self._engine = engine
        self._opened = opened
        self._gathered: frozenset[str] | None = None
        self._latest_unit: str | None = None

    @property
    def latest_unit(self) -> str:
        """ISO date of the last treatment of a unit of the ESS; empty where the file does not say."""
        return self._latest_unit or ""

    def gather(self, departments: Iterable[str]) -> None:
        """Filter the establishments of departments into tables, with their points, unless they are there.

        Parameters
        ----------
        departments : iterable of str
            INSEE codes of `essmap.reference.departments`.

        Raises
        ------
        SourceError
            If a file turns out damaged or has no unit of the ESS, or if memory or disk are too small.
        """
        wanted = frozenset(departments)
        if self._gathered is not None and wanted <= self._gathered:
            return
        if self._latest_unit is None:
            self._gather_list()
            self._latest_unit = self._gather_units()
        self._gathered = None
        self._gather_sites(wanted)
        self._gather_places()
        self._gathered = wanted

    def departments(self) -> list[str]:
        """Return the departments gathered that have an establishment of the ESS, sorted."""
        rows = self._engine.query("SELECT DISTINCT department FROM sites WHERE is_ess AND department <> ''")
        return sorted(str(department) for (department,) in rows)

    def head_offices(self) -> tuple[int, int]:
        """Return the head offices that the active units of the ESS name, and those no establishment is, in all France.

        Only a whole file of establishments, of the date of that of the units, has next to all of them: one that is
        cut between two lines is seen here and nowhere else.
        """
        ((named, missing),) = self._engine.query(
            """
            SELECT count(*), count(*) FILTER (WHERE siren NOT IN (SELECT head_of FROM sites))
            FROM units WHERE is_ess AND gone = '' AND head_nic <> ''
            """
        )
        return int(str(named)), int(str(missing))

    def counts(self, department: str) -> dict[str, int]:
        """Return the establishments of ESS units of a department by what becomes of them: shown (""), or why not."""
        rows = self._engine.query(
            f"SELECT gone, count(*) FROM sites WHERE department = {literal(department)} AND is_ess GROUP BY gone"
        )
        return {str(gone): int(str(number)) for gone, number in rows}

    def rows(self, department: str) -> pd.DataFrame:
        """Return the establishments of a department that may be shown, as `stock_rows.register_rows` takes them."""
        hidden = [f"CASE WHEN sites.diffusion = 'O' THEN {key} ELSE '' END AS {key}" for key in _UNIT_HIDDEN]
        return self._engine.frame(
            f"""
            SELECT {", ".join(f"sites.{key}" for key in ("siret", "siren", "diffusion", *_SITE_OPEN, *_SITE_HIDDEN))},
                   {", ".join(f"units.{key}" for key in (*_UNIT_OPEN, "siae"))},
                   {", ".join(hidden)},
                   {", ".join(f"coalesce(places.{key}, '') AS {key}" for key in ("lon", "lat", "quality"))}
            FROM sites JOIN units USING (siren) LEFT JOIN places USING (siret)
            WHERE sites.department = {literal(department)} AND sites.is_ess AND sites.gone = ''
            """
        )

    def agreement(self, department: str) -> dict[str, int]:
        """Return, of the active units with an active establishment there, how law, flag and list agree."""
        conditions = {
            "units_ess": "is_ess",
            "units_form_without_flag": "has_form AND NOT is_flagged",
            "units_flag_without_form": "is_flagged AND NOT has_form",
            "units_list_without_flag": "is_listed AND NOT is_flagged",
        }
        cells = ", ".join(f"count(DISTINCT siren) FILTER (WHERE {one})" for one in conditions.values())
        (found,) = self._engine.query(
            f"SELECT {cells} FROM sites WHERE department = {literal(department)} AND gone = ''"
        )
        return {key: int(str(number)) for key, number in zip(conditions, found, strict=True)}

    @contextmanager
    def _scanned(self, kind: Kind) -> Iterator[Scan]:
        """Give a file as SQL; a copy that turns out damaged is fetched again next time."""
        opened = self._opened[kind]
        try:
            with self._engine.scanned(opened.file) as scan:
                yield scan
        except DamagedFileError:
            if opened.fetched is not None:
                opened.fetched.forget()
            raise

    def _gather_list(self) -> None:
        """Make the table ``listed``: who is of the ESS, or an SIAE, by the file of the DINUM; empty without it."""
        if "dinum" not in self._opened:
            self._engine.query("CREATE OR REPLACE TABLE listed (siren VARCHAR, is_ess BOOLEAN, siae VARCHAR)")
            return
        # Kinds come as a list, as « ACI, EI » or as « ['ACI', 'EI'] »; an SIAE without any is one whose kind is unsaid.
        with self._scanned("dinum") as scan:
            kinds = f"regexp_extract_all({scan.text['siae_kinds']}, '\\b[A-Z]{{2,}}\\b')"
            self._engine.query(
                f"""
                CREATE OR REPLACE TABLE listed AS
                SELECT siren, bool_or(in_ess) AS is_ess,
                       CASE WHEN NOT bool_or(in_siae) THEN ''
                            ELSE coalesce(nullif(array_to_string(list_sort(list_distinct(flatten(list({kinds})))),
                                                                 ', '), ''), 'SIAE') END AS siae
                FROM (SELECT siren, lower(is_ess) IN {_TRUE} AS in_ess, lower(is_siae) IN {_TRUE} AS in_siae,
                             siae_kinds FROM {scan.with_text("siren", "is_ess", "is_siae")})
                WHERE in_ess OR in_siae GROUP BY siren
                """,
                scan.name,
            )
            ((count,),) = self._engine.query("SELECT count(*) FROM listed WHERE is_ess")
            if not count:
                raise SourceError(t("stock.errors.no_ess", file=scan.name))

    def _gather_units(self) -> str:
        """Make the table ``units``: those of the ESS, and the active ones of an ESS form that nothing declares.

        The latter are only counted. Returns the day of the last treatment.
        """
        families, categories = reference.families(), reference.legal_categories()
        forms = categories.index[categories["family"].isin(families.index[families["in_ess_law"]])]
        with self._scanned("units") as scan:
            self._engine.query(
                f"""
                CREATE OR REPLACE TABLE units AS
                SELECT siren, is_flagged, is_listed, has_form, in_ess AS is_ess, gone, spread AS diffusion,
                       CASE WHEN in_ess AND gone = '' THEN siae ELSE '' END AS siae,
                       {scan.only("in_ess AND gone = ''", ("head_nic",))},
                       {scan.only("in_ess AND gone = ''", _UNIT_OPEN)},
                       {scan.only("in_ess AND gone = '' AND spread = 'O'", _UNIT_HIDDEN)}
                FROM (
                    SELECT units.*, coalesce(listed.siae, '') AS siae,
                           flag = 'O' AS is_flagged, coalesce(listed.is_ess, false) AS is_listed,
                           is_flagged OR is_listed AS in_ess, legal_category IN ({listing(forms)}) AS has_form,
                           CASE WHEN diffusion = 'O' THEN 'O' ELSE 'P' END AS spread, {_GONE} AS gone
                    FROM {scan.with_text("siren", "diffusion", "state", "legal_category", "flag")} AS units
                    LEFT JOIN listed USING (siren)
                )
                WHERE in_ess OR (has_form AND gone = '')
                """,
                scan.name,
            )
            self._drop_twins()
            ((count, latest),) = self._engine.query("SELECT count(*), max(unit_updated) FROM units WHERE is_ess")
            if not count:
                raise SourceError(t("stock.errors.no_ess", file=scan.name))
        return str(latest or "")[:10]

    def _drop_twins(self) -> None:
        """Keep one row of a SIREN that comes twice: what hides most, whatever the order of the file."""
        rest = ", ".join(("is_flagged", "has_form", *_UNIT_OPEN, *_UNIT_HIDDEN))
        self._engine.query(
            f"""
            CREATE OR REPLACE TABLE twins AS
            SELECT * FROM units WHERE siren IN (SELECT siren FROM units GROUP BY siren HAVING count(*) > 1)
            QUALIFY row_number() OVER (
                PARTITION BY siren
                ORDER BY gone = 'natural_person' DESC, gone DESC, diffusion DESC, {rest}) = 1
            """
        )
        self._engine.query("DELETE FROM units WHERE siren IN (SELECT siren FROM twins)")
        self._engine.query("INSERT INTO units SELECT * FROM twins")

    def _gather_sites(self, departments: frozenset[str]) -> None:
        """Make the table ``sites``: the establishments of those units in the departments.

        Of the head offices elsewhere it has a row that says no more than whose they are.
        """
        with self._scanned("establishments") as scan:
            table = scan.with_text("siret", "siren", "diffusion", "state", "commune_code")
            self._engine.query(
                f"""
                CREATE OR REPLACE TABLE sites AS
                SELECT CASE WHEN is_wanted THEN department ELSE '' END AS department,
                       CASE WHEN is_head THEN siren ELSE '' END AS head_of,
                       is_ess, is_flagged, is_listed, has_form, ended AS gone, spread AS diffusion,
                       CASE WHEN is_wanted AND ended = '' THEN siren ELSE '' END AS siren,
                       {scan.only("is_shown", ("siret", *_SITE_OPEN))},
                       {scan.only("is_shown AND spread = 'O'", _SITE_HIDDEN)}
                FROM (
                    SELECT sites.*, units.is_ess, is_flagged, is_listed, has_form,
                           CASE WHEN units.gone = '' AND sites.state <> 'A' THEN 'closed' ELSE units.gone END AS ended,
                           department IN ({listing(sorted(departments))}) AS is_wanted,
                           units.head_nic <> '' AND sites.siret = sites.siren || units.head_nic AS is_head,
                           is_wanted AND ended = '' AND units.is_ess AS is_shown,
                           CASE WHEN sites.diffusion = 'O' AND units.diffusion = 'O' THEN 'O' ELSE 'P' END AS spread
                    FROM (SELECT *, {_DEPARTMENT} AS department FROM {table}) AS sites
                    JOIN (SELECT siren, is_ess, is_flagged, is_listed, has_form, gone, diffusion, head_nic
                          FROM units) AS units
                    USING (siren)
                )
                WHERE is_head OR (is_wanted AND (is_ess OR ended = ''))
                """,
                scan.name,
            )

    def _gather_places(self) -> None:
        """Make the table ``places``: the points of the establishments that may have one; empty without the file."""
        if "geolocation" not in self._opened:
            self._engine.query("CREATE OR REPLACE TABLE places (siret TEXT, lon TEXT, lat TEXT, quality TEXT)")
            return
        with self._scanned("geolocation") as scan:
            self._engine.query(
                f"""
                CREATE OR REPLACE TABLE places AS
                SELECT * FROM (
                    SELECT siret, {scan.only("true", ("lon", "lat", "quality"))} FROM {scan.with_text("siret")}
                    WHERE siret IN (SELECT siret FROM sites WHERE siret <> '' AND diffusion = 'O')
                )
                QUALIFY row_number() OVER (PARTITION BY siret ORDER BY quality = '33' DESC, quality, lon, lat) = 1
                """,
                scan.name,
            )
