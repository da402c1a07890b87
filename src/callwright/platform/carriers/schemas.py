"""Shapes of connecting carriers for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.fields import Fields
from callwright.domain.number import parse_e164
from callwright.domain.settings.setting import Kind

EXAMPLE: dict[str, Any] = {"phone_number": "+15550188"}


def _number(given: Fields, name: str) -> str:
    return parse_e164(given.raw(name), what=name) if given.raw(name) else ""


class ConnectBody(Asked):
    """Which number is connected."""

    phone_number: Annotated[str, reads(Kind("a phone number", {"type": "string"}, _number))] = Field(
        default="", description="A number of the account at the carrier; by default the one stored with the keys."
    )


class ConnectionView(Open):
    """A number whose calls come here, once what is left by hand is done."""

    model_config = example(
        {
            "carrier": "twilio",
            "phone_number": "+15550188",
            "asks_at": "https://calls.example.com/lines/twilio/incoming",
            "asks_by": "POST",
            "asked_before_at": "",
            "streams_at": "wss://calls.example.com/lines/twilio/stream",
            "by_hand": "",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
        }
    )

    carrier: str
    phone_number: str
    asks_at: str = Field(description="Where the carrier asks about calls to the number from now on.")
    asks_by: str = Field(description="The HTTP method of that.")
    asked_before_at: str = Field(
        description="Where it asked until now, or an id of the carrier; empty where that is not known."
    )
    streams_at: str = Field(description="The address below which the websockets of calls are.")
    by_hand: str = Field(
        description="What is to be done in the carrier's console, because its API does not take it; else empty."
    )
    agent_id: str | None = Field(description="The agent that answers the number.")
