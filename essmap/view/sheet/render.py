"""Typeset a sheet with Typst: A4, tagged (PDF/UA-1), fonts from an installed package, the same bytes every time."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import typst
from fontTools.ttLib import TTFont

from essmap.view.sheet.parts import SheetContent

#: Stands for a character that the font cannot draw: PDF/UA refuses a sheet that shows nothing in its place.
_UNKNOWN: Final = "\u25a1"
_FONTS: Final = "font_source_sans_pro"
_REGULAR: Final = "SourceSansPro-Regular.ttf"


def sheet_pdf(content: SheetContent) -> bytes:
    """Return the sheet as PDF/UA-1: title, language, alternative text of the map, real tables.

    Parameters
    ----------
    content : SheetContent

    Returns
    -------
    bytes
    """
    data = _drawable(json.dumps(asdict(content), ensure_ascii=False))
    with as_file(files(_FONTS).joinpath("files")) as fonts:
        return typst.compile(
            _template(),
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=[fonts]),
            sys_inputs={"data": data},
            pdf_standards="ua-1",
            format="pdf",
        )


def _drawable(text: str) -> str:
    """Return text that the font can draw; what steers a line (right to left, for instance) is left out."""
    known = _characters()
    return "".join(
        sign if ord(sign) in known or sign == "\n" else "" if unicodedata.category(sign) == "Cf" else _UNKNOWN
        for sign in text
    )


@cache
def _characters() -> frozenset[int]:
    with files(_FONTS).joinpath("files", _REGULAR).open("rb") as stream:
        return frozenset(TTFont(stream).getBestCmap())


@cache
def _template() -> bytes:
    return files("essmap.view.sheet").joinpath("sheet.typ").read_bytes()
