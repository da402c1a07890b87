"""Calls through a real Asterisk. ``make asterisk`` runs this file; its name keeps it out of every other run."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.contract.line import Agent
from tests.phone import sound
from tests.phone.agents import ANNOUNCEMENT, WELCOME, agent
from tests.phone.asterisk_pbx import APP, PASSWORD, ROOT, USER, RealAsterisk, number_of
from tests.phone.bare_carrier import Call, Desk
from tests.phone.calls import asks, check_transcript, final, goodbye, hangup, hears, sound_both_ways
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp
from tests.phone.summary import FIGURE
from tests.waiting import until

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest, Leg, TransferFailedError
from callwright.telephony.asterisk.carrier import AsteriskCarrier
from callwright.telephony.asterisk.configuration import AsteriskSettings
from callwright.telephony.asterisk.events import LinkState

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
Found = Callable[[str, object], None]


@dataclass
class Office:
    """A carrier at an Asterisk, and its desk."""

    carrier: AsteriskCarrier
    desk: Desk
    pbx: RealAsterisk

    async def dial(self, to: str, ring_seconds: int = 30, **options: Any) -> Call:
        call = Call()
        call.leg = await self.carrier.dial(DialRequest("test.1", to, "+15550100", ring_seconds, options), call)
        return call


@pytest.fixture(scope="module")
def phone_ports(ports: Ports) -> list[int]:
    return sorted({ports.sip() for _ in range(24)})


@pytest.fixture(scope="module", params=["lines", "json"])
def pbx(request: pytest.FixtureRequest, phone_ports: list[int]) -> Iterator[RealAsterisk]:
    pbx = RealAsterisk(phone_ports, phone_ports[-1], json=request.param == "json")
    try:
        pbx.start()
        yield pbx
    finally:
        pbx.remove()


async def opened(pbx: RealAsterisk) -> Office:
    settings = AsteriskSettings(pbx.url, USER, PASSWORD, APP, "PJSIP/{number}")
    office = Office(AsteriskCarrier(settings), Desk(), pbx)
    await office.carrier.open(office.desk)
    return office


@pytest.fixture
async def office(pbx: RealAsterisk) -> AsyncIterator[Office]:
    office = await opened(pbx)
    yield office
    await nothing_left(pbx)
    await office.carrier.aclose()


def leg_of(call: Call) -> Leg:
    """Its leg, which has begun."""
    assert call.leg is not None
    return call.leg


def heard(call: Call) -> str:
    """What the platform heard of the far end."""
    return sound.words(pcm_of_mulaw(b"".join(call.frames)))


async def told(call: Call, what: str, **values: Any) -> None:
    """Wait for a fact of the line."""
    await until(lambda: any(name == what and values.items() <= said.items() for name, said in call.facts), 10)


async def incoming(office: Office, sipp: Phones, line: RtpSocket, **words: Any) -> tuple[Sipp, Call]:
    """A phone calls the agent."""
    before = len(office.desk.calls)
    phone = await sipp("calls", target=office.pbx.sip_port, rtp_port=line.port, called="reception", **words)
    await until(lambda: len(office.desk.calls) > before, 10)
    return phone, office.desk.calls[-1]


async def left(pbx: RealAsterisk) -> list[str]:
    """The ids of every channel and bridge there."""
    async with httpx.AsyncClient(auth=(USER, PASSWORD)) as client:
        answers = [await client.get(f"{pbx.url}/ari/{what}") for what in ("channels", "bridges")]
    return [one["id"] for answer in answers for one in answer.json()]


async def nothing_left(pbx: RealAsterisk) -> None:
    """No channel and no bridge is left at the Asterisk."""

    found: list[str] = []

    async def gone() -> bool:
        found[:] = await left(pbx)
        return not found

    try:
        await until(gone, 10)
    except TimeoutError:
        raise AssertionError(f"left at the Asterisk: {found}") from None


async def test_a_call_goes_out_and_both_hear_each_other(
    office: Office, sipp: Phones, rtp: Lines, record_property: Found
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port, ring_ms=500)
    call = await office.dial(number_of(phone.port), sip_headers={"X-Campaign": "spring-8"})
    await call.until("answered")
    speaker = Agent(leg_of(call))
    speaker.say("good day to you")
    await hears(line, "good day to you")
    line.say("hello agent")
    await until(lambda: "hello agent" in heard(call), 10)
    speaker.say("goodbye then")
    await speaker.silent()
    await leg_of(call).hang_up("the test is over")
    await phone.ended()
    assert line.text().endswith("goodbye then"), "its last words were played to the end"
    assert call.events == ["ringing", "answered"]
    assert call.end is not None
    assert (call.end.cause, call.end.reason) == ("hung_up_by_us", "the test is over")
    invite = phone.messages("INVITE")[0]
    assert (invite.header("X-Campaign"), invite.header("X-Callwright-Call")) == ("spring-8", "test.1")
    assert "+15550100" in invite.header("From")
    quality = dict(call.facts)["quality"]
    assert quality["one_way"] == ""
    line_was = (
        f"{quality['jbuf_lost']} frames lost, jitter {quality['rx_jitter_ms']} ms, played {quality['rtt_ms']} ms late"
    )
    record_property(FIGURE, line_was)


async def test_the_callee_hangs_up(office: Office, sipp: Phones, rtp: Lines) -> None:
    phone = await sipp("answers", rtp_port=rtp().port)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    await phone.goes_on()
    await call.until("closed")
    await phone.ended()
    assert call.end is not None
    assert call.end.cause == "normal_clearing"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("486 Busy Here", "user_busy"),
        ("603 Decline", "call_rejected"),
        ("404 Not Found", "unallocated_number"),
        ("480 Temporarily Unavailable", "unavailable"),
        ("503 Service Unavailable", "congestion"),
        ("403 Forbidden", "forbidden"),
    ],
)
async def test_a_call_that_is_refused_ends_by_its_cause(office: Office, sipp: Phones, status: str, cause: str) -> None:
    phone = await sipp("refuses", status=status, status_code=status[:3], rtp_port=9)
    call = await office.dial(number_of(phone.port))
    await call.until("closed")
    assert call.end is not None
    assert call.end.cause == cause
    assert "answered" not in call.events


async def test_nobody_answers(office: Office, sipp: Phones) -> None:
    phone = await sipp("rings", rtp_port=9)
    call = await office.dial(number_of(phone.port), ring_seconds=2)
    await call.until("ringing")
    await call.until("closed")
    await phone.ended()
    assert call.end is not None
    assert call.end.outcome == "no-answer"


async def test_nobody_is_there(office: Office, phone_ports: list[int]) -> None:
    call = await office.dial(number_of(phone_ports[0]), ring_seconds=2)
    await call.until("closed", 15)
    assert call.end is not None
    assert call.end.outcome == "no-answer"


async def test_a_call_is_cancelled_while_it_rings(office: Office, sipp: Phones) -> None:
    phone = await sipp("rings", rtp_port=9)
    call = await office.dial(number_of(phone.port))
    await call.until("ringing")
    await leg_of(call).hang_up("changed my mind")
    await phone.ended()
    assert call.end is not None
    assert call.end.cause == "originator_cancel"


async def test_an_endpoint_that_is_none_is_refused(office: Office) -> None:
    with pytest.raises(ProviderError, match="CALLWRIGHT_ASTERISK_ENDPOINT"):
        await office.dial("+15559999999")


async def test_a_call_comes_in(office: Office, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone, call = await incoming(office, sipp, line)
    offer = office.desk.offers[-1]
    assert (offer.called, offer.caller, offer.carrier) == ("reception", "+15550001", "asterisk")
    await leg_of(call).answer()
    await call.until("answered")
    speaker = Agent(leg_of(call))
    speaker.say("reception speaking")
    await hears(line, "reception speaking")
    line.say("hello reception")
    await until(lambda: "hello reception" in heard(call), 10)
    speaker.stop()
    await phone.goes_on()
    await phone.ended()
    await call.until("closed")
    assert call.end is not None
    assert call.end.cause == "caller_hung_up"


@pytest.mark.parametrize(("code", "status"), [(486, "486"), (404, "404"), (480, "480"), (503, "503"), (603, "403")])
async def test_a_call_that_comes_in_is_refused(office: Office, sipp: Phones, code: int, status: str) -> None:
    phone = await sipp(
        "is_refused", target=office.pbx.sip_port, rtp_port=9, called="reception", status=status, status_code=status
    )
    await until(lambda: bool(office.desk.calls), 10)
    call = office.desk.calls[-1]
    await leg_of(call).reject(code)
    await phone.ended()
    assert call.end is not None
    assert call.end.cause == "declined_by_us"


async def test_keys_go_both_ways(office: Office, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    await leg_of(call).send_keys("159*#0D")
    await until(lambda: line.keys() == "159*#0D", 10)
    line.press("2468#*B")
    await until(lambda: call.keys == "2468#*B", 10)
    await leg_of(call).hang_up("")
    await phone.ended()


async def test_what_was_not_played_is_dropped(office: Office, sipp: Phones, rtp: Lines, record_property: Found) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    tone = mulaw_of(sound.tone(440, 3_000))
    for at in range(0, len(tone), 160):
        leg_of(call).write(tone[at : at + 160])
    await until(lambda: sound.sounding_ms(line.heard(), 440) >= 500, 10)
    leg_of(call).clear()
    speaker = Agent(leg_of(call))
    speaker.say("sorry, go on")
    await hears(line, "sorry, go on")
    await leg_of(call).hang_up("")
    await phone.ended()
    played = sound.sounding_ms(line.heard(), 440)
    record_property(FIGURE, f"of 3,000 ms {played} ms were played")
    assert played <= 900


@pytest.mark.parametrize("attended", [False, True])
@pytest.mark.parametrize("inbound", [False, True])
async def test_a_call_is_transferred(
    office: Office, sipp: Phones, rtp: Lines, *, attended: bool, inbound: bool
) -> None:
    theirs, other = rtp(), rtp()
    target = await sipp("answers", rtp_port=other.port, ring_ms=800)
    if inbound:
        phone, call = await incoming(office, sipp, theirs)
        await leg_of(call).answer()
    else:
        phone = await sipp("answers", rtp_port=theirs.port)
        call = await office.dial(number_of(phone.port))
    await call.until("answered")
    work = asyncio.create_task(leg_of(call).transfer(number_of(target.port), attended=attended))
    await told(call, "transfer", state="ringing")
    speaker = Agent(leg_of(call))
    speaker.say("please hold")
    await hears(theirs, "please hold")
    await work
    speaker.stop()
    assert [said["state"] for what, said in call.facts if what == "transfer"] == ["ringing", "answered"]
    assert call.end is not None
    assert call.end.cause == "transferred"
    # The sound goes on with other timestamps.
    since_s = time.time()
    await asks(other, "this is sales", "this is sales", lambda: theirs.text(since_s))
    await asks(theirs, "i want to buy", "i want to buy", lambda: other.text(since_s))
    await (target if attended else phone).goes_on()
    await phone.ended()
    await target.ended()


@pytest.mark.parametrize(
    ("scenario", "words", "outcome"),
    [
        ("refuses", {"status": "486 Busy Here"}, "busy"),
        ("refuses", {"status": "603 Decline"}, "busy"),
        ("none", {}, "no-answer"),
    ],
)
async def test_a_target_that_does_not_take_the_call_leaves_it(
    office: Office, sipp: Phones, rtp: Lines, phone_ports: list[int], scenario: str, words: dict[str, str], outcome: str
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    port = phone_ports[1] if scenario == "none" else (await sipp(scenario, rtp_port=9, **words)).port
    with pytest.raises(TransferFailedError) as failed:
        await leg_of(call).transfer(number_of(port))
    assert failed.value.outcome == outcome
    speaker = Agent(leg_of(call))
    speaker.say("nobody is there")
    await hears(line, "nobody is there")
    speaker.stop()
    await leg_of(call).hang_up("")
    await phone.ended()


async def test_the_caller_hangs_up_while_the_target_rings(office: Office, sipp: Phones, rtp: Lines) -> None:
    phone = await sipp("answers", rtp_port=rtp().port)
    target = await sipp("rings", rtp_port=9)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    work = asyncio.create_task(leg_of(call).transfer(number_of(target.port)))
    await told(call, "transfer", state="ringing")
    await phone.goes_on()
    with pytest.raises(TransferFailedError):
        await work
    await target.ended()
    assert call.end is not None
    assert call.end.cause == "normal_clearing"


async def test_two_that_were_transferred_outlive_our_process(office: Office, sipp: Phones, rtp: Lines) -> None:
    phone, target = [await sipp("answers", rtp_port=rtp().port) for _ in range(2)]
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    await leg_of(call).transfer(number_of(target.port))
    await office.carrier.aclose()
    successor = await opened(office.pbx)
    try:
        assert (phone.running, target.running) == (True, True)
        await phone.goes_on()
        await target.ended()
        await nothing_left(successor.pbx)
    finally:
        await successor.carrier.aclose()


async def test_a_process_that_is_replaced_keeps_its_calls(office: Office, sipp: Phones, rtp: Lines) -> None:
    """As at a restart without a pause: the old process drains while the new one has the application."""
    line, other = rtp(), rtp()
    phones = [await sipp("answers", rtp_port=each.port) for each in (line, other)]
    target = await sipp("answers", rtp_port=rtp().port)
    call, transferred = [await office.dial(number_of(one.port)) for one in phones]
    await call.until("answered")
    await transferred.until("answered")
    successor = await opened(office.pbx)
    await until(lambda: office.carrier.health.state is LinkState.REPLACED, 5)
    with pytest.raises(ProviderError, match="CALLWRIGHT_ASTERISK_APP"):
        await office.dial(number_of(phones[0].port))
    speaker = Agent(leg_of(call))
    speaker.say("still here")
    await hears(line, "still here")
    speaker.stop()
    with pytest.raises(ProviderError):
        await leg_of(transferred).transfer(number_of(target.port))
    await phones[0].goes_on()
    await call.until("closed", 5)
    assert call.end is not None
    assert call.end.cause == "normal_clearing"
    await phones[1].goes_on()
    await transferred.until("closed", 5)
    await successor.carrier.aclose()


async def killed(office: Office, number: str, word: str) -> dict[str, Any]:
    """Call ``number`` from a process that is killed once it has said ``word``; its call's dialog."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.phone.asterisk_caller", office.pbx.url, number,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    dialog = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    if word == "answered":
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"answered\n"
    process.kill()
    await process.wait()
    return dict(dialog)


