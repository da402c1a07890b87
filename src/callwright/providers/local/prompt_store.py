"""Prompts a language model has read, kept in files, so that a restarted process does not read them again.

A file holds the state of the model after an agent's own words (never a caller's, nor a call's variables): it is data, as the agent is.
Names are digests of the prompt with everything the state depends on (weights, engine, context), so that a file of another engine is
never found. Files are private (0600 in a folder of 0700), bounded in number, bytes and days without use; one that does not match its
description is deleted and the prompt read anew. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callwright.domain.limits import MAX_PROMPT_STATE_BYTES, MAX_PROMPT_STATE_DAYS, MAX_PROMPT_STATES

_STATE = ".state"
_ABOUT = ".json"
_DRAFT = ".draft"
_FORMAT = 1
_DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class PromptState:
    """A usable file: its name in the folder and the tokens it holds."""

    name: str
    tokens: int


class PromptStore:
    """States under ``folder`` (made when missing), for one engine: ``engine`` names all that a state depends on besides the prompt.

    Several processes may share a folder. Blocking. Raises OSError only from the constructor.
    """

    def __init__(
        self,
        folder: Path,
        engine: str,
        *,
        most: int = MAX_PROMPT_STATES,
        most_bytes: int = MAX_PROMPT_STATE_BYTES,
        most_days: int = MAX_PROMPT_STATE_DAYS,
    ) -> None:
        self.folder = folder
        self._engine = engine
        self._most = most
        self._most_bytes = most_bytes
        self._most_days = most_days
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.prune()

    def draft_of(self, prompt: str) -> str:
        """The file name the engine shall write the state of ``prompt`` to; :meth:`keep` takes it from there."""
        return f"{self._key(prompt)}-{os.getpid()}{_DRAFT}"

    def find(self, prompt: str) -> PromptState | None:
        """The state of ``prompt``, checked to the last byte; None when there is none, or a damaged one, which is deleted."""
        key = self._key(prompt)
        state, about = self.folder / f"{key}{_STATE}", self.folder / f"{key}{_ABOUT}"
        try:
            described = json.loads(about.read_bytes())
            if (described["format"], described["key"], described["sha256"]) != (_FORMAT, key, _sha256(state)):
                raise ValueError("the file is not the one described")
            found = PromptState(state.name, int(described["tokens"]))
            os.utime(state)
        except (OSError, ValueError, KeyError, TypeError):
            self.forget(prompt)
            return None
        return found

    def keep(self, prompt: str, tokens: int) -> bool:
        """Take the draft of ``prompt`` in; returns whether it is kept. What no longer fits is deleted, least recently used first."""
        key = self._key(prompt)
        draft, state = self.folder / self.draft_of(prompt), self.folder / f"{key}{_STATE}"
        about = self.folder / f"{key}{_ABOUT}"
        try:
            draft.chmod(0o600)
            described = {"format": _FORMAT, "key": key, "sha256": _sha256(draft), "tokens": tokens}
            described_draft = draft.with_suffix(f"{_DRAFT}{_ABOUT}")
            described_draft.touch(0o600)
            described_draft.write_text(json.dumps(described, sort_keys=True))
            # Both are there whole or not at all; a pair that does not fit together is found out by its digest.
            draft.replace(state)
            described_draft.replace(about)
        except OSError:
            draft.unlink(missing_ok=True)
            return False
        self.prune()
        return state.exists()

    def forget(self, prompt: str) -> None:
        """Delete the state of ``prompt``, if there is one."""
        for suffix in (_STATE, _ABOUT):
            _remove(self.folder / f"{self._key(prompt)}{suffix}")

    def prune(self) -> None:
        """Delete what is too old or too much, and what an interrupted writer left behind."""
        now_ns = self._now_ns()
        left, left_bytes = 0, 0
        for used_ns, size, state in sorted(self._states(), reverse=True):
            left, left_bytes = left + 1, left_bytes + size
            old = now_ns - used_ns > self._most_days * _DAY_NS
            if old or left > self._most or left_bytes > self._most_bytes:
                left, left_bytes = left - 1, left_bytes - size
                _remove(state)
                _remove(state.with_suffix(_ABOUT))
        for path in self.folder.glob(f"*{_DRAFT}*"):
            used_ns, _ = _used(path)
            if used_ns and now_ns - used_ns > _DAY_NS:
                _remove(path)

    def _states(self) -> Iterator[tuple[int, int, Path]]:
        for state in self.folder.glob(f"*{_STATE}"):
            used_ns, size = _used(state)
            if used_ns:
                yield used_ns, size, state

    def _now_ns(self) -> int:
        """The time of the folder's file system, which is what the files' times are to be compared with."""
        stamp = self.folder / ".now"
        stamp.touch(0o600)
        os.utime(stamp)
        return stamp.stat().st_mtime_ns

    def _key(self, prompt: str) -> str:
        return hashlib.sha256(f"{self._engine}\0{prompt}".encode()).hexdigest()[:40]


def _used(path: Path) -> tuple[int, int]:
    """When a file was last used, in nanoseconds, and its size; 0 when another process has deleted it."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # another's file in our folder: it is never read, only in the way


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
