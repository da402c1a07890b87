"""Agent bodies as people write them for the hosted service, written for these tests. One JSON file each in ``agents/``:

``shows``: the one thing in which the body differs. ``path``: where it is sent, without it ``/v2/agent``. ``lacks``: the providers that it
names and that a server as installed cannot use, by leg. ``sent``: the body itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "agents"


@dataclass(frozen=True, slots=True)
class AgentBody:
    """One body of the corpus."""

    name: str
    shows: str
    lacks: Mapping[str, str]
    path: str
    sent: Mapping[str, Any]

    @property
    def flat(self) -> dict[str, Any]:
        """The keys of ``agent_config`` beside the others, as reads return them."""
        outside = {name: value for name, value in self.sent.items() if name != "agent_config"}
        return {**outside, **self.sent.get("agent_config", {})}

    def with_addresses(self, *, webhook_url: str, model_url: str) -> dict[str, Any]:
        """The body with its webhook at ``webhook_url`` and every ``base_url`` at ``model_url``: the addresses of the files lead nowhere."""
        sent = copy.deepcopy(dict(self.sent))
        config = sent.get("agent_config", sent)
        config["webhook_url"] = webhook_url
        for task in config["tasks"]:
            model = ((task.get("tools_config") or {}).get("llm_agent") or {}).get("llm_config") or {}
            if model.get("base_url"):
                model["base_url"] = model_url
        return sent


def _read(path: Path) -> AgentBody:
    written = json.loads(path.read_text())
    return AgentBody(path.stem, written["shows"], written["lacks"], written.get("path", "/v2/agent"), written["sent"])


CORPUS: tuple[AgentBody, ...] = tuple(_read(path) for path in sorted(FOLDER.glob("*.json")))
