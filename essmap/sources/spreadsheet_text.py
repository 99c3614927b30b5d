"""Read a delimited text file that anybody may have saved: which encoding, which separator, which cells.

A file that is not UTF-8 is one of the three old encodings of French computers. Which one is decided by the letters that
come out: on the few accents of a short list a general detector (charset-normalizer was tried) takes one for another.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
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
#: What ends a line of a table file; other signs that end lines for Python (U+2028, VT, FF) stand within cells.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_QUOTED: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_QUOTED_END: Final = re.compile(r'([^"]*(?:""[^"]*)*)"')


def _high_signs() -> tuple[str, str]:
    """Return the signs that Windows-1252 reads in bytes that begin, and that go on, a letter of UTF-8."""
    signs = [bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xF0)]
    return "".join(signs[0xC2 - 0x80 :]), "".join(signs[: 0xC0 - 0x80])


_BEGIN, _GO_ON = (re.escape(signs) for signs in _high_signs())
#: First letter that no language of our neighbours writes.
_BEYOND_LATIN: Final = "\u0180"
#: Letters of UTF-8 that somebody read as Windows-1252 and saved again: « Ã© ».
_TWICE: Final = re.compile(f"[{_BEGIN}][{_GO_ON}]{{1,2}}")
#: What is left of an « à » whose second byte, a space that does not break, became a space or nothing.
_ALONE: Final = re.compile(r"Ã(?!\w)")


@dataclass(frozen=True, slots=True)
class TextTable:
    """The cells of a text file; ``rows[i]`` is line ``i + 1`` of a spreadsheet that opens it.

    ``mended``: how many cells had letters that were spoilt, and are set right.
    """

    rows: list[list[str]]
    encoding: str
    separator: str
    mended: int


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
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    if not lines[-1]:
        lines.pop()
    separator, first = _declared(lines)
    separator = separator or _separator(lines[:_LOOKED_AT])
    rows: list[list[str]] = [[] for _ in range(first)]
    spread: list[tuple[int, int, int]] = []
    place = first
    while place < len(lines):
        if len(rows) >= max_rows:
            raise SourceError(t("spreadsheet.rows", file=file, n=len(lines), limit=max_rows))
        cells, after = _cells(lines, place, separator)
        if cells is None:
            raise SourceError(t("spreadsheet.open_quote", file=file, line=len(rows) + 1))
        if after - place > 1 and any("\n" in cell and separator in cell for cell in cells):
            spread.append((len(rows), place, after))
        rows.append(cells)
        place = after
    if not any(any(cell.strip() for cell in cells) for cells in rows):
        raise SourceError(t("errors.file_empty", path=file))
    usual = _usual_width(rows, {row for row, _, _ in spread})
    for row, begin, end in spread:
        if usual and _swallows(rows[row], usual, lines[begin:end], separator):
            raise SourceError(t("spreadsheet.open_quote", file=file, line=row + 1))
    rows, mended = _mended(rows)
    return TextTable(rows, encoding, separator, mended)


def _cells(lines: list[str], place: int, separator: str) -> tuple[list[str] | None, int]:
    """Return the cells of the row that begins at a line, and the line after it; None: a quote never ends.

    Quotes that do not stand around the whole of a cell are a part of it: ``"Les Amis" de Muret``.
    """
    line = lines[place]
    if '"' not in line:
        return (line.split(separator) if line else []), place + 1
    cells, start = [], 0
    while True:
        end = line.find(separator, start)
        end = len(line) if end < 0 else end
        cell = line[start:end]
        if line.startswith('"', start):
            quoted = _QUOTED.match(line, start)
            if quoted is None:  # it goes on below
                place, cell, behind = _spread_cell(lines, place, start)
                if behind < 0:
                    return None, place
                line, start = lines[place], behind
            else:
                cell, start = quoted[1].replace('""', '"'), quoted.end()
            end = _only_spaces(line, start, separator)
            if end < 0:
                if quoted is None:
                    return None, place
                begin = quoted.start()
                end = line.find(separator, begin)
                end = len(line) if end < 0 else end
                cell = line[begin:end]
        cells.append(cell)
        if end >= len(line):
            return cells, place + 1
        start = end + 1


def _spread_cell(lines: list[str], place: int, start: int) -> tuple[int, str, int]:
    """Return the line where a quoted cell ends, the cell and where it ends in that line; -1: nowhere."""
    parts = [lines[place][start + 1 :]]
    for below in range(place + 1, len(lines)):
        found = _QUOTED_END.match(lines[below])
        if found is not None:
            return below, "\n".join([*parts, found[1]]).replace('""', '"'), found.end()
        parts.append(lines[below])
    return place, "", -1


def _only_spaces(line: str, start: int, separator: str) -> int:
    """Return where a cell ends after its quote; -1: more than spaces stands between."""
    end = line.find(separator, start)
    end = len(line) if end < 0 else end
    return -1 if line[start:end].strip(" ") else end


def _usual_width(rows: list[list[str]], apart: set[int]) -> int:
    """Return how many cells most rows have, but for some that are looked at; 0: there is no such number."""
    widths = Counter(len(cells) for place, cells in enumerate(rows) if place not in apart and len(cells) > 1)
    width, count = max(widths.items(), key=lambda one: one[1], default=(0, 0))
    return width if 2 * count > widths.total() else 0


def _swallows(cells: list[str], usual: int, lines: list[str], separator: str) -> bool:
    """Tell whether a row over several lines is rows behind a quote that somebody forgot.

    So it is if it has another number of cells than the other rows, or if its lines alone would have that number.
    """
    naive = [line.count(separator) + 1 for line in lines]
    return len(cells) != usual or all(n == usual for n in naive) or usual in naive[1:-1]


def decode(content: bytes, file: str) -> tuple[str, str]:
    """Return a text and the encoding it is in.

    Raises
    ------
    SourceError
        If it is not text, or most of it is in one encoding and some of it in another.
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
    except UnicodeDecodeError as error:
        if _is_mostly_utf8(content):
            line = content[: error.start].count(b"\n") + 1
            raise SourceError(t("spreadsheet.mixed", file=file, line=line)) from error
    texts = {encoding: _decoded(content, encoding) for encoding in _OLD_ENCODINGS}
    best = max(_OLD_ENCODINGS, key=lambda encoding: _score(texts[encoding]))
    return texts[best], best


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, errors="replace")


