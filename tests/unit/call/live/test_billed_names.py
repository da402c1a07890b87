"""Under which names an agent's providers are billed: the same before a call as in it, whatever words the agent has for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callwright.call.live.equipment import billed_by
from callwright.domain.errors import BadInputError
from callwright.domain.money import NANO_PER_CENT
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.estimates.rules import TypicalCall, estimate
from callwright.platform.prices.rules import Price, PriceBook, PriceRow, Tokens, check_billed_names
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.wallet.rules import worst_price
from callwright.ports.registry import PluginContext, Registry
from callwright.providers.cloud import PLUGINS as CLOUD
from callwright.providers.hosted_models import PLUGINS as HOSTED
from callwright.providers.local import PLUGINS as LOCAL
from callwright.providers.openai_compatible import PLUGINS as COMPATIBLE
from callwright.providers.pronouncing import PronouncingVoice

REGISTRY = Registry((*CLOUD, *HOSTED, *LOCAL, *COMPATIBLE))
SETTINGS = {"model_base_url": "http://127.0.0.1:8000/v1", "model_name": "house"}


def plugin(kind: str, name: str) -> Any:
    made = REGISTRY.find(kind, name).factory(PluginContext(SETTINGS, Path()))
    return PronouncingVoice(made) if kind == "voice" else made


BILLED_AS = billed_by(plugin)
KEYS = Access({"AZURE_OPENAI_MODEL": "deployed"})


@pytest.mark.parametrize(
    ("kind", "choice", "billed"),
    [
        ("model", ProviderChoice("azure", "azure/gpt-4.1-mini"), ("azure-openai", "gpt-4.1-mini")),
        ("model", ProviderChoice("azure", access=KEYS), ("azure-openai", "deployed")),
        ("model", ProviderChoice("anthropic", "anthropic/claude-haiku-4-5"), ("anthropic", "claude-haiku-4-5")),
        ("model", ProviderChoice("google", "gemini/gemini-2.5-flash"), ("google", "gemini-2.5-flash")),
        ("model", ProviderChoice("openrouter", "anthropic/claude-haiku-4.5"), ("openrouter", "anthropic/claude-haiku-4.5")),
        ("model", ProviderChoice("ollama"), ("custom", "house")),
        ("model", ProviderChoice("openai", "gpt-4.1-mini"), ("openai", "gpt-4.1-mini")),
        ("model", ProviderChoice("intents", "any"), ("intents", "minilm-l6")),
        ("voice", ProviderChoice("elevenlabs", voice="Nila"), ("elevenlabs", "eleven_turbo_v2_5")),
        ("voice", ProviderChoice("polly", voice="Kajal", options={"engine": "generative"}), ("polly", "generative")),
        ("voice", ProviderChoice("polly", voice="Kajal"), ("polly", "neural")),
        ("voice", ProviderChoice("kokoro", voice="kumo"), ("local", "kumo")),
        ("voice", ProviderChoice("piper"), ("local", "joe")),
        ("transcriber", ProviderChoice("deepgram"), ("deepgram", "nova-2")),
        ("transcriber", ProviderChoice("whisper", "large"), ("local", "whisper-tiny.en")),
        ("voice", ProviderChoice("elsewhere", voice="Nila"), ("elsewhere", "Nila")),
        ("voice", ProviderChoice("elevenlabs", "eleven_v3", options={"speed": "fast"}), ("elevenlabs", "eleven_v3")),
    ],
)  # fmt: skip
def test_the_names_are_those_of_the_plugins_own_reports(
    kind: str, choice: ProviderChoice, billed: tuple[str, str]
) -> None:
    assert BILLED_AS(kind, choice) == billed


def agent() -> AgentSpec:
    tools = {
        "llm_agent": {"llm_config": {"provider": "azure", "model": "azure/gpt-4.1-mini"}},
        "transcriber": {"provider": "deepgram"},
        "synthesizer": {"provider": "elevenlabs", "provider_config": {"voice": "Nila", "voice_id": "nila"}},
    }
    body = {
        "agent_name": "A",
        "agent_welcome_message": "",
        "tasks": [{"task_type": "conversation", "tools_config": tools}],
    }
    return parse_agent({**body, "agent_prompts": {"task_1": {"system_prompt": ""}}})


BOOK = PriceBook(
    {
        ("model_input", "azure-openai", "gpt-4.1-mini"): Price(NANO_PER_CENT, 1_000),
        ("transcriber", "deepgram", "nova-2"): Price(NANO_PER_CENT, 60_000),
        ("voice", "elevenlabs", "eleven_turbo_v2_5"): Price(NANO_PER_CENT, 100),
    }
)


def test_an_estimate_finds_the_prices_that_the_call_is_billed_by() -> None:
    call = TypicalCall(1, 60_000, 60_000, 1_000, Tokens(2_000, 100))
    found = estimate(agent(), "line", BOOK, call, BILLED_AS)
    assert [found.legs[leg] // NANO_PER_CENT for leg in ("transcriber", "llm", "synthesizer")] == [1, 2, 10]
    assert found.unpriced == ("network", "platform")


def test_a_reservation_finds_them_too() -> None:
    spec = agent()
    seconds = spec.settings.call_terminate_s
    assert worst_price(spec, "line", BOOK, BILLED_AS) > (seconds / 60 + seconds * 15 / 100) * NANO_PER_CENT
    assert worst_price(spec, "line", BOOK) == NANO_PER_CENT


@pytest.mark.parametrize(
    ("kind", "provider", "model", "field", "told"),
    [
        ("model_input", "azure", "gpt-4.1-mini", "provider", "azure-openai"),
        ("model_output", "ollama", "*", "provider", "custom"),
        ("voice", "kokoro", "kumo", "provider", "local"),
        ("transcriber", "whisper", "*", "provider", "local"),
        ("model_input", "azure-openai", "azure/gpt-4.1-mini", "model", "gpt-4.1-mini"),
        ("model_input", "anthropic", "anthropic/claude-haiku-4-5", "model", "claude-haiku-4-5"),
        ("voice", "local", "joe", "", ""),
        ("voice", "local", "kumo", "", ""),
        ("voice", "polly", "generative", "", ""),
        ("voice", "elsewhere", "anything", "", ""),
        ("voice", "*", "*", "", ""),
        ("carrier", "twilio", "*", "", ""),
        ("platform", "callwright", "*", "", ""),
    ],
)
def test_a_price_under_a_name_that_no_usage_has_is_refused_with_the_name_to_write(
    kind: str, provider: str, model: str, field: str, told: str
) -> None:
    row = PriceRow(kind, provider, model, Price(5))
    if not field:
        check_billed_names(row, BILLED_AS)
        return
    with pytest.raises(BadInputError) as caught:
        check_billed_names(row, BILLED_AS)
    assert caught.value.field == field
    assert f"is billed as {told!r}; name that" in caught.value.message
