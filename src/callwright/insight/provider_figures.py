"""How the providers of a call did: what each answered, how long it let wait, and what it failed at last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

from callwright.insight.provider_failures import failures_of
from callwright.insight.view import CallView
from callwright.insight.waterfall import latency_data
from callwright.insight.work import MODEL, VOICE, work_of

TRANSCRIBER = "transcriber"
_KINDS = (TRANSCRIBER, MODEL, VOICE)


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """Figures of one provider over calls. ``median_ms``: of the waits for its first word, sound or final text, None without one."""

    calls: int = 0
    median_ms: int | None = None
    failures: int = 0
    last_error: str = ""
    last_error_at: str = ""


def call_figures(view: CallView) -> list[dict[str, Any]]:
    """Kind and name of each provider of a call with the median of its waits, its failures and the last of them."""
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, wait_ms in _waits(view):
        waits[key].append(wait_ms)
    began = datetime.fromisoformat(view.header.started_at)
    failed: dict[tuple[str, str], tuple[int, int, str]] = {}
    for group in failures_of(view).groups.values():
        one = group.first
        if one.kind in _KINDS and one.provider:
            count, last_us, message = failed.get((one.kind, one.provider), (0, -1, ""))
            if group.times_us[-1] > last_us:
                last_us, message = group.times_us[-1], one.message or one.failure
            failed[one.kind, one.provider] = count + len(group.times_us), last_us, message
    found = []
    for kind, provider in sorted({*waits, *failed}):
        count, last_us, message = failed.get((kind, provider), (0, 0, ""))
        at = (began + timedelta(microseconds=last_us)).isoformat() if count else ""
        given = waits.get((kind, provider))
        median = median_low(given) if given else None
        figures = {"median_ms": median, "failures": count, "last_error": message, "last_error_at": at}
        found.append({"kind": kind, "provider": provider, **figures})
    return found


def _waits(view: CallView) -> Iterator[tuple[tuple[str, str], int]]:
    for work in work_of(view):
        if work.kind in (MODEL, VOICE) and work.provider and work.first_us is not None:
            yield (work.kind, work.provider), max(0, work.first_us - work.from_us) // 1000
    heard = [str(e.values["provider"]) for e in view.of("provider_connected") if e.values.get("kind") == TRANSCRIBER]
    measured = latency_data(view) if heard else None
    for turn in measured["transcriber"]["turns"] if measured else ():
        for final in turn["turn_latency"]:
            yield (TRANSCRIBER, heard[-1]), int(final["audio_to_text_latency"])


def figures_over(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], ProviderFigures]:
    """The figures of each provider over the records of calls: the median of the calls' medians, and the last failure of all."""
    medians: dict[tuple[str, str], list[int]] = defaultdict(list)
    found: dict[tuple[str, str], ProviderFigures] = {}
    for one in (one for record in records for one in record.get("provider_figures") or ()):
        key = (str(one["kind"]), str(one["provider"]))
        before = found.get(key, ProviderFigures())
        if one["median_ms"] is not None:
            medians[key].append(int(one["median_ms"]))
        error, at = str(one["last_error"]), str(one["last_error_at"])
        if at <= before.last_error_at:
            error, at = before.last_error, before.last_error_at
        middle = median_low(medians[key]) if medians[key] else None
        found[key] = ProviderFigures(before.calls + 1, middle, before.failures + int(one["failures"]), error, at)
    return found
