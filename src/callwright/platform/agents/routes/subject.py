"""The agent that a path names, for bodies that are read before anybody asks for it."""

from __future__ import annotations

from fastapi import Request

from callwright.api.reading import Subject
from callwright.api.services import principal_of, services_of
from callwright.platform.agents.actions.agents import get_agent


async def _find(request: Request) -> object:
    return await get_agent(services_of(request).actions, principal_of(request), request.path_params["agent_id"])


def agent_before(*fields: str) -> Subject:
    """An unknown agent is answered with 404 before anything is said of these fields."""
    return Subject(_find, frozenset(fields))
