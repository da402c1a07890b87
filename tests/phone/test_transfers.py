"""Callers handed to somebody else, by the agent and by the far end itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.phone import sound
from tests.phone.agents import ANNOUNCEMENT, WELCOME, agent
from tests.phone.calls import asks, check_transcript, final, goodbye, hangup, hears
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import IP, Sipp
from tests.waiting import until

from callwright.conversation.own_words import OWN_WORDS
from callwright.conversation.replay import replay
from callwright.domain.limits import SIP_REFER_SECONDS, WARM_RING_SECONDS
from callwright.media.tones import RINGBACK_HZ

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
OWN_HZ = 1_000.0
NOBODY = f"sip:human@{IP}:9"


async def ask_for_a_colleague(server: Server, agent_id: str, phone: Sipp, line: RtpSocket) -> str:
    """Call the phone and ask the agent to be put through; returns the execution's id."""
    execution_id = await server.call(agent_id, f"sip:bob@{IP}:{phone.port}")
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    return execution_id


def check_transferred(record: dict[str, Any], target: str, by: str = "API Request") -> None:
    """The call is completed because it was handed over."""
    assert record["status"] == "completed"
    assert hangup(record)[:2] == (by, "call_transferred")
    transfer = record["transfer_call_data"]
    assert (transfer["status"], transfer["to_number"]) == ("completed", target)


async def check_ringing(server: Server, record: dict[str, Any], line: RtpSocket, ringing_ms: int) -> None:
    """The caller heard the target ring, for so long and no longer, and the record has it as a tone, not as words of the agent's."""
    (tone,) = record["callwright"]["sounds"]
    assert (tone["lane"], tone["text"]) == ("ringing", "ringing tone")
    assert ringing_ms - 400 <= tone["played_ms"] <= ringing_ms + 400
    recorded = sound.of_wav(await server.recording(record["id"]), 1)
    # It sounds for 2 of 6 seconds.
    sounding_ms = ringing_ms // 6_000 * 2_000 + min(2_000, ringing_ms % 6_000)
    for heard in (line.heard(), recorded):
        # The two tones beat within a window of 20 ms, where neither has its whole share.
        assert sounding_ms - 400 <= sound.sounding_ms(heard, *RINGBACK_HZ, share=0.6) <= sounding_ms + 400
    assert record["transcript"].splitlines()[-1] == f"assistant: {ANNOUNCEMENT}"


