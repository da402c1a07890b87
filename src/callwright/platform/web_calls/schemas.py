"""Shapes of web calls for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_ADDRESS_CHARACTERS
from callwright.domain.origin import origin_of
from callwright.domain.settings.kinds import filled
from callwright.domain.settings.setting import Kind


def _user_data(given: Fields, name: str) -> dict[str, Any]:
    child = given.child(name)
    return dict(child.value) if child is not None else {}


def _origin(given: Fields, name: str) -> str:
    try:
        return origin_of(given.text(name, longest=MAX_ADDRESS_CHARACTERS))
    except ValueError:
        raise given.wrong(name, "an origin, as https://www.example.org") from None


class WebCallBody(Asked):
    """A web call that is wanted."""

    agent_id: Annotated[str, reads(filled())]
    user_data: Annotated[dict[str, Any], reads(Kind("an object", {"type": "object"}, _user_data))] = Field(
        default_factory=dict, description="Variables of prompts; at most 50 KB of JSON."
    )


class WebSessionBody(WebCallBody):
    """A session that is wanted."""

    origin: Annotated[str | None, reads(Kind("an origin", {"type": "string"}, _origin))] = Field(
        default=None,
        description="The origin of the page that will call, as `https://www.example.org`; without it that of the request's header"
        " `Origin`, and without that any.",
    )


class WebSessionView(Open):
    """A session: one call, begun in time at its address."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "run_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "url": "wss://calls.example.org/lines/web-call/call/kJ3",
            "expires_in": 120,
            "protocol": "frames",
            "sample_rate": 16000,
            "frame_ms": 20,
        }
    )

    execution_id: str = Field(description="The execution exists from the moment the page connects.")
    run_id: str = Field(description="The same id.")
    agent_id: str
    url: str = Field(description="Where the page connects its websocket. Good once.")
    expires_in: int = Field(description="Seconds in which it must.")
    protocol: str = Field(description="`frames`: binary frames and JSON (docs/how-to/browser-calls.md).")
    sample_rate: int
    frame_ms: int


class SipSessionView(Open):
    """A session over SIP: one call, begun in time at its websocket (contract 3.16)."""

    model_config = example(
        {
            "run_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "sip_username": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "sip_password": "9f0c",
            "sip_domain": "calls.example.org",
            "wss_url": "wss://calls.example.org/lines/web-call/sip/kJ3",
            "sip_register": False,
            "expires_in": 120,
            "ice_servers": [{"urls": "stun:stun.example.org"}],
        }
    )

    run_id: str = Field(description="The execution, which exists from the INVITE.")
    agent_id: str
    sip_username: str
    sip_password: str = Field(description="Answers the digest of the INVITE. Good for one call.")
    sip_domain: str
    wss_url: str = Field(description="Where the SIP client connects its websocket.")
    sip_register: bool = Field(description="False: call without a REGISTER. One is answered all the same.")
    expires_in: int = Field(description="Seconds in which the call must begin.")
    ice_servers: list[dict[str, Any]] = Field(
        description="For the browser's `RTCPeerConnection` (`CALLWRIGHT_ICE_SERVERS`)."
    )


EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "user_data": {"name": "Ann"},
}
SESSION_EXAMPLE: dict[str, Any] = {**EXAMPLE, "origin": "https://www.example.org"}
