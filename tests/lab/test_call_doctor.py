"""The call doctor on whole calls of the real shell: healthy ones have no findings, and each planted fault is found for what it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callwright.bootstrap.scenario_runner import ScenarioRunner
from callwright.bootstrap.simulated_calls import shipped
from callwright.insight.doctor import diagnose
from callwright.insight.doctor_finding import Finding
from callwright.insight.view import view_of
from callwright.lab.call_scenario import CallScenario, call_scenario_of
from callwright.lab.packed_log import unpack
from callwright.lab.virtual_loop import VirtualLoop
from callwright.ops.settings import load_settings

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LONG = "We are open from nine to five on weekdays, from ten to two on Saturdays, and on Sundays we are closed, except in May."
RULES = [
    {"when": "dentist|book", "say": "Of course. Which day suits you?"},
    {"when": "monday", "say": "Monday at nine is free. What is your name?"},
    {"when": "my name is", "say": "Thank you. You are booked.", "end_call": True},
]
PATIENT = {
    "think_ms": 300,
    "rules": [{"say": "I want to book a dentist."}, {"say": "On Monday please."}, {"say": "My name is Ann."}],
}
LEAVES = {"patience_s": 0, "rules": [{"say": "I want to book.", "hang_up": True, "linger_ms": 4_000}]}
TALKS_OVER = {
    "barge_in_words": 4,
    "rules": [{"say": "Wait, please, I only want to ask one very short question about it."}],
}
SAYS_TWO = {"think_ms": 300, "rules": [{"say": "This is sentence number 1."}, {"say": "This is sentence number 2."}]}
HESITATES = {
    "think_ms": 300,
    "rules": [
        {"say": "I want to book a table"},
        {"heard": "of", "interrupt_after_words": 1, "say": "for Monday evening at eight."},
    ],
}
MUTE: dict[str, Any] = {"patience_s": 0, "rules": [], "fallback": []}
TOOL = {
    "name": "look",
    "description": "Look a name up",
    "parameters": {"type": "object", "properties": {}},
    "url": "https://tools.example.org/look",
}


def asks_again(
    silence_s: float, again: tuple[str, str] = ("I asked for the price.", "So what is the price?")
) -> dict[str, Any]:
    """A caller who asks, and ``again`` whenever it was silent for so long, and leaves at the third time."""
    waits = {"when": "silence", "silence_s": silence_s, "in_order": False}
    rules = [
        {"heard": "reception", "say": "How much is a cleaning?"},
        *({**waits, "say": say} for say in again),
        {**waits, "say": "I hang up now.", "hang_up": True},
    ]
    return {"think_ms": 300, "patience_s": 0, "rules": rules, "fallback": []}


def agent(
    *,
    model: Mapping[str, Any] | None = None,
    voice: Mapping[str, Any] | None = None,
    ears: Mapping[str, Any] | None = None,
    welcome: str = "Hello, this is reception.",
    tools: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """The receptionist with some of its parts changed."""
    given: dict[str, Any] = {
        "llm_agent": {"provider": "scripted", "model": "scripted", "rules": RULES, "max_tokens": 200, **(model or {})},
        "transcriber": {"provider": "scripted", "model": "scripted", **(ears or {})},
        "synthesizer": {"provider": "scripted", "provider_config": {"voice": "scripted", **(voice or {})}},
    }
    if tools:
        url = {"method": "GET", "url": TOOL["url"], "param": {}}
        given["api_tools"] = {"tools": [{k: v for k, v in TOOL.items() if k != "url"}], "tools_params": {"look": url}}
    return {
        "agent_name": "Reception",
        "agent_welcome_message": welcome,
        "tasks": [
            {"task_type": "conversation", "tools_config": given, "task_config": {"call_terminate": 120, **settings}}
        ],
        "agent_prompts": {"task_1": {"system_prompt": "Book appointments."}},
    }


def scenario(name: str, caller: Mapping[str, Any], body: Mapping[str, Any], **more: Any) -> CallScenario:
    return call_scenario_of(
        {"agent": body, "persona": caller, "expect": [{"turns": {"at_most": 99}}], **more}, name, lambda _: {}
    )


def findings(one: CallScenario, seed: int = 1) -> list[Finding]:
    """What the doctor says of a call of the scenario."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        calls = ScenarioRunner(load_settings(os.environ), "tones", loop)
        runner.run(calls.open())
        try:
            made = runner.run(calls.call(one, seed))
        finally:
            runner.run(calls.aclose())
    assert not made.problems
    return list(diagnose(view_of(made.log)).findings)


