"""How a build uses what enrichment found: it tells what the gathered row does not, and never more than may be shown.

Numbers, address and point go into the gathered rows before anything else, so that the same masking, opposition and
merging hold for them as for what was gathered. Activity, workforce and employer go into the actors. A line about an
actor that is no more, or that has another name or commune now, tells nothing and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from essmap.build.addresses import door
from essmap.build.classify import is_employer, legal_form
from essmap.build.enrichment import PROTECTS, Enrichment, Line
from essmap.build.geography_notes import format_number
from essmap.build.privacy import at_commune
from essmap.build.starter_files import StarterFiles
from essmap.reference.legal import UNKNOWN
from essmap.schema.folding import fold
from essmap.schema.snapshot import SourceRecord
from essmap.sources.search_answers import department_of
from essmap.texts import t

#: Key of enrichment among the sources.
KEY: Final = "enrichment"
#: What is taken from a line as it is where a gathered row says nothing.
_NUMBERS: Final = ("siren", "siret")
_POINT: Final = ("lon", "lat", "geo_precision")


@dataclass(frozen=True, slots=True, eq=False)
class Used:
    """What a build took from the lines.

    Attributes
    ----------
    lines : mapping
        Line by actor, of those that were used.
    stale : int
        Lines of the department that tell nothing any more.
    digest : str
        Of the file.
    """

    lines: Mapping[str, Line]
    stale: int = 0
    digest: str = ""

    @property
    def protected(self) -> frozenset[str]:
        """Actors of which nothing finer than the commune may be shown, whatever their own source says."""
        return frozenset(name for name, line in self.lines.items() if line.hidden in PROTECTS)

    @property
    def records(self) -> tuple[SourceRecord, ...]:
        """What the manifest says of it; nothing where nothing was used."""
        if not self.lines:
            return ()
        days = sorted(line.date for line in self.lines.values())
        first, last = (_in_words(day) for day in (days[0], days[-1]))
        record = SourceRecord(
            key=KEY,
            title=t("enrich.title"),
            publisher=t("search_api.publisher"),
            url="https://recherche-entreprises.api.gouv.fr",
            licence="Licence Ouverte 2.0",
            vintage=days[-1] if days[0] == days[-1] else t("enrich.vintage", first=first, last=last),
            fetched_at=days[-1],
            sha256=self.digest,
            rows_in=0,
            rows_kept=0,
        )
        return (record,)

    @property
    def notes(self) -> list[str]:
        """French sentences on what was used."""
        count = len(self.lines)
        notes = [t("enrich.note_used", n=count, n_text=format_number(count))] if count else []
        return notes + ([t("enrich.note_stale", n=self.stale)] if self.stale else [])


UNUSED: Final = Used({})


def all_used(*lists: Used) -> Used:
    """Return what a build took for all its lists: a line tells nothing any more only where it does for none of them.

    Parameters
    ----------
    *lists : Used
        Of one file of lines; those of lists that did not ask it count for nothing.
    """
    asked = [one for one in lists if one.digest]
    if not asked:
        return UNUSED
    lines = {name: line for one in asked for name, line in one.lines.items()}
    of_here = asked[0].stale + len(asked[0].lines)
    return Used(lines, of_here - len(lines), asked[0].digest)


def enriched_files(
    files: StarterFiles, enrichment: Enrichment, communes: gpd.GeoDataFrame
) -> tuple[StarterFiles, Used]:
    """Return gathered files whose rows say what enrichment found of them, and what was used.

    Parameters
    ----------
    files : StarterFiles
        Without fault; left unchanged.
    enrichment : Enrichment
    communes : GeoDataFrame, EPSG:4326
        Of the department.
    """
    frame, used = enriched_rows(files.actors.frame, enrichment, communes)
    return replace(files, actors=replace(files.actors, frame=frame)), used


def enriched_rows(raw: pd.DataFrame, enrichment: Enrichment, communes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, Used]:
    """Return gathered rows that say what enrichment found of them, and what was used.

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``starter_actors.csv``, without fault; left unchanged.
    enrichment : Enrichment
    communes : GeoDataFrame, EPSG:4326
        Of the department.

    Returns
    -------
    raw : DataFrame of str
        What a row said stays. A point is taken only within the outline of the commune, and only where the row has
        none and no other address.
    used : Used
    """
    if not enrichment.lines:
        return raw, UNUSED
    departments = {department_of(str(code)) for code in communes["commune_code"]}
    outlines = communes.set_index("commune_code").geometry.to_dict()
    result, used = raw.copy(), {}
    for row, cells in zip(raw.index, raw.to_dict("records"), strict=True):
        line = enrichment.found.get(str(cells["id"]))
        if line is None or not is_about(line, {str(name): str(cell) for name, cell in cells.items()}):
            continue
        used[line.actor_id] = line
        told = _told({str(name): str(cell) for name, cell in cells.items()}, line, outlines.get(line.commune_code))
        result.loc[row, list(told)] = list(told.values())
    of_here = [line for line in enrichment.found.values() if department_of(line.commune_code) in departments]
    return result, Used(used, len(of_here) - len(used), enrichment.digest)


def is_about(line: Line, cells: Mapping[str, str]) -> bool:
    """Tell whether a line is still about a gathered row: same name, same commune, no other number."""
    same = line.commune_code == cells["commune_code"] and fold(line.name) == fold(cells["name"])
    return same and all(not line_cell or cells[name] in {"", line_cell} for name, line_cell in _numbers(line))


def _numbers(line: Line) -> Sequence[tuple[str, str]]:
    return [(name, getattr(line, name)) for name in _NUMBERS]


def _told(cells: Mapping[str, str], line: Line, outline: shapely.Geometry | None) -> dict[str, str]:
    """Return the cells of a row that a line fills."""
    told = {name: value for name, value in _numbers(line) if value and not cells[name]}
    has_point, has_address = bool(cells["lon"]), bool(cells["address"])
    same_place = not has_address or not line.address or door(cells["address"]) == door(line.address)
    if line.lon and not has_point and same_place and _covers(outline, line):
        told |= {name: getattr(line, name) for name in _POINT}
    if line.address and not has_address and not has_point:
        told |= {"address": line.address}
        told |= {"postcode": line.postcode} if not cells["postcode"] else {}
    if cells["legal_form"] == UNKNOWN and line.legal_category:
        told |= _form(line)
    if told:
        words = t("enrich.source_note", date=_in_words(line.date))
        told["source_note"] = f"{cells['source_note']} · {words}" if cells["source_note"] else words
    return told


def _covers(outline: shapely.Geometry | None, line: Line) -> bool:
    return outline is not None and bool(shapely.covers(outline, shapely.Point(float(line.lon), float(line.lat))))


def _form(line: Line) -> dict[str, str]:
    found = legal_form(pd.Series([line.legal_category]), pd.Series([line.name]), siren=pd.Series([line.siren]))
    return {} if found.iloc[0] == UNKNOWN else {"legal_form": str(found.iloc[0])}


def with_activity(actors: gpd.GeoDataFrame, used: Used, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return actors with their activity code, workforce and whether they employ anybody.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, from `enriched_rows`; what they say stays.
    used : Used
    communes : GeoDataFrame, EPSG:4326

    Returns
    -------
    GeoDataFrame, EPSG:4326
        Same rows; those that what was found protects keep their commune and nothing finer.
    """
    if not used.lines:
        return actors
    lines = [used.lines.get(str(name)) for name in actors["actor_id"]]
    columns = {
        name: pd.Series([getattr(line, name) if line else "" for line in lines], index=actors.index, dtype="str")
        for name in ("naf", "workforce_band", "employer")
    }
    told = {name: columns[name].where(columns[name].ne(""), None) for name in ("naf", "workforce_band")}
    result = actors.assign(**{name: actors[name].where(actors[name].notna(), told[name]) for name in told})
    employs = is_employer(columns["employer"], columns["workforce_band"])
    result["is_employer"] = actors["is_employer"].astype("boolean").fillna(employs)
    return at_commune(result, result["actor_id"].isin(list(used.protected)), communes)


def _in_words(day: str) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}"
