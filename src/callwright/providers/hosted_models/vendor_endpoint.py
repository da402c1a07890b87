"""The way to a vendor's own protocol: the organisation's key, the guarded client, streamed events, and failures as ProviderError."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

import httpx2 as httpx

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError, InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_THOUGHT_CHARACTERS, MAX_THOUGHTS_KEPT, MODEL_LIST_SECONDS
from callwright.domain.provider_table import MODEL_ADDRESSES
from callwright.domain.settings.provider_option import ProviderOption, read_options
from callwright.domain.text import whole_text
from callwright.net.client import StreamClient
from callwright.platform.agents.rules.availability import LackKind
from callwright.ports.failures import FailureKind, MissingError, ProviderError, kind_of_status
from callwright.ports.model import REFUSED, ModelDelta, ModelSettings
from callwright.ports.registry import PluginContext
from callwright.ports.speech import UsageAmount

_TIMEOUT_S = 30.0
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor with a protocol of its own. ``keys``: names of provider keys, the first that is stored counts. ``options``: what it is sent;
    a name with a dot is a field of an object. ``kinds``: kinds of failure by the status or type that the vendor gives its errors."""

    name: str
    summary: str
    base_url: str
    keys: tuple[str, ...]
    options: tuple[ProviderOption, ...]
    kinds: Mapping[str, FailureKind] = field(default_factory=dict)

    @property
    def address_key(self) -> str:
        """The provider key that holds another address, such as a gateway's."""
        return f"{self.keys[0]}_API_BASE"


class Reading(Protocol):
    """The state of one streamed answer."""

    @property
    def used(self) -> UsageAmount | None:
        """What the vendor said so far that it bills, None for nothing."""

    def take(self, event: Mapping[str, Any]) -> Iterable[ModelDelta]:
        """What an event says at once. Raises ProviderError for one that says that the answer failed."""
        ...

    def end(self) -> Iterable[ModelDelta]:
        """What is left to say at the end. Raises ProviderError where it came too early."""
        ...


