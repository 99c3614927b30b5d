"""What a visitor chose, kept in the session and mirrored in the address bar, the same on every page.

The address bar is read when a session starts and whenever it changed by itself (a link, the back button). What the
visitor does on the page leads: a quick second click comes with the address the browser knew before the first one was
written there, so every widget says `touched`, and such a run never reads the address bar.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

import streamlit as st

from essmap.view.filters import Filters
from essmap.view.messages import VIEW_PARAMETER

_FILTERS: Final = "essmap_filters"
_ACTOR: Final = "essmap_actor"
_ON_MAP: Final = "essmap_on_map"
_WRITTEN: Final = "essmap_query"
_PAGE: Final = "essmap_page"
_MOVED: Final = "essmap_moved"
_TOUCHED: Final = "essmap_touched"
_VIEW: Final = "essmap_view"
_CHOICES: Final = "essmap_choices"
_STALE: Final = "essmap_stale_widgets"
_WISH: Final = "essmap_focus"
#: Where a choice moves the focus; « back »: to where the choice was made.
Focus = Literal["card", "map", "list", "back", "warning", "top"]
_OTHER: Final = "essmap_other"
ACTOR_PARAMETER: Final = "acteur"
#: Territory put beside the chosen one: ``avec=canton-3102``.
OTHER_PARAMETER: Final = "avec"
WIDGET_PREFIX: Final = "filter_"
PLACE_BOX: Final = f"{WIDGET_PREFIX}where"
LIST_PAGE: Final = "list_page"


def read(page: str, *, known: Mapping[str, Iterable[str]], actor_ids: Collection[str]) -> None:
    """Bring the session in step with the address bar; call first on every page.

    Parameters
    ----------
    page : str
        Name of the page: Streamlit empties the address bar when it changes, and that is no wish of the visitor.
    known : mapping
        Allowed values per parameter (`essmap.view.filters.Filters.from_query`).
    actor_ids : collection of str
    """
    query = {key: str(value) for key, value in st.query_params.items()}
    acted = was_touched()
    is_new = _FILTERS not in st.session_state
    moved = st.session_state.get(_PAGE) != page
    changed = not moved and query != st.session_state.get(_WRITTEN)
    if is_new or (not acted and (changed or (moved and query))):
        set_filters(Filters.from_query(query, known=known))
        st.session_state.pop(_TOUCHED, None)
        actor = query.get(ACTOR_PARAMETER)
        st.session_state[_ACTOR] = actor if actor in actor_ids else None
        st.session_state[_ON_MAP] = False
        kind, _, code = query.get(OTHER_PARAMETER, "").partition("-")
        st.session_state[_OTHER] = (kind, code) if code in set(known.get(kind, ())) else None
    if is_new:
        st.session_state[_VIEW] = query.get(VIEW_PARAMETER, "")
    st.session_state[_PAGE] = page


def leave(page: str) -> None:
    """Note that a page without the shared filters is open: the address bar is its own."""
    st.session_state[_MOVED] = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page


def asked_by_address(page: str) -> dict[str, str] | None:
    """Return the parameters of the address bar of a page with choices of its own, where they ask for something new.

    None: the visitor acted on the page, the address is what the page wrote, or the menu emptied it.
    """
    query = {key: str(value) for key, value in st.query_params.items()}
    acted = was_touched()
    if acted or query == st.session_state.get(f"{page}{_WRITTEN}"):
        return None
    return None if not query and st.session_state.get(_MOVED) else query


def say_in_address(page: str, query: Mapping[str, str]) -> None:
    """Mirror the choices of a page of its own in the address bar."""
    if dict(query) != {key: str(value) for key, value in st.query_params.items()}:
        st.query_params.from_dict(dict(query))
    st.session_state[f"{page}{_WRITTEN}"] = dict(query)


def write() -> None:
    """Mirror the session in the address bar; call last on every page."""
    query = filters().to_query()
    if (actor := chosen_actor()) is not None:
        query[ACTOR_PARAMETER] = actor
    if (other := compared()) is not None:
        query[OTHER_PARAMETER] = "-".join(other)
    known = {key: str(value) for key, value in st.query_params.items()}
    if query != known or query != st.session_state.get(_WRITTEN):
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


def touched() -> None:
    """Note that the visitor did something on the page: the callback of every widget that reruns it."""
    st.session_state[_TOUCHED] = True
    st.session_state.pop(_VIEW, None)


def was_touched() -> bool:
    """Tell, once, whether this run comes from something done on the page: what it shows then leads, not the address."""
    return bool(st.session_state.pop(_TOUCHED, False))


def asked_view() -> str:
    """Return the view of the map that the link of this visit asks for, until the visitor does something."""
    return str(st.session_state.get(_VIEW, ""))


def filters() -> Filters:
    """Return what is asked now."""
    found = st.session_state.get(_FILTERS)
    return found if isinstance(found, Filters) else Filters()


def set_filters(wanted: Filters) -> None:
    """Ask something else; the widgets follow (call from a callback, or before they are drawn)."""
    touched()
    st.session_state[_FILTERS] = wanted
    st.session_state.pop(LIST_PAGE, None)
    for key in [key for key in st.session_state if str(key).startswith(WIDGET_PREFIX)]:
        # A box told anew is sent anew, and the places are half of the page: the same place is not told twice.
        if key != PLACE_BOX or st.session_state[key] != wanted.where:
            del st.session_state[key]
            st.session_state[_STALE] = True


def keep_filters(found: Filters) -> None:
    """Keep what the widgets say."""
    if found != filters():
        st.session_state[_FILTERS] = found
        st.session_state.pop(LIST_PAGE, None)


def must_tell_widgets() -> bool:
    """Tell, once, whether widgets on screen show an older choice, even where the new one is « nothing »."""
    return bool(st.session_state.pop(_STALE, False))


def chosen_actor() -> str | None:
    """Return the identifier of the actor whose card is open, or None."""
    found = st.session_state.get(_ACTOR)
    return found if isinstance(found, str) else None


def choose_actor(actor_id: str | None, *, on_map: bool = False, focus: Focus = "card") -> None:
    """Open the card of an actor, or close it; the map does not move for a choice made on it.

    ``focus``: where the eye and the keyboard go then; once closed, back to where the choice was made.
    """
    touched()
    wish_focus("back" if actor_id is None else focus)
    st.session_state[_ACTOR] = actor_id
    st.session_state[_ON_MAP] = on_map or actor_id is None
    st.session_state[_CHOICES] = choice_number() + 1


def wish_focus(where: Focus) -> None:
    """Ask that the browser moves the focus after this run."""
    st.session_state[_WISH] = (where, st.session_state.get(_WISH, ("", 0))[1] + 1)


def focus_wish() -> str:
    """Return where the last choice wants the focus and the number of the wish (« map 3 »), or nothing."""
    where, number = st.session_state.get(_WISH, ("", 0))
    return f"{where} {number}" if where else ""


def choice_number() -> int:
    """Return how many times an actor's card was opened or closed: the same choice made twice is two wishes."""
    return int(st.session_state.get(_CHOICES, 0))


def turn_page() -> None:
    """Note that another page of the list was asked for: reading goes on at its top."""
    touched()
    wish_focus("list")


def compared() -> tuple[str, str] | None:
    """Return the territory (kind, code) put beside the chosen one, or None."""
    found = st.session_state.get(_OTHER)
    return found if isinstance(found, tuple) else None


def compare_with(other: tuple[str, str] | None) -> None:
    """Put a territory beside the chosen one, or none."""
    st.session_state[_OTHER] = other


def seed(name: str, value: object) -> str:
    """Give a widget of a shared choice its value before it is drawn for the first time; return its key."""
    key = f"{WIDGET_PREFIX}{name}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def was_chosen_on_map() -> bool:
    """Tell whether the open card was chosen on the map."""
    return bool(st.session_state.get(_ON_MAP, False))
