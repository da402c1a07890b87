"""A SIP trunk set up over the API: its calls go out with the password it was given, and reach the agent of the number, or nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import check_transcript, final, goodbye, hears
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import IP, Sipp
from tests.phone.trunks import challenge, invites, proves

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
PASSWORD = "trunk p4ss;word"


def trunk_agent(**more: Any) -> dict[str, Any]:
    """An agent for trunks."""
    body = agent(**more)
    body["agent_config"]["telephony_provider"] = "sip-trunk"
    return body


async def make_trunk(server: Server, number: str, *gateways: int, **changes: Any) -> dict[str, Any]:
    """A trunk with one number and these gateways, in their order."""
    body = {
        "name": f"trunk of {number}",
        "provider": "custom",
        "auth_type": "userpass",
        "auth_username": "u1",
        "auth_password": PASSWORD,
        "gateways": [
            {"gateway_address": IP, "port": port, "priority": priority} for priority, port in enumerate(gateways, 1)
        ],
        "phone_numbers": [{"phone_number": number}],
        **changes,
    }
    async with server.api() as api:
        answer = await api.post("/sip-trunks/trunks", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_call_goes_out_through_the_first_gateway_that_can_with_the_trunks_password(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    first = await sipp("refuses", status="503 Service Unavailable")
    second = await sipp("answers", rtp_port=line.port, challenged=challenge(407))
    await make_trunk(server, "+15550100123", first.port, second.port)
    agent_id = await server.agent(**trunk_agent())

    execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100123")
    await hears(line, WELCOME)
    await goodbye(line, second)

    record = await final(server, execution_id)
    assert (record["status"], record["provider"]) == ("completed", "sip-trunk")
    assert (record["user_number"], record["agent_number"]) == ("+15550199887", "+15550100123")
    check_transcript(record, "assistant: Goodbye then.")
    last = invites(second)[-1]
    assert proves(last, "u1", PASSWORD)
    assert last.header("P-Asserted-Identity") == f"<sip:+15550100123@{IP}:{second.port}>"
    (given_up,) = await server.events(execution_id, "trunk_gateway_failed")
    assert given_up.values["why"].startswith("503")
    assert PASSWORD not in server.tail()


async def test_a_trunk_that_speaks_no_udp_is_not_dialled_and_the_record_says_why(server: Server) -> None:
    await make_trunk(server, "+15550100124", 5061, transport="transport-tls")
    execution_id = await server.call(
        await server.agent(**trunk_agent()), "+15550199887", from_phone_number="+15550100124"
    )
    record = await final(server, execution_id)
    assert record["status"] == "failed"
    assert "transport-tls" in record["error_message"]


async def test_a_call_from_the_trunks_address_reaches_the_agent_of_the_number(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    trunk = await make_trunk(
        server, "918000000002", 5060, ip_identifiers=[{"ip_address": "127.0.0.0/8"}], inbound_enabled=True
    )
    welcome = "You call from {from_number}, {reason}."
    body = trunk_agent(welcome=welcome, inbound_limit=1)
    body["agent_config"]["sip_header_variables"] = {"X-Campaign": "reason"}
    agent_id = await server.agent(**body)
    async with server.api() as api:
        mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
        mapped = await api.post("/inbound/setup", json=mapping)
        assert mapped.json()["message"] == "SIP trunk number successfully mapped to agent"
    line = rtp()
    phone = await sipp(
        "calls",
        target=server.sip_port,
        called="+918000000002",
        rtp_port=line.port,
        more_headers="X-Campaign: autumn",
    )
    await hears(line, "You call from +15550001, autumn.")
    await phone.goes_on()
    await phone.ended()

    record = await final(server, await server.inbound(agent_id))
    assert (record["status"], record["provider"]) == ("completed", "sip-trunk")
    assert (record["agent_number"], record["user_number"]) == ("918000000002", "+15550001")
    assert record["context_details"]["recipient_data"]["reason"] == "autumn"

    again = await sipp(
        "is_refused", target=server.sip_port, called="+918000000002", rtp_port=rtp().port, status_code=603
    )
    await again.ended(10)
    refused = await server.execution(await server.inbound(agent_id, 0))
    assert (refused["status"], refused["telephony_data"]["hangup_reason"]) == ("failed", "caller_limit_reached")


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("+15550100201", {"ip_identifiers": [{"ip_address": "203.0.113.9"}], "inbound_enabled": True}),
        ("+15550100202", {"ip_identifiers": [{"ip_address": "127.0.0.1"}], "inbound_enabled": False}),
        (
            "+15550100203",
            {"ip_identifiers": [{"ip_address": "127.0.0.1"}], "inbound_enabled": True, "is_active": False},
        ),
    ],
    ids=["from elsewhere", "not for inbound", "not active"],
)
async def test_a_call_that_is_none_of_the_trunks_is_refused(
    server: Server, sipp: Phones, rtp: Lines, number: str, changes: dict[str, Any]
) -> None:
    trunk = await make_trunk(server, number, 5060, **changes)
    agent_id = await server.agent(**trunk_agent())
    async with server.api() as api:
        mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
        await api.post("/inbound/setup", json=mapping)
    phone = await sipp("is_refused", target=server.sip_port, called=number, rtp_port=rtp().port, status_code=404)
    await phone.ended(10)
    assert await server.executions(agent_id) == []
    async with server.api() as api:
        await api.delete(f"/sip-trunks/trunks/{trunk['id']}")


async def test_an_unknown_caller_is_refused_with_403_and_a_known_one_is_greeted_by_name(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    body = agent(welcome="Hello {customer}.", disallow_unknown_numbers=True)
    body["agent_config"]["ingest_source_config"] = {"source_type": "csv", "source_name": "customers"}
    agent_id = await server.agent(**body)
    async with server.api() as api:
        csv = "contact_number,customer\n+15550077,Ann Lee\n"
        assert (await api.put("/v1/callwright/contact-files/customers", content=csv)).status_code in (200, 201)
    stranger = await sipp("is_refused", target=server.sip_port, called=agent_id, rtp_port=rtp().port, status_code=403)
    await stranger.ended(10)
    line = rtp()
    known = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port, from_user="+15550077")
    await hears(line, "Hello Ann Lee.")
    await known.goes_on()
    await known.ended()

    record = await final(server, await server.inbound(agent_id))
    assert record["transcript"].startswith("assistant: Hello Ann"), "as far as it was heard"
    refused = (await server.executions(agent_id))[-1]
    assert (refused["status"], refused["telephony_data"]["hangup_reason"]) == ("failed", "caller_not_known")
