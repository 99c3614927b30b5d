"""Write a local file whole: a reader finds the old content or the new one, never a part of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes, *, is_lasting: bool = True, is_private: bool = False) -> None:
    """Write beside the file, then take its place; a crash or a full disk leaves what was there.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    content : bytes
    is_lasting : bool
        Whether to wait until the disk has it. A file that tells by itself whether it is whole, and that can be had
        again, need not: waiting takes much longer than writing.
    is_private : bool
        Whether nobody but the owner may read it (mode 0600).

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as stream:
            if is_private:
                partial.chmod(0o600)
            stream.write(content)
            if is_lasting:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
