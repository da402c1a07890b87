"""What is spoken on the websocket of a web call. Two protocols say the same: our own frames, and the older JSON of the hosted service."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Protocol

from callwright.domain.limits import MAX_WEB_CALL_USER_DATA_BYTES
from callwright.media.framing import FRAME_MS
from callwright.media.wav import write_wav
from callwright.ports.web_call import WebProtocol

RATE_HZ = 16_000
WIDE_FRAME_BYTES = 640
"""20 ms of 16-bit PCM at RATE_HZ."""
MOST_FRAMES = 10
"""Frames in a message of a page. A message of more would come when the time of its first frames is over."""
_KEYS = frozenset("0123456789*#ABCD")
PIECE_GAP_SECONDS = 0.1
"""A page of the older protocol looks so often for the next message to play."""
PIECES_AHEAD_MS = 4_000
"""How far ahead the agent's sound is written for such a page, so that a message holds a clause or a sentence."""


class Close(IntEnum):
    """How the websocket is closed. From 4000 on the codes are ours, after the HTTP statuses they resemble."""

    NORMAL = 1000
    BAD_MESSAGE = 4400
    FOREIGN_ORIGIN = 4403
    NO_AGENT = 4404
    REPLACED = 4409
    TOO_FAST = 4413
    BUSY = 4429
    FAILED = 4500
    UNAVAILABLE = 4503


LEFT = frozenset({Close.NORMAL, 1001})
"""Codes of a page that closed the websocket or was closed itself."""


class BadMessageError(Exception):
    """A message that the protocol does not have. Its text says which and what is wrong, and is sent to the page."""


class WebCaller(Protocol):
    """The leg, as a message of the page reaches it."""

    def wide_frames(self, pcm: bytes) -> None:
        """The caller's next frames of WIDE_FRAME_BYTES."""

    def key(self, key: str) -> None:
        """A key."""

    def played(self, frames: int) -> bool:
        """The page has played so many frames of this connection. False when that cannot be."""
        ...

    def dropped(self, frames: int) -> bool:
        """The page has dropped what it had of so many frames of this connection. False when that cannot be."""
        ...

    def left(self) -> None:
        """The caller hangs up."""