def told(found: list[Finding]) -> list[tuple[str, str]]:
    """Each finding's rule and the first thing to change."""
    return [(one.rule, one.advice[0].setting) for one in found]


MODEL, VOICE, EARS = "tools_config.llm_agent.llm_config.model", "tools_config.synthesizer", "tools_config.transcriber"
PROMPT, CONFIG = "agent_prompts.task_1.system_prompt", "task_config"
LOOKS = {"rules": [{"when": "book", "tool": {"name": "look", "arguments": {}}}, {"when": "ok", "say": "Found."}]}
BREAKS = {"rules": [{"when": "book", "fail": "unavailable"}, *RULES]}
DANGLES = {"think_ms": 300, "rules": [{"say": "I want to book a table and"}]}
ONLY_ONE = {"rules": [{"say": "Please tell me your number again."}]}

CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], str, str]] = [
    ("slow model", PATIENT, agent(model={"first_token_ms": 1_800}), {}, "slow_reply", MODEL),
    ("slow voice", PATIENT, agent(voice={"first_audio_ms": 1_800}), {}, "slow_reply", VOICE),
    ("slow recogniser", PATIENT, agent(ears={"delay_ms": 1_500}), {}, "slow_reply", EARS),
    ("long patience", DANGLES, agent(patience=3_000), {}, "slow_reply", f"{CONFIG}.patience"),
    ("long floor", PATIENT, agent(incremental_delay=2_500), {}, "slow_reply", f"{CONFIG}.incremental_delay"),
    (
        "late welcome",
        PATIENT,
        agent(welcome_message_delay=3_500),
        {},
        "dead_air",
        f"{CONFIG}.welcome_message_delay",
    ),
    (
        "slow tool",
        PATIENT,
        agent(model=LOOKS, tools=True),
        {"tools": {"look": {"ms": 5_000}}},
        "slow_tool",
        "tools_config.api_tools: pre_call_message",
    ),
    ("stuttering voice", PATIENT, agent(voice={"piece_ms": 400}), {}, "starved_playout", VOICE),
    ("deaf once", PATIENT, agent(ears={"drop": [1]}), {}, "recogniser_drop_out", EARS),
    ("recogniser breaks", PATIENT, agent(ears={"fail_at": [2]}), {}, "provider_failed", EARS),
    (
        "voice breaks",
        PATIENT,
        agent(voice={"fail": "unavailable", "fail_on": "What is"}),
        {},
        "provider_failed",
        VOICE,
    ),
    ("model breaks", PATIENT, agent(model=BREAKS), {}, "provider_failed", "tools_config.llm_agent"),
    (
        "never interrupted",
        TALKS_OVER,
        agent(welcome=LONG, number_of_words_for_interruption=0),
        {},
        "talk_over",
        f"{CONFIG}.number_of_words_for_interruption",
    ),
    ("cut early", HESITATES, agent(incremental_delay=100), {}, "early_cut", f"{CONFIG}.incremental_delay"),
    ("asks again and again", asks_again(2.5), agent(model={"first_token_ms": 3_500}), {}, "withdrawn_reply", MODEL),
    (
        "asks again and again over fillers",
        asks_again(2.5),
        agent(model={"first_token_ms": 6_000}, use_fillers=True),
        {},
        "withdrawn_reply",
        MODEL,
    ),
    ("no answer in time", LEAVES, agent(model={"first_token_ms": 9_000}), {}, "missed_answer", MODEL),
    (
        "caller leaves",
        {**PATIENT, "answer": {"how": "answer", "hang_up_after_ms": 5_000}},
        agent(welcome=LONG),
        {},
        "hung_up_mid_sentence",
        PROMPT,
    ),
    (
        "time is over",
        PATIENT,
        agent(model={"rules": [{"say": f"{LONG} {LONG}"}]}, call_terminate=10),
        {},
        "hung_up_mid_sentence",
        f"{CONFIG}.call_terminate",
    ),
    ("same answer", SAYS_TWO, agent(model=ONLY_ONE), {}, "loop", PROMPT),
    (
        "mute caller",
        MUTE,
        agent(hangup_after_silence=14, check_if_user_online=False),
        {},
        "one_way_audio",
        "the line",
    ),
    ("lossy line", PATIENT, agent(), {"line": "loss=10"}, "lossy_line", "the network"),
    ("loud caller", PATIENT, agent(), {"line": "level=18,way=in"}, "clipped_audio", "the line"),
    ("soft caller", PATIENT, agent(), {"line": "level=-29,way=in"}, "quiet_caller", "the line"),
    (
        "caller too soft for the detector",
        PATIENT,
        agent(),
        {"line": "level=-34,way=in"},
        "quiet_caller",
        "the line",
    ),
    (
        "noisy line",
        PATIENT,
        agent(),
        {"line": "noise=-24,way=in"},
        "noisy_line",
        "the line",
    ),
    ("echo", PATIENT, agent(), {"line": "echo=-12dB/120ms"}, "echo", "the line"),
]
"""What is planted: its name, the caller, the agent, the rest of the scenario; the rule that finds it, the setting that it names."""

