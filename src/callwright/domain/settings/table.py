"""Every setting of an agent, and their JSON schema."""

from __future__ import annotations

import re
from typing import Any

from callwright.domain.settings.agent import AGENT
from callwright.domain.settings.conversation import TASK_CONFIG
from callwright.domain.settings.kept import KEPT
from callwright.domain.settings.providers import AGENT_TYPE, MODEL, SYNTHESIZER, TRANSCRIBER, VOICE
from callwright.domain.settings.setting import Setting
from callwright.domain.settings.tools import TOOLS

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

_ASIDE = re.compile(r" ?\(\[[^]]*\]\([^)]*\)\)")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


def properties_of(section: str, within: str = "") -> dict[str, Any]:
    """The ``properties`` of the JSON schema of a section, or of the object ``within`` it."""
    return {one.name: _property(one) for one in SETTINGS if (one.section, one.within) == (section, within)}


def _property(one: Setting) -> dict[str, Any]:
    """The schema of a setting. Its sentence is without links, which lead to pages of the repository; null stands for the default."""
    does = _LINK.sub(r"\1", _ASIDE.sub("", one.does))
    schema = dict(one.kind.schema)
    if schema:
        schema = {"anyOf": [*schema.pop("anyOf", ()), *([schema] if schema else ()), {"type": "null"}]}
    else:
        does = f"{does} Value: {one.kind.words}."
    return {**schema, "default": one.default, "description": f"Kept, without effect. {does}" if one.kept else does}
