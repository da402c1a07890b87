"""The caller of a what-if pauses as they did in the recording, so that another end of the turn cuts them or lets them finish."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.lab.recorded_calls import ANSWERED_MS, Script, Timed, bare

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.insight.view import CallView, view_of
from callwright.lab.whatif import WhatIf, what_if

PLAN = CallPlan(welcome_message="Hello.", incremental_delay_ms=100, call_terminate_ms=0, hangup_after_silence_ms=0)
REPLY = "Done, see you."
KEPT_BACK = "what a caller kept back"


def sounded(from_ms: int, to_ms: int, *texts: str, segment: int = 1, final: bool = True) -> list[Timed]:
    """A sound in the caller's audio as detector and recogniser told of it; of more than one text the earlier are partial, early in it."""
    began, ended = ANSWERED_MS + from_ms, ANSWERED_MS + to_ms + 200
    items: list[Timed] = [(began, ev.ActivityBegan(0, from_ms)), (ended, ev.ActivityEnded(0, to_ms))]
    early = texts[:-1] if final else texts
    items += [(began + 50, ev.TranscriptPartial(0, from_ms + 50, segment, text)) for text in early]
    if final and texts:
        items.append((ended, ev.TranscriptFinal(0, to_ms, segment, texts[-1])))
    return items


def judged(audio_ms: int, likely_ppm: int) -> list[Timed]:
    at_ms = ANSWERED_MS + audio_ms + 200
    return [(at_ms, fx.AskTurnModel(audio_ms, 0, audio_ms)), (at_ms, ev.TurnVerdict(0, audio_ms, likely_ppm))]


def told(turn: int, text: str, from_ms: int, to_ms: int) -> Timed:
    return ANSWERED_MS + to_ms + 300, fx.UserSaid(turn, text, from_ms, to_ms)


def agent_said(
    turn: int, from_ms: int, to_ms: int, text: str, *, heard: str | None = None, purpose: str = "reply"
) -> list[Timed]:
    """A reply in the caller's time; with ``heard`` it was cut."""
    from_ms, to_ms = from_ms + ANSWERED_MS, to_ms + ANSWERED_MS
    said = fx.AgentSaid(turn, from_ms, purpose, heard or text, heard is not None, False, to_ms - from_ms)
    return [
        (from_ms, fx.Speak(from_ms, 0, turn, purpose, text)),
        (from_ms, ev.PlayoutStarted(0, from_ms)),
        (to_ms, said),
    ]


def run(view: CallView, *, keep_going: bool = True, says: str = REPLY, **changed: object) -> WhatIf:
    return what_if(view, 0, lambda plan: replace(plan, **changed), Script(says), keep_going=keep_going)  # type: ignore[arg-type]


def said(found: WhatIf) -> list[str]:
    return [line.text for line in found.after if line.who == "caller"]


def begun_ms(found: WhatIf) -> list[int]:
    return [int(entry.values["audio_ms"]) for entry in view_of(found.log).of("ActivityBegan")]


SPELLER = bare(
    replace(PLAN, welcome_message="Please spell your name."),
    (),
    *sounded(4_000, 4_150, "L,", segment=1),
    *sounded(5_100, 5_250, "E,", segment=2),
    *sounded(6_200, 6_350, "O.", segment=3),
    told(1, "L, E, O.", 4_000, 6_350),
)


def test_a_turn_is_said_with_its_pauses() -> None:
    found = run(SPELLER)
    assert said(found) == ["L, E, O."]
    first, *others = begun_ms(found)
    assert [at_ms - first for at_ms in others] == pytest.approx([1_100, 2_200], abs=5)


def test_who_pauses_longer_than_the_agent_waits_is_cut() -> None:
    found = run(SPELLER, patience_ms=100)
    assert said(found)[0] == "L,"
    assert any(remark.startswith("the agent speaks before the caller has finished turn 1") for remark in found.remarks)
    assert any(remark.startswith(KEPT_BACK) for remark in found.remarks)


def test_words_that_were_not_final_in_a_pause_are_not_final_in_it() -> None:
    view = bare(
        PLAN,
        (),
        *sounded(4_000, 4_600, "My", final=False),
        *sounded(5_200, 6_000, "My name", "My name is Ada."),
        told(1, "My name is Ada.", 4_000, 6_000),
    )
    found = view_of(run(view).log)
    assert [entry.values["text"] for entry in found.of("TranscriptFinal")] == ["My name is Ada."]
    assert str(found.of("TranscriptPartial")[0].values["text"]) == "My"
    assert len(found.of("ActivityBegan")) == 2


def test_the_turn_model_says_what_it_said() -> None:
    view = bare(PLAN, (), *sounded(4_000, 5_000, "A table."), *judged(5_000, 40_000), told(1, "A table.", 4_000, 5_000))
    assert [e.values["probability_ppm"] for e in view_of(run(view).log).of("TurnVerdict")] == [40_000]
    (waited,) = (line.wait_ms for line in run(view, patience_ms=2_000).after if line.text == REPLY)
    assert waited is not None
    assert waited > 1_900


