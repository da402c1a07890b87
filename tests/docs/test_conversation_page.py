"""docs/explanation/conversation.md shows the tables the core interprets."""

from collections.abc import Mapping
from pathlib import Path

from callwright.conversation import patience, reply, table, transfer, turn, voicemail

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "conversation.md").read_text(encoding="utf-8")
EVENTS = {event.__name__ for event in table.ACTIONS}


def rows(moves: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A line for each state: the states after it, each with the verbs that lead there."""
    return [f"- `{state}`: {'; '.join(_shown(row)) or 'no moves'}\n" for state, row in moves.items()]


def _shown(row: Mapping[str, str]) -> list[str]:
    return [
        f"{after} on {', '.join(verb for verb, to in row.items() if to == after)}"
        for after in dict.fromkeys(row.values())
    ]


def test_the_tables_of_turn_generation_and_transfer_are_shown() -> None:
    for row in (*rows(turn.MOVES), *rows(reply.MOVES), *rows(transfer.MOVES), *rows(voicemail.MOVES)):
        assert row in PAGE


def test_the_pauses_of_a_caller_are_shown() -> None:
    for kind, (least, most) in patience.PAUSES.items():
        assert f"- `{kind}` ({least} % to {most} %): " in PAGE


def test_every_event_is_shown_with_its_actions() -> None:
    head = next(line for line in PAGE.splitlines() if line.startswith("event  "))
    begins = [head.index(name) for name in head.split()]
    shown = [line for line in PAGE.splitlines() if line.split()[:1] and line.split()[0] in EVENTS]
    cells = [[line[at:end].strip() for at, end in zip(begins, [*begins[1:], None], strict=True)] for line in shown]
    assert cells == [
        [event.__name__, *("" if action == "keep" else action for action in actions)]
        for event, actions in table.ACTIONS.items()
    ]
