"""The call doctor on real calls over loopback: healthy ones have no findings, and each planted fault is found for what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.call_world import SCENARIO, CallWorld, agent_body, call_world

from callwright.domain.execution import Execution

ENDED = ("completed", "error", "failed")
LINES = {
    "lossy": "loss=10,seed=3",
    "loud": "level=18,way=in",
    "soft": "level=-34,way=in",
    "noisy": "noise=-24,way=in",
}
LONG = "We are open from nine to five on weekdays, from ten to two on Saturdays, and on Sundays we are closed, except in May."


def personas() -> dict[str, Any]:
    patient: dict[str, Any] = SCENARIO["personas"]["patient"]
    answer = patient["answer"]
    return {
        "patient": patient,
        **{name: {"extends": "patient", "line": line} for name, line in LINES.items()},
        "impatient": {
            "answer": answer,
            "patience_s": 0,
            "rules": [{"say": "I want to book.", "hang_up": True, "linger_ms": 4_000}],
        },
        "talker": {
            "answer": answer,
            "barge_in_words": 4,
            "rules": [{"say": "Wait, please, I only want to ask one very short question about it."}],
        },
        "leaver": {"answer": answer | {"hang_up_after_ms": 5_000}},
        "repeater": {
            "answer": answer,
            "think_ms": 200,
            "rules": [{"say": f"This is sentence number {n}."} for n in (1, 2)],
        },
        "mute": {"answer": answer, "patience_s": 0, "rules": [], "fallback": []},
    }


def agent(
    *,
    model: Mapping[str, Any] | None = None,
    voice: Mapping[str, Any] | None = None,
    ears: Mapping[str, Any] | None = None,
    welcome: str = "",
    **settings: Any,
) -> dict[str, Any]:
    """The scripted agent with some of its parts changed."""
    body = agent_body(**settings)
    tools = body["tasks"][0]["tools_config"]
    tools["llm_agent"].update(model or {})
    tools["synthesizer"]["provider_config"].update(voice or {})
    tools["transcriber"].update(ears or {})
    if welcome:
        body["agent_welcome_message"] = welcome
    return body


CASES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    # what is planted: (persona, agent, rule, setting to change)
    "slow model": (
        "patient",
        agent(model={"first_token_ms": 1_800}),
        "slow_reply",
        "tools_config.llm_agent.llm_config.model",
    ),
    "slow voice": ("patient", agent(voice={"first_audio_ms": 1_800}), "slow_reply", "tools_config.synthesizer"),
    "slow recogniser": ("patient", agent(ears={"delay_ms": 1_500}), "slow_reply", "tools_config.transcriber"),
    "late welcome": ("patient", agent(welcome_message_delay=3_500), "dead_air", "task_config.welcome_message_delay"),
    "stuttering voice": ("patient", agent(voice={"piece_ms": 400}), "starved_playout", "tools_config.synthesizer"),
    "deaf for a sentence": ("patient", agent(ears={"drop": [1]}), "recogniser_drop_out", "tools_config.transcriber"),
    "recogniser breaks": ("patient", agent(ears={"fail_at": [2]}), "provider_failed", "tools_config.transcriber"),
    "voice breaks": (
        "patient",
        agent(voice={"fail": "unavailable", "fail_on": "What is"}),
        "provider_failed",
        "tools_config.synthesizer",
    ),
    "model breaks": (
        "patient",
        agent(model={"rules": [{"when": "book", "fail": "unavailable"}]}),
        "provider_failed",
        "tools_config.llm_agent",
    ),
    "never interrupted": (
        "talker",
        agent(welcome=LONG, number_of_words_for_interruption=0),
        "talk_over",
        "task_config.number_of_words_for_interruption",
    ),
    "no answer in time": (
        "impatient",
        agent(model={"first_token_ms": 9_000}),
        "missed_answer",
        "tools_config.llm_agent.llm_config.model",
    ),
    "caller leaves": ("leaver", agent(welcome=LONG), "hung_up_mid_sentence", "agent_prompts.task_1.system_prompt"),
    "time is over": (
        "patient",
        agent(model={"rules": [{"say": f"{LONG} {LONG}"}]}, call_terminate=10),
        "hung_up_mid_sentence",
        "task_config.call_terminate",
    ),
    "same answer": (
        "repeater",
        agent(model={"rules": [{"say": "Please tell me your number again."}]}),
        "loop",
        "agent_prompts.task_1.system_prompt",
    ),
    "mute caller": ("mute", agent(hangup_after_silence=14, check_if_user_online=False), "one_way_audio", "the line"),
    "lossy line": ("lossy", agent(), "lossy_line", "the network"),
    "loud caller": ("loud", agent(), "clipped_audio", "the line"),
    "soft caller": ("soft", agent(), "quiet_caller", "the line"),
    "noisy line": ("noisy", agent(), "noisy_line", "task_config.noise_cancellation_level"),
}
HEALTHY = 4


async def test_each_planted_fault_is_found_and_healthy_calls_have_none(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario={"default": "patient", "personas": personas()}) as world:
        placed = {name: await world.place(body, persona=persona) for name, (persona, body, _, _) in CASES.items()}
        healthy = [await world.place(persona="patient") for _ in range(HEALTHY)]

        rows = dict(zip(placed, await asyncio.gather(*(_end(world, one) for one in placed.values())), strict=True))
        well = await asyncio.gather(*(_end(world, one) for one in healthy))

    missed = {
        name: _told(rows[name])
        for name, (_, _, rule, setting) in CASES.items()
        if (rule, setting) not in [(one["rule"], one["change"][0]["setting"]) for one in _findings(rows[name])]
    }
    assert missed == {}
    assert [_told(row) for row in well if _told(row)] == []


async def _end(world: CallWorld, execution_id: str) -> Execution:
    return await world.until(execution_id, *ENDED, seconds=120)


def _findings(row: Execution) -> list[dict[str, Any]]:
    """What the record says, our machine's lateness apart: whoever runs other tests beside this one causes it."""
    findings: list[dict[str, Any]] = row.record["doctor"]["findings"]
    return [one for one in findings if one["change"][0]["setting"] != "the machine"]


def _told(row: Execution) -> list[str]:
    return [f"{one['rule']}: {one['what']}" for one in _findings(row)]
