"""Logs of calls packed into small files (``*.log.xz``), as recorded examples are kept."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Sequence

from callwright.conversation.log import LogFormatError, entry_line

_TRACK = "vad_track"
_LEFT_OUT = f'"type":"{_TRACK}"'


def pack(log: str) -> bytes:
    """A log as a packed file's bytes. The track of voice probabilities is left out: it is half of the log and replays nothing."""
    kept = "".join(f"{line}\n" for line in log.splitlines() if _LEFT_OUT not in line)
    return lzma.compress(kept.encode(), preset=9)


def unpack(data: bytes) -> str:
    """The log of a packed file, with empty tracks of voice probabilities where they were left out: it has all its numbers. Raises
    LogFormatError for what is none."""
    try:
        return "".join(_filled(lzma.decompress(data).decode().splitlines(keepends=True)))
    except (lzma.LZMAError, TypeError, ValueError, KeyError) as error:
        raise LogFormatError(f"not a packed log: {error}") from error


def _filled(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:1]
    last, at_us = 0, 0
    for line in lines[1:]:
        entry = json.loads(line)
        for seq in range(last + 1, int(entry["seq"])):
            yield entry_line(seq, at_us, "core", "fact", _TRACK, {})
        last, at_us = int(entry["seq"]), int(entry["at"])
        yield line
