"""Nothing is dialled and nobody is transferred without a decision: the places that ask a carrier are few, and each has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[4] / "src/callwright"
CARRIERS = ("telephony", "testing")
"""What carriers and their contract do among themselves."""

ASKS = {
    ("call/live/dialling.py", "connect", "dial"),
    ("call/live/dialling.py", "dial_target", "dial"),
    ("call/live/transfer.py", "transfer", "transfer"),
    ("bootstrap/rehearsal.py", "_dial", "dial"),
    ("cli/selfcall.py", "_dial", "dial"),
}
"""Who asks a carrier to dial or to transfer."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        text = path.read_text()
        if name.split("/")[0] not in CARRIERS and any(word in text for word in (".dial", ".transfer", "DialRequest")):
            yield name, ast.parse(text)


def asking(name: str, tree: ast.Module) -> set[tuple[str, str, str]]:
    """File, function and method of every call of a method ``dial`` or ``transfer``."""
    return {
        (name, function.name, node.func.attr)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("dial", "transfer")
    }


def undecided(tree: ast.Module) -> list[int]:
    """Lines in which a request to dial is made without a decision."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "DialRequest"
        and not any(one.arg == "decision" and not isinstance(one.value, ast.Constant) for one in node.keywords)
    ]


def test_only_these_ask_a_carrier() -> None:
    assert set().union(*(asking(name, tree) for name, tree in sources())) == ASKS


def test_every_request_to_dial_carries_its_decision() -> None:
    assert [(name, line) for name, tree in sources() for line in undecided(tree)] == []


def test_a_transfer_takes_a_decision_and_looks_at_it() -> None:
    tree = ast.parse((SOURCE / "call/live/transfer.py").read_text())
    (function,) = (node for node in tree.body if isinstance(node, ast.AsyncFunctionDef))
    assert "Decision" in {ast.unparse(one.annotation) for one in function.args.args if one.annotation}
    body = ast.unparse(function)
    assert body.index("decision.dials") < body.index("leg.transfer(")


def test_a_target_is_called_by_us_only_after_a_look_at_the_decision() -> None:
    tree = ast.parse((SOURCE / "call/live/transfer.py").read_text())
    (ask,) = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == "ask")
    body = ast.unparse(ask)
    assert body.index("decision.dials") < body.index("WarmTransfer(")


@pytest.mark.parametrize(
    "text",
    [
        'DialRequest("a", to, ours, 60)',
        'DialRequest("a", to, ours, 60, decision=None)',
        'DialRequest("a", to, ours, 60, {"decision": found})',
    ],
)
def test_a_request_without_a_decision_is_found(text: str) -> None:
    assert undecided(ast.parse(text)) == [1]
    assert undecided(ast.parse('DialRequest("a", to, ours, 60, decision=found)')) == []


def test_somebody_else_who_dials_is_found() -> None:
    tree = ast.parse("async def around(self):\n    await self.carrier.dial(request, self)\n")
    assert asking("x.py", tree) == {("x.py", "around", "dial")}
