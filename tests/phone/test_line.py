"""A bad network between phone and platform: lost requests, 5 % of the sound lost, 100 ms of jitter. The call is set up, and understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from difflib import SequenceMatcher

import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import final, goodbye, hangup, hears, said, understood
from tests.phone.length import only_in_full
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import IP, Sipp

from callwright.lab.line import PacketLine, line_of
from callwright.telephony.sip.relay import IN, OUT, open_relay

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
SENTENCE = "I would like to have an appointment with the doctor on Monday please."
ANSWER = "That is understood and written down for Monday."
UNDER_WAY = 10
"""Packets on which the line and the platform may disagree: those that are late when the last report is made, and those sent after it."""
ANY_WORDS = [{"when": ".", "say": ANSWER}]


def alike(heard: str, spoken: str) -> float:
    """How much of ``spoken`` was heard, letter by letter, 0..1."""
    return SequenceMatcher(None, heard, spoken, autojunk=False).ratio()


@pytest.mark.parametrize(
    ("conditions", "least"),
    [
        pytest.param("loss=5,seed=7", 0.75, marks=only_in_full),
        pytest.param("jitter=100ms,seed=7", 0.9, marks=only_in_full),
        ("loss=5,jitter=100ms,delay=80ms,seed=7", 0.7),
    ],
)
async def test_a_call_over_a_bad_line_is_understood_both_ways(
    server: Server, sipp: Phones, rtp: Lines, conditions: str, least: float
) -> None:
    agent_id = await server.agent(**agent(ANY_WORDS))
    line = rtp()
    bad = PacketLine(line_of(conditions))
    async with open_relay(bad, (IP, server.sip_port)) as relay:
        phone = await sipp("calls", target=relay.for_phone[1], called=agent_id, rtp_port=line.port)
        await hears(line, WELCOME, share=least)
        line.say(SENTENCE)
        await said(line)
        # One whole answer; words that came late may have cut another one short before.
        await hears(line, ANSWER, 30, share=least)
        await phone.goes_on(20)
        await phone.ended(40)
        record = await final(server, await server.inbound(agent_id))

    assert record["status"] == "completed"
    understood = " ".join(
        row.removeprefix("user: ") for row in record["transcript"].splitlines() if row.startswith("user: ")
    )
    assert alike(understood, SENTENCE) > least, understood
    assert bad.counts(IN).packets > 300
    quality = record["callwright"]["line"]
    assert quality["loss_from"] == "rtcp"
    assert abs(quality["rx_lost"] - bad.counts(IN).lost) <= UNDER_WAY, (quality, bad.counts(IN))
    if "jitter" in conditions:
        assert 10 < quality["rx_jitter_ms"] < 200, f"the jitter is measured and in the record: {quality}"


@pytest.mark.long
async def test_a_lost_first_invite_is_sent_again(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    async with open_relay(PacketLine(line_of("lose_invite=1")), (IP, server.sip_port), (IP, phone.port)) as relay:
        execution_id = await server.call(await server.agent(**agent()), f"sip:bob@{IP}:{relay.for_gateway[1]}")
        await hears(line, WELCOME)
        await goodbye(line, phone)

    assert [signal.copies for signal in relay.seen("INVITE", OUT)][:2] == [0, 1]
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    assert record["telephony_data"]["post_dial_delay"] <= 5


@pytest.mark.parametrize("way", [pytest.param("inbound", marks=only_in_full), "outbound"])
async def test_every_kind_of_request_is_lost_once_and_the_call_is_whole(
    server: Server, sipp: Phones, rtp: Lines, way: str
) -> None:
    """INVITE, ACK, BYE, the platform's own re-INVITE: whatever is lost is repeated by who sent it."""
    line = rtp()
    agent_id = await server.agent(**agent())
    lossy = PacketLine(line_of("lose_requests=1"))
    if way == "inbound":
        async with open_relay(lossy, (IP, server.sip_port)) as relay:
            phone = await sipp("calls", target=relay.for_phone[1], called=agent_id, rtp_port=line.port)
            await hears(line, WELCOME)
            await goodbye(line, phone)
            execution_id = await server.inbound(agent_id)
            record = await final(server, execution_id)
    else:
        phone = await sipp("answers", rtp_port=line.port)
        async with open_relay(lossy, (IP, server.sip_port), (IP, phone.port)) as relay:
            execution_id = await server.call(agent_id, f"sip:bob@{IP}:{relay.for_gateway[1]}")
            await hears(line, WELCOME)
            await goodbye(line, phone)
            record = await final(server, execution_id)

    for request in ("INVITE", "ACK", "BYE"):
        assert 0 in [signal.copies for signal in relay.seen(request)], f"a {request} was lost"
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    assert understood(line.text(), "Goodbye then.")
