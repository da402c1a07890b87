"""SIP trunks (contract 3.7): the gateways of a carrier, how we prove who we are to them, and from where their calls come.

What a trunk is told of (``body``) is kept as it came, unknown keys too; :func:`read_trunk` reads it and fills in the defaults. The password
is no part of it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from callwright.domain.dialled import unseparated
from callwright.domain.errors import BadInputError, UnprocessableError
from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_GATEWAY_WEIGHT,
    MAX_NAME_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_TRUNK_GATEWAYS,
    MAX_TRUNK_NETWORKS,
)
from callwright.domain.number import is_emergency, parse_e164
from callwright.domain.settings.kinds import SWITCH, choice, filled, text, whole
from callwright.domain.settings.setting import (
    SHAPE,
    Kind,
    Setting,
    needed,
    read_record,
    setting,
    shape_of,
    wire_of,
)

PROVIDER = "sip-trunk"
USERPASS = "userpass"
IP_BASED = "ip-based"
UDP, TCP, TLS = "transport-udp", "transport-tcp", "transport-tls"
SDES = "sdes"
SPOKEN = frozenset({"ulaw", "alaw", "pcmu", "pcma", "g711", "all"})
"""Names of the codecs spoken here, as ``allow`` may have them."""

_AUTH_TYPES = (USERPASS, IP_BASED)
_HOST_WORDS = "a host name or an IPv4 address, without sip: and port"
_SOME_GATEWAYS = f"must hold 1 to {MAX_TRUNK_GATEWAYS} gateways"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_USER = re.compile(r"[\x21-\x7e]+")
#: What the SIP stack cannot be told in a user name or a password.
_NOT_IN_USER, _NOT_IN_PASSWORD = frozenset(';<>"\\'), frozenset('"\\')
_WIDEST = {4: 8, 6: 16}
_NARROW = {4: 24, 6: 64}
"""The widest networks that a tenant may name without an operator."""
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
            "::/127", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ),
    )
)  # fmt: skip

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _address(given: Fields, name: str) -> str:
    address = given.text(name, longest=253).strip()
    if not _HOST.fullmatch(address) or ".." in address:
        raise given.wrong(name, _HOST_WORDS)
    return address.lower()


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where calls go. Of those that have the same ``priority``, each with a ``weight`` is tried first in so great a share of the calls, and
    those without (0) come after them as they are listed."""

    address: str = needed(
        "gateway.gateway_address",
        Kind("a host", {"type": "string", "maxLength": 253}, _address),
        told=f"must be {_HOST_WORDS}, not null",
    )
    port: int = setting("gateway.port", whole(1, 65_535), 5060)
    priority: int = setting("gateway.priority", whole(0, 65_535), 1, "The lowest is tried first.")
    weight: int = setting(
        "gateway.weight", whole(0, MAX_GATEWAY_WEIGHT), 0, "Share of the calls among gateways of one priority."
    )


def _gateways(given: Fields, name: str) -> tuple[Gateway, ...]:
    listed = given.list(name)
    if not listed or len(listed) > MAX_TRUNK_GATEWAYS:
        raise BadInputError(f"{name} {_SOME_GATEWAYS}", field=name)
    found = []
    for index, one in enumerate(listed):
        path = f"{name}[{index}]"
        if not isinstance(one, Mapping):
            raise BadInputError(f"{path} must be an object", field=path)
        found.append(read_record(Gateway, Fields(one, path, BadInputError)))
    return tuple(found)


def _networks(given: Fields, name: str) -> tuple[str, ...]:
    listed = given.list(name) or []
    if len(listed) > MAX_TRUNK_NETWORKS:
        raise BadInputError(f"{name} may hold at most {MAX_TRUNK_NETWORKS} addresses", field=name)
    found = []
    for index, one in enumerate(listed):
        # The API's shape is an object; a plain text is what everybody sends first.
        each = Fields(one if isinstance(one, Mapping) else {"ip_address": one}, f"{name}[{index}]", BadInputError)
        try:
            network = ipaddress.ip_network(each.text("ip_address", longest=64).strip(), strict=False)
        except ValueError:
            raise each.wrong("ip_address", "an IP address or a network such as 203.0.113.0/24") from None
        if network.prefixlen < _WIDEST[network.version]:
            raise each.wrong(
                "ip_address", f"a network of at least /{_WIDEST[network.version]}: a wider one is no carrier's"
            )
        single = network.prefixlen == network.max_prefixlen
        found.append(str(network.network_address) if single else str(network))
    return tuple(found)


_NETWORK = {
    SHAPE: "SipIp",
    "type": "object",
    "description": "From where calls come.",
    "properties": {"ip_address": {"type": "string", "maxLength": 64, "description": "An address or a network."}},
    "required": ["ip_address"],
}


def _auth_type(given: Fields, name: str) -> str | None:
    found = given.text(name, longest=MAX_NAME_CHARACTERS).strip()
    if found and found not in _AUTH_TYPES:
        raise given.not_among(name, _AUTH_TYPES)
    return found or None


