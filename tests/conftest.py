"""What every test starts from: a clean environment, no network but this machine, and the starter data."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import HealthCheck, settings

from essmap.build.starter import build_starter, load_geography, new_build_id
from essmap.cli import main
from essmap.schema.snapshot import Snapshot
from essmap.sources.starter import ACTORS_FILE, FIGURES_FILE, PROJECTS_FILE, starter_folder

# The same examples in every run, however slow the machine.
settings.register_profile("essmap", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("essmap")


def is_local(address: object) -> bool:
    """Tell whether a socket address is of this machine."""
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = str(address[0])
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def sealed_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget the settings and the lists of whoever runs the tests, and refuse every connection to another machine."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("ESSMAP_")]:
        patch.delenv(name)
    own = tmp_path_factory.mktemp("own")
    patch.setenv("ESSMAP_WITHHOLD", str(own / "withheld.csv"))  # what enrichment found lies beside it
    patch.setenv("ESSMAP_LOCAL_LISTS", str(own / "lists"))
    for method in ("connect", "connect_ex"):
        patch.setattr(socket.socket, method, _only_local(getattr(socket.socket, method)))
    yield
    patch.undo()


def _only_local(original: Callable) -> Callable:
    def guarded(self: socket.socket, address: object) -> object:
        if not is_local(address):
            raise RuntimeError(f"a test wants to reach {address}")
        return original(self, address)

    return guarded


@pytest.fixture(scope="session")
def communes() -> gpd.GeoDataFrame:
    """The communes of Haute-Garonne: shared, read only."""
    return load_geography("31").communes


@pytest.fixture(scope="session")
def starter_snapshot() -> Snapshot:
    """The snapshot of the starter data, built once: shared, read only."""
    return build_starter("31")


@pytest.fixture
def fresh_snapshot(starter_snapshot: Snapshot) -> Callable[[], Snapshot]:
    """Return the same snapshot under a build identifier of its own, as often as asked."""

    def fresh() -> Snapshot:
        identifier = new_build_id(datetime.now(UTC))
        return Snapshot(replace(starter_snapshot.manifest, build_id=identifier), starter_snapshot.tables)

    return fresh


@dataclass(frozen=True)
class StarterFolder:
    """An editable copy of the starter files; lines are numbered as a spreadsheet does, the header being 1."""

    path: Path

    def lines(self, name: str) -> list[list[str]]:
        """Return the cells of a file, header first."""
        with (self.path / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.reader(stream))

    def rows(self, name: str) -> dict[int, dict[str, str]]:
        """Return the rows by line."""
        header, *rows = self.lines(name)
        return {line: dict(zip(header, row, strict=False)) for line, row in enumerate(rows, start=2)}

    def write(self, name: str, lines: list[list[str]]) -> None:
        """Replace a file."""
        with (self.path / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(lines)

    def change(self, name: str, line: int, /, **cells: str) -> None:
        """Change cells of one row."""
        lines = self.lines(name)
        for column, value in cells.items():
            lines[line - 1][lines[0].index(column)] = value
        self.write(name, lines)


@pytest.fixture
def starter_copy(tmp_path: Path) -> StarterFolder:
    """An editable copy of the three starter files."""
    folder = tmp_path / "starter"
    folder.mkdir()
    for name in (ACTORS_FILE, PROJECTS_FILE, FIGURES_FILE):
        shutil.copy(starter_folder("31") / name, folder / name)
    return StarterFolder(folder)


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command in this process: ``cli("info", "--json")``."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["essmap", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return Answer(int(left.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def essmap(tmp_path: Path) -> Callable[..., Answer]:
    """Run a command in a process of its own, in an empty folder: ``essmap("info", env={"COLUMNS": "40"})``."""
    empty = tmp_path / "elsewhere"
    empty.mkdir()

    def run(*arguments: object, env: dict[str, str] | None = None) -> Answer:
        command = [sys.executable, "-m", "essmap.cli", *map(str, arguments)]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})}
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, check=False)
        return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    return run
