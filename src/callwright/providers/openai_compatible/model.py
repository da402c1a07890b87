"""A language model behind an OpenAI-compatible chat endpoint, with streaming, tools and JSON schemas.

Protocol: ``POST {base_url}/chat/completions`` with ``stream: true`` and ``stream_options.include_usage``
(OpenAI API reference, chat).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import openai

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError
from callwright.domain.limits import MAX_MODEL_TOOL_CALLS, MAX_TOOL_ARGUMENT_CHARACTERS, MODEL_LIST_SECONDS
from callwright.domain.tools.arguments import UnfitArgumentsError, read_object
from callwright.net.bounded import BOUNDED
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, Tool, ToolCall
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible.endpoint import Endpoint
from callwright.providers.openai_compatible.provider_table import MORE_SAMPLING

_TIMEOUT_S = 30.0
_MOST_NAMES = 8
"""Of models, in an error."""
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
        self._only_model = ""
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
        arguments = self._arguments(request, await self.model_name(request.settings.model))
        reading = _Reading(self.name, arguments["model"], _call_ids(request))
        with self._told(reading):
            stream = await self._client.chat.completions.create(**arguments)
            async with stream:
                self._check_type(stream.response)
                async for chunk in stream:
                    for delta in reading.take(chunk):
                        yield delta
        if not reading.begun:
            why = f"the endpoint answered with nothing (HTTP 200){_check(self._endpoint.url_from)}"
            raise ProviderError(FailureKind.BROKEN_STREAM, self.name, why)
        for delta in reading.end():
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Learn the model's name where nobody gave one. Nothing else is sent: endpoints keep their own prompt caches, and a request only to
        fill them would cost money. Raises ProviderError."""
        await self.model_name(request.settings.model)

    async def model_name(self, wanted: str) -> str:
        """``wanted``, else the endpoint's default, else the only model of its list. Raises ProviderError, which names the models there are,
        when there is not exactly one."""
        name = wanted or self._endpoint.default_model or self._only_model
        if name:
            return name
        try:
            names = await self.models()
        except _NoListError as error:
            raise self._unnamed(f": the endpoint offers no list of models (HTTP {error.status})") from None
        if len(names) != 1:
            raise self._unnamed(
                f" to one of its models: {_listed(names)}" if names else ": the endpoint lists no model"
            )
        self._only_model = names[0]
        return self._only_model

    async def models(self) -> tuple[str, ...]:
        """The names of the endpoint's models, by one bounded ``GET {base_url}/models``. Raises ProviderError."""
        with self._told(None):
            try:
                answer = await self._client.models.with_raw_response.list(timeout=MODEL_LIST_SECONDS)
            except openai.APIStatusError as error:
                if error.status_code in _NO_LIST:
                    raise _NoListError(self.name, error.status_code) from None
                raise
            self._check_type(answer.http_response, wanted="application/json")
            found = json.loads(answer.text)
        entries = found.get("data") if isinstance(found, dict) else None
        ids = (entry.get("id") for entry in entries or () if isinstance(entry, dict))
        return tuple(dict.fromkeys(one for one in ids if isinstance(one, str) and one))

    async def probe(self, wanted: str) -> str:
        """Asks for the list of models and returns in a sentence what will be asked for ``wanted``. Raises ProviderError when that is not in
        the list, or when the endpoint cannot be used."""
        wanted = wanted or self._endpoint.default_model
        if not wanted:
            return f"no model is named; the endpoint's only one is used: {await self.model_name('')}"
        try:
            names = await self.models()
        except _NoListError:
            return f"the endpoint is asked for the model {wanted}, and offers no list of models"
        if not names:
            return f"the endpoint is asked for the model {wanted}, and lists no model"
        if not any(wanted in (name, name.rpartition("/")[2]) for name in names):
            why = f"the endpoint does not list the model {wanted}; check {self._endpoint.name_from}; it lists {_listed(names)}"
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, why)
        return f"the endpoint offers the model {wanted}"

    def _unnamed(self, why: str) -> ProviderError:
        return ProviderError(
            FailureKind.BAD_REQUEST, self.name, f"no model is named; set {self._endpoint.name_from}{why}"
        )

    @contextmanager
    def _told(self, reading: _Reading | None) -> Iterator[None]:
        """Turns whatever the client raises into a ProviderError. ``reading`` is the answer that is read, if one is.

        The errors are not chained: the client's own repeat the endpoint's words and the request, and with them the key.
        """
        try:
            yield
        except openai.OpenAIError as error:
            raise _failure(error, self._endpoint, reading is not None and reading.begun) from None
        except BlockedUrlError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, f"{error.message}; {error.hint}") from None
        except AnswerTooLargeError as error:
            raise ProviderError(FailureKind.BROKEN_STREAM, self.name, error.message) from None
        except httpx.TimeoutException:
            raise _broken(self.name, "nothing more came in time") from None
        except httpx.HTTPError:
            raise _broken(self.name, "the connection was lost") from None
        # RecursionError: JSON nested deeper than can be read.
        except (ValueError, RecursionError):
            raise _broken(self.name, "what came is no JSON") from None

    def _check_type(self, response: httpx.Response, wanted: str = "text/event-stream") -> None:
        """Raises ProviderError for a web page, or for JSON where a stream was asked for: no model gave that."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        found = {"text/html": "HTML", "application/xhtml+xml": "HTML", "application/json": "JSON instead of a stream"}
        if kind != wanted and kind in found:
            what = f"the endpoint answered with {found[kind]} (HTTP {response.status_code})"
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, what + _check(self._endpoint.url_from))

    def _arguments(self, request: ModelRequest, model: str) -> dict[str, Any]:
        settings = request.settings
        arguments: dict[str, Any] = {
            "model": model,
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


class _NoListError(ProviderError):
    """The endpoint has no list of models. Many have none."""

    def __init__(self, provider: str, status: int) -> None:
        super().__init__(FailureKind.BAD_REQUEST, provider, f"the endpoint offers no list of models (HTTP {status})")
        self.status = status


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
            raise _broken(self._name, "the stream closed before its end")
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


def _listed(names: Sequence[str]) -> str:
    """Names of models in an error: the first few, and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _check(url_from: str) -> str:
    return f"; check the base URL ({url_from})" if url_from else ""


