"""Shapes of phone numbers for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open


class PhoneNumberView(Open):
    """A number: an extension, a number of a SIP trunk, or one rented from a carrier."""

    id: str
    phone_number: str
    telephony_provider: str = Field(description="`sip` for extensions, `sip-trunk`, or the carrier's name.")
    agent_id: str | None
    price: str | None
    rented: bool
    renewal_at: str | None
    created_at: str
    updated_at: str
    humanized_created_at: str
    humanized_updated_at: str


class OfferedNumberView(Open):
    """A number that can be rented."""

    phone_number: str
    provider: str
    price: float = Field(description="US dollars a month.")
    region: str | None
    friendly_name: str | None
    locality: str | None


class BuyNumber(Open):
    """Which number to rent."""

    country: str = Field(description="US or IN.")
    phone_number: str
    provider: str | None = None


class RentedNumberView(Open):
    """A number that was rented."""

    id: str
    phone_number: str
    agent_id: str | None
    bolna_owned: bool
    deleted: bool
    renewal: bool
    payment_uuid: str | None
    price: float = Field(description="Cents a month.")
    telephony_provider: str
    telephony_sid: str
    created_at: str
    updated_at: str


BUY_EXAMPLE: dict[str, Any] = {"country": "IN", "phone_number": "+918000000002", "provider": "plivo"}
