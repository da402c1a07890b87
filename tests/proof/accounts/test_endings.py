"""The account of how a call ends."""

from collections.abc import Iterable

import pytest
from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool

LOST = TransferTool("transfer_call_lost", "{missing}", message="I put you through.")


def silent(**plan: object) -> AuditedCall:
    """A caller to whom the agent says goodbye because of a silence."""
    call = AuditedCall(
        **{
            "check_if_user_online": False,
            "hangup_after_silence_ms": 3_000,
            "hangup_message": "Goodbye now, have a nice day.",
            "incremental_delay_ms": 0,
            **plan,
        }
    )
    call.wait(3_000)
    return call


@pytest.mark.parametrize("tools", [("end_call", LOST.name), (LOST.name, "end_call")])
def test_an_end_beside_a_transfer_that_cannot_be_made_leaves_the_next_goodbye_one_of_a_silence(
    tools: tuple[str, ...],
) -> None:
    call = silent(
        transfers=(LOST,), tools=(Tool(LOST.name, "", "{}"),), end_call_tool=True, hangup_after_silence_ms=9_000
    )
    call.caller_says("w1 w2 w3")
    for number, name in enumerate(tools):
        call.model_calls(name, f"c{number}")
    call.model_ends()
    call.agent_replies("That cannot be done.")
    call.wait(9_000)
    assert call.core.state == "closing"
    call.starts_playing()
    call.wait(400)
    call.begins()
    call.wait(400)
    call.tells("w4 w5 w6 w7")
    assert "goodbye_taken_back" in call.notes()
    assert not call.audit()


def test_a_call_that_the_model_did_not_end_is_not_hung_up_for_it() -> None:
    def for_the_model(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        yield fx.HangUp(effect.by, "end_call_tool") if isinstance(effect, fx.HangUp) else effect

    call = silent(
        transfers=(LOST,), tools=(Tool(LOST.name, "", "{}"),), end_call_tool=True, hangup_after_silence_ms=9_000
    )
    call.caller_says("w1 w2 w3")
    call.model_calls("end_call", "c1")
    call.model_calls(LOST.name, "c2")
    call.model_ends()
    call.agent_replies("That cannot be done.")
    call.wait(9_000)
    call.plays()
    assert not call.audit()
    assert call.audit_with(for_the_model).startswith("a call ends for the reason it has")


def begins_before_goodbye_sounds() -> AuditedCall:
    """The caller begins when the goodbye is about to sound, which may not be interrupted, and is read when it has begun."""
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.starts_playing()
    call.wait(400)
    return call


def nothing_taken_back(event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
    words = isinstance(event, ev.TranscriptPartial | ev.TranscriptFinal)
    return () if words and isinstance(effect, fx.Note | fx.Clear | fx.CancelVoice) else (effect,)


def test_who_began_before_the_goodbye_sounded_is_not_hung_up_on() -> None:
    call = begins_before_goodbye_sounds()
    call.tells("w1 w2")
    assert not call.audit()
    assert call.audit_with(nothing_taken_back) == "who speaks over the goodbye of a silence is not hung up on: w1 w2"


def test_who_says_okay_before_the_goodbye_sounded_stays_on_the_line() -> None:
    call = begins_before_goodbye_sounds()
    call.finishes("okay")
    assert "goodbye_taken_back" in call.notes()
    assert not call.audit()


def test_a_goodbye_that_may_not_be_interrupted_is_not_taken_back_by_who_began_over_it() -> None:
    call = silent(interruptible_goodbye=False)
    call.starts_playing()
    call.wait(400)
    call.begins()
    call.wait(400)
    call.tells("w1 w2")
    assert "goodbye_taken_back" not in call.notes()
    assert not call.audit()
    event, effects = call.steps[-1]
    call.steps[-1] = (event, (*effects, fx.Note("goodbye_taken_back", "")))
    assert call.audit().startswith("a goodbye is said to its end where the agent may not be interrupted in it")


def taken_back(call: AuditedCall) -> str:
    """What is said if the newest step took the goodbye back."""
    assert "goodbye_taken_back" not in call.notes()
    assert not call.audit()
    event, effects = call.steps[-1]
    call.steps[-1] = (event, (*effects, fx.Note("goodbye_taken_back", "")))
    return call.audit()


def coughs_before_goodbye_sounds(**plan: object) -> AuditedCall:
    """A short sound before that goodbye is heard, and another one over it."""
    call = silent(**plan)
    call.begins()
    call.wait(100)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(800)
    call.begins()
    call.wait(500)
    return call


def test_a_cough_before_the_goodbye_sounds_does_not_excuse_that_it_is_taken_back() -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.tells("w1 w2")
    assert taken_back(call).startswith("a goodbye is said to its end where the agent may not be interrupted in it")


def test_a_cough_before_the_goodbye_sounds_does_not_make_more_of_a_nod_over_it() -> None:
    call = coughs_before_goodbye_sounds()
    call.finishes("okay")
    assert taken_back(call) == "who only says 'go on' does not take a goodbye back: okay"


def test_words_that_may_have_been_begun_in_the_sound_before_excuse_it() -> None:
    call = coughs_before_goodbye_sounds(interruptible_goodbye=False)
    call.give(ev.TranscriptFinal, 100, 1, "w1")
    assert "goodbye_taken_back" in call.notes()
    assert not call.audit()


def test_a_sound_that_goes_on_into_the_goodbye_excuses_it() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.starts_playing()
    call.wait(200)
    call.pauses()
    call.wait(400)
    call.begins()
    call.wait(900)
    call.tells("w1 w2")
    assert "goodbye_taken_back" in call.notes()
    assert not call.audit()


def test_a_sound_that_ended_long_before_words_over_the_goodbye_does_not_excuse_it() -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(100)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(1_400)
    call.tells("w1 w2")
    assert taken_back(call).startswith("a goodbye is said to its end where the agent may not be interrupted in it")


@pytest.mark.parametrize(("pause_ms", "excused"), [(300, True), (700, False)])
def test_a_sound_just_before_that_of_the_words_may_be_their_beginning(pause_ms: int, excused: bool) -> None:
    call = silent(interruptible_goodbye=False)
    call.begins()
    call.wait(200)
    call.pauses()
    call.wait(50)
    call.starts_playing()
    call.wait(pause_ms - 50)
    call.begins()
    call.wait(900)
    call.tells("w1 w2")
    if excused:
        assert "goodbye_taken_back" in call.notes()
        assert not call.audit()
    else:
        assert taken_back(call).startswith("a goodbye is said to its end where the agent may not be interrupted in it")
