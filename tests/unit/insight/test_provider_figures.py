"""How the providers of a call did, and of many."""

from __future__ import annotations

from typing import Any

from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import events as ev
from callwright.insight.provider_figures import ProviderFigures, call_figures, figures_over


def figures(**given: Any) -> dict[str, Any]:
    plain = {"kind": "model", "provider": "p", "median_ms": None, "failures": 0, "last_error": "", "last_error_at": ""}
    return {**plain, **given}


def test_a_call_has_the_median_wait_of_each_provider() -> None:
    found = {(one["kind"], one["provider"]): one for one in call_figures(two_turns().view)}
    assert found["model", "brain"]["median_ms"] == 300
    assert found["voice", "throat"]["median_ms"] is not None
    assert {one["failures"] for one in found.values()} == {0}


def test_a_call_has_its_providers_failures_and_the_last_of_them() -> None:
    log = CallLog().answered().connected("model", "brain", "brain-1")
    log.event(ev.ProviderFailed, "model", "brain", "unavailable", "the endpoint failed", 1)
    log.at(3_000).event(ev.ProviderFailed, "model", "brain", "limit_reached", "its limit is reached", 1)
    (one,) = call_figures(log.view)
    assert (one["kind"], one["provider"], one["median_ms"], one["failures"]) == ("model", "brain", None, 2)
    assert one["last_error"] == "its limit is reached"
    assert one["last_error_at"] > log.view.header.started_at


def test_over_calls_the_median_of_medians_and_the_last_error_count() -> None:
    late = figures(failures=2, last_error="late", last_error_at="2026-11-29T12:00:00+00:00", median_ms=900)
    early = figures(failures=1, last_error="early", last_error_at="2026-11-28T12:00:00+00:00")
    records: list[dict[str, Any]] = [{"provider_figures": [one]} for one in (late, early, figures(median_ms=300))]
    records += [{"provider_figures": [figures(median_ms=500)]}, {}]
    assert figures_over(records) == {
        ("model", "p"): ProviderFigures(4, 500, 3, "late", "2026-11-29T12:00:00+00:00"),
    }
