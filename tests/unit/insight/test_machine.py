"""Whether a machine may have answered, by the log of a call."""

from __future__ import annotations

import pytest
from tests.unit.insight.call_log import CallLog

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.voicemail import FOUND, TAKEN_BACK
from callwright.insight.machine import is_suspected

BUSY = "I am busy, please call back tomorrow at nine."


def call(*signs: str, says: str = BUSY, hears: str = "", cut: bool = False) -> CallLog:
    """A watched call: ``signs`` of a machine, then the agent's welcome as far as it was heard, then what was said."""
    log = CallLog().answered().write(fx.ListenForMachine(True))
    for kind in signs:
        log.event(ev.MachineDetected, kind, "local")
    log.agent_said(0, 1, hears, "welcome", cut)
    return log.caller_said(1, says).leg_ended()


@pytest.mark.parametrize(
    ("log", "suspected"),
    [
        (call(hears="Hello."), False),
        (call("likely", hears="Hello."), False),
        (call("likely", "human"), False),
        (call("human", "likely", hears="Hel", cut=True), True),
        (call("likely"), True),
        (call("beep"), True),
        (call(says="You have reached Dr Smith. Please leave a message after the tone.", hears="Hello."), True),
        (call(says="The person you are calling is not available. Please call back at five.", hears="Hello."), True),
        (call("likely").write(fx.Note(FOUND, "words")), True),
        (call("likely").write(fx.Note(FOUND, "words")).write(fx.Note(TAKEN_BACK, "")), False),
    ],
)
def test_a_machine_is_suspected_by_its_words_and_by_a_voice_that_listened_to_nobody(
    log: CallLog, suspected: bool
) -> None:
    assert is_suspected(log.view) is suspected
