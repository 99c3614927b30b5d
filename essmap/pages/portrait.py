"""What *Mon territoire* says of a territory, in tables: figures, axes, profile, what is near, what is like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.analysis.coverage import Level, Theme
from essmap.analysis.elsewhere import nearest_outside
from essmap.analysis.portrait import (
    Population,
    Supports,
    is_inside,
    population_of,
    profile,
    supports_of,
)
from essmap.analysis.similar import areas_km2, closest, features
from essmap.pages.computed import tables_of
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view import cards
from essmap.view.filters import Mask
from essmap.view.format import DASH, decimal, escape, integer
from essmap.view.places import ADDRESS, territory_name
from essmap.view.rows import each_row
from essmap.view.sheet import Gap, axes_of_the_department, axis_gaps
from essmap.view.tables import Heading, Html, bar, html_table

_ALIKE: Final = 3

Place = tuple[Level, str]


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything that the page says of one territory."""

    level: Level
    code: str
    label: str
    inside: Mask
    actors: gpd.GeoDataFrame
    population: Population
    supports: Supports
    gaps: tuple[Gap, ...]


def portrait_of(data: Loaded, place: Place) -> Portrait:
    """Return everything that the page says of a territory."""
    level, code = place
    tables = tables_of(data)
    inside = is_inside(tables, level, code)
    return Portrait(
        level=level,
        code=code,
        label=territory_name(level, data.place_names[place]),
        inside=inside,
        actors=data.snapshot.layer("actors")[inside],
        population=population_of(tables, level, code),
        supports=supports_of(data.snapshot.table("projects"), tables, level, code),
        gaps=axis_gaps(tables, level, code),
    )


def figures(data: Loaded, portraits: Sequence[Portrait]) -> str:
    """Key figures: one column per territory, and the department beside them."""
    communes = data.snapshot.table("communes")
    projects = data.snapshot.table("projects")
    headings = [Heading(t("territory.figure")), *(Heading(p.label, is_number=True) for p in portraits)]
    headings.append(Heading(data.manifest.department_name, is_number=True))
    everyone = data.snapshot.table("actors")
    rows: list[list[str | Html]] = [
        [
            t("territory.inhabitants"),
            *(integer(p.population.inhabitants) for p in portraits),
            integer(data.manifest.population),
        ],
        [t("territory.share"), *(_percent(p.population.share) for p in portraits), _percent(1)],
        [t("territory.rank"), *(_rank(p) for p in portraits), DASH],
        [t("territory.communes"), *(integer(p.population.communes) for p in portraits), integer(len(communes))],
        [t("territory.actors"), *(integer(len(p.actors)) for p in portraits), integer(len(everyone))],
        [
            t("territory.supported_actors"),
            *(integer(p.actors["is_supported"].sum()) for p in portraits),
            integer(everyone["is_supported"].sum()),
        ],
        [t("territory.projects"), *(integer(len(p.supports.projects)) for p in portraits), integer(len(projects))],
    ]
    return html_table(t("territory.figures"), headings, rows)


def _percent(share: float) -> str:
    return t("territory.percent", share=decimal(100 * share))


def _rank(portrait: Portrait) -> Html:
    found = portrait.population
    words = {"n": found.territories, "level": t(f"sheet.levels.{portrait.level}")}
    said = t("territory.first", **words) if found.rank == 1 else t("territory.nth", rank=found.rank, **words)
    return Html(f"<small>{escape(said)}</small>")


def axes(data: Loaded, portraits: Sequence[Portrait]) -> str:
    """The four axes: what is recorded here beside what the department's average would give."""
    headings = [Heading(t("territory.axis"))]
    for portrait in portraits:
        near = t("territory.of", name=portrait.label) if len(portraits) > 1 else ""
        headings.append(Heading(t("territory.observed") + near, is_number=True))
        headings.append(Heading(t("sheet.expected") + near, is_number=True))
        if any(gap.verdict for gap in portrait.gaps):
            headings.append(Heading(t("sheet.verdict") + near))
    longest = max([1.0, *(max(gap.observed, gap.expected) for p in portraits for gap in p.gaps)])
    rows: list[list[str | Html]] = []
    for number, axis in enumerate(axes_of_the_department()):
        cells: list[str | Html] = [Html(cards.axis_badges([axis]))]
        for portrait in portraits:
            gap = portrait.gaps[number]
            cells.append(bar(integer(gap.observed), gap.observed / longest))
            cells.append(bar(decimal(gap.expected), gap.expected / longest, is_reference=True))
            if any(other.verdict for other in portrait.gaps):
                cells.append(_verdict(gap))
        rows.append(cells)
    note = t("sheet.axes_partial" if data.is_partial else "sheet.axes_expected")
    title = f"<h2>{escape(t('sheet.axes'))}</h2>"
    return (
        title + html_table(t("territory.axes_caption"), headings, rows) + f'<p class="essmap-meta">{escape(note)}</p>'
    )


