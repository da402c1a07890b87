"""A carrier's recording of the talk after a hand-over: fetched into the recordings of its execution, and added to the finished record.

The file gets its place in the unit that adds the fact to the log. So a process that dies at any moment leaves a draft at most, and a file
never outlives its execution.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from callwright.call.afterwards.handed_over import AGAIN_SECONDS, add_report, is_to_come
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import RECORDING_JOB
from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError, UnavailableError
from callwright.domain.limits import MAX_TALK_RECORDING_BYTES, TALK_RECORDING_SECONDS
from callwright.insight.target_calls import TargetCall
from callwright.insight.transfers import completed_target, talk_goes_on
from callwright.insight.view import CallView
from callwright.media.peaks import wav_length_ms
from callwright.platform.executions.rules.attempts import TRANSFER_RECORDING
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError, kind_of_status
from callwright.ports.handover import RecordsTalks
from callwright.ports.registry import FileClient, HttpAnswer

PAUSES_SECONDS = (5, 30, 120, 600, 3_600)
"""After each try that failed; then there is no recording."""
TALKING_SECONDS = 30
"""Some carriers report a recording when it begins. It is fetched when the talk is over."""
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_YET = frozenset({403, 404, 409, 425})
"""Stores of files answer 403 too for one that is not there yet."""
_KINDS = ("audio/", "application/octet-stream", "binary/octet-stream")


class TalkRecordings:
    """Fetches recordings and adds them to records."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps
        self._busy: set[str] = set()

    async def take(self, payload: bytes) -> None:
        """The job RECORDING_JOB. Without a ``name`` there is no recording, or none was reported in time. Raises UnavailableError when the
        database is away, and VaultLockedError: the job runner tries again."""
        told = json.loads(payload)
        row = await self._due(told)
        if row is None:
            return
        # Jobs have few places, and a download may take long: an organisation's calls that end meanwhile need theirs.
        if row.tenant_id in self._busy:
            await self._later(row, told, AGAIN_SECONDS)
            return
        self._busy.add(row.tenant_id)
        try:
            await self._fetch(row, told)
        finally:
            self._busy.discard(row.tenant_id)

    async def _fetch(self, row: Execution, told: Mapping[str, Any]) -> None:
        access = await self._deps.access.of_carrier(row.tenant_id, row.carrier)
        draft = self._deps.recordings.new_path(row.id, f".{TRANSFER_RECORDING}.{self._deps.ids.uuid()}")
        try:
            made, tries = await self._made(row.carrier, access, told, draft), int(told.get("tries", 0))
            if made.may_come and tries < len(PAUSES_SECONDS):
                await self._later(row, {**told, "tries": tries + 1}, PAUSES_SECONDS[tries])
            else:
                await self._add(row.id, told, made)
        finally:
            await asyncio.to_thread(Path(draft).unlink, missing_ok=True)

    async def _due(self, told: Mapping[str, Any]) -> Execution | None:
        """The execution, where its recording is to be fetched now."""
        async with self._deps.ledger.reading() as unit:
            row = await unit.executions.get_any(str(told["execution_id"]))
        if row is None:
            # A process that died may have left a draft.
            await asyncio.to_thread(self._deps.recordings.delete, str(told["execution_id"]))
        if row is None or row.attempt != told["attempt"]:
            return None
        if is_to_come(row) or talk_goes_on(row.record):
            await self._later(row, told, AGAIN_SECONDS if is_to_come(row) else TALKING_SECONDS)
            return None
        target = completed_target(row.record) or {"recording_ms": 0}
        return row if row.phase is Phase.DONE and target.get("recording_ms") is None else None

    async def _later(self, row: Execution, told: Mapping[str, Any], seconds: int) -> None:
        async with self._deps.ledger.unit() as unit:
            await unit.jobs.put(RECORDING_JOB, json.dumps(told).encode(), row.tenant_id, seconds)

    async def _add(self, execution_id: str, told: Mapping[str, Any], made: _Made) -> None:
        recordings = self._deps.recordings

        async def fact(_: CallView, call: TargetCall) -> dict[str, Any] | None:
            # A carrier that connected two calls of ours was not asked to record them.
            if call.is_warm or call.recording_ms is not None or (made.lost and call.unrecorded):
                return None
            if made.lost:
                return {"event": "unrecorded", "reason": made.lost}
            size = await asyncio.to_thread(made.place, Path(recordings.new_path(execution_id, TRANSFER_RECORDING)))
            return {"event": "recorded", "recording_ms": made.length_ms, "size_bytes": size}

        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(execution_id)
            if row is None:
                await asyncio.to_thread(recordings.delete, execution_id)
            elif row.phase is Phase.DONE:
                await add_report(self._deps, unit, row, told, fact)

    async def _made(self, carrier: str, access: Access, told: Mapping[str, Any], draft: str) -> _Made:
        if not told.get("name"):
            return _Made(draft, lost=str(told.get("lost") or "the carrier reported no recording"))
        try:
            async with asyncio.timeout(TALK_RECORDING_SECONDS):
                return _Made(draft, await self._fetched(carrier, access, str(told["name"]), draft))
        except TimeoutError:
            why = f"the recording did not arrive within {TALK_RECORDING_SECONDS} s"
            return _Made(draft, lost=why, may_come=True)
        except ProviderError as error:
            return _Made(draft, lost=error.message, may_come=error.kind in RETRYABLE)

    async def _fetched(self, name: str, access: Access, recording: str, draft: str) -> int:
        """Fetch a recording to ``draft``; its length. Raises ProviderError."""
        carrier = self._deps.plugin("carrier", name)
        files = self._deps.files
        if not isinstance(carrier, RecordsTalks) or files is None:
            raise ProviderError(FailureKind.BAD_REQUEST, name, "this carrier records no talks")
        file = await carrier.recording(access, recording)
        url, headers = file.url, file.headers
        for _ in range(_MOST_REDIRECTS):
            answer = await _get(files, name, url, headers, draft)
            there = answer.headers.get("location", "") if answer.status in _REDIRECTS else ""
            if not there:
                break
            try:
                url, before = urljoin(url, there), url
                is_same = urlsplit(url)[:2] == urlsplit(before)[:2]
            except ValueError:
                raise ProviderError(
                    FailureKind.BAD_REQUEST, name, "the recording is redirected to no address"
                ) from None
            # What proves who asks is for the carrier alone.
            headers = headers if is_same else {}
        if answer.status != HTTPStatus.OK:
            kind = FailureKind.UNAVAILABLE if answer.status in _NOT_YET else kind_of_status(answer.status)
            raise ProviderError(kind, name, f"the recording cannot be fetched (HTTP {answer.status})")
        if not answer.headers.get("content-type", _KINDS[0]).lower().startswith(_KINDS):
            raise ProviderError(FailureKind.BAD_REQUEST, name, "what it has for the recording is no sound")
        try:
            length_ms = await asyncio.to_thread(wav_length_ms, draft)
        except OSError:
            raise ProviderError(FailureKind.BAD_REQUEST, name, "the recording is no WAV file") from None
        if not length_ms:
            raise ProviderError(FailureKind.BAD_REQUEST, name, "the recording is empty")
        return length_ms


