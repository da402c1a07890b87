"""The facts of an execution that lists show."""

from dataclasses import replace
from datetime import timedelta

from tests.rows import THEN, execution_row

from callwright.domain.limits import MAX_SEARCHED_CHARACTERS, MAX_SUMMARY_SHOWN, MAX_SUMMARY_VALUES
from callwright.platform.execution_list.rules import SummaryFilter, changed_summary, searched_text, summary_of
from callwright.platform.executions.rules.execution import CHAT, Phase, Status


def done(**record):
    return replace(
        execution_row(), phase=Phase.DONE, status=Status.COMPLETED, detail="completed", answered_at=THEN, record=record
    )


def turn(number, total_ms=None):
    return {"part": "turn", "turn": number, "latency_us": None if total_ms is None else {"total": total_ms * 1_000}}


class TestFacts:
    def test_of_a_call_are_in_its_record(self):
        found = summary_of(
            done(
                conversation_ms=21_800,
                turns=[{"part": "welcome", "turn": 0, "latency_us": None}, turn(1, 748), turn(2), turn(3, 1_170)],
                latency_data={"interruption_stats": {"user_interrupted_agent_count": 2}},
                recording={"name": "call.wav"},
                sandbox=True,
            )
        )
        assert (found.answered, found.talk_ms, found.turns, found.interruptions) == (True, 21_800, 3, 2)
        assert (found.waits_ms, found.wait_p50_ms, found.wait_max_ms) == ((748, 1_170), 748, 1_170)
        assert (found.recorded, found.sandbox, found.number) == (True, True, "+15550123")

    def test_of_a_call_nobody_answered_are_few(self):
        found = summary_of(replace(done(turns=[turn(1, 5)]), answered_at=None, error_message="no such number"))
        assert (found.answered, found.talk_ms, found.waits_ms, found.wait_p50_ms) == (False, None, (), None)
        assert found.ended_reason == "no such number"

    def test_of_a_chat_are_neither_talk_nor_waits(self):
        found = summary_of(replace(done(conversation_ms=9_000, turns=[turn(1, 5)]), carrier=CHAT))
        assert (found.answered, found.turns, found.talk_ms, found.waits_ms) == (True, 1, None, ())

    def test_are_bounded(self):
        found = summary_of(done(turns=[turn(n, n) for n in range(MAX_SUMMARY_VALUES + 1)], summary="x" * 301))
        assert (len(found.waits_ms), len(found.summary or "")) == (MAX_SUMMARY_VALUES, MAX_SUMMARY_SHOWN)
        assert found.turns == MAX_SUMMARY_VALUES + 1

    def test_of_findings_are_each_rule_once_the_worst_first(self):
        findings = [("echo", "note"), ("slow_reply", "warning"), ("slow_reply", "bad"), ("slow_reply", "note")]
        found = summary_of(done(doctor={"findings": [{"rule": r, "severity": s} for r, s in findings]}))
        assert (found.rules, found.severities) == (("slow_reply", "echo"), ("bad", "note"))

    def test_of_dispositions_are_names_and_values(self):
        extracted = {
            "Outcome": {
                "booked": {"objective": "yes", "subjective": None},
                "mood": {"objective": None, "subjective": "calm"},
            },
            "Other": {"a=b": {"objective": "no"}, "nothing": {"objective": None}, "odd": "text"},
            "flat": 3,
        }
        found = summary_of(done(extracted_data=extracted))
        assert found.answers == {"booked": "yes", "mood": "calm"}
        assert "booked=" in found.dispositions


class TestAChange:
    def test_is_written_when_the_execution_is_done_or_something_shown_changes(self):
        before, after = execution_row(), done(summary="Booked.")
        assert changed_summary(before, after) == summary_of(after)
        assert changed_summary(after, replace(after, updated_at=THEN + timedelta(1))) is None
        assert changed_summary(after, done(summary="Not booked.")) == summary_of(done(summary="Not booked."))
        assert changed_summary(after, before) is None


class TestSearchedText:
    def test_is_summary_reason_and_conversation_without_roles(self):
        call = done(summary="Booked.", transcript="assistant: Which day: Monday?\nuser: Tuesday.")
        assert searched_text(replace(call, hangup_reason="Hung up")) == "Booked.\nHung up\nWhich day: Monday?\nTuesday."
        assert searched_text(done(transcript=None)) == ""

    def test_is_bounded(self):
        assert len(searched_text(done(transcript=f"user: {'x' * MAX_SEARCHED_CHARACTERS}y"))) == MAX_SEARCHED_CHARACTERS

    def test_is_written_anew_when_it_alone_changes(self):
        before, after = done(transcript="user: No."), done(transcript="user: Yes.")
        assert changed_summary(before, after) == summary_of(after)
        assert changed_summary(after, after) is None


class TestAFilter:
    def test_knows_whether_sums_per_day_tell_its_totals(self):
        assert SummaryFilter(agent_id="a", statuses=("busy",), findings=True, created_from=THEN).is_summed
        for narrow in ({"rule": "echo"}, {"text": "x"}, {"batch_id": "b"}, {"min_wait_ms": 0}, {"min_cost_nano": 1}):
            assert not SummaryFilter(**narrow).is_summed

    def test_knows_whether_only_calls_that_are_over_match(self):
        assert SummaryFilter(findings=False).is_of_done
        assert not SummaryFilter(text="x", batch_id="b").is_of_done