@pytest.mark.parametrize("told", [True, False])
async def test_a_successor_ends_the_call_of_a_killed_process(
    pbx: RealAsterisk, sipp: Phones, rtp: Lines, *, told: bool
) -> None:
    """By the call's dialog, and without it by what Asterisk has."""
    phone = await sipp("answers", rtp_port=rtp().port)
    predecessor = Office(AsteriskCarrier(AsteriskSettings()), Desk(), pbx)
    dialog = await killed(predecessor, number_of(phone.port), "answered")
    assert phone.running
    successor = await opened(pbx)
    if told:
        successor.carrier.say_last_words(dialog, Access())
    await phone.ended(10)
    await nothing_left(successor.pbx)
    await successor.carrier.aclose()


async def test_a_phone_that_a_killed_process_has_called_is_not_left_alone(
    pbx: RealAsterisk, sipp: Phones, rtp: Lines
) -> None:
    phone = await sipp("answers", rtp_port=rtp().port, ring_ms=3_000)
    predecessor = Office(AsteriskCarrier(AsteriskSettings()), Desk(), pbx)
    await killed(predecessor, number_of(phone.port), "ringing")
    successor = await opened(pbx)
    await phone.ended(10)
    await nothing_left(successor.pbx)
    await successor.carrier.aclose()


