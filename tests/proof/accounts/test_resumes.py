"""The account of interruptions."""

from dataclasses import replace
from typing import Any

import pytest
from proof.accounts.reading import contradiction
from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def interrupted(by_key: bool, **plan: Any) -> AuditedCall:
    """Words or a key silence the agent, which answers."""
    call = AuditedCall(keys=True, incremental_delay_ms=0, **plan)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8.")
    call.starts_playing()
    call.wait(600)
    if by_key:
        call.types("#")
        call.clears(800)
    else:
        call.begins()
        call.wait(400)
        call.tells("w3 w4 w5")
        call.clears(1_000)
        call.pauses()
        call.finishes("w3 w4 w5")
        call.judges()
    call.model_says("a9.")
    call.voice_speaks()
    call.wait(2_000)
    assert len(call.all(fx.Release)) == 2
    return call


@pytest.mark.parametrize("by_key", [False, True])
def test_an_agent_that_was_interrupted_keeps_its_backoff_period(by_key: bool) -> None:
    assert not interrupted(by_key, backoff_ms=1_500).audit()
    hasty = interrupted(by_key)
    assert not hasty.audit()
    started = hasty.steps[0][0]
    assert isinstance(started, ev.Started)
    slower = replace(started, plan=replace(started.plan, backoff_ms=1_500))
    broken = contradiction([(slower, hasty.steps[0][1]), *hasty.steps[1:]], {}, False)
    assert broken.startswith("an agent that was interrupted keeps its backoff period")


def test_a_sound_whose_words_turn_out_to_be_none_makes_the_backoff_period_no_longer() -> None:
    call = AuditedCall(keys=True, keys_pause_ms=3_000, incremental_delay_ms=0, backoff_ms=2_500, words_to_interrupt=3)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8.")
    call.starts_playing()
    call.types("7")
    call.clears(200)
    call.begins()
    call.wait(1_500)
    call.tells("w3 w4 w5")
    call.pauses()
    call.finishes("")
    call.wait(1_600)
    call.model_says("a9.")
    call.voice_speaks()
    call.wait(2_000)
    assert len(call.all(fx.Release)) == 2
    assert not call.audit()
    event, effects = call.steps[-1]
    call.steps[-1] = ev.DeadlineReached(event.at_us - 800_000), effects
    assert not call.audit()
