"""What passes between the platform and an inference process: msgpack messages, each after its length, over a socket pair."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from callwright.domain.limits import MAX_INFERENCE_MESSAGE_BYTES

LENGTH = struct.Struct("<I")


class Order(msgspec.Struct, array_like=True):
    """To the process: do something (``kind``: asr, turn, tts, embed, chat, ...) as ``job``, or ``cancel`` that job."""

    job: int
    kind: str
    body: dict[str, Any] = {}


class Report(msgspec.Struct, array_like=True):
    """From the process: ``piece`` (more follow), ``done`` or ``failed`` (body: ``kind`` of failure and ``message``)."""

    job: int
    kind: str
    body: dict[str, Any] = {}


def pack(message: Order | Report) -> bytes:
    """A message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def length_of(head: bytes) -> int:
    """The length a head announces. Raises ValueError when it is over the limit: the stream is broken."""
    size = int(LENGTH.unpack(head)[0])
    if size > MAX_INFERENCE_MESSAGE_BYTES:
        raise ValueError(f"a message of {size} bytes; at most {MAX_INFERENCE_MESSAGE_BYTES}")
    return size