async def test_asterisk_is_killed_and_comes_back(office: Office, sipp: Phones, rtp: Lines) -> None:
    phone = await sipp("answers", rtp_port=rtp().port)
    call = await office.dial(number_of(phone.port))
    await call.until("answered")
    office.pbx.kill()
    await call.until("closed")
    assert call.end is not None
    assert call.end.cause == "media_timeout"
    with pytest.raises(ProviderError, match="events are not heard"):
        await office.dial(number_of(phone.port))
    office.pbx.start()
    await until(lambda: office.carrier.health.state is LinkState.CONNECTED, 40)
    await phone.stop()
    again = await sipp("answers", rtp_port=rtp().port)
    call = await office.dial(number_of(again.port))
    await call.until("answered")
    await leg_of(call).hang_up("")
    await again.ended()


# -- the whole platform --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platform(
    pbx: RealAsterisk, phone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, ports: Ports
) -> Iterator[Server]:
    """A server with this Asterisk, which may be killed."""
    folder = tmp_path_factory.mktemp("platform")
    settings = {"URL": pbx.url, "USER": USER, "PASSWORD": PASSWORD, "ENDPOINT": "PJSIP/{number}"}
    more = {f"CALLWRIGHT_ASTERISK_{name}": value for name, value in settings.items()}
    server = Server(folder, phone_database("asterisk"), ports.sip(), ports.gateway_media(), **more)
    server.start()
    yield server
    server.stop()


