"""What if the agent had been another from a turn on? Recorded calls here are simulated exchanges and conversations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proof.conversations import converse
from tests.unit.lab.recorded_calls import Script, bare

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import header_line
from callwright.conversation.plan import CallPlan
from callwright.domain.errors import BadInputError
from callwright.insight.side_by_side import first_difference
from callwright.insight.view import CallView, view_of
from callwright.lab.whatif import what_if
from callwright.lab.whatif_answers import RecordedAnswers
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, Tool, ToolCall

PLAN = CallPlan(welcome_message="Hello, this is the bakery.", incremental_delay_ms=100, call_terminate_ms=0)
TALK = (("A table for two please.", "For when shall it be?"), ("Tonight at eight.", "Done, see you tonight."))


def recorded(
    plan: CallPlan = PLAN, talk: tuple[tuple[str, str], ...] = TALK, *, verdicts: tuple[bool, ...] = ()
) -> CallView:
    """A call as it would be recorded: a what-if from the beginning, of a recording that has nothing but the caller's lines."""
    seed = bare(plan, [words for words, _ in talk])
    script = Script(*(reply for _, reply in talk), verdicts=verdicts)
    found = what_if(seed, 0, lambda _: plan, script, keep_going=True)
    assert [line.text for line in found.after if line.who == "caller"] == [words for words, _ in talk]
    return view_of(found.log)


def booked(*answers: str) -> list[tuple[int, ev.Event | fx.Effect]]:
    """What the tool ``book`` answered when it was called in each turn of a bare recording."""
    found: list[tuple[int, ev.Event | fx.Effect]] = []
    for number, answer in enumerate(answers):
        at_ms = 7_000 + 6_000 * number
        found.append((at_ms, fx.CallTool(number, number + 1, f"c{number}", "book", "{}")))
        found.append((at_ms + 500, ev.ToolResult(0, number, True, answer)))
    return found


def texts(lines: object) -> list[str]:
    return [line.text for line in lines]  # type: ignore[attr-defined]


def test_with_nothing_changed_it_goes_as_it_went() -> None:
    view = recorded()
    for turn in (0, 1, 2):
        found = what_if(view, turn, lambda plan: plan, RecordedAnswers(view, turn))
        assert first_difference(found.before, found.after) == "", turn
        assert texts(found.after)[-1] == "Done, see you tonight."
        assert found.ended == "the recording has no more words of the caller"


def test_another_setting_takes_effect_from_the_turn_on() -> None:
    view = recorded()
    found = what_if(view, 2, lambda plan: replace(plan, incremental_delay_ms=3_000), RecordedAnswers(view, 2))
    (before,), (after,) = (
        [line.wait_ms for line in side if line.who == "agent"] for side in (found.before, found.after)
    )
    assert before is not None
    assert after is not None
    assert before < 1_000 < 2_900 < after


def test_the_model_sees_the_changed_prompt_and_the_recorded_history() -> None:
    script = Script("We close at seven.")
    what_if(recorded(), 2, lambda plan: replace(plan, system_prompt="Be rude."), script)
    told = [(m.role, m.content) for m in script.asked[0]]
    assert told[0] == ("system", "Be rude.")
    assert ("assistant", "For when shall it be?") in told
    assert told[-1] == ("user", "Tonight at eight.")


def test_it_stops_when_the_callers_words_fit_no_more() -> None:
    found = what_if(recorded(), 1, lambda plan: plan, Script("We are closed."))
    assert texts(found.after) == ["A table for two please.", "We are closed."]
    assert found.ended == 'the caller\'s next words, "Tonight at eight.", answered another reply'


def test_it_goes_on_all_the_same_when_told_to() -> None:
    found = what_if(recorded(), 1, lambda plan: plan, Script("We are closed."), keep_going=True)
    assert texts(found.after)[2:] == ["Tonight at eight.", "We are closed."]


def test_tools_answer_as_recorded_or_not_at_all() -> None:
    plan = replace(PLAN, tools=(Tool("book", "Book", '{"type":"object","properties":{}}'),))
    calls = [ModelDelta(tool_call=ToolCall("c1", "book", "{}")), ModelDelta(ended="tool")]
    found = what_if(recorded(plan), 2, lambda plan: plan, Script(calls, "Booked."))
    assert found.remarks == (
        "the tool book was not called, and the recording has no result of it from that turn on: it failed",
    )
    again = view_of(found.log)
    second = what_if(again, 2, lambda plan: plan, Script(calls, "Booked."))
    assert second.remarks == ("the tool book was not called; it answered as recorded",)
    assert texts(second.after)[-1] == "Booked."


@pytest.mark.parametrize(("from_turn", "told"), [(0, ["nine", "five"]), (1, ["nine", "five"]), (2, ["five"])])
def test_tools_answer_as_they_did_from_the_turn_on(from_turn: int, told: list[str]) -> None:
    plan = replace(PLAN, tools=(Tool("book", "Book", '{"type":"object","properties":{}}'),))
    words = ["Book me on Monday please.", "And book me on Friday please."]
    calls = [[ModelDelta(tool_call=ToolCall(one, "book", "{}")), ModelDelta(ended="tool")] for one in ("c1", "c2")]
    script = Script(calls[0], "On Monday, done.", calls[1], "On Friday, done.")
    view = view_of(
        what_if(bare(plan, words, *booked("nine", "five")), 0, lambda plan: plan, script, keep_going=True).log
    )
    found = what_if(view, from_turn, lambda plan: plan, RecordedAnswers(view, from_turn))
    results = view_of(found.log).of("ToolResult")
    assert [entry.values["result"] for entry in results][-len(told) :] == told
    assert len(results) == 2
    assert len(found.remarks) == len(told)


