"""What stands on the sheet of a territory, in words: every figure with its limits, nothing that the data cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.analysis.coverage import Level, Question, Tables, Theme, coverage
from essmap.analysis.portrait import Supports, is_inside, population_of, profile, supports_of
from essmap.analysis.units import membership
from essmap.schema.folding import fold_series
from essmap.schema.snapshot import Snapshot, SourceRecord
from essmap.texts import t
from essmap.view.cards import amount, year
from essmap.view.format import DASH, day, decimal, euros, integer, producers
from essmap.view.rows import each_row
from essmap.view.sheet.drawing import territory_svg
from essmap.view.sheet.parts import Column, Gap, Row, Section, SheetContent, SheetTable

#: More actors than this are counted by commune instead of named: the sheet keeps to two pages.
NAMED_AT_MOST: Final = 44
_PROJECTS_AT_MOST: Final = 36
_COMMUNES_AT_MOST: Final = 18


def axes_of_the_department() -> list[str]:
    """Return the keys of the four axes, in order."""
    return [key for key in reference.axes().index if key not in {reference.NO_AXIS, reference.SEVERAL_AXES}]


def axis_gaps(tables: Tables, level: Level, code: str, *, exercise: bool = False) -> tuple[Gap, ...]:
    """Return what may be said of each axis in a territory: a class only where the table may be judged.

    Parameters
    ----------
    tables : Tables
    level : {"canton", "epci", "commune"}
    code : str
    exercise : bool
        Judge a partial table all the same: to learn the method, never to conclude.
    """
    found = []
    for axis in axes_of_the_department():
        table = coverage(tables, Question(level, Theme("axis", axis), count="all", exercise=exercise))
        row = table[table["code"] == code].iloc[0]
        observed, expected = int(row["observed"]), float(row["expected"])
        if row["status"] not in {"assessed", "exercise"}:
            found.append(Gap(axis, observed, expected))
            continue
        interval = None if pd.isna(row["ratio_low"]) else (float(row["ratio_low"]), float(row["ratio_high"]))
        found.append(Gap(axis, observed, expected, t(f"coverage.classes.{row['class']}"), interval))
    return tuple(found)


def sheet_content(  # noqa: PLR0913  what a sheet is made of
    snapshot: Snapshot,
    level: Level,
    code: str,
    *,
    label: str,
    gaps: Sequence[Gap],
    built_on: str,
    site_title: str,
    page_url: str = "",
    exercise: bool = False,
) -> SheetContent:
    """Say what is known of a territory.

    Parameters
    ----------
    snapshot : Snapshot
    level : {"canton", "epci", "commune"}
    code : str
    label : str
        What the screen calls the territory.
    gaps : sequence of Gap
        One per axis.
    built_on : str
        Day of the snapshot, in words.
    site_title, page_url : str
        Where the sheet comes from; the address may be empty.
    exercise : bool
        The gaps were computed for exercise on a partial table: every page says so.

    Returns
    -------
    SheetContent

    Raises
    ------
    KeyError
        If there is no such territory.
    """
    manifest = snapshot.manifest
    actors, communes = snapshot.layer("actors"), snapshot.layer("communes")
    tables = Tables.of(snapshot)
    members = membership(tables, level)
    inside = is_inside(tables, level, code)
    own_codes = members.loc[members["code"] == code, "commune_code"]
    here, own = actors[inside], communes[communes["commune_code"].isin(own_codes)]
    partial = manifest.completeness["actors"].status == "partial"
    department = manifest.department_name
    return SheetContent(
        title=label,
        author=site_title,
        kicker=t("sheet.kicker", department=department),
        warning=_warning(len(actors), is_partial=partial, is_made_up=manifest.is_made_up),
        watermark=_watermark(exercise=exercise, is_made_up=manifest.is_made_up),
        figures=_figures(snapshot, level, code, here),
        map=_map(snapshot, level, code, label, own, here),
        axes=_axes(actors, inside, gaps, partial=partial and not exercise),
        sections=[
            _families(actors, inside),
            _projects(snapshot, level, code),
            _actors(here, own),
        ],
        sources=_sources(snapshot, page_url),
        footer=t("sheet.footer", site=site_title, department=department, date=built_on),
        words={"figures": t("sheet.figures"), "sources": t("sheet.sources")},
    )


def _warning(n: int, *, is_partial: bool, is_made_up: bool) -> str | None:
    said = [t("frame.made_up")] if is_made_up else []
    if is_partial:
        said.append(t("sheet.partial", n=n, n_text=integer(n)))
    return " ".join(said) or None


def _watermark(*, exercise: bool, is_made_up: bool) -> str | None:
    if is_made_up:
        return t("sheet.made_up")
    return t("sheet.exercise") if exercise else None


def _figures(snapshot: Snapshot, level: Level, code: str, here: pd.DataFrame) -> list[dict[str, str]]:
    found = population_of(Tables.of(snapshot), level, code)
    supports = _supports(snapshot, level, code)
    n, supported = len(here), int(here["is_supported"].sum())
    figures = [
        {
            "value": integer(found.inhabitants),
            "label": t("sheet.inhabitants"),
            "detail": t(
                "sheet.inhabitants_detail",
                share=decimal(100 * found.share),
                rank=_ordinal(found.rank),
                n=found.territories,
                level=t(f"sheet.levels.{level}"),
            ),
        },
        {
            "value": integer(n),
            "label": t("sheet.actors_figure", n=n),
            "detail": t("sheet.actors_detail", n=supported, n_text=integer(supported)),
        },
        {
            "value": integer(len(supports.projects)),
            "label": t("sheet.projects_figure", n=len(supports.projects)),
            "detail": _money(supports.known_eur, supports.known, supports.unknown),
        },
    ]
    if level != "commune":
        figures.insert(
            1, {"value": integer(found.communes), "label": t("sheet.communes_figure", n=found.communes), "detail": ""}
        )
    return figures


def _supports(snapshot: Snapshot, level: Level, code: str) -> Supports:
    return supports_of(snapshot.table("projects"), Tables.of(snapshot), level, code)


def _ordinal(rank: int) -> str:
    return t("sheet.first") if rank == 1 else t("sheet.nth", n=rank)


def _money(known_eur: float, known: int, unknown: int) -> str:
    if known == 0:
        return t("sheet.no_amount") if unknown else ""
    sentence = t("sheet.known_amount", total=euros(known_eur), n=known)
    return f"{sentence} {t('sheet.unknown_amount', n=unknown)}" if unknown else sentence


def _map(
    snapshot: Snapshot, level: Level, code: str, label: str, own: gpd.GeoDataFrame, here: gpd.GeoDataFrame
) -> dict[str, str]:
    names = {"canton": "cantons", "epci": "epci", "commune": "communes"}
    layer = snapshot.layer(names[level])
    key = f"{level}_code"
    shape = layer.loc[layer[key] == code, "geometry"].iloc[0]
    crs = reference.projected_crs(snapshot.manifest.department)
    drawn = here[here.geometry.notna()]
    return {
        "svg": territory_svg(shape, own, layer[layer[key] != code], drawn, crs),
        "alt": t("sheet.map_alt", name=label, n=len(drawn), n_text=integer(len(drawn))),
        "caption": t("sheet.map_caption"),
    }


def _axes(actors: pd.DataFrame, inside: Any, gaps: Sequence[Gap], *, partial: bool) -> Section:
    table = reference.axes()
    counts = profile(actors, inside, "axis")
    concluded = any(gap.verdict for gap in gaps)
    columns = [
        Column(t("sheet.axis"), wide=True),
        Column(t("sheet.here"), number=True),
        Column(t("sheet.expected"), number=True),
        Column(t("sheet.department"), number=True),
    ]
    if concluded:
        columns.append(Column(t("sheet.verdict")))
    rows = []
    for gap in gaps:
        style = table.loc[gap.axis]
        cells = [str(style["label"]), integer(gap.observed), decimal(gap.expected)]
        cells.append(integer(int(counts["department"].get(gap.axis, 0))))
        if concluded:
            cells.append(gap.verdict or DASH)
        rows.append(Row(cells, {"shape": str(style["shape"]), "colour": str(style["colour"])}))
    outside = int(counts["here"].get("none", 0)) if len(counts) else 0
    sentences = [t("sheet.axes_partial" if partial else "sheet.axes_expected")]
    if outside:
        sentences.append(t("sheet.outside_axes", n=outside, n_text=integer(outside)))
    return Section(t("sheet.axes"), sentences, SheetTable(columns, rows))


def _families(actors: pd.DataFrame, inside: Any) -> Section:
    families = profile(actors, inside, "family")
    domains = profile(actors, inside, "domain")
    labels = {**reference.families()["label"], **reference.domains()["label"]}

    def words(counts: pd.DataFrame) -> str:
        present = counts[counts["here"] > 0].sort_values("here", ascending=False, kind="stable")
        return t("sheet.enumeration").join(
            t("sheet.counted", label=labels[row.Index], n_text=integer(row.here)) for row in each_row(present)
        )

    if not inside.any():
        return Section(t("sheet.families"), [t("sheet.no_actor")])
    return Section(
        t("sheet.families"),
        [
            t("sheet.by_family", listing=words(families)),
            t("sheet.by_domain", listing=words(domains)),
        ],
    )


def _projects(snapshot: Snapshot, level: Level, code: str) -> Section:
    supports = _supports(snapshot, level, code)
    sentences = [snapshot.manifest.completeness["projects"].sentence]
    if supports.everywhere:
        sentences.append(t("sheet.everywhere", n=supports.everywhere, n_text=integer(supports.everywhere)))
    if supports.projects.empty:
        return Section(t("sheet.projects"), [t("sheet.no_project"), *sentences])
    kinds = reference.support_kinds()["label"]
    columns = [
        Column(t("sheet.holder"), wide=True),
        Column(t("sheet.programme"), wide=True),
        Column(t("sheet.kind")),
        Column(t("sheet.year"), number=True),
        Column(t("sheet.amount"), number=True),
    ]
    shown = supports.projects.head(_PROJECTS_AT_MOST)
    rows = [
        Row([row.holder_name, row.programme, str(kinds[row.support_kind]), *_when_and_how_much(row)])
        for row in each_row(shown)
    ]
    left = len(supports.projects) - len(shown)
    if left:
        sentences.append(t("sheet.more_projects", n=left, n_text=integer(left)))
    return Section(t("sheet.projects"), sentences, SheetTable(columns, rows))


def _when_and_how_much(project: Any) -> tuple[str, str]:
    """Return year and amount; under their headings « non communiqué » is enough."""
    return (
        t("sheet.year_unknown") if pd.isna(project.year) else year(project.year),
        t("sheet.amount_unknown") if pd.isna(project.amount_eur) else amount(project.amount_eur),
    )


def _actors(here: pd.DataFrame, own: pd.DataFrame) -> Section:
    if here.empty:
        return Section(t("sheet.actors"), [t("sheet.no_actor")])
    if len(here) <= NAMED_AT_MOST:
        ordered = here.sort_values("name", key=fold_series)
        return Section(
            t("sheet.actors"),
            names=[
                t("sheet.actor_supported" if row.is_supported else "sheet.actor", name=row.name, place=row.commune_name)
                for row in each_row(ordered)
            ],
        )
    counts = here["commune_name"].value_counts()
    shown = counts.head(_COMMUNES_AT_MOST)
    sentences = [t("sheet.too_many", n=len(here), n_text=integer(len(here)))]
    if len(counts) > len(shown):
        left = len(counts) - len(shown)
        sentences.append(t("sheet.more_communes", n=left, n_text=integer(left), shown=len(shown)))
    names = [t("sheet.counted", label=name, n_text=integer(n)) for name, n in shown.items()]
    if len(own) == 1:  # one commune: its domains say more than its name
        return Section(t("sheet.actors"), [t("sheet.too_many", n=len(here), n_text=integer(len(here)))])
    return Section(t("sheet.actors"), sentences, names=names)


def _sources(snapshot: Snapshot, page_url: str) -> list[str]:
    manifest = snapshot.manifest
    # What the projects leave out stands beside them.
    sentences = [completeness.sentence for name, completeness in manifest.completeness.items() if name != "projects"]
    editions: dict[str, list[SourceRecord]] = {}
    for source in manifest.sources:
        editions.setdefault(source.vintage, []).append(source)
    titles = [
        t(
            "sheet.source",
            title=", ".join(source.title for source in sources),
            publisher=", ".join(producers(source.publisher for source in sources)),
            vintage=_vintage(vintage),
        )
        for vintage, sources in editions.items()
    ]
    sentences.append(t("sheet.all_sources", listing=t("sheet.enumeration").join(titles)))
    if page_url:
        sentences.append(t("sheet.page", url=page_url))
    return sentences


def _vintage(text: str) -> str:
    """Return an edition as it is read: a date in words, anything else as it is."""
    try:
        return day(datetime.fromisoformat(text))
    except ValueError:
        return text
