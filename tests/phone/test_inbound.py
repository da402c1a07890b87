"""A phone calls an agent: SIPp signals, and what was said is judged at both ends and in the record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import (
    asks,
    check_sound,
    check_transcript,
    final,
    goodbye,
    hangup,
    hears,
    sound_both_ways,
    understood,
)
from tests.phone.rtp import PCMA, RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import ALAW, Sipp
from tests.waiting import until

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


async def test_a_phone_calls_an_agent_they_talk_and_the_phone_hangs_up(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp(
        "calls",
        target=server.sip_port,
        called=agent_id,
        rtp_port=line.port,
        more_headers="X-Campaign: spring-7",
    )
    await hears(line, WELCOME)
    began_s = time.monotonic()
    await asks(line, "I need an appointment.", "Which day suits you?")
    await sound_both_ways(line)
    execution_id = await server.inbound(agent_id)
    live = await server.execution(execution_id)
    assert live["status"] == "in-progress"
    await phone.goes_on()
    await phone.ended()
    talked_s = time.monotonic() - began_s

    record = await final(server, execution_id)
    assert record["status"] == "completed"
    data = record["telephony_data"]
    assert (data["call_type"], data["provider"]) == ("inbound", "sip")
    assert "+15550001" in data["from_number"]
    assert hangup(record) == ("Caller", "Call ended", 4000)
    assert talked_s - 1 <= record["conversation_duration"] <= talked_s + 15
    check_transcript(record, "user: I need an appointment.", "assistant: Which day suits you?")
    assert data["provider_call_id"] == phone.messages("INVITE", sent=True)[0].header("Call-ID")
    assert record["callwright"]["line"]["headers"] == {"X-Campaign": "spring-7"}
    await check_sound(server, execution_id, line)


@pytest.mark.long
async def test_a_header_that_only_the_agent_names_is_its_variable_and_the_key_of_the_look_up(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    body = agent()
    body["agent_config"] |= {
        "sip_header_variables": {"X-CALLERNO": "caller_no", "X-Missing": "nothing"},
        "ingest_lookup_key": "X-CALLERNO",
        "ingest_source_config": {"source_type": "csv", "source_name": "customers"},
    }
    agent_id = await server.agent(**body)
    line = rtp()
    phone = await sipp(
        "calls", target=server.sip_port, called=agent_id, rtp_port=line.port, more_headers="X-CALLERNO: 4711"
    )
    await hears(line, WELCOME)
    await goodbye(line, phone)

    record = await final(server, await server.inbound(agent_id))
    data = record["context_details"]["recipient_data"]
    assert (data["caller_no"], data["nothing"]) == ("4711", "")
    assert record["callwright"]["caller_lookup"]["by"] == "X-CALLERNO"
    assert record["callwright"]["line"]["headers"] == {"X-CALLERNO": "4711"}


@pytest.mark.long
async def test_the_agent_hangs_up_when_the_conversation_is_over(server: Server, sipp: Phones, rtp: Lines) -> None:
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port)
    await hears(line, WELCOME)
    await goodbye(line, phone)

    assert understood(line.text()[-13:], "Goodbye then."), "its last words were played to the end"
    assert [m.sent for m in phone.messages("BYE")] == [False], "the platform said BYE"
    record = await final(server, await server.inbound(agent_id))
    assert (record["status"], *hangup(record)[:2]) == ("completed", "API Request", "end_call_tool")


@pytest.mark.long
async def test_a_phone_that_speaks_a_law_only_is_understood(server: Server, sipp: Phones, rtp: Lines) -> None:
    agent_id = await server.agent(**agent())
    line = rtp(PCMA)
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port, **ALAW)
    await hears(line, WELCOME)
    await sound_both_ways(line)
    await goodbye(line, phone)

    assert {p.kind for p in line.packets} == {PCMA}, "it was answered in its own codec"
    execution_id = await server.inbound(agent_id)
    assert (await final(server, execution_id))["status"] == "completed"
    await check_sound(server, execution_id, line)


async def test_keys_the_phone_presses_reach_the_agent(server: Server, sipp: Phones, rtp: Lines) -> None:
    rules = [{"when": r"dtmf_number: 14\*9", "say": "Thank you for the number."}]
    agent_id = await server.agent(**agent(rules, dtmf_enabled=True))
    line = rtp()
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port)
    await hears(line, WELCOME)
    line.press("14*9#")
    await hears(line, "Thank you for the number.")
    await server.hang_up(await server.inbound(agent_id))
    await phone.ended()

    execution_id = await server.inbound(agent_id)
    assert "user: dtmf_number: 14*9" in (await final(server, execution_id))["transcript"]
    keys = [entry.values["key"] for entry in await server.events(execution_id, "KeyPressed")]
    assert "".join(keys) == "14*9#", "each key once, in order"


async def test_a_phone_that_holds_hears_nothing_and_goes_on_afterwards(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp(
        "holds",
        target=server.sip_port,
        called=agent_id,
        rtp_port=line.port,
    )
    await hears(line, WELCOME)
    execution_id = await server.inbound(agent_id)
    line.muted = True
    await phone.goes_on()
    await held(server, execution_id, True)
    await asyncio.sleep(1)
    await phone.goes_on()
    await held(server, execution_id, True, False)
    line.muted = False
    await asks(line, "I need an appointment.", "Which day suits you?")
    await sound_both_ways(line)
    await goodbye(line, phone)

    answers = [m for m in phone.messages("200", sent=False) if m.header("CSeq").endswith("INVITE")]
    assert len(answers) == 3
    assert "a=recvonly" in answers[1].text or "a=inactive" in answers[1].text, "a held line is answered as one"
    assert "a=sendrecv" in answers[2].text or "a=" not in answers[2].text
    record = await final(server, execution_id)
    assert record["status"] == "completed"
    assert [entry.values["on"] for entry in await server.events(execution_id, "held")] == [True, False]
    await check_sound(server, execution_id, line)


async def held(server: Server, execution_id: str, *on: bool) -> None:
    """Wait until the record shows that we were held, and taken back."""

    async def shown() -> bool:
        return [entry.values["on"] for entry in await server.events(execution_id, "held")] == list(on)

    await until(shown, 15)


async def test_an_address_nobody_has_is_refused_as_not_found(server: Server, sipp: Phones, rtp: Lines) -> None:
    words = {"called": "nobody-of-this-name", "rtp_port": rtp().port, "status_code": 404}
    phone = await sipp("is_refused", target=server.sip_port, **words)
    await phone.ended(10)

    assert len(phone.messages("INVITE", sent=True)) == 1