def test_a_tool_that_was_called_before_the_turn_alone_has_no_result_after_it() -> None:
    plan = replace(PLAN, tools=(Tool("book", "Book", '{"type":"object","properties":{}}'),))
    call = [ModelDelta(tool_call=ToolCall("c1", "book", "{}")), ModelDelta(ended="tool")]
    seed = bare(plan, [words for words, _ in TALK], *booked("nine", "five"))
    view = view_of(what_if(seed, 0, lambda plan: plan, Script(call, "At nine.", "Goodbye."), keep_going=True).log)
    call = [ModelDelta(tool_call=ToolCall("c2", "book", "{}")), ModelDelta(ended="tool")]
    found = what_if(view, 2, lambda plan: plan, Script(call, "Booked."))
    assert "no result of it from that turn on: it failed" in found.remarks[0]


@pytest.mark.parametrize("from_turn", [0, 1, 2])
def test_a_hang_up_that_a_model_decided_is_decided_again(from_turn: int) -> None:
    view = recorded(replace(PLAN, hangup_by_prompt=True), verdicts=(False, True))
    assert view.of("HangUp")
    found = what_if(view, from_turn, lambda plan: plan, RecordedAnswers(view, from_turn))
    assert first_difference(found.before, found.after) == ""
    assert found.ended == "the agent ended the call (llm_prompted_hangup)"


def test_a_model_that_fails_fails_in_the_run_too() -> None:
    down = ProviderError(FailureKind.REFUSED, "acme", "no key")
    found = what_if(recorded(), 2, lambda plan: plan, Script(down))
    assert texts(found.after)[-1] == PLAN.apology_message


def test_the_agent_may_end_the_call() -> None:
    view = recorded()
    for verdict, ended in ((True, "the agent ended the call (llm_prompted_hangup)"), (False, "no more words")):
        found = what_if(view, 2, lambda plan: replace(plan, hangup_by_prompt=True), Script("Goodbye.", verdict=verdict))
        assert ended in found.ended
    down = ProviderError(FailureKind.UNAVAILABLE, "acme", "down")
    found = what_if(view, 2, lambda plan: replace(plan, hangup_by_prompt=True), Script("Goodbye.", verdict=down))
    assert "no more words" in found.ended


def test_a_changed_limit_holds_from_the_turn_on() -> None:
    found = what_if(recorded(), 2, lambda plan: replace(plan, call_terminate_ms=1_000), Script("Never said."))
    assert found.ended == "the agent ended the call (max_duration_reached)"


def test_a_welcome_is_changed_from_turn_0() -> None:
    found = what_if(
        recorded(), 0, lambda plan: replace(plan, welcome_message="Good day."), Script("For when shall it be?")
    )
    assert texts(found.after)[:2] == ["Good day.", "A table for two please."]
    assert first_difference(found.before, found.after) == "turn 0: the agent says something else"


def test_a_caller_who_spoke_first_does_so_again() -> None:
    view = recorded(replace(PLAN, welcome_message=""))
    found = what_if(view, 0, lambda plan: plan, RecordedAnswers(view, 0))
    assert texts(found.after)[0] == "A table for two please."


def test_what_cannot_be_done_is_said() -> None:
    view = recorded()
    with pytest.raises(BadInputError, match="no turn 7; it has turns 1 to 2, and 0 for the whole call"):
        what_if(view, 7, lambda plan: plan, Script("x"))
    with pytest.raises(BadInputError, match="the caller said nothing: use 0"):
        what_if(bare(PLAN, ()), 1, lambda plan: plan, Script("x"))
    with pytest.raises(BadInputError, match="nobody answered this call"):
        what_if(view_of(header_line(view.header)), 0, lambda plan: plan, Script("x"))


def test_a_log_that_todays_core_does_not_repeat_is_refused() -> None:
    text = what_if(recorded(), 0, lambda plan: plan, RecordedAnswers(recorded(), 0)).log
    changed = text.replace('"type":"StartRecording"', '"type":"StopRecording"')
    with pytest.raises(BadInputError, match="does not repeat this call up to that turn"):
        what_if(view_of(changed), 2, lambda plan: plan, Script("x"))
    missing = "".join(line for line in text.splitlines(keepends=True) if '"type":"StartRecording"' not in line)
    with pytest.raises(BadInputError, match="does not repeat this call"):
        what_if(view_of(missing), 2, lambda plan: plan, Script("x"))


@pytest.mark.parametrize("seed", range(1, 25))
def test_any_conversation_can_be_gone_on_from_any_turn(seed: int) -> None:
    view = view_of(converse(seed).log())
    turns = [int(entry.values["turn"]) for entry in view.of("UserSaid")]
    if view.answered_us is None:
        return
    for turn in (0, *turns[:3]):
        found = what_if(view, turn, lambda plan: plan, RecordedAnswers(view, turn), keep_going=True)
        assert found.ended
        assert {line.turn for line in found.before} >= {turn} - {0}
