"""The control messages of a media websocket. Asterisk writes them as lines or as JSON, as its chan_websocket.conf says, and reads them in
the form in which it writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

MEDIA_START, KEY, MARK = "MEDIA_START", "DTMF_END", "MEDIA_MARK_PROCESSED"
KEYS = frozenset("0123456789*#ABCD")
_LINE = re.compile(r"[A-Z_]{1,40}(?: .*)?", re.DOTALL)
_decode = msgspec.json.Decoder(dict[str, object]).decode


class BadControlError(Exception):
    """A message that Asterisk does not send. Its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Control:
    """``values`` are texts by name. A mark's name is its ``correlation_id`` in either form."""

    event: str
    values: Mapping[str, str]


def read_control(message: str) -> Control:
    """Read a message. Raises BadControlError for one in neither form."""
    if message.startswith("{"):
        try:
            found = _decode(message)
        except (msgspec.DecodeError, RecursionError):
            raise BadControlError("a control message is not JSON") from None
        event = found.pop("event", None)
        if not isinstance(event, str):
            raise BadControlError("a control message names no event")
        return Control(event, {name: str(value) for name, value in found.items() if isinstance(value, str | int)})
    if not _LINE.fullmatch(message):
        raise BadControlError("a control message is neither a line nor JSON")
    event, _, rest = message.partition(" ")
    words = rest.split()
    values = {name: value for name, colon, value in (word.partition(":") for word in words) if colon}
    if event == MARK and words:
        values.setdefault("correlation_id", words[-1])
    return Control(event, values)


class ControlFormat:
    """Writes for one media websocket (``media_streams.framing.SpeechFraming``). ``first`` is the message with which Asterisk began."""

    least_frames = 1

    def __init__(self, first: str) -> None:
        self._json = first.startswith("{")

    def sound_of(self, stream_id: str, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The frames as they are: Asterisk takes whole ones apart and plays one every 20 ms."""
        return [b"".join(frames)]

    def mark_of(self, stream_id: str, name: str) -> str:
        """Asks for a mark once what was sent before is played."""
        if self._json:
            return msgspec.json.encode({"command": "MARK_MEDIA", "correlation_id": name}).decode()
        return f"MARK_MEDIA {name}"

    def clear_of(self, stream_id: str) -> str:
        """Drops what is not played. Marks of it do not come back."""
        return '{"command":"FLUSH_MEDIA"}' if self._json else "FLUSH_MEDIA"