def by_pbx(body: dict[str, Any]) -> dict[str, Any]:
    """An agent that calls over the Asterisk."""
    body["agent_config"]["telephony_provider"] = "asterisk"
    return body


async def test_an_agent_calls_a_phone(platform: Server, pbx: RealAsterisk, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port, ring_ms=1_500)
    execution_id = await platform.call(await platform.agent(**by_pbx(agent())), number_of(phone.port))
    await hears(line, WELCOME)
    await asks(line, "I need an appointment.", "Which day suits you?")
    await sound_both_ways(line)
    await goodbye(line, phone)
    record = await final(platform, execution_id)
    data = record["telephony_data"]
    assert (record["status"], data["call_type"], data["provider"]) == ("completed", "outbound", "asterisk")
    assert hangup(record) == ("API Request", "end_call_tool", 4000)
    assert 1 <= data["ring_duration"] <= 4
    check_transcript(record, "user: I need an appointment.", "assistant: Which day suits you?")
    await nothing_left(pbx)


async def test_an_agent_takes_a_call(platform: Server, pbx: RealAsterisk, sipp: Phones, rtp: Lines) -> None:
    line, agent_id = rtp(), await platform.agent(**by_pbx(agent()))
    async with platform.api() as api:
        answer = await api.put("/v1/callwright/extensions/reception", json={"agent_id": agent_id})
    assert answer.status_code < 300, answer.text
    phone = await sipp("calls", target=pbx.sip_port, rtp_port=line.port, called="reception")
    await hears(line, WELCOME)
    await asks(line, "I need an appointment.", "Which day suits you?")
    await phone.goes_on()
    await phone.ended()
    record = await final(platform, await platform.inbound(agent_id))
    assert (record["status"], record["telephony_data"]["provider"]) == ("completed", "asterisk")
    assert hangup(record) == ("Caller", "Call ended", 4000)
    await nothing_left(pbx)