class VendorEndpoint:
    """Requests to one vendor with the key of each call's organisation."""

    def __init__(self, vendor: Vendor, context: PluginContext, client: httpx.AsyncClient | None = None) -> None:
        """``client``: what every request goes through, instead of a guarded client of its own."""
        self.vendor = vendor
        self._http = StreamClient(context.settings, client)

    def address(self, settings: ModelSettings) -> str:
        """The vendor's address, or the one that the organisation stored. Raises ProviderError for one that is none."""
        stored = settings.access.keys.get(self.vendor.address_key, "").strip().rstrip("/")
        if stored and not _ADDRESS.fullmatch(stored):
            name = self.vendor.address_key
            raise self.failure(
                FailureKind.BAD_REQUEST, f"the provider key {name} is no address such as https://HOST/v1"
            )
        return stored or self.vendor.base_url

    def host(self, settings: ModelSettings) -> str:
        """Host of the address, empty for one that is none."""
        with suppress(ProviderError, ValueError):
            return urlsplit(self.address(settings)).netloc
        return ""

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def key_of(self, settings: ModelSettings) -> str:
        """The key of the call's organisation. Raises ProviderError: without a key, for one that cannot be sent, and for an agent that names
        another address, to which no key goes."""
        vendor, access = self.vendor, settings.access
        chosen = (access.refused_url or access.base_url).rstrip("/")
        if chosen and chosen not in MODEL_ADDRESSES.values():
            raise self.failure(
                FailureKind.BAD_REQUEST,
                f"base_url of the agent is no address of {vendor.name}, whose key goes nowhere else; store the address as the"
                f" provider key {vendor.address_key}, or use the provider custom with the provider key CUSTOM",
            )
        name = next((name for name in vendor.keys if access.keys.get(name)), "")
        if not name:
            remedy = f'POST /providers {{"provider_name": "{vendor.keys[-1]}", "provider_value": "..."}}'
            raise MissingError(LackKind.NO_KEY, vendor.name, "has no key", remedy)
        key = access.keys[name]
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise self.failure(FailureKind.BAD_REQUEST, f"the provider key {name} holds characters no key has")
        return key

    def options(self, settings: ModelSettings, model: str) -> dict[str, Any]:
        """What is sent of the agent's settings, by the vendor's names. Raises ProviderError for a value that the vendor would refuse."""
        given = {
            **settings.options,
            "max_tokens": settings.max_tokens,
            "temperature": settings.temperature_milli / 1000,
        }
        try:
            return read_options(self.vendor.options, model, Fields(given, "llm_config"))
        except InvalidAgentError as error:
            raise self.failure(FailureKind.BAD_REQUEST, error.message) from None

    @asynccontextmanager
    async def events(
        self, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> AsyncIterator[AsyncIterator[Mapping[str, Any]]]:
        """The events of a streamed answer, each a JSON object. Raises ProviderError, also while they are read."""
        begun = [False]
        with self._told(begun):
            client = self._http.client
            request = client.build_request("POST", url, headers=dict(headers), json=body, timeout=_TIMEOUT_S)
            response = await self._http.client.send(request, stream=True)
            try:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    self._refused(response.status_code, response.content)
                self._check_type(response)
                yield self._read(response, begun)
            finally:
                await response.aclose()

    async def answer(
        self, url: str, headers: Mapping[str, str], body: Mapping[str, Any], reading: Reading
    ) -> AsyncGenerator[ModelDelta, None]:
        """A streamed answer as ``reading`` understands it. One that fails tells first what it used. Raises ProviderError; closing it closes
        the connection."""
        try:
            async with self.events(url, headers, body) as events:
                async for event in events:
                    for delta in reading.take(event):
                        yield delta
            for delta in reading.end():
                yield delta
        except ProviderError:
            if reading.used is not None:
                yield ModelDelta(usage=reading.used)
            raise

    async def get(self, url: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """The JSON object at an address. Raises ProviderError."""
        with self._told([False]):
            request = self._http.client.build_request("GET", url, headers=dict(headers), timeout=MODEL_LIST_SECONDS)
            response = await self._http.client.send(request)
            if response.status_code != httpx.codes.OK:
                self._refused(response.status_code, response.content)
            found = response.json()
        return found if isinstance(found, dict) else {}

    def failure(self, kind: FailureKind, why: str) -> ProviderError:
        """A failure of this vendor."""
        return ProviderError(kind, self.vendor.name, why)

    def broken(self, why: str) -> ProviderError:
        """The failure of an answer that had begun."""
        return self.failure(FailureKind.BROKEN_STREAM, f"the answer broke off: {why}")

    def refused_end(self, spoke: bool, used: UsageAmount) -> ModelDelta:
        """The end of an answer that the vendor stopped. Raises ProviderError where it had no words (``spoke``)."""
        if not spoke:
            raise self.failure(FailureKind.BAD_REQUEST, "the vendor refused to answer what the model was given to read")
        return ModelDelta(ended=REFUSED, usage=used)

    def told_in_stream(self, error: Any, *names: str) -> ProviderError:
        """The failure that an error in the middle of an answer means, by the first of the vendor's ``names`` for it that has a kind. The
        vendor's own words are left out: they may repeat the request."""
        given = error if isinstance(error, Mapping) else {}
        kind = next(
            (self.vendor.kinds[one] for name in names if (one := str(given.get(name))) in self.vendor.kinds), None
        )
        if kind is FailureKind.LIMIT:
            return self.failure(kind, "the vendor's limit is reached")
        return self.broken("the vendor sent an error in it")

    async def _read(self, response: httpx.Response, begun: list[bool]) -> AsyncIterator[Mapping[str, Any]]:
        data: list[bytes] = []
        rest = b""
        # Not aiter_lines(), which also breaks at characters that JSON may hold as they are.
        async for piece in response.aiter_bytes():
            begun[0] = True
            *lines, rest = (rest + piece).split(b"\n")
            for line in (one.removesuffix(b"\r") for one in lines):
                if line.startswith(b"data:"):
                    data.append(line[5:])
                elif not line and data:
                    event = json.loads(b"\n".join(data))
                    data = []
                    if not isinstance(event, dict):
                        raise self.broken("what came is no JSON object")
                    yield event

    def _check_type(self, response: httpx.Response) -> None:
        """Raises ProviderError for anything but a stream of events: no model gave that."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            raise self.failure(
                FailureKind.BROKEN_STREAM, f"the vendor answered with {kind[:40] or 'no type'}, no stream"
            )

    def _refused(self, status: int, content: bytes) -> NoReturn:
        kind = kind_of_status(status)
        for name, meant in self.vendor.kinds.items():
            if name.encode() in content:
                kind = meant
        sentence = _SENTENCES[kind]
        if status == httpx.codes.NOT_FOUND:
            sentence = "the vendor has no such model; check the model's name"
        raise self.failure(kind, f"{sentence} (HTTP {status})")

    @contextmanager
    def _told(self, begun: list[bool]) -> Iterator[None]:
        """Turns whatever the client raises into a ProviderError. The errors are not chained: they repeat the request with the key."""
        try:
            yield
        except BlockedUrlError as error:
            raise self.failure(FailureKind.BAD_REQUEST, f"{error.message}; {error.hint}") from None
        except AnswerTooLargeError as error:
            raise self.failure(FailureKind.BROKEN_STREAM, error.message) from None
        except httpx.TimeoutException:
            if begun[0]:
                raise self.broken("nothing more came in time") from None
            raise self.failure(FailureKind.UNAVAILABLE, "the vendor does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            if begun[0]:
                raise self.broken("the connection was lost") from None
            raise self.failure(FailureKind.UNAVAILABLE, "the vendor cannot be reached") from None
        # RecursionError: JSON nested deeper than can be read.
        except (ValueError, RecursionError):
            raise self.broken("what came is no JSON") from None


class Thoughts:
    """What models thought before they called a tool, signed by the vendor, by the id of the call: the vendor wants it back with the tool's
    result. Kept in this process only; a vendor goes on without one that is gone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def keep(self, call_id: str, thought: str) -> None:
        """Keep the thought before a call. One that is too long is not kept."""
        if call_id and thought and len(thought) <= MAX_THOUGHT_CHARACTERS:
            self._kept[call_id] = thought
            while len(self._kept) > MAX_THOUGHTS_KEPT:
                self._kept.popitem(last=False)

    def before(self, call_id: str) -> str:
        """The thought before a call, empty where none is kept."""
        return self._kept.get(call_id, "")


def put(body: dict[str, Any], options: Mapping[str, Any]) -> None:
    """Put each option into the body, into objects where its name has dots."""
    for name, value in options.items():
        *path, last = name.split(".")
        place = body
        for one in path:
            place = place.setdefault(one, {})
        place[last] = value


def text_of(value: Any) -> str:
    """A text that can be stored; empty for anything else."""
    return whole_text(value) if isinstance(value, str) else ""


def count_of(holder: Any, name: str) -> int:
    """A number of tokens, 0 where there is none."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return max(0, int(value)) if isinstance(value, int | float) else 0


_SENTENCES: Mapping[FailureKind, str] = {
    FailureKind.REFUSED: "the vendor refused the key; POST /providers replaces it",
    FailureKind.LIMIT: "the vendor's limit is reached",
    FailureKind.BAD_REQUEST: "the vendor refused the request; check the model's name and settings",
    FailureKind.UNAVAILABLE: "the vendor failed",
}
