"""The route of estimates (our own)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.money import cents_from_nano, cents_of
from callwright.platform.agents.rules.spec import ProviderChoice
from callwright.platform.estimates.actions import AgentEstimate, estimate_agent
from callwright.platform.estimates.schemas import EstimateView

router = APIRouter(tags=["agents"])


@router.get(
    "/v2/agent/{agent_id}/estimate",
    summary="Estimate the cost of an agent's calls",
    responses={200: shown("Cents by leg, and what was assumed.", EstimateView), **errors(400, 404)},
)
async def estimate(request: Request, agent_id: str) -> Response:
    """By today's prices of the agent's providers and by what its last 50 calls used on the average."""
    return answer(_view(await estimate_agent(services_of(request).actions, principal_of(request), agent_id)))


def _view(found: AgentEstimate) -> dict[str, Any]:
    made, spec = found.estimate, found.spec
    call, tokens = made.call, made.call.tokens
    by_minute = {leg: made.per_minute(nano) for leg, nano in made.legs.items()}
    return {
        "agent_id": found.agent_id,
        "cents_per_minute": _legs(by_minute),
        "cents_per_call": _legs(made.legs),
        "unpriced": list(made.unpriced),
        "assumptions": {
            "based_on": "calls" if call.calls else "defaults",
            "calls": call.calls,
            "call_seconds": call.lasted_ms / 1000,
            "heard_seconds": call.heard_ms / 1000,
            "characters": call.characters,
            "input_tokens": tokens.read,
            "output_tokens": tokens.written,
            "cached_tokens": tokens.cached,
            "reasoning_tokens": tokens.reasoning,
            "transcriber": _named(spec.transcriber),
            "llm": _named(spec.model),
            "synthesizer": _named(spec.voice),
            "carrier": found.carrier,
        },
    }


def _legs(nano: Mapping[str, int]) -> dict[str, Decimal]:
    return {**cents_of(nano, nano), "total": cents_from_nano(sum(nano.values()))}


def _named(choice: ProviderChoice) -> str:
    return f"{choice.provider}/{choice.model}" if choice.model else choice.provider
