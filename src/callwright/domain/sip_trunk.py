"""SIP trunks (contract 3.7): the gateways of a carrier, how we prove who we are to them, and from where their calls come.

What a trunk is told of (``body``) is kept as it came, unknown keys too; :func:`read_trunk` reads it and fills in the defaults. The password
is no part of it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

PROVIDER = "sip-trunk"
USERPASS = "userpass"
IP_BASED = "ip-based"
UDP, TCP, TLS = "transport-udp", "transport-tcp", "transport-tls"
SDES = "sdes"
SPOKEN = frozenset({"ulaw", "alaw", "pcmu", "pcma", "g711", "all"})
"""Names of the codecs spoken here, as ``allow`` may have them."""

_AUTH_TYPES = frozenset({USERPASS, IP_BASED})
_TRANSPORTS = frozenset({UDP, TCP, TLS})
_ENCRYPTIONS = frozenset({"no", SDES})
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


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where calls go. The lowest ``priority`` is tried first. Of those that have the same one, each with a ``weight`` is tried first in so
    great a share of the calls, and those without (0) come after them as they are listed."""

    address: str
    port: int = 5060
    priority: int = 1
    weight: int = 0


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    """A trunk as it is used. ``may_be_clear``: with SDES, calls whose far end does not encrypt go on without."""

    name: str
    provider: str
    auth_type: str
    auth_username: str
    gateways: tuple[Gateway, ...]
    networks: tuple[str, ...]
    allow: str
    transport: str
    media_encryption: str
    may_be_clear: bool
    inbound_enabled: bool
    leading_plus: bool
    registers: bool
    qualify_seconds: int

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
    fields = Fields(body, "", BadInputError)
    auth_type = _required(fields, "auth_type")
    if auth_type not in _AUTH_TYPES:
        raise fields.not_among("auth_type", _AUTH_TYPES)
    username = fields.text("auth_username", longest=MAX_NAME_CHARACTERS).strip()
    if username and (not _USER.fullmatch(username) or set(username) & _NOT_IN_USER):
        raise BadInputError(
            'auth_username must be printable ASCII without spaces and any of ; < > " \\', field="auth_username"
        )
    settings = TrunkSettings(
        name=_required(fields, "name"),
        provider=_required(fields, "provider"),
        auth_type=auth_type,
        auth_username=username,
        gateways=_gateways(fields),
        networks=_networks(fields, required=auth_type == IP_BASED),
        allow=fields.text("allow", "ulaw,alaw", longest=MAX_NAME_CHARACTERS),
        transport=fields.choice("transport", UDP, _TRANSPORTS),
        media_encryption=fields.choice("media_encryption", "no", _ENCRYPTIONS),
        may_be_clear=fields.switch("media_encryption_optimistic", False),
        inbound_enabled=fields.switch("inbound_enabled", False),
        leading_plus=fields.switch("outbound_leading_plus_enabled", True),
        registers=fields.switch("register", False),
        qualify_seconds=fields.whole("qualify_frequency", 60, 0, 86_400),
    )
    if settings.media_encryption == SDES and settings.transport != TLS:
        raise UnprocessableError("media_encryption='sdes' requires transport='transport-tls'", field="media_encryption")
    if auth_type == USERPASS and not username:
        raise BadInputError("auth_username is required with auth_type userpass", field="auth_username")
    if settings.registers and auth_type != USERPASS:
        raise BadInputError("register needs auth_type userpass", field="register")
    return _filled(fields, settings), settings


