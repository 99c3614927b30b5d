"""Everything people read or hear, apart from the logic that shows it.

One TOML file per subject under ``fr/``: ``t("discover.title")`` is the key ``title`` of ``fr/discover.toml``.
Longer pages are Markdown files of the same folder (`page`). Another language is another folder.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

_LANGUAGE = "fr"


@cache
def _section(name: str) -> dict[str, Any]:
    path = files(__name__).joinpath(_LANGUAGE, f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def t(key: str, /, **values: object) -> str:
    """Return the text of a key, with its ``{placeholders}`` filled.

    A text that depends on a count is a table with ``one`` and ``other`` and is chosen by the value ``n``
    (French: 0 and 1 are singular).

    Parameters
    ----------
    key : str
        ``section.key`` or ``section.table.key``.
    **values
        What the placeholders stand for; numbers that people read come already formatted, except ``n``,
        which may come with ``n_text``, its formatted form.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If the key or one of its placeholders is unknown.
    """
    section, *path = key.split(".")
    node: Any = _section(section)
    for step in path:
        try:
            node = node[step]
        except (KeyError, TypeError):
            raise KeyError(f"no text {key!r}") from None
    if isinstance(node, dict) and {"one", "other"} <= node.keys():
        count = values["n"]
        node = node["one" if isinstance(count, int | float) and abs(count) < 2 else "other"]
    if not isinstance(node, str):
        raise KeyError(f"no text {key!r}")
    return node.format(**values)


@cache
def page(name: str) -> str:
    """Return the Markdown of a long page, placeholders untouched.

    Parameters
    ----------
    name : str
        File name under ``fr/``, without ``.md``.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        If there is no such page.
    """
    return files(__name__).joinpath(_LANGUAGE, f"{name}.md").read_text(encoding="utf-8")
