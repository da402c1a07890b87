"""A language model behind an OpenAI-compatible chat endpoint, with streaming, tools and JSON schemas.

Protocol: ``POST {base_url}/chat/completions`` with ``stream: true`` and ``stream_options.include_usage``
(OpenAI API reference, chat).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import openai

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ToolCall
from callwright.ports.speech import UsageAmount

NAME = "custom"
_TIMEOUT_S = 30.0
_MAX_TOOL_CALLS = 16
_PASSED_ON = ("top_p", "presence_penalty", "frequency_penalty", "stop", "reasoning_effort", "seed")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is. ``api_key`` may be empty: local servers need none."""

    base_url: str
    api_key: str = field(default="", repr=False)
    default_model: str = ""


class OpenAICompatibleModel:
    """``ports.model.Model`` over the ``openai`` client. One object serves all calls."""

    name = NAME

    def __init__(self, endpoint: Endpoint, http_client: httpx.AsyncClient | None = None) -> None:
        self._endpoint = endpoint
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            http_client=http_client,
            max_retries=0,
            timeout=_TIMEOUT_S,
        )

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        reading = _Reading(request.settings.model or self._endpoint.default_model)
        try:
            stream = await self._client.chat.completions.create(**self._arguments(request))
            async with stream:
                async for chunk in stream:
                    for delta in reading.take(chunk):
                        yield delta
        except openai.OpenAIError as error:
            raise _failure(error) from error
        for delta in reading.end():
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Endpoints keep their own prompt caches; a request only to fill them would cost money, so nothing is sent."""

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        settings = request.settings
        arguments: dict[str, Any] = {
            "model": settings.model or self._endpoint.default_model or "default",
            "messages": [_message(m) for m in request.messages],
            "max_tokens": settings.max_tokens,
            "temperature": settings.temperature_milli / 1000,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        arguments.update(
            {name: settings.options[name] for name in _PASSED_ON if settings.options.get(name) is not None}
        )
        if request.tools:
            arguments["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": json.loads(t.parameters)},
                }
                for t in request.tools
            ]
        if request.schema:
            schema = {"name": request.purpose, "schema": json.loads(request.schema), "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        return arguments


class _Reading:
    """The state of one streamed answer: tool calls arrive in pieces, usage in a last chunk without choices."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._calls: dict[int, list[str]] = {}
        self._reason = "stop"
        self._usage: UsageAmount | None = None

    def take(self, chunk: Any) -> list[ModelDelta]:
        """What one chunk says at once: text and reasoning."""
        if chunk.usage is not None:
            self._usage = self._amount(chunk.usage)
        deltas: list[ModelDelta] = []
        for choice in chunk.choices[:1]:
            delta = choice.delta
            reasoning = getattr(delta, "reasoning_content", None)
            if reasoning:
                deltas.append(ModelDelta(reasoning=str(reasoning)))
            if delta.content:
                deltas.append(ModelDelta(text=delta.content))
            for piece in delta.tool_calls or []:
                self._add(piece)
            if choice.finish_reason:
                self._reason = {"tool_calls": "tool", "length": "length"}.get(choice.finish_reason, "stop")
        return deltas

    def _add(self, piece: Any) -> None:
        if piece.index not in self._calls and len(self._calls) >= _MAX_TOOL_CALLS:
            return
        call = self._calls.setdefault(piece.index, ["", "", ""])
        call[0] = call[0] or (piece.id or "")
        if piece.function is not None:
            call[1] += piece.function.name or ""
            call[2] += piece.function.arguments or ""

    def end(self) -> list[ModelDelta]:
        """Tool calls, whole, and then the end with its reason and usage."""
        deltas = [
            ModelDelta(tool_call=ToolCall(call_id or f"call_{index}", name, arguments or "{}"))
            for index, (call_id, name, arguments) in sorted(self._calls.items())
        ]
        reason = "tool" if self._calls else self._reason
        usage = self._usage or UsageAmount("model", NAME, self._model, 0)
        return [*deltas, ModelDelta(ended=reason, usage=usage)]

    def _amount(self, usage: Any) -> UsageAmount:
        details = getattr(usage, "prompt_tokens_details", None)
        cached = int(getattr(details, "cached_tokens", None) or 0)
        return UsageAmount("model", NAME, self._model, usage.prompt_tokens, usage.completion_tokens, cached)


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": c.call_id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    if message.tool_call_id:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _failure(error: openai.OpenAIError) -> ProviderError:
    """The kind of a failure. The endpoint's own words are left out: they may repeat the key."""
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ProviderError(FailureKind.REFUSED, NAME, "the endpoint refused the key; check CALLWRIGHT_MODEL_API_KEY")
    if isinstance(error, openai.RateLimitError):
        return ProviderError(FailureKind.LIMIT, NAME, "the endpoint's rate limit is reached")
    if isinstance(error, openai.BadRequestError | openai.NotFoundError | openai.UnprocessableEntityError):
        return ProviderError(
            FailureKind.BAD_REQUEST, NAME, f"the endpoint refused the request with {error.status_code}"
        )
    if isinstance(error, openai.APIConnectionError | openai.InternalServerError):
        return ProviderError(FailureKind.UNAVAILABLE, NAME, "the endpoint cannot be reached or failed")
    return ProviderError(FailureKind.BROKEN_STREAM, NAME, f"the answer broke off ({type(error).__name__})")
