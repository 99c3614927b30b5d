"""How a theme is typed on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from essmap.errors import SettingsError
from essmap.texts import t

if TYPE_CHECKING:
    from essmap.analysis.coverage import Theme

#: How themes are typed, beside ``all``.
THEMES: Final = {"axis": "axis:CLÉ", "domain": "domain:CLÉ"}


def read_theme(text: str) -> Theme:
    """Return the theme that was typed.

    Raises
    ------
    SettingsError
        If there is no such axis or domain; lists those there are.
    """
    from essmap import reference
    from essmap.analysis.coverage import Theme

    pseudo = {reference.NO_AXIS, reference.SEVERAL_AXES}
    axes = [str(key) for key in reference.axes().index if key not in pseudo]
    keys = {"all": [""], "axis": axes, "domain": [str(key) for key in reference.domains().index]}
    try:
        theme = Theme.parse(text)
    except ValueError:
        theme = None
    if theme is None or theme.key not in keys[theme.kind]:
        lists = {"axes": ", ".join(keys["axis"]), "domains": ", ".join(keys["domain"])}
        raise SettingsError(t("cli.gaps_theme_bad", value=text, **THEMES, **lists)) from None
    return theme
