"""Which keys of an agent the parser looks at: an agent that remembers what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callwright.domain.fields import Fields
from callwright.platform.agent_settings.rules.conversation import read_settings
from callwright.platform.agents.rules.parsing import parse_agent

#: Sections that hold the same settings as another one.
SAME = {
    "llm_config": "llm_agent",
    "provider_config": "synthesizer",
    "function": "tool",
    "value": "tool_params",
    "rag_config": "vector_store",
    "input": "input/output",
    "output": "input/output",
}


class Watched(dict[str, Any]):
    """An object whose keys are noted as ``section.key`` when somebody looks for them."""

    def __init__(self, section: str, values: dict[str, Any], seen: set[str]) -> None:
        super().__init__({key: _watched(SAME.get(key, key), value, seen) for key, value in values.items()})
        self.section = section
        self.seen = seen

    def get(self, key: str, default: Any = None) -> Any:
        """As a dict's, and noted."""
        self.seen.add(f"{self.section}.{key}")
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.seen.add(f"{self.section}.{key}")
        return super().__contains__(key)

    def items(self) -> Any:
        """Asked of as a whole: no key of its own."""
        return super().items()


def _watched(section: str, value: Any, seen: set[str]) -> Any:
    if isinstance(value, dict):
        return Watched(section, value, seen)
    if isinstance(value, list):
        return [_watched(_ITEMS.get(section, section), one, seen) for one in value]
    return value


_ITEMS = {"tasks": "task", "tools": "tool"}

TOOL = {
    "name": "book",
    "description": "Books.",
    "parameters": {"type": "object"},
    "transfer_mode": None,
    "briefing": None,
    "confirm": None,
    "value": {"url": "https://example.org", "method": "POST", "headers": {}, "param": {}, "api_token": "t"},
}
MODEL = {"provider": "openai", "model": "gpt-5.4-mini", "reasoning_effort": "low"}
AGENTS: tuple[dict[str, Any], ...] = tuple(
    {
        "agent_name": "Ada",
        "webhook_url": None,
        "webhook_headers": {"X-A": "b"},
        "webhook_config": {"statuses": ["completed"]},
        "calling_guardrails": {"call_start_hour": 9, "call_end_hour": 17},
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["llm"]]},
                "task_config": {},
                "tools_config": {
                    "llm_agent": {"agent_type": kind, "llm_config": {**MODEL, "vector_store": {"vector_id": "v"}}},
                    "transcriber": {"provider": "deepgram"},
                    "synthesizer": {"provider": "polly", "provider_config": {"voice": "v"}},
                    "input": {"provider": "default", "format": "wav"},
                    "output": {"provider": "default", "format": "wav"},
                    "api_tools": {"tools": [TOOL], "tools_params": {}},
                    "multilingual_config": None,
                },
            },
            {"task_type": "extraction", "tools_config": {"llm_agent": {**MODEL, "extraction_details": "name : it"}}},
            {"task_type": "summarization", "tools_config": {"llm_agent": {**MODEL}}},
        ],
        "agent_prompts": {"task_1": {"system_prompt": "Be kind."}},
    }
    for kind in ("simple_llm_agent", "knowledgebase_agent")
)


def read_keys() -> set[str]:
    """``section.key`` of everything the parser looks at, without names that agents choose themselves."""
    seen: set[str] = set()
    for body in AGENTS:
        parse_agent(Watched("agent", body, seen))
    read_settings(Fields(Watched("task_config", {}, seen), "task_config"))
    return {key for key in seen if not key.startswith(_CHOSEN)}


_CHOSEN = ("agent_prompts.task_", "webhook_headers.", "headers.", "tools_params.", "parameters.", "param.")


def unread(rows: Iterator[str]) -> set[str]:
    """Rows of settings that the parser never looks at."""
    return set(rows) - read_keys()
