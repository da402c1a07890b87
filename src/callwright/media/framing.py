"""20 ms frames, and how to cut arbitrary chunks into them."""

from __future__ import annotations

SAMPLE_RATE_HZ = 8_000
FRAME_MS = 20
FRAME_US = 20_000
FRAME_SAMPLES = 160
PCM_FRAME_BYTES = 320
MULAW_FRAME_BYTES = 160
MULAW_SILENCE = b"\xff" * MULAW_FRAME_BYTES
PCM_SILENCE = bytes(PCM_FRAME_BYTES)


class Framer:
    """Cuts a stream of chunks of any length into frames of ``frame_bytes``."""

    def __init__(self, frame_bytes: int = PCM_FRAME_BYTES) -> None:
        if frame_bytes <= 0:
            raise ValueError("a frame has at least one byte")
        self._frame_bytes = frame_bytes
        self._rest = b""

    @property
    def pending_bytes(self) -> int:
        """Bytes kept until they fill a frame."""
        return len(self._rest)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The whole frames that ``chunk`` completes, in order."""
        size = self._frame_bytes
        data = self._rest + chunk if self._rest else chunk
        end = len(data) - len(data) % size
        self._rest = data[end:]
        return [data[at : at + size] for at in range(0, end, size)]

    def flush(self, fill: bytes = b"\x00") -> bytes | None:
        """The last frame, filled up with ``fill`` (one byte), or None when nothing is pending."""
        if not self._rest:
            return None
        frame = self._rest + fill * (self._frame_bytes - len(self._rest))
        self._rest = b""
        return frame
