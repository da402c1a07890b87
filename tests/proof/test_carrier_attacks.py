"""Mutated messages and requests of every carrier with a media websocket: in virtual time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from proof.carrier_attacks import attacked
from proof.carrier_messages import SIDES, Side

from callwright.telephony.media_streams.framing import Framing
from callwright.telephony.media_streams.leg import StreamLeg

MUTANTS = 150
EVERY_SIDE = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


@EVERY_SIDE
@pytest.mark.parametrize("mutants", [MUTANTS, pytest.param(2_000, marks=pytest.mark.long)])
def test_whatever_comes_is_refused_or_taken_and_no_other_call_notices_it(side: Side, mutants: int) -> None:
    outcome = attacked(side, mutants, 1)
    assert not outcome.broken, "\n".join(f"{one.rule} after {one.after}" for one in outcome.broken)
    assert outcome.mutants == mutants
    # They come through to what they attack: some are taken, others refused by their words and by their signatures.
    assert outcome.answers["stream"] > mutants / 3
    assert outcome.answers["403"] > 0
    assert outcome.answers["200"] + outcome.answers["204"] > mutants / 30
    assert outcome.answers["400"] > 0


def test_a_message_that_breaks_the_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Framing.take

    def broken(self: Framing, message: Any, far_end: Any) -> None:
        json.loads(message)
        take(self, message, far_end)

    monkeypatch.setattr(Framing, "take", broken)
    assert any("JSONDecodeError" in one.rule for one in attacked(SIDES[0], 2 * MUTANTS, 1).broken)


def test_a_call_that_is_held_when_it_is_over_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[StreamLeg] = []
    finished = StreamLeg.finish

    def finish(self: StreamLeg, ending: Any) -> None:
        held.append(self)
        finished(self, ending)

    monkeypatch.setattr(StreamLeg, "finish", finish)
    assert any("are held" in one.rule for one in attacked(SIDES[0], 10, 1).broken)


def test_a_door_that_changes_another_call_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the signature leaves out which call a request is about."""
    vobiz = next(one for one in SIDES if one.name == "vobiz")
    monkeypatch.setattr("callwright.telephony.plivo.vendor.PlivoCalls.proof", lambda *given: {})
    assert any("another call" in one.rule for one in attacked(vobiz, MUTANTS, 1).broken)
