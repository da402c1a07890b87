"""When the caller of a what-if run speaks, types and hangs up: as they did, whatever the silences of the other agent are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.lab.recorded_calls import ANSWERED_MS, Script, Timed, bare

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.view import CallView, view_of
from callwright.lab.whatif import WhatIf, what_if

PLAN = CallPlan(welcome_message="Hello.", incremental_delay_ms=100, call_terminate_ms=0, hangup_after_silence_ms=0)
ASKING = replace(PLAN, user_online_after_ms=3_000)
"""Asks after three seconds whether the caller is still there."""
REPLY = "Done, see you."
WORDS_END_MS = ANSWERED_MS + 5_500
"""When the first words of ``bare`` are over."""


def spoke(
    from_ms: int, to_ms: int, text: str, *, turn: int = 1, purpose: str = "reply", cut: bool = False
) -> list[Timed]:
    """What the agent said in a recording."""
    return [
        (from_ms, fx.Speak(from_ms, 0, turn, purpose, text)),
        (from_ms, ev.PlayoutStarted(0, from_ms)),
        (to_ms, fx.AgentSaid(turn, from_ms, purpose, text, cut, False, to_ms - from_ms)),
    ]


def hung_up(at_ms: int) -> Timed:
    return at_ms, ev.LegEnded(0, "answered", "Callee", "hung up", 0)


def run(view: CallView, plan: CallPlan, *answers: object) -> WhatIf:
    return what_if(view, 0, lambda _: plan, Script(*(answers or (REPLY,))), keep_going=True)


def moments(found: WhatIf, name: str, **values: Any) -> list[int]:
    """The milliseconds of the run's entries of a type that have ``values``."""
    entries = view_of(found.log).of(name)
    return [e.at_us // 1000 for e in entries if all(e.values[key] == value for key, value in values.items())]


def heard(found: WhatIf) -> list[str]:
    return [str(e.values["purpose"]) for e in view_of(found.log).of("AgentSaid")]


ENDED_BY_US = bare(
    PLAN, ["A table."], *spoke(8_000, 9_000, REPLY), (21_000, fx.HangUp("Agent", "inactivity_timeout")), hung_up(21_050)
)


def test_where_the_agent_hung_up_the_caller_waits_for_it() -> None:
    found = run(ENDED_BY_US, replace(ASKING, hangup_after_silence_ms=12_000))
    assert heard(found) == ["welcome", "reply", "silence"]
    assert found.ended == "the agent ended the call (inactivity_timeout)"
    sooner = run(ENDED_BY_US, replace(ASKING, hangup_after_silence_ms=2_000))
    assert heard(sooner) == ["welcome", "reply"]
    assert sooner.ended == found.ended
    assert sooner.lasted_ms[0] == 21_050 - ANSWERED_MS
    assert sooner.lasted_ms[1] < found.lasted_ms[1]


def test_an_agent_that_no_longer_hangs_up_keeps_the_caller_for_the_longest_a_call_may_last() -> None:
    found = run(ENDED_BY_US, PLAN)
    assert found.ended == "the agent ended the call (max_duration_reached)"
    assert found.lasted_ms[1] == pytest.approx(MAX_CALL_SECONDS * 1000, abs=200)


def test_a_caller_stays_behind_the_last_reply_as_long_as_they_stayed() -> None:
    view = bare(PLAN, ["A table."], *spoke(8_000, 9_000, REPLY), hung_up(15_000))
    for plan, purposes in ((PLAN, ["welcome", "reply"]), (ASKING, ["welcome", "reply", "silence"])):
        found = run(view, plan)
        (replied,), (left,) = moments(found, "AgentSaid", purpose="reply"), moments(found, "LegEnded")
        assert left - replied == pytest.approx(6_000, abs=20)
        assert heard(found) == purposes
    sooner = run(view, replace(PLAN, check_if_user_online=False, hangup_after_silence_ms=2_000))
    assert sooner.ended == "the agent ended the call (inactivity_timeout)"


def test_a_question_whether_they_are_there_does_not_keep_a_caller_longer() -> None:
    asked = spoke(12_000, 13_000, "Hey, are you still there?", purpose="silence")
    view = bare(PLAN, ["A table."], *spoke(8_000, 9_000, REPLY), *asked, hung_up(15_000))
    found = run(view, PLAN)
    (replied,), (left,) = moments(found, "AgentSaid", purpose="reply"), moments(found, "LegEnded")
    assert left - replied == pytest.approx(6_000, abs=20)


def test_a_caller_who_got_no_reply_waits_no_longer_for_it() -> None:
    view = bare(PLAN, ["A table."], hung_up(WORDS_END_MS + 4_000))
    late = run(view, replace(PLAN, incremental_delay_ms=9_000))
    assert heard(late) == ["welcome"]
    (said,) = view_of(late.log).of("UserSaid")
    assert moments(late, "LegEnded")[0] - ANSWERED_MS - int(said.values["to_ms"]) == pytest.approx(4_000, abs=20)
    assert heard(run(view, PLAN)) == ["welcome", "reply"]


def test_a_caller_who_typed_and_got_no_reply_waits_no_longer_for_it() -> None:
    view = bare(TYPED, ["dtmf_number: 4711"], *pressed("4711"), hung_up(WORDS_END_MS + 4_000))
    late = run(view, TYPED, [])
    assert moments(late, "LegEnded")[0] < WORDS_END_MS + 6_000
    assert heard(run(view, TYPED)) == ["welcome", "reply"]


def test_a_caller_who_hung_up_over_a_reply_does_so_again() -> None:
    long = "We have a table for you at eight, at nine and at ten, and you may bring whomever you like."
    view = bare(PLAN, ["A table."], *spoke(8_000, 8_900, "We have a", cut=True), hung_up(8_900))
    (said,) = view_of(run(view, PLAN, long).log).of("AgentSaid")[1:]
    assert said.values["cut"]
    assert str(said.values["text"]).startswith("We have a")
    assert len(str(said.values["text"])) < len(long) // 2


def test_a_caller_without_words_leaves_when_they_left() -> None:
    quiet = replace(PLAN, welcome_message="")
    found = run(bare(quiet, (), hung_up(7_000)), quiet)
    assert moments(found, "LegEnded")[0] == pytest.approx(7_000, abs=20)


def recorded_pause(*between: Timed) -> CallView:
    """A caller who says the second words 9 s behind the reply to the first ones."""
    said = fx.UserSaid(2, "At eight.", 17_000, 18_000)
    return bare(PLAN, ["A table."], *spoke(8_000, 9_000, REPLY), *between, (18_000 + ANSWERED_MS, said))


def test_a_caller_who_thinks_long_is_asked_meanwhile_and_speaks_when_they_did() -> None:
    for plan in (PLAN, ASKING):
        found = run(recorded_pause(), plan)
        assert ("silence" in heard(found)) == (plan is ASKING)
        (replied, _), (_, spoken) = moments(found, "AgentSaid", purpose="reply"), moments(found, "ActivityBegan")
        assert spoken - replied == pytest.approx(9_000, abs=20)


def test_who_answered_the_question_whether_they_are_there_answers_it_again() -> None:
    view = recorded_pause(*spoke(16_000, 17_000, "Hey, are you still there?", purpose="silence"))
    found = run(view, ASKING)
    (asked, *_), (_, spoken) = moments(found, "AgentSaid", purpose="silence"), moments(found, "ActivityBegan")
    assert spoken - asked == pytest.approx(1_000, abs=20)
    unasked = run(view, PLAN)
    (replied, _), (_, spoken) = moments(unasked, "AgentSaid", purpose="reply"), moments(unasked, "ActivityBegan")
    assert spoken - replied == pytest.approx(9_000, abs=20)


TYPED = replace(PLAN, keys=True, keys_most=4)


def pressed(keys: str, *, every_ms: int = 300) -> list[Timed]:
    """The keys of a typed turn, the first one when the caller of ``bare`` begins."""
    return [(ANSWERED_MS + 4_000 + number * every_ms, ev.KeyPressed(0, key)) for number, key in enumerate(keys)]


def typed(view: CallView, plan: CallPlan) -> tuple[str, list[str]]:
    """The keys of the run, and what the caller said in it."""
    log = view_of(run(view, plan).log)
    keys = "".join(str(e.values["key"]) for e in log.of("KeyPressed"))
    return keys, [str(e.values["text"]) for e in log.of("UserSaid")]


def test_an_entry_that_was_full_has_no_finishing_key() -> None:
    view = bare(TYPED, ["dtmf_number: 4711"], *pressed("4711"))
    assert typed(view, TYPED) == ("4711", ["dtmf_number: 4711"])
    assert not view_of(run(view, TYPED).log).of("AgentSaid")[-1].values["cut"]


def test_a_finishing_key_that_was_pressed_is_pressed() -> None:
    plan = replace(TYPED, keys_most=0)
    assert typed(bare(plan, ["dtmf_number: 47"], *pressed("47#")), plan) == ("47#", ["dtmf_number: 47"])
    assert typed(bare(plan, ["dtmf_number: #"], *pressed("#")), plan) == ("#", ["dtmf_number: #"])


def test_keys_are_pressed_with_the_pauses_they_were_pressed_with() -> None:
    plan = replace(TYPED, keys_most=0)
    view = bare(plan, ["dtmf_number: 4711"], *pressed("4711", every_ms=600))
    assert typed(view, plan) == ("4711", ["dtmf_number: 4711"])
    parts = typed(view, replace(plan, keys_pause_ms=500))[1]
    assert len(" ".join(parts).split("dtmf_number:")) == 5


def test_words_and_keys_of_one_turn_are_both_given() -> None:
    view = bare(TYPED, ["My number is dtmf_number: 4711"], *pressed("4711", every_ms=450))
    keys, said = typed(view, TYPED)
    assert keys == "4711"
    assert sorted(" ".join(said).split()) == sorted(["My", "number", "is", "dtmf_number:", "4711"])


def test_keys_beside_a_turn_are_not_pressed() -> None:
    view = bare(TYPED, ["dtmf_number: 4711"], (ANSWERED_MS + 100, ev.KeyPressed(0, "9")), *pressed("4711"))
    assert typed(view, TYPED)[0] == "4711"


def test_what_is_said_after_the_line_is_down_is_heard_by_nobody() -> None:
    words = "A table for four people on Tuesday please."
    view = bare(PLAN, [words], *spoke(8_000, 9_000, REPLY), hung_up(15_000))
    found = run(view, replace(PLAN, call_terminate_ms=1_500))
    assert found.ended == "the agent ended the call (max_duration_reached)"
    (down_ms,) = moments(found, "LegEnded")
    assert max(moments(found, "TranscriptPartial")) < down_ms
    assert all(at_ms < down_ms for at_ms in moments(found, "ActivityBegan"))
    (said,) = [line.text for line in found.after if line.who == "caller"]
    assert words.startswith(said)
    assert 0 < len(said) < len(words)
