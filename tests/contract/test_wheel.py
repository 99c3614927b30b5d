"""A built wheel works alone: tables, starter data, pages and settings travel inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Build the wheel and unpack it into a folder of its own, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, str(folder / "site"), str(wheel)], check=True, capture_output=True)
    return folder / "site"


def run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the unpacked wheel first on its path."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_wheel_builds_a_snapshot_from_its_own_data(installed, tmp_path):
    """`essmap build` and `essmap info` work from the wheel alone, in an empty folder."""
    where = run(installed, "-c", "import essmap; print(essmap.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed)
    built = run(installed, "-m", "essmap.cli", "build", "--out", str(tmp_path / "snapshots"), cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    info = run(installed, "-m", "essmap.cli", "info", "--snapshot", str(tmp_path / "snapshots"), "--json", cwd=tmp_path)
    assert json.loads(info.stdout)["actors"] == 396


def test_wheel_carries_the_app_and_its_configuration(installed):
    """The entry point, the web server's configuration and the scripts of the pages are in the wheel."""
    package = installed / "essmap"
    for name in ("app.py", ".streamlit/config.toml", "view/web/map.js", "pages/web/style.css", "texts/fr/legal.md"):
        assert (package / name).is_file(), name
