"""Run the command line: every error becomes a French sentence and an exit code, never a traceback."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Final

import typer

from essmap.cli.commands import app
from essmap.cli.french import usage_error
from essmap.cli.report import err, out
from essmap.errors import DataError, EssmapError
from essmap.texts import t

#: Set to 1, the details of an unexpected error are written to the error stream.
DEBUG_VARIABLE: Final = "ESSMAP_DEBUG"

_UNEXPECTED: Final = 70
_INTERRUPTED: Final = 130


def main() -> None:
    """Run one command and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without our signs shows « ? » rather than nothing
            stream.reconfigure(errors="replace")
    sys.exit(_run())


def _run() -> int:
    try:
        code = int(app(standalone_mode=False, prog_name="essmap") or 0)
    except DataError as error:
        for problem in error.problems:
            out.print(str(problem), markup=False)
        err.print(str(error), markup=False)
        return error.exit_code
    except EssmapError as error:
        err.print(str(error), markup=False)
        return error.exit_code
    except typer.TyperException as error:
        err.print(usage_error(error), markup=False)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort: whatever it is, people get a sentence
        if os.environ.get(DEBUG_VARIABLE) == "1":
            err.print(traceback.format_exc(), markup=False)
        err.print(t("cli.unexpected", kind=type(error).__name__, variable=DEBUG_VARIABLE), markup=False)
        return _UNEXPECTED
    if code == _INTERRUPTED:
        err.print(t("cli.aborted"), markup=False)
    return code
