"""A language model behind an OpenAI-compatible chat endpoint, with streaming, tools and JSON schemas.

Protocol: ``POST {base_url}/chat/completions`` with ``stream: true`` and ``stream_options.include_usage``
(OpenAI API reference, chat).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx2 as httpx
import openai

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError
from callwright.domain.limits import MAX_MODEL_TOOL_CALLS, MAX_TOOL_ARGUMENT_CHARACTERS
from callwright.domain.tools.arguments import UnfitArgumentsError, read_object
from callwright.net.bounded import BOUNDED
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, Tool, ToolCall
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible.endpoint import Endpoint
from callwright.providers.openai_compatible.provider_table import MORE_SAMPLING

_TIMEOUT_S = 30.0
_PASSED_ON = ("top_p", "presence_penalty", "frequency_penalty", "stop", "reasoning_effort", "verbosity", "seed")


class OpenAICompatibleModel:
    """``ports.model.Model`` over the ``openai`` client, at one endpoint with one key."""

    def __init__(self, endpoint: Endpoint, http_client: httpx.AsyncClient | None = None) -> None:
        """``http_client`` stays the caller's; without one the model has its own, closed by :meth:`aclose`.

        Raises ProviderError for a key that cannot be sent in a header.
        """
        if not (endpoint.api_key.isascii() and endpoint.api_key.isprintable()) or " " in endpoint.api_key:
            raise ProviderError(
                FailureKind.BAD_REQUEST, endpoint.name, f"{endpoint.key_from} holds characters no key has"
            )
        self.name = endpoint.name
        self._endpoint = endpoint
        self._owns_client = http_client is None
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            http_client=http_client or openai.DefaultAsyncHttpxClient(event_hooks=BOUNDED),
            max_retries=0,
            timeout=_TIMEOUT_S,
        )
        # Taken from OPENAI_ORG_ID and OPENAI_PROJECT_ID by the client, which would tell them to whatever endpoint this is.
        self._client.organization = None
        self._client.project = None

    async def aclose(self) -> None:
        """Close the model's own connections."""
        if self._owns_client:
            await self._client.close()

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        arguments = self._arguments(request)
        reading = _Reading(self.name, arguments["model"], _call_ids(request))
        try:
            stream = await self._client.chat.completions.create(**arguments)
            async with stream:
                async for chunk in stream:
                    for delta in reading.take(chunk):
                        yield delta
        # Not chained: the client's own exceptions repeat the endpoint's words and the request, and with them the key.
        except openai.OpenAIError as error:
            raise _failure(error, self._endpoint, reading.begun) from None
        except BlockedUrlError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, f"{error.message}; {error.hint}") from None
        except AnswerTooLargeError as error:
            raise ProviderError(FailureKind.BROKEN_STREAM, self.name, error.message) from None
        # RecursionError: JSON nested deeper than can be read.
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise _broken(self.name, type(error).__name__) from None
        for delta in reading.end():
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Endpoints keep their own prompt caches; a request only to fill them would cost money, so nothing is sent."""

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        settings = request.settings
        arguments: dict[str, Any] = {
            "model": settings.model or self._endpoint.default_model or "default",
            "messages": [_message(m) for m in request.messages],
            "max_completion_tokens" if self._endpoint.completion_limit else "max_tokens": settings.max_tokens,
            "temperature": settings.temperature_milli / 1000,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        given = {name: value for name, value in settings.options.items() if value is not None}
        arguments.update({name: given[name] for name in _PASSED_ON if name in given})
        beside = {name: given[name] for name in MORE_SAMPLING if name in given}
        if beside:
            arguments["extra_body"] = beside
        if request.tools:
            arguments["tools"] = [{"type": "function", "function": _function(tool)} for tool in request.tools]
        if request.schema:
            schema = {"name": request.purpose, "schema": json.loads(request.schema), "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        return arguments


class _Reading:
    """The state of one streamed answer: tool calls arrive in pieces, usage in a last chunk without choices.

    ``used``: ids of the tool calls before it. Some endpoints number theirs anew in each answer; such a call comes without an id.
    """

    def __init__(self, name: str, model: str, used: frozenset[str]) -> None:
        self._name = name
        self._model = model
        self._used = used
        self._calls: dict[int, list[str]] = {}
        self._reason = ""
        self._usage: UsageAmount | None = None
        self.begun = False

    def take(self, chunk: Any) -> list[ModelDelta]:
        """What one chunk says at once: text and reasoning. Chunks are as the endpoint sent them: any field may be missing."""
        self.begun = True
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self._usage = self._amount(usage)
        deltas: list[ModelDelta] = []
        for choice in (getattr(chunk, "choices", None) or [])[:1]:
            delta = getattr(choice, "delta", None)
            reasoning = _text(delta, "reasoning_content") or _text(delta, "reasoning")
            if reasoning:
                deltas.append(ModelDelta(reasoning=reasoning))
            text = _text(delta, "content")
            if text:
                deltas.append(ModelDelta(text=text))
            for piece in getattr(delta, "tool_calls", None) or []:
                self._add(piece)
            reason = _text(choice, "finish_reason")
            if reason:
                self._reason = {"tool_calls": "tool", "length": "length"}.get(reason, "stop")
        return deltas

    def _add(self, piece: Any) -> None:
        index = getattr(piece, "index", None)
        if not isinstance(index, int):
            # Some endpoints leave the number out: an id begins another call, anything else goes on with the last one.
            index = len(self._calls) if getattr(piece, "id", None) else max(self._calls, default=0)
        if index not in self._calls and len(self._calls) >= MAX_MODEL_TOOL_CALLS:
            return
        call = self._calls.setdefault(index, ["", "", ""])
        function = getattr(piece, "function", None)
        name = _text(function, "name")
        call[0] = call[0] or _text(piece, "id")
        # A name comes whole, and some endpoints repeat it with every piece.
        call[1] = call[1] or name
        call[2] = (call[2] + _text(function, "arguments"))[:MAX_TOOL_ARGUMENT_CHARACTERS]

    def end(self) -> Iterator[ModelDelta]:
        """Tool calls, whole, and then the end with its reason and usage: 0 where the endpoint counts nothing, which the port takes for not
        known. An answer without an end broke off, and was paid for."""
        if not self._reason:
            if self._usage is not None:
                yield ModelDelta(usage=self._usage)
            raise _broken(self._name, "no end")
        for _, (call_id, name, arguments) in sorted(self._calls.items()):
            yield ModelDelta(tool_call=ToolCall("" if call_id in self._used else call_id, name, arguments or "{}"))
        usage = self._usage or UsageAmount("model", self._name, self._model, 0)
        yield ModelDelta(ended="tool" if self._calls else self._reason, usage=usage)

    def _amount(self, usage: Any) -> UsageAmount:
        details = getattr(usage, "prompt_tokens_details", None)
        return UsageAmount(
            "model",
            self._name,
            self._model,
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            _count(details, "cached_tokens"),
        )


def _text(holder: Any, name: str) -> str:
    """A text field, without halves of surrogate pairs: they could be stored nowhere."""
    value = getattr(holder, name, None)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _count(holder: Any, name: str) -> int:
    value = getattr(holder, name, None)
    return max(0, int(value)) if isinstance(value, int | float) else 0


def _function(tool: Tool) -> dict[str, Any]:
    wire = {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.parameters or "{}")}
    return {**wire, "strict": True} if tool.strict else wire


def _call_ids(request: ModelRequest) -> frozenset[str]:
    return frozenset(call.call_id for message in request.messages for call in message.tool_calls)


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": c.call_id, "type": "function", "function": {"name": c.name, "arguments": _readable(c.arguments)}}
            for c in message.tool_calls
        ]
    if message.tool_call_id:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _readable(arguments: str) -> str:
    """What a model wrote as arguments, or none where it is no JSON object (cut off by ``max_tokens``): endpoints that read it (vLLM,
    llama.cpp) would refuse every later request of the call. The tool's result says what was wrong."""
    try:
        read_object(arguments)
    except UnfitArgumentsError:
        return "{}"
    return arguments or "{}"


