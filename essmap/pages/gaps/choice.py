"""What a planner asks of *Analyse des écarts*: drawn as choices, mirrored in the address bar.

The exercise is not in the address: a link never opens it, only the button does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar, get_args

import streamlit as st

from essmap import reference
from essmap.analysis.coverage import EMPLOYERS_KNOWN, Count, Level, Question, Theme, default_count, employers_known
from essmap.pages import state
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.findings import theme_name
from essmap.view.format import escape, integer

#: The questions of the page; the first is the one that an address without ``analyse`` asks.
View = Literal["compare", "access", "siting", "clusters", "priority"]
VIEWS: Final[tuple[View, ...]] = get_args(View)

#: Questions that make no sense on a partial list, unless as an exercise.
ONLY_COMPLETE: Final[frozenset[View]] = frozenset({"siting", "clusters", "priority"})

PAGE: Final = "gaps"
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
_HAVE_LEVEL: Final[frozenset[View]] = frozenset({"compare", "priority"})
_HAVE_THEME: Final[frozenset[View]] = frozenset({"compare", "access", "siting", "clusters"})
#: Words of the address bar.
_VIEW_WORDS: Final[dict[View, str]] = {
    "compare": "comparer",
    "access": "acces",
    "siting": "ou-agir",
    "clusters": "zones",
    "priority": "priorites",
}
_COUNT_WORDS: Final[dict[Count, str]] = {"all": "toutes", "employers": "employeuses"}
_THEME_WORDS: Final[dict[str, Literal["axis", "domain"]]] = {"axe": "axis", "domaine": "domain"}
_EXERCISE: Final = "gaps_exercise"
_Key = TypeVar("_Key", bound=str)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked.

    Attributes
    ----------
    view : str
        Of `VIEWS`.
    level : {"canton", "epci", "commune"}
    theme : Theme
    count : {"all", "employers"}
    is_exercise : bool
        Compute on a partial list as if it were complete; always false on a complete one.
    is_judged : bool
        Whether tests and findings are there: a complete list, or an exercise.
    asked : mapping or None
        What the address asks for where a link or the back button changed it: each question takes its own part.
    """

    view: View
    level: Level
    theme: Theme
    count: Count
    is_exercise: bool
    is_judged: bool
    asked: Mapping[str, str] | None = None

    @property
    def question(self) -> Question:
        """The question to `essmap.analysis.coverage.coverage`."""
        return Question(self.level, self.theme, self.count, self.is_exercise)


def choose(data: Loaded) -> tuple[Choice, dict[str, str]]:
    """Draw the choices and return them, with the parameters that say them in the address bar."""
    themes, actors = _themes(), data.snapshot.table("actors")
    usual = default_count(actors)
    asked = state.asked_by_address(PAGE)
    _follow(asked, themes, usual)
    st.segmented_control(
        t("gaps.view"),
        VIEWS,
        format_func=lambda view: t(f"gaps.views.{view}"),
        key="gaps_view",
        required=True,
        on_change=state.touched,
        label_visibility="collapsed",
        persist_state="session",
    )
    view: View = st.session_state["gaps_view"]
    st.html(f'<p class="essmap-question">{escape(t(f"gaps.questions.{view}"))}</p>')
    with st.container(key="essmap_filters"):
        widths = [4] * (view in _HAVE_THEME) + [5] * (view in _HAVE_LEVEL) + [3]
        columns = iter(st.columns(widths, vertical_alignment="bottom"))
        theme, level = st.session_state["gaps_theme"], st.session_state["gaps_level"]
        if view in _HAVE_THEME:
            with next(columns):
                theme = _theme_box(themes)
        if view in _HAVE_LEVEL:
            with next(columns):
                level = _radio("level", LEVELS)
        with next(columns):
            count = _count_radio(employers_known(actors), usual)
    is_exercise = data.is_partial and bool(st.session_state.get(_EXERCISE))
    is_judged = is_exercise or not data.is_partial
    chosen = Choice(view, level, theme, count, is_exercise, is_judged, asked)
    return chosen, _query(chosen, usual)


