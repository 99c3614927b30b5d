"""What the questions of *Analyse des écarts* share: their headings, their files, the supports on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st
from streamlit_folium import st_folium

from essmap.analysis.coverage import Level
from essmap.pages.actor_map import background
from essmap.pages.gaps.choice import Choice
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.filters import Mask
from essmap.view.format import escape, file_name, integer
from essmap.view.map import MapOptions, MapState, base_map, state_layer


def heading(title: str, sentences: Sequence[str] = (), *, is_answer: bool = False) -> None:
    """Draw a heading and the sentences under it; an answer is announced when it changes."""
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    live = ' data-essmap-say="answer"' if is_answer else ""
    st.html(f'<div{live}><h2>{escape(title)}</h2><div class="essmap-said">{paragraphs}</div></div>')


def level_map(data: Loaded, key: str, title: str, state: MapState, *, level: Level = "commune", height: int) -> None:
    """Draw a map of coloured territories that answers no click.

    Parameters
    ----------
    data : Loaded
    key, title : str
        Of the map on its page; what a screen reader calls it.
    state : MapState
        Fills and palette.
    level : {"canton", "epci", "commune"}
    height : int
        Pixels.
    """
    options = MapOptions(level=level, background=background())
    st_folium(
        base_map(dict(data.assets), data.home, title=title, with_actors=False, options=options),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=state_layer(state),
    )


def live_sentence(said: str) -> None:
    """Draw a sentence that screen readers announce when it comes or changes; nothing is seen while there is none."""
    kind = "essmap-nearest" if said else "essmap-hidden"
    st.html(f'<p class="{kind}" data-essmap-say="one">{escape(said)}</p>')


def shared_communes(data: Loaded) -> list[str]:
    """Return the names of the communes that several cantons share, in which only some actors have a canton."""
    parts = data.snapshot.table("canton_parts")["commune_code"]
    names = data.snapshot.table("communes").set_index("commune_code")["commune_name"]
    return sorted(str(names[code]) for code in set(parts[parts.duplicated()]))


def scope_of(data: Loaded) -> str:
    """Return what every heading says its numbers are about."""
    n = len(data.snapshot.table("actors"))
    return t("gaps.scope", n=n, n_text=integer(n)) if data.is_partial else t("gaps.scope_full")


def download(data: Loaded, chosen: Choice, make: Callable[[Mapping[str, str]], bytes], *, name: str) -> None:
    """Offer a table as a CSV that says on every row where it comes from, of when it is and what it is worth.

    Parameters
    ----------
    data, chosen
    make : callable
        Gets the headings and texts that are the same on every row, returns the file.
    name : str
        Begins the name of the file; an exercise says so in it.
    """
    worth = t("gaps.exercise_mark") if chosen.is_exercise else data.manifest.completeness["actors"].sentence
    about = {
        t("gaps.columns.worth"): t("frame.made_up") if data.manifest.is_made_up else worth,
        t("gaps.columns.date"): data.built_on,
    }
    start = "exercice-" if chosen.is_exercise else "donnees-inventees-" if data.manifest.is_made_up else ""
    st.download_button(
        t("gaps.csv"),
        lambda: make(about),
        file_name=f"{start}{file_name(name)}.csv",
        mime="text/csv",
        key=f"gaps_csv_{chosen.view}",
        on_click="ignore",
        icon=":material/download:",
    )


def supported_mask(data: Loaded) -> Mask:
    """Return which actors a supported project names."""
    return data.snapshot.table("actors")["is_supported"].to_numpy(dtype=bool)
