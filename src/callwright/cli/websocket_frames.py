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


def messages_of(data: bytes) -> tuple[list[str | bytes], int]:
    """Returns the messages at the beginning of ``data`` that came whole in one frame of a client, and how many bytes they are.

    It ends before a frame of anything else: also before text that is no UTF-8 and a message of more than 65,535 bytes, for
    MAX_DOOR_SOCKET_MESSAGE_BYTES is more than that.
    """
    messages: list[str | bytes] = []
    begins = 0
    while True:
        message, ends = _message_at(data, begins)
        if message is None:
            return messages, begins
        messages.append(message)
        begins = ends


def _message_at(data: bytes, at: int) -> tuple[str | bytes | None, int]:
    """The message whose frame begins there, and where it ends; None where there is none that is whole."""
    mask_begins = at + 2
    if len(data) < mask_begins + _MASK_BYTES or data[at] not in (_TEXT, _BINARY) or not data[at + 1] & _MASKED:
        return None, at
    size = data[at + 1] & ~_MASKED
    if size == _TWO_BYTES:
        size, mask_begins = data[at + 2] << 8 | data[at + 3], at + 4
    elif size == _EIGHT_BYTES:
        return None, at
    mask_ends = mask_begins + _MASK_BYTES
    ends = mask_ends + size
    if len(data) < ends:
        return None, at
    message = bytes(apply_mask(data[mask_ends:ends], data[mask_begins:mask_ends]))
    if data[at] == _BINARY:
        return message, ends
    try:
        return message.decode(), ends
    except UnicodeDecodeError:
        return None, at


def frame_of(message: str | bytes) -> bytes:
    """Returns a server's frame with all of a message."""
    kind, payload = (_TEXT, message.encode()) if isinstance(message, str) else (_BINARY, message)
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((kind, size)) + payload
    if size < 1 << 16:
        return bytes((kind, _TWO_BYTES, size >> 8, size & 0xFF)) + payload
    return bytes((kind, _EIGHT_BYTES)) + size.to_bytes(8) + payload
