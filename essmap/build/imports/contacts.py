"""How to reach a person is never kept: e-mail addresses and telephone numbers in cells about something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from essmap.build.imports.rows import Rows
from essmap.texts import t

_MAIL: Final = r"[^\s@<>(),;:]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+"
_PHONE: Final = r"(?<![\d+])(?:(?:\+|00)\s?33\s?(?:\(0\)\s?)?|0)\s?[1-9](?:[\s./\-]{0,3}\d{2}){4}(?!\d)"
_CONTACT: Final = re.compile(f"{_MAIL}|{_PHONE}", re.IGNORECASE)
#: With the word that leads to it.
_LED: Final = re.compile(
    r"(?:\b(?:t[ée]l(?:[ée]phone)?|portable|port|mobile|mob|fax|e-?mail|m[ée]l|mail|courriel|contact)\b[\s.:]*)?"
    rf"(?:{_MAIL}|{_PHONE})",
    re.IGNORECASE,
)


def holds_contact(text: str) -> bool:
    """Tell whether a text holds an e-mail address or a French telephone number.

    Examples
    --------
    >>> holds_contact("voir Jean au 06 12 34 56 78"), holds_contact("a.b@exemple.fr"), holds_contact("12 rue Haute")
    (True, True, False)
    """
    return _CONTACT.search(text) is not None


def without_contact(text: str) -> str:
    """Return a text without e-mail addresses and telephone numbers.

    Examples
    --------
    >>> without_contact("12 rue Haute, tél. : 05 61 00 00 00")
    '12 rue Haute'
    """
    return re.sub(r"\s{2,}", " ", _LED.sub(" ", text)).strip(" ,;:-–/()")


def set_aside(rows: Rows, *, whole: Sequence[str], part: Sequence[str]) -> None:
    """Set aside, with a remark, cells that tell how to reach somebody.

    Parameters
    ----------
    rows : Rows
    whole : sequence of str
        Our columns of which the whole cell goes: it may name the person too.
    part : sequence of str
        Our columns of which only the number or the address of mail goes.
    """
    for names, key in ((whole, "contact"), (part, "contact_part")):
        for name in names:
            for row, cell in enumerate(rows.values[name]):
                if holds_contact(cell):
                    rows.values[name][row] = without_contact(cell) if names is part else ""
                    rows.remark(rows.lines[row], name, _CONTACT.sub("…", cell), t(f"imports.remarks.{key}"))
