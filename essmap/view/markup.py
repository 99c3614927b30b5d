"""Long pages: our own Markdown becomes HTML first, then values are put in and are never read as Markdown.

A value can therefore not add a heading, a link or a script, whatever it holds. Beyond CommonMark, three marks of ours:
``## Heading {#anchor}`` names a place that links lead to, ``_words_`` are English (``*words*`` are only stressed), and
``# Part`` groups the headings of a long page in its table of contents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from essmap.view.format import NARROW, escape
from essmap.view.tables import Html

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_ANCHOR: Final = re.compile(r" \{#([a-z-]+)\}$")
_OUTLINE: Final = re.compile(r"^(##?) (.+?)(?: \{#([a-z-]+)\})?$", re.MULTILINE)
#: What is no prose: a formula, and a value that is a block of its own.
_BLOCK: Final = re.compile(r"^```math\n(.*?)^```$|^\{([a-z_]+)\}$", re.MULTILINE | re.DOTALL)
_PART: Final = re.compile(r"^# .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a long page.

    Attributes
    ----------
    kind : {"html", "formula"}
    content : str
        HTML, or LaTeX.
    """

    kind: Literal["html", "formula"]
    content: str


@dataclass(frozen=True, slots=True)
class Place:
    """A heading of level 2 that links lead to.

    Attributes
    ----------
    part : str
        The part of the page it belongs to; empty before the first.
    title : str
    anchor : str
    """

    part: str
    title: str
    anchor: str


def page_html(markdown: str, values: Mapping[str, str | Html]) -> str:
    """Return the HTML of a Markdown page of ours.

    Parameters
    ----------
    markdown : str
        CommonMark without HTML. ``{name}`` stands for a value, in text only, not in the address of a link.
        A link without a host goes to a page of the app; any other opens apart.
    values : mapping of str to str or Html
        Plain text, escaped here, or `Html`. A value is not looked at again: ``{name}`` in it stays.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If the page names a value that is not given.
    """
    reader = MarkdownIt("commonmark", {"html": False})
    reader.add_render_rule("link_open", _open_link)
    reader.add_render_rule("em_open", _open_stress)
    reader.core.ruler.push("anchors", _name_headings)
    return fill(reader.render(markdown), values)


def fill(html: str, values: Mapping[str, str | Html]) -> str:
    """Return HTML with its ``{name}`` placeholders filled, each once, plain text escaped.

    Parameters
    ----------
    html : str
        HTML of ours, placeholders in text.
    values : mapping of str to str or Html

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If a placeholder has no value.

    Examples
    --------
    >>> fill("<p>{host}</p>", {"host": "<b>{x}</b>"})
    '<p>&lt;b&gt;{x}&lt;/b&gt;</p>'
    """

    def value(match: re.Match[str]) -> str:
        found = values[match[1]]
        return found.code if isinstance(found, Html) else escape(found)

    return _PLACEHOLDER.sub(value, html)


def page_pieces(markdown: str, values: Mapping[str, str | Html]) -> list[Piece]:
    r"""Return a long page in pieces, in their order: HTML, and formulas between the pieces of HTML.

    Parameters
    ----------
    markdown : str
        As `page_html`. Between lines `````math`` and ``````` stands a formula in LaTeX, where ``$name`` is a value.
        A line that holds only ``{name}`` is replaced by the value, which may then be a block such as a table.
    values : mapping of str to str or Html
        As `page_html`; a formula takes plain text only.

    Returns
    -------
    list of Piece

    Raises
    ------
    KeyError
        If the page names a value that is not given.
    """
    found: list[Piece] = []
    html, start = "", 0
    for block in _BLOCK.finditer(markdown):
        html += page_html(_PART.sub("", markdown[start : block.start()]), values)
        start = block.end()
        if block[2]:
            html += fill(block[0], values)
            continue
        found += [Piece("html", html), Piece("formula", _formula(block[1], values))]
        html = ""
    html += page_html(_PART.sub("", markdown[start:]), values)
    return [piece for piece in (*found, Piece("html", html)) if piece.content.strip()]


def outline(markdown: str) -> list[Place]:
    """Return the named headings of level 2 of a long page, in their order, each with its part."""

    def places() -> Iterator[Place]:
        part = ""
        for level, title, anchor in _OUTLINE.findall(markdown):
            if level == "#":
                part = title
            elif anchor:
                yield Place(part, title, anchor)

    return list(places())


def latex(value: str) -> str:
    r"""Return a French number as LaTeX sets it.

    Examples
    --------
    >>> print(latex("9\u202f999,5\u202f%"))
    9\,999{,}5\,\%
    """
    return value.replace(",", "{,}").replace(NARROW, r"\,").replace("%", r"\%")


def _formula(text: str, values: Mapping[str, str | Html]) -> str:
    plain = {name: latex(value) for name, value in values.items() if isinstance(value, str)}
    return Template(text).substitute(plain).strip()


def _name_headings(state: StateCore) -> None:
    """Move the anchor of a heading from its text to its element."""
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open" and inline.children and (found := _ANCHOR.search(inline.content)):
            last = inline.children[-1]
            last.content = _ANCHOR.sub("", last.content)
            heading.attrSet("id", found[1])


def _open_stress(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _environment: Any) -> str:
    if tokens[index].markup == "_":
        tokens[index].attrSet("lang", "en")
    return str(renderer.renderToken(tokens, index, options, {}))


def _open_link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _environment: Any) -> str:
    """Pages of the app open in place, other sites apart, and other sites are told nothing."""
    token = tokens[index]
    scheme = urlsplit(str(token.attrGet("href"))).scheme
    if not scheme:
        token.attrSet("target", "_self")
    elif scheme in {"http", "https"}:
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noopener noreferrer nofollow")
    return str(renderer.renderToken(tokens, index, options, {}))
