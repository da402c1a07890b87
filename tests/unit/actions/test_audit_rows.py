"""Every row of the audit trail says what was before and what is after, as far as there was or is something."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ACTIONS = Path(__file__).parents[3] / "src/callwright/actions"
#: Of what was not there before, and of what is not there any more. All other verbs change something, which has both.
MADE = {"created", "placed", "opened", "rented", "seen", "linked", "copied", "event_sent", "dispositions_tested"}
GONE = {"deleted", "revoked", "gone", "unlinked"}


def rows() -> Iterator[tuple[str, str, set[str]]]:
    """Place, verb (empty where it is put together) and arguments of every call of ``audit``."""
    for path in sorted(ACTIONS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "audit":
                action = node.args[2]
                text = action.value if isinstance(action, ast.Constant) else ""
                yield f"{path.name}:{node.lineno}", str(text).partition(".")[2], {str(one.arg) for one in node.keywords}


def test_every_row_has_what_its_verb_speaks_of() -> None:
    found = list(rows())
    assert len(found) > 40
    wrong = []
    for place, verb, given in found:
        wanted = {"before", "after"} - ({"before"} if verb in MADE else {"after"} if verb in GONE else set())
        if not wanted <= given:
            wrong.append((place, verb or "put together", given))
    assert wrong == []
