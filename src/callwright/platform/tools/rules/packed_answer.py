"""Answers of web servers that are packed although nobody asked for it."""

from __future__ import annotations

import zlib

from callwright.domain.limits import MAX_WEB_ANSWER_BYTES

_RAW, _ZLIB, _GZIP = -zlib.MAX_WBITS, zlib.MAX_WBITS, 16 + zlib.MAX_WBITS
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}
"""Ways to unpack a Content-Encoding, in the order to try: many servers call deflate what lacks the head of RFC 1950."""


def unpacked(packing: str, body: bytes) -> bytes | None:
    """``body`` without its Content-Encoding ``packing``, cut at MAX_WEB_ANSWER_BYTES, however much it would unpack to. What breaks off
    is unpacked as far as it goes. None where it cannot be unpacked."""
    packing = packing.strip().lower()
    if packing in ("", "identity") or not body:
        return body
    for window in _WINDOWS.get(packing, ()):
        try:
            return zlib.decompressobj(window).decompress(body, MAX_WEB_ANSWER_BYTES)
        except zlib.error:
            continue
    return None