def went_on(after_ms: int, *between: Timed) -> CallView:
    """A caller who was taken to have finished, and says more ``after_ms`` behind their own last word."""
    from_ms = 5_000 + after_ms
    return bare(
        PLAN,
        (),
        *sounded(4_000, 5_000, "A table for two", segment=1),
        told(1, "A table for two", 4_000, 5_000),
        *between,
        *sounded(from_ms, from_ms + 1_000, "at the window please.", segment=2),
        told(2, "at the window please.", from_ms, from_ms + 1_000),
    )


CUT_AT_ONCE = went_on(940, *agent_said(1, 5_800, 6_200, REPLY, heard="Done,"))


@pytest.mark.parametrize("view", [CUT_AT_ONCE, went_on(940)])
def test_who_went_on_by_themselves_does_so_however_long_the_agent_waits(view: CallView) -> None:
    at_once, patient = run(view), run(view, incremental_delay_ms=2_000)
    assert said(at_once) == ["A table for two", "at the window please."]
    assert said(patient) == ["A table for two at the window please."]
    for found in (at_once, patient):
        first, second = begun_ms(found)
        assert second - first == pytest.approx(1_940, abs=5)


def test_who_heard_enough_of_the_agent_spoke_over_it() -> None:
    found = run(went_on(1_400, *agent_said(1, 5_800, 6_800, REPLY, heard="Done,")), incremental_delay_ms=2_000)
    assert said(found) == ["A table for two", "at the window please."]
    assert any("of the agent's beginning in turn 2" in remark for remark in found.remarks)


def test_who_is_answered_before_they_go_on_waits_for_the_end_and_it_is_said() -> None:
    found = run(went_on(4_000))
    assert [line.text for line in found.after][-4:] == ["A table for two", REPLY, "at the window please.", REPLY]
    assert any("the caller said turn 2 before a reply was heard" in remark for remark in found.remarks)


def test_a_reply_that_is_only_cut_at_another_word_is_the_same() -> None:
    long = "We have a table for you at eight, at nine and at ten."
    view = went_on(6_000, *agent_said(1, 6_000, 7_000, long, heard="We"))
    assert said(run(view, keep_going=False, says=long))[1:] == ["at the window please."]
    other = run(view, keep_going=False, says="Nobody is here today, call back on Monday.")
    assert said(other) == ["A table for two"]
    assert "answered another reply" in other.ended


def test_a_reply_to_two_turns_that_are_one_now_is_the_reply_to_the_second() -> None:
    view = bare(
        PLAN,
        (),
        *sounded(4_000, 5_000, "A table", segment=1),
        told(1, "A table", 4_000, 5_000),
        *agent_said(1, 5_800, 6_000, "How many are you?", heard="How"),
        *sounded(5_900, 6_900, "for two please.", segment=2),
        told(2, "for two please.", 5_900, 6_900),
        *agent_said(2, 7_500, 9_000, REPLY),
        *sounded(9_600, 10_600, "Thanks a lot.", segment=3),
        told(3, "Thanks a lot.", 9_600, 10_600),
    )
    found = run(view, keep_going=False, incremental_delay_ms=2_000)
    assert said(found) == ["A table for two please.", "Thanks a lot."]


def ended_by_recogniser(after_ms: int) -> CallView:
    end = (ANSWERED_MS + 5_000 + after_ms, ev.RecogniserEnd(0, 5_000))
    return bare(
        PLAN,
        (),
        *sounded(4_000, 5_000, "A table."),
        *judged(5_000, 40_000),
        end,
        told(1, "A table.", 4_000, 5_000 + after_ms),
    )


def test_a_recogniser_that_ends_turns_after_the_silence_it_is_told_does_so() -> None:
    found = run(ended_by_recogniser(PLAN.endpointing_ms), endpointing_ms=600)
    (end,) = view_of(found.log).of("RecogniserEnd")
    (began,) = begun_ms(found)
    assert end.at_us // 1000 - ANSWERED_MS - began == pytest.approx(1_000 + 600, abs=60)


def test_a_recogniser_that_ends_turns_by_itself_is_not_simulated_and_it_is_said() -> None:
    found = run(ended_by_recogniser(1_500), patience_ms=2_000)
    assert not view_of(found.log).of("RecogniserEnd")
    assert "the recogniser of this call ended turns by itself, which is not simulated" in found.remarks


def test_it_is_said_where_the_recording_does_not_tell_the_pauses() -> None:
    blind = "the recording does not tell where the caller paused in turns 1, 2"
    view = bare(PLAN, ["A table.", "At eight."])
    remarks = run(view, patience_ms=2_000).remarks
    assert any(remark.startswith(blind) for remark in remarks)
    assert any("no verdict of a turn model" in remark for remark in remarks)
    assert not any(KEPT_BACK in r or "no verdict" in r or blind in r for r in run(view, hangup_message="Bye.").remarks)
