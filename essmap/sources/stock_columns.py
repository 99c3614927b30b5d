"""The columns that are read of each stock file, by name, and how a cell becomes text whatever its type.

Names: the Sirene stock in its format 3.11, the unit file of the DINUM and the geolocation file of INSEE, 2026. In
Parquet, codes may be whole numbers that lost their zeros, dates are dates, booleans and lists are real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from essmap.errors import SourceError
from essmap.texts import t

Kind = Literal["establishments", "units", "dinum", "geolocation"]

#: What stands for a value that partial diffusion hides: in the files of INSEE, in those of the DINUM.
MASKS: Final = ("[ND]", "[NON-DIFFUSIBLE]")
_SHOWN_COLUMNS: Final = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    key : str
        Its name here.
    name : str
        Its name in the file.
    width : int
        Digits of a code; 0: no code. A whole number gets its zeros back.
    is_optional : bool
        Whether a file may come without it: it is then empty everywhere.
    """

    key: str
    name: str
    width: int = 0
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file: what parts the cells of its CSV, and its columns."""

    kind: Kind
    separator: str
    columns: tuple[Column, ...]


_ESTABLISHMENTS: Final = (
    Column("siret", "siret", 14),
    Column("siren", "siren", 9),
    Column("diffusion", "statutDiffusionEtablissement"),
    Column("state", "etatAdministratifEtablissement"),
    Column("workforce_band", "trancheEffectifsEtablissement", 2),
    Column("employer", "caractereEmployeurEtablissement"),
    Column("head_office", "etablissementSiege"),
    Column("sign", "enseigne1Etablissement"),
    Column("usual_sign", "denominationUsuelleEtablissement"),
    Column("naf", "activitePrincipaleEtablissement"),
    Column("nomenclature", "nomenclatureActivitePrincipaleEtablissement"),
    Column("naf25", "activitePrincipaleNAF25Etablissement", is_optional=True),
    Column("complement", "complementAdresseEtablissement"),
    Column("number", "numeroVoieEtablissement"),
    Column("repetition", "indiceRepetitionEtablissement"),
    Column("last_number", "dernierNumeroVoieEtablissement"),
    Column("street_type", "typeVoieEtablissement"),
    Column("street", "libelleVoieEtablissement"),
    Column("postcode", "codePostalEtablissement", 5),
    Column("commune_code", "codeCommuneEtablissement", 5),
    Column("x", "coordonneeLambertAbscisseEtablissement"),
    Column("y", "coordonneeLambertOrdonneeEtablissement"),
    Column("updated", "dateDernierTraitementEtablissement"),
)

_UNITS: Final = (
    Column("siren", "siren", 9),
    Column("diffusion", "statutDiffusionUniteLegale"),
    Column("state", "etatAdministratifUniteLegale"),
    Column("legal_category", "categorieJuridiqueUniteLegale", 4),
    Column("flag", "economieSocialeSolidaireUniteLegale"),
    Column("name", "denominationUniteLegale"),
    Column("usual_name", "denominationUsuelle1UniteLegale"),
    Column("acronym", "sigleUniteLegale"),
    Column("unit_naf", "activitePrincipaleUniteLegale"),
    Column("unit_nomenclature", "nomenclatureActivitePrincipaleUniteLegale"),
    Column("unit_naf25", "activitePrincipaleNAF25UniteLegale", is_optional=True),
    Column("head_nic", "nicSiegeUniteLegale", 5, is_optional=True),
    Column("rna", "identifiantAssociationUniteLegale"),
    Column("unit_updated", "dateDernierTraitementUniteLegale", is_optional=True),
)

_DINUM: Final = (
    Column("siren", "siren", 9),
    Column("is_ess", "est_ess"),
    Column("is_siae", "est_siae"),
    Column("siae_kinds", "type_siae"),
)

_GEOLOCATION: Final = (
    Column("siret", "siret", 14),
    Column("lon", "x_longitude"),
    Column("lat", "y_latitude"),
    Column("quality", "qualite_xy", 2),
)

LAYOUTS: Final[dict[Kind, Layout]] = {
    "establishments": Layout("establishments", ",", _ESTABLISHMENTS),
    "units": Layout("units", ",", _UNITS),
    "dinum": Layout("dinum", ",", _DINUM),
    "geolocation": Layout("geolocation", ";", _GEOLOCATION),
}

#: Columns that tell the files of the same producers apart; the first that fits wins.
_SIGNATURES: Final = (
    ("units_history", ("siren", "dateFin", "categorieJuridiqueUniteLegale")),
    ("establishments_history", ("siret", "dateFin", "etatAdministratifEtablissement")),
    ("establishments", ("siret", "codeCommuneEtablissement")),
    ("units", ("siren", "categorieJuridiqueUniteLegale")),
    ("dinum", ("siren", "est_ess")),
    ("dinum_establishments", ("siret", "est_siege", "liste_idcc")),
    ("geolocation", ("siret", "qualite_xy")),
)

_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_DATES: Final = ("DATE", "TIMESTAMP")
_FLOATS: Final = ("FLOAT", "DOUBLE", "DECIMAL")
#: Numbers with decimals by nature; any other one that comes with decimals is a whole number (12.0).
_DECIMAL_KEYS: Final = frozenset({"x", "y", "lon", "lat"})


def require_columns(layout: Layout, found: Sequence[str], file: str) -> None:
    """Check that a file has the columns it is read for, each once.

    Parameters
    ----------
    layout : Layout
    found : sequence of str
        Columns of the file.
    file : str
        What people call it.

    Raises
    ------
    SourceError
        If it is another of the files, if columns are missing (named beside those found), or if a name comes twice.
    """
    missing = [one.name for one in layout.columns if not one.is_optional and one.name not in found]
    if missing:
        actual = next((kind for kind, names in _SIGNATURES if set(names) <= set(found)), None)
        if actual is not None and actual != layout.kind:
            expected = t(f"stock.kinds.{layout.kind}")
            raise SourceError(
                t("stock.errors.other_kind", file=file, found=t(f"stock.kinds.{actual}"), expected=expected)
            )
        raise SourceError(t("stock.errors.columns", file=file, missing=", ".join(missing), found=_listed(found)))
    wanted = {one.name.lower() for one in layout.columns}
    folded = [name.lower() for name in found]
    twice = sorted({name for name in folded if folded.count(name) > 1 and name in wanted})
    if twice:
        raise SourceError(t("stock.errors.columns_twice", file=file, columns=", ".join(twice)))


def _listed(found: Sequence[str]) -> str:
    names = ["".join(sign for sign in name if sign.isprintable()) for name in found]
    shown = ", ".join(names[:_SHOWN_COLUMNS]) or "-"
    return shown + ("…" if len(names) > _SHOWN_COLUMNS else "")


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def listing(texts: Iterable[str]) -> str:
    """Return texts as SQL, parted by commas."""
    return ", ".join(literal(text) for text in texts)


def identifier(name: str) -> str:
    """Return the name of a column as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_of(column: Column, sql_type: str | None) -> str:
    r"""Return the SQL expression of a column as text: trimmed, masks and missing values as the empty string.

    Parameters
    ----------
    column : Column
        The expression names it by its key.
    sql_type : str or None
        DuckDB's type in the file; None: the file comes without the column.

    Returns
    -------
    str

    Examples
    --------
    >>> text_of(Column("flag", "est_ess"), "BOOLEAN")
    'coalesce(CAST("flag" AS VARCHAR), \'\')'
    """
    if sql_type is None:
        return "''"
    name, kind = identifier(column.key), sql_type.upper().removeprefix("U")
    if kind.endswith("[]"):
        return f"coalesce(array_to_string(CAST({name} AS VARCHAR[]), ', '), '')"
    if kind.startswith(_DATES):
        return f"coalesce(strftime({name}, '%Y-%m-%d'), '')"
    if kind.startswith(_FLOATS) and column.key not in _DECIMAL_KEYS:
        name, kind = f"TRY_CAST({name} AS BIGINT)", "BIGINT"
    text = f"CAST({name} AS VARCHAR)"
    if kind.startswith(_INTEGERS):
        # Never shortened: a number that is too long stays wrong, and is seen to be.
        width = f"CAST(greatest({column.width}, length({text})) AS INTEGER)"
        return f"coalesce(lpad({text}, {width}, '0'), '')" if column.width else f"coalesce({text}, '')"
    if kind == "BOOLEAN" or kind.startswith(_FLOATS):
        return f"coalesce({text}, '')"
    trimmed = f"trim({text})"
    return f"CASE WHEN {trimmed} IN ({listing(MASKS)}) THEN '' ELSE coalesce({trimmed}, '') END"
