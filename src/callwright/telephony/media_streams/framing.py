"""The messages of a media websocket: JSON with audio in base64, named differently by each vendor. A table says how."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

Path = Sequence[str]
"""Where a value is in a message: the names on the way to it."""
Message = Callable[[str, str], Mapping[str, Any]]
"""A message of ours, from the id of the stream and what it carries."""

_KEYS = frozenset("0123456789*#ABCD")


class BadStreamError(Exception):
    """A message that the vendor does not send. Its text says what is wrong."""


class StreamFarEnd(Protocol):
    """The leg, as a message of the vendor reaches it."""

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        """The stream carries this call of the vendor."""

    def sound(self, mulaw: bytes) -> None:
        """The caller's next piece, of any length."""

    def key(self, key: str) -> None:
        """A key."""

    def marked(self, name: str) -> None:
        """What was sent before the mark of that name was played, or dropped by a clear."""

    def stopped(self) -> None:
        """The stream ends, and nothing follows."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How a vendor's messages are named. ``event`` holds the kind of each.

    ``mark_event`` is what comes back of a mark. ``least_frames``: a message of ours has at least so many frames of 20 ms.
    """

    stream_id: Path
    call_id: Path
    parameters: Path
    mark_name: Path
    media: Message
    mark: Message
    clear: Message
    mark_event: str = "mark"
    payload: Path = ("media", "payload")
    digit: Path = ("dtmf", "digit")
    least_frames: int = 1

    def take(self, message: str | bytes, far_end: StreamFarEnd) -> None:
        """Tell the leg what a message says. Kinds that are not known are passed over: vendors add some. Raises BadStreamError."""
        found = _object(message)
        kind = found.get("event")
        if kind == "media":
            far_end.sound(_audio(_text(found, self.payload)))
        elif kind == self.mark_event:
            far_end.marked(_text(found, self.mark_name))
        elif kind == "dtmf":
            key = _text(found, self.digit)
            if key not in _KEYS:
                raise BadStreamError("a key is one of 0-9 * # A-D")
            far_end.key(key)
        elif kind == "start":
            given = _at(found, self.parameters)
            parameters = given if isinstance(given, Mapping) else {}
            told = {str(name): value for name, value in parameters.items() if isinstance(value, str)}
            far_end.started(_text(found, self.stream_id), _text(found, self.call_id), told)
        elif kind == "stop":
            far_end.stopped()

    def sound_of(self, stream_id: str, frames: Sequence[bytes]) -> str:
        """The message with the agent's next frames (mu-law)."""
        return _written(self.media(stream_id, base64.b64encode(b"".join(frames)).decode()))

    def mark_of(self, stream_id: str, name: str) -> str:
        """The message that comes back when what was sent before it is played."""
        return _written(self.mark(stream_id, name))

    def clear_of(self, stream_id: str) -> str:
        """The message that drops what is not played."""
        return _written(self.clear(stream_id, ""))


def _object(message: str | bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadStreamError("a message is not JSON") from None
    if not isinstance(found, Mapping):
        raise BadStreamError("a message is no JSON object")
    return found


def _at(found: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _text(found: Mapping[str, Any], path: Path) -> str:
    value = _at(found, path)
    if not isinstance(value, str):
        raise BadStreamError(f"a message has no text at {'.'.join(path)}")
    return value


def _audio(payload: str) -> bytes:
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise BadStreamError("audio is not in base64") from None


def _written(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
