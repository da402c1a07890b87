"""The Responses API: what is sent, and how the stream is read. Nothing is stored at the vendor: every request holds the whole history.

Protocol: ``POST {base_url}/responses`` with ``stream: true`` (OpenAI API reference, responses).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from callwright.domain.provider_table import bare_model
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import REFUSED, Message, ModelDelta, ModelRequest, Tool
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible.provider_table import THINKING
from callwright.providers.openai_compatible.reading import Reading, broken, count_of, readable, text_of


def arguments(request: ModelRequest, model: str) -> dict[str, Any]:
    """The arguments of ``responses.create``."""
    settings = request.settings
    given = {name: value for name, value in settings.options.items() if value is not None}
    found: dict[str, Any] = {
        "model": model,
        "input": [item for message in request.messages for item in _items(message)],
        "max_output_tokens": settings.max_tokens,
        "store": False,
        "stream": True,
    }
    if not bare_model(model).startswith(THINKING):
        # Those that think have the temperature 1, and refuse to be told.
        found["temperature"] = settings.temperature_milli / 1000
    if "top_p" in given:
        found["top_p"] = given["top_p"]
    if "reasoning_effort" in given:
        found["reasoning"] = {"effort": given["reasoning_effort"]}
    if given.get("compact_threshold"):
        found["context_management"] = [{"type": "compaction", "compact_threshold": given["compact_threshold"]}]
    text: dict[str, Any] = {"verbosity": given["verbosity"]} if "verbosity" in given else {}
    if request.schema:
        schema = {"name": request.purpose, "schema": json.loads(request.schema), "strict": True}
        text["format"] = {"type": "json_schema", **schema}
    if text:
        found["text"] = text
    if request.tools:
        found["tools"] = [_function(tool) for tool in request.tools]
    return found


def _function(tool: Tool) -> dict[str, Any]:
    # Left out, strict would be true here, other than in chat completions.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": json.loads(tool.parameters or "{}"),
        "strict": tool.strict,
    }


def _items(message: Message) -> Iterator[dict[str, Any]]:
    if message.tool_call_id:
        yield {"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}
        return
    if message.content or not message.tool_calls:
        yield {"role": message.role, "content": message.content}
    for call in message.tool_calls:
        wire = {"call_id": call.call_id, "name": call.name, "arguments": readable(call.arguments)}
        yield {"type": "function_call", **wire}


_LIMITS = ("rate_limit_exceeded", "insufficient_quota")


class ResponsesReading(Reading):
    """The events of an answer. The last one holds the reason of the end and the usage."""

    def _take(self, piece: Any) -> list[ModelDelta]:
        kind = text_of(piece, "type")
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            self._refuses = self._refuses or kind == "response.refusal.delta"
            text = text_of(piece, "delta")
            return [ModelDelta(text=text)] if text else []
        if kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
            thought = text_of(piece, "delta")
            return [ModelDelta(reasoning=thought)] if thought else []
        if kind in ("response.output_item.added", "response.output_item.done"):
            self._item(piece, whole=kind.endswith("done"))
        elif kind == "response.function_call_arguments.delta":
            self._add_call(_index(piece), "", "", text_of(piece, "delta"))
        elif kind in ("response.completed", "response.incomplete"):
            self._ended(getattr(piece, "response", None))
        elif kind == "response.failed":
            response = getattr(piece, "response", None)
            self._count(response)
            raise self._failed(getattr(response, "error", None))
        elif kind == "error":
            raise self._failed(piece)
        return []

    def _item(self, piece: Any, *, whole: bool) -> None:
        item = getattr(piece, "item", None)
        if text_of(item, "type") == "function_call":
            index = _index(piece)
            begun = self._calls.get(index, ["", "", ""])[2]
            # Some endpoints send no pieces of the arguments, only the whole item.
            rest = text_of(item, "arguments") if whole and not begun else ""
            self._add_call(index, text_of(item, "call_id"), text_of(item, "name"), rest)

    def _ended(self, response: Any) -> None:
        cut = text_of(getattr(response, "incomplete_details", None), "reason")
        refused = self._refuses or cut == "content_filter"
        self._reason = REFUSED if refused else "length" if cut else "stop"
        self._count(response)

    def _count(self, response: Any) -> None:
        usage = getattr(response, "usage", None)
        if usage is not None:
            details = getattr(usage, "input_tokens_details", None)
            self.usage = UsageAmount(
                "model",
                self._name,
                self._model,
                count_of(usage, "input_tokens"),
                count_of(usage, "output_tokens"),
                count_of(details, "cached_tokens"),
                count_of(getattr(usage, "output_tokens_details", None), "reasoning_tokens"),
                count_of(details, "cache_write_tokens"),
            )

    def _failed(self, error: Any) -> ProviderError:
        """The vendor's own words are left out: they may repeat the request."""
        if text_of(error, "code") in _LIMITS:
            return ProviderError(FailureKind.LIMIT, self._name, "the endpoint's limit is reached")
        return broken(self._name, "the endpoint sent an error in it")


def _index(piece: Any) -> int:
    index = getattr(piece, "output_index", None)
    return index if isinstance(index, int) else 0
