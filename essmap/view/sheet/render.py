"""Typeset a sheet with Typst: A4, tagged (PDF/UA-1), fonts from an installed package, the same bytes every time."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from importlib.resources import as_file, files

import typst

from essmap.view.sheet.content import SheetContent


def sheet_pdf(content: SheetContent) -> bytes:
    """Return the sheet as PDF/UA-1: title, language, alternative text of the map, real tables.

    Parameters
    ----------
    content : SheetContent

    Returns
    -------
    bytes
    """
    data = json.dumps(asdict(content), ensure_ascii=False)
    with as_file(files("font_source_sans_pro").joinpath("files")) as fonts:
        result: bytes = typst.compile(
            _template(),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            pdf_standards=["ua-1"],
            format="pdf",
        )
    return result


@cache
def _template() -> bytes:
    return files("essmap.view.sheet").joinpath("sheet.typ").read_bytes()
