"""Frames of websockets (RFC 6455 5.2) that hold a whole message, as audio comes and goes. All others are the library's.

The library makes an object of each frame and reads it piece by piece: more work than all that is done with 20 ms of audio.
"""

from __future__ import annotations

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover (a build of websockets without its extension)
    from websockets.utils import apply_mask

_TEXT, _BINARY = 0x81, 0x82
"""The first byte of a message in one frame: the last fragment, no extension."""
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
"""Lengths that say how long the real length is."""
_MASK_BYTES = 4
_LEAST_BYTES = 2 + _MASK_BYTES
"""Of a frame that a client sends."""


def messages_of(data: bytes) -> tuple[list[str | bytes], int]:
    """Returns the messages at the beginning of ``data`` that came whole in one frame of a client, and how many bytes they are.

    It ends before a frame of anything else: also before text that is no UTF-8 and a message of more than 65,535 bytes, for
    MAX_DOOR_SOCKET_MESSAGE_BYTES is more than that.
    """
    messages: list[str | bytes] = []
    at = 0
    while len(data) >= at + _LEAST_BYTES:
        kind, size, mask_begins = data[at], data[at + 1] - _MASKED, at + 2
        if size == _TWO_BYTES:
            size, mask_begins = data[at + 2] << 8 | data[at + 3], at + 4
        elif not 0 <= size < _TWO_BYTES:
            # Not masked, or very long.
            break
        begins = mask_begins + _MASK_BYTES
        ends = begins + size
        if len(data) < ends:
            break
        message = apply_mask(data[begins:ends], data[mask_begins:begins])
        if kind == _BINARY:
            messages.append(message)
        elif kind != _TEXT:
            break
        else:
            try:
                messages.append(message.decode())
            except UnicodeDecodeError:
                break
        at = ends
    return messages, at


def frame_of(message: str | bytes) -> bytes:
    """Returns a server's frame with all of a message."""
    kind, payload = (_TEXT, message.encode()) if isinstance(message, str) else (_BINARY, message)
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((kind, size)) + payload
    if size < 1 << 16:
        return bytes((kind, _TWO_BYTES, size >> 8, size & 0xFF)) + payload
    return bytes((kind, _EIGHT_BYTES)) + size.to_bytes(8) + payload
