"""Whole calls with real audio on which a machine answers, or somebody who is none; and sounds beside speech."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.call_world import CallWorld, agent_body, call_world

from callwright.conversation.log import Entry, read_log
from callwright.conversation.replay import replay
from callwright.media.g711 import loudness
from callwright.media.wav import read_wav
from callwright.platform.executions.rules.attempts import recording_name

pytestmark = pytest.mark.real_time

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped")
MESSAGE = "Hello {contact}, this is reception. Please call us back."
SCENARIO: dict[str, Any] = {
    "default": "machine",
    "personas": {
        "terse": {
            "extends": "machine",
            "answer": {"how": "machine", "greeting": "Ada Stone, sorry, I am out.", "after_s": 0.1},
        },
        "person": {
            "answer": {"after_s": 0.1},
            "opening": "Hello?",
            "think_ms": 200,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"say": "I want to book a dentist."},
                {"say": "No. Goodbye.", "hang_up": True, "linger_ms": 500},
            ],
        },
        "receptionist": {
            "answer": {"after_s": 0.1},
            "opening": "Good morning, Hill Dental, this is Mary speaking, how can I help you?",
            "think_ms": 200,
            "patience_s": 0,
            "fallback": [],
            "rules": [{"say": "Thank you, goodbye.", "hang_up": True, "linger_ms": 500}],
        },
    },
}


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path, scenario=SCENARIO) as started:
        yield started


async def called(world: CallWorld, persona: str, **changes: Any) -> tuple[dict[str, Any], list[Entry]]:
    """The execution of a call and its log, which replays exactly."""
    body = agent_body(check_if_user_online=False, **changes)
    execution = world.body(await world.until(await world.place(body, persona=persona), *ENDED))
    log = await world.log(execution["id"])
    replayed = replay(log)
    assert replayed.exact, replayed.difference
    return execution, list(read_log(log)[1])


def ended_as(execution: dict[str, Any]) -> tuple[str, str, bool | None]:
    """Status, reason of the hang-up, and whether a machine answered."""
    return execution["status"], execution["telephony_data"]["hangup_reason"], execution["answered_by_voice_mail"]


async def test_a_machine_is_hung_up_on(world: CallWorld) -> None:
    execution, entries = await called(world, "machine", voicemail=True)
    assert ended_as(execution) == ("completed", "voicemail_detected", True)
    assert execution["telephony_data"]["hangup_by"] == "API Request"
    assert "You have reached the voicemail." in execution["transcript"]
    assert not [e for e in entries if e.type == "Speak" and e.values["purpose"] == "reply"], (
        "a machine is not talked to"
    )


async def test_a_message_is_left_after_the_beep(world: CallWorld) -> None:
    execution, entries = await called(
        world, "machine", voicemail=True, voicemail_message=MESSAGE.replace("{contact}", "{persona}")
    )
    assert ended_as(execution) == ("completed", "voicemail_detected", True)
    assert (
        execution["transcript"].splitlines()[-1] == "assistant: Hello machine, this is reception. Please call us back."
    )
    beep = next(e for e in entries if e.type == "MachineDetected" and e.values["kind"] == "beep")
    message = next(e for e in entries if e.type == "Speak" and e.values["purpose"] == "voicemail")
    began = next(
        e for e in entries if e.type == "PlayoutStarted" and e.values["generation"] == message.values["generation"]
    )
    assert beep.at_us <= began.at_us <= beep.at_us + 500_000


async def test_a_machine_whose_words_tell_nothing_is_known_by_its_beep(world: CallWorld) -> None:
    execution, _ = await called(world, "terse", voicemail=True)
    assert ended_as(execution) == ("completed", "voicemail_detected", True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, marks=pytest.mark.long, id="greeting at once"),
        pytest.param({"voicemail_detection_time": 2}, id="listening first"),
    ],
)
@pytest.mark.parametrize("persona", [pytest.param("person", marks=pytest.mark.long), "receptionist"])
async def test_a_person_is_talked_to(world: CallWorld, persona: str, changes: dict[str, Any]) -> None:
    execution, entries = await called(world, persona, voicemail=True, voicemail_message="Call us back.", **changes)
    assert ended_as(execution)[1:] == ("Call recipient hung up", False), execution["transcript"]
    assert "assistant: Hello, this is" in execution["transcript"]
    assert not [e for e in entries if e.type == "Note" and e.values["kind"] == "voicemail_found"]


@pytest.mark.long
async def test_without_the_setting_a_machine_is_talked_to_and_nothing_is_said_of_it(world: CallWorld) -> None:
    execution, _ = await called(world, "machine", call_terminate=6)
    assert execution["answered_by_voice_mail"] is None


async def test_fillers_are_heard_while_a_slow_model_thinks_and_are_no_part_of_the_conversation(
    world: CallWorld,
) -> None:
    body = agent_body(check_if_user_online=False, use_fillers=True)
    body["tasks"][0]["tools_config"]["llm_agent"]["first_token_ms"] = 3_000
    execution = world.body(await world.until(await world.place(body, persona="person"), *ENDED))
    sounds = execution["callwright"]["sounds"]
    assert sounds
    assert {sound["lane"] for sound in sounds} == {"filler"}
    assert not any(sound["text"] in execution["transcript"] for sound in sounds)
    assert all(a["text"] != b["text"] for a, b in itertools.pairwise(sounds))
    assert replay(await world.log(execution["id"])).exact


@pytest.mark.long
async def test_ambient_noise_lies_under_the_whole_call_and_is_recorded(world: CallWorld) -> None:
    execution, _ = await called(world, "person", ambient_noise=True, ambient_noise_track="coffee-shop")
    assert execution["transcript"].startswith("assistant: Hello, this is reception.")
    assert "I want to book a dentist." in execution["transcript"]
    path = world.deps.recordings.path(execution["id"], recording_name(1))
    assert path is not None
    recording = read_wav(await asyncio.to_thread(Path(path).read_bytes))
    agent = recording.channel(1)
    seconds = [loudness(agent[at : at + 16_000]) for at in range(0, len(agent) - 16_000, 16_000)]
    assert min(seconds) > 60, "there is no digital silence on the agent's side"
