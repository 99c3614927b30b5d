"""Page Méthode. Its question: what do the numbers mean, how are they computed, and what do they not say.

The text is ``texts/fr/method.md``; its numbers come from the code (`essmap.view.method`). Formulas are set by
`st.latex`: KaTeX travels with Streamlit, asks no other host, and writes MathML beside its drawing, which screen readers
read. (`st.html` drops MathML.)
"""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from essmap import reference
from essmap.analysis.robustness import largest_commune
from essmap.pages import frame
from essmap.pages.loaded import Loaded
from essmap.texts import page, t
from essmap.view.format import escape
from essmap.view.markup import Piece, Place, outline, page_pieces
from essmap.view.method import figures, percent, tables
from essmap.view.tables import Html

ADDRESS = "methode"


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("method.title"), t("method.lead"))
    essential, *sections = pieces(data)
    with st.container(key="essmap_long"):
        with st.container(key="essmap_essential"):
            st.html(essential.content)
        st.html(contents(outline(page("method"))))
        with st.container(key="essmap_method"):
            for piece in sections:
                if piece.kind == "formula":
                    st.latex(piece.content)
                else:
                    st.html(piece.content)


def pieces(data: Loaded) -> list[Piece]:
    """Return the page piece by piece: first what everybody should read, then the sections.

    Parameters
    ----------
    data : Loaded
    """
    communes = data.snapshot.table("communes").set_index("commune_code")
    largest = largest_commune(communes.reset_index())
    known = figures()
    about = {
        "place": data.in_department,
        "largest": t("method.largest") if largest is None else str(communes.at[largest, "commune_name"]),
        "largest_share": _share(communes["population"].get(largest, 0), communes["population"].sum()),
        "actors_completeness": data.manifest.completeness["actors"].sentence,
        "projects_completeness": data.manifest.completeness["projects"].sentence,
    }
    values: dict[str, str | Html] = {**known, **about, **tables(known, reference.classification_scores())}
    essential, _, rest = page("method").partition("\n# ")
    return [*page_pieces(essential, values), *page_pieces(f"# {rest}", values)]


def contents(places: list[Place]) -> str:
    """Return the table of contents as HTML, part by part.

    Parameters
    ----------
    places : list of Place
        `essmap.view.markup.outline`.
    """
    parts = []
    for part, found in groupby((place for place in places if place.part), key=lambda place: place.part):
        items = "".join(f'<li><a href="#{place.anchor}">{escape(place.title)}</a></li>' for place in found)
        parts.append(f"<p>{escape(part)}</p><ul>{items}</ul>")
    name = escape(t("method.contents"))
    opened = f"<details><summary>{name}</summary>{''.join(parts)}</details>"
    return f'<nav class="essmap-contents" aria-label="{name}">{opened}</nav>'


def _share(part: float, whole: float) -> str:
    return percent(round(part / whole, 2) if whole else 0.0)
