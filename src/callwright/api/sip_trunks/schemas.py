"""Shapes of SIP trunks for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.settings.kinds import SWITCH

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


class SipGateway(Open):
    """Where calls go."""

    gateway_address: str
    port: int | None = 5060
    priority: int | None = Field(default=1, description="The lowest is tried first.")
    weight: int | None = Field(default=0, description="Share of the calls among gateways of one priority.")


class SipIp(Open):
    """From where calls come."""

    ip_address: str = Field(description="An address or a network.")


class SipNumberBody(Open):
    """A number of a trunk."""

    phone_number: str
    name: str | None = None
    e164_check_enabled: bool | None = False


class SipTrunkBody(Open):
    """A trunk."""

    name: str
    provider: str
    auth_type: str = Field(description="`userpass` or `ip-based`.")
    auth_username: str | None = None
    auth_password: str | None = Field(default=None, description="Kept sealed, never returned.")
    gateways: list[SipGateway]
    transport: str | None = Field(default="transport-udp", description="Or `transport-tcp`, `transport-tls`.")
    media_encryption: str | None = Field(default="no", description="`sdes`: SRTP, over TLS only.")
    registers: bool | None = Field(
        default=False, alias="register", description="Register at the first gateway, with `userpass`."
    )
    ip_identifiers: list[SipIp] | None = None
    phone_numbers: list[SipNumberBody] | None = None


class SipTrunkPatch(Open):
    """What to change; lists are replaced."""

    name: str | None = None
    gateways: list[SipGateway] | None = None
    ip_identifiers: list[SipIp] | None = None
    is_active: bool | None = None


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

    model_config = example(
        {
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
        }
    )

    id: str
    name: str
    provider: str
    description: str | None
    auth_type: str
    auth_username: str | None
    gateways: list[SipGateway]
    ip_identifiers: list[SipIp]
    phone_numbers: list[SipNumberView]
    is_active: bool
    created_at: Timestamp
    updated_at: Timestamp
    allow: str
    disallow: str
    transport: str
    direct_media: bool
    rtp_symmetric: bool
    force_rport: bool
    media_encryption: str
    media_encryption_optimistic: bool
    qualify_frequency: int
    inbound_enabled: bool
    outbound_leading_plus_enabled: bool


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
