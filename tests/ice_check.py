"""A check of ICE as a browser sends it."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib

MAGIC = 0x2112A442


def binding_request(ours: str, theirs: str, password: str, *, nominate: bool = True) -> bytes:
    """A check of ICE. ``ours`` is the page's fragment, ``theirs`` the server's, whose ``password`` signs."""

    def attribute(name: int, value: bytes) -> bytes:
        return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)

    transaction = hashlib.sha256(f"{ours}{theirs}{nominate}".encode()).digest()[:12]
    body = attribute(0x0006, f"{theirs}:{ours}".encode()) + attribute(0x0024, b"\x6e\x00\x01\xff")
    body += attribute(0x802A, bytes(8)) + (attribute(0x0025, b"") if nominate else b"")
    signed = struct.pack("!HHI", 1, len(body) + 24, MAGIC) + transaction + body
    body += attribute(0x0008, hmac.new(password.encode(), signed, hashlib.sha1).digest())
    counted = struct.pack("!HHI", 1, len(body) + 8, MAGIC) + transaction + body
    return counted + attribute(0x8028, struct.pack("!I", zlib.crc32(counted) ^ 0x5354554E))
