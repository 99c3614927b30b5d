"""Read a delimited text file that anybody may have saved: which encoding, which separator, which cells.

A file that is not UTF-8 is one of the three old encodings of French computers. Which one is decided by the letters that
come out: on the few accents of a short list a general detector (charset-normalizer was tried) takes one for another.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from essmap.errors import SourceError
from essmap.texts import t

#: Windows, MS-DOS and old Macintosh, in the order of how often they are met.
_OLD_ENCODINGS: Final = ("cp1252", "cp850", "mac_roman")
#: Letters of French besides the plain ones.
_LETTERS: Final = frozenset("éèàêçîôûùâëïœæüÿÉÈÀÊÇÎÔÛÙÂËÏŒÆÜŸ")
#: Signs of French text that are no letters: they stand beside words, hardly ever within one.
_SIGNS: Final = frozenset("’«»€\u00a0‘“”–—…°²·•")
_LETTER, _SIGN, _NOT_FRENCH = 3, 1, -3
#: What Windows-1252 makes of letters of the other two; no French word holds one.
_ODD: Final = frozenset("‚ƒ„†‡ˆ‰ŠŽšž\ufffd")
#: The same, but for those that may stand at one side of a word.
_ODD_WITHIN: Final = frozenset("‹›•™˜“”")
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
#: What a file that is not UTF-8 holds of it only where somebody joined two files.
_PLAINLY_UTF8: Final = frozenset(chr(code) for code in range(0xA0, ord(_BEYOND_LATIN))) | {*"’‘“”–—…€"}
#: A sign that is not plain.
_HIGH: Final = re.compile(r"[^\x00-\x7f]")
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
    is_part = _parting(lines[:_LOOKED_AT], separator)
    for row, begin, end in spread:
        if usual and _swallows(rows[row], usual, lines[begin:end], is_part):
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


def _swallows(cells: list[str], usual: int, lines: list[str], is_part: re.Pattern[str]) -> bool:
    """Tell whether a row over several lines is rows behind a quote that somebody forgot.

    So it is if its lines alone are rows of the usual number of cells. A row that has that number itself is sound unless
    all its lines, or one between its first and its last, have it too; one with more (other rows ended early) unless all
    between have it.
    """
    alone = [len(is_part.findall(line)) + 1 for line in lines]
    between = alone[1:-1]
    if all(n == usual for n in alone):
        return True
    if len(cells) > usual:
        return bool(between) and all(n == usual for n in between)
    return usual in (between if len(cells) == usual else alone[1:])


def _parting(lines: list[str], separator: str) -> re.Pattern[str]:
    """Return what parts cells: no separator with a space beside it, which is prose, unless that is how rows look."""
    sign = re.escape(separator)
    plain = sum(bool(re.search(f"{sign}[^ ]", line)) for line in lines)
    spaced = sum(bool(re.search(f"{sign} ", line)) for line in lines)
    return re.compile(f"(?<! ){sign}(?! )" if plain > spaced else sign)


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
    if line := _line_of_utf8(content):
        raise SourceError(t("spreadsheet.mixed_old", file=file, line=line))
    encoding = _old_encoding(content)
    return _decoded(content, encoding), encoding


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, errors="replace")


def _old_encoding(content: bytes) -> str:
    """Return the old encoding of a text: Windows-1252, unless it makes signs of it that no French text has."""
    texts = {encoding: _decoded(content, encoding) for encoding in _OLD_ENCODINGS}
    if not any(_is_odd(before, sign, after) for before, sign, after in _around(texts["cp1252"])):
        return "cp1252"
    return max(_OLD_ENCODINGS, key=lambda encoding: _score(texts[encoding]))


def _around(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each sign that is not plain, with its neighbours."""
    for found in _HIGH.finditer(text):
        at = found.start()
        yield text[at - 1 : at], found[0], text[at + 1 : at + 2]


def _is_odd(before: str, sign: str, after: str) -> bool:
    """Tell whether a sign stands where no French text has it: a quotation mark or a capital within a word."""
    if sign in _ODD:
        return sign == "\ufffd" or before.isalpha() or after.isalpha()
    if sign in _ODD_WITHIN:
        return before.isalpha() and after.isalpha()
    return sign in _LETTERS and sign.isupper() and before.islower()


def _score(text: str) -> int:
    return sum(_worth(before, sign, after) for before, sign, after in _around(text))


def _worth(before: str, sign: str, after: str) -> int:
    if sign in _LETTERS:
        return _NOT_FRENCH if sign.isupper() and before.islower() else _LETTER
    is_within = before.isalpha() and after.isalpha() and sign not in "’·"
    return _SIGN if sign in _SIGNS and not is_within else _NOT_FRENCH


def _line_of_utf8(content: bytes) -> int:
    """Return the first line of a text in an old encoding that holds a letter or sign of UTF-8; 0: there is none.

    Only what people write counts: a few pairs of an old encoding (« É » and a quotation mark) happen to be UTF-8 too.
    """
    text = content.decode("utf-8", errors="surrogateescape")
    found = next((place for place, sign in enumerate(text) if sign in _PLAINLY_UTF8), -1)
    return text[:found].count("\n") + 1 if found >= 0 else 0


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
        if len(letter) == 1 and (letter in _LETTERS | _SIGNS or (letter.isalpha() and letter < _BEYOND_LATIN)):
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
