"""Texts: every key used exists, every key is used, and what people read is well-set French."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from essmap.texts import page, t

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "essmap" / "texts" / "fr"
SOURCES = [ROOT / "app.py", *sorted((ROOT / "essmap").rglob("*.py"))]
PLURAL = {"one", "other"}
NARROW, WIDE = "\u202f", "\u00a0"
ENGLISH = re.compile(
    r"\b(Deploy|Rerun|Settings|Loading|Error|Submit|Click|Download|Upload|Press|Choose|Select|Search|Running|Stop|Clear"
    r"|Close|Copy|Show|Hide|Missing|Usage|Options|No results|Please|Try|Help|File|Error:)\b"
)


def leaves(node: dict, prefix: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each key with its texts: one, or the two of a plural."""
    for name, value in node.items():
        key = f"{prefix}.{name}"
        if isinstance(value, str):
            yield key, [value]
        elif value.keys() >= PLURAL:
            yield key, [value["one"], value["other"]]
        else:
            yield from leaves(value, key)


#: English words of Streamlit beside their French: read as a table by `essmap.pages.workarounds`, tested there.
FRAMEWORK = "framework"
SECTIONS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
del SECTIONS[FRAMEWORK]
TEXTS = {key: texts for section, content in SECTIONS.items() for key, texts in leaves(content, section)}


def placeholders(texts: list[str]) -> set[str]:
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of `t` with where it is."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def keys_of(node: ast.expr) -> tuple[list[str], list[str]]:
    """Return the keys that an argument names, and the beginnings of those it builds."""
    if isinstance(node, ast.Constant):
        return [node.value], []
    if isinstance(node, ast.IfExp):
        one, other = keys_of(node.body), keys_of(node.orelse)
        return one[0] + other[0], one[1] + other[1]
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return [], [node.values[0].value]
    return [], []


CALLS = list(calls())


def test_calls_are_found():
    """The walk sees the code: many calls, in every layer that speaks."""
    assert len(CALLS) > 200
    folders = {where.split("/")[1] for where, _ in CALLS if where.startswith("essmap/")}
    assert {"build", "cli", "pages", "sources", "view"} <= folders


def test_every_literal_key_exists_with_its_placeholders():
    """Each key the code names has a text, whose placeholders are exactly what the call gives."""
    wrong = []
    for where, call in CALLS:
        given = {keyword.arg for keyword in call.keywords}
        for key in keys_of(call.args[0])[0]:
            if key.startswith(f"{FRAMEWORK}."):
                continue
            if key not in TEXTS:
                wrong.append(f"{where}: no text {key}")
                continue
            wanted = placeholders(TEXTS[key])
            if len(TEXTS[key]) == 2:
                wanted |= {"n"}
            if None in given:  # **values: what is given cannot be seen
                continue
            if not wanted <= given or (isinstance(call.args[0], ast.Constant) and given - wanted):
                wrong.append(f"{where}: {key} takes {sorted(wanted)}, is given {sorted(map(str, given))}")
    assert wrong == []


def test_every_built_key_has_its_table():
    """Where the code builds a key, texts begin like it."""
    beginnings = [(where, start) for where, call in CALLS for start in keys_of(call.args[0])[1]]
    assert beginnings
    assert [
        (where, start)
        for where, start in beginnings
        if not start.startswith(FRAMEWORK) and not any(key.startswith(start) for key in TEXTS)
    ] == []


def test_every_text_is_used():
    """No text is left over: the code names it or builds its key."""
    constants, beginnings, endings = set(), set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                constants.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                first, last = node.values[0], node.values[-1]
                if isinstance(first, ast.Constant) and first.value.partition(".")[0] in SECTIONS and "." in first.value:
                    beginnings.add(first.value)
                elif isinstance(last, ast.Constant) and re.fullmatch(r"\.\w+", last.value):
                    endings.add(last.value)
    built = (tuple(beginnings), tuple(endings))
    left = [
        key for key in TEXTS if key not in constants and not key.startswith(built[0]) and not key.endswith(built[1])
    ]
    assert left == []


def test_plurals_are_two_whole_texts():
    """A text that depends on a count has one and other, and nothing else."""

    def tables(node: dict) -> Iterator[dict]:
        for value in node.values():
            if isinstance(value, dict):
                yield value
                yield from tables(value)

    for content in SECTIONS.values():
        for table in tables(content):
            assert not PLURAL & table.keys() or table.keys() == PLURAL


def typography_faults(text: str) -> list[str]:
    """Return what French typography forbids in a text; addresses and placeholders are left out."""
    bare = re.sub(r"https?://[^\s»]*|\{[^{}]*\}", "x", text)
    rules = {
        "space inside «": rf"«(?!{NARROW})",
        "space before »": rf"(?<!{NARROW})»",
        "space before ; ! ?": rf"(?<!{NARROW})[;!?](?![;!?])",
        "space before :": rf"(?<!{WIDE}):",
        "straight quotes": r'"',
        "three dots": r"\.\.\.",
        "two spaces": r"  ",
    }
    return [rule for rule, pattern in rules.items() if re.search(pattern, bare)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Où\u202f?", 0), ("Où ?", 1), ("Où?", 1), ("Dit\u00a0: «\u202foui\u202f»\u202f; non", 0), ("Dit : oui", 1),
        ("« oui »", 2), ("voir https://a.fr/?b=c;d", 0), ('un "mot"', 1), ("Attendez...", 1), ("{n}\u00a0: {x!r}", 0),
    ],
)  # fmt: skip
def test_checker_knows_good_from_bad(text, count):
    """The checker finds each fault and passes what is right."""
    assert len(typography_faults(text)) == count


@pytest.mark.parametrize("section", sorted({key.partition(".")[0] for key in TEXTS}))
def test_texts_are_well_set(section):
    """No text of ours breaks French typography."""
    faults = {key: found for key, texts in TEXTS.items() for text in texts if (found := typography_faults(text))}
    assert {key: found for key, found in faults.items() if key.startswith(f"{section}.")} == {}


def test_texts_are_french():
    """No text of ours holds a word of the framework's English."""
    assert {key: found for key, texts in TEXTS.items() for text in texts if (found := ENGLISH.findall(text))} == {}


def test_counts_choose_their_text():
    """0 and 1 are singular, 2 and more plural, whatever the sign."""
    said = [t("cli.check_faults", n=n, n_text=n, file="f") for n in (0, 1, 1.9, 2, 10)]
    assert ["défauts" in text for text in said] == [False, False, False, True, True]


@pytest.mark.parametrize("key", ["cli.nothing", "cli", "cli.check_ok.one.more", "cli.metavars", "nothing_at_all"])
def test_unknown_keys_are_errors(key):
    """A key without text is a programming error, said with the key."""
    with pytest.raises((KeyError, FileNotFoundError)):
        t(key)


def test_missing_placeholder_is_an_error():
    """A text is never shown with a hole."""
    with pytest.raises(KeyError):
        t("build_command.one_department")


def test_values_are_not_read_as_templates():
    """Braces in a value stay braces."""
    assert "{x} {{y}}" in t("build_command.one_department", source="{x} {{y}}")


def test_unknown_page_is_an_error():
    """There is no page but those of the folder."""
    with pytest.raises(FileNotFoundError):
        page("nothing")
