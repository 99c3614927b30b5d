"""Page Mon territoire. Its question: what is here, what the Department supports here, how does it compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.coverage import Level, Tables, Theme
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
from essmap.pages import frame, state
from essmap.pages.actor_map import background, chosen_territory
from essmap.pages.loaded import Loaded, settings
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view import cards
from essmap.view.filters import Mask, Where
from essmap.view.format import decimal, escape, file_name, integer, listing
from essmap.view.layers import pack_mask
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.places import territory_name
from essmap.view.rows import each_row
from essmap.view.sheet import Gap, axes_of_the_department, axis_gaps, sheet_content, sheet_pdf
from essmap.view.supports import known_amounts, projects_table
from essmap.view.tables import Heading, Html, bar, html_table

MAP_HEIGHT: Final = 420
PAGE_SIZE: Final = 20
LEVELS: Final[tuple[Level, ...]] = ("canton", "epci", "commune")
#: Address of the page, as `essmap.pages.navigation` gives it.
ADDRESS: Final = "mon-territoire"
_LIST_PAGE: Final = "territory_list_page"
_MAP: Final = "map_territory"
_CLICKED: Final = "territory_click"
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


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("territory.title"), t("territory.lead", place=data.in_department))
    frame.partial_banner(data)
    chosen, other = _choices(data)
    if chosen is None:
        _welcome(data)
        return
    portraits = [_portrait(data, place) for place in (chosen, other) if place is not None]
    st.html(f"<h2>{escape(t('territory.and').join(p.label for p in portraits))}</h2>")
    frame.status(_sentence(data, portraits[0]))
    _downloads(data, portraits)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.html(_figures(data, portraits))
    with right:
        _map(data, portraits)
    if len(portraits) > 1:  # four columns of numbers need the whole width
        st.html(_axes(data, portraits))
    left, right = st.columns(2, gap="medium")
    with left:
        if len(portraits) == 1:
            st.html(_axes(data, portraits))
        st.html(_profile(data, portraits, "family"))
    with right:
        st.html(_profile(data, portraits, "domain"))
    for portrait in portraits:
        _supports(data, portrait)
    for portrait in portraits:
        _missing(data, portrait)
    if len(portraits) == 1:
        st.html(_alike(data, portraits[0]))
    _actors(data, portraits)


def _choices(data: Loaded) -> tuple[Place | None, Place | None]:
    """Draw the choice of one territory, and of a second one to put beside it."""
    places = [cast("Place", place) for level in LEVELS for place in data.places if place[0] == level]
    now = cast("Place | None", state.filters().where)
    left, right = st.columns(2)
    with left:
        chosen = _place_box(data, places, "territory", now)
    other = None
    if chosen is not None:
        with right:
            others = [place for place in places if place != chosen]
            other = _place_box(data, others, "other", cast("Place | None", state.compared()))
    state.keep_filters(replace(state.filters(), where=cast("tuple[Where, str] | None", chosen)))
    state.compare_with(other)
    return chosen, other


def _place_box(data: Loaded, places: Sequence[Place], name: str, now: Place | None) -> Place | None:
    chosen = st.selectbox(
        t(f"territory.{name}"),
        places,
        index=None,
        format_func=lambda place: data.places.get(place, ""),
        key=state.seed(name, now if now in places else None),
        placeholder=t(f"territory.{name}_hint"),
        on_change=state.touched,
    )
    return cast("Place", tuple(chosen)) if chosen else None


def _welcome(data: Loaded) -> None:
    """Nothing is chosen yet: every canton as a link, with what is known of it."""
    cantons = data.snapshot.table("cantons").sort_values("label", key=fold_series)
    actors = data.snapshot.table("actors")["canton_code"].value_counts()
    projects, tables = data.snapshot.table("projects"), Tables.of(data.snapshot)
    headings = [
        Heading(t("territory.canton")),
        Heading(t("territory.inhabitants"), is_number=True),
        Heading(t("territory.actors"), is_number=True),
        Heading(t("territory.projects"), is_number=True),
    ]
    rows: list[list[str | Html]] = [
        [
            Html(f'<a href="./{ADDRESS}?canton={escape(row.canton_code)}" target="_self">{escape(row.label)}</a>'),
            integer(row.population),
            integer(actors.get(row.canton_code, 0)),
            integer(len(supports_of(projects, tables, "canton", row.canton_code).projects)),
        ]
        for row in each_row(cantons)
    ]
    st.html(f"<p>{escape(t('territory.start'))}</p>{html_table(t('territory.all_cantons'), headings, rows)}")
    absent = reference.cantons_not_loaded(cantons, data.manifest.department)
    if len(absent):
        said = t("territory.not_loaded", names=listing(absent["canton_name"].tolist()))
        st.html(f'<p class="essmap-meta">{escape(said)} {escape(reference.how_to_load_cantons())}</p>')


def _portrait(data: Loaded, place: Place) -> Portrait:
    level, code = place
    tables = Tables.of(data.snapshot)
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


def _sentence(data: Loaded, portrait: Portrait) -> str:
    n, projects = len(portrait.actors), len(portrait.supports.projects)
    partial = t("discover.partial") if data.is_partial else ""
    return t(
        "territory.sentence",
        name=portrait.label,
        actors=t("territory.n_actors", n=n, n_text=integer(n)),
        partial=partial,
        projects=t("territory.n_projects", n=projects, n_text=integer(projects)),
    )


def _downloads(data: Loaded, portraits: Sequence[Portrait]) -> None:
    with st.container(horizontal=True, gap="small"):
        for portrait in portraits:
            st.download_button(
                t("territory.pdf", name=portrait.label),
                partial(_pdf, data, portrait),
                file_name=f"{file_name(portrait.label)}.pdf",
                mime="application/pdf",
                key=f"pdf_{portrait.level}_{portrait.code}",
                on_click="ignore",
                icon=":material/download:",
            )


def _pdf(data: Loaded, portrait: Portrait) -> bytes:
    chosen = settings()
    site = chosen.site_url.rstrip("/")
    return sheet_pdf(
        sheet_content(
            data.snapshot,
            portrait.level,
            portrait.code,
            label=portrait.label,
            gaps=portrait.gaps,
            built_on=data.built_on,
            site_title=chosen.site_title,
            page_url=f"{site}/{ADDRESS}?{portrait.level}={portrait.code}" if site else "",
        )
    )


def _figures(data: Loaded, portraits: Sequence[Portrait]) -> str:
    """Key figures: one column per territory, and the department beside them."""
    communes = data.snapshot.table("communes")
    projects = data.snapshot.table("projects")
    headings = [Heading(t("territory.figure")), *(Heading(p.label, is_number=True) for p in portraits)]
    headings.append(Heading(data.manifest.department_name, is_number=True))
    everyone = data.snapshot.table("actors")
    rows: list[list[str | Html]] = [
        [
            t("territory.inhabitants"),
            *(_with_rank(p) for p in portraits),
            integer(data.manifest.population),
        ],
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


def _with_rank(portrait: Portrait) -> Html:
    found = portrait.population
    rank = t("sheet.first") if found.rank == 1 else t("sheet.nth", n=found.rank)
    detail = t(
        "sheet.inhabitants_detail",
        share=decimal(100 * found.share),
        rank=rank,
        n=found.territories,
        level=t(f"sheet.levels.{portrait.level}"),
    )
    return Html(f"{escape(integer(found.inhabitants))}<br><small>{escape(detail)}</small>")


def _axes(data: Loaded, portraits: Sequence[Portrait]) -> str:
    """The four axes: what is recorded here beside what the department's average would give."""
    headings = [Heading(t("sheet.axis"))]
    for portrait in portraits:
        near = f" ({portrait.label})" if len(portraits) > 1 else ""
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


