"""Why the operating system refused, in French: its own words come in the language of the machine."""

from __future__ import annotations

import errno

from essmap.texts import t

_KEYS = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EACCES: "refused",
    errno.EPERM: "refused",
    errno.EROFS: "read_only",
    errno.ENOENT: "missing",
    errno.EISDIR: "folder",
    errno.ENOTDIR: "not_folder",
    errno.EEXIST: "not_folder",
    errno.ENAMETOOLONG: "long_name",
}


def system_reason(error: OSError) -> str:
    """Return the reason of a refused file operation.

    Examples
    --------
    >>> system_reason(IsADirectoryError(errno.EISDIR, "Is a directory"))
    'c’est un dossier'
    """
    key = _KEYS.get(error.errno or 0)
    if key is not None:
        return t(f"errors.system.{key}")
    return t("errors.system.unknown", code=errno.errorcode.get(error.errno or 0, type(error).__name__))