async def _get(files: FileClient, name: str, url: str, headers: Mapping[str, str], draft: str) -> HttpAnswer:
    try:
        with await asyncio.to_thread(_opened, draft) as file:
            return await files.fetch(
                url,
                headers=headers,
                take=lambda piece: asyncio.to_thread(file.write, piece),
                most_bytes=MAX_TALK_RECORDING_BYTES,
                timeout_s=TALK_RECORDING_SECONDS,
            )
    except OSError as error:
        why = f"the recording cannot be stored: {error.strerror or type(error).__name__}"
        raise ProviderError(FailureKind.UNAVAILABLE, name, why) from error
    except UnavailableError as error:
        raise ProviderError(FailureKind.UNAVAILABLE, name, f"the recording: {error.message}") from error
    except AnswerTooLargeError as error:
        raise ProviderError(FailureKind.BAD_REQUEST, name, f"the recording: {error.message}") from error
    except BlockedUrlError:
        # Its message may quote the address, which may hold a signature.
        raise ProviderError(FailureKind.BAD_REQUEST, name, "the recording is at an address that is refused") from None


def _opened(draft: str) -> BinaryIO:
    return open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


@dataclass(frozen=True, slots=True)
class _Made:
    """A file of that length, or why there is none. ``may_come``: another try may find one."""

    draft: str
    length_ms: int = 0
    lost: str = ""
    may_come: bool = False

    def place(self, to: Path) -> int:
        """Put the file in its place, without the drafts of processes that died; its size in bytes. Blocking."""
        Path(self.draft).replace(to)
        for left in to.parent.glob(f".{to.name}.*"):
            left.unlink(missing_ok=True)
        return to.stat().st_size
