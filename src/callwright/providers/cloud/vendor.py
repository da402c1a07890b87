"""How a vendor of speech is described: which client speaks to it, its provider keys, and the settings it is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from callwright.domain.settings.provider_option import ProviderOption, as_it_is, default_model, is_one_of
from callwright.providers.cloud.socket_client import Wire

TRANSCRIBER, VOICE = "transcriber", "voice"

Shape = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """An HTTP request. Headers and body are never shown: the key is in them."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def as_json(url: str, asked: Mapping[str, Any], headers: Mapping[str, str]) -> Asked:
    """A request with a body of JSON."""
    return Asked(url, {"content-type": "application/json", **headers}, json.dumps(asked).encode())


def as_form(url: str, fields: Mapping[str, str], wav: bytes, headers: Mapping[str, str]) -> Asked:
    """A request with a form of fields and a file."""
    edge = hashlib.sha256(wav).hexdigest()
    parts = [f'--{edge}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
    file = f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="speech.wav"\r\ncontent-type: audio/wav\r\n\r\n'
    body = b"".join((*(part.encode() for part in (*parts, file)), wav, f"\r\n--{edge}--\r\n".encode()))
    return Asked(url, {"content-type": f"multipart/form-data; boundary={edge}", **headers}, body)


Ask = Callable[[Mapping[str, Any], str, datetime], Asked]
"""The request for a text, of an order's arguments, at this time."""


@dataclass(frozen=True, slots=True)
class Client:
    """How a vendor is spoken to."""

    name: str
    """The client's class, as ``package.Class``."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of every call."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Arguments that are addresses, with the vendor's own; ``{argument}`` stands for a region."""
    objects: Mapping[str, str] = field(default_factory=dict)
    """Arguments that are objects of a class."""
    shape: Shape = as_it_is
    """Makes the arguments of those that the settings give."""
    models: tuple[str, ...] = ()
    """The beginnings of the models (``is_one_of``) that have this client, empty for the rest."""
    rate_hz: int = 8_000
    """Of the audio; 0 for a WAV file, whose head says it."""
    takes_session: bool = True
    """It is given the process's own HTTP session."""
    makes_session: bool = False
    """Its streams make sessions and addresses of their own, which are replaced."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Arguments that are addresses of clients that know the vendor's own: given only where the operator has named another."""
    grpc: str = ""
    """The address of a client over gRPC."""
    sdk: bool = False
    """It is the vendor's own SDK, which connects by itself and reports it by events."""
    ends_turns: bool = False
    """Its end of speech is more than a pause."""
    flushes: bool = False
    """It is asked to finish its text when a turn was taken."""
    billed_by: str = ""
    """The argument that is billed where it is not the model."""
    own: bool = False
    """It needs no package of clients."""
    besides: str = ""
    """A package that it needs besides, which ``make cloud`` does not install."""
    wire: Wire | None = None
    """The websocket of an own recogniser."""
    ask: Ask | None = None
    """The request of an own voice."""
    audio: Callable[[Mapping[str, Any]], Any] = itemgetter("audio")
    """The Base64 audio of an event, for an own voice that answers with events. Raises LookupError or TypeError where there is none."""
    transcribe: Callable[[Mapping[str, Any], bytes], Asked] | None = None
    """The request for the words of a WAV file, of an order's arguments: for a recogniser that is sent whole utterances."""
    text: Callable[[Mapping[str, Any]], Any] = itemgetter("text")
    """The words of its answer. Raises LookupError, TypeError or ValueError where there are none."""
    clean: Callable[[str], str] = as_it_is
    """Makes of a text what may be sent, for a client that sends it within markup."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One recogniser or voice. ``keys``: names of provider keys, the first that is stored counts; ``read_key`` makes the
    argument of it. ``more_keys``: arguments that are read from other provider keys; those in ``regions`` become part of an address.
    ``address_key`` is the provider key of its address, ``{address}`` in those of its clients. It may then have no other key."""

    kind: str
    name: str
    summary: str
    keys: tuple[str, ...]
    clients: tuple[Client, ...]
    options: tuple[ProviderOption, ...]
    key_argument: str = "api_key"
    read_key: Callable[[str], Any] = as_it_is
    more_keys: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    address_key: str = ""

    @property
    def model(self) -> str:
        """The model of an agent that names none."""
        return default_model(self.options)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Every provider key it asks for."""
        return (*filter(None, (self.address_key,)), *self.keys, *self.more_keys.values())

    def client(self, model: str) -> Client:
        """The client for a model."""
        return next(one for one in self.clients if not one.models or is_one_of(model, one.models))
