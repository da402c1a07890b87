"""Shapes of phone numbers for the API description."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.number import parse_e164
from callwright.domain.settings.setting import Kind
from callwright.platform.phone_numbers.rules import COUNTRY_CODES


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
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
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
    created_at: Timestamp
    updated_at: Timestamp
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


def _country(given: Fields, name: str) -> str | None:
    found = given.text(name).strip().upper()
    if found and found not in COUNTRY_CODES:
        raise given.not_among(name, COUNTRY_CODES)
    return found or None


def _provider(given: Fields, name: str) -> str:
    return given.text(name, longest=MAX_NAME_CHARACTERS).strip().lower()


def _pattern(given: Fields, name: str) -> str:
    if not re.fullmatch("[0-9]{0,3}", given.text(name)):
        raise given.wrong(name, "up to three digits, the first ones after the country's code")
    return given.text(name)


def _number(given: Fields, name: str) -> str | None:
    return parse_e164(given.raw(name), what=name) if given.raw(name) else None


_Country = Annotated[str, reads(Kind("a country", {"type": "string", "enum": list(COUNTRY_CODES)}, _country))]
_Provider = Annotated[str, reads(Kind("a carrier", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _provider))]


class NumberQuery(AskedQuery):
    """Which numbers to search for."""

    country: _Country
    pattern: Annotated[str, reads(Kind("digits", {"type": "string", "pattern": "^[0-9]{0,3}$"}, _pattern))] = Field(
        default="", description="Up to three digits, the first ones after the country's code."
    )
    provider: _Provider = Field(default="", description="The carrier; by default one whose provider keys are stored.")


class BuyNumber(Asked):
    """Which number to rent."""

    country: _Country
    phone_number: Annotated[str, reads(Kind("a phone number", {"type": "string"}, _number))]
    provider: _Provider = ""


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
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
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
    created_at: Timestamp
    updated_at: Timestamp


BUY_EXAMPLE: dict[str, Any] = {"country": "IN", "phone_number": "+918000000002", "provider": "plivo"}