def _verdict(gap: Gap) -> str:
    if gap.interval is None:
        return gap.verdict
    low, high = (decimal(value, 2) for value in gap.interval)
    return t("territory.verdict", verdict=gap.verdict, low=low, high=high)


def profiles(data: Loaded, portraits: Sequence[Portrait], by: Literal["family", "domain"]) -> str:
    """Families or domains, those that are here, as bars in a table."""
    labels = reference.families()["label"] if by == "family" else reference.domains()["label"]
    actors = data.snapshot.table("actors")
    counts = [profile(actors, portrait.inside, by)["here"] for portrait in portraits]
    present = pd.concat(counts, axis=1).max(axis=1)
    present = present[present > 0].sort_values(ascending=False, kind="stable")
    title = t(f"territory.by_{by}")
    if present.empty:
        return f"<h2>{escape(title)}</h2><p>{escape(t('sheet.no_actor'))}</p>"
    longest = float(present.max())
    headings = [Heading(t(f"territory.{by}")), *(Heading(p.label, is_number=True) for p in portraits)]
    rows: list[list[str | Html]] = [
        [str(labels[key]), *(bar(integer(count[key]), count[key] / longest) for count in counts)]
        for key in present.index
    ]
    return f"<h2>{escape(title)}</h2>{html_table(t(f'territory.by_{by}_caption'), headings, rows)}"


def missing(data: Loaded, portrait: Portrait) -> str:
    """For each domain that is not recorded here, the nearest structure elsewhere, as far as distances are known."""
    labels = reference.domains()["label"]
    found = nearest_outside(
        data.snapshot.layer("actors"),
        data.snapshot.layer("communes"),
        (portrait.level, portrait.code),
        [Theme("domain", key) for key in labels.index],
        crs=reference.projected_crs(data.manifest.department),
    )
    known = found[found["kind"].isin(["located", "approximate"])]
    title = f"<h2>{escape(t('territory.missing', name=portrait.label))}</h2>"
    if known.empty:
        return f"{title}<p>{escape(t('territory.nothing_missing'))}</p>"
    headings = [Heading(t("territory.domain")), Heading(t("territory.nearest")), Heading(t("territory.distance"))]
    rows: list[list[str | Html]] = [
        [
            str(labels[row.theme_key]),
            Html(f"{cards.card_link(row.actor_id, row.actor_name)}, {escape(row.commune_name)}"),
            t(f"territory.distance_{row.kind}", km=decimal(row.distance_km, 0), place=row.from_name),
        ]
        for row in each_row(known)
    ]
    table = html_table(t("territory.missing_caption", name=portrait.label), headings, rows)
    return f'{title}{table}<p class="essmap-meta">{escape(t("territory.straight"))}</p>'


def alike(data: Loaded, portrait: Portrait) -> str:
    """The territories most like this one: fairer to compare with than the average."""
    layer = {"canton": "cantons", "epci": "epci", "commune": "communes"}[portrait.level]
    outlines = data.snapshot.layer(layer)
    outlines = outlines[outlines.geometry.notna()]
    crs = reference.projected_crs(data.manifest.department)
    areas = areas_km2(outlines, f"{portrait.level}_code", crs)
    tables = tables_of(data)
    found = closest(features(tables, portrait.level, areas), portrait.code, n=_ALIKE)
    if found.empty:
        return ""
    headings = [
        Heading(t("territory.territory")),
        Heading(t("territory.inhabitants"), is_number=True),
        Heading(t("territory.actors"), is_number=True),
        Heading(t("territory.compare")),
    ]
    rows: list[list[str | Html]] = []
    for code in found["code"]:
        name = territory_name(portrait.level, data.place_names[portrait.level, code])
        address = f"./{ADDRESS}?{portrait.level}={portrait.code}&avec={portrait.level}-{code}"
        rows.append(
            [
                name,
                integer(population_of(tables, portrait.level, code).inhabitants),
                integer(is_inside(tables, portrait.level, code).sum()),
                Html(f'<a href="{escape(address)}" target="_self">{escape(t("territory.beside", name=name))}</a>'),
            ]
        )
    title = f"<h2>{escape(t('territory.alike'))}</h2><p>{escape(t('territory.alike_how'))}</p>"
    return title + html_table(t("territory.alike_caption", name=portrait.label), headings, rows)
