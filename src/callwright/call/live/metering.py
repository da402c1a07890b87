"""Metering: what a question to a model used is reported, as the model tells it, and by an estimate where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from callwright.conversation.events import UsageReported
from callwright.ports.billing import billed_as
from callwright.ports.model import Model, ModelDelta, ModelRequest, ToolCall, costs_nothing
from callwright.ports.speech import UsageAmount

_CHARACTERS_PER_TOKEN = 4

Report = Callable[[UsageAmount, bool], None]
"""Takes an amount, and whether it is an estimate."""


class metered:  # noqa: N801 - used like a function in a with statement
    """Around one question to ``model``: ``take`` is given every delta of the answer, and ``report`` gets what was used.

    Nothing that was used is left out or counted as nothing, however the answer ends. Vendors bill what they began: a question that was
    being read when it was cancelled or its time was over, and what was written until a stream broke. Input and output of which the model
    told no tokens are estimated by the usual four characters a token; a question that failed before its first word used nothing. What a
    model that costs nothing (``ports.model.FreeModel``) has told stands, also when it is 0.

    A chain of models names each before it answers, by a usage of 0 (``call.live.failover``). Each is then measured on its own.
    """

    def __init__(self, model: Model, asked: ModelRequest, report: Report) -> None:
        self._model = model
        self._asked = asked
        self._report = report
        self._free = costs_nothing(model)
        self._answered = False
        self._characters = 0
        self._told: list[UsageAmount] = []

    def __enter__(self) -> metered:
        return self

    def take(self, delta: ModelDelta) -> None:
        """A piece of the answer."""
        used = delta.usage
        if used is not None and not _counts(used) and delta == ModelDelta(usage=used):
            self._name(used)
            return
        self._answered = True
        self._characters += len(delta.text) + len(delta.reasoning)
        if delta.tool_call is not None:
            self._characters += _characters_of(delta.tool_call)
        if used is not None:
            self._told.append(used)
            if _counts(used) or self._free:
                self._report(used, delta.estimated)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        given_up = isinstance(error, TimeoutError | asyncio.CancelledError)
        if self._answered or given_up or error is None:
            self._estimate()

    def _name(self, asked: UsageAmount) -> None:
        """Whoever answers from now on."""
        if self._told and (self._told[-1].provider, self._told[-1].model) != (asked.provider, asked.model):
            if self._answered:
                self._estimate()
            self._told, self._answered, self._characters = [], False, 0
        self._told.append(asked)

    def _estimate(self) -> None:
        if self._told and self._free:
            return
        read = 0 if any(one.amount for one in self._told) else question_tokens(self._asked)
        written = 0 if any(one.amount_output for one in self._told) else -(-self._characters // _CHARACTERS_PER_TOKEN)
        if read or written:
            named = self._told[-1] if self._told else None
            names = (named.provider, named.model) if named else billed_as(self._model, self._asked.settings)
            self._report(UsageAmount("model", *names, read, written), True)


def question_characters(asked: ModelRequest) -> int:
    """How much a model is given to read: the messages with their tool calls, the tools and the schema of the answer."""
    messages = sum(len(one.content) + sum(map(_characters_of, one.tool_calls)) for one in asked.messages)
    tools = sum(len(tool.name) + len(tool.description) + len(tool.parameters) for tool in asked.tools)
    return messages + tools + len(asked.schema)


def question_tokens(asked: ModelRequest) -> int:
    """How many tokens that is, by an estimate."""
    return question_characters(asked) // _CHARACTERS_PER_TOKEN


def usage_reported(at_us: int, used: UsageAmount, purpose: str, generation: int = 0, request: int = 0) -> UsageReported:
    """``used`` as an event of the call."""
    return UsageReported(
        at_us,
        used.kind,
        used.provider,
        used.model,
        purpose,
        generation,
        request,
        used.amount,
        used.amount_output,
        used.amount_cached,
        used.amount_reasoning,
        used.amount_cache_written,
    )


def _counts(used: UsageAmount) -> bool:
    return bool(used.amount or used.amount_output or used.amount_cached)


def _characters_of(call: ToolCall) -> int:
    return len(call.name) + len(call.arguments)
