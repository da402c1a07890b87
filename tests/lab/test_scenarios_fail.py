"""Scenarios that come with Callwright fail when what they are named for breaks: with a bug planted in the core or in the shell, with an
agent that does not do it, or with a caller who does not bring it about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callwright.bootstrap.simulated_calls import Session, run, shipped
from callwright.conversation.hearing import Hearing
from callwright.conversation.patience import PAUSES
from callwright.lab.call_scenario import CallScenario
from callwright.lab.verdicts import Verdict
from callwright.media.g711 import loudness
from callwright.media.tonetext import ToneTextDecoder
from callwright.media.vad import EnergyVad
from callwright.ops.settings import Settings

RUNS = 2
"""As few as show that a pass rate of 0.7 is not reached, if none of them passes."""
NEAR_THE_MICROPHONE = 2_000
"""Root mean square of a frame; the mumbler's line lets at most about 1,100 through."""
MUMBLED = "Furrah."
ASKS_AGAIN = "Could you say that again, please?"


IN_THE_CORE: dict[str, tuple[str, dict[str, tuple[int, int]]]] = {
    "no kind of turn has pauses of its own": ("number-dictation", dict.fromkeys(PAUSES, (0, 100))),
    "a pause between groups of digits ends the turn": ("number-dictation", {"number": (0, 100)}),
    "a turn model ends a number": ("number-dictation", {"number": (0, 200)}),
    "a pause between letters ends the turn": ("slow-speller", {"spelling": (0, 100)}),
    "half a sentence ends the turn": ("hesitater", {"half": (0, 60), "open": (0, 60)}),
}
"""Bug -> (scenario, the pauses that the core has instead of its own)."""


def judged(scenario: CallScenario, folder: Path) -> Verdict:
    """What a few runs of a scenario came to."""
    verdicts, _ = run([replace(scenario, runs=RUNS)], Session(Settings(), keep=folder), seed=1)
    return verdicts[0]


def named(name: str) -> CallScenario:
    return next(one for one in shipped() if one.name == name)


def said_otherwise(agent: Mapping[str, Any], was: str, becomes: str) -> Any:
    """The agent with another sentence in its script."""
    text = json.dumps(agent)
    assert was in text
    return json.loads(text.replace(was, becomes))


@contextmanager
def deaf_to_who_is_far(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Detector and recogniser take a low voice for the noise of the room. (A caller whom the detector alone misses is understood by the
    words.)"""
    true, reads = EnergyVad.feed, ToneTextDecoder.feed
    with monkeypatch.context() as patch:
        patch.setattr(
            EnergyVad, "feed", lambda self, pcm: true(self, pcm) if loudness(pcm) > NEAR_THE_MICROPHONE else 0
        )
        patch.setattr(
            ToneTextDecoder,
            "feed",
            lambda self, pcm: reads(self, pcm if loudness(pcm) > NEAR_THE_MICROPHONE else bytes(len(pcm))),
        )
        yield


@pytest.mark.parametrize("bug", IN_THE_CORE)
def test_a_scenario_fails_with_a_bug_in_what_it_is_named_for(
    bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, pauses = IN_THE_CORE[bug]
    for kind, pause in pauses.items():
        monkeypatch.setitem(PAUSES, kind, pause)
    verdict = judged(named(name), tmp_path)
    assert verdict.verdict == "fail"


def test_the_back_channeller_fails_where_words_that_only_listen_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "_only_listens", lambda self: False)
    verdict = judged(named("back-channeller"), tmp_path)
    assert verdict.verdict == "fail"


def test_the_mumbler_fails_where_a_low_voice_is_not_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf_to_who_is_far(monkeypatch):
        verdict = judged(named("mumbler"), tmp_path)
    assert verdict.verdict == "fail"


@pytest.mark.parametrize("instead", ["All right.", "You are booked. Anything else?"])
def test_the_mumbler_fails_with_an_agent_that_does_not_ask_again(instead: str, tmp_path: Path) -> None:
    scenario = named("mumbler")
    agent = said_otherwise(scenario.agent, ASKS_AGAIN, instead)
    verdict = judged(replace(scenario, agent=agent), tmp_path)
    assert verdict.verdict == "fail"


def test_the_mumbler_fails_with_a_caller_who_speaks_clearly(tmp_path: Path) -> None:
    scenario = named("mumbler")
    assert MUMBLED in scenario.persona.lines()
    rules = tuple(replace(one, say=one.say.replace(MUMBLED, "Friday.")) for one in scenario.persona.rules)
    verdict = judged(replace(scenario, persona=replace(scenario.persona, rules=rules)), tmp_path)
    assert [why for why, _, _ in verdict.reasons if "say that again" in why]
    assert verdict.verdict == "fail"


def test_the_back_channeller_fails_with_a_caller_who_only_listens_in_silence(tmp_path: Path) -> None:
    scenario = named("back-channeller")
    rules = tuple(one for one in scenario.persona.rules if not one.interrupt_after_words)
    verdict = judged(replace(scenario, persona=replace(scenario.persona, rules=rules)), tmp_path)
    assert verdict.verdict == "fail"


BOOKINGS = (
    "echo-line",
    "hesitater",
    *(
        pytest.param(one, marks=pytest.mark.long)
        for one in ("interrupter", "mumbler", "noisy-line", "slow-model", "two-languages")
    ),
)


@pytest.mark.parametrize("name", BOOKINGS)
def test_a_booking_fails_where_the_caller_never_hears_of_it(name: str, tmp_path: Path) -> None:
    scenario = named(name)
    verdict = judged(
        replace(scenario, agent=said_otherwise(scenario.agent, "You are booked. Anything else?", "Done.")), tmp_path
    )
    assert verdict.verdict == "fail"
    assert [why for why, _, _ in verdict.reasons if why.startswith("the far end did not hear 'booked")]


def test_the_slow_model_fails_with_one_that_is_slower(tmp_path: Path) -> None:
    scenario = named("slow-model")
    slower = replace(scenario.delays, model_ms=(4_000, 5_000))
    verdict = judged(replace(scenario, delays=slower), tmp_path)
    assert verdict.verdict == "fail"
    assert not scenario.persona.fallback, "a caller who is lost is no caller who waits"
