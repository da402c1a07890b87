"""The files of one attempt while it lives: its log and its two raw audio tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SIDES = ("caller", "agent")


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """Paths in the folder of live calls. Audio is mu-law at 8,000 Hz, both tracks beginning at the answer."""

    folder: Path
    execution_id: str
    attempt: int

    @property
    def log(self) -> Path:
        """The append-only log."""
        return self.folder / f"{self.execution_id}.{self.attempt}.log"

    def audio(self, side: str) -> Path:
        """The raw track of ``caller`` or ``agent``."""
        return self.folder / f"{self.execution_id}.{self.attempt}.{side}.ulaw"

    def read_log(self) -> bytes:
        """The whole lines of the log; empty when this machine has none. Blocks."""
        try:
            data = self.log.read_bytes()
        except FileNotFoundError:
            return b""
        return data[: data.rfind(b"\n") + 1]

    def read_audio(self) -> tuple[bytes, bytes] | None:
        """Both tracks, or None when there is no audio at all. Blocks."""
        tracks = [_bytes_of(self.audio(side)) for side in SIDES]
        return (tracks[0], tracks[1]) if any(tracks) else None

    def remove(self) -> None:
        """Delete them all; missing ones are fine. Blocks."""
        for path in (self.log, *(self.audio(side) for side in SIDES)):
            path.unlink(missing_ok=True)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
