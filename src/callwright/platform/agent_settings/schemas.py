"""Shapes of the settings of agents for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example

_SETTING: dict[str, Any] = {
    "path": "agent_config.tasks[].tools_config.llm_agent.llm_config.temperature",
    "section": "llm_agent",
    "name": "temperature",
    "types": ["number"],
    "values": "0 to 2",
    "default": 0.1,
    "minimum": 0,
    "maximum": 2,
    "max_length": None,
    "max_items": None,
    "choices": None,
    "does": "Randomness of replies.",
    "kept": False,
    "since": "0.1.0",
}


class AgentSetting(Open):
    """A setting of an agent."""

    model_config = example(_SETTING)

    path: str = Field(
        description="Where it stands in the body of an agent. `[]`: in each task or tool; `{name}`: by the name of a tool."
    )
    section: str
    name: str
    types: list[str] = Field(description="Types of JSON that it may have; empty: see `values`.")
    values: str = Field(description="What it may be, in words.")
    default: Any = Field(description="Its value where it is missing or null.")
    minimum: float | None
    maximum: float | None
    max_length: int | None = Field(description="Most characters of a text.")
    max_items: int | None = Field(description="Most members of a list.")
    choices: list[str] | None = Field(description="The only values that it may have.")
    does: str = Field(description="What it does; code stands in backticks.")
    kept: bool = Field(description="It is stored, and nothing acts on it.")
    since: str = Field(description="The first version that has it.")


class AgentSettings(Open):
    """Every setting of an agent, section by section."""

    model_config = example({"settings": [_SETTING]})

    settings: list[AgentSetting]


_PROVIDER: dict[str, Any] = {
    "kind": "voice",
    "name": "kokoro",
    "summary": "Kokoro-82M: natural and slow",
    "keys": [],
    "models": [],
    "languages": ["en"],
}


class AgentProvider(Open):
    """A provider that agents can name."""

    model_config = example(_PROVIDER)

    kind: str = Field(description="`transcriber`, `model` or `voice`.")
    name: str = Field(description="What an agent writes as `provider`.")
    summary: str
    keys: list[str] = Field(description="Provider keys that it asks for; empty: it needs none.")
    models: list[str] = Field(description="Models that it is known to have; others may work.")
    languages: list[str] = Field(description="ISO 639-1; empty: any.")


class AgentProviders(Open):
    """Every recogniser, model and voice that is installed."""

    model_config = example({"providers": [_PROVIDER]})

    providers: list[AgentProvider]
