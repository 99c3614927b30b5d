"""How to reach a person is never kept: e-mail addresses and telephone numbers in cells about something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from essmap.build.imports.rows import Rows
from essmap.texts import t

#: One of these stands in every address of mail: without it no cell is searched for one.
_SIGNS: Final = ("@", "(at)", "[at]", "arobase")
#: It begins where a word begins and is never long: a cell of one endless word is gone through once.
_MAIL: Final = (
    r"(?<![^\s@<>(),;:/|])[^\s@<>(),;:/|]{1,64}\s?(?:@|\(at\)|\[at\]|[(\[«]?\s?\barobase\b\s?[)\]»]?)\s?"
    r"[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
#: « 0 », or what stands for it from abroad; without « + » only before the first figure of a mobile.
_ZERO: Final = r"(?:(?:\+|\b00)\s?33[\s.\-·–]?(?:\(0\)\s?)?|\b33\s?(?:\(0\)\s?)?(?=[67])|0)\s?"
_BETWEEN: Final = r"\s?[.\-·–‑•_]\s?|\s|"
#: The usual groups, parted by one and the same sign, never a slash: « 05-2024-12-15 » and two dates are no number.
_GROUPS: Final = (
    rf"[1-9](?:(?P<two>{_BETWEEN})\d\d(?:(?P=two)\d\d){{3}}"
    rf"|(?P<three>{_BETWEEN})\d{{3}}(?P=three)\d{{3}}(?P=three)\d\d"
    rf"|\d\d(?P<four>{_BETWEEN})\d{{3}}(?P=four)\d{{3}}"
    r"|\s\d{4}\s\d{4}|\d\d\s\d{2}\s?\d{2}\s?\d{2}|\s\d\d\s\d\d\s\d{4})(?!\d)"
)
#: What follows a year is the rest of a date.
_PHONE: Final = rf"(?<![\d+])(?<!(?:19|20)\d\d[.\-–]){_ZERO}{_GROUPS}"
_WORD: Final = (
    r"(?:\b(?:t[ée]l(?:[ée]phone)?|portable|port|mobile|mob|fax|e-?mail|m[ée]l|mail|courriel|contact)\b[\s.:]{0,4})?"
)
#: Each with the word that leads to it, and without.
_MAILS: Final = re.compile(_MAIL, re.IGNORECASE)
_PHONES: Final = re.compile(_PHONE)
_LED_MAILS: Final = re.compile(_WORD + _MAIL, re.IGNORECASE)
_LED_PHONES: Final = re.compile(_WORD + _PHONE, re.IGNORECASE)


def _may_hold_mail(text: str) -> bool:
    plain = text.casefold()
    return any(sign in plain for sign in _SIGNS)


def _replaced(text: str, instead: str, *, led: bool) -> str:
    """Return a text with something else in the place of each contact."""
    if _may_hold_mail(text):
        text = (_LED_MAILS if led else _MAILS).sub(instead, text)
    return (_LED_PHONES if led else _PHONES).sub(instead, text)


def holds_contact(text: str) -> bool:
    """Tell whether a text holds an e-mail address or a French telephone number.

    Examples
    --------
    >>> holds_contact("voir Jean au 06 12 34 56 78"), holds_contact("a.b@exemple.fr"), holds_contact("12 rue Haute")
    (True, True, False)
    """
    return (_may_hold_mail(text) and _MAILS.search(text) is not None) or _PHONES.search(text) is not None


def without_contact(text: str) -> str:
    """Return a text without e-mail addresses and telephone numbers.

    Examples
    --------
    >>> without_contact("12 rue Haute, tél. : 05 61 00 00 00")
    '12 rue Haute'
    """
    if not holds_contact(text):
        return text
    cut = re.sub(r"\s{2,}", " ", re.sub(r"\(\s*\)", " ", _replaced(text, " ", led=True))).strip(" ,;:-–/")
    # Brackets that are whole belong to the name: « La Roue (Muret) ».
    return cut if cut.count("(") == cut.count(")") else cut.strip(" ()")


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
                    rows.remark(rows.lines[row], name, _replaced(cell, "…", led=False), t(f"imports.remarks.{key}"))
