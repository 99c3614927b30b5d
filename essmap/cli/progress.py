"""What is said on a terminal while a command works: the step, and how much of it is left where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from essmap.cli.report import err


class Steps:
    """The step that a command is at.

    Parameters
    ----------
    bar : Progress
    """

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def say(self, step: str) -> None:
        """Begin a step."""
        self._bar.reset(self._task, description=step, total=None)

    def tell(self, done: int, total: int | None) -> None:
        """Say how much of the step is done."""
        self._bar.update(self._task, completed=done, total=total)


@contextmanager
def progress_bar() -> Iterator[Steps]:
    """Show a bar on a terminal while the block runs; nothing elsewhere.

    Yields
    ------
    Steps
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield Steps(bar)
