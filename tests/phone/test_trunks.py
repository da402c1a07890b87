"""A SIP trunk set up over the API: its calls go out with the password it was given, and reach the agent of the number, or nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.phone.agents import ANNOUNCEMENT, WELCOME, agent
from tests.phone.calls import asks, check_transcript, final, goodbye, hangup, hears
from tests.phone.length import sized
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import IP, Sipp
from tests.phone.trunks import challenge, invites, proves
from tests.waiting import until

from callwright.domain.limits import MAX_RING_SECONDS
from callwright.platform.executions.rules.causes import CAUSES

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
        # SIPp takes OPTIONS for a call of its scenario.
        "qualify_frequency": 0,
        **changes,
    }
    async with server.api() as api:
        for one in (await api.get("/sip-trunks/trunks")).json():
            if one["name"] == body["name"]:
                # A test that is run again has made it before.
                await api.delete(f"/sip-trunks/trunks/{one['id']}")
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


async def batch_through(server: Server, agent_id: str, from_number: str, numbers: Sequence[str]) -> str:
    """Make a batch of these numbers and begin it at once; returns its id."""
    rows = [f"{number},Contact {number[-1]}" for number in numbers]
    csv = "\n".join(["contact_number,customer", *rows, ""])
    async with server.api() as api:
        form = {"agent_id": agent_id, "from_phone_numbers": from_number}
        made = await api.post("/batches", data=form, files={"file": ("list.csv", csv, "text/csv")})
        assert made.status_code == 201, made.text
        batch_id = str(made.json()["batch_id"])
        begun = await api.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": datetime.now(UTC).isoformat()})
        assert begun.status_code == 200, begun.text
    return batch_id


async def batch_over(server: Server, batch_id: str, seconds: float) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The batch once it and the work of its calls are over, and its executions."""

    async def read() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        async with server.api() as api:
            return (
                (await api.get(f"/batches/{batch_id}")).json(),
                (await api.get(f"/batches/{batch_id}/executions")).json(),
            )

    async def over() -> bool:
        batch, rows = await read()
        return batch["status"] == "completed" and all(row["status"] in ENDED for row in rows)

    await until(over, seconds)
    return await read()


