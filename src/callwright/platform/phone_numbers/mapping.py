"""Phone numbers as the contract shows them (3.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.domain.human_time import ago
from callwright.insight.wire import wire_time
from callwright.platform.phone_numbers.rules import PhoneNumber
from callwright.ports.market import OfferedNumber


def listed(number: PhoneNumber, now: datetime) -> dict[str, Any]:
    """One of the list."""
    cents = number.details.get("price_cents")
    return {
        "id": number.id,
        "phone_number": number.number,
        "agent_id": number.agent_id,
        "telephony_provider": number.provider,
        "rented": number.rented,
        "price": None if cents is None else f"${cents / 100}",
        "renewal_at": None,
        "created_at": wire_time(number.created_at),
        "updated_at": wire_time(number.updated_at),
        "humanized_created_at": ago(number.created_at, now),
        "humanized_updated_at": ago(number.updated_at, now),
        "name": number.name,
        "ivr_config": number.details.get("ivr_config"),
        "callwright": {"kind": number.kind},
    }


def offered(number: OfferedNumber) -> dict[str, Any]:
    """One that can be rented."""
    return {
        "region": number.region,
        "friendly_name": number.friendly_name,
        "locality": number.locality,
        "phone_number": number.phone_number,
        "provider": number.provider,
        "price": number.price_cents / 100,
    }


def rented(number: PhoneNumber) -> dict[str, Any]:
    """One that was just rented."""
    details = number.details
    return {
        "id": number.id,
        "agent_id": number.agent_id,
        "bolna_owned": False,
        "deleted": False,
        "renewal": True,
        "payment_uuid": details.get("payment_uuid"),
        "phone_number": number.number,
        "price": details.get("price_cents"),
        "telephony_provider": number.provider,
        "telephony_sid": details.get("telephony_sid"),
        "created_at": wire_time(number.created_at),
        "updated_at": wire_time(number.updated_at),
    }
