"""A language model behind an OpenAI-compatible endpoint, with streaming, tools and JSON schemas.

It is asked by chat completions, or by the Responses API where the settings say so.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import openai

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError
from callwright.domain.limits import MODEL_LIST_SECONDS
from callwright.net.bounded import BOUNDED
from callwright.ports.failures import FailureKind, ProviderError, kind_of_status
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.providers.openai_compatible import chat, responses
from callwright.providers.openai_compatible.endpoint import Endpoint
from callwright.providers.openai_compatible.provider_table import RESPONSES
from callwright.providers.openai_compatible.reading import Reading, broken

_TIMEOUT_S = 30.0
_MOST_NAMES = 8
"""Of models, in an error."""


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
        self._client = _client(endpoint, http_client or openai.DefaultAsyncHttpxClient(event_hooks=BOUNDED))
        # Taken from OPENAI_ORG_ID and OPENAI_PROJECT_ID by the client, which would tell them to whatever endpoint this is.
        self._client.organization = None
        self._client.project = None

    async def aclose(self) -> None:
        """Close the model's own connections."""
        if self._owns_client:
            await self._client.close()

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        model = await self.model_name(request.settings.model)
        by_responses = request.settings.options.get(RESPONSES) is True
        reading: Reading
        if by_responses:
            arguments = responses.arguments(request, model)
            reading = responses.ResponsesReading(self.name, model, request)
        else:
            arguments = chat.arguments(request, model, newer_limit=self._endpoint.is_openai)
            reading = chat.ChatReading(self.name, model, request)
        try:
            with self._told(reading):
                asked = self._client.responses if by_responses else self._client.chat.completions
                stream: Any = await asked.create(**arguments)
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
        except ProviderError:
            if reading.usage is not None:
                yield ModelDelta(usage=reading.usage)
            raise

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
        if not names or not self._endpoint.lists_models:
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
    def _told(self, reading: Reading | None) -> Iterator[None]:
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
            raise broken(self.name, "nothing more came in time") from None
        except httpx.HTTPError:
            raise broken(self.name, "the connection was lost") from None
        # RecursionError: JSON nested deeper than can be read.
        except (ValueError, RecursionError):
            raise broken(self.name, "what came is no JSON") from None

    def _check_type(self, response: httpx.Response, wanted: str = "text/event-stream") -> None:
        """Raises ProviderError for a web page, or for JSON where a stream was asked for: no model gave that."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        found = {"text/html": "HTML", "application/xhtml+xml": "HTML", "application/json": "JSON instead of a stream"}
        if kind != wanted and kind in found:
            what = f"the endpoint answered with {found[kind]} (HTTP {response.status_code})"
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, what + _check(self._endpoint.url_from))


def _client(endpoint: Endpoint, http_client: httpx.AsyncClient) -> openai.AsyncOpenAI:
    given: dict[str, Any] = {
        "base_url": endpoint.base_url,
        "api_key": endpoint.api_key or "none",
        "http_client": http_client,
        "max_retries": 0,
        "timeout": _TIMEOUT_S,
    }
    if not endpoint.api_version:
        return openai.AsyncOpenAI(**given)
    return openai.AsyncAzureOpenAI(**given, api_version=endpoint.api_version)


class _NoListError(ProviderError):
    """The endpoint has no list of models. Many have none."""

    def __init__(self, provider: str, status: int) -> None:
        super().__init__(FailureKind.BAD_REQUEST, provider, f"the endpoint offers no list of models (HTTP {status})")
        self.status = status


def _listed(names: Sequence[str]) -> str:
    """Names of models in an error: the first few, and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _check(url_from: str) -> str:
    return f"; check the base URL ({url_from})" if url_from else ""


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
        kind = kind_of_status(status)
        sentence = _SENTENCES[kind].format(key_from=endpoint.key_from)
        if status == _NOT_FOUND:
            where = f"the base URL ({endpoint.url_from}) and " if endpoint.url_from else ""
            sentence = f"the endpoint has no such model or address; check {where}the model's name"
        return ProviderError(kind, endpoint.name, f"{sentence} (HTTP {status})")
    if isinstance(error, openai.APIConnectionError):
        late = isinstance(error, openai.APITimeoutError)
        if begun:
            return broken(endpoint.name, "nothing more came in time" if late else "the connection was lost")
        why = "does not answer in time" if late else f"cannot be reached{_check(endpoint.url_from)}"
        return ProviderError(FailureKind.UNAVAILABLE, endpoint.name, f"the endpoint {why}")
    return broken(endpoint.name, "the endpoint sent an error in it")