async def test_a_batch_calls_its_contacts_through_the_trunk_and_counts_how_each_call_ended(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    """One is answered, one is busy, one rings until the carrier gives up; in full also one until we do."""
    ours = "+15550100301"
    contacts = [f"+1555019930{end}" for end in range(1, sized(4, 3) + 1)]
    line = rtp()
    exchange = await sipp("exchange", calls=len(contacts), rtp_port=line.port, ring_ms=800)
    await make_trunk(server, ours, exchange.port)
    agent_id = await server.agent(**trunk_agent(welcome="Hello {customer}."))

    batch_id = await batch_through(server, agent_id, ours, contacts)
    await hears(line, "Hello Contact 1.")
    await asks(line, "Goodbye.", "Goodbye then.")
    await exchange.ended(MAX_RING_SECONDS + 20)
    batch, rows = await batch_over(server, batch_id, 30)

    assert [row["user_number"] for row in rows] == contacts, "in the order of the file"
    answered, busy, unanswered = rows[:3]
    assert [row["status"] for row in rows] == ["completed", "busy", "no-answer", "no-answer"][: len(rows)]
    assert hangup(answered) == ("API Request", "end_call_tool", 4000)
    assert hangup(busy) == (CAUSES["user_busy"].by, CAUSES["user_busy"].reason, CAUSES["user_busy"].code)
    cause = CAUSES["no_answer"]
    for row in rows[2:]:
        assert hangup(row) == (cause.by, cause.reason, cause.code)
    assert answered["conversation_duration"] >= 1
    assert [row["conversation_duration"] for row in (busy, unanswered)] == [0, 0]
    assert answered["context_details"]["recipient_data"]["customer"] == "Contact 1"
    for row in rows:
        assert (row["batch_id"], row["provider"], row["agent_number"]) == (batch_id, "sip-trunk", ours)
    codes = [(await server.events(row["id"], "sip"))[-1].values for row in rows[1:3]]
    assert [(code["status"], code["q850"]) for code in codes] == [(486, 17), (480, 19)]

    assert batch["from_phone_numbers"] == [ours]
    assert (batch["total_contacts"], batch["valid_contacts"]) == (len(contacts), len(contacts))
    statuses = Counter(row["status"] for row in rows)
    assert batch["execution_status"] == dict(statuses)
    figures = batch["callwright"]
    assert (figures["waiting"], figures["answered"], figures["refused_contacts"]) == (0, 1, 0)
    assert abs(figures["conversation_duration"] - answered["conversation_duration"]) <= 0.1, "both are to a tenth"
    assert figures["total_cost"] == sum(row["total_cost"] for row in rows)


async def test_a_call_of_a_trunk_is_moved_to_a_phone_number_at_the_gateway_that_carries_it(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    ours, colleague = "+15550100302", "+15550199402"
    line = rtp()
    refuses = await sipp("refuses", status="503 Service Unavailable")
    gateway = await sipp("answers_and_obeys_refer", rtp_port=line.port, outcome="200 OK")
    await make_trunk(server, ours, refuses.port, gateway.port)
    agent_id = await server.agent(**trunk_agent(transfer_to=colleague))
    execution_id = await server.call(agent_id, "+15550199887", from_phone_number=ours)
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    await gateway.ended(20)

    refer = gateway.messages("REFER", sent=False)[0]
    assert refer.header("Refer-To").strip("<>") == f"sip:{colleague}@{IP}:{gateway.port}"
    assert [m.sent for m in gateway.messages("BYE")] == [False], "the platform leaves the call"
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[:2]) == ("completed", ("API Request", "call_transferred"))
    transfer = record["transfer_call_data"]
    assert (transfer["status"], transfer["to_number"]) == ("completed", colleague)


async def test_an_attended_transfer_calls_the_target_at_the_gateway_with_the_trunks_password(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    ours, colleague = "+15550100303", "+15550199403"
    line = rtp()
    words = {"rtp_port": line.port, "outcome": "200 OK", "challenged": challenge(407)}
    gateway = await sipp("answers_and_obeys_refer", calls=2, **words)
    await make_trunk(server, ours, gateway.port, outbound_leading_plus_enabled=False)
    agent_id = await server.agent(**trunk_agent(transfer_to=colleague, transfer_mode="attended"))
    execution_id = await server.call(agent_id, "+15550199887", from_phone_number=ours)
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    await gateway.ended(20)

    check_invited(gateway, colleague.removeprefix("+"), ours.removeprefix("+"))
    (refer,) = gateway.messages("REFER", sent=False)
    assert "Replaces=" in refer.header("Refer-To")
    record = await final(server, execution_id)
    assert hangup(record)[:2] == ("API Request", "call_transferred")
    assert PASSWORD not in server.tail()


def check_invited(gateway: Sipp, called: str, caller: str) -> None:
    """The gateway was last asked to call ``called``, for ``caller`` and with the trunk's password."""
    last = [m for m in gateway.messages("INVITE", sent=False) if m.start.split()[1].startswith(f"sip:{called}@")][-1]
    assert proves(last, "u1", PASSWORD)
    assert last.header("P-Asserted-Identity") == f"<sip:{caller}@{IP}:{gateway.port}>"
    assert last.header("From").partition(";")[0].endswith(f"<sip:{caller}@{IP}:{gateway.port}>")


async def inbound_trunk(server: Server, number: str, gateway: int, **more: Any) -> str:
    """An agent that takes calls to the number of a trunk."""
    trunk = await make_trunk(
        server,
        number,
        gateway,
        ip_identifiers=[{"ip_address": "127.0.0.0/8"}],
        inbound_enabled=True,
        outbound_leading_plus_enabled=False,
    )
    agent_id = await server.agent(**trunk_agent(**more))
    async with server.api() as api:
        mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
        assert (await api.post("/inbound/setup", json=mapping)).status_code < 300
    return agent_id


async def test_a_call_that_came_in_through_a_trunk_is_moved_to_a_phone_number_there(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    agent_id = await inbound_trunk(server, "918000000004", 5060, transfer_to="+15550199404")
    words = {"called": "+918000000004", "rtp_port": line.port, "outcome": "200 OK"}
    phone = await sipp("calls_and_obeys_refer", target=server.sip_port, **words)
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    await phone.ended(20)

    (refer,) = phone.messages("REFER", sent=False)
    assert refer.header("Refer-To").strip("<>") == f"sip:15550199404@{IP}:5060"
    record = await final(server, await server.inbound(agent_id))
    assert (record["provider"], hangup(record)[1]) == ("sip-trunk", "call_transferred")
    assert record["transfer_call_data"]["to_number"] == "+15550199404"


async def test_the_target_of_a_call_that_came_in_is_called_with_the_trunks_password(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    gateway = await sipp("answers", rtp_port=rtp().port, challenged=challenge(401))
    more = {"transfer_to": "+15550199405", "transfer_mode": "attended"}
    agent_id = await inbound_trunk(server, "918000000005", gateway.port, **more)
    words = {"called": "+918000000005", "rtp_port": line.port, "outcome": "200 OK"}
    phone = await sipp("calls_and_obeys_refer", target=server.sip_port, **words)
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    await phone.ended(20)
    await gateway.ended(20)

    check_invited(gateway, "15550199405", "918000000005")
    (refer,) = phone.messages("REFER", sent=False)
    assert f"15550199405@{IP}:{gateway.port}" in refer.header("Refer-To")
    assert "Replaces=" in refer.header("Refer-To")
    record = await final(server, await server.inbound(agent_id))
    assert hangup(record)[1] == "call_transferred"
    assert PASSWORD not in server.tail()


async def test_a_trunk_that_speaks_no_codec_of_ours_is_not_dialled_and_the_record_says_why(server: Server) -> None:
    await make_trunk(server, "+15550100124", 5061, allow="g729")
    execution_id = await server.call(
        await server.agent(**trunk_agent()), "+15550199887", from_phone_number="+15550100124"
    )
    record = await final(server, execution_id)
    assert record["status"] == "failed"
    assert "g729" in record["error_message"]


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
    refused = await final(server, await server.inbound(agent_id, 0))
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