def _auth_username(given: Fields, name: str) -> str:
    found = given.text(name, longest=MAX_NAME_CHARACTERS).strip()
    if found and (not _USER.fullmatch(found) or set(found) & _NOT_IN_USER):
        raise BadInputError(f'{name} must be printable ASCII without spaces and any of ; < > " \\', field=name)
    return found


_NAME = {"type": "string", "maxLength": MAX_NAME_CHARACTERS}
_CODECS = Kind("codecs", _NAME, lambda given, name: given.text(name, longest=MAX_NAME_CHARACTERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSettings:
    """A trunk as it is used. ``may_be_clear``: with SDES, calls whose far end does not encrypt go on without."""

    auth_type: str = needed(
        "trunk.auth_type", Kind("a type", {"type": "string", "enum": list(_AUTH_TYPES)}, _auth_type)
    )
    auth_username: str = setting("trunk.auth_username", Kind("a name", _NAME, _auth_username), None, absent="")
    name: str = needed("trunk.name", filled(MAX_NAME_CHARACTERS))
    provider: str = needed("trunk.provider", filled(MAX_NAME_CHARACTERS))
    gateways: tuple[Gateway, ...] = needed(
        "trunk.gateways",
        Kind(
            "gateways",
            {"type": "array", "items": shape_of(Gateway), "minItems": 1, "maxItems": MAX_TRUNK_GATEWAYS},
            _gateways,
        ),
        told=_SOME_GATEWAYS,
    )
    networks: tuple[str, ...] = setting(
        "trunk.ip_identifiers",
        Kind("networks", {"type": "array", "items": _NETWORK, "maxItems": MAX_TRUNK_NETWORKS}, _networks),
        [],
        absent=(),
    )
    allow: str = setting("trunk.allow", _CODECS, "ulaw,alaw")
    transport: str = setting("trunk.transport", choice((UDP, TCP, TLS)), UDP)
    media_encryption: str = setting(
        "trunk.media_encryption", choice(("no", SDES)), "no", "`sdes`: SRTP, over TLS only."
    )
    may_be_clear: bool = setting("trunk.media_encryption_optimistic", SWITCH, False)
    inbound_enabled: bool = setting("trunk.inbound_enabled", SWITCH, False)
    leading_plus: bool = setting("trunk.outbound_leading_plus_enabled", SWITCH, True)
    registers: bool = setting("trunk.register", SWITCH, False, "Register at the first gateway, with `userpass`.")
    qualify_seconds: int = setting("trunk.qualify_frequency", whole(0, 86_400), 60)
    description: str | None = setting("trunk.description", text(MAX_PROMPT_CHARACTERS), None)
    disallow: str = setting("trunk.disallow", _CODECS, "all")
    direct_media: bool = setting("trunk.direct_media", SWITCH, False)
    rtp_symmetric: bool = setting("trunk.rtp_symmetric", SWITCH, True)
    force_rport: bool = setting("trunk.force_rport", SWITCH, True)

    @property
    def must_encrypt(self) -> bool:
        """Whether no call may go on with audio in clear."""
        return self.media_encryption == SDES and not self.may_be_clear

    def in_order(self, call: str) -> tuple[Gateway, ...]:
        """The gateways in the order in which a call tries them. Its id decides among those of the same priority."""

        def place(numbered: tuple[int, Gateway]) -> tuple[int, float]:
            at, gateway = numbered
            # The largest of r ** (1 / weight) is drawn in proportion to the weights (Efraimidis and Spirakis).
            return gateway.priority, -(_drawn(f"{call} {at}") ** (1 / gateway.weight)) if gateway.weight else 0.0

        return tuple(gateway for _, gateway in sorted(enumerate(self.gateways), key=place))

    @property
    def undiallable(self) -> str:
        """Why no call can be placed through it, empty when one can."""
        codecs = {codec.strip().lower() for codec in self.allow.split(",")}
        if not codecs & SPOKEN:
            return f"the trunk {self.name!r} allows {self.allow}, and the SIP gateway here speaks ulaw and alaw only"
        return ""


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """A trunk as stored. ``sealed`` is its password, sealed; None without one."""

    id: str
    tenant_id: str
    body: Mapping[str, Any]
    is_active: bool
    created_at: datetime
    updated_at: datetime
    sealed: bytes | None = field(default=None, repr=False)

    @property
    def settings(self) -> TrunkSettings:
        """The body as it is used."""
        return read_trunk(self.body)[1]


def read_trunk(body: Mapping[str, Any]) -> tuple[dict[str, Any], TrunkSettings]:
    """Check a trunk: the body with its defaults filled in, and what it says. Raises BadInputError, and UnprocessableError for encrypted
    sound over a transport that is not."""
    settings = read_record(TrunkSettings, Fields(body, "", BadInputError))
    if settings.auth_type == IP_BASED and not settings.networks:
        raise BadInputError("ip_identifiers is required with auth_type ip-based", field="ip_identifiers")
    if settings.media_encryption == SDES and settings.transport != TLS:
        raise UnprocessableError("media_encryption='sdes' requires transport='transport-tls'", field="media_encryption")
    if settings.auth_type == USERPASS and not settings.auth_username:
        raise BadInputError("auth_username is required with auth_type userpass", field="auth_username")
    if settings.registers and settings.auth_type != USERPASS:
        raise BadInputError("register needs auth_type userpass", field="register")
    return _filled(body, settings), settings


def _drawn(text: str) -> float:
    """A number from 0 to 1 that looks drawn, the same for the same text."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64


def _filled(body: Mapping[str, Any], settings: TrunkSettings) -> dict[str, Any]:
    """``register`` and a gateway's ``weight``, which the hosted service does not have, stay as they came."""
    return {
        **body,
        **{name: value for name, value in wire_of(settings).items() if name != "register"},
        "auth_username": settings.auth_username or None,
        "gateways": [
            {**given, "gateway_address": gateway.address, "port": gateway.port, "priority": gateway.priority}
            for given, gateway in zip(body["gateways"], settings.gateways, strict=True)
        ],
        "ip_identifiers": [{"ip_address": network} for network in settings.networks],
    }


def check_networks(networks: Sequence[str], allowed: Sequence[str]) -> None:
    """Refuse networks that a tenant may not name: wider ones than a /24 (IPv6: /64), loopback and private ones. Those within a network of
    ``allowed`` are accepted. Raises BadInputError naming the field."""
    for index, named in enumerate(networks):
        network = ipaddress.ip_network(named)
        if any(_is_within(network, ipaddress.ip_network(one)) for one in allowed):
            continue
        narrow = _NARROW[network.version]
        field = f"ip_identifiers[{index}].ip_address"
        if network.prefixlen < narrow:
            raise BadInputError(
                f"{field} must be a network of at least /{narrow}; the operator allows wider ones in CALLWRIGHT_TRUNK_NETWORKS",
                field=field,
            )
        if any(network.version == inner.version and network.overlaps(inner) for inner in _NOT_PUBLIC):
            raise BadInputError(
                f"{field} is no public address; the operator allows others in CALLWRIGHT_TRUNK_NETWORKS", field=field
            )


def _is_within(network: _Network, other: _Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


def secret_name(trunk_id: str) -> str:
    """The name a trunk's password is sealed under."""
    return f"sip trunk {trunk_id}"


def _password(given: Fields, name: str) -> str:
    """Its errors never hold it."""
    found = given.raw(name)
    if (
        not isinstance(found, str)
        or not 0 < len(found) <= MAX_NAME_CHARACTERS
        or not found.isprintable()
        or set(found) & _NOT_IN_PASSWORD
    ):
        raise BadInputError(
            f'{name} must be a string of 1 to {MAX_NAME_CHARACTERS} printable characters without " and \\', field=name
        )
    return found


def _number(given: Fields, name: str) -> str | None:
    found = given.raw(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return unseparated(found.strip()) if isinstance(found, str) and found.strip() else None


@dataclass(frozen=True, slots=True)
class TrunkNumber:
    """A number of a trunk. ``checked``: it is in E.164 form."""

    number: str = needed("number.phone_number", Kind("a number", {"type": "string"}, _number))
    name: str | None = setting("number.name", filled(MAX_NAME_CHARACTERS), None)
    checked: bool = setting("number.e164_check_enabled", SWITCH, False)


def read_trunk_number(wire: Any, path: str = "") -> TrunkNumber:
    """A number of a trunk. Raises BadInputError or InvalidNumberError."""
    if not isinstance(wire, Mapping):
        raise BadInputError(f"{path} must be an object", field=path)
    fields = Fields(wire, path, BadInputError)
    found = read_record(TrunkNumber, fields)
    at = fields.at("phone_number")
    if found.checked:
        found = replace(found, number=parse_e164(found.number, what=at))
    elif not _NUMBER.fullmatch(found.number):
        raise BadInputError(f"{at} must be 2 to 15 digits, with or without a +", field=at)
    if is_emergency(found.number):
        raise BadInputError(f"{at} is an emergency number; who dials it must not reach an agent", field=at)
    return found


def _numbers(given: Fields, name: str) -> tuple[TrunkNumber, ...]:
    listed = given.list(name) or ()
    return tuple(read_trunk_number(one, f"{name}[{index}]") for index, one in enumerate(listed))


PASSWORD = Setting(
    "trunk.auth_password",
    Kind("a password", {**_NAME, "minLength": 1}, _password),
    None,
    "Kept sealed, never returned.",
)
IS_ACTIVE = Setting("trunk.is_active", SWITCH, True, "")
NUMBERS = Setting(
    "trunk.phone_numbers",
    Kind("numbers", {"type": "array", "items": shape_of(TrunkNumber)}, _numbers),
    [],
    "",
    absent=(),
)
