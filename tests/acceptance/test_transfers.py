"""Transfers and keys of whole calls: over loopback with synthetic callers, and with SIP phones against ``callwright serve``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.gateway_world import free_port, needs_stack
from tests.acceptance.sip.test_carrier_serve import Phone
from tests.call_world import CallWorld, agent_body, call_world
from tests.phone import sound
from tests.phone.agents import agent
from tests.phone.server import Server
from tests.waiting import until

from callwright.conversation.replay import replay
from callwright.platform.executions.rules.attempts import TRANSFER_RECORDING
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings

pytestmark = pytest.mark.real_time

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped")
ANNOUNCEMENT = "I put you through to billing, one moment please."
HANGS_UP = {"hang_up": True, "linger_ms": 2_000}

SCENARIO: dict[str, Any] = {
    "default": "invoice",
    "numbers": {"+15550177": "desk"},
    "personas": {
        "invoice": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"say": "I have a question about my invoice."},
                {"heard": "sorry", "say": "Never mind, goodbye.", **HANGS_UP},
            ],
        },
        "hesitant": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "through to", "interrupt_after_words": 4, "say": "No, wait."},
                {"heard": "reception", "say": "I have a question about my invoice."},
                {"heard": "Yes", "say": "Never mind, goodbye.", **HANGS_UP},
            ],
        },
        "leaving": {
            "extends": "invoice",
            "rules": [
                {"say": "I have a question about my invoice."},
                {"heard": "moment", "wait_ms": 1_500, "hang_up": True},
            ],
        },
        "typing": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "reception", "press": "4711#"},
                {"heard": "4711", "say": "Never mind, goodbye.", **HANGS_UP},
            ],
        },
        "patient": {
            "extends": "invoice",
            "rules": [
                {"say": "I have a question about my invoice."},
                {"heard": "billing speaking", "say": "Hello billing."},
                {"heard": "sorry", "say": "Never mind, goodbye.", **HANGS_UP},
            ],
        },
        "desk": {"answer": {"after_s": 1}},
        "colleague": {
            "answer": {"after_s": 1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "an invoice", "say": "This is billing speaking."},
                {"heard": "Hello billing", "say": "Goodbye.", **HANGS_UP},
            ],
        },
        "listening": {"answer": {"after_s": 1}, "patience_s": 0, "fallback": [], "rules": []},
        "declining": {
            "answer": {"after_s": 1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [{"heard": "decline", "press": "9"}],
        },
    },
}

RULES = [
    {"when": '"transferred": false.*The caller spoke', "say": "Yes?"},
    {"when": '"transferred": false', "say": "I am sorry, that does not work now."},
    {"when": r"dtmf_number: (\d+)", "say": r"Your number is \1."},
    {"when": "goodbye", "say": "Goodbye."},
    {"when": "wait", "say": "Yes, what is it?"},
    {"when": "invoice", "tool": {"name": "transfer_call_billing", "arguments": {"reason": "an invoice"}}},
]


def transferring(target: str, **changes: Any) -> dict[str, Any]:
    """An agent that transfers to ``target`` when the caller speaks of an invoice."""
    body = agent_body(dtmf_enabled=True, check_if_user_online=False, **changes)
    tools = body["tasks"][0]["tools_config"]
    tools["llm_agent"]["rules"] = RULES
    tools["api_tools"] = {
        "tools": [
            {
                "name": "transfer_call_billing",
                "key": "transfer_call",
                "description": "Transfer to billing when the caller asks about an invoice.",
                "pre_call_message": {"en": ANNOUNCEMENT},
                "parameters": {
                    "type": "object",
                    "properties": {"call_sid": {"type": "string"}, "reason": {"type": "string"}},
                    "required": ["call_sid"],
                },
            }
        ],
        "tools_params": {
            "transfer_call_billing": {
                "method": "POST",
                "url": None,
                "param": {"call_sid": "%(call_sid)s", "call_transfer_number": target},
            }
        },
    }
    return body


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path, scenario=SCENARIO) as started:
        yield started


async def finished(world: CallWorld, target: str, persona: str = "", **how: Any) -> dict[str, Any]:
    """The execution of a call of an agent that transfers to ``target``; its log replays exactly. ``how``: more parameters of its tool."""
    body = transferring(target)
    body["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["transfer_call_billing"] |= how
    execution_id = await world.place(body, persona=persona)
    body = world.body(await world.until(execution_id, *ENDED))
    replayed = replay(await world.log(execution_id))
    assert replayed.exact, replayed.difference
    return body


async def test_a_caller_is_handed_to_the_target_and_the_execution_says_so(world: CallWorld) -> None:
    body = await finished(world, "+15550177")
    assert body["status"] == "completed"
    assert body["transcript"].splitlines() == [
        "assistant: Hello, this is reception.",
        "user: I have a question about my invoice.",
        f"assistant: {ANNOUNCEMENT}",
    ]
    data = body["telephony_data"]
    assert (data["hangup_by"], data["hangup_reason"]) == ("API Request", "call_transferred")
    transfer = body["transfer_call_data"]
    assert (transfer["status"], transfer["to_number"]) == ("completed", "+15550177")
    assert body["callwright"]["transfers"][0]["took_ms"] >= 1_000
    (turn,) = [part for part in body["callwright"]["turns"] if part["part"] == "turn"]
    assert turn["assistant"] == ANNOUNCEMENT
    assert 0 < turn["latency_ms"]["total"] < 2_000


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("loopback:busy", "busy", "Call recipient was busy"),
        pytest.param("loopback:refuse", "busy", "Call recipient rejected", marks=pytest.mark.long),
        pytest.param(
            "loopback:nobody",
            "failed",
            "loopback:nobody did not take the call: Call recipient number invalid",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "sip:desk@127.0.0.1",
            "failed",
            "a loopback call cannot be transferred to a SIP address",
            marks=pytest.mark.long,
        ),
    ],
)
async def test_a_target_that_does_not_take_the_call_leaves_the_caller_with_the_agent(
    world: CallWorld, target: str, status: str, reason: str
) -> None:
    body = await finished(world, target)
    assert "assistant: I am sorry, that does not work now.\nuser: Never mind, goodbye." in body["transcript"]
    transfer = body["transfer_call_data"]
    assert (transfer["status"], transfer["hangup_reason"]) == (status, reason)
    assert body["telephony_data"]["hangup_by"] == "Callee"


@pytest.mark.long
async def test_an_emergency_number_is_refused_without_asking_the_line(world: CallWorld) -> None:
    body = await finished(world, "112")
    assert ANNOUNCEMENT not in body["transcript"]
    assert "assistant: I am sorry, that does not work now." in body["transcript"]
    assert body["transfer_call_data"] is None
    (refused,) = body["callwright"]["transfers"]
    assert (refused["status"], "emergency number" in refused["reason"]) == ("refused", True)


async def test_a_target_is_briefed_and_joined_with_the_caller_and_the_record_tells_of_both_calls(
    world: CallWorld,
) -> None:
    briefing = {"en": "A caller asks about %(reason)s."}
    body = await finished(world, "loopback:colleague", "patient", transfer_mode="warm", briefing=briefing)
    assert body["telephony_data"]["hangup_reason"] == "call_transferred"
    transfer = body["transfer_call_data"]
    assert (transfer["status"], transfer["hangup_by"]) == ("completed", "Callee")
    assert transfer["provider_call_id"]
    assert transfer["provider_call_id"] != body["telephony_data"]["provider_call_id"]
    assert transfer["recording_url"].endswith(f"/recordings/transfer/{body['id']}")
    assert 3 <= int(transfer["duration"]) <= 20
    (row,) = body["callwright"]["transfers"]
    assert (row["mode"], row["target"]["briefing"]) == ("warm", "A caller asks about an invoice.")
    assert body["transcript"].splitlines()[-1] == f"assistant: {ANNOUNCEMENT}", "what the two say is theirs"
    path = world.deps.recordings.path(body["id"], TRANSFER_RECORDING)
    assert path is not None
    recording = await asyncio.to_thread(Path(path).read_bytes)
    caller, target = (sound.words(sound.of_wav(recording, side)) for side in (0, 1))
    assert ("Hello billing." in caller, "This is billing speaking." in target) == (True, True)


async def test_a_stop_while_the_caller_talks_with_the_target_is_told_as_a_stop(world: CallWorld) -> None:
    body = transferring("loopback:listening")
    how = {"transfer_mode": "warm"}
    body["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["transfer_call_billing"] |= how
    execution_id = await world.place(body)
    await world.until_logged(execution_id, '"joined"')
    await world.runtime.control.request_stop(execution_id, "API Request", "stopped_by_api")
    found = world.body(await world.until(execution_id, *ENDED))
    data = found["telephony_data"]
    assert (data["hangup_by"], data["hangup_reason"]) == ("API Request", "stopped_by_api")
    assert found["callwright"]["ended_by"] == "platform"
    assert found["transfer_call_data"]["hangup_by"] == "API Request"


@pytest.mark.long
async def test_a_target_that_declines_leaves_the_caller_with_the_agent(world: CallWorld) -> None:
    body = await finished(world, "loopback:declining", "patient", transfer_mode="warm", confirm=True)
    assert "assistant: I am sorry, that does not work now.\nuser: Never mind, goodbye." in body["transcript"]
    transfer = body["transfer_call_data"]
    assert (transfer["status"], transfer["hangup_by"], transfer["hangup_reason"]) == (
        "busy",
        "API Request",
        "Call ended",
    )
    assert body["telephony_data"]["hangup_by"] == "Callee"


@pytest.mark.long
async def test_a_caller_who_interrupts_the_announcement_stays(world: CallWorld) -> None:
    body = await finished(world, "+15550177", "hesitant")
    lines = body["transcript"].splitlines()
    assert "user: No, wait." in lines
    assert lines[lines.index("user: No, wait.") + 1] == "assistant: Yes, what is it?"
    assert body["transfer_call_data"] is None
    assert [row["status"] for row in body["callwright"]["transfers"]] == ["dropped"]


@pytest.mark.long
async def test_a_caller_who_hangs_up_while_the_target_rings_was_not_transferred(world: CallWorld) -> None:
    body = await finished(world, "loopback:no-answer", "leaving")
    assert body["telephony_data"]["hangup_reason"] == "Call recipient hung up"
    assert body["transfer_call_data"]["status"] == "canceled"


@pytest.mark.long
async def test_a_stop_from_the_api_while_the_target_rings_ends_the_call(world: CallWorld) -> None:
    execution_id = await world.place(transferring("loopback:no-answer"))

    async def asked() -> bool:
        return '"type":"Transfer"' in await world.log(execution_id)

    await until(asked, 20)
    await world.runtime.control.request_stop(execution_id, "API Request", "stopped_by_api")
    body = world.body(await world.until(execution_id, *ENDED))
    assert body["telephony_data"]["hangup_by"] == "API Request"
    assert body["telephony_data"]["hangup_reason"] != "call_transferred"
    assert body["transfer_call_data"]["status"] == "canceled"


async def test_keys_the_caller_presses_are_a_turn_and_are_answered(world: CallWorld) -> None:
    body = await finished(world, "+15550177", "typing")
    assert "user: dtmf_number: 4711\nassistant: Your number is 4711." in body["transcript"]
    first = next(part for part in body["callwright"]["turns"] if part["turn"] == 1)
    assert 0 < first["latency_ms"]["total"] < 2_000


# -- SIP -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def phones() -> AsyncIterator[Callable[[str], Any]]:
    """Makes SIP phones on ports of their own."""
    made: list[Phone] = []

    async def phone(rtp_ports: str) -> Phone:
        port = free_port()
        settings = SipSettings(f"127.0.0.1:{port}", rtp_ports, 4, transfer_to=("127.0.0.1",))
        made.append(Phone(SipCarrier(settings), port))
        await made[-1].carrier.open(made[-1])
        return made[-1]

    yield phone
    for one in made:
        await one.aclose()


@pytest.fixture
async def server(dsn: str, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path, dsn, free_port(), "22200-22239", CALLWRIGHT_SIP_MAX_CALLS="8")
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


async def nearly_hears(phone: Phone, text: str) -> None:
    """A letter may be lost where two phones that just met adjust their clocks: the words are what counts."""

    def heard() -> bool:
        return SequenceMatcher(None, text, phone.calls[-1][2].text[-len(text) :]).ratio() > 0.85

    await until(heard, 15)


WELCOME = "Good day, this is the front desk, how can I help?"
SIP_RULES: list[Mapping[str, Any]] = [
    {"when": '"transferred": false', "say": "Nobody is there."},
    {"when": "colleague", "tool": {"name": "transfer_call_colleague", "arguments": {}}},
    {"when": "goodbye", "say": "Goodbye then.", "end_call": True},
]


@pytest.mark.parametrize("mode", ["blind", "attended"])
class TestWithPhones:
    """Two SIP phones: one talks with the agent, the other is the colleague's."""

    pytestmark = needs_stack

    @pytest.mark.long
    async def test_a_phone_is_handed_to_another_phone_and_they_hear_each_other(
        self, server: Server, phones: Callable[[str], Any], mode: str
    ) -> None:
        caller, colleague = await phones("22100-22119"), await phones("22120-22139")
        body = agent(SIP_RULES, welcome=WELCOME, transfer_to=colleague.address, transfer_mode=mode)
        (tool,) = body["agent_config"]["tasks"][0]["tools_config"]["api_tools"]["tools"]
        tool["pre_call_message"] = ANNOUNCEMENT
        execution_id = await server.call(await server.agent(**body), caller.address)
        await caller.hears(WELCOME[-12:])
        caller.say("I want your colleague.")
        await until(lambda: any("moved" in event for event in caller.calls[0][2].events), 20)
        record = await server.until(execution_id, "completed", "error")
        assert record["telephony_data"]["hangup_reason"] == "call_transferred"
        assert record["transfer_call_data"]["status"] == "completed"
        assert record["transfer_call_data"]["to_number"] == colleague.address
        assert record["callwright"]["transfers"][0]["mode"] == mode
        asked, announced = record["transcript"].splitlines()[-2:]
        assert (asked, announced) == ("user: I want your colleague.", f"assistant: {ANNOUNCEMENT}")
        colleague.say("This is the colleague.")
        await nearly_hears(caller, "This is the colleague.")
        caller.say("Good to hear you.")
        await nearly_hears(colleague, "Good to hear you.")
        assert "closed" not in caller.calls[0][2].events

    @pytest.mark.long
    async def test_a_colleague_who_is_not_there_leaves_the_phone_with_the_agent(
        self, server: Server, phones: Callable[[str], Any], mode: str
    ) -> None:
        caller = await phones("22100-22119")
        body = agent(
            SIP_RULES, welcome=WELCOME, transfer_to=f"sip:nobody@127.0.0.1:{server.sip_port}", transfer_mode=mode
        )
        execution_id = await server.call(await server.agent(**body), caller.address)
        await caller.hears(WELCOME[-12:])
        caller.say("I want your colleague.")
        await caller.hears("Nobody is there.", 40)
        caller.say("Goodbye.")
        await caller.hears("Goodbye then.")
        record = await server.until(execution_id, "completed", "error")
        assert record["telephony_data"]["hangup_reason"] == "end_call_tool"
        assert record["transfer_call_data"]["status"] in ("failed", "busy", "no-answer")
        assert "assistant: Nobody is there." in record["transcript"]
