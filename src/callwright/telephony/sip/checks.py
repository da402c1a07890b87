"""What may be said over SIP: addresses that can be called, headers that can be sent, keys, and where a far end may send us. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.domain.errors import BadInputError, InvalidNumberError
from callwright.domain.limits import MAX_SIP_KEYS
from callwright.domain.number import E164, SIP, kind_of_address, parse_destination, parse_e164
from callwright.domain.sip_headers import CALL_HEADER, custom_headers
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest

PROVIDER = "sip"
TRUNK_PROVIDER = "sip-trunk"
ASSERTED_IDENTITY = "P-Asserted-Identity"
DEFAULT_USER = "callwright"
EVERYWHERE = "any"
UDP, TCP, TLS = TRANSPORTS = ("udp", "tcp", "tls")
CLEAR, OPTIONAL, REQUIRED = ENCRYPTIONS = ("clear", "optional", "required")
"""Whether audio is encrypted (SRTP with SDES): never, where the far end does it too, or in every call."""
KEYS = frozenset("0123456789*#ABCD")
_SIP_PORT = 5060
_USER = re.compile(r"[A-Za-z0-9+_.-]{1,64}")
_TRANSPORT = re.compile(r";transport=([^;]*)", re.IGNORECASE)
_MADDR = re.compile(r";maddr(=|;|$)", re.IGNORECASE)
_HOST = re.compile(r"sip:(?:[^@]*@)?(\[[^\]]*\]|[^:;?]*)", re.IGNORECASE)


def refused(message: str) -> ProviderError:
    """A request that cannot be carried out as it is."""
    return ProviderError(FailureKind.BAD_REQUEST, PROVIDER, message)


def callable_address(text: str) -> str:
    """A ``sip:`` address in its normal form. Raises ProviderError(BAD_REQUEST) for anything this carrier cannot or must not call: emergency
    numbers in every form, phone numbers (those need a trunk), other transports than UDP, TCP and TLS."""
    try:
        destination = parse_destination(text, what="the number to call")
    except InvalidNumberError as error:
        raise refused(error.message) from error
    if destination.kind == E164:
        raise refused(
            f"{text} is a phone number; over SIP those are reached through a SIP trunk (telephony_provider sip-trunk)"
        )
    if destination.kind != SIP or not destination.value.startswith("sip:"):
        raise refused(f"{text} cannot be called over SIP; use an address such as sip:user@host")
    if transport_of(destination.value) not in TRANSPORTS:
        raise refused(f"{text} asks for another transport than {', '.join(TRANSPORTS)}")
    if _MADDR.search(destination.value):
        raise refused(f"{text} names another host in its parameter maddr than the one after the @; leave it out")
    return destination.value


def reachable_address(text: str, places: Sequence[str]) -> str:
    """``callable_address`` of a host we may call: one of ``places``, which are host names, IPv4 networks, or EVERYWHERE. A host name is
    taken by its letters, whatever it resolves to. Raises ProviderError(BAD_REQUEST)."""
    address = callable_address(text)
    host = host_of(address)
    if EVERYWHERE in places or host in places or _in_a_network(host, places):
        return address
    raise refused(
        f"{host} may not be called over SIP; name the host or its network in CALLWRIGHT_SIP_CALL_TO"
        f" (now: {', '.join(places) or 'none'})"
    )


def transport_of(address: str) -> str:
    """The transport that a ``sip:`` address names, in small letters; UDP where it names none."""
    named = _TRANSPORT.search(address)
    return UDP if named is None else named[1].lower()


def _in_a_network(host: str, places: Sequence[str]) -> bool:
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return any(address in ipaddress.IPv4Network(place) for place in places if "/" in place)


def host_of(address: str) -> str:
    """The host of a ``sip:`` address in small letters."""
    match = _HOST.match(address)
    return match[1].lower() if match is not None else ""


def _host_and_port(address: str) -> str:
    """``host:port`` of a ``sip:`` address, with the port that it has by default."""
    host, _, port = address.partition("@")[2].partition(";")[0].lower().partition(":")
    return f"{host}:{port or (_SIP_PORT + 1 if transport_of(address) == TLS else _SIP_PORT)}"


def address_of(peer: Any) -> str:
    """The IPv4 address of ``address:port``, empty for anything else."""
    host = str(peer or "").rpartition(":")[0]
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class TrunkRoute:
    """A call through a trunk: who we are, and how we prove it (empty: by our address alone). ``gateways`` are in their order, ``host:port``
    with the transport unless that is UDP. ``domains`` are the hosts of our own address there. ``trunk`` is the trunk's id, ``encryption``
    one of ENCRYPTIONS. ``called`` is the number, empty for a call that came in."""

    gateways: tuple[str, ...]
    domains: tuple[str, ...]
    user: str
    headers: Mapping[str, str] = field(default_factory=dict)
    auth_user: str = ""
    auth_password: str = field(default="", repr=False)
    trunk: str = ""
    encryption: str = CLEAR
    leading_plus: bool = True
    called: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address of ``called`` at each gateway."""
        return tuple(self._address(self.called, at) for at in range(len(self.gateways)))

    def host(self, at: int) -> str:
        """``host:port`` of a gateway."""
        return self.gateways[at].partition(";")[0]

    def identity(self, at: int, callback_id: str) -> dict[str, Any]:
        """The values of a ``dial`` or ``transfer`` message that say as whom a gateway is called. They hold the password."""
        domain = self.domains[at]
        return {
            "from_user": self.user,
            "headers": {
                CALL_HEADER: callback_id,
                **self.headers,
                ASSERTED_IDENTITY: f"<sip:{self.user}@{domain}>",
            },
            "domain": domain,
            "auth_user": self.auth_user,
            "auth_password": self.auth_password,
            "encryption": self.encryption,
        }

    def transfer(self, target: str, at: int, callback_id: str) -> tuple[str, dict[str, Any]]:
        """Where the target of a transfer is, and as whom it is called. A number is at the gateway ``at``. Only gateways of the trunk are
        told who we are."""
        if kind_of_address(target) == E164:
            return self._address(target, at), self.identity(at, callback_id)
        place, transport = _host_and_port(target), transport_of(target)
        for there, gateway in enumerate(self.gateways):
            if self.host(there) == place and transport_of(gateway) == transport:
                return target, self.identity(there, callback_id)
        return target, {}

    def _address(self, number: str, at: int) -> str:
        number = number if self.leading_plus else number.removeprefix("+")
        return f"sip:{number}@{self.gateways[at]}"


