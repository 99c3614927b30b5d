"""The legend of a coloured map: every colour, hatching and thick line in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from essmap.view.format import escape


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend.

    Attributes
    ----------
    label : str
    colour : str
        ``#rrggbb``; empty: the colour of the land.
    mark : str
        ``hatch``: stripes over the colour; ``established``: a thick outline.
    """

    label: str
    colour: str = ""
    mark: Literal["", "hatch", "established"] = ""


def legend_html(title: str, entries: Sequence[Entry]) -> str:
    """Return a legend as a titled list."""
    items = "".join(f"<li>{_box(entry)}{escape(entry.label)}</li>" for entry in entries)
    return f'<div class="essmap-legend"><p>{escape(title)}</p><ul>{items}</ul></div>'


def _box(entry: Entry) -> str:
    kind = f" essmap-fill-{entry.mark}" if entry.mark else ""
    style = f' style="--ground:{entry.colour}"' if entry.colour else ""
    return f'<span class="essmap-fill{kind}"{style} aria-hidden="true"></span>'
