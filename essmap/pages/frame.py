"""What every page shares: the style, the title, the footer with sources, date, completeness and legal links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from essmap.pages import state
from essmap.pages.loaded import Loaded, settings
from essmap.texts import t
from essmap.view.format import escape, integer, listing, producers


def style() -> None:
    """Use the deployer's colour if one is set; the style sheet itself is a file of the page (`essmap.pages.shell`)."""
    if colour := settings().primary_colour:
        st.html(f"<style>:root {{ --essmap-accent: {colour}; }}</style>")


def heading(title: str, lead: str = "") -> None:
    """Show the only heading of level 1 of a page, and the sentence under it."""
    body = f'<p class="essmap-intro">{escape(lead)}</p>' if lead else ""
    st.html(f'<header class="essmap-head"><h1 tabindex="-1">{escape(title)}</h1>{body}</header>')


def status(message: str, *, skip: str = "") -> None:
    """Show a sentence that screen readers announce when it changes (web/access.js), once.

    ``skip``: HTML of a link that jumps over what follows.
    """
    st.html(f'<p class="essmap-status" data-essmap-say="status">{escape(message)}</p>{skip}')


def skip_link(target: str, text: str) -> str:
    """Return a link that a keyboard finds and an eye does not, until it has the focus."""
    return f'<a class="essmap-skip" href="#{target}">{escape(text)}</a>'


def focus_wish() -> None:
    """Tell the browser where the last choice wants the focus; draw it after everything it may go to."""
    if wish := state.focus_wish():
        st.html(f'<span data-essmap-focus="{wish}"></span>')


def partial_banner(data: Loaded) -> None:
    """Say, above any number, that the table is partial (nothing when it is not)."""
    if data.is_partial:
        n = data.manifest.counts["actors"]
        said = escape(t("frame.partial", n=n, n_text=integer(n)))
        st.html(f'<p class="essmap-partial"><strong>{said}</strong> {escape(t("frame.partial_why"))}</p>')


def made_up_banner(data: Loaded) -> None:
    """Say, above everything, that nothing on the page exists (nothing where the rows are real)."""
    if data.manifest.is_made_up:
        st.html(f'<p class="essmap-made-up">{escape(t("frame.made_up"))}</p>')


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
        counting = escape(t("frame.third_parties.counting"))
        st.html(f'<p class="essmap-third-parties">{counting}</p>')


def _publishers(data: Loaded) -> str:
    return listing(producers(source.publisher for source in data.manifest.sources))
