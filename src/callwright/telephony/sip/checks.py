"""What may be said over SIP: addresses that can be called, headers that can be sent, keys, and where a far end may send us. Pure."""

from __future__ import annotations

import re
from typing import Any

from callwright.domain.errors import BadInputError, InvalidNumberError
from callwright.domain.limits import MAX_SIP_KEYS
from callwright.domain.number import E164, SIP, parse_destination
from callwright.domain.sip_headers import custom_headers
from callwright.ports.failures import FailureKind, ProviderError

PROVIDER = "sip"
DEFAULT_USER = "callwright"
KEYS = frozenset("0123456789*#ABCD")
_USER = re.compile(r"[A-Za-z0-9+_.-]{1,64}")
_TRANSPORT = re.compile(r";transport=([^;]*)", re.IGNORECASE)
_HOST = re.compile(r"sip:(?:[^@]*@)?(\[[^\]]*\]|[^:;?]*)", re.IGNORECASE)


def refused(message: str) -> ProviderError:
    """A request that cannot be carried out as it is."""
    return ProviderError(FailureKind.BAD_REQUEST, PROVIDER, message)


def callable_address(text: str) -> str:
    """A ``sip:`` address in its normal form. Raises ProviderError(BAD_REQUEST) for anything this carrier cannot or must not call: emergency
    numbers in every form, phone numbers (there is no trunk), other transports than UDP."""
    try:
        destination = parse_destination(text, what="the number to call")
    except InvalidNumberError as error:
        raise refused(error.message) from error
    if destination.kind == E164:
        raise refused(
            f"{text} is a phone number; it cannot be called over SIP until a trunk is set, use a sip: address"
        )
    if destination.kind != SIP or not destination.value.startswith("sip:"):
        raise refused(f"{text} cannot be called over SIP; use an address such as sip:user@host")
    transport = _TRANSPORT.search(destination.value)
    if transport is not None and transport[1].lower() != "udp":
        raise refused(f"{text} asks for the transport {transport[1]}; only UDP is spoken")
    return destination.value


def sendable_headers(given: Any) -> dict[str, str]:
    """The headers of a dial's ``sip_headers`` option. Raises ProviderError(BAD_REQUEST) for what ``domain.sip_headers`` refuses."""
    try:
        return custom_headers(given)
    except BadInputError as error:
        raise refused(error.message) from error


def user_of(number: str) -> str:
    """The user part under which we call: a phone number, the user of a ``sip:`` address, or a name for us where that cannot be one."""
    user = re.sub(r"^sips?:", "", number, flags=re.IGNORECASE).partition("@")[0]
    return user if _USER.fullmatch(user) else DEFAULT_USER


def check_keys(keys: str) -> None:
    """Raises ProviderError(BAD_REQUEST) for anything but 1 to MAX_SIP_KEYS of 0-9 * # A-D."""
    if not set(keys) <= KEYS:
        raise refused(f"{keys[:80]!r} has keys that are none; use 0-9 * # A-D")
    if not 1 <= len(keys) <= MAX_SIP_KEYS:
        raise refused(f"{len(keys)} keys at once; send 1 to {MAX_SIP_KEYS}")


def refusal_of_referral(target: str, hosts: tuple[str, ...]) -> str:
    """Why a far end may not send us to ``target``; empty when it may. ``hosts``: where it may."""
    try:
        address = callable_address(target)
    except ProviderError as error:
        return error.message
    match = _HOST.match(address)
    host = match[1].lower() if match is not None else ""
    if host in hosts:
        return ""
    return f"{host or target} is none of the hosts in CALLWRIGHT_SIP_TRANSFER_TO"
