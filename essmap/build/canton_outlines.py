"""Which electoral canton each outline is, and whether the outlines are those of the department.

Outlines come in editions and degrees of simplification that differ from those of the communes, so they are held to
tolerances, never to equality. They decide inside a commune that several cantons share; elsewhere the commune does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.build.canton_names import CantonNames
from essmap.build.geography_notes import Note, notes_about
from essmap.build.outlines import Geometries, as_multipolygon
from essmap.errors import SourceError
from essmap.reference import projected_crs
from essmap.schema.tables import CRS
from essmap.sources.canton_outlines import CantonOutlines
from essmap.texts import t

#: Columns that may hold a code or a name, letters and digits only, lower case, most trusted first.
_CODE_COLUMNS: Final = (
    "codeinsee", "codeinseeducanton", "inseecan", "cantoncode", "codecanton", "numcanton", "ct", "code",
)  # fmt: skip
_NAME_COLUMNS: Final = (
    "nomofficiel", "nomofficielenmajuscules", "nomcanton", "cantonname", "nomct", "nomcan", "nom", "name", "libelle",
    "canton", "cantondircom",
)  # fmt: skip
#: Those of them that may hold a bare number within the department.
_NUMBER_COLUMNS: Final = ("inseecan", "numcanton", "ct")

#: How far outlines and department may differ: as a share of its area, and by the widest spot that only one of the
#: two covers (the circle that fits in it). IGN 2018 simplified to a quarter of its points differs by 0.8 % and 1.2 km.
DEPARTMENT_SHARE: Final = 0.02
DEPARTMENT_WIDTH_M: Final = 2_000
#: The same for a commune that they share (1.4 % and 0.7 km there).
COMMUNE_SHARE: Final = 0.03
COMMUNE_WIDTH_M: Final = 1_000
#: How far two cantons may overlap: as a share of the smaller one, and by the widest spot.
OVERLAP_SHARE: Final = 0.01
OVERLAP_WIDTH_M: Final = 500
#: Share of the communes whose point may lie in another canton than INSEE says (editions differ by a border).
ELSEWHERE_SHARE: Final = 0.02

#: The reform of 2013 halved the cantons of every department: a file with this many times today's holds the old ones.
_OLD_DIVISION: Final = 1.5
_NAMED_AT_MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Known:
    """What outlines are compared with.

    Attributes
    ----------
    department : str
        INSEE code.
    outline : MultiPolygon
        Of the department, EPSG:4326.
    names : mapping
        Name of each electoral canton, by code.
    sharing : frozenset of str
        Codes of the cantons that share a commune: the only ones whose outline is needed.
    """

    department: str
    outline: Any
    names: Mapping[str, str]
    sharing: frozenset[str]


def recognise(found: CantonOutlines, known: Known) -> tuple[pd.Series, list[Note]]:
    """Find the outline of each canton.

    Parameters
    ----------
    found : CantonOutlines
    known : Known

    Returns
    -------
    outlines : Series of MultiPolygon, EPSG:4326, indexed by canton code, sorted
        Of all cantons, or of all those that share a commune.
    notes : list of Note

    Raises
    ------
    SourceError
        If they do not lie in the department, a row cannot be understood, the division is that of before 2015, a
        canton is missing or there twice, or an outline is no surface.
    """
    frame, notes = _in_department(found, known)
    codes = _codes(frame, found.name, known)
    _require_each_once(codes, found.name, known)
    shapes, repaired = _surfaces(frame.geometry.to_numpy(), codes, found.name)
    notes += notes_about("canton_outlines_repaired", repaired)
    return pd.Series(shapes, index=codes, dtype=object).sort_index(), notes


def require_coherent(outlines: pd.Series, communes: gpd.GeoDataFrame, name: str, known: Known) -> list[Note]:
    """Check that outlines neither overlap nor leave the department, and agree with INSEE on whole communes.

    Parameters
    ----------
    outlines : Series of MultiPolygon, EPSG:4326
        From `recognise`.
    communes : GeoDataFrame, EPSG:4326
        ``commune_code``, ``commune_name``, ``canton_code``: the canton of each commune as INSEE says it, missing for
        a shared one.
    name : str
        What people call the source.
    known : Known

    Returns
    -------
    list of Note
        Communes that lie elsewhere than INSEE says, up to `ELSEWHERE_SHARE`.

    Raises
    ------
    SourceError
        If outlines overlap, leave a hole or disagree with INSEE beyond the tolerances of this module.
    """
    crs = projected_crs(known.department)
    metric = gpd.GeoSeries(outlines, crs=CRS).to_crs(crs)
    _require_no_overlap(metric, name, known)
    if len(outlines) == len(known.names):
        area = gpd.GeoSeries([known.outline], crs=CRS).to_crs(crs).iloc[0]
        union = shapely.union_all(metric.to_numpy())
        for difference in (shapely.difference(area, union), shapely.difference(union, area)):
            if _exceeds(difference, area, DEPARTMENT_SHARE, DEPARTMENT_WIDTH_M):
                raise SourceError(
                    t("cantons.errors.not_department", file=name, percent=_percent(difference.area / area.area))
                )
    return _agree_with_insee(outlines, communes, name)


def require_covered(commune: Any, parts: Iterable[Any], commune_name: str, name: str) -> None:
    """Check that outlines cover a commune that cantons share.

    Parameters
    ----------
    commune : MultiPolygon
        In a projected system, metres.
    parts : iterable of MultiPolygon
        Outlines of the cantons that share it, in the same system.
    commune_name, name : str
        What people call the commune and the source.

    Raises
    ------
    SourceError
        If they leave more than `COMMUNE_SHARE` of it, or a spot wider than `COMMUNE_WIDTH_M`.
    """
    rest = shapely.difference(commune, shapely.union_all(list(parts)))
    if _exceeds(rest, commune, COMMUNE_SHARE, COMMUNE_WIDTH_M):
        percent = _percent(rest.area / commune.area)
        raise SourceError(t("cantons.errors.not_covered", file=name, commune=commune_name, percent=percent))


def _in_department(found: CantonOutlines, known: Known) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return the rows that lie in the department, in EPSG:4326; put right latitudes written first."""
    frame = found.frame[found.frame.geometry.notna() & ~found.frame.geometry.is_empty].to_crs(CRS)
    notes: list[Note] = []
    inside = _inside(frame.geometry.to_numpy(), known.outline)
    if not inside.any():
        swapped = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
        inside = _inside(swapped, known.outline)
        if not inside.any():
            west, south, east, north = (f"{value:.2f}" for value in frame.total_bounds)
            found_at = f"{west}, {south}, {east}, {north}".replace(".", ",") if len(frame) else "-"
            raise SourceError(t("cantons.errors.elsewhere", file=found.name, bounds=found_at))
        frame = frame.set_geometry(swapped, crs=CRS)
        notes = notes_about("canton_axes_swapped", [found.name], file=found.name)
    return frame[inside].reset_index(drop=True), notes


