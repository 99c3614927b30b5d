"""What a geography build has to say about its data: one note per kind of oddity, never silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from essmap.texts import t


@dataclass(frozen=True, slots=True)
class Note:
    """One oddity of the sources and what was done about it.

    Attributes
    ----------
    key : str
        Stable key, one of the tables ``[notes.*]`` of ``texts/fr/geography.toml``.
    count : int
        How many places it is about.
    text : str
        French sentence.
    items : tuple of str
        Codes of those places; ``code name`` for cantons that are not units, ``code-code`` for pairs.
    """

    key: str
    count: int
    text: str
    items: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the note as a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Note:
        """Rebuild a note from `as_dict`.

        Raises
        ------
        KeyError
            If a field is missing.
        """
        return cls(content["key"], content["count"], content["text"], tuple(content["items"]))


def notes_about(key: str, items: Sequence[str], **values: object) -> list[Note]:
    """Return the note of a key about some places, as a list: empty when there is no such place.

    Parameters
    ----------
    key : str
        Table under ``geography.notes``.
    items : sequence of str
    **values
        Placeholders of its text besides the count.
    """
    n = len(items)
    if n == 0:
        return []
    text = t(f"geography.notes.{key}", n=n, n_text=format_number(n), **values)
    return [Note(key, n, text, tuple(items))]


def format_number(value: float) -> str:
    r"""Return a whole number as French people write it, thousands parted by a narrow no-break space.

    Examples
    --------
    >>> format_number(1471468).replace("\u202f", "_")
    '1_471_468'
    """
    return f"{round(value):,}".replace(",", "\u202f")
