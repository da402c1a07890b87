"""Shapes of estimates for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example

_LEGS = {"transcriber": 0.43, "llm": 0.21, "synthesizer": 0.61, "network": 1.4, "platform": 2, "total": 4.65}
EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "cents_per_minute": _LEGS,
    "cents_per_call": {
        "transcriber": 1.29,
        "llm": 0.63,
        "synthesizer": 1.83,
        "network": 4.2,
        "platform": 6,
        "total": 13.95,
    },
    "unpriced": [],
    "assumptions": {
        "based_on": "defaults",
        "calls": 0,
        "call_seconds": 180,
        "heard_seconds": 180,
        "characters": 1215,
        "input_tokens": 6720,
        "output_tokens": 303,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "transcriber": "deepgram/nova-3",
        "llm": "openai/gpt-4.1-mini",
        "synthesizer": "elevenlabs/eleven_turbo_v2_5",
        "carrier": "loopback",
    },
}


class LegsView(Open):
    """Cents by leg."""

    transcriber: float
    llm: float
    synthesizer: float
    network: float
    platform: float
    total: float = Field(description="The sum of the legs.")


class AssumptionsView(Open):
    """The call that the estimate is for."""

    based_on: str = Field(
        description="`calls`: the average of the agent's last calls. `defaults`: there are none, and a default call of three minutes is"
        " taken, in which the agent speaks 45 % of the time and replies every 12 seconds."
    )
    calls: int = Field(description="How many calls were measured.")
    call_seconds: float
    heard_seconds: float = Field(description="Audio that the recogniser is given.")
    characters: int = Field(description="Spoken by the voice.")
    input_tokens: int = Field(description="Read by the model, with questions after the call.")
    output_tokens: int
    cached_tokens: int = Field(description="Of the input tokens, from the vendor's cache.")
    reasoning_tokens: int = Field(description="Of the output tokens.")
    transcriber: str = Field(description="Provider and model whose price is taken, as for the next two.")
    llm: str
    synthesizer: str
    carrier: str


class EstimateView(Open):
    """What calls of an agent are expected to cost."""

    model_config = example(EXAMPLE)

    agent_id: str
    cents_per_minute: LegsView = Field(description="`cents_per_call` by the length of the call.")
    cents_per_call: LegsView = Field(description="The cost of the assumed call, with the providers' rounding.")
    unpriced: list[str] = Field(description="Legs that the price book has no price for: they count as 0.")
    assumptions: AssumptionsView