def _inside(shapes: Geometries, department: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    shapely.prepare(department)
    return np.asarray(shapely.contains(department, shapely.point_on_surface(shapes)), dtype=bool)


def _codes(frame: gpd.GeoDataFrame, name: str, known: Known) -> list[str]:
    """Return the canton of each row, read in every column that may tell; they must agree."""
    names = CantonNames(known.department, known.names)
    folded = {"".join(sign for sign in str(column).lower() if sign.isalnum()): column for column in frame.columns}
    columns = [key for key in (*_CODE_COLUMNS, *_NAME_COLUMNS) if key in folded]
    if not columns:
        present = ", ".join(str(column) for column in frame.columns.drop("geometry")) or "-"
        raise SourceError(t("cantons.errors.no_column", file=name, columns=present))
    read = pd.DataFrame(
        {
            key: [
                names.code(text) or (names.code_of_number(text) if key in _NUMBER_COLUMNS else None)
                for text in frame[folded[key]]
            ]
            for key in columns
        },
        dtype=object,
    )
    written = frame[[folded[key] for key in columns]]
    _require_today(written, name, known, names)
    complete = read.loc[:, read.notna().any()]
    first = complete.bfill(axis=1).iloc[:, 0] if len(complete.columns) else pd.Series([None] * len(read), dtype=object)
    unknown = [" / ".join(filter(None, written.iloc[row])) or "-" for row in np.flatnonzero(first.isna())]
    if unknown:
        raise SourceError(t("cantons.errors.unknown", file=name, n=len(unknown), rows=_some(unknown)))
    clashing = complete.nunique(axis=1) > 1
    if clashing.any():
        rows = [" / ".join(filter(None, written.iloc[row])) for row in np.flatnonzero(clashing)]
        raise SourceError(t("cantons.errors.clash", file=name, n=len(rows), rows=_some(rows)))
    return [str(code) for code in first]


def _require_today(written: pd.DataFrame, name: str, known: Known, names: CantonNames) -> None:
    """Refuse the division of before 2015: twice as many cantons, cities numbered further than today."""
    beyond = [str(text) for column in written.columns for text in written[column] if names.is_numbered_beyond(text)]
    if beyond or len(written) >= _OLD_DIVISION * len(known.names):
        raise SourceError(t("cantons.errors.old_division", file=name, found=len(written), expected=len(known.names)))


def _require_each_once(codes: list[str], name: str, known: Known) -> None:
    twice = [f"{code} {known.names[code]}" for code, count in Counter(codes).items() if count > 1]
    if twice:
        raise SourceError(t("cantons.errors.twice", file=name, n=len(twice), cantons=_some(twice)))
    if known.sharing and set(codes) == known.sharing:
        return
    missing = [f"{code} {known.names[code]}" for code in sorted(set(known.names) - set(codes))]
    if missing:
        raise SourceError(
            t(
                "cantons.errors.missing",
                file=name,
                n=len(codes),
                expected=len(known.names),
                cantons=_some(missing),
            )
        )


def _surfaces(shapes: Geometries, codes: list[str], name: str) -> tuple[Geometries, list[str]]:
    """Return every outline as a valid MultiPolygon, and the codes of those that had to be repaired."""
    repaired = [code for code, is_valid in zip(codes, shapely.is_valid(shapes), strict=True) if not is_valid]
    result = np.array([as_multipolygon(shapely.make_valid(shape)) for shape in shapes], dtype=object)
    flat = [code for code, shape in zip(codes, result, strict=True) if shape.is_empty]
    if flat:
        raise SourceError(t("cantons.errors.no_surface", file=name, n=len(flat), cantons=_some(flat)))
    return result, repaired


def _require_no_overlap(metric: gpd.GeoSeries, name: str, known: Known) -> None:
    shapes = metric.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    pairs = []
    for one, other in zip(left, right, strict=True):
        common = shapely.intersection(shapes[one], shapes[other])
        smaller = min(shapes[one], shapes[other], key=lambda shape: shape.area)
        if _exceeds(common, smaller, OVERLAP_SHARE, OVERLAP_WIDTH_M):
            pairs.append(" / ".join(known.names[metric.index[position]] for position in (one, other)))
    if pairs:
        raise SourceError(t("cantons.errors.overlap", file=name, n=len(pairs), pairs=_some(pairs)))


def _agree_with_insee(outlines: pd.Series, communes: gpd.GeoDataFrame, name: str) -> list[Note]:
    whole = communes[communes["canton_code"].notna() & communes.geometry.notna()]
    points = shapely.point_on_surface(whole.geometry.to_numpy())
    of_commune, of_canton = shapely.STRtree(outlines.to_numpy()).query(points, predicate="within")
    drawn = pd.Series(None, index=whole.index, dtype=object)
    drawn.iloc[of_commune] = outlines.index.to_numpy()[of_canton]
    is_asked = whole["canton_code"].isin(outlines.index) | drawn.notna()
    differs = is_asked & (drawn != whole["canton_code"])
    lost = [str(code) for code in whole.loc[differs, "commune_name"]]
    if len(lost) > ELSEWHERE_SHARE * int(is_asked.sum()):
        raise SourceError(
            t("cantons.errors.other_division", file=name, n=len(lost), total=int(is_asked.sum()), communes=_some(lost))
        )
    return notes_about("canton_outlines_disagree", lost, names=", ".join(lost))


def _exceeds(difference: Any, whole: Any, share: float, width_m: float) -> bool:
    """Tell whether a difference of surfaces is more than editions and simplification explain."""
    if difference.area > share * whole.area:
        return True
    parts = [p for p in shapely.get_parts(as_multipolygon(difference)) if p.area > pi * (width_m / 2) ** 2]
    return any(2 * shapely.length(shapely.maximum_inscribed_circle(part, width_m / 50)) > width_m for part in parts)


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".replace(".", ",")


def _some(items: list[str]) -> str:
    """Name a few places; « … » says that there are more."""
    return ", ".join(items[:_NAMED_AT_MOST]) + (", …" if len(items) > _NAMED_AT_MOST else "")