def exercise_button(data: Loaded, *, is_on: bool) -> None:
    """Draw the one button that opens, or leaves, the exercise; nothing on a complete list. The focus follows."""
    if not data.is_partial:
        return
    if not is_on:
        st.html(f"<p>{escape(t('gaps.exercise_why'))}</p>")
    label = t("gaps.exercise_leave" if is_on else "gaps.exercise_open")
    st.button(label, key="gaps_exercise_button", on_click=_set_exercise, args=(not is_on,))


def _themes() -> list[Theme]:
    axes = [key for key in reference.axes().index if key not in {reference.NO_AXIS, reference.SEVERAL_AXES}]
    domains = [Theme("domain", key) for key in reference.domains().index]
    return [Theme(), *(Theme("axis", key) for key in axes), *domains]


def _follow(asked: Mapping[str, str] | None, themes: list[Theme], usual: Count) -> None:
    """Give the choices what a link or the back button asks for, or what they are at first."""
    first = state.filters().axes  # chosen on Découvrir a moment ago
    start = {
        "gaps_view": "compare",
        "gaps_theme": next((theme for axis in first if (theme := Theme("axis", axis)) in themes), Theme()),
        "gaps_level": "canton",
        "gaps_count": usual,
    }
    for key, value in start.items():
        st.session_state.setdefault(key, value)
    if asked is None:
        return
    wanted = [Theme(kind, asked.get(name, "")) for name, kind in _THEME_WORDS.items()]
    st.session_state["gaps_theme"] = next((theme for theme in wanted if theme in themes), Theme())
    st.session_state["gaps_view"] = _meant(_VIEW_WORDS, asked.get("analyse"), "compare")
    st.session_state["gaps_level"] = asked["niveau"] if asked.get("niveau") in LEVELS else "canton"
    st.session_state["gaps_count"] = _meant(_COUNT_WORDS, asked.get("comptage"), usual)


def _meant(words: Mapping[_Key, str], word: str | None, otherwise: _Key) -> _Key:
    return next((key for key, known in words.items() if known == word), otherwise)


def _query(chosen: Choice, usual: Count) -> dict[str, str]:
    query = {name: chosen.theme.key for name, kind in _THEME_WORDS.items() if kind == chosen.theme.kind}
    if chosen.view != "compare":
        query["analyse"] = _VIEW_WORDS[chosen.view]
    if chosen.level != "canton":
        query["niveau"] = chosen.level
    if chosen.count != usual:
        query["comptage"] = _COUNT_WORDS[chosen.count]
    return query


def _theme_box(themes: list[Theme]) -> Theme:
    return st.selectbox(
        t("gaps.theme"),
        themes,
        format_func=theme_name,
        key="gaps_theme",
        on_change=state.touched,
        persist_state="session",
    )


def _radio(name: str, options: tuple[_Key, ...]) -> _Key:
    return st.radio(
        t(f"gaps.{name}"),
        options,
        format_func=lambda key: t(f"gaps.{name}s.{key}"),
        key=f"gaps_{name}",
        horizontal=True,
        on_change=state.touched,
        persist_state="session",
    )


def _count_radio(known: float, usual: Count) -> Count:
    """Ask which actors count, where it is known often enough who employs; else say why it is not asked."""
    if known < EMPLOYERS_KNOWN:
        said = t("gaps.employers_unknown", known=integer(100 * known)) if known else t("gaps.employers_unsaid")
        st.html(f'<p class="essmap-meta">{escape(said)}</p>')
        return usual
    return _radio("count", ("all", "employers"))


def _set_exercise(is_on: bool) -> None:
    state.touched()
    state.wish_focus("warning" if is_on else "top")
    st.session_state[_EXERCISE] = is_on
