"""Read a delimited text file that anybody may have saved: which encoding, which separator, which cells.

A file that is not UTF-8 is one of the three old encodings of French computers. Which one is decided by the letters that
come out: on the few accents of a short list a general detector (charset-normalizer was tried) takes one for another.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import Final

from essmap.errors import SourceError
from essmap.texts import t

#: Windows, MS-DOS and old Macintosh, in the order of how often they are met.
_OLD_ENCODINGS: Final = ("cp1252", "cp850", "mac_roman")
#: What French text is made of besides plain letters, by how much it speaks for an encoding.
_FRENCH: Final = {
    **dict.fromkeys("éèàêçîôûùâëï", 3),
    **dict.fromkeys("œÉÈÀÇ’«»€\u00a0", 2),
    **dict.fromkeys("ÊÎÔÛÙÂËÏŒöüä‘“”–—…°²", 1),
}
_NOT_FRENCH: Final = -3
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS: Final = (";", ",", "\t", "|")
#: Lines that tell the separator.
_LOOKED_AT: Final = 50
#: Letters of UTF-8 that somebody read as Windows-1252 and saved again.
_TWICE: Final = ("Ã©", "Ã¨", "Ã ", "Ãª", "Ã§", "â€™")


@dataclass(frozen=True, slots=True)
class TextTable:
    """The cells of a text file; ``rows[i]`` is line ``i + 1`` of a spreadsheet that opens it."""

    rows: list[list[str]]
    encoding: str
    separator: str
    is_mended: bool


def read_text_table(content: bytes, file: str, *, max_rows: int) -> TextTable:
    """Read a delimited text.

    Parameters
    ----------
    content : bytes
    file : str
        Name, for messages.
    max_rows : int

    Returns
    -------
    TextTable

    Raises
    ------
    SourceError
        If it is no text, is empty, has a quote that never ends, or too many rows.
    """
    text, encoding = decode(content, file)
    mended = _mended(text)
    text = (mended or text).removeprefix("\ufeff")
    lines = text.splitlines()
    separator, first = _declared(lines)
    separator = separator or _separator(lines[:_LOOKED_AT])
    rows: list[list[str]] = [[] for _ in range(first)]
    reader = csv.reader(io.StringIO("\n".join(lines[first:]), newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            rows.append(cells)
            if len(rows) > max_rows:
                raise SourceError(t("spreadsheet.rows", file=file, n=len(lines), limit=max_rows))
    except csv.Error as error:
        raise SourceError(t("spreadsheet.quotes", file=file, line=first + reader.line_num)) from error
    if not any(any(cell.strip() for cell in cells) for cells in rows):
        raise SourceError(t("errors.file_empty", path=file))
    return TextTable(rows, encoding, separator, mended is not None)


def decode(content: bytes, file: str) -> tuple[str, str]:
    """Return a text and the encoding it is in.

    Raises
    ------
    SourceError
        If it is not text.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError as error:
                line = content[: error.start].count(b"\n") + 1
                raise SourceError(t("spreadsheet.encoding", file=file, line=line)) from error
    if b"\x00" in content:
        raise SourceError(t("spreadsheet.binary", file=file))
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    texts = {encoding: _decoded(content, encoding) for encoding in _OLD_ENCODINGS}
    best = max(_OLD_ENCODINGS, key=lambda encoding: _score(texts[encoding]))
    return texts[best], best


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, errors="replace")


def _score(text: str) -> int:
    return sum(_FRENCH.get(sign, _NOT_FRENCH) for sign in text if not sign.isascii())


def _mended(text: str) -> str | None:
    """Return a text whose letters were read in the wrong encoding and saved again, set right; None: it was not."""
    if not any(sign in text for sign in _TWICE):
        return None
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return None


def _declared(lines: list[str]) -> tuple[str | None, int]:
    """Return the separator that a first line « sep=; » declares, and how many lines that takes."""
    first = lines[0].strip().lower() if lines else ""
    if first.startswith("sep=") and len(first) == len("sep=;"):
        return first[-1], 1
    return ("\t", 1) if lines and lines[0].lower() == "sep=\t" else (None, 0)


def _separator(lines: list[str]) -> str:
    """Return the sign that parts most lines into the same number of cells, at least two."""

    def told(separator: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=separator) if cells]
        several = [width for width in widths if width > 1]
        usual = max(set(several), key=several.count) if several else 1
        return several.count(usual), usual

    try:
        return max(SEPARATORS, key=told)
    except csv.Error:
        return SEPARATORS[0]
