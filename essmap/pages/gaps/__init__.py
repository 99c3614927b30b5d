"""Page *Analyse des écarts*: where is less, or more, than the population gives; who lives far; where to act.

One question at a time (`essmap.pages.gaps.choice`), each with its own module. A partial list is described; tests,
findings and sitings are then an exercise that one button opens, watermarked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from essmap.pages import frame, method, state
from essmap.pages.gaps import access, clusters, coverage, priority, siting
from essmap.pages.gaps.choice import ONLY_COMPLETE, PAGE, Choice, View, choose, exercise_button
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.format import escape

#: What answers each question; returns what it adds to the address bar.
_SHOWN: Final[Mapping[View, Callable[[Loaded, Choice], Mapping[str, str]]]] = {
    "compare": coverage.show,
    "access": access.show,
    "siting": siting.show,
    "clusters": clusters.show,
    "priority": priority.show,
}

#: Where *Méthode* explains each question.
_METHOD: Final[Mapping[View, str]] = {
    "compare": "ecarts",
    "access": "acces",
    "siting": "implantation",
    "clusters": "regroupements",
    "priority": "priorite",
}
#: Questions whose answer rests on expected numbers.
_EXPECTED: Final = frozenset({"compare", "clusters", "priority"})


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("gaps.title"), t("gaps.lead", place=data.in_department))
    frame.partial_banner(data)
    chosen, query = choose(data)
    if chosen.view in ONLY_COMPLETE and not chosen.is_judged:
        st.html(f"<h2>{escape(t(f'gaps.views.{chosen.view}'))}</h2><p>{escape(t(f'gaps.refused.{chosen.view}'))}</p>")
        exercise_button(data, is_on=False)
    elif chosen.is_exercise:
        with st.container(key="essmap_exercise"):
            st.html(f'<p class="essmap-warning" role="note" tabindex="-1">{escape(t("gaps.exercise"))}</p>')
            exercise_button(data, is_on=True)
            query |= _SHOWN[chosen.view](data, chosen)
    else:
        query |= _SHOWN[chosen.view](data, chosen)
    address = f"./{method.ADDRESS}#{_METHOD[chosen.view]}"
    link = f'<a href="{address}" target="_self">{escape(t("gaps.method_link"))}</a>'
    basis = [t("gaps.method_expected")] if chosen.view in _EXPECTED else []
    said = escape(" ".join([*basis, t("gaps.dated", date=data.built_on)]))
    st.html(f'<p class="essmap-meta">{said} {link}</p>')
    frame.focus_wish()
    state.say_in_address(PAGE, query)