class Wire(Protocol):
    """A protocol, for one connection."""

    resumes: bool
    """Whether a page whose connection broke off can come back."""
    tells_dropped: bool
    """Whether a page answers ``clear`` with what it dropped."""
    piecewise: bool
    """Whether a page plays each message by itself, with PIECE_GAP_SECONDS between two: the longer they are, the better it sounds."""

    def start(self, message: str | bytes) -> Mapping[str, Any]:
        """The ``user_data`` of a page's first message. Raises BadMessageError."""
        ...

    def take(self, message: str | bytes, caller: WebCaller) -> None:
        """Any other message. Raises BadMessageError."""

    def audio(self, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The messages of the agent's next frames of WIDE_FRAME_BYTES."""
        ...

    def ready(self, execution_id: str, resume: str, resume_within_s: int) -> str:
        """The call is answered, or goes on after a break."""
        ...

    def control(self, kind: str, **values: Any) -> str:
        """``clear``, ``keys``, ``error`` or ``ended``."""
        ...


class FrameWire:
    """``ports.web_call.WebProtocol.FRAMES``: frames are binary and as long as 20 ms, the rest is JSON. A page may send several in
    a message."""

    resumes = True
    tells_dropped = True
    piecewise = False

    def start(self, message: str | bytes) -> Mapping[str, Any]:
        """``{"type": "start", "user_data"?: {...}}``."""
        found = _json(message)
        if found.get("type") != "start":
            raise BadMessageError('the first message must be {"type": "start"}')
        return _user_data(found.get("user_data"))

    def take(self, message: str | bytes, caller: WebCaller) -> None:
        """Frames, or ``played``, ``key`` or ``hangup``."""
        if isinstance(message, bytes):
            frames, rest = divmod(len(message), WIDE_FRAME_BYTES)
            if rest or not 1 <= frames <= MOST_FRAMES:
                raise BadMessageError(
                    f"a message has 1 to {MOST_FRAMES} frames of {WIDE_FRAME_BYTES} bytes (20 ms of 16-bit PCM at 16 kHz),"
                    f" not {len(message)} bytes"
                )
            caller.wide_frames(message)
            return
        found = _json(message)
        kind = found.get("type")
        if kind in ("played", "cleared"):
            frames = _count(found)
            if not (caller.played if kind == "played" else caller.dropped)(frames):
                raise BadMessageError(f"{frames} frames cannot have been {kind}")
        elif kind == "key":
            caller.key(_key(found.get("key")))
        elif kind == "hangup":
            caller.left()
        else:
            raise BadMessageError(f"there is no message {str(kind)[:40]!r}; use played, cleared, key or hangup")

    def audio(self, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The frames as they are."""
        return frames

    def ready(self, execution_id: str, resume: str, resume_within_s: int) -> str:
        """With the address at which a connection that broke off goes on."""
        return self.control(
            "ready",
            execution_id=execution_id,
            sample_rate=RATE_HZ,
            frame_ms=FRAME_MS,
            resume=resume,
            resume_within_s=resume_within_s,
        )

    def control(self, kind: str, **values: Any) -> str:
        """As JSON, ``type`` first."""
        return json.dumps({"type": kind, **values}, ensure_ascii=False)


class LegacyWire:
    """``ports.web_call.WebProtocol.LEGACY``: JSON with audio in base64 (contract 18). The page sends PCM in pieces of any length, and
    decodes each message that it gets alone: each is a whole WAV file."""

    resumes = False
    tells_dropped = False
    piecewise = True

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0

    def start(self, message: str | bytes) -> Mapping[str, Any]:
        """``{"type": "init", "meta_data": {"context_data": {...}}}``."""
        found = _json(message)
        if found.get("type") != "init":
            raise BadMessageError('the first message must be {"type": "init"}')
        meta = found.get("meta_data")
        return _user_data(meta.get("context_data") if isinstance(meta, Mapping) else None)

    def take(self, message: str | bytes, caller: WebCaller) -> None:
        """``audio`` or ``mark``; ``init`` again changes nothing."""
        found = _json(message)
        kind = found.get("type")
        if kind == "audio":
            self._take_audio(found.get("data"), caller)
        elif kind == "mark":
            name = str(found.get("name") or "")
            if name.isascii() and name.isdigit() and len(name) < 12:
                caller.played(int(name))
        elif kind != "init":
            raise BadMessageError(f"there is no message {str(kind)[:40]!r}; use audio or mark")

    def audio(self, frames: Sequence[bytes]) -> Sequence[str | bytes]:
        """The frames as one WAV file in base64, and a mark that counts the frames up to its end, which the page sends back in its turn."""
        self._frames += len(frames)
        wav = write_wav(b"".join(frames), rate_hz=RATE_HZ)
        return (
            self.control("audio", data=base64.b64encode(wav).decode()),
            self.control("mark", name=str(self._frames)),
        )

    def ready(self, execution_id: str, resume: str, resume_within_s: int) -> str:
        """Nothing but that it is."""
        return self.control("ack")

    def control(self, kind: str, **values: Any) -> str:
        """As JSON, ``type`` first."""
        return json.dumps({"type": kind, **values})

    def _take_audio(self, data: object, caller: WebCaller) -> None:
        if not isinstance(data, str):
            raise BadMessageError("data of audio must be base64")
        try:
            pcm = self._rest + base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise BadMessageError("data of audio must be base64") from None
        whole = len(pcm) - len(pcm) % WIDE_FRAME_BYTES
        if whole:
            caller.wide_frames(pcm[:whole])
        self._rest = pcm[whole:]


def wire_of(protocol: WebProtocol) -> Wire:
    """A new connection's protocol."""
    return FrameWire() if protocol is WebProtocol.FRAMES else LegacyWire()


def _json(message: str | bytes) -> Mapping[str, Any]:
    if isinstance(message, bytes):
        raise BadMessageError("control messages are JSON text")
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        raise BadMessageError("the message is not JSON") from None
    if not isinstance(found, Mapping):
        raise BadMessageError("a message must be a JSON object")
    return found


def _user_data(given: object) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadMessageError("user_data must be an object")
    size = len(json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_WEB_CALL_USER_DATA_BYTES:
        raise BadMessageError(f"user_data is {size} bytes of JSON, at most {MAX_WEB_CALL_USER_DATA_BYTES} are allowed")
    return given


def _count(found: Mapping[str, Any]) -> int:
    value = found.get("frames")
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadMessageError("frames must be a whole number")
    return value


def _key(given: object) -> str:
    if not isinstance(given, str) or given not in _KEYS:
        raise BadMessageError("a key is one of 0-9 * # A-D")
    return given
