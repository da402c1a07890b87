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


def message_of(data: bytes) -> str | bytes | None:
    """Returns the message when ``data`` is one frame of a client, whole, with all of a message of at most 65,535 bytes.

    None for anything else, also for text that is no UTF-8. MAX_DOOR_SOCKET_MESSAGE_BYTES is more than 65,535.
    """
    if len(data) < 2 + _MASK_BYTES or data[0] not in (_TEXT, _BINARY) or not data[1] & _MASKED:
        return None
    size, begins = data[1] & ~_MASKED, 2
    if size == _TWO_BYTES:
        size, begins = data[2] << 8 | data[3], 4
    elif size == _EIGHT_BYTES:
        return None
    mask_ends = begins + _MASK_BYTES
    if len(data) != mask_ends + size:
        return None
    message = bytes(apply_mask(data[mask_ends:], data[begins:mask_ends]))
    if data[0] == _BINARY:
        return message
    try:
        return message.decode()
    except UnicodeDecodeError:
        return None


def frame_of(message: str | bytes) -> bytes:
    """Returns a server's frame with all of a message."""
    kind, payload = (_TEXT, message.encode()) if isinstance(message, str) else (_BINARY, message)
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((kind, size)) + payload
    if size < 1 << 16:
        return bytes((kind, _TWO_BYTES, size >> 8, size & 0xFF)) + payload
    return bytes((kind, _EIGHT_BYTES)) + size.to_bytes(8) + payload
