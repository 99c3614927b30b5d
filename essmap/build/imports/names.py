"""The names of places whose address is not shown say no address either."""

from __future__ import annotations

from collections.abc import Sequence

from essmap.build.imports.rows import Rows
from essmap.schema.masked import without_address
from essmap.texts import t


def cut_addresses(rows: Rows, name: str, masked: Sequence[bool]) -> None:
    """Cut the address from names of masked rows, with a remark; a name that is nothing else keeps its row out.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column.
    masked : sequence of bool
        Per row.
    """
    for row, line in enumerate(rows.lines):
        cell = rows.values[name][row]
        cut = without_address(cell) if masked[row] else cell
        if cut == cell:
            continue
        rows.values[name][row] = cut
        if cut:
            rows.remark(line, name, f"{cut} …", t("imports.remarks.address_in_name"))
        else:
            rows.refuse(line, name, cell, t("imports.expected.address_as_name"), "address_as_name")
