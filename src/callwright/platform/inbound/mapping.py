"""The answers of inbound routing (contract 3.6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from callwright.platform.inbound.rules.ivr import NOT_ACTED_ON
from callwright.platform.phone_numbers.actions.numbers import Setup
from callwright.platform.phone_numbers.rules import TRUNK, PhoneNumber
from callwright.ports.door import INBOUND_CALL

TRUNK_MAPPED = "SIP trunk number successfully mapped to agent"
IVR_UPDATED = "Phone number is already mapped to the given agent. IVR config updated."


def setup_view(setup: Setup, public_url: str) -> dict[str, Any]:
    """The three answers of the contract in one shape: ``message`` where it has one."""
    view = number_view(setup.number, public_url)
    if setup.ivr_only:
        view["message"] = IVR_UPDATED
    elif setup.number.kind == TRUNK:
        view["message"] = TRUNK_MAPPED
    if setup.has_ivr:
        view["warning"] = NOT_ACTED_ON
    return view


def number_view(number: PhoneNumber, public_url: str) -> dict[str, Any]:
    """``url``, ``phone_number`` and ``id``."""
    url = None
    if number.agent_id is not None:
        url = f"{public_url}{INBOUND_CALL}?{urlencode({'agent_id': number.agent_id, 'user_id': number.tenant_id})}"
    return {"url": url, "phone_number": number.number, "id": number.id, "agent_id": number.agent_id}
