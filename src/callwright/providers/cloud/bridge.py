"""From an agent's settings to a vendor's client: what it is made with, and whether it could be."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from callwright.domain.errors import BlockedUrlError, InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.settings.provider_option import read_options
from callwright.net.policy import check_written
from callwright.platform.agents.rules.availability import LackKind
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, MissingError, ProviderError
from callwright.ports.registry import PluginContext
from callwright.providers.cloud import library
from callwright.providers.cloud.session import CONNECT_SECONDS, VendorSession
from callwright.providers.cloud.socket_client import SocketClient
from callwright.providers.cloud.vendor import Client, Vendor

_LONGEST_WORDS = 300

_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""Regions become part of a host's name: anything else could name another host."""

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


@dataclass(frozen=True, slots=True)
class Order:
    """What a client is made with. ``arguments`` hold the key: they are never shown."""

    client: Client
    model: str
    arguments: Mapping[str, Any] = field(repr=False)

    @property
    def billed(self) -> str:
        """The model that is billed."""
        return _billed(self.client, self.model, self.arguments)


@dataclass(frozen=True, slots=True)
class Made:
    """A client and the session it has."""

    client: Any
    session: VendorSession


class Sessions:
    """The HTTP session that the clients of a process share, made when the first one needs it."""

    def __init__(self) -> None:
        self._session: Any = None

    async def session(self) -> Any:
        """The session. It limits no connections: each call has its own."""
        if self._session is None:
            http = (await library.framework()).http
            if self._session is None:
                connector = http.TCPConnector(limit=0, ssl=ssl.create_default_context())
                self._session = http.ClientSession(
                    connector=connector, timeout=http.ClientTimeout(sock_connect=CONNECT_SECONDS)
                )
        return self._session

    async def aclose(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class Bridge:
    """One vendor's clients: checks what a call wants of them, and makes them."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.vendor = vendor
        self._sessions = context.shared.get(Sessions, Sessions)
        self._origins = _origins(context.settings.get("speech_addresses", ""))
        self.moved = vendor.name in self._origins
        """Whether the operator named the vendor's address, which may be in a private network."""
        self._allow_private = self.moved or context.settings.get("allow_private_urls", "") == "1"

    def check(self, model: str, given: Mapping[str, Any], access: Access) -> None:
        """Raises ProviderError when no client could be made: MissingError for what can be added."""
        client = self.vendor.client(model or self.vendor.model)
        installed = client.own or library.is_installed(client.name)
        try:
            self.order(model, given, access)
        except MissingError as error:
            if installed:
                raise
            # The package first: storing the key would not be enough.
            reason = f"lacks the clients of cloud speech, and {error.reason}"
            remedy = f"{_install(client)}, then {error.remedy}"
            raise MissingError(LackKind.NO_EXTRA, self.vendor.name, reason, remedy) from None
        if not installed:
            raise MissingError(
                LackKind.NO_EXTRA, self.vendor.name, "lacks the clients of cloud speech", _install(client)
            )

    def order(self, model: str, given: Mapping[str, Any], access: Access) -> Order:
        """What a client is made with for these settings. Raises ProviderError."""
        vendor = self.vendor
        model = model or vendor.model
        client = vendor.client(model)
        sent = self._sent(client, model, given)
        keys = self.keys(access)
        places = {argument: keys[argument] for argument in vendor.more_keys}
        if vendor.address_key:
            places["address"] = self._stored_address(access)
        addresses = {name: self.address(own.format(**places)) for name, own in client.addresses.items()}
        if self.moved:
            addresses |= {name: self.address(own) for name, own in client.elsewhere.items()}
        return Order(client, model, {**client.fixed, **addresses, **sent, **keys})

    def billed_model(self, model: str, given: Mapping[str, Any]) -> str:
        """The model that is billed for these settings, empty where the vendor is told none. Raises ProviderError."""
        model = model or self.vendor.model
        client = self.vendor.client(model)
        return _billed(client, model, {**client.fixed, **self._sent(client, model, given)})

    def _sent(self, client: Client, model: str, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return dict(client.shape(read_options(self.vendor.options, model, Fields({**given, "model": model}, ""))))
        except InvalidAgentError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.vendor.name, error.message) from None

    async def made(self, order: Order, *, once: bool = False) -> Made:
        """A client. ``once``: it may open one websocket only. Raises ProviderError for settings that it refuses."""
        if order.client.own:
            session = VendorSession(None, once=once)
            assert order.client.wire is not None, "a recogniser's own client has it"
            return Made(SocketClient(order.client.wire, order.arguments, session), session)
        why = ""
        session = VendorSession(await self._sessions.session(), once=once)
        try:
            made_of = await library.client_class(order.client.name)
            arguments = await self._nested(order)
            if order.client.takes_session:
                arguments["http_session"] = session
            made = made_of(**arguments)
        except (ImportError, AttributeError) as error:
            why = f"its client cannot be loaded ({type(error).__name__}); {library.install_command()}"
        except (ValueError, TypeError) as error:
            why = f"its client refuses the agent's settings: {self._words_of(error, order)}"
        if why:
            # Raised here, it keeps nothing of the client's error, which may repeat the key.
            raise ProviderError(FailureKind.BAD_REQUEST, self.vendor.name, why)
        if getattr(made, "_session", session) is None:
            made._session = session
        return Made(made, session)

    def _words_of(self, error: Exception, order: Order) -> str:
        """What the client says of the settings, unless it repeats the key."""
        words = str(error)[:_LONGEST_WORDS]
        key = order.arguments[self.vendor.key_argument]
        parts = key.values() if isinstance(key, Mapping) else (key,)
        shows_key = any(str(part) in str(error) for part in parts)
        return "see docs/reference/cloud-speech.md" if shows_key else words

    async def _nested(self, order: Order) -> dict[str, Any]:
        """The arguments, those with a dot gathered into objects."""
        arguments: dict[str, Any] = {}
        for name, value in order.arguments.items():
            group, _, inner = name.partition(".")
            if inner:
                arguments.setdefault(group, {})[inner] = value
            else:
                arguments[name] = value
        for group, made_of in order.client.objects.items():
            if group in arguments:
                arguments[group] = (await library.client_class(made_of))(**arguments[group])
        return arguments

    def keys(self, access: Access) -> dict[str, Any]:
        """The arguments that are keys. Raises ProviderError."""
        vendor = self.vendor
        key = next((access.keys[name] for name in vendor.keys if access.keys.get(name)), "")
        if not key and not vendor.address_key:
            raise self._lacking(vendor.keys[0])
        found: dict[str, Any] = {vendor.key_argument: self._read_key(key)}
        for argument, name in vendor.more_keys.items():
            if not access.keys.get(name):
                raise self._lacking(name)
            found[argument] = access.keys[name]
            if argument in vendor.regions and not _REGION.fullmatch(found[argument]):
                why = f"the provider key {name} is no region; write it as the vendor does, such as us-east-1 or eastus"
                raise ProviderError(FailureKind.REFUSED, vendor.name, why)
        return found

    def _read_key(self, key: str) -> Any:
        with suppress(ValueError):
            return self.vendor.read_key(key)
        # Behind the block: the error would keep the key's text.
        why = f"the provider key {self.vendor.keys[0]} is not what the vendor gave out"
        raise ProviderError(FailureKind.REFUSED, self.vendor.name, why)

    def _stored_address(self, access: Access) -> str:
        vendor = self.vendor
        address = access.keys.get(vendor.address_key, "").strip().rstrip("/")
        if not address:
            raise self._lacking(vendor.address_key, LackKind.NO_ADDRESS, "has no address")
        try:
            check_written(address, allow_private=self._allow_private)
        except BlockedUrlError as error:
            why = f"{error.message}, in the provider key {vendor.address_key}; {error.hint}"
            raise ProviderError(FailureKind.BAD_REQUEST, vendor.name, why) from None
        return address

    def _lacking(self, name: str, kind: LackKind = LackKind.NO_KEY, reason: str = "has no key") -> MissingError:
        remedy = f'POST /providers {{"provider_name": "{name}", "provider_value": "..."}}'
        return MissingError(kind, self.vendor.name, reason, remedy)

    def address(self, own: str) -> str:
        """The vendor's address, or the same at the origin that the operator named for it."""
        origin = self._origins.get(self.vendor.name)
        if not origin:
            return own
        there, here = urlsplit(own), urlsplit(origin)
        secure = _SECURE[here.scheme]
        scheme = ("wss" if secure else "ws") if there.scheme.startswith("ws") else ("https" if secure else "http")
        return urlunsplit((scheme, here.netloc, there.path, there.query, ""))


def _install(client: Client) -> str:
    """What installs the client."""
    command = library.install_command()
    return f"{command}, then pip install {client.besides}" if client.besides else command


def _billed(client: Client, model: str, arguments: Mapping[str, Any]) -> str:
    return str(arguments.get(client.billed_by) or model)


def _origins(text: str) -> dict[str, str]:
    pairs = (one.partition("=") for one in text.split(",") if one.strip())
    return {name.strip(): url.strip() for name, _, url in pairs}
