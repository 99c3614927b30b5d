"""Tables that leave the app as files: nothing in them can run in a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.texts import t
from essmap.view.format import one_line, safe_link
from essmap.view.rows import each_row

#: A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection); full-width signs too.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

_DEGREES: Final = 5  # about 1 m, as on the map
_COLUMNS: Final = (
    *("id", "name", "form", "family", "axes", "domains", "activity", "address", "postcode", "commune_code"),
    *("commune", "position", "latitude", "longitude", "siren", "website", "supported", "source", "year"),
)


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; control signs become spaces, other values stay.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Muret"), harmless(-2)
    ("'=1+1", 'Muret', -2)
    """
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def people_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as the CSV that French spreadsheets open right: UTF-8 with its mark, semicolons, decimal commas.

    Parameters
    ----------
    frame : DataFrame
        Its headings are what people read; what is missing is empty.
    """
    cells = frame.astype(object).where(frame.notna(), None).map(harmless)
    text: str = cells.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    return text.encode("utf-8-sig")


def actors_csv(actors: gpd.GeoDataFrame) -> bytes:
    """Return actors as a CSV that French spreadsheets open as it is: UTF-8 with its mark, semicolons, a line each.

    It says what the card says and nothing more; what is not known is empty.

    Parameters
    ----------
    actors : GeoDataFrame, n rows, EPSG:4326
        Rows of `essmap.schema.tables.ACTORS`.
    """
    lines = [_line(actor) for actor in each_row(actors)]
    return people_csv(pd.DataFrame(lines, columns=[t(f"export.{name}") for name in _COLUMNS], dtype=object))


def _line(actor: Any) -> list[str | None]:
    axes, domains = reference.axes()["label"], reference.domains()["label"]
    kind = reference.source_kinds().loc[actor.source_kind]
    texts: tuple[Any, ...] = (
        actor.actor_id,
        actor.name,
        reference.legal_forms().at[actor.legal_form, "label"],
        reference.families().at[actor.family, "label"],
        _labels(axes, actor.axes),
        _labels(domains, actor.domains),
        *(actor.activity, actor.address, actor.postcode, actor.commune_code, actor.commune_name),
        reference.positions().at[actor.geo_precision, "explanation"],
        f"{actor.geometry.y:.{_DEGREES}f}",
        f"{actor.geometry.x:.{_DEGREES}f}",
        actor.siren,
        safe_link(actor.website),
        t("export.yes") if actor.is_supported else t("export.no"),
        safe_link(actor.source_url) if bool(kind["is_linked"]) else None,
        actor.source_year,
    )
    return [None if text is None or pd.isna(text) else str(text) for text in texts]


def _labels(table: pd.Series[str], keys: Sequence[str]) -> str:
    return ", ".join(str(table[key]) for key in keys)