@pytest.mark.parametrize("mode", ["blind", "attended"])
async def test_an_agent_transfers_a_call(
    platform: Server, pbx: RealAsterisk, sipp: Phones, rtp: Lines, mode: str
) -> None:
    line, other = rtp(), rtp()
    phone, target = await sipp("answers", rtp_port=line.port), await sipp("answers", rtp_port=other.port, ring_ms=800)
    body = by_pbx(agent(transfer_to=number_of(target.port), transfer_mode=mode))
    execution_id = await platform.call(await platform.agent(**body), number_of(phone.port))
    await hears(line, WELCOME)
    await asks(line, "Give me your colleague.", ANNOUNCEMENT)
    record = await final(platform, execution_id)
    assert (record["status"], hangup(record)) == ("completed", ("API Request", "call_transferred", 4000))
    since_s = time.time()
    await asks(other, "this is sales", "this is sales", lambda: line.text(since_s))
    await target.goes_on()
    await phone.ended()
    await target.ended()
    await nothing_left(pbx)


async def test_a_transfer_to_a_busy_target_comes_back(
    platform: Server, pbx: RealAsterisk, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    phone, target = await sipp("answers", rtp_port=line.port), await sipp("refuses", rtp_port=9)
    body = by_pbx(agent(transfer_to=number_of(target.port)))
    execution_id = await platform.call(await platform.agent(**body), number_of(phone.port))
    await hears(line, WELCOME)
    await asks(line, "Give me your colleague.", "That did not work.")
    await goodbye(line, phone)
    record = await final(platform, execution_id)
    assert hangup(record) == ("API Request", "end_call_tool", 4000)
    await nothing_left(pbx)


async def test_a_busy_phone_is_busy(platform: Server, sipp: Phones) -> None:
    phone = await sipp("refuses", rtp_port=9)
    execution_id = await platform.call(await platform.agent(**by_pbx(agent())), number_of(phone.port))
    record = await final(platform, execution_id)
    assert (record["status"], hangup(record)) == ("busy", ("Carrier", "Call recipient was busy", 3010))


async def test_the_next_server_ends_the_call_of_a_killed_one(
    platform: Server, pbx: RealAsterisk, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    execution_id = await platform.call(await platform.agent(**by_pbx(agent())), number_of(phone.port))
    await hears(line, WELCOME)
    await asyncio.to_thread(platform.kill)
    assert phone.running
    await asyncio.to_thread(platform.start)
    await phone.ended(60)
    assert (await final(platform, execution_id, 60))["status"] == "error"
    await nothing_left(pbx)
