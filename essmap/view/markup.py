"""Long pages: our own Markdown becomes HTML first, then values are put in and are never read as Markdown.

A value can therefore not add a heading, a link or a script, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from essmap.view.format import escape
from essmap.view.tables import Html

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


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
