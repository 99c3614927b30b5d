"""Replace the canton units of a geography by the electoral cantons, with the outlines that somebody loaded.

Outside a commune that several cantons share, the commune decides, as INSEE composed the cantons; an outline never does.
Inside it, the outlines are cut at the commune's border and what simplification left over goes to the nearest one, so
that the cantons partition the department exactly and share their borders with the communes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.build.canton_outlines import Known, recognise, require_coherent, require_covered
from essmap.build.canton_parts import CantonPopulations, check_populations, parts_of, weights_of
from essmap.build.canton_units import CITY
from essmap.build.geography import Geography
from essmap.build.geography_notes import Note, format_number, notes_about
from essmap.build.outlines import as_multipolygon, merge
from essmap.errors import SourceError
from essmap.reference import projected_crs
from essmap.schema.snapshot import SourceRecord
from essmap.schema.tables import CANTONS, CRS
from essmap.sources.canton_outlines import CantonOutlines
from essmap.sources.delimited import RawTable
from essmap.sources.ign_cantons import PUBLISHED_AT
from essmap.texts import t

ELECTORAL: Final = "electoral"

#: Precisions of a position that may decide on which side of a border an actor stands.
EXACT_ENOUGH: Final = frozenset({"housenumber", "street"})

#: Notes about the units, which are gone.
_NOTES_ON_UNITS: Final = frozenset({"cantons_without_outline", "cantons_without_commune", "cantons_outline_differs"})
#: A canton whose outline takes less of a commune than this does not share it: that is a sliver.
_SLIVER_SHARE: Final = 0.05
#: How far apart points along a border stand when what is left over goes to the nearest.
_STEP_M: Final = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded to replace the units.

    Attributes
    ----------
    outlines : CantonOutlines
    populations : RawTable
    is_embedded : bool
        Whether the populations are those that essmap carries.
    """

    outlines: CantonOutlines
    populations: RawTable
    is_embedded: bool


def with_electoral_cantons(geography: Geography, loaded: Loaded) -> Geography:
    """Return a geography whose canton units are replaced by the electoral cantons.

    Parameters
    ----------
    geography : Geography
        With its units; left unchanged.
    loaded : Loaded

    Returns
    -------
    Geography
        ``cantons`` of kind ``electoral``; ``communes`` whose ``canton_code`` is missing where several cantons share
        the commune; ``canton_parts``; notes and sources that say what was loaded.

    Raises
    ------
    SourceError
        If the outlines are not those of the department's cantons (`essmap.build.canton_outlines`), or the populations
        do not tell the parts of a shared commune.
    DataError
        If a row of the populations breaks a rule.
    """
    department, name = geography.department_code, loaded.outlines.name
    populations = check_populations(loaded.populations, geography.communes, department)
    communes = _with_shared_communes(geography, populations)
    _require_same_cantons(communes, geography.cantons, populations, loaded.populations.file)
    shared = communes.loc[communes["canton_code"].isna(), "commune_code"]
    sharing = frozenset(code for commune in shared for code in populations.parts.get(commune, ()))
    known = Known(department, geography.department.geometry.iloc[0], populations.names, sharing)
    outlines, notes = recognise(loaded.outlines, known)
    notes += require_coherent(outlines, communes, name, known)
    shapes = {
        str(code): _parts_of_commune(str(code), outlines, communes, populations, (name, projected_crs(department)))
        for code in shared
    }
    weights = {code: weights_of(code, parts, populations, communes) for code, parts in shapes.items()}
    parts = parts_of(communes, weights)
    return replace(
        geography,
        communes=communes,
        cantons=_cantons(communes, shapes, parts, populations),
        canton_parts=parts,
        notes=(
            *(note for note in geography.notes if note.key not in _NOTES_ON_UNITS),
            *_division_notes(loaded, populations, communes, shapes),
            *notes,
        ),
        canton_sources=(_outlines_record(loaded.outlines, len(outlines)), _populations_record(loaded, populations)),
    )


