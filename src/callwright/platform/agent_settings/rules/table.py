"""Every setting of an agent, and their JSON schema."""

from __future__ import annotations

from callwright.domain.settings.setting import Setting
from callwright.platform.agent_settings.rules.agent import AGENT
from callwright.platform.agent_settings.rules.conversation import TASK_CONFIG
from callwright.platform.agent_settings.rules.kept import KEPT
from callwright.platform.agent_settings.rules.providers import AGENT_TYPE, MODEL, SYNTHESIZER, TRANSCRIBER, VOICE
from callwright.platform.agent_settings.rules.tools import TOOLS

SETTINGS: tuple[Setting, ...] = (
    *AGENT,
    *TASK_CONFIG,
    *TRANSCRIBER,
    *SYNTHESIZER,
    *VOICE,
    AGENT_TYPE,
    *MODEL,
    *TOOLS,
    *KEPT,
)

PLACES: dict[str, str] = {
    "agent": "agent_config",
    "task": "agent_config.tasks[]",
    "task_config": "agent_config.tasks[].task_config",
    "tools_config": "agent_config.tasks[].tools_config",
    "transcriber": "agent_config.tasks[].tools_config.transcriber",
    "synthesizer": "agent_config.tasks[].tools_config.synthesizer",
    "llm_agent": "agent_config.tasks[].tools_config.llm_agent",
    "api_tools": "agent_config.tasks[].tools_config.api_tools",
    "tool": "agent_config.tasks[].tools_config.api_tools.tools[]",
    "tool_params": "agent_config.tasks[].tools_config.api_tools.tools_params.{name}",
}
"""Where each section stands in the body of an agent. ``[]``: in each member of a list; ``{name}``: by the name of a tool."""

PROMPTS = "agent_prompts"
"""Stands beside ``agent_config``."""


def settings_in(section: str, within: str = "") -> tuple[Setting, ...]:
    """The settings of a section, or of the object ``within`` it."""
    return tuple(one for one in SETTINGS if (one.section, one.within) == (section, within))


def path_of(one: Setting) -> str:
    """Where a setting stands in the body of an agent."""
    if one.name == PROMPTS:
        return PROMPTS
    return ".".join(filter(None, (PLACES[one.section], one.within, one.name)))
