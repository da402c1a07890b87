"""The conversation as the model sees it: only what was said and what was heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_HISTORY_MESSAGES
from callwright.domain.variables import render
from callwright.ports.model import Message, ToolCall

NO_RESULT_YET = '{"status": "in progress"}'
"""What the model sees of a tool whose result has not come."""


@dataclass(slots=True)
class Said:
    """One message, which may still change: a reply is cut at what was heard, a tool's result comes later."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    lead: str = ""
    """What was heard before the part that is still being said."""


def system_text(plan: CallPlan, variables: Mapping[str, str]) -> str:
    """The system prompt of a call: variables filled in, date and time appended (contract 13). Models may be warmed with it."""
    prompt = render(plan.system_prompt, variables)
    date, time = variables.get("current_date", ""), variables.get("current_time", "")
    if not (date or time):
        return prompt
    zone = variables.get("timezone", "")
    now = " ".join(part for part in (date, time, f"({zone})" if zone else "") if part)
    return f"{prompt}\n\nCurrent date and time: {now}".lstrip("\n")


def stable_characters(plan: CallPlan, variables: Mapping[str, str]) -> int:
    """How much of the call's system prompt is the same in every call: up to the first variable, or to the date."""
    written = plan.system_prompt
    pairs = enumerate(zip(system_text(plan, variables), written, strict=False))
    return next((index for index, (said, meant) in pairs if said != meant), len(written))


class History:
    """Messages in order. Oldest turns are dropped first beyond MAX_HISTORY_MESSAGES."""

    __slots__ = ("_calling", "_said", "_system", "_tools")

    def __init__(self, system: str) -> None:
        self._system = Message("system", system)
        self._said: list[Said] = []
        self._tools: dict[str, Said] = {}
        self._calling: dict[str, Said] = {}

    def begin(self, system: str) -> None:
        """The system prompt is known."""
        self._system = Message("system", system)

    def messages(self, pending_words: str = "") -> tuple[Message, ...]:
        """The whole history, with ``pending_words`` as the caller's last message when there are any."""
        said = [
            Message(s.role, s.content, s.tool_calls, s.tool_call_id) for s in self._said if s.content or s.tool_calls
        ]
        if pending_words:
            said.append(Message("user", pending_words))
        return (self._system, *said) if self._system.content else tuple(said)

    def user(self, text: str) -> None:
        """The caller said ``text``."""
        self._append(Said("user", text))

    def agent(self, text: str) -> Said | None:
        """The agent said ``text`` and the caller heard it; returns the message, None for no words."""
        if not text:
            return None
        said = Said("assistant", text)
        self._append(said)
        return said

    def calls(self, text: str, calls: tuple[ToolCall, ...]) -> Said:
        """The agent called tools, after saying ``text``; returns the message: what was heard of the text is set in it later."""
        said = Said("assistant", text, calls)
        self._append(said)
        for call in calls:
            waiting = Said("tool", NO_RESULT_YET, (), call.call_id)
            self._tools[call.call_id] = waiting
            self._calling[call.call_id] = said
            self._append(waiting)
        return said

    def calling(self, call_id: str) -> Said:
        """The agent's message that called the tool."""
        return self._calling[call_id]

    def result(self, call_id: str, text: str) -> None:
        """A tool answered: its result replaces the place it held."""
        self._tools[call_id].content = text or "{}"

    def transcript(self) -> str:
        """Both sides' words as lines of text, for a question about the conversation."""
        return "\n".join(f"{s.role}: {s.content}" for s in self._said if s.content)

    def _append(self, said: Said) -> None:
        self._said.append(said)
        if len(self._said) > MAX_HISTORY_MESSAGES:
            self._drop_oldest_turn()

    def _drop_oldest_turn(self) -> None:
        # Up to the next thing the caller said: a tool message must not be left without the call it answers.
        cut = next((i for i, s in enumerate(self._said) if i > 0 and s.role == "user"), 1)
        del self._said[:cut]