def _score(text: str) -> int:
    return sum(_FRENCH.get(sign, _NOT_FRENCH) for sign in text if not sign.isascii())


def _is_mostly_utf8(content: bytes) -> bool:
    """Tell whether more letters of a text are sound UTF-8 than are not: hardly any of an old encoding is, by chance."""
    text = content.decode("utf-8", errors="surrogateescape")
    sound = sum(not sign.isascii() and not "\udc80" <= sign <= "\udcff" for sign in text)
    return sound > sum("\udc80" <= sign <= "\udcff" for sign in text)


def _mended(rows: list[list[str]]) -> tuple[list[list[str]], int]:
    """Set letters right that were read in the wrong encoding and saved again, cell by cell; tell how many cells."""
    count = 0
    for cells in rows:
        for column, cell in enumerate(cells):
            if not cell.isascii() and (right := _ALONE.sub("à", _TWICE.sub(_right, cell))) != cell:
                cells[column] = right
                count += 1
    return rows, count


def _right(found: re.Match[str]) -> str:
    """Return the letter that two or three signs were; else the signs as they are."""
    for length in (len(found[0]), 2):
        raw = b"".join(_byte(sign) for sign in found[0][:length])
        try:
            letter = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if len(letter) == 1 and (letter in _FRENCH or (letter.isalpha() and letter < _BEYOND_LATIN)):
            return letter + found[0][length:]
    return found[0]


def _byte(sign: str) -> bytes:
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")


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
