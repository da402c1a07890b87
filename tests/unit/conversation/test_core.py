"""The core as a whole: its tables, its rules, its clock."""

from typing import Any, get_args

import pytest
from proof.coverage import STATES
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.plan import CallPlan, TransferTool
from callwright.conversation.reply import Generation
from callwright.conversation.table import ACTIONS, PHASES
from callwright.conversation.timers import FAR_US, Timers
from callwright.domain.errors import BrokenInvariantError
from callwright.ports.model import Tool

SAMPLES: dict[type, tuple[object, ...]] = {
    ev.Started: (CallPlan(), (), 0),
    ev.Ringing: (),
    ev.Answered: (),
    ev.ActivityBegan: (100,),
    ev.ActivityEnded: (200,),
    ev.TranscriptPartial: (150, 1, "well"),
    ev.TranscriptFinal: (200, 1, "well hello"),
    ev.RecogniserEager: (200,),
    ev.RecogniserResumed: (200,),
    ev.RecogniserEnd: (200,),
    ev.TurnVerdict: (1, 900_000),
    ev.KeyPressed: ("#",),
    ev.ReplyText: (2, 2, "Good day. "),
    ev.ReplyTool: (2, 2, "c1", "book", "{}"),
    ev.ReplyEnded: (2, 2, "stop"),
    ev.UsageReported: ("model", "p", "m", "reply", 2, 2, 10),
    ev.VoiceReady: (1, 0),
    ev.VoiceFinished: (1, 0, 500),
    ev.PlayoutStarted: (1,),
    ev.MarkPlayed: (1, 0),
    ev.Cleared: (1, 200),
    ev.AssetPlayed: ("Hmm.", "filler", 300, True),
    ev.ToolResult: (1, True, "{}"),
    ev.ClassifierVerdict: (1, "hangup", True),
    ev.MachineDetected: ("machine", "carrier"),
    ev.TransferProgress: (1, "ringing"),
    ev.LineHeld: (True,),
    ev.ProviderSwitched: ("model", "a", "b", "limit"),
    ev.ProviderFailed: ("voice", "p", "unavailable", "down", 1),
    ev.ExternalEvent: ("note", "{}"),
    ev.StopRequested: ("API Request", "stopped"),
    ev.LegEnded: ("answered", "Callee", "hung up", 4000),
    ev.DeadlineReached: (),
}


def call_in(state: str) -> Call:
    """A call in the named state."""
    welcome: dict[str, Any] = {"welcome_message": "Hello, who is there?"}
    if state == "new":
        call = Call.__new__(Call)
        call.core, call.now_ms, call.answered_ms, call.segment, call.effects = Conversation(), 0, 0, 0, []
    elif state == "dialling":
        call = Call(answered=False)
    elif state == "greeting":
        call = Call(welcome_delay_ms=900)
    elif state in ("welcoming", "clearing"):
        call = Call(**welcome)
        call.starts_playing()
        if state == "clearing":
            call.hears("one two three four")
    elif state == "machine":
        call = Call(voicemail=True, voicemail_message="Please call us back.")
        call.finishes("Please leave a message after the tone.")
    elif state == "closing":
        call = Call(hangup_message="Bye.", check_if_user_online=False)
        call.wait(10_000)
    else:
        transfer = TransferTool("transfer_call_desk", "loopback:desk")
        call = Call(
            end_call_tool=True,
            tools=(Tool("book", "Book a table", "{}"), Tool(transfer.name, "To the desk", "{}")),
            transfers=(transfer,),
            incremental_delay_ms=0 if state == "transferring" else 400,
        )
        if state == "hearing":
            call.begins()
        if state in ("thinking", "speaking", "working"):
            call.caller_says("hello")
        if state == "speaking":
            call.model_says("Good morning.")
            call.starts_playing()
        if state == "working":
            call.model_calls("book", "c7")
            call.model_ends()
            call.wait(1_000)
        if state == "transferring":
            call.caller_says("a person please")
            call.model_calls("transfer_call_desk", "c7")
            call.model_ends()
        if state == "leaving":
            call.give(ev.StopRequested, "x", "y")
        if state == "ended":
            call.ends()
    assert call.core.state == state
    return call