def place_in_cantons(actors: gpd.GeoDataFrame, geography: Geography) -> gpd.GeoDataFrame:
    """Find the canton of the actors of a shared commune by their position, where it is precise enough.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, already masked; ``canton_code`` is missing in a shared commune.
    geography : Geography

    Returns
    -------
    GeoDataFrame
        The same rows. Actors known by house number or street have the canton they stand in; the others of a shared
        commune keep none.
    """
    parts = geography.canton_parts
    sharing = parts[parts["commune_code"].duplicated(keep=False)]
    cantons = geography.cantons.set_index("canton_code").geometry
    codes = actors["canton_code"].astype(object)
    for commune, group in sharing.groupby("commune_code"):
        is_here = actors["commune_code"].eq(str(commune))
        here = actors.index[is_here & actors["geo_precision"].isin(EXACT_ENOUGH) & ~actors["is_sensitive"]]
        if len(here):
            among = cantons.loc[sorted(group["canton_code"])]
            nearest = shapely.STRtree(among.to_numpy()).nearest(actors.geometry.loc[here].to_numpy())
            codes.loc[here] = among.index.to_numpy()[nearest]
    return actors.assign(canton_code=codes.astype("str"))


def _with_shared_communes(geography: Geography, populations: CantonPopulations) -> gpd.GeoDataFrame:
    """Return the communes with no canton where INSEE's units or the table say that several share the commune."""
    cities = geography.cantons.loc[geography.cantons["kind"] == CITY, "canton_code"]
    told = [commune for commune, parts in populations.parts.items() if len(parts) > 1]
    communes = geography.communes.copy()
    is_shared = communes["canton_code"].isin(cities) | communes["commune_code"].isin(told)
    communes["canton_code"] = communes["canton_code"].where(~is_shared, None).astype("str")
    return communes


def _require_same_cantons(
    communes: pd.DataFrame, units: pd.DataFrame, populations: CantonPopulations, file: str
) -> None:
    """Check by name that the table holds the cantons in which INSEE puts the communes."""
    names = units.set_index("canton_code")["canton_name"]
    used = sorted(set(communes["canton_code"].dropna()))
    differing = [f"{code} {names[code]}" for code in used if populations.names.get(code) != names[code]]
    if differing:
        cantons = ", ".join(differing)
        raise SourceError(t("cantons.errors.populations_differ", file=file, n=len(differing), cantons=cantons))


def _parts_of_commune(
    commune: str,
    outlines: pd.Series,
    communes: gpd.GeoDataFrame,
    populations: CantonPopulations,
    source: tuple[str, int],
) -> dict[str, Any]:
    """Divide a shared commune between its cantons: MultiPolygons in EPSG:4326 that cover it exactly, by code."""
    name, crs = source
    row = communes.set_index("commune_code").loc[commune]
    area = gpd.GeoSeries([row["geometry"]], crs=CRS).to_crs(crs).iloc[0]
    metric = gpd.GeoSeries(outlines, crs=CRS).to_crs(crs)
    inside = {str(code): shapely.intersection(shape, area) for code, shape in metric.items()}
    sharing = populations.parts.get(commune) or [
        code for code, shape in inside.items() if shape.area > _SLIVER_SHARE * area.area
    ]
    absent = [f"{code} {populations.names[code]}" for code in sharing if not inside[code].area]
    if absent:
        cantons = ", ".join(absent)
        raise SourceError(
            t("cantons.errors.part_missing", file=name, commune=row["commune_name"], n=len(absent), cantons=cantons)
        )
    taken = {code: inside[code] for code in sorted(sharing)}
    require_covered(area, taken.values(), row["commune_name"], name)
    grown = gpd.GeoSeries(_grow(taken, area), crs=crs).to_crs(CRS)
    return _cut(row["geometry"], grown)


def _grow(parts: Mapping[str, Any], area: Any) -> dict[str, Any]:
    """Give what parts leave of an area to the nearest of them, by the Voronoi cells of points along their borders."""
    area = shapely.buffer(area, 1)  # a metre more: the border itself is cut later, in degrees
    rest = shapely.difference(area, shapely.union_all(list(parts.values())))
    borders = [shapely.segmentize(shapely.boundary(part), _STEP_M) for part in parts.values()]
    where, owner = shapely.get_coordinates(borders, return_index=True)
    points = np.asarray(shapely.points(where), dtype=object)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=area))
    of_cell, of_point = shapely.STRtree(points).query(cells, predicate="contains")
    nearest = pd.Series(np.array(list(parts))[owner[of_point]]).groupby(of_cell).min()  # on two borders: first by code
    result = {}
    for code, part in parts.items():
        own = cells[nearest.index[nearest == code]]
        near = own[shapely.intersects(own, rest)]
        result[code] = shapely.union(part, shapely.intersection(shapely.union_all(near), rest))
    return result


