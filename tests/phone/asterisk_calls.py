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
from tests.phone.asterisk_pbx import APP, PASSWORD, ROOT, USER, RealAsterisk, number_of
from tests.phone.bare_carrier import Call, Desk
from tests.phone.calls import asks, hears
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import Sipp
from tests.phone.summary import FIGURE
from tests.waiting import until

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
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
    agent = Agent(leg_of(call))
    agent.say("good day to you")
    await hears(line, "good day to you")
    line.say("hello agent")
    await until(lambda: "hello agent" in heard(call), 10)
    agent.say("goodbye then")
    await agent.silent()
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
    assert (quality["jbuf_lost"], quality["one_way"]) == (0, "")
    record_property(
        "phones", f"jitter {quality['rx_jitter_ms']} ms, played {quality['rtt_ms']} ms after it was written"
    )


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
    agent = Agent(leg_of(call))
    agent.say("reception speaking")
    await hears(line, "reception speaking")
    line.say("hello reception")
    await until(lambda: "hello reception" in heard(call), 10)
    agent.stop()
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
    agent = Agent(leg_of(call))
    agent.say("sorry, go on")
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
    agent = Agent(leg_of(call))
    agent.say("please hold")
    await hears(theirs, "please hold")
    await work
    agent.stop()
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
    agent = Agent(leg_of(call))
    agent.say("nobody is there")
    await hears(line, "nobody is there")
    agent.stop()
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
    agent = Agent(leg_of(call))
    agent.say("still here")
    await hears(line, "still here")
    agent.stop()
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
        successor.carrier.say_last_words(dialog)
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
