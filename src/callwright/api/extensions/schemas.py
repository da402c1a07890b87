"""Shapes of extensions for the API description."""

from __future__ import annotations

from typing import Any

from callwright.api.schemas import Open, example


class ExtensionBody(Open):
    """Who answers."""

    agent_id: str


class ExtensionView(Open):
    """An extension: `sip:<extension>@<host>` reaches the agent."""

    model_config = example(
        {
            "extension": "desk",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "created_at": "2026-11-24T16:31:07.193399",
        }
    )

    extension: str
    agent_id: str | None
    created_at: str


EXAMPLE: dict[str, Any] = {"agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10"}
