"""The sheet of a territory as a tagged PDF: `content` says what stands on it, `drawing` its map, `render` sets it."""

from essmap.view.sheet.content import axes_of_the_department, axis_gaps, sheet_content
from essmap.view.sheet.parts import Gap, SheetContent
from essmap.view.sheet.render import sheet_pdf

__all__ = ["Gap", "SheetContent", "axes_of_the_department", "axis_gaps", "sheet_content", "sheet_pdf"]
