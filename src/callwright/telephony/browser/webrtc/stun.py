"""Connectivity checks of ICE (RFC 8445) as a lite agent gets and answers them: STUN binding requests (RFC 8489). Pure.

A lite agent has addresses that the far end can reach, sends no checks, and answers each genuine one from where it came.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

MAGIC = 0x2112A442
_BINDING_REQUEST, _BINDING_SUCCESS = 0x0001, 0x0101
_USERNAME, _INTEGRITY, _XOR_MAPPED_ADDRESS, _USE_CANDIDATE, _FINGERPRINT = 0x0006, 0x0008, 0x0020, 0x0025, 0x8028
_FINGERPRINT_XOR = 0x5354554E
_HEAD = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_INTEGRITY_BYTES = 20
_FINGERPRINT_BYTES = 4
MAX_ATTRIBUTES = 32
MAX_USERNAME_BYTES = 513

Address = tuple[str, int]
"""IP address and port."""


@dataclass(frozen=True, slots=True)
class Check:
    """A binding request. ``username`` is ``<our fragment>:<their fragment>``; ``nominates``: the far end wants to use this way.

    ``signed_bytes`` is the length of what its MESSAGE-INTEGRITY covers.
    """

    transaction: bytes
    username: str
    nominates: bool
    signed_bytes: int
    integrity: bytes

    def is_genuine(self, datagram: bytes, password: str) -> bool:
        """Whether whoever sent the request knows our password."""
        # The length in the head counts up to and with MESSAGE-INTEGRITY, whatever follows it (RFC 8489 14.5).
        counted = self.signed_bytes + _ATTRIBUTE.size + _INTEGRITY_BYTES - _HEAD.size
        signed = datagram[:2] + struct.pack("!H", counted) + datagram[4 : self.signed_bytes]
        return hmac.compare_digest(_integrity(signed, password), self.integrity)


def check_of(datagram: bytes) -> Check | None:
    """The binding request in a datagram; None for anything else, also for one without a signature or with a wrong fingerprint."""
    if len(datagram) < _HEAD.size:
        return None
    kind, length, magic, transaction = _HEAD.unpack_from(datagram)
    if kind != _BINDING_REQUEST or magic != MAGIC or length % 4 or length != len(datagram) - _HEAD.size:
        return None
    username, nominates, at = "", False, _HEAD.size
    for _ in range(MAX_ATTRIBUTES):
        if at + _ATTRIBUTE.size > len(datagram):
            return None
        name, size = _ATTRIBUTE.unpack_from(datagram, at)
        value = datagram[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + size]
        if len(value) < size:
            return None
        if name == _INTEGRITY:
            is_whole = size == _INTEGRITY_BYTES and _is_closed(datagram, at + _ATTRIBUTE.size + size)
            return Check(transaction, username, nominates, at, value) if is_whole else None
        if name == _USERNAME and size <= MAX_USERNAME_BYTES:
            username = value.decode("ascii", "replace")
        nominates = nominates or name == _USE_CANDIDATE
        at += _ATTRIBUTE.size + size + -size % 4
    return None


def answer_to(check: Check, source: Address, password: str) -> bytes:
    """The success response, sent to ``source``, where the request came from."""
    address = ipaddress.ip_address(source[0].partition("%")[0])
    mask = struct.pack("!I12s", MAGIC, check.transaction)
    xored = bytes(one ^ other for one, other in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    mapped = struct.pack("!BBH", 0, family, source[1] ^ MAGIC >> 16) + xored
    body = _ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, len(mapped)) + mapped
    signed = _head(check, len(body) + _ATTRIBUTE.size + _INTEGRITY_BYTES) + body
    body += _ATTRIBUTE.pack(_INTEGRITY, _INTEGRITY_BYTES) + _integrity(signed, password)
    counted = _head(check, len(body) + _ATTRIBUTE.size + _FINGERPRINT_BYTES) + body
    return counted + _ATTRIBUTE.pack(_FINGERPRINT, _FINGERPRINT_BYTES) + _fingerprint(counted)


def _is_closed(datagram: bytes, at: int) -> bool:
    """Whether nothing, or a right FINGERPRINT alone, follows MESSAGE-INTEGRITY."""
    if at == len(datagram):
        return True
    closing = _ATTRIBUTE.pack(_FINGERPRINT, _FINGERPRINT_BYTES) + _fingerprint(datagram[:at])
    return datagram[at:] == closing


def _head(check: Check, length: int) -> bytes:
    return _HEAD.pack(_BINDING_SUCCESS, length, MAGIC, check.transaction)


def _integrity(signed: bytes, password: str) -> bytes:
    return hmac.new(password.encode(), signed, hashlib.sha1).digest()


def _fingerprint(counted: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(counted) ^ _FINGERPRINT_XOR)