def _drawn(text: str) -> float:
    """A number from 0 to 1 that looks drawn, the same for the same text."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64


def _filled(fields: Fields, settings: TrunkSettings) -> dict[str, Any]:
    return {
        **fields.value,
        "name": settings.name,
        "provider": settings.provider,
        "description": fields.text("description", longest=MAX_PROMPT_CHARACTERS) or None,
        "auth_type": settings.auth_type,
        "auth_username": settings.auth_username or None,
        "gateways": [
            {**given, "gateway_address": gateway.address, "port": gateway.port, "priority": gateway.priority}
            for given, gateway in zip(fields.list("gateways") or (), settings.gateways, strict=True)
        ],
        "ip_identifiers": [{"ip_address": network} for network in settings.networks],
        "allow": settings.allow,
        "disallow": fields.text("disallow", "all", longest=MAX_NAME_CHARACTERS),
        "transport": settings.transport,
        "direct_media": fields.switch("direct_media", False),
        "rtp_symmetric": fields.switch("rtp_symmetric", True),
        "force_rport": fields.switch("force_rport", True),
        "media_encryption": settings.media_encryption,
        "media_encryption_optimistic": settings.may_be_clear,
        "qualify_frequency": settings.qualify_seconds,
        "inbound_enabled": settings.inbound_enabled,
        "outbound_leading_plus_enabled": settings.leading_plus,
    }


def _required(fields: Fields, name: str) -> str:
    found = fields.text(name, longest=MAX_NAME_CHARACTERS).strip()
    if not found:
        raise BadInputError(f"{name} is required", field=name)
    return found


def _gateways(fields: Fields) -> tuple[Gateway, ...]:
    given = fields.list("gateways")
    if not given or len(given) > MAX_TRUNK_GATEWAYS:
        raise BadInputError(f"gateways must hold 1 to {MAX_TRUNK_GATEWAYS} gateways", field="gateways")
    found = []
    for index, one in enumerate(given):
        path = f"gateways[{index}]"
        if not isinstance(one, Mapping):
            raise BadInputError(f"{path} must be an object", field=path)
        gateway = Fields(one, path, BadInputError)
        address = gateway.text("gateway_address", longest=253).strip()
        if not _HOST.fullmatch(address) or ".." in address:
            raise gateway.wrong("gateway_address", "a host name or an IPv4 address, without sip: and port")
        port, priority = gateway.whole("port", 5060, 1, 65_535), gateway.whole("priority", 1, 0, 65_535)
        found.append(Gateway(address.lower(), port, priority, gateway.whole("weight", 0, 0, MAX_GATEWAY_WEIGHT)))
    return tuple(found)


def _networks(fields: Fields, *, required: bool) -> tuple[str, ...]:
    given = fields.list("ip_identifiers") or []
    if required and not given:
        raise BadInputError("ip_identifiers is required with auth_type ip-based", field="ip_identifiers")
    if len(given) > MAX_TRUNK_NETWORKS:
        raise BadInputError(f"ip_identifiers may hold at most {MAX_TRUNK_NETWORKS} addresses", field="ip_identifiers")
    found = []
    for index, one in enumerate(given):
        path = f"ip_identifiers[{index}]"
        # The API's shape is an object; a plain text is what everybody sends first.
        each = Fields(one if isinstance(one, Mapping) else {"ip_address": one}, path, BadInputError)
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


def check_networks(networks: Sequence[str], allowed: Sequence[str]) -> None:
    """Refuse networks that a tenant may not name: wider ones than a /24 (IPv6: /64), loopback and private ones. Those within a network of
    ``allowed`` are accepted. Raises BadInputError naming the field."""
    for index, text in enumerate(networks):
        network = ipaddress.ip_network(text)
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


def read_password(wire: Mapping[str, Any]) -> str | None:
    """``auth_password`` of a body, None where it names none. Raises BadInputError, which never holds it."""
    given = wire.get("auth_password")
    if given is None:
        return None
    if (
        not isinstance(given, str)
        or not given
        or len(given) > MAX_NAME_CHARACTERS
        or not given.isprintable()
        or set(given) & _NOT_IN_PASSWORD
    ):
        raise BadInputError(
            f'auth_password must be a string of 1 to {MAX_NAME_CHARACTERS} printable characters without " and \\',
            field="auth_password",
        )
    return given


def read_trunk_number(wire: Any, path: str = "") -> tuple[str, str | None, bool]:
    """A number of a trunk: the number, its name, and whether it was to be E.164. Raises BadInputError or InvalidNumberError."""
    if not isinstance(wire, Mapping):
        raise BadInputError(f"{path} must be an object", field=path)
    fields = Fields(wire, path, BadInputError)
    at = fields.at("phone_number")
    given = fields.raw("phone_number")
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or not given.strip():
        raise BadInputError(f"{at} is required", field=at)
    number = unseparated(given.strip())
    checked = fields.switch("e164_check_enabled", False)
    if checked:
        number = parse_e164(number, what=at)
    elif not _NUMBER.fullmatch(number):
        raise BadInputError(f"{at} must be 2 to 15 digits, with or without a +", field=at)
    if is_emergency(number):
        raise BadInputError(f"{at} is an emergency number; who dials it must not reach an agent", field=at)
    return number, fields.text("name", longest=MAX_NAME_CHARACTERS).strip() or None, checked
