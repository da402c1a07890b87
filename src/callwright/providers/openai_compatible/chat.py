"""Chat completions: what is sent, and how the stream is read.

Protocol: ``POST {base_url}/chat/completions`` with ``stream: true`` and ``stream_options.include_usage`` (OpenAI API reference, chat).
"""

from __future__ import annotations

import json
from typing import Any

from callwright.ports.model import REFUSED, Message, ModelDelta, ModelRequest, Tool
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible.provider_table import MORE_SAMPLING
from callwright.providers.openai_compatible.reading import Reading, count_of, readable, text_of

_PASSED_ON = ("top_p", "presence_penalty", "frequency_penalty", "stop", "reasoning_effort", "verbosity", "seed")


def arguments(request: ModelRequest, model: str, *, newer_limit: bool) -> dict[str, Any]:
    """The arguments of ``chat.completions.create``. ``newer_limit``: the limit on tokens is ``max_completion_tokens``."""
    settings = request.settings
    found: dict[str, Any] = {
        "model": model,
        "messages": [_message(m) for m in request.messages],
        "max_completion_tokens" if newer_limit else "max_tokens": settings.max_tokens,
        "temperature": settings.temperature_milli / 1000,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    given = {name: value for name, value in settings.options.items() if value is not None}
    found.update({name: given[name] for name in _PASSED_ON if name in given})
    beside = {name: given[name] for name in MORE_SAMPLING if name in given}
    if beside:
        found["extra_body"] = beside
    if request.tools:
        found["tools"] = [{"type": "function", "function": _function(tool)} for tool in request.tools]
    if request.schema:
        schema = {"name": request.purpose, "schema": json.loads(request.schema), "strict": True}
        found["response_format"] = {"type": "json_schema", "json_schema": schema}
    return found


_REASONS = {"tool_calls": "tool", "length": "length", "content_filter": REFUSED}


class ChatReading(Reading):
    """The chunks of an answer. Usage comes in a last one without choices."""

    def _take(self, piece: Any) -> list[ModelDelta]:
        usage = getattr(piece, "usage", None)
        if usage is not None:
            self.usage = self._amount(usage)
        deltas: list[ModelDelta] = []
        for choice in (getattr(piece, "choices", None) or [])[:1]:
            delta = getattr(choice, "delta", None)
            reasoning = text_of(delta, "reasoning_content") or text_of(delta, "reasoning")
            if reasoning:
                deltas.append(ModelDelta(reasoning=reasoning))
            refusal = text_of(delta, "refusal")
            self._refuses = self._refuses or bool(refusal)
            text = text_of(delta, "content") or refusal
            if text:
                deltas.append(ModelDelta(text=text))
            for call in getattr(delta, "tool_calls", None) or []:
                self._add(call)
            reason = text_of(choice, "finish_reason")
            if reason:
                self._reason = REFUSED if self._refuses else _REASONS.get(reason, "stop")
        return deltas

    def _add(self, call: Any) -> None:
        index = getattr(call, "index", None)
        if not isinstance(index, int):
            # Some endpoints leave the number out: an id begins another call, anything else goes on with the last one.
            index = len(self._calls) if getattr(call, "id", None) else max(self._calls, default=0)
        function = getattr(call, "function", None)
        self._add_call(index, text_of(call, "id"), text_of(function, "name"), text_of(function, "arguments"))

    def _amount(self, usage: Any) -> UsageAmount:
        details = getattr(usage, "prompt_tokens_details", None)
        return UsageAmount(
            "model",
            self._name,
            self._model,
            count_of(usage, "prompt_tokens"),
            count_of(usage, "completion_tokens"),
            # One vendor reports it beside the sums.
            count_of(details, "cached_tokens") or count_of(usage, "prompt_cache_hit_tokens"),
            count_of(getattr(usage, "completion_tokens_details", None), "reasoning_tokens"),
            count_of(details, "cache_write_tokens"),
        )


def _function(tool: Tool) -> dict[str, Any]:
    wire = {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.parameters or "{}")}
    return {**wire, "strict": True} if tool.strict else wire


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": c.call_id, "type": "function", "function": {"name": c.name, "arguments": readable(c.arguments)}}
            for c in message.tool_calls
        ]
    if message.tool_call_id:
        wire["tool_call_id"] = message.tool_call_id
    return wire
