"""The files of calls in progress: one log and two raw sides of the recording for each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callwright.call.live.recorder import RawFiles
from callwright.ports.world import Recordings

_BYTES_PER_MS = 8


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """The files of one attempt in the ``live`` folder."""

    log: Path
    raw: RawFiles

    def delete(self) -> None:
        """Remove them; those that do not exist are none. Blocking."""
        for path in (self.log, self.raw.caller, self.raw.agent):
            path.unlink(missing_ok=True)

    def read_log(self) -> bytes:
        """The log so far, empty when there is none. Blocking."""
        try:
            return self.log.read_bytes()
        except FileNotFoundError:
            return b""

    def read_raw(self) -> tuple[bytes, bytes] | None:
        """The caller's and the agent's side, or None when nothing was recorded here. Blocking."""
        sides = [path.read_bytes() if path.exists() else b"" for path in (self.raw.caller, self.raw.agent)]
        return (sides[0], sides[1]) if any(sides) else None

    def audio_ms(self) -> int:
        """How much sound of the call lies here, the longer side; 0 when nothing was recorded here. Blocking."""
        sides = (self.raw.caller, self.raw.agent)
        return max(path.stat().st_size if path.exists() else 0 for path in sides) // _BYTES_PER_MS


def live_files(folder: Path, execution_id: str, attempt: int) -> LiveFiles:
    """The files of an attempt."""
    stem = f"{execution_id}.{attempt}"
    raw = RawFiles(folder / f"{stem}.caller.ulaw", folder / f"{stem}.agent.ulaw")
    return LiveFiles(folder / f"{stem}.log", raw)


def delete_files(recordings: Recordings, live_folder: Path, execution_id: str) -> None:
    """Delete whatever any attempt of an execution left behind. Raises OSError. Blocking."""
    recordings.delete(execution_id)
    for path in live_folder.glob(f"{execution_id}.*"):
        path.unlink(missing_ok=True)
