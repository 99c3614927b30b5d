"""What the questions of *Analyse des écarts* share: their headings, their files, the supports on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from essmap.pages.gaps.choice import Choice
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.filters import Mask
from essmap.view.format import escape, file_name, integer


def heading(title: str, sentences: Sequence[str] = (), *, level: int = 2) -> None:
    """Draw a heading and the sentences under it."""
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    st.html(f'<h{level}>{escape(title)}</h{level}><div class="essmap-said">{paragraphs}</div>')


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
