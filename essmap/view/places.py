"""What a territory is called when it stands alone: a canton and a commune may share a name."""

from __future__ import annotations

from typing import Final

from essmap.analysis.coverage import Level
from essmap.texts import t
from essmap.view.format import escape
from essmap.view.tables import Html

#: Address of the page *Mon territoire*.
ADDRESS: Final = "mon-territoire"


def territory_name(level: Level, name: str) -> str:
    """Return the name of a territory with what it is, unless it says so itself.

    Examples
    --------
    >>> territory_name("canton", "Muret")
    'Muret (canton)'
    >>> territory_name("canton", "Toulouse (commune entière)")
    'Toulouse (commune entière)'
    """
    return name if name.endswith(")") else t(f"territory.named.{level}", name=name)


def territory_link(level: Level, code: str, name: str) -> Html:
    """Return a link to the page of a territory."""
    return Html(f'<a href="./{ADDRESS}?{level}={escape(code)}" target="_self">{escape(name)}</a>')
