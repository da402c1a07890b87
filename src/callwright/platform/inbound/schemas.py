"""Shapes of inbound routing for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import SWITCH, filled
from callwright.domain.settings.setting import Kind
from callwright.platform.inbound.rules.ivr import read_ivr


def _ivr(given: Fields, name: str) -> dict[str, Any] | None:
    return read_ivr(given.value)


class InboundSetup(Asked):
    """Which agent answers which number."""

    agent_id: Annotated[str, reads(filled(MAX_NAME_CHARACTERS))]
    phone_number_id: Annotated[str, reads(filled(MAX_NAME_CHARACTERS))] = Field(
        description="An id of GET /phone-numbers/all."
    )
    allow_multiple: Annotated[bool, reads(SWITCH)] = Field(
        default=False, description="Accepted; an agent may always hold several numbers."
    )
    ivr_config: Annotated[dict[str, Any] | None, reads(Kind("an object", {"type": "object"}, _ivr))] = Field(
        default=None, description="Checked and kept, and not acted on."
    )


class InboundUnlink(Asked):
    """Which number nobody shall answer."""

    phone_number_id: Annotated[str, reads(filled(MAX_NAME_CHARACTERS))]


class InboundResult(Open):
    """What became of it."""

    model_config = example(
        {
            "url": "https://calls.example.org/inbound_call?agent_id=7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10&user_id=00000000-0000-4000-8000-000000000001",
            "phone_number": "+15550188",
            "id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
        }
    )

    url: str | None = Field(
        description="Where a carrier may ask about calls to its number (trunks and extensions need no address); null where nobody answers."
    )
    phone_number: str
    id: str
    agent_id: str | None = None
    message: str | None = None
    warning: str | None = Field(default=None, description="What is kept and not acted on.")


SETUP_EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "phone_number_id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6",
}
UNLINK_EXAMPLE: dict[str, Any] = {"phone_number_id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6"}