def _broken(name: str, why: str) -> ProviderError:
    return ProviderError(FailureKind.BROKEN_STREAM, name, f"the answer broke off: {why}")


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
_NOT_FOUND = 404
_NO_LIST = (404, 405, 501)


def _failure(error: openai.OpenAIError, endpoint: Endpoint, begun: bool) -> ProviderError:
    """The kind of a failure. The endpoint's own words are left out: they may repeat the key."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        kind = _KIND_OF_STATUS.get(status, FailureKind.UNAVAILABLE if status >= 500 else FailureKind.BAD_REQUEST)
        sentence = _SENTENCES[kind].format(key_from=endpoint.key_from)
        if status == _NOT_FOUND:
            where = f"the base URL ({endpoint.url_from}) and " if endpoint.url_from else ""
            sentence = f"the endpoint has no such model or address; check {where}the model's name"
        return ProviderError(kind, endpoint.name, f"{sentence} (HTTP {status})")
    if isinstance(error, openai.APIConnectionError):
        late = isinstance(error, openai.APITimeoutError)
        if begun:
            return _broken(endpoint.name, "nothing more came in time" if late else "the connection was lost")
        why = "does not answer in time" if late else f"cannot be reached{_check(endpoint.url_from)}"
        return ProviderError(FailureKind.UNAVAILABLE, endpoint.name, f"the endpoint {why}")
    return _broken(endpoint.name, "the endpoint sent an error in it")