def _cut(commune: Any, grown: gpd.GeoSeries) -> dict[str, Any]:
    """Cut a commune along parts that cover it; each spot goes to the first, by code, of those that claim it."""
    rest, result = commune, {}
    for code, shape in grown.make_valid().items():  # rounding of the projection may fold a thin spike over itself
        result[str(code)] = shapely.intersection(rest, shape)
        rest = as_multipolygon(shapely.difference(rest, shape))
    last = str(grown.index[-1])
    result[last] = shapely.union(result[last], rest)  # rounding of the projection: square millimetres
    return {code: as_multipolygon(shape) for code, shape in result.items()}


def _cantons(
    communes: gpd.GeoDataFrame,
    shapes: Mapping[str, Mapping[str, Any]],
    parts: pd.DataFrame,
    populations: CantonPopulations,
) -> gpd.GeoDataFrame:
    """Build the table of electoral cantons: whole communes and parts of shared ones, with borders in common."""
    groups = parts.groupby("canton_code")
    codes = sorted(str(code) for code in groups.groups)
    whole = {str(code): group.geometry.to_numpy() for code, group in communes.groupby("canton_code")}
    areas = [
        merge(np.array([*whole.get(code, []), *(of[code] for of in shapes.values() if code in of)], dtype=object))
        for code in codes
    ]
    frame = pd.DataFrame(
        {
            "canton_code": pd.Series(codes, dtype="str"),
            "canton_name": pd.Series([populations.names[code] for code in codes], dtype="str"),
            "label": pd.Series([populations.names[code] for code in codes], dtype="str"),
            "kind": pd.Series([ELECTORAL] * len(codes), dtype="str"),
            "population": groups["population"].sum().loc[codes].to_numpy(),
            "communes_count": groups.size().loc[codes].to_numpy(),
        }
    ).astype({"population": "int64", "communes_count": "int64"})
    return gpd.GeoDataFrame(frame, geometry=_with_common_borders(areas), crs=CRS)[CANTONS.column_names]


def _with_common_borders(areas: list[Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Return areas whose neighbours have every point of their common border in common, as maps simplify them."""
    lines = shapely.union_all(shapely.boundary(np.array(areas, dtype=object)))
    faces = shapely.get_parts(shapely.polygonize([lines]))
    of_face, of_area = shapely.STRtree(areas).query(shapely.point_on_surface(faces), predicate="within")
    pieces: list[list[Any]] = [[] for _ in areas]
    for face, area in sorted({int(face): int(area) for face, area in zip(of_face, of_area, strict=True)}.items()):
        pieces[area].append(faces[face])
    return np.array([as_multipolygon(shapely.union_all(faces_of)) for faces_of in pieces], dtype=object)


def _division_notes(
    loaded: Loaded, populations: CantonPopulations, communes: pd.DataFrame, shapes: Mapping[str, Mapping[str, Any]]
) -> list[Note]:
    notes = notes_about("cantons_electoral", list(populations.names), source=loaded.outlines.name)
    rows = communes.set_index("commune_code")
    for commune in shapes:
        name, present = rows.at[commune, "commune_name"], format_number(int(rows["population"][commune]))
        notes += notes_about("canton_parts_scaled", [commune], commune=name, population=present, year=populations.year)
    return notes


def _outlines_record(outlines: CantonOutlines, kept: int) -> SourceRecord:
    rows = len(outlines.frame)
    is_file = outlines.fetched_at is None
    return SourceRecord(
        key="canton_outlines",
        title=t("build.given_title", file=outlines.name) if is_file else t("cantons.source.title"),
        publisher=t("build.given_publisher") if is_file else t("cantons.source.publisher"),
        url="" if is_file else PUBLISHED_AT,
        licence=t("build.given_licence") if is_file else t("cantons.source.licence"),
        vintage=t("build.given_vintage")
        if is_file
        else t("cantons.source.vintage", date="/".join(reversed(str(outlines.fetched_at).split("-")))),
        fetched_at=outlines.fetched_at,
        sha256=outlines.sha256,
        rows_in=rows,
        rows_kept=kept,
        rows_rejected={t("geography.rejected.elsewhere"): rows - kept} if rows > kept else {},
    )


def _populations_record(loaded: Loaded, populations: CantonPopulations) -> SourceRecord:
    table = loaded.populations
    embedded = loaded.is_embedded
    return SourceRecord(
        key="canton_populations",
        title=t("cantons.populations.title") if embedded else t("build.given_title", file=table.file),
        publisher=t("cantons.populations.publisher") if embedded else t("build.given_publisher"),
        url="",
        licence=t("cantons.populations.licence") if embedded else t("build.given_licence"),
        vintage=str(populations.year),
        fetched_at=None,
        sha256=table.sha256,
        rows_in=len(table.frame),
        rows_kept=len(table.frame),
    )
