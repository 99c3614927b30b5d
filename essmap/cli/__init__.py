"""The ``essmap`` command: build, inspect, check, serve. For the data officer; every word it prints is French.

Exit codes: 0 done · 1 faults found in data or settings, listed · 2 the command or a setting makes no sense ·
3 no readable snapshot, or it cannot be written · 4 an input is missing or unreadable · 70 unexpected · 130 interrupted.

`commands` holds what each command does, `report` what it says, `french` the words of typer, `run` the entry point.
"""

from essmap.cli.commands import app
from essmap.cli.run import main

__all__ = ["app", "main"]
