"""The far end puts the line on hold."""

from typing import Any

from tests.unit.conversation.call_builder import Call
from tests.unit.conversation.test_transfers import transferring

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import HOLD_MOST_MS


def patient(**plan: Any) -> Call:
    return Call(
        **{"user_online_after_ms": 3_000, "hangup_after_silence_ms": 5_000, "call_terminate_ms": 900_000, **plan}
    )


def test_a_caller_on_hold_is_not_asked_and_not_hung_up_on() -> None:
    call = patient()
    call.wait(1_000)
    call.give(ev.LineHeld, True)
    call.wait(120_000)
    assert not call.all(fx.Speak)
    assert not call.hung_up()
    call.give(ev.LineHeld, False)
    call.wait(2_900)
    assert not call.all(fx.Speak)
    call.wait(200)
    assert [speak.purpose for speak in call.all(fx.Speak)][:1] == ["silence"]


def test_a_hold_that_begins_over_a_goodbye_counts_when_that_is_taken_back() -> None:
    call = patient(check_if_user_online=False, hangup_message="Goodbye now.")
    call.wait(5_000)
    assert call.core.state == "closing"
    call.begins()
    call.give(ev.LineHeld, True)
    call.finishes("hold on please")
    call.pauses()
    call.clears(0)
    call.judges()
    call.wait(120_000)
    assert not call.all(fx.AskModel)
    assert not call.hung_up()
    call.give(ev.LineHeld, False)
    call.agent_replies("Of course.")
    assert call.said() == ["caller: hold on please", "agent: Of course."]


def test_a_hold_that_ends_over_a_goodbye_is_over_when_that_is_taken_back() -> None:
    call = patient(check_if_user_online=False, hangup_message="Goodbye now.")
    call.wait(5_000)
    call.give(ev.LineHeld, True)
    call.give(ev.LineHeld, False)
    call.caller_says("I am back now")
    call.clears(0)
    call.judges()
    call.agent_replies("Welcome back.")
    assert call.said() == ["caller: I am back now", "agent: Welcome back."]


def test_a_hold_counts_for_a_bounded_time() -> None:
    call = patient()
    call.give(ev.LineHeld, True)
    call.wait(HOLD_MOST_MS)
    assert "hold_too_long" in call.notes()
    call.wait(3_100)
    assert call.last(fx.Speak).purpose == "silence"
    call.give(ev.LineHeld, False)
    assert call.notes().count("hold_too_long") == 1


def test_the_agent_stops_at_what_was_heard_and_goes_on_when_the_caller_is_back() -> None:
    call = patient(incremental_delay_ms=0)
    call.caller_says("tell me everything")
    call.model_says("There is a lot to tell.")
    call.starts_playing()
    call.wait(600)
    call.give(ev.LineHeld, True)
    call.give(ev.LineHeld, True)
    assert len(call.all(fx.Clear)) == 1
    call.clears(600)
    call.wait(10_000)
    assert len(call.all(fx.AskModel)) == 1
    call.give(ev.LineHeld, False)
    assert call.told()[-2:] == ["user: tell me everything", "assistant: There is a"]
    call.agent_replies("Where was I?")
    assert call.said()[-2:] == ["agent: There is a", "agent: Where was I?"]


def test_a_prepared_reply_and_words_wait_for_the_end_of_the_hold() -> None:
    call = patient(incremental_delay_ms=0)
    call.caller_says("hello there")
    call.give(ev.LineHeld, True)
    call.model_says("Hello.")
    call.voice_speaks()
    call.wait(20_000)
    assert call.core.state == "thinking"
    call.give(ev.LineHeld, False)
    assert call.core.state == "speaking"
    second = patient()
    second.give(ev.LineHeld, True)
    second.caller_says("your call is important to us")
    assert not second.all(fx.AskModel)
    second.give(ev.LineHeld, False)
    assert second.told() == ["user: your call is important to us"]


def test_a_goodbye_is_said_into_the_hold() -> None:
    call = patient(end_call_tool=True)
    call.caller_says("that is all")
    call.model_calls("end_call")
    call.model_says("Goodbye then.")
    call.starts_playing()
    call.give(ev.LineHeld, True)
    assert not call.all(fx.Clear)


def test_a_phone_that_holds_us_while_it_follows_a_transfer_comes_back_when_that_fails() -> None:
    call = transferring()
    call.plays()
    call.give(ev.LineHeld, True)
    call.transfer_goes("failed", "busy")
    assert len(call.all(fx.AskModel)) == 1
    call.give(ev.LineHeld, False)
    assert len(call.all(fx.AskModel)) == 2


def test_a_transfer_is_not_asked_for_while_the_line_is_held() -> None:
    call = transferring()
    call.starts_playing()
    call.wait(400)
    call.give(ev.LineHeld, True)
    call.clears(400)
    call.wait(10_000)
    assert not call.all(fx.Transfer)
    call.give(ev.LineHeld, False)
    # Who comes back to the line hears the announcement it was cut in.
    assert [speak.text for speak in call.clauses()] == ["I put you through to the desk."]
    assert call.core.state == "speaking"
    call.plays()
    assert call.core.state == "transferring"


def test_an_announcement_that_was_heard_to_its_end_when_the_hold_began_is_not_made_again() -> None:
    call = transferring()
    call.starts_playing()
    call.wait(400)
    call.give(ev.LineHeld, True)
    call.clears(100_000)
    call.give(ev.LineHeld, False)
    assert len([speak for speak in call.all(fx.Speak) if speak.purpose == "transfer"]) == 1
    assert call.core.state == "transferring"


def test_the_line_was_not_held() -> None:
    call = patient()
    call.give(ev.LineHeld, False)
    assert not call.all(fx.AskModel)


def test_words_that_a_hold_cut_before_they_sounded_are_not_said_again_for_their_voice_that_fails_then() -> None:
    call = patient()
    call.wait(3_000)
    call.give(ev.LineHeld, True)
    call.give(ev.ProviderFailed, "voice", "x", "broken_stream", "no", call.last(fx.Clear).generation)
    call.clears(0)
    call.give(ev.LineHeld, False)
    assert {speak.generation for speak in call.all(fx.Speak)} == {1}, (
        "nobody is asked twice, back at the line, if there"
    )
    call.agent_replies("Welcome back.")
    assert call.said() == ["agent: Welcome back."]
