"""What the work after a call found, over all of its runs."""

from __future__ import annotations

from typing import Any

from tests.unit.insight.call_log import CallLog

from callwright.insight.post_work import post_work


def call() -> CallLog:
    return CallLog().answered().at(2_000).leg_ended()


def found(log: CallLog, name: str, value: str, category: str = "General") -> None:
    log.fact("post", "disposition_result", category=category, name=name, result={"subjective": value})


def began(log: CallLog, run: str) -> None:
    log.fact("post", "run_began", run=run, by="key-1")


def record(log: CallLog) -> dict[str, Any]:
    return post_work(log.view)


def test_a_call_that_was_asked_nothing_has_nothing() -> None:
    assert record(call()) == {
        "extracted_data": None,
        "extraction_rejected": [],
        "summary": None,
        "recording": None,
        "post_failures": [],
        "extraction_runs": [],
    }


def test_a_recording_that_the_disk_cut_is_a_failure() -> None:
    log = (
        call().fact("leg", "recording", lost="No space left on device").fact("post", "recording_ready", name="call.wav")
    )
    reason = "the recording ends early, it could not be written: No space left on device"
    assert record(log)["post_failures"] == [{"what": "recording", "reason": reason}]
    assert record(log)["recording"] == {"name": "call.wav"}
    assert record(call().fact("leg", "recording", lost=""))["post_failures"] == []


def test_dispositions_stand_in_their_category_beside_older_values() -> None:
    log = call().fact("post", "extraction", task="extraction", data={"user_interested": True}, rejected=[])
    found(log, "Mood", "good")
    found(log, "Word", "yes", "Other")
    assert record(log)["extracted_data"] == {
        "user_interested": True,
        "General": {"Mood": {"subjective": "good"}},
        "Other": {"Word": {"subjective": "yes"}},
    }


def test_an_older_value_that_a_category_hides_is_told() -> None:
    log = call().fact("post", "extraction", task="extraction", data={"General": "x", "name": "Ann"}, rejected=[])
    found(log, "Mood", "good")
    assert record(log)["extracted_data"] == {"General": {"Mood": {"subjective": "good"}}, "name": "Ann"}
    assert record(log)["extraction_rejected"] == [
        {"key": "General", "value": "x", "reason": "a category of dispositions has this name"}
    ]


def test_a_later_run_takes_the_place_of_the_first_which_stays_in_the_history() -> None:
    log = call().at(3_000)
    found(log, "Mood", "good")
    log.fact("post", "summary", text="Before.")
    began(log.at(9_000), "run-1")
    found(log, "Mood", "bad")
    log.fact("post", "run_ended", run="run-1", cost_nano=7)
    read = record(log)
    assert read["extracted_data"] == {"General": {"Mood": {"subjective": "bad"}}}
    assert read["summary"] is None
    assert read["extraction_runs"] == [
        {
            "run": None,
            "at": "2026-03-01T12:00:03+00:00",
            "by": None,
            "counts": False,
            "failures": [],
            "cost_nano": None,
            "extracted_data": {"General": {"Mood": {"subjective": "good"}}},
            "summary": "Before.",
        },
        {
            "run": "run-1",
            "at": "2026-03-01T12:00:09+00:00",
            "by": "key-1",
            "counts": True,
            "failures": [],
            "cost_nano": 7,
        },
    ]


def test_a_run_that_failed_or_did_not_end_changes_nothing() -> None:
    log = call()
    found(log, "Mood", "good")
    log.fact("post", "post_failed", what="recording", reason="no audio")
    began(log, "run-1")
    log.fact("post", "post_failed", what="disposition General / Mood", reason="no key")
    log.fact("post", "run_ended", run="run-1")
    began(log, "run-2")
    found(log, "Mood", "half")
    read = record(log)
    assert read["extracted_data"] == {"General": {"Mood": {"subjective": "good"}}}
    assert read["post_failures"] == [{"what": "recording", "reason": "no audio"}]
    assert [run["counts"] for run in read["extraction_runs"]] == [True, False, False]
    assert read["extraction_runs"][1]["failures"] == [{"what": "disposition General / Mood", "reason": "no key"}]


def test_failures_of_the_call_stay_when_a_later_run_counts() -> None:
    log = call()
    log.fact("post", "post_failed", what="recording", reason="no audio")
    log.fact("post", "post_failed", what="summary", reason="no key")
    began(log, "run-1")
    log.fact("post", "summary", text="After.")
    log.fact("post", "run_ended", run="run-1")
    assert record(log)["post_failures"] == [{"what": "recording", "reason": "no audio"}]
    assert record(log)["summary"] == "After."
