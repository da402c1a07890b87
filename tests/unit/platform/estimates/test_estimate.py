"""What a minute of an agent's calls is expected to cost."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.money import NANO_PER_CENT
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.estimates.rules import DEFAULT_CALL_MS, TypicalCall, average_call, default_call, estimate
from callwright.platform.prices.rules import Price, PriceBook, Tokens

TOOLS_CONFIG: dict[str, Any] = {
    "llm_agent": {"llm_config": {"provider": "acme", "model": "large"}},
    "transcriber": {"provider": "scripted", "model": "ears"},
    "synthesizer": {"provider": "scripted", "provider_config": {"voice": "v", "model": "loud"}},
}
BOOK = PriceBook(
    {
        ("transcriber", "scripted", "ears"): Price(NANO_PER_CENT, 60_000, 1_000),
        ("model_input", "acme", "*"): Price(10),
        ("model_cached_input", "acme", "*"): Price(1),
        ("model_output", "acme", "*"): Price(100),
        ("voice", "scripted", "loud"): Price(1_000),
        ("carrier", "line", "*"): Price(2 * NANO_PER_CENT, 60_000, 60_000),
        ("platform", "callwright", "*"): Price(NANO_PER_CENT, 60_000),
    }
)


def agent(prompt: str = "", tasks: int = 0) -> AgentSpec:
    extra = [{"task_type": "summarization", "tools_config": {"llm_agent": TOOLS_CONFIG["llm_agent"]}}] * tasks
    config = {"agent_name": "A", "tasks": [{"task_type": "conversation", "tools_config": TOOLS_CONFIG}, *extra]}
    return parse_agent({**config, "agent_prompts": {"task_1": {"system_prompt": prompt}}})


def record(ms: int, *lines: tuple[str, int, int, int]) -> dict[str, Any]:
    told = [
        {
            "leg": leg,
            "provider": "p",
            "model": "m",
            "amount": amount,
            "amount_output": output,
            "amount_cached": cached,
            "cost": 1,
        }
        for leg, amount, output, cached in lines
    ]
    return {"conversation_ms": ms, "usage_lines": told}


def test_the_average_of_calls_counts_those_that_had_a_conversation() -> None:
    calls = [
        record(
            60_000,
            ("transcriber", 60_000, 0, 0),
            ("llm", 900, 80, 300),
            ("llm", 100, 20, 0),
            ("synthesizer", 500, 0, 0),
        ),
        record(120_000, ("transcriber", 100_000, 0, 0), ("llm", 3_000, 100, 1_000), ("synthesizer", 700, 0, 0)),
        record(0, ("llm", 5_000, 5_000, 0)),
    ]
    tokens = Tokens(2_000, 100, 650)
    assert average_call(calls) == TypicalCall(2, 90_000, 80_000, 600, tokens)
    assert average_call([record(0)]) is None


def test_a_leg_costs_what_the_typical_call_uses_with_the_providers_rounding() -> None:
    call = TypicalCall(2, 90_000, 80_500, 600, Tokens(2_000, 100, 650))
    found = estimate(agent(), "line", BOOK, call)
    assert found.legs == {
        "transcriber": NANO_PER_CENT * 81 // 60,
        "llm": 1_350 * 10 + 650 + 100 * 100,
        "synthesizer": 600_000,
        "network": 2 * 2 * NANO_PER_CENT,
        "platform": NANO_PER_CENT * 3 // 2,
    }
    assert found.per_minute(found.legs["network"]) == 4 * NANO_PER_CENT * 60 // 90
    assert found.unpriced == ()


def test_a_leg_without_a_price_is_named() -> None:
    call = TypicalCall(1, 60_000, 60_000, 10, Tokens(10, 10))
    found = estimate(agent(), "another", PriceBook(), call)
    assert set(found.legs.values()) == {0}
    assert found.unpriced == ("transcriber", "llm", "synthesizer", "network", "platform")
    assert estimate(agent(), "line", BOOK, call).unpriced == ()


def test_without_calls_the_default_call_is_taken() -> None:
    plain = default_call(agent())
    assert (plain.calls, plain.lasted_ms, plain.heard_ms) == (0, DEFAULT_CALL_MS, DEFAULT_CALL_MS)
    said = 180 * 45 * 15 // 100
    assert plain.characters == said + len(agent().welcome_message)
    spoken = (said + 180 * 35 * 15 // 100) // 4
    assert plain.tokens == Tokens(15 * (spoken // 2), said // 4)


@pytest.mark.parametrize(("prompt", "tasks", "more"), [("x" * 4_000, 0, 15 * 1_000), ("", 2, 2 * (1_000 + 540))])
def test_a_long_prompt_and_questions_after_the_call_are_read_too(prompt: str, tasks: int, more: int) -> None:
    assert default_call(agent(prompt, tasks)).tokens.read - default_call(agent()).tokens.read == more
