"""Named steps: nothing happens at them in a server, and nothing in the product can change that."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from proof.crash_steps import STEPS

from callwright.ops.crash_points import CRASH_POINTS, point

SOURCE = Path(__file__).resolve().parents[3] / "src" / "callwright"
OWN = SOURCE / "ops" / "crash_points.py"


def trees() -> list[tuple[Path, ast.Module]]:
    """The files that name the module or what is in it, parsed."""
    texts = [(path, path.read_text()) for path in sorted(SOURCE.rglob("*.py"))]
    return [(path, ast.parse(text)) for path, text in texts if "crash_points" in text.lower()]


def test_a_step_is_told_to_whoever_asked_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    point("call.written")
    told: list[str] = []
    monkeypatch.setattr(CRASH_POINTS, "reached", told.append)
    point("call.written")
    assert told == ["call.written"]


def test_every_step_is_marked_once_and_listed() -> None:
    marked: Counter[str] = Counter()
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "point":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{path}: the name of a step is a text"
                marked[str(name.value)] += 1
    assert marked == Counter(list(STEPS))


def test_no_part_of_the_product_can_ask_to_be_told() -> None:
    """Whatever a tenant, a setting or a plugin of ours says: only a program outside the wheel arms the steps."""
    users = [
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Name | ast.alias)
            and "CRASH_POINTS" in (getattr(node, "id", ""), getattr(node, "name", ""))
        )
    ]
    assert set(users) == {OWN}