def _map(data: Loaded, portraits: Sequence[Portrait]) -> None:
    mask: Mask = np.logical_or.reduce([portrait.inside for portrait in portraits])
    boxes = [data.place_bounds[portrait.level, portrait.code] for portrait in portraits]
    bounds = [
        [min(box[0][0] for box in boxes), min(box[0][1] for box in boxes)],
        [max(box[1][0] for box in boxes), max(box[1][1] for box in boxes)],
    ]
    names = t("territory.and").join(portrait.label for portrait in portraits)
    drawn = base_map(
        dict(data.assets),
        data.home,
        title=t("map.territory_title", name=names),
        with_actors=True,
        options=MapOptions(level=portraits[0].level, territories="direct", background=background()),
    )
    st_folium(
        drawn,
        key=_MAP,
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=partial(_follow_click, data),
        feature_group_to_add=state_layer(
            MapState(
                mask=pack_mask(mask),
                bounds=bounds,
                look="-".join(p.code for p in portraits),
                territory=(portraits[0].level, portraits[0].code),
            )
        ),
    )


def _follow_click(data: Loaded) -> None:
    """Open the territory just clicked on the map; an old click that comes back with a rerun is not a wish."""
    answer = st.session_state.get(_MAP)
    place = chosen_territory(data, answer)
    state.touched()
    if place is None or answer == st.session_state.get(_CLICKED):
        return
    st.session_state[_CLICKED] = answer
    state.set_filters(replace(state.filters(), where=cast("tuple[Where, str]", place)))


