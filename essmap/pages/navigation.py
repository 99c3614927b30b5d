"""The pages of the app, their addresses and their order; draws the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from essmap.pages import data, discover, frame, gaps, legal, method, state, supported, territory
from essmap.pages.filter_bar import known_values
from essmap.pages.loaded import Loaded, loaded, settings
from essmap.texts import t
from essmap.view.places import ADDRESS

#: key: what draws it, its address (public: links to it are shared), whether the menu shows it.
PAGES: Final[dict[str, tuple[Callable[[Loaded], None], str, bool]]] = {
    "discover": (discover.show, "decouvrir", True),
    "territory": (territory.show, ADDRESS, True),
    "gaps": (gaps.show, "ecarts", True),
    "supported": (supported.show, "projets-soutenus", True),
    "method": (method.show, method.ADDRESS, True),
    "data": (data.show, "donnees", True),
    "legal": (legal.show_legal, "mentions-legales", False),
    "privacy": (legal.show_privacy, "donnees-personnelles", False),
    "accessibility": (legal.show_accessibility, "accessibilite", False),
}

#: Pages whose address bar carries the shared filters.
_FILTERED: Final = frozenset({"discover", "territory"})


def show() -> None:
    """Draw the navigation, the page and the footer."""
    frame.style()
    content = loaded()
    pages = {
        key: st.Page(
            partial(draw, content),
            title=t(f"{key}.nav"),
            url_path=address,
            default=key == "discover",
            visibility="visible" if in_menu else "hidden",
        )
        for key, (draw, address, in_menu) in PAGES.items()
    }
    page = st.navigation(list(pages.values()), position="top")
    key = next(name for name, found in pages.items() if found.url_path == page.url_path)
    st.set_page_config(page_title=t("app.page_title", page=page.title, site=settings().site_title))
    if logo := settings().logo:
        st.logo(logo)
    if key in _FILTERED:
        state.read(key, known=known_values(content), actor_ids=content.actor_ids)
    else:
        state.leave(key)
    frame.made_up_banner(content)
    page.run()
    if key in _FILTERED:
        state.write()
    if key not in _FILTERED or not st.context.is_embedded:  # embedded in another site, Découvrir is the bare map
        frame.footer(content, pages)