def _broken(name: str, why: str) -> ProviderError:
    return ProviderError(FailureKind.BROKEN_STREAM, name, f"the answer broke off ({why})")


_KIND_OF_STATUS: Mapping[int, FailureKind] = {
    401: FailureKind.REFUSED,
    402: FailureKind.LIMIT,
    403: FailureKind.REFUSED,
    408: FailureKind.UNAVAILABLE,
    429: FailureKind.LIMIT,
}
_SENTENCES: Mapping[FailureKind, str] = {
    FailureKind.REFUSED: "the endpoint refused the key; check {key_from}",
    FailureKind.LIMIT: "the endpoint's limit is reached",
    FailureKind.BAD_REQUEST: "the endpoint refused the request; check the model's name and settings",
    FailureKind.UNAVAILABLE: "the endpoint failed",
}


def _failure(error: openai.OpenAIError, endpoint: Endpoint, begun: bool) -> ProviderError:
    """The kind of a failure. The endpoint's own words are left out: they may repeat the key."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        kind = _KIND_OF_STATUS.get(status, FailureKind.UNAVAILABLE if status >= 500 else FailureKind.BAD_REQUEST)
        sentence = _SENTENCES[kind].format(key_from=endpoint.key_from)
        return ProviderError(kind, endpoint.name, f"{sentence} (HTTP {status})")
    if isinstance(error, openai.APIConnectionError) and not begun:
        why = "does not answer in time" if isinstance(error, openai.APITimeoutError) else "cannot be reached"
        return ProviderError(FailureKind.UNAVAILABLE, endpoint.name, f"the endpoint {why}")
    return _broken(endpoint.name, type(error).__name__)