def _profile(data: Loaded, portraits: Sequence[Portrait], by: Literal["family", "domain"]) -> str:
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


def _supports(data: Loaded, portrait: Portrait) -> None:
    supports = portrait.supports
    st.html(f"<h2>{escape(t('territory.supports', name=portrait.label))}</h2>")
    if supports.projects.empty:
        st.html(f"<p>{escape(t('sheet.no_project'))}</p>")
    else:
        said = known_amounts(supports.known_eur, supports.known, supports.unknown)
        caption = t("territory.supports_caption", name=portrait.label)
        table = projects_table(supports.projects, data.snapshot.table("communes"), caption)
        st.html(f"<p>{escape(said)}</p>{table}")
    sentences = [data.manifest.completeness["projects"].sentence]
    if supports.everywhere:
        sentences.append(t("sheet.everywhere", n=supports.everywhere, n_text=integer(supports.everywhere)))
    st.html(f'<p class="essmap-meta">{escape(" ".join(sentences))}</p>')


def _missing(data: Loaded, portrait: Portrait) -> None:
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
        st.html(f"{title}<p>{escape(t('territory.nothing_missing'))}</p>")
        return
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
    st.html(f'{title}{table}<p class="essmap-meta">{escape(t("territory.straight"))}</p>')


def _alike(data: Loaded, portrait: Portrait) -> str:
    """The territories most like this one: fairer to compare with than the average."""
    layer = {"canton": "cantons", "epci": "epci", "commune": "communes"}[portrait.level]
    outlines = data.snapshot.layer(layer)
    outlines = outlines[outlines.geometry.notna()]
    crs = reference.projected_crs(data.manifest.department)
    areas = areas_km2(outlines, f"{portrait.level}_code", crs)
    tables = Tables.of(data.snapshot)
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


def _actors(data: Loaded, portraits: Sequence[Portrait]) -> None:
    """The structures, by name, twenty at a time; a name leads to its card on Découvrir."""
    inside = np.logical_or.reduce([portrait.inside for portrait in portraits])
    found = data.snapshot.table("actors")[inside].sort_values("name", key=fold_series)
    st.html(
        f'<h2 id="liste" tabindex="-1">{escape(t("territory.list", n=len(found), n_text=integer(len(found))))}</h2>'
    )
    if found.empty:
        st.html(f"<p>{escape(t('sheet.no_actor'))}</p>")
        return
    pages = -(-len(found) // PAGE_SIZE)
    number = min(st.session_state.get(_LIST_PAGE, 1), pages)
    shown = found.iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    st.html("".join(cards.list_row(row, is_link=True) for row in each_row(shown)))
    if pages > 1:
        st.pagination(pages, key=_LIST_PAGE, on_change=state.touched)
