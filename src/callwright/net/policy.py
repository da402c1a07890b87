"""Which addresses the platform may call out to. Pure rules; resolving is the client's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from callwright.domain.errors import BlockedUrlError
from callwright.domain.limits import MAX_URL_CHARACTERS

CORRECT_URL = "Correct the URL; no setting allows this one."
OTHER_ADDRESS = "Use another address; no setting opens this one."

_SCHEMES = ("http", "https")
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Where clouds answer with a machine's credentials, beside the link-local 169.254.169.254: AWS over IPv6, Alibaba, Oracle."""
_LOCALHOST, _LOOPBACK = "localhost", "127.0.0.1"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")


def check_url(url: str) -> SplitResult:
    """The URL's parts. Raises BlockedUrlError for another scheme, credentials in the URL, no host, or too long a URL."""
    if len(url) > MAX_URL_CHARACTERS:
        raise BlockedUrlError(f"the URL is longer than {MAX_URL_CHARACTERS} characters", hint=CORRECT_URL)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BlockedUrlError(f"the URL cannot be read: {error}", hint=CORRECT_URL) from error
    if parts.scheme not in _SCHEMES:
        raise BlockedUrlError("the URL must begin with http:// or https://", hint=CORRECT_URL)
    if not parts.hostname:
        raise BlockedUrlError("the URL names no host", hint=CORRECT_URL)
    if parts.username or parts.password:
        raise BlockedUrlError("the URL must not hold a user name or password; use headers", hint=CORRECT_URL)
    if port == 0:
        raise BlockedUrlError("port 0 is not an address", hint=CORRECT_URL)
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, looking through IPv4-in-IPv6 forms."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner_ipv4(ip)
    if inner is not None:
        return is_public(str(inner))
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip in _METADATA or ip.is_multicast or ip.is_reserved or site_local)


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Whether to connect to an IP address. ``allow_private`` opens loopback and private networks, never the addresses where clouds keep
    the machine's own credentials (link-local ones and ``_METADATA``), multicast, unspecified and reserved ones."""
    if is_public(address):
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    ip = _inner_ipv4(ip) or ip
    if not allow_private or ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    return ip.is_loopback or ip in _SHARED or (ip.is_private and not ip.is_reserved)


def blocked_address(host: str, addresses: Iterable[str], kind: str = "a private or reserved") -> BlockedUrlError:
    """The refusal of ``host`` at its IP addresses. The hint names CALLWRIGHT_ALLOW_PRIVATE_URLS only where that opens all of them."""
    opened = all(may_connect(address, allow_private=True) for address in addresses)
    return BlockedUrlError(f"{host} is {kind} address", hint="" if opened else OTHER_ADDRESS)


def check_written(url: str, *, allow_private: bool) -> None:
    """Raises BlockedUrlError for a URL that is blocked for what is written in it, without asking where its name leads."""
    host = check_url(url).hostname or ""
    address = _LOOPBACK if host == _LOCALHOST or host.endswith(f".{_LOCALHOST}") else host
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return
    if not may_connect(address, allow_private=allow_private):
        raise blocked_address(host, (address,), "not a public")


def _inner_ipv4(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if not isinstance(ip, ipaddress.IPv6Address):
        return None
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in _SIX_TO_FOUR:
        return ipaddress.IPv4Address((int(ip) >> 80) & 0xFFFFFFFF)
    return None
