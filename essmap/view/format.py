"""Numbers, dates and lists as French readers expect them, and text made safe for HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from essmap.schema.folding import fold

NARROW: Final = "\u202f"  # narrow no-break space: between thousands and before % and €
MINUS: Final = "\u2212"
DASH: Final = "–"

_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def integer(value: float) -> str:
    """Return a whole number with thousands apart.

    Examples
    --------
    >>> integer(1471468)
    '1\u202f471\u202f468'
    """
    return f"{round(value):,}".replace(",", NARROW).replace("-", MINUS)


def decimal(value: float, places: int = 1) -> str:
    """Return a number with a decimal comma; what rounds to zero has no sign.

    Examples
    --------
    >>> decimal(1234.56)
    '1\u202f234,6'
    """
    text = f"{value:,.{places}f}".replace(",", NARROW).replace(".", ",").replace("-", MINUS)
    return text.removeprefix(MINUS) if _is_zero(text) else text


def signed(value: float, places: int = 1) -> str:
    """Return a number with its sign always shown; what rounds to zero has none.

    Examples
    --------
    >>> signed(2.04), signed(-0.01)
    ('+2,0', '0,0')
    """
    text = decimal(value, places)
    return text if value < 0 or _is_zero(text) else f"+{text}"


def _is_zero(text: str) -> bool:
    return not text.strip(f"0,{MINUS}")


def euros(value: float) -> str:
    """Return an amount in euros, cents only where there are some.

    Examples
    --------
    >>> euros(33243)
    '33\u202f243\u202f€'
    """
    return f"{integer(value) if value == round(value) else decimal(value, 2)}{NARROW}€"


def day(value: datetime) -> str:
    """Return a date in words.

    Examples
    --------
    >>> day(datetime(2026, 3, 1))
    '1er mars 2026'
    """
    number = "1er" if value.day == 1 else str(value.day)
    return f"{number} {_MONTHS[value.month - 1]} {value.year}"


def producers(publishers: Iterable[str]) -> list[str]:
    """Return each producer once: « IGN (contours), INSEE (codes) » of one source are two producers.

    Examples
    --------
    >>> producers(["IGN (contours), INSEE (codes)", "INSEE"])
    ['IGN', 'INSEE']
    """
    names: dict[str, None] = {}
    for publisher in publishers:
        for name in re.sub(r"\s*\([^)]*\)", "", publisher).split(", "):
            names.setdefault(name, None)
    return list(names)


def listing(items: Sequence[str]) -> str:
    """Return items joined as a sentence does.

    Examples
    --------
    >>> listing(["Brax", "Colomiers", "Pibrac"])
    'Brax, Colomiers et Pibrac'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"


def file_name(text: str) -> str:
    """Return a name for a file: small letters, digits and hyphens only.

    Examples
    --------
    >>> file_name("Toulouse (commune entière)")
    'toulouse-commune-entiere'
    """
    return "-".join(re.findall("[a-z0-9]+", fold(text))) or "essmap"


def escape(text: object) -> str:
    """Return text that HTML shows as it is, in an element or a quoted attribute."""
    return html.escape(str(text), quote=True)


def markdown_escape(text: object) -> str:
    r"""Return text that Markdown shows as it is: labels of Streamlit's widgets are Markdown, names are data.

    Examples
    --------
    >>> print(markdown_escape("Asso *une* $x$ :smile:"))
    Asso \*une\* \$x\$ \:smile\:
    """
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|$~:&^=])", r"\\\1", str(text))


def one_line(text: str) -> str:
    """Return text with a space for each sign that is not printed: line ends, marks of direction."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def safe_link(url: object) -> str | None:
    """Return an address that may become a link: http(s), a host, no credentials, nothing invisible; else None.

    Examples
    --------
    >>> safe_link("javascript:alert(1)") is None
    True
    """
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc else None


def link(url: str, text: str, *, about: str = "") -> str:
    """Return an HTML link that opens apart and tells the other site nothing; every part is escaped.

    ``about`` is only read by screen readers, after the text.
    """
    hidden = f'<span class="essmap-hidden">, {escape(about)}</span>' if about else ""
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">{escape(text)}{hidden}</a>'
