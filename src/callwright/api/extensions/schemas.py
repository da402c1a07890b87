"""Shapes of extensions for the API description."""

from __future__ import annotations

from typing import Any

from callwright.api.schemas import Open


class ExtensionBody(Open):
    """Who answers."""

    agent_id: str


class ExtensionView(Open):
    """An extension: `sip:<extension>@<host>` reaches the agent."""

    extension: str
    agent_id: str | None
    created_at: str


EXAMPLE: dict[str, Any] = {"agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10"}
