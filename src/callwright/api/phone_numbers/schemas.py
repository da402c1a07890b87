"""Shapes of phone numbers for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example


class PhoneNumberView(Open):
    """A number: an extension, a number of a SIP trunk, or one rented from a carrier."""

    model_config = example(
        {
            "id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6",
            "phone_number": "+15550188",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "telephony_provider": "sip-trunk",
            "rented": False,
            "price": None,
            "renewal_at": None,
            "created_at": "2026-11-24T16:31:07.193399",
            "updated_at": "2026-11-24T16:31:07.193399",
            "humanized_created_at": "2 days ago",
            "humanized_updated_at": "2 days ago",
            "name": "Front desk",
            "ivr_config": None,
            "callwright": {"kind": "trunk"},
        }
    )

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

    model_config = example(
        {
            "phone_number": "+15550188",
            "provider": "twilio",
            "price": 1.15,
            "region": "CA",
            "friendly_name": "(555) 0188",
            "locality": "Oakland",
        }
    )

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

    model_config = example(
        {
            "id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6",
            "phone_number": "+15550188",
            "agent_id": None,
            "bolna_owned": False,
            "deleted": False,
            "renewal": True,
            "payment_uuid": None,
            "price": 115,
            "telephony_provider": "twilio",
            "telephony_sid": "PN00000000000000000000000000000001",
            "created_at": "2026-11-24T16:31:07.193399",
            "updated_at": "2026-11-24T16:31:07.193399",
        }
    )

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
