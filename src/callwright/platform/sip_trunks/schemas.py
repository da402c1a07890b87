"""Shapes of SIP trunks for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, declared, example
from callwright.domain.settings.kinds import SWITCH
from callwright.domain.settings.setting import changes, declared_in
from callwright.platform.sip_trunks.rules import IS_ACTIVE, NUMBERS, PASSWORD, TrunkNumber, TrunkSettings

_NUMBER: dict[str, Any] = {
    "id": "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6",
    "phone_number": "+15550188",
    "name": "Front desk",
    "byot_trunk_id": "9cd775bf-5756-42a4-b28d-8b0011900db8",
    "telephony_provider": "sip-trunk",
    "deleted": False,
    "agent_id": None,
    "e164_check_enabled": False,
    "created_at": "2026-11-24T16:31:07.193399+00:00",
    "updated_at": "2026-11-24T16:31:07.193399+00:00",
}


class SipTrunkQuery(AskedQuery):
    """Which trunks."""

    is_active: Annotated[bool | None, reads(SWITCH)] = Field(default=None, description="All by default.")


class SipNumberBody(Open):
    """A number of a trunk."""

    model_config = declared(declared_in(TrunkNumber))


class SipTrunkBody(Open):
    """A trunk."""

    model_config = declared((*declared_in(TrunkSettings), PASSWORD, IS_ACTIVE, NUMBERS))


class SipTrunkPatch(Open):
    """What to change; lists are replaced."""

    model_config = declared(changes((*declared_in(TrunkSettings), PASSWORD, IS_ACTIVE)))


class SipNumberView(Open):
    """A number of a trunk as it is kept."""

    model_config = example(_NUMBER)

    id: str
    phone_number: str
    name: str | None
    byot_trunk_id: str
    telephony_provider: str
    deleted: bool
    created_at: Timestamp
    updated_at: Timestamp


class SipTrunkView(Open):
    """A trunk as it is kept, without its password."""

    model_config = declared(
        (one for one in declared_in(TrunkSettings) if one.name != "register"),
        answer={
            "name": "Main carrier",
            "provider": "custom",
            "auth_type": "userpass",
            "auth_username": "u",
            "gateways": [{"gateway_address": "192.0.2.10", "port": 5060, "priority": 1}],
            "description": None,
            "ip_identifiers": [],
            "allow": "ulaw,alaw",
            "disallow": "all",
            "transport": "transport-udp",
            "direct_media": False,
            "rtp_symmetric": True,
            "force_rport": True,
            "media_encryption": "no",
            "media_encryption_optimistic": False,
            "qualify_frequency": 60,
            "inbound_enabled": False,
            "outbound_leading_plus_enabled": True,
            "id": "9cd775bf-5756-42a4-b28d-8b0011900db8",
            "is_active": True,
            "phone_numbers": [_NUMBER],
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
            "callwright": {
                "undiallable": None,
                "registration": {"state": "registered", "since": "2026-11-24T16:31:08.000000+00:00", "reason": None},
                "gateways": [
                    {
                        "gateway": "192.0.2.10:5060",
                        "state": "reachable",
                        "since": "2026-11-24T16:31:08.000000+00:00",
                        "reason": None,
                    }
                ],
            },
        },
    )

    id: str
    phone_numbers: list[SipNumberView]
    is_active: bool
    created_at: Timestamp
    updated_at: Timestamp


class Told(Open):
    """It is done."""

    model_config = example({"message": "Phone number removed successfully"})

    message: str


EXAMPLE: dict[str, Any] = {
    "name": "Main carrier",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u1",
    "auth_password": "p1",
    "gateways": [{"gateway_address": "sip.carrier.example", "port": 5060}],
}
PATCH_EXAMPLE: dict[str, Any] = {"inbound_enabled": True, "ip_identifiers": [{"ip_address": "203.0.113.0/24"}]}
NUMBER_EXAMPLE: dict[str, Any] = {"phone_number": "918000000002", "name": "Front desk"}
