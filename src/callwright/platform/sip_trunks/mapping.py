"""SIP trunks as the contract shows them (3.7)."""

from __future__ import annotations

from typing import Any

from callwright.insight.wire import wire_time
from callwright.platform.phone_numbers.rules import PhoneNumber
from callwright.platform.sip_trunks.actions import TrunkWithNumbers
from callwright.ports.trunk_lines import LineState


def trunk_view(found: TrunkWithNumbers) -> dict[str, Any]:
    """A trunk. Its password is never shown. ``callwright.undiallable`` says why calls cannot be placed through it, null when they can;
    ``registration`` and ``gateways`` how the process that answers finds it, null and empty where it does not look."""
    trunk, state = found.trunk, found.state
    return {
        **trunk.body,
        "id": trunk.id,
        "is_active": trunk.is_active,
        "phone_numbers": [number_view(number) for number in found.numbers],
        "created_at": wire_time(trunk.created_at),
        "updated_at": wire_time(trunk.updated_at),
        "callwright": {
            "undiallable": trunk.settings.undiallable or None,
            "registration": None if state.registration is None else _line_view(state.registration),
            "gateways": [{"gateway": name, **_line_view(one)} for name, one in state.gateways.items()],
        },
    }


def _line_view(line: LineState) -> dict[str, Any]:
    return {"state": line.state, "since": wire_time(line.since), "reason": line.reason or None}


def number_view(number: PhoneNumber) -> dict[str, Any]:
    """A number of a trunk."""
    return {
        "id": number.id,
        "phone_number": number.number,
        "name": number.name,
        "byot_trunk_id": number.trunk_id,
        "telephony_provider": number.provider,
        "deleted": False,
        "agent_id": number.agent_id,
        "e164_check_enabled": bool(number.details.get("e164_check_enabled")),
        "created_at": wire_time(number.created_at),
        "updated_at": wire_time(number.updated_at),
    }
