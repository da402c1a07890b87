"""What the carriers' APIs have in common: an account's id and token, JSON answers, statuses that mean the same.

Neither key is ever in a message; the id is in the path of every request, because these APIs want it there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from callwright.domain.errors import BlockedUrlError, ConfigurationError, UnavailableError
from callwright.domain.limits import CARRIER_API_SECONDS, MAX_NAME_CHARACTERS
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import RemoteFile
from callwright.ports.registry import HttpClient, PluginContext

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MOST_WORDS = 200
"""Characters of what a carrier says about a refusal."""
_MOST_CENTS = 10_000_000


def sender_of(context: PluginContext) -> HttpClient:
    """The client of the markets. Raises ConfigurationError where a process has none."""
    if context.http is None:
        raise ConfigurationError("numbers are rented only by a running server: start `callwright serve`")
    return context.http


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, opened for one request."""

    id: str
    token: str
    api: str
    """Where the vendor's API is for this account, without a slash at the end."""

    def __repr__(self) -> str:
        return "Account(...)"


def basic_credentials(account: Account) -> dict[str, str]:
    """The header of basic authentication."""
    credentials = base64.b64encode(f"{account.id}:{account.token}".encode()).decode()
    return {"authorization": f"Basic {credentials}"}


def auth_headers(account: Account) -> dict[str, str]:
    """The headers of carriers that ask for id and token apart."""
    return {"x-auth-id": account.id, "x-auth-token": account.token}


def stored_address(key: str, otherwise: str) -> Callable[[Access], str]:
    """Where an account's API is: at the address that is stored under ``key``, else at ``otherwise``."""
    return lambda access: access.keys.get(key) or otherwise


class CarrierApi:
    """Requests to one carrier. ``keys``: the provider keys with the account's id and its token; ``id_form``: what such an id looks like,
    checked before anything is sent, since it becomes a part of a path; ``address``: where an account's API is, for calls and for numbers
    alike; ``credentials``: the headers that say who asks."""

    def __init__(
        self,
        sender: HttpClient,
        name: str,
        keys: tuple[str, str],
        id_form: str,
        address: Callable[[Access], str],
        credentials: Callable[[Account], Mapping[str, str]] = basic_credentials,
    ) -> None:
        self.name = name
        self.keys = keys
        self._address = address
        self._credentials = credentials
        self._sender = sender
        self._id_form = re.compile(id_form)

    def account(self, access: Access) -> Account:
        """The account whose keys these are. Raises ProviderError."""
        for key in self.keys:
            if not access.keys.get(key):
                raise self.error(
                    FailureKind.REFUSED, f"the provider key {key} is not stored; store it with POST /providers"
                )
        name, token = (access.keys[key] for key in self.keys)
        account = Account(name, token, self._address(access).rstrip("/"))
        if not self._id_form.fullmatch(account.id):
            raise self.error(FailureKind.REFUSED, f"the provider key {self.keys[0]} is no account id of {self.name}")
        return account

    def file(self, access: Access, url: str, *domains: str) -> RemoteFile:
        """A file of the account at an address that the carrier told. Who asks is said to the account's API and, by TLS, to hosts in
        ``domains``, which begin with a dot; to nobody else. Raises ProviderError."""
        account = self.account(access)
        try:
            told = urlsplit(url)
        except ValueError:
            raise self.error(FailureKind.BAD_REQUEST, "the address of its file is none") from None
        is_theirs = told.scheme == "https" and (told.hostname or "").endswith(domains)
        known = is_theirs or told[:2] == urlsplit(account.api)[:2]
        return RemoteFile(url, self._credentials(account) if known else {})

    async def ask(
        self,
        account: Account,
        method: str,
        url: str,
        form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        *,
        json: Mapping[str, Any] | None = None,
        missing: bool = False,
        gone: str = "",
    ) -> Mapping[str, Any] | None:
        """The JSON object of a good answer, empty for an empty one. ``missing``: None for what is not there (404), which is an error
        otherwise; ``gone``: the same for an error with this code. Raises ProviderError."""
        headers = {**self._credentials(account), "accept": "application/json"}
        body = b""
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        elif json is not None:
            headers["content-type"] = "application/json"
            body = msgspec.json.encode(json)
        try:
            answer = await self._sender.send(method, url, headers=headers, body=body, timeout_s=CARRIER_API_SECONDS)
        except (BlockedUrlError, UnavailableError) as error:
            raise self.error(FailureKind.UNAVAILABLE, error.message) from error
        if missing and answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = _object(answer.body)
        if gone and any(error.get("code") == gone for error in _errors(found or {})):
            return None
        if not HTTPStatus(200) <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(account, answer.status, found or {})
        if found is None:
            raise self.error(FailureKind.UNAVAILABLE, "its answer cannot be read")
        return found

    def _refusal(self, account: Account, status: int, told: Mapping[str, Any]) -> ProviderError:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return self.error(
                FailureKind.REFUSED,
                f"it does not accept the provider keys {self.keys[0]} and {self.keys[1]} (HTTP {status});"
                " check them and store them again with POST /providers",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self.error(FailureKind.LIMIT, "it takes no more requests of this account now (HTTP 429)")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
            return self.error(FailureKind.UNAVAILABLE, f"it answers with HTTP {status}")
        words = _words(told)
        for secret in (account.token, account.id):
            words = words.replace(secret, "...")
        return self.error(FailureKind.BAD_REQUEST, f"{words[:_MOST_WORDS]} (HTTP {status})")

    def error(self, kind: FailureKind, why: str) -> ProviderError:
        """A failure of this carrier."""
        return ProviderError(kind, self.name, why)

    def objects(self, answer: Mapping[str, Any] | None, name: str) -> Sequence[Mapping[str, Any]]:
        """The list of objects under a name. Raises ProviderError where there is none."""
        found = (answer or {}).get(name)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.error(FailureKind.UNAVAILABLE, f"its answer has no list {name!r}")
        return found

    def cents(self, price: Any) -> int:
        """A price in US dollars a month, as text or number. Raises ProviderError for anything else."""
        try:
            dollars = Decimal(str(price))
            cents = int((dollars * 100).quantize(Decimal(1), ROUND_HALF_UP)) if dollars.is_finite() else -1
        except InvalidOperation:
            cents = -1
        if not 0 <= cents <= _MOST_CENTS:
            raise self.error(FailureKind.UNAVAILABLE, "its answer has no price")
        return cents


def phone_number(value: Any, *, plus: bool = True) -> str | None:
    """A number as the carrier writes it, with or without its plus, as E.164; None for anything else."""
    if not isinstance(value, str):
        return None
    text = value if plus else f"+{value}"
    return text if _E164.fullmatch(text) else None


def short(value: Any) -> str | None:
    """A name the carrier gives, cut; None where it gives none."""
    return _text(value)[:MAX_NAME_CHARACTERS] or None


def _errors(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The errors inside an answer, where the carrier gives a list of them, or one."""
    listed = told.get("errors")
    given = listed if isinstance(listed, list) else [told.get("RestException")]
    return [error for error in given if isinstance(error, dict)]


def _words(told: Mapping[str, Any]) -> str:
    """What a carrier says of a refusal."""
    for one in (told, *_errors(told)):
        for name in ("message", "Message", "error", "detail", "title", "error-code-label"):
            if words := _text(one.get(name)):
                return words
    return "no reason given"


def _text(value: Any) -> str:
    return "".join(c for c in value if c.isprintable()) if isinstance(value, str) else ""


def _object(body: bytes) -> Mapping[str, Any] | None:
    if not body.strip():
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
