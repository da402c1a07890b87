"""Shapes of extensions for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Kind


def _agent_id(given: Fields, name: str) -> str:
    found = given.raw(name)
    return found.strip() if isinstance(found, str) else ""


class ExtensionBody(Asked):
    """Who answers."""

    model_config = ConfigDict(json_schema_extra={"required": ["agent_id"]})

    agent_id: Annotated[str, reads(Kind("an id", {"type": "string"}, _agent_id))] = ""


class ExtensionView(Open):
    """An extension: `sip:<extension>@<host>` reaches the agent."""

    model_config = example(
        {
            "extension": "desk",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "created_at": "2026-11-24T16:31:07.193399+00:00",
        }
    )

    extension: str
    agent_id: str | None
    created_at: Timestamp


EXAMPLE: dict[str, Any] = {"agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10"}
