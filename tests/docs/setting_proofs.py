"""Which tests prove a setting of an agent: those marked ``@pytest.mark.proves("task_config.patience")``."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def proofs() -> dict[str, tuple[str, ...]]:
    """The node ids of the tests that are marked, by the key of the setting."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.proves(" not in text:
            continue
        for name, keys in _marked(ast.parse(text).body):
            for key in keys:
                found[key] = (*found.get(key, ()), f"{path.relative_to(ROOT).as_posix()}::{name}")
    return found


def _marked(body: list[ast.stmt], of: str = "") -> list[tuple[str, list[str]]]:
    """(name, keys) of each marked test, in their order; that of a class is named with it."""
    found: list[tuple[str, list[str]]] = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            found += _marked(node.body, f"{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            keys = [
                argument.value
                for mark in node.decorator_list
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves"
                for argument in mark.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
            found += [(of + node.name, keys)] if keys else []
    return found


def source_of(proof: str) -> str:
    """The text of a test, without what it is decorated with."""
    path, _, name = proof.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    found = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", "") == name.rpartition("::")[2]]
    return "\n".join(ast.get_source_segment(text, node) or "" for node in found)