PLANTED = {
    name: (scenario(name.replace(" ", "-"), caller, body, **more), rule, setting)
    for name, caller, body, more, rule, setting in CASES
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_found_with_the_setting_to_change(planted: str) -> None:
    one, rule, setting = PLANTED[planted]
    assert (rule, setting) in told(findings(one))


PAUSES = {
    "think_ms": 300,
    "rules": [
        {"heard": "reception", "say": "I want to book a dentist"},
        {"when": "silence", "silence_s": 0.9, "in_order": False, "say": "for Monday morning at eight."},
    ],
}
#: A caller, settings, and the rule with a value for which of them.
VALUES: list[tuple[Mapping[str, Any], dict[str, Any], str, str]] = [
    (PAUSES, {"incremental_delay": 900}, "early_cut", "incremental_delay"),
    (PATIENT, {"incremental_delay": 2_500}, "slow_reply", "incremental_delay"),
    (DANGLES, {"patience": 3_000}, "slow_reply", "patience"),
    (PATIENT, {"welcome_message_delay": 3_500}, "dead_air", "welcome_message_delay"),
]


@pytest.mark.parametrize(("caller", "settings", "rule", "setting"), VALUES, ids=[f"{v[2]}-{v[3]}" for v in VALUES])
def test_the_value_of_an_advice_helps_in_the_same_call(
    caller: Mapping[str, Any], settings: dict[str, Any], rule: str, setting: str
) -> None:
    def found(given: dict[str, Any]) -> list[Finding]:
        return [one for one in findings(scenario(rule, caller, agent(**given))) if one.rule == rule]

    changes = found(settings)[0].as_record(0)["change"]
    (change,) = (one for one in changes if one["setting"] == f"{CONFIG}.{setting}")
    assert change["value"] is not None
    assert found({**settings, setting: change["value"]}) == []


def test_who_only_asks_whether_somebody_is_there_gets_the_slow_answer() -> None:
    slow = agent(model={"first_token_ms": 3_500})
    asks, says_more = (
        asks_again(2.5, again) for again in (("Hello?", "Are you there?"), ("And when?", "So when is it?"))
    )
    unanswered = {"withdrawn_reply", "missed_answer"}
    assert not unanswered & {rule for rule, _ in told(findings(scenario("hello", asks, slow)))}
    assert unanswered & {rule for rule, _ in told(findings(scenario("more", says_more, slow)))}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_healthy_call_has_no_findings(seed: int) -> None:
    assert findings(scenario("healthy", PATIENT, agent()), seed) == []


@pytest.mark.parametrize(
    "name",
    [
        "angry",
        "back-channeller",
        "hesitater",
        "interrupter",
        "menu",
        "mumbler",
        "number-dictation",
        "slow-speller",
    ],
)
def test_difficult_callers_who_are_served_well_give_no_findings(name: str) -> None:
    (one,) = (one for one in shipped() if one.name == name)
    assert findings(one) == []


@pytest.mark.parametrize("trace", sorted(GOLDEN.glob("scenario-*.log.xz")), ids=lambda path: path.name)
def test_no_caller_of_a_starter_scenario_waits_for_replies_that_are_withdrawn(trace: Path) -> None:
    found = diagnose(view_of(unpack(trace.read_bytes()))).findings
    assert "withdrawn_reply" not in [one.rule for one in found]