def trunk_route(request: DialRequest, call_headers: Collection[str] = ()) -> TrunkRoute:
    """How a call to a phone number goes out. See ``trunk_of`` for its ``trunk`` option. ``call_headers`` may be set beside X-..."""
    route = trunk_of(request.options.get("trunk"), request.from_number)
    try:
        number = parse_e164(request.to_number, what="the number to call")
    except InvalidNumberError as error:
        raise refused(error.message) from error
    headers = sendable_headers(request.options.get("sip_headers"), call_headers)
    headers = {name: value for name, value in headers.items() if name.lower() != ASSERTED_IDENTITY.lower()}
    return replace(route, called=number, headers=headers)


def trunk_of(trunk: Any, own_number: str) -> TrunkRoute:
    """Calls from ``own_number`` through a trunk. ``trunk`` holds ``id``, ``gateways`` (pairs of host and port in their order),
    ``username``, ``password``, ``leading_plus``, ``undiallable``, ``transport`` (UDP by default) and ``encryption`` (CLEAR).

    Raises ProviderError(BAD_REQUEST), which never holds the password.
    """
    if not isinstance(trunk, Mapping):
        raise refused("the call has no SIP trunk: call from a number of one")
    if trunk.get("undiallable"):
        raise refused(str(trunk["undiallable"]))
    has_plus = bool(trunk.get("leading_plus", True))
    user = own_number.removeprefix("+")
    is_number = user.isascii() and user.isdigit()
    user = (f"+{user}" if has_plus else user) if is_number else user_of(own_number)
    gateways = [(str(host), int(port)) for host, port in trunk.get("gateways") or ()]
    if not gateways:
        raise refused("the SIP trunk has no gateway")
    transport = str(trunk.get("transport") or UDP)
    way = "" if transport == UDP else f";transport={transport}"
    return TrunkRoute(
        gateways=tuple(f"{host}:{port}{way}" for host, port in gateways),
        domains=tuple(host if port == _SIP_PORT else f"{host}:{port}" for host, port in gateways),
        user=user,
        auth_user=str(trunk.get("username") or ""),
        auth_password=str(trunk.get("password") or ""),
        trunk=str(trunk.get("id") or ""),
        encryption=str(trunk.get("encryption") or CLEAR),
        leading_plus=has_plus,
    )


def sendable_headers(given: Any, allowed: Collection[str] = ()) -> dict[str, str]:
    """The headers of a dial's ``sip_headers`` option. Raises ProviderError(BAD_REQUEST) for what ``domain.sip_headers`` refuses."""
    try:
        return custom_headers(given, allowed)
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
    host = host_of(address)
    if host in hosts:
        return ""
    return f"{host or target} is none of the hosts in CALLWRIGHT_SIP_TRANSFER_TO"