def test_the_samples_cover_the_whole_vocabulary() -> None:
    assert set(SAMPLES) == set(ACTIONS) == set(get_args(ev.Event))


@pytest.mark.parametrize("state", STATES)
def test_every_event_is_taken_in_every_state_and_the_call_still_ends(state: str) -> None:
    """Each event first, then all the others after it, so that most pairs are met too."""
    last = (ev.StopRequested, ev.LegEnded)
    others = [event for event in SAMPLES if event not in last]
    for position, first in enumerate([*others, *last]):
        call = call_in(state)
        call.give(first, *SAMPLES[first])
        for event in [*others[position:], *others[:position], *last]:
            call.wait(30)
            call.give(event, *SAMPLES[event])
        assert call.core.ended
        assert call.core.next_deadline() is None
        assert len(call.all(fx.HangUp)) <= 1


def test_every_phase_has_an_action_for_every_event() -> None:
    assert all(len(actions) == len(PHASES) for actions in ACTIONS.values())


def test_a_deadline_that_is_due_fires_before_a_later_event_and_as_of_its_own_time() -> None:
    """A runner that sleeps through deadlines gets the same effects as one that wakes up for each."""
    punctual, late = (Call(user_online_after_ms=3_000, hangup_after_silence_ms=4_000) for _ in range(2))
    punctual.wait(20_000)
    late.now_ms += 20_000
    late.give(ev.DeadlineReached)
    assert late.effects == punctual.effects
    assert late.core.state == punctual.core.state


def test_the_same_events_give_the_same_effects() -> None:
    first, second = (call_in("speaking") for _ in range(2))
    assert first.effects == second.effects


def test_the_phase_of_a_generation_follows_its_table() -> None:
    generation = Generation(3, 1, "reply", 5, "hello")
    with pytest.raises(BrokenInvariantError, match="generation 3 is speculative and cannot release"):
        generation.move("release")
    generation.move("commit")
    generation.move("release")
    with pytest.raises(BrokenInvariantError, match="generation 3 is released and cannot act"):
        generation.move("act")


def test_timers_fire_in_order_of_their_due_time() -> None:
    timers = Timers()
    timers.arm("later", 20)
    timers.arm("sooner", 10)
    timers.arm("same", 10)
    assert (timers.next_us, timers.next_name) == (10, "sooner")
    timers.arm("sooner", 30)
    assert timers.next_name == "same"
    timers.arm_sooner("later", 5)
    timers.arm_sooner("later", 50)
    assert (timers.next_us, timers.next_name) == (5, "later")
    timers.cancel("later")
    timers.cancel("later")
    timers.cancel("sooner")
    assert timers.armed("same")
    timers.arm("later", 40)
    timers.arm("last", 50)
    timers.cancel_all(but=("last", "later", "never"))
    assert (timers.next_us, timers.next_name, timers.armed("same")) == (40, "later", False)
    timers.cancel_all()
    assert timers.next_us == FAR_US


def test_a_revised_plan_holds_from_then_on_for_prompt_silence_and_duration() -> None:
    call = Call(hangup_after_silence_ms=0, check_if_user_online=False, call_terminate_ms=60_000)
    call.wait(5_000)
    call.core.revise(CallPlan(system_prompt="Be rude.", hangup_after_silence_ms=4_000, check_if_user_online=False))
    call.caller_says("hello there")
    assert call.last(fx.AskModel).messages[0].content == "Be rude."
    call.agent_replies("No.")
    call.wait(4_100)
    assert call.hung_up() == "inactivity_timeout"

    call = Call(call_terminate_ms=60_000)
    call.core.revise(CallPlan(call_terminate_ms=3_000))
    call.wait(3_100)
    assert call.hung_up() == "max_duration_reached"


def test_a_plan_revised_before_the_answer_limits_the_call_from_its_answer_on() -> None:
    call = Call(answered=False)
    call.core.revise(CallPlan(call_terminate_ms=2_000))
    call.give(ev.Answered)
    call.wait(2_100)
    assert call.hung_up() == "max_duration_reached"
