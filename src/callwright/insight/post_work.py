"""What the work after a call found: extraction, dispositions, summary, recording, and what could not be had.

The log holds every run: the first, and those that asked again later, each between the facts RUN_BEGAN and RUN_ENDED. The newest run that
could ask all its questions counts; the others stay in the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from callwright.conversation.log import Entry
from callwright.insight.view import CallView

RUN_BEGAN = "run_began"
"""Fact: the questions are asked again: ``run`` (its id), ``by`` (whose key)."""
RUN_ENDED = "run_ended"
"""Fact: run ``run`` is over."""

_FOUND = ("extraction", "disposition_result", "summary", "post_failed", RUN_BEGAN, RUN_ENDED)
_OF_THE_CALL = frozenset({"recording", "log", "agent", "post_call"})
"""Failures that belong to the call and not to its questions."""


@dataclass(slots=True)
class Run:
    """What one run found. ``run`` is empty for the first one."""

    run: str
    at_us: int
    by: str = ""
    ended: bool = False
    cost_nano: int = 0
    flat: dict[str, Any] | None = None
    dispositions: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: list[Any] = field(default_factory=list)
    summary: str | None = None
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether it may stand for what is known of the call: the first run always, a later one when it could ask everything."""
        return not self.run or (self.ended and not self.failures)

    @property
    def extracted_data(self) -> dict[str, Any] | None:
        """The contract's object: categories of dispositions, and beside them the values of older extraction tasks."""
        if self.flat is None and not self.dispositions:
            return None
        return {**(self.flat or {}), **self.dispositions}

    @property
    def all_rejected(self) -> list[Any]:
        """What was found and is not in ``extracted_data``."""
        hidden = [name for name in self.flat or {} if name in self.dispositions]
        reason = "a category of dispositions has this name"
        return [*self.rejected, *({"key": name, "value": (self.flat or {})[name], "reason": reason} for name in hidden)]


def runs_of(view: CallView) -> list[Run]:
    """Every run in order; the first one is always there."""
    found = [Run("", 0)]
    for entry in view.of(*_FOUND):
        if entry.type == RUN_BEGAN:
            found.append(Run(str(entry.values["run"]), entry.at_us, str(entry.values.get("by", ""))))
        else:
            _take(found[-1], entry)
    return found


def _take(run: Run, entry: Entry) -> None:
    v = entry.values
    if entry.type == "extraction":
        run.flat = {**(run.flat or {}), **v["data"]}
        run.rejected.extend(v.get("rejected", []))
    elif entry.type == "disposition_result":
        run.dispositions.setdefault(str(v["category"]), {})[str(v["name"])] = v["result"]
    elif entry.type == "summary":
        run.summary = str(v["text"])
    elif entry.type == RUN_ENDED:
        run.ended, run.cost_nano = True, int(v.get("cost_nano", 0))
    else:
        run.failures.append({"what": v["what"], "reason": v["reason"]})
    run.at_us = entry.at_us


def post_work(view: CallView) -> dict[str, Any]:
    """The keys of the record that come from the work after the call."""
    runs = runs_of(view)
    current = _current(runs)
    recording = view.last("recording_ready")
    of_the_call = [one for run in runs for one in run.failures if one["what"] in _OF_THE_CALL and run is not current]
    return {
        "extracted_data": current.extracted_data,
        "extraction_rejected": current.all_rejected,
        "summary": current.summary,
        "recording": None if recording is None else dict(recording.values),
        "post_failures": [*_cut_recording(view), *of_the_call, *current.failures],
        "extraction_runs": list(_told(view, runs, current)) if len(runs) > 1 else [],
    }


def _cut_recording(view: CallView) -> list[dict[str, Any]]:
    """The recording that the disk cut during the call, as a failure."""
    recording = view.last("recording")
    lost = "" if recording is None else str(recording.values.get("lost") or "")
    if not lost:
        return []
    return [{"what": "recording", "reason": f"the recording ends early, it could not be written: {lost}"}]


def _current(runs: Sequence[Run]) -> Run:
    return next(run for run in reversed(runs) if run.counts)


def _told(view: CallView, runs: Sequence[Run], current: Run) -> Iterator[dict[str, Any]]:
    """Every run as the execution shows it, oldest first: the one that counts without its values, which the execution has itself."""
    began = datetime.fromisoformat(view.header.started_at)
    for run in runs:
        told: dict[str, Any] = {
            "run": run.run or None,
            "at": (began + timedelta(microseconds=run.at_us)).isoformat() if run.at_us else None,
            "by": run.by or None,
            "counts": run is current,
            "failures": run.failures,
            "cost_nano": run.cost_nano if run.run else None,
        }
        if run is not current:
            told |= {"extracted_data": run.extracted_data, "summary": run.summary}
        yield told
