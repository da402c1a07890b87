"""Reading a streamed answer of the OpenAI protocols: what both of them share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callwright.domain.limits import MAX_MODEL_TOOL_CALLS, MAX_TOOL_ARGUMENT_CHARACTERS
from callwright.domain.text import whole_text
from callwright.platform.tools.rules.arguments import UnfitArgumentsError, read_object
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import REFUSED, ModelDelta, ModelRequest, ToolCall
from callwright.ports.speech import UsageAmount


class Reading:
    """The state of one streamed answer: tool calls arrive in pieces, usage and the reason of the end at last.

    Ids of tool calls that the request holds are not used again. Some endpoints number theirs anew in each answer; such a call comes without
    an id.
    """

    def __init__(self, name: str, model: str, request: ModelRequest) -> None:
        self._name = name
        self._model = model
        self._used = frozenset(call.call_id for message in request.messages for call in message.tool_calls)
        self._calls: dict[int, list[str]] = {}
        self._reason = ""
        self.usage: UsageAmount | None = None
        """What the endpoint has counted so far, None before it has."""
        self.begun = False
        self._spoke = self._refuses = False

    def take(self, piece: Any) -> list[ModelDelta]:
        """What one piece of the stream says at once: text and reasoning. Any field of it may be missing. Raises ProviderError for one that
        says that the answer failed."""
        self.begun = True
        deltas = self._take(piece)
        self._spoke = self._spoke or any(delta.text for delta in deltas)
        return deltas

    def _take(self, piece: Any) -> list[ModelDelta]:
        raise NotImplementedError

    def _add_call(self, index: int, call_id: str, name: str, arguments: str) -> None:
        """A piece of a tool call. A name comes whole, and some endpoints repeat it with every piece."""
        if index not in self._calls and len(self._calls) >= MAX_MODEL_TOOL_CALLS:
            return
        call = self._calls.setdefault(index, ["", "", ""])
        call[0] = call[0] or call_id
        call[1] = call[1] or name
        call[2] = (call[2] + arguments)[:MAX_TOOL_ARGUMENT_CHARACTERS]

    def end(self) -> Iterator[ModelDelta]:
        """Tool calls, whole, and then the end with its reason and usage: 0 where the endpoint counts nothing, which the port takes for not
        known. Raises ProviderError for an answer without an end, which broke off, and for one that was refused before its first word."""
        if not self._reason:
            raise broken(self._name, "the stream closed before its end")
        usage = self.usage or UsageAmount("model", self._name, self._model, 0)
        if self._reason == REFUSED:
            if not self._spoke:
                raise ProviderError(
                    FailureKind.BAD_REQUEST,
                    self._name,
                    "the endpoint refused to answer what the model was given to read",
                )
            yield ModelDelta(ended=REFUSED, usage=usage)
            return
        for _, (call_id, name, arguments) in sorted(self._calls.items()):
            yield ModelDelta(tool_call=ToolCall("" if call_id in self._used else call_id, name, arguments or "{}"))
        yield ModelDelta(ended="tool" if self._calls else self._reason, usage=usage)


def text_of(holder: Any, name: str) -> str:
    """A text field that can be stored."""
    value = getattr(holder, name, None)
    return whole_text(value) if isinstance(value, str) else ""


def count_of(holder: Any, name: str) -> int:
    """A number of tokens, 0 where there is none."""
    value = getattr(holder, name, None)
    return max(0, int(value)) if isinstance(value, int | float) else 0


def readable(arguments: str) -> str:
    """What a model wrote as arguments, or none where it is no JSON object (cut off by ``max_tokens``): endpoints that read it (vLLM,
    llama.cpp) would refuse every later request of the call. The tool's result says what was wrong."""
    try:
        read_object(arguments)
    except UnfitArgumentsError:
        return "{}"
    return arguments or "{}"


def broken(name: str, why: str) -> ProviderError:
    """The failure of an answer that had begun."""
    return ProviderError(FailureKind.BROKEN_STREAM, name, f"the answer broke off: {why}")
