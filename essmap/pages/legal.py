"""Mentions légales, Données personnelles, Accessibilité: who answers for this site, what a visitor may ask.

The texts are Markdown files of `essmap.texts`; what a deployer must say is put in from the settings. An empty
setting shows as « à compléter », never as a guess.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

import streamlit as st

from essmap.pages import frame
from essmap.pages.loaded import Loaded, settings
from essmap.settings import Settings
from essmap.texts import page, t
from essmap.view.format import escape, link, safe_link
from essmap.view.markup import page_html
from essmap.view.tables import Html

#: Settings that these pages print. All but `site_title` are asked for by `essmap check --deploy`.
PRINTED: Final = (
    "site_title",
    "site_url",
    "publisher",
    "publisher_address",
    "publisher_phone",
    "publication_director",
    "host",
    "host_address",
    "host_phone",
    "dpo",
    "contact_email",
    "log_retention",
    "accessibility_plan_url",
)

_EMAIL: Final = re.compile(r"[^@\s<>\"']+@[^@\s<>\"']+\.[A-Za-z]{2,}")


def show_legal(data: Loaded) -> None:
    """Draw *Mentions légales*."""
    _show("legal", data)


def show_privacy(data: Loaded) -> None:
    """Draw *Données personnelles*."""
    _show("privacy", data)


def show_accessibility(data: Loaded) -> None:
    """Draw *Accessibilité*."""
    _show("accessibility", data)


def body(name: str, chosen: Settings, place: str) -> str:
    """Return a legal page as HTML, without its title.

    Parameters
    ----------
    name : str
        ``legal``, ``privacy`` or ``accessibility``.
    chosen : Settings
    place : str
        Where the site is about: « en Haute-Garonne ».

    Returns
    -------
    str
        Headings of level 2 and 3, paragraphs and lists.
    """
    values: dict[str, str | Html] = {key: shown(str(getattr(chosen, key))) for key in PRINTED}
    values["place"] = place
    host = urlsplit(chosen.tiles_url).hostname
    values["tiles"] = t(f"privacy.tiles_{chosen.tiles}", provider=chosen.tiles_provider, host=host)
    return f'<div class="essmap-legal">{page_html(page(name), values)}</div>'


def shown(value: str) -> Html:
    """Return a setting as it is printed: a link if it is one address, « à compléter » if it is empty.

    Parameters
    ----------
    value : str

    Returns
    -------
    Html
    """
    value = value.strip()
    if not value:
        return Html(f"<mark>{escape(t('legal.to_complete'))}</mark>")
    if _EMAIL.fullmatch(value):
        return Html(f'<a href="mailto:{escape(quote(value, safe="@.+-_"))}">{escape(value)}</a>')
    if (url := safe_link(value)) and not re.search(r"\s", url):
        return Html(link(url, url))
    return Html(escape(value))


def _show(name: str, data: Loaded) -> None:
    chosen = settings()
    frame.heading(t(f"{name}.title"), t(f"{name}.lead", site=chosen.site_title))
    st.html(body(name, chosen, data.in_department))
