"""What a newcomer is promised: commands that exist, folders that are said, files that stay small and clean."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 2 * 1024 * 1024

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

#: Written in two halves so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package registry": re.compile("|".join(["py" + "pi\\.org", "python" + "hosted", "npm" + "js\\.org"])),
    "a CDN": re.compile("|".join(["jsdel" + "ivr", "cdn" + "js", "unp" + "kg", "google" + "apis\\.com/css"])),
    "a path of a machine": re.compile("|".join(["/ro" + "ot/", "/ho" + "me/[a-z]+/", "/wo" + "rk/"])),
}


def tracked() -> list[Path]:
    """Return the files git tracks, or every file outside ignored folders where there is no git."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in answer.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_every_test_module_is_where_pytest_looks(pytestconfig):
    """No folder of tests has a name that pytest passes over: a test that is never run proves nothing."""
    passed_over = pytestconfig.getini("norecursedirs")
    lost = [
        path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("test_*.py")
        if any(fnmatch.fnmatch(part, pattern) for part in path.relative_to(ROOT).parts[:-1] for pattern in passed_over)
    ]
    assert lost == []


def test_readme_starts_with_the_two_commands():
    """The first code block of the README is `make run` and `make test`, and both are targets."""
    block = README.split("```sh\n", 1)[1].split("```", 1)[0]
    commands = [line.split("#")[0].strip() for line in block.strip().splitlines()]
    assert commands == ["make run", "make test"]
    assert README.index("```sh") < 40


def test_make_targets_in_the_docs_exist():
    """Each `make target` that README or CONTRIBUTING names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", README + CONTRIBUTING))
    assert named
    assert named <= targets


def test_paths_in_the_docs_exist():
    """Each path in back quotes that README or CONTRIBUTING names is in the checkout."""
    named = set(re.findall(r"`((?:essmap|tests|data|docs|tools|benchmarks)/[\w./-]*)`", README + CONTRIBUTING))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_folder_of_the_package_is_in_the_readme():
    """A reader finds in the layout table what each folder is for."""
    folders = {path.parent.name for path in (ROOT / "essmap").glob("*/__init__.py")}
    assert [name for name in sorted(folders) if f"essmap/{name}" not in README] == []


def test_commands_of_the_readme_are_understood():
    """Each `essmap` command that the README names answers --help."""
    commands = set(re.findall(r"^essmap ([a-z]+)", README, re.MULTILINE))
    assert commands >= {"build", "info", "check", "geography", "serve"}
    from typer.main import get_command

    from essmap.cli import app

    assert commands <= set(get_command(app).commands)


def test_settings_of_the_readme_are_the_settings():
    """The README's table names every setting and nothing else."""
    from essmap.settings import Settings

    table = README.split("## Settings", 1)[1].split("## ", 1)[0]
    named = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(Settings.model_fields)


def test_no_file_is_large():
    """No tracked file is over 2 MiB."""
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > MAX_BYTES] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_text_names(what):
    """No tracked text names a package registry, a CDN or a path of a machine."""
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if FORBIDDEN[what].search(text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_test_only_data_is_not_in_the_project():
    """The files marked test only are not committed under any name."""
    names = {"cantons_31_ign2018.geojson", "cantons_toulouse.geojson", "natures-juridiques.json", "codes-NAF.json"}
    assert [path.name for path in tracked() if path.name in names] == []


def test_lock_files_pin_with_hashes():
    """Every requirement of the lock files is pinned with `==` and hashes, and no line names an index."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert pinned
        assert [line for line in pinned if "==" not in line or line.startswith("-")] == []
        assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)
