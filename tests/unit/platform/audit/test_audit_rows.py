"""Every row of the audit trail says what was before and what is after, as far as there was or is something."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SUBJECTS = Path(__file__).parents[4] / "src/callwright/platform"
#: Of what was not there before, and of what is not there any more, by its full name: the same verb may make one thing and change
#: another. All other actions change something, which has both.
MADE = {
    "agent.created",
    "agent.dispositions_tested",
    "agent.tool_tried",
    "ambient_sound.created",
    "batch.created",
    "chat.opened",
    "custom_model.created",
    "disposition.copied",
    "disposition.created",
    "disposition.linked",
    "execution.captured",
    "execution.event_sent",
    "execution.placed",
    "extraction_template.created",
    "imported_voice.created",
    "key.created",
    "knowledge_base.created",
    "organisation.created",
    "phone_number.created",
    "phone_number.proved",
    "phone_number.rented",
    "phone_number.seen",
    "price.created",
    "session.opened",
    "sip_trunk.created",
    "sub_account.created",
    "suppression.created",
    "violation.created",
    "wallet_entry.created",
    "web_call.opened",
}
GONE = {
    "agent.deleted",
    "ambient_sound.deleted",
    "batch.deleted",
    "contact_file.deleted",
    "custom_model.deleted",
    "disposition.deleted",
    "disposition.unlinked",
    "extension.deleted",
    "extraction_template.deleted",
    "imported_voice.deleted",
    "key.revoked",
    "knowledge_base.deleted",
    "phone_number.deleted",
    "phone_number.gone",
    "phone_number.released",
    "price.deleted",
    "provider_key.deleted",
    "session.ended",
    "sip_trunk.deleted",
    "sub_account.deleted",
    "suppression.deleted",
}


def rows(source: str) -> Iterator[tuple[int, str, set[str]]]:
    """Line, action (empty where it is put together) and arguments, as far as they say something, of every call of ``audit``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "audit":
            action = node.args[2]
            text = str(action.value) if isinstance(action, ast.Constant) else ""
            said = (
                one for one in node.keywords if not (isinstance(one.value, ast.Constant) and one.value.value is None)
            )
            yield node.lineno, text, {str(one.arg) for one in said}


def lacking(action: str, given: set[str]) -> set[str]:
    return {"before", "after"} - ({"before"} if action in MADE else {"after"} if action in GONE else set()) - given


def test_every_row_has_what_its_verb_speaks_of() -> None:
    found = [(path.name, *row) for path in sorted(SUBJECTS.rglob("*.py")) for row in rows(path.read_text())]
    assert len(found) > 40
    assert [row for row in found if lacking(*row[2:])] == []
    assert (MADE | GONE) - {row[2] for row in found} == set(), "what is exempt is written somewhere"


@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ('"phone_number.linked", number.id, before=was, after=now', set()),
        ('"phone_number.linked", number.id, after=now', {"before"}),
        ('"phone_number.linked", number.id, before=None, after=now', {"before"}),
        ('"disposition.linked", one.id, after=now', set()),
        ('"disposition.unlinked", one.id, before=was', set()),
        ('"disposition.unlinked", one.id, before=None', {"before"}),
        ("action, name, after=now", {"before"}),
    ],
)
def test_a_row_that_loses_something_is_found(written: str, lost: set[str]) -> None:
    ((_, action, given),) = rows(f"audit(unit, principal, {written})")
    assert lacking(action, given) == lost