@pytest.mark.parametrize("ringing_ms", [1_500, pytest.param(35_000, marks=pytest.mark.long)])
async def test_a_blind_transfer_sends_the_far_end_to_the_target(
    server: Server, sipp: Phones, rtp: Lines, ringing_ms: int
) -> None:
    line = rtp()
    words = {"progress": "180 Ringing", "refer_ms": ringing_ms, "outcome": "200 OK"}
    phone = await sipp("answers_and_obeys_refer", rtp_port=line.port, **words)
    agent_id = await server.agent(**agent(transfer_to=NOBODY))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await phone.ended(20 + ringing_ms // 1000)

    refer = phone.messages("REFER", sent=False)[0]
    assert refer.header("Refer-To").strip("<>") == NOBODY
    assert [m.sent for m in phone.messages("BYE")] == [False], "the platform leaves the call"
    record = await final(server, execution_id)
    check_transferred(record, NOBODY)
    await check_ringing(server, record, line, ringing_ms)


@pytest.mark.long
async def test_a_target_that_answers_when_it_was_given_up_takes_the_caller(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    words = {"progress": "180 Ringing", "refer_ms": (SIP_REFER_SECONDS + 6) * 1000, "outcome": "200 OK"}
    phone = await sipp("answers_and_obeys_refer", rtp_port=line.port, **words)
    agent_id = await server.agent(**agent(transfer_to=NOBODY))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await hears(line, "That did not work.", SIP_REFER_SECONDS + 5)
    await phone.ended(20)

    record = await final(server, execution_id)
    check_transferred(record, NOBODY)
    assert replay(await server.call_log(execution_id)).exact


@pytest.mark.long
async def test_a_transfer_to_a_busy_target_keeps_the_call_and_says_so(server: Server, sipp: Phones, rtp: Lines) -> None:
    await check_given_back(server, sipp, rtp, "486 Busy Here", "busy")


@pytest.mark.parametrize(
    ("outcome", "status"), [("480 Temporarily Unavailable", "no-answer"), ("408 Request Timeout", "failed")]
)
@pytest.mark.long
async def test_a_target_that_does_not_answer_a_blind_transfer_gives_the_call_back(
    server: Server, sipp: Phones, rtp: Lines, outcome: str, status: str
) -> None:
    await check_given_back(server, sipp, rtp, outcome, status)


async def check_given_back(server: Server, sipp: Phones, rtp: Lines, outcome: str, status: str) -> None:
    """The far end reports ``outcome`` of the target it was sent to, and goes on with the agent, who knows."""
    line = rtp()
    phone = await sipp("answers_and_obeys_refer", rtp_port=line.port, outcome=outcome)
    agent_id = await server.agent(**agent(transfer_to=NOBODY))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await hears(line, "That did not work.")
    assert (await server.execution(execution_id))["status"] == "in-progress"
    await goodbye(line, phone)

    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    transfer = record["transfer_call_data"]
    assert (transfer["status"], transfer["duration"]) == (status, "0")
    assert "assistant: That did not work." in record["transcript"]


@pytest.mark.proves("tool.transfer_mode")
async def test_an_attended_transfer_joins_the_two_once_the_target_has_answered(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line, colleague_line = rtp(), rtp()
    phone = await sipp("answers_and_obeys_refer", rtp_port=line.port, outcome="200 OK")
    colleague = await sipp("answers", rtp_port=colleague_line.port, ring_ms=1_000)
    target = f"sip:human@{IP}:{colleague.port}"
    agent_id = await server.agent(**agent(transfer_to=target, transfer_mode="attended"))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await phone.ended(20)
    await colleague.ended(20)

    refer = phone.messages("REFER", sent=False)[0].header("Refer-To")
    assert "Replaces=" in refer
    call_id = colleague.messages("INVITE", sent=False)[0].header("Call-ID")
    assert call_id.split("@")[0] in refer, "the colleague's call"
    record = await final(server, execution_id)
    check_transferred(record, target)
    assert record["transfer_call_data"]["provider_call_id"] == call_id
    await check_ringing(server, record, line, 1_000)


@pytest.mark.parametrize("mode", ["attended", pytest.param("warm", marks=pytest.mark.long)])
async def test_the_caller_hears_what_the_target_sounds_before_it_answers(
    server: Server, sipp: Phones, rtp: Lines, mode: str
) -> None:
    line, colleague_line = rtp(), rtp()
    phone = await sipp("answers_and_obeys_refer" if mode == "attended" else "answers", rtp_port=line.port)
    colleague = await sipp("answers_early", rtp_port=colleague_line.port, ring_ms=3_000)
    target = f"sip:human@{IP}:{colleague.port}"
    agent_id = await server.agent(**agent(transfer_to=target, transfer_mode=mode))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    peer = (await colleague.saw("INVITE")).media
    assert peer is not None
    colleague_line.peers[peer] = None
    await colleague.saw("183", sent=True)
    await asyncio.sleep(0.5)
    colleague_line.play(sound.tone(OWN_HZ, 1_500))
    if mode == "warm":
        await joined(server, execution_id)
        await colleague.goes_on()
    await phone.ended(20)
    await colleague.ended(20)

    record = await final(server, execution_id)
    check_transferred(record, target)
    recorded = sound.of_wav(await server.recording(execution_id), 1)
    for heard in (line.heard(), recorded):
        assert 1_300 <= sound.sounding_ms(heard, OWN_HZ) <= 1_560
    tone, early = record["callwright"]["sounds"]
    assert (tone["text"], early["text"]) == ("ringing tone", "early media")
    assert replay(await server.call_log(execution_id)).exact


@pytest.mark.long
async def test_an_attended_transfer_to_somebody_who_refuses_keeps_the_call(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    colleague = await sipp("refuses", status="486 Busy Here")
    target = f"sip:human@{IP}:{colleague.port}"
    agent_id = await server.agent(**agent(transfer_to=target, transfer_mode="attended"))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await hears(line, "That did not work.", 20)
    await goodbye(line, phone)
    await colleague.ended()

    assert phone.messages("REFER") == []
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    assert record["transfer_call_data"]["status"] == "busy"


async def test_a_warm_transfer_briefs_the_colleague_and_joins_the_two(server: Server, sipp: Phones, rtp: Lines) -> None:
    line, colleague_line = rtp(), rtp()
    phone = await sipp("answers", rtp_port=line.port)
    colleague = await sipp("answers", rtp_port=colleague_line.port, ring_ms=1_000)
    target = f"sip:human@{IP}:{colleague.port}"
    agent_id = await server.agent(**agent(transfer_to=target, transfer_mode="warm"))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await hears(colleague_line, OWN_WORDS["en"].briefing)
    await joined(server, execution_id)
    await talk(line, colleague_line)
    await colleague.goes_on()
    await colleague.ended(20)
    await phone.ended(20)

    assert phone.messages("REFER") == []
    record = await final(server, execution_id)
    check_transferred(record, target)
    await check_ringing(server, record, line, 1_000)
    transfer = record["transfer_call_data"]
    call_id = colleague.messages("INVITE", sent=False)[0].header("Call-ID")
    assert (transfer["provider_call_id"], transfer["hangup_by"]) == (call_id, "Callee")
    assert transfer["recording_url"].endswith(f"/recordings/transfer/{execution_id}")
    assert replay(await server.call_log(execution_id)).exact


async def test_a_colleague_who_is_busy_gives_the_caller_back_and_the_manager_is_joined(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line, manager_line = rtp(), rtp()
    phone = await sipp("answers", rtp_port=line.port)
    colleague = await sipp("refuses", status="486 Busy Here")
    manager = await sipp("answers", rtp_port=manager_line.port)
    target = f"sip:human@{IP}:{manager.port}"
    body = agent(transfer_to=f"sip:human@{IP}:{colleague.port}", transfer_mode="warm")
    tools = body["agent_config"]["tasks"][0]["tools_config"]
    wants = {"when": "manager", "tool": {"name": "transfer_call_manager", "arguments": {}}}
    tools["llm_agent"]["rules"].append(wants)
    (tool,), params = tools["api_tools"]["tools"], tools["api_tools"]["tools_params"]
    tools["api_tools"]["tools"].append({**tool, "name": "transfer_call_manager"})
    params["transfer_call_manager"] = {
        **params[tool["name"]],
        "param": {"call_transfer_number": target},
        "briefing": "A patient caller.",
    }
    agent_id = await server.agent(**body)
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    await hears(line, "That did not work.", 20)
    await asks(line, "The manager please.", ANNOUNCEMENT)
    await hears(manager_line, "A patient caller.")
    await joined(server, execution_id)
    await talk(line, manager_line)
    await phone.goes_on()
    await phone.ended(20)
    await manager.ended(20)
    await colleague.ended()

    record = await final(server, execution_id)
    check_transferred(record, target, by="Callee")
    assert record["transfer_call_data"]["hangup_by"] == "Caller"
    assert [row["status"] for row in record["callwright"]["transfers"]] == ["busy", "completed"]


@pytest.mark.long
async def test_a_colleague_who_declines_after_the_briefing_gives_the_caller_back(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line, colleague_line = rtp(), rtp()
    phone = await sipp("answers", rtp_port=line.port)
    colleague = await sipp("answers", rtp_port=colleague_line.port)
    body = agent(transfer_to=f"sip:human@{IP}:{colleague.port}", transfer_mode="warm")
    (params,) = body["agent_config"]["tasks"][0]["tools_config"]["api_tools"]["tools_params"].values()
    params["confirm"] = True
    execution_id = await ask_for_a_colleague(server, await server.agent(**body), phone, line)
    await hears(colleague_line, OWN_WORDS["en"].confirm)
    colleague_line.press("9")
    record = await given_back(server, execution_id, phone, line)
    await colleague.ended()

    assert [m.sent for m in colleague.messages("BYE")] == [False], "the platform leaves the colleague"
    assert "declined" in [entry.values["event"] for entry in await server.events(execution_id, "target")]
    assert record["transfer_call_data"]["status"] == "busy"


@pytest.mark.long
@pytest.mark.parametrize("mode", ["warm", "attended"])
async def test_a_colleague_who_does_not_answer_gives_the_caller_back(
    server: Server, sipp: Phones, rtp: Lines, mode: str
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    colleague = await sipp("rings")
    agent_id = await server.agent(**agent(transfer_to=f"sip:human@{IP}:{colleague.port}", transfer_mode=mode))
    execution_id = await ask_for_a_colleague(server, agent_id, phone, line)
    record = await given_back(server, execution_id, phone, line)
    await colleague.ended()

    assert len(colleague.messages("CANCEL", sent=False)) == 1
    transfer = record["transfer_call_data"]
    assert (transfer["status"], transfer["hangup_provider_code"]) == ("no-answer", 3000)


async def given_back(server: Server, execution_id: str, phone: Sipp, line: RtpSocket) -> dict[str, Any]:
    """The caller is with the agent again, and says goodbye; the record."""
    await hears(line, "That did not work.", WARM_RING_SECONDS + 20)
    await goodbye(line, phone)
    assert phone.messages("REFER") == []
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    return record


async def joined(server: Server, execution_id: str) -> None:
    """Wait until the caller and the target are joined."""

    async def is_joined() -> bool:
        steps = await server.events(execution_id, "target")
        return any(entry.values["event"] == "joined" for entry in steps)

    await until(is_joined, 20)


async def talk(line: RtpSocket, other: RtpSocket) -> None:
    """The two phones hear each other."""
    line.say("Hello over there.")
    await hears(other, "Hello over there.")
    other.say("Good to hear you.")
    await hears(line, "Good to hear you.")


@pytest.mark.long
async def test_a_phone_that_called_is_handed_over_too(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    agent_id = await server.agent(**agent(transfer_to=NOBODY))
    words = {"called": agent_id, "rtp_port": line.port, "outcome": "200 OK"}
    phone = await sipp("calls_and_obeys_refer", target=server.sip_port, **words)
    await hears(line, WELCOME)
    await asks(line, "A colleague please.", ANNOUNCEMENT)
    await phone.ended(20)

    record = await final(server, await server.inbound(agent_id))
    check_transferred(record, NOBODY)
    assert record["telephony_data"]["call_type"] == "inbound"


@pytest.mark.long
async def test_a_far_end_that_refers_us_to_somebody_else_is_obeyed(server: Server, sipp: Phones, rtp: Lines) -> None:
    line, other_line = rtp(), rtp()
    other = await sipp("answers", rtp_port=other_line.port)
    agent_id = await server.agent(**agent())
    target = f"sip:other@{IP}:{other.port}"
    words = {"called": agent_id, "rtp_port": line.port, "refer_to": target}
    phone = await sipp("calls_and_refers", target=server.sip_port, **words)
    await hears(line, WELCOME)
    await phone.goes_on()
    await phone.ended(20)
    assert any("200" in m.text.splitlines()[-1] for m in phone.messages("NOTIFY", sent=False)), "it was told so"
    await asks(other_line, "I need an appointment.", "Which day suits you?")
    await goodbye(other_line, other)

    execution_id = await server.inbound(agent_id)
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    check_transcript(record, "user: I need an appointment.")
    assert [entry.values["target"] for entry in await server.events(execution_id, "moved")] == [target]


@pytest.mark.parametrize("target", ["sip:expensive@192.0.2.7", pytest.param("tel:+15550199", marks=pytest.mark.long)])
async def test_a_far_end_may_not_send_us_anywhere(server: Server, sipp: Phones, rtp: Lines, target: str) -> None:
    line = rtp()
    agent_id = await server.agent(**agent())
    words = {"called": agent_id, "rtp_port": line.port, "refer_to": target}
    phone = await sipp("calls_and_refers", target=server.sip_port, **words)
    await hears(line, WELCOME)
    await phone.goes_on()
    await phone.saw("REFER", sent=True)
    await until(lambda: _was_told_no(phone), 15)
    await asks(line, "I need an appointment.", "Which day suits you?")
    await phone.goes_on()
    await phone.ended(20)

    execution_id = await server.inbound(agent_id)
    assert (await final(server, execution_id))["status"] == "completed"
    refused = (await server.events(execution_id, "refer_refused"))[0].values
    assert refused["target"] == target


def _was_told_no(phone: Sipp) -> bool:
    """Whether the phone that referred us was told that this failed."""
    told = phone.messages("NOTIFY", sent=False)
    return bool(told) and told[-1].text.splitlines()[-1].startswith(("SIP/2.0 4", "SIP/2.0 6"))
