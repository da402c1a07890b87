"""The way from an agent's key to what a model's endpoint is asked, with nothing between them left out but the conversation itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.agent_of_settings import agent_of
from tests.contract.test_openai_compatible import DONE, chunk, streaming
from tests.http_server import serving
from tests.unit.call.world import Bench
from tests.waiting import until

from callwright.call.live.equipment import LocalEars, Needs, equip
from callwright.call.live.think import Think
from callwright.call.live.tools import NoTools
from callwright.conversation.effects import AskModel
from callwright.conversation.plan import plan_for
from callwright.media.vad import EnergyVad
from callwright.net.client import GuardedClient
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.model import Message
from callwright.ports.registry import PluginContext, UnknownPluginError
from callwright.providers.openai_compatible.endpoints import EndpointModels
from callwright.providers.openai_compatible.provider_table import VENDORS

SAYS = streaming(chunk({"content": "x"}, "stop"), DONE)
HOUSE = {"llm_agent.provider": "openrouter", "llm_agent.model": "m-1"}
"""A vendor that takes nearly all there is, and a model of which nothing is known."""
TELLING = {"llm_agent.provider": "openai", "llm_agent.model": "gpt-5-mini"}
"""A model that can be told how much to say."""


@dataclass(frozen=True)
class Case:
    """An agent that has ``beside`` gets ``key`` as well: exactly this part of the request becomes these values."""

    key: str
    value: Any
    sent: Mapping[str, Any]
    beside: Mapping[str, Any] = field(default_factory=lambda: HOUSE)


def offered(**more: Any) -> dict[str, Any]:
    function = {"name": "look_up", "description": "Looks it up.", "parameters": {"type": "object", "properties": {}}}
    return {"tools": [{"type": "function", "function": {**function, **more}}]}


CASES = (
    Case("llm_agent.model", "m-7", {"model": "m-7"}),
    Case("llm_agent.max_tokens", 70, {"max_tokens": 70}),
    Case("llm_agent.temperature", 0.7, {"temperature": 0.7}),
    Case("llm_agent.top_p", 0.9, {"top_p": 0.9}),
    Case("llm_agent.presence_penalty", 0.5, {"presence_penalty": 0.5}),
    Case("llm_agent.frequency_penalty", -0.5, {"frequency_penalty": -0.5}),
    Case("llm_agent.reasoning_effort", "low", {"reasoning_effort": "low"}),
    Case("llm_agent.min_p", 0.05, {"min_p": 0.05}),
    Case("llm_agent.top_k", 40, {"top_k": 40}),
    Case("llm_agent.stop", ["END"], {"stop": ["END"]}),
    Case("llm_agent.seed", 7, {"seed": 7}),
    Case("llm_agent.verbosity", "high", {"verbosity": "high"}, TELLING),
    Case("tool.description", "Finds it.", offered(description="Finds it.")),
    Case("tool.strict", True, offered(strict=True)),
    Case("tool_params.strict", True, offered(strict=True)),
)

#: They say who is asked and where, how the agent thinks, and what tasks behind the call want.
NOT_OF_A_REPLY = {
    # Another protocol: tests/contract/test_model_endpoints.py and test_hosted_models.py.
    *("llm_agent.use_responses_api", "llm_agent.compact_threshold", "llm_agent.thinking_budget"),
    *("llm_agent.agent_type", "llm_agent.provider", "llm_agent.base_url"),
    # Other models: tests/unit/platform/agents/test_fallbacks.py.
    *("llm_agent.fallbacks", "llm_agent.fallback_after_ms"),
    *("llm_agent.extraction_details", "llm_agent.extraction_json", "llm_agent.summarization_details"),
}


async def request_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent's model is sent when the conversation asks for a reply."""
    spec = parse_agent(agent_of(settings))
    async with serving(SAYS) as server, GuardedClient(allow_private=True) as client:
        (vendor,) = (one for one in VENDORS if one.name == spec.model.provider)
        own = {"model_base_url": "", "model_api_key": "", "model_name": ""}
        here = replace(vendor, base_url=f"{server.url}/v1")
        model = EndpointModels(here, PluginContext(own, Path()), client.stream_client())

        def plugin(kind: str, name: str) -> Any:
            if kind == "turn" or (kind, name) == ("vad", "scripted"):
                raise UnknownPluginError(name)
            return {"vad": _Vad(), "model": model}.get(kind, name)

        spec = replace(spec, model=replace(spec.model, access=Access({vendor.keys[0]: "key"})))
        thinker = equip(Needs(spec, plugin, LocalEars("energy", "none")), {}, NoTools()).thinker
        think = Think(Bench().runner, thinker)
        think.ask(AskModel(1, 1, 1, "reply", (Message("user", "Hello?"),), plan_for(spec).tools))
        await until(lambda: bool(server.requests))
        await think.aclose()
        sent: dict[str, Any] = server.requests[0].json()
        return sent


class _Vad:
    def open(self) -> EnergyVad:
        return EnergyVad()


@pytest.mark.proves(
    "llm_agent.model",
    "llm_agent.max_tokens",
    "llm_agent.temperature",
    "llm_agent.top_p",
    "llm_agent.presence_penalty",
    "llm_agent.frequency_penalty",
    "llm_agent.reasoning_effort",
    "llm_agent.min_p",
    "llm_agent.top_k",
    "llm_agent.stop",
    "llm_agent.seed",
    "llm_agent.verbosity",
    "tool.description",
    "tool.strict",
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
async def test_an_agents_setting_is_this_part_of_the_request_and_nothing_else(case: Case) -> None:
    without, given = await request_of(case.beside), await request_of({**case.beside, case.key: case.value})
    assert {name: one for name, one in given.items() if without.get(name) != one} == case.sent
    assert without.keys() <= given.keys()


def test_every_setting_of_the_model_has_a_case() -> None:
    wanted = {row.key for row in SETTINGS if row.key.startswith("llm_agent.") and not row.kept}
    assert wanted - NOT_OF_A_REPLY == {case.key for case in CASES if case.key.startswith("llm_agent.")}
