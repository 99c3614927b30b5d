"""What every page shares: the style, the title, the footer with sources, date, completeness and legal links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from essmap.pages.loaded import Loaded, settings
from essmap.texts import t
from essmap.view.format import escape, integer, listing

_STYLE = Path(__file__).parent / "web" / "style.css"


def style() -> None:
    """Load the app's own style sheet, with the deployer's colour if one is set."""
    st.html(_STYLE)
    if colour := settings().primary_colour:
        st.html(f"<style>:root {{ --essmap-accent: {colour}; }}</style>")


def heading(title: str, lead: str = "") -> None:
    """Show the only heading of level 1 of a page, and the sentence under it."""
    body = f'<p class="essmap-intro">{escape(lead)}</p>' if lead else ""
    st.html(f'<header class="essmap-head"><h1>{escape(title)}</h1>{body}</header>')


def status(message: str) -> None:
    """Show a sentence that screen readers announce when it changes."""
    st.html(f'<p class="essmap-status" role="status" aria-live="polite">{escape(message)}</p>')


def partial_banner(data: Loaded) -> None:
    """Say, above any number, that the table is partial (nothing when it is not)."""
    if data.is_partial:
        n = data.manifest.counts["actors"]
        said = escape(t("frame.partial", n=n, n_text=integer(n)))
        st.html(f'<p class="essmap-partial"><strong>{said}</strong> {escape(t("frame.partial_why"))}</p>')


def footer(data: Loaded, pages: Mapping[str, Any]) -> None:
    """Show where the numbers come from, their date and limits, and the legal pages.

    Parameters
    ----------
    data : Loaded
    pages : mapping
        Streamlit pages by key: ``data``, ``accessibility``, ``legal``, ``privacy``.
    """
    manifest = data.manifest
    sentences = [
        t("frame.footer_sources", sources=_publishers(data)),
        t("frame.footer_date", date=data.built_on),
        *(completeness.sentence for completeness in manifest.completeness.values()),
    ]
    if manifest.is_made_up:
        sentences.insert(0, t("frame.made_up"))
    with st.container(key="essmap_footer"):
        st.html("".join(f"<p>{escape(sentence)}</p>" for sentence in sentences))
        with st.container(horizontal=True, gap="medium"):
            st.page_link(pages["accessibility"], label=t("frame.accessibility"))
            st.page_link(pages["legal"], label=t("legal.title"))
            st.page_link(pages["privacy"], label=t("privacy.title"))
            st.page_link(pages["data"], label=t("frame.sources_link"))


def _publishers(data: Loaded) -> str:
    """Return each producer once: « IGN (contours), INSEE (codes) » of one source are two producers."""
    names: dict[str, None] = {}
    for source in data.manifest.sources:
        for name in re.sub(r"\s*\([^)]*\)", "", source.publisher).split(", "):
            names.setdefault(name, None)
    return listing(list(names))
