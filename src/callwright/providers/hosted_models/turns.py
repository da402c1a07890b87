"""The messages of a conversation as turns: what vendors want that take turns strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callwright.platform.tools.rules.arguments import UnfitArgumentsError, read_object
from callwright.ports.model import Message

CALL_BEGINS = "(The call begins.)"
"""Stands for the caller before the agent's first words."""
NOTHING_SAID = "(Nothing is said.)"
"""Stands for the caller after the agent's last words."""

CALLER, AGENT = "caller", "agent"


@dataclass(slots=True)
class Turn:
    """What one side said at a stretch; results of tools are the caller's side."""

    side: str
    messages: list[Message] = field(default_factory=list)


def turns_of(messages: Sequence[Message]) -> tuple[list[str], list[Turn]]:
    """The instructions, and the turns after them: the first and the last are the caller's, and no side has two in a row."""
    instructions = [message.content for message in messages if message.role == "system" and message.content]
    turns: list[Turn] = []
    for message in messages:
        if message.role == "system" or not (message.content.strip() or message.tool_calls or message.tool_call_id):
            continue
        side = AGENT if message.role == "assistant" else CALLER
        if not turns or turns[-1].side != side:
            turns.append(Turn(side))
        turns[-1].messages.append(message)
    if not turns or turns[0].side == AGENT:
        turns.insert(0, Turn(CALLER, [Message("user", CALL_BEGINS)]))
    if turns[-1].side == AGENT:
        turns.append(Turn(CALLER, [Message("user", NOTHING_SAID)]))
    return instructions, turns


def arguments_of(text: str) -> Mapping[str, Any]:
    """The arguments of a tool call, or none where the model wrote no JSON object. The tool's result says what was wrong."""
    try:
        return read_object(text)
    except UnfitArgumentsError:
        return {}
