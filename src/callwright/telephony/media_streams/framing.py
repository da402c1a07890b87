"""The messages of a media websocket: JSON, with audio in it or in binary messages, named differently by each vendor. A table says how."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol

import msgspec

from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.media.g711 import PCM_WIDTH_BYTES, mulaw_of, pcm_of_mulaw

Path = Sequence[str]
"""Where a value is in a message: the names on the way to it."""
Message = Callable[[str, str], Mapping[str, Any]]
"""A message of ours, from the id of the stream and what it carries."""

_KEYS = frozenset("0123456789*#ABCD")
_MOST_DIGITS = 12
"""Of a piece's number."""


class BadStreamError(Exception):
    """A message that the vendor does not send. Its text says what is wrong."""


class StreamFarEnd(Protocol):
    """The leg, as a message of the vendor reaches it."""

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        """The stream carries this call of the vendor."""

    def sound(self, mulaw: bytes, number: int = 0) -> None:
        """The caller's next piece, of any length. ``number`` counts the pieces of a stream from 1; 0: they come in order."""

    def key(self, key: str) -> None:
        """A key."""

    def marked(self, name: str) -> None:
        """What was sent before the mark of that name was played, or dropped by a clear."""

    def stopped(self) -> None:
        """The stream ends, and nothing follows."""


class SpeechFraming(Protocol):
    """How the agent's sound is written for one far end."""

    @property
    def least_frames(self) -> int:
        """A message of ours has at least so many frames of 20 ms."""
        ...

    def sound_of(self, stream_id: str, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The messages with the agent's next frames (mu-law)."""
        ...

    def mark_of(self, stream_id: str, name: str) -> str:
        """The message that comes back when what was sent before it is played."""
        ...

    def clear_of(self, stream_id: str) -> str:
        """The message that drops what is not played."""
        ...


class SpeechSocket(Protocol):
    """A websocket, as the agent's sound needs it."""

    def send(self, *messages: str | bytes) -> None:
        """Send messages, in order and without waiting."""


class Codec(Enum):
    """How a vendor writes sound: 8,000 samples a second, one channel. The value is the codec's name in the facts of a line."""

    MULAW = "pcmu"
    L16 = "l16"
    """16-bit PCM, the low byte first."""

    def read(self, sound: bytes) -> bytes:
        """Mu-law of it. Raises BadStreamError."""
        if self is Codec.MULAW:
            return sound
        if len(sound) % PCM_WIDTH_BYTES:
            raise BadStreamError("audio ends within a sample")
        return mulaw_of(sound)

    def write(self, mulaw: bytes) -> bytes:
        """The sound of mu-law."""
        return mulaw if self is Codec.MULAW else pcm_of_mulaw(mulaw)


@dataclass(frozen=True, slots=True)
class Framing:
    """How a vendor's messages are named. ``event`` holds the kind of each.

    ``mark_event`` is what comes back of a mark. ``number`` is where a piece of the caller's sound has its number, for vendors whose pieces
    may come in another order. ``binary``: sound comes and goes in binary messages, without JSON. ``least_frames`` and ``most_frames``: a
    message of ours has at least and at most so many frames of 20 ms; 0 for no limit.
    """

    stream_id: Path
    call_id: Path
    parameters: Path
    mark_name: Path
    media: Message
    mark: Message
    clear: Message
    start_event: str = "start"
    mark_event: str = "mark"
    key_event: str = "dtmf"
    payload: Path = ("media", "payload")
    number: Path = ()
    digit: Path = ("dtmf", "digit")
    codec: Codec = Codec.MULAW
    binary: bool = False
    least_frames: int = 1
    most_frames: int = 0

    def take(self, message: str | bytes, far_end: StreamFarEnd) -> None:
        """Tell the leg what a message says. Kinds that are not known are passed over: vendors add some. Raises BadStreamError."""
        if self.binary and isinstance(message, bytes):
            far_end.sound(self.codec.read(message))
            return
        if self.payload == _PAYLOAD and not self.number:
            # Nearly every message is sound: nothing else of it is read.
            sound = _sound(message)
            if sound is not None:
                far_end.sound(self.codec.read(sound))
                return
        found = _object(message)
        kind = found.get("event")
        if kind == "media":
            sound = _audio(_text(found, self.payload))
            mulaw = sound if self.codec is Codec.MULAW else self.codec.read(sound)
            far_end.sound(mulaw, _number(found, self.number) if self.number else 0)
        elif kind == self.mark_event:
            far_end.marked(_text(found, self.mark_name))
        elif kind == self.key_event:
            key = _text(found, self.digit)
            if key not in _KEYS:
                raise BadStreamError("a key is one of 0-9 * # A-D")
            far_end.key(key)
        elif kind == self.start_event:
            given = _at(found, self.parameters)
            parameters = given if isinstance(given, Mapping) else {}
            told = {str(name): value for name, value in parameters.items() if isinstance(value, str)}
            stream_id = _text(found, self.stream_id)
            if len(stream_id) > MAX_NAME_CHARACTERS:
                # It is in every message of ours, and many of them may wait.
                raise BadStreamError("the id of the stream is too long")
            far_end.started(stream_id, _text(found, self.call_id), told)
        elif kind == "stop":
            far_end.stopped()

    def sound_of(self, stream_id: str, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The messages with the agent's next frames (mu-law): one, unless a message holds fewer."""
        most = self.most_frames or len(frames)
        return [self._sound_of(stream_id, frames[at : at + most]) for at in range(0, len(frames), most)]

    def _sound_of(self, stream_id: str, frames: Sequence[bytes]) -> str | bytes:
        sound = self.codec.write(b"".join(frames))
        return sound if self.binary else _written(self.media(stream_id, base64.b64encode(sound).decode()))

    def mark_of(self, stream_id: str, name: str) -> str:
        """The message that comes back when what was sent before it is played."""
        return _written(self.mark(stream_id, name))

    def clear_of(self, stream_id: str) -> str:
        """The message that drops what is not played."""
        return _written(self.clear(stream_id, ""))


class _Media(msgspec.Struct):
    payload: bytes
    """In base64."""


class _MediaMessage(msgspec.Struct):
    event: Literal["media"]
    media: _Media


_PAYLOAD: Path = ("media", "payload")
_decode = msgspec.json.Decoder().decode
_decode_media = msgspec.json.Decoder(_MediaMessage).decode


def _sound(message: str | bytes) -> bytes | None:
    """The sound of a message at the usual place. None for all others, and for what is to be read with more care."""
    try:
        return _decode_media(message).media.payload
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _object(message: str | bytes) -> Mapping[str, Any]:
    try:
        found = _decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadStreamError("a message is not JSON") from None
    if not isinstance(found, dict):
        raise BadStreamError("a message is no JSON object")
    return found


def _at(found: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def _text(found: Mapping[str, Any], path: Path) -> str:
    value = _at(found, path)
    if not isinstance(value, str):
        raise BadStreamError(f"a message has no text at {'.'.join(path)}")
    return value


def _number(found: Mapping[str, Any], path: Path) -> int:
    """A whole number, also as text; 0 where the vendor gives none."""
    value = _at(found, path)
    if value is None:
        return 0
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise BadStreamError(f"a message has no number at {'.'.join(path)}")
    return int(text)


def _audio(payload: str) -> bytes:
    try:
        return binascii.a2b_base64(payload, strict_mode=True)
    except (binascii.Error, ValueError):
        raise BadStreamError("audio is not in base64") from None


def _written(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
