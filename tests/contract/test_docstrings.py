"""Public functions say what they raise."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "essmap"
MODULES = sorted(PACKAGE.rglob("*.py"))


def raised_names(function: ast.FunctionDef) -> set[str]:
    """Return the classes that a function raises by name, those of functions inside it left out."""
    names = set()
    stack = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
            and node.exc.func.id[0].isupper()
        ):
            names.add(node.exc.func.id)
        stack.extend(ast.iter_child_nodes(node))
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_functions_document_what_they_raise(path):
    """Each public function that raises names every class it raises in its docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if any(isinstance(d, ast.Attribute) and d.attr in {"command", "callback"} for d in _decorators(node)):
                continue  # a command: its errors are exit codes, documented for the whole command line
            documented = ast.get_docstring(node) or ""
            silent += [f"{node.name}: {name}" for name in raised_names(node) if name not in documented]
    assert silent == []


def _decorators(node: ast.FunctionDef) -> list[ast.expr]:
    return [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_importing_a_module_reads_no_setting(path):
    """No module looks at the environment when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loose = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    looked = [
        ast.unparse(child)
        for node in loose
        for child in ast.walk(node)
        if isinstance(child, ast.Attribute) and child.attr in {"environ", "getenv"}
    ]
    assert looked == []
