"""A web call over SIP in memory, on a virtual clock: digest, one call a session, every message of a dialog, keys, audio and every end."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.door_socket import PageSocket
from tests.unit.telephony.test_browser_leg import Desk, Doorkeeper, arranged, passed, virtually
from tests.unit.telephony.test_webrtc_packets import OFFER

from callwright.domain.errors import CapacityError
from callwright.domain.limits import (
    MAX_ICE_ADDRESSES,
    MAX_RTP_SOURCES,
    MAX_SIP_SOCKET_HEADERS,
    MAX_SIP_SOCKET_MESSAGE_BYTES,
    MAX_SIP_WRONG_PASSWORDS,
    WEB_CALL_CONNECT_SECONDS,
    WEB_CALL_LINGER_SECONDS,
    WEB_CALL_SESSION_SECONDS,
    WEB_CALL_SILENT_SECONDS,
)
from callwright.domain.sip_message import SipMessage, parsed
from callwright.ops.ids import RandomIds
from callwright.ops.timers import SharedTimer
from callwright.ports.failures import ProviderError
from callwright.ports.leg import SILENCE_FRAME, InboundOffer
from callwright.ports.web_call import WEB_CALL, WebCall
from callwright.telephony.browser.sip_calls import SipCalls, WebRtcSettings
from callwright.telephony.browser.sip_dialog import UNACKNOWLEDGED_SECONDS, SipDialog
from callwright.telephony.browser.sip_session import SipCredentials, SipSession
from callwright.telephony.browser.webrtc.leg import LOOK_SECONDS, PLAYOUT_BUFFER_MS, WebRtcLeg
from callwright.telephony.browser.webrtc.media_line import MediaLine
from callwright.telephony.browser.webrtc.rtp import Received, RtpPacket, Sent, rtp_of
from callwright.telephony.browser.webrtc.sdp import Offer
from callwright.telephony.browser.webrtc.stun import Address, Check
from callwright.telephony.browser.wire import Close

PASSWORD = "right"
FRAME = b"\x10" * 160
WAY = ("192.0.2.1", 50_000)
HELLO, GOODBYE = b"\x16hello", b"\x15goodbye"


class PlainAudio:
    """Seals nothing."""

    def sealed(self, packet: bytes) -> bytes:
        return packet

    sealed_report = sealed

    def opened(self, packet: bytes) -> bytes | None:
        return None if packet.endswith(b"forged") else packet

    opened_report = opened


class PlainHandshake:
    """Done with the first datagram; another one says goodbye."""

    failure = ""
    over = False
    audio: PlainAudio | None = None

    def take(self, datagram: bytes) -> None:
        self.over = datagram == GOODBYE
        self.failure = "the certificate is another one" if datagram.endswith(b"false") else ""
        if not self.over and not self.failure:
            self.audio = PlainAudio()

    def repeat(self) -> float | None:
        return None

    def close(self) -> None:
        self.over = True


class PlainIdentity:
    fingerprint = "AA:BB"

    def handshake(self, fingerprints: Mapping[str, str], send: Callable[[bytes], None]) -> PlainHandshake:
        return PlainHandshake()


class PlainPort:
    """A port whose datagrams are kept."""

    addresses: tuple[Address, ...] = (("192.0.2.9", 8701),)

    def __init__(self) -> None:
        self.lines: list[MediaLine] = []
        self.sent: list[tuple[bytes, Address]] = []
        self.claimed: dict[Address, MediaLine] = {}

    def add(self, line: MediaLine) -> None:
        self.lines.append(line)

    def discard(self, line: MediaLine) -> None:
        if line in self.lines:
            self.lines.remove(line)

    def claim(self, address: Address, line: MediaLine) -> bool:
        return self.claimed.setdefault(address, line) is line

    def send(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))


class World:
    """A session, its desk, and a page that speaks SIP by hand."""

    def __init__(self, does: str | int = "answer", origin: str = "") -> None:
        self.desk = Desk(does)
        self.port = PlainPort()
        self.forgotten = 0
        self.broken = False
        credentials = SipCredentials("user", "example.org", PASSWORD, "k" * 64)
        self.session = SipSession(
            WebCall(arranged("e1"), origin), credentials, WEB_CALL_SESSION_SECONDS, self, RandomIds()
        )
        self.socket = PageSocket()
        self.to = "<sip:7000@example.org>"
        self._served: list[asyncio.Task[None]] = []

    # -- sip_session.SipHost

    def begin(self, session: SipSession, dialog: SipDialog, offer: Offer, source: str) -> WebRtcLeg:
        if self.broken:
            raise LookupError("nobody takes calls")
        leg = WebRtcLeg("e1", dialog, session.over, SharedTimer(LOOK_SECONDS))
        dialog.attach(leg)
        leg.use(MediaLine(self.port, PlainIdentity(), offer, leg, RandomIds()))
        leg.listener = self.desk.offered(InboundOffer(WEB_CALL, "", "", "e1", source=source), leg)
        return leg

    def forget(self, session: SipSession) -> None:
        self.forgotten += 1

    # -- the page

    async def connect(self) -> None:
        self.socket = PageSocket()
        self._served.append(asyncio.get_running_loop().create_task(self.session.carry(self.socket, "192.0.2.1")))
        await passed(0.01)

    async def say(self, text: str | bytes) -> list[SipMessage]:
        """What the server says to a message."""
        before = len(self.socket.sent)
        self.socket.say(text)
        await passed(0.01)
        return [message for one in self.socket.sent[before:] if (message := parsed(str(one))) is not None]

    def text(self, method: str, number: int = 1, body: str = "", **more: str) -> str:
        headers = {
            "Via": f"SIP/2.0/WS x.invalid;branch=z9hG4bK{number}",
            "From": "<sip:user@example.org>;tag=page",
            "To": self.to,
            "Call-ID": "c1",
            "CSeq": f"{number} {method}",
            "Contact": "<sip:page@x.invalid;transport=ws>",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        lines = [
            f"{method} sip:7000@example.org SIP/2.0",
            *(f"{name}: {value}" for name, value in headers.items() if value),
        ]
        return "\r\n".join([*lines, "", body])

    async def proven(
        self, method: str, number: int = 1, body: str = "", password: str = PASSWORD, **more: str
    ) -> list[SipMessage]:
        """Ask, be asked for the password, give it."""
        (asked,) = await self.say(self.text(method, number, body, **more))
        assert asked.status == 401, asked
        return await self.say(
            self.text(method, number + 1, body, Authorization=digest(asked, method, password), **more)
        )

    async def invite(self, body: str = OFFER, **more: str) -> list[int]:
        """The statuses of an INVITE's answers."""
        if not self._served:
            await self.connect()
        told = await self.proven("INVITE", 1, body, **more)
        self.to = told[-1].first("to")
        return [one.status for one in told]

    async def call(self) -> MediaLine:
        """A call that is answered and whose audio is connected."""
        assert await self.invite() == [100, 180, 200]
        await self.say(self.text("ACK", 2, Via="SIP/2.0/WS x.invalid;branch=z9hG4bKack"))
        self.check()
        self.line.datagram(HELLO)
        return self.line

    def check(self, source: Address = WAY, *, nominates: bool = True, fragment: str = "Ab/+") -> None:
        """The browser checks a way; what is sent is signed by nobody, because the check says that it is genuine."""
        self.line.checked(Signed(b"t" * 12, f"{self.line.fragment}:{fragment}", nominates, 20, b""), b"", source)

    def spoke(self, number: int, payload: bytes = FRAME, payload_type: int = 0, source: int = 5) -> None:
        self.line.datagram(RtpPacket(payload_type, number, number * 160, source, payload).packed())

    @property
    def line(self) -> MediaLine:
        return self.port.lines[0]

    @property
    def leg(self) -> Any:
        return self.desk.legs[0]

    @property
    def watcher(self) -> Any:
        return self.desk.watchers[0]

    def cause(self) -> str:
        return str(self.watcher.closed_as.cause)

    def requests(self) -> list[SipMessage]:
        """What the server asked of the page."""
        found = [parsed(str(one)) for one in self.socket.sent]
        return [one for one in found if one is not None and not one.status]


class Signed(Check):
    """A check that is genuine."""

    def is_genuine(self, datagram: bytes, password: str) -> bool:
        return True


def digest(challenge: SipMessage, method: str, password: str = PASSWORD) -> str:
    found = re.search(r'nonce="([^"]+)"', challenge.first("www-authenticate"))
    assert found is not None
    first, second = md5(f"user:callwright:{password}"), md5(f"{method}:sip:7000@example.org")
    response = md5(f"{first}:{found[1]}:{second}")
    return f'Digest username="user", realm="callwright", nonce="{found[1]}", uri="sip:7000@example.org", response="{response}"'


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


# -- who may call


@virtually
async def test_a_call_with_the_password_rings_and_is_answered_with_our_audio():
    world = World()
    line = await world.call()
    answered = next(one for one in map(parsed, map(str, world.socket.sent)) if one is not None and one.status == 200)
    assert answered.body == line.answer
    assert world.desk.offers[0].source == "192.0.2.1"
    assert world.watcher.events[0] == "answered"


@virtually
async def test_wrong_passwords_end_the_session():
    world = World()
    await world.connect()
    for number in range(1, MAX_SIP_WRONG_PASSWORDS):
        told = await world.proven("INVITE", 2 * number, OFFER, "wrong")
        assert [one.status for one in told] == [401]
    told = await world.proven("INVITE", 40, OFFER, "wrong")
    assert [one.status for one in told] == [403]
    assert (world.forgotten, world.socket.closed_with) == (1, Close.FOREIGN_ORIGIN)
    assert world.desk.offers == []


@virtually
async def test_a_session_makes_one_call():
    world = World()
    await world.call()
    (told,) = await world.say(world.text("INVITE", 7, OFFER, Call_ID="c2", To="<sip:7000@example.org>"))
    assert told.status == 403
    assert len(world.desk.offers) == 1


@virtually
async def test_an_unused_session_ends_in_time():
    world = World()
    await world.connect()
    await passed(WEB_CALL_SESSION_SECONDS)
    assert (world.forgotten, world.socket.closed_with) == (1, Close.FOREIGN_ORIGIN)


@virtually
async def test_a_page_may_register_first():
    world = World()
    await world.connect()
    (told,) = await world.proven("REGISTER", Contact="<sip:page@x.invalid;transport=ws>;+sip.instance=1;expires=600")
    assert told.status == 200
    assert told.first("contact").startswith("<sip:page@x.invalid;transport=ws>;expires=")
    (told,) = await world.proven("REGISTER", 5, password="wrong")
    assert told.status == 401
    (told,) = await world.proven("REGISTER", 8, Expires="0")
    assert (told.status, told.first("expires"), told.first("contact")) == (200, "0", "")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"X_Agent_Id": "another"}, 403),
        ({"X_Run_Id": "another"}, 403),
        ({"X_Agent_Id": "a", "X_Run_Id": "E1"}, 200),
        ({"Contact": ""}, 400),
        ({"body": OFFER.replace("9 0 8 13", "9 8 13")}, 488),
    ],
)
def test_an_invite_is_for_the_agent_and_the_execution_of_its_session(more: dict[str, str], status: int):
    @virtually
    async def run() -> None:
        world = World()
        assert (await world.invite(**more))[-1] == status
        assert len(world.desk.offers) == (status == 200)

    run()


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        b"\xff\xfe",
        "INVITE sip:x SIP/2.0\r\n\r\n",
        "INVITE sip:x SIP/2.0\r\nVia: a\r\nInjected: b\n c\r\n\r\n",
        "X" * (MAX_SIP_SOCKET_MESSAGE_BYTES + 1),
        "OPTIONS sip:x SIP/2.0\r\n" + "X-A: b\r\n" * (MAX_SIP_SOCKET_HEADERS + 1) + "\r\n",
    ],
)
def test_what_is_no_sip_closes_the_websocket(text: str | bytes):
    @virtually
    async def run() -> None:
        world = World()
        await world.connect()
        await world.say(text)
        assert world.socket.closed_with == Close.BAD_MESSAGE

    run()


@pytest.mark.parametrize(
    ("method", "more", "status"),
    [
        ("OPTIONS", {}, 200),
        ("OPTIONS", {"CSeq": "1 INVITE"}, 400),
        ("OPTIONS", {"From": "<sip:a@b>"}, 400),
        ("OPTIONS", {"Content_Length": "7"}, 400),
        ("OPTIONS", {"Require": "100rel"}, 420),
        ("MESSAGE", {}, 405),
        ("BYE", {}, 481),
        ("CANCEL", {}, 481),
        ("BYE", {"To": "<sip:a@b>;tag=none"}, 481),
    ],
)
def test_requests_outside_of_a_call_are_answered(method: str, more: dict[str, Any], status: int):
    @virtually
    async def run() -> None:
        world = World()
        await world.connect()
        (told,) = await world.say(world.text(method, **more))
        assert told.status == status

    run()


@virtually
async def test_a_ping_is_answered_and_an_ack_of_nothing_is_not():
    world = World()
    await world.connect()
    world.socket.say("\r\n\r\n")
    world.socket.say(world.text("ACK", Require="x"))
    world.socket.say(world.text("ACK"))
    await passed(0.01)
    assert world.socket.sent == ["\r\n"]


# -- within a call


@virtually
async def test_either_side_hangs_up():
    world = World()
    await world.call()
    (told,) = await world.say(world.text("BYE", 3))
    assert (told.status, world.cause(), world.forgotten) == (200, "caller_hung_up", 1)
    assert world.requests() == []
    (late,) = await world.say(world.text("BYE", 4))
    assert late.status == 481
    await passed(WEB_CALL_LINGER_SECONDS)
    assert world.socket.closed_with == Close.NORMAL

    world = World()
    await world.call()
    await world.leg.hang_up("")
    (bye,) = world.requests()
    assert (bye.method, bye.uri, bye.first("from"), world.cause()) == (
        "BYE",
        "sip:page@x.invalid;transport=ws",
        world.to,
        "hung_up_by_us",
    )
    assert (await world.say("SIP/2.0 200 OK\r\n" + world.text("BYE", 1).partition("\r\n")[2])) == []


@virtually
async def test_a_page_gives_up_before_the_answer():
    world = World(does="ring")
    assert await world.invite() == [100, 180]
    (wrong,) = await world.say(world.text("CANCEL", 2, Via="SIP/2.0/WS x.invalid;branch=z9hG4bKother"))
    assert wrong.status == 481
    told = await world.say(world.text("CANCEL", 2, To="<sip:7000@example.org>"))
    assert [(one.status, one.method) for one in told] == [(200, "CANCEL"), (487, "INVITE")]
    assert world.cause() == "caller_abandoned"


@virtually
async def test_a_cancel_after_the_answer_comes_too_late():
    world = World()
    await world.call()
    (told,) = await world.say(world.text("CANCEL", 2))
    assert told.status == 200
    assert world.watcher.closed_as is None


@virtually
async def test_a_call_that_is_refused_is_told_so():
    world = World(does=486)
    assert await world.invite() == [100, 180, 486]
    assert world.cause() == "declined_by_us"
    assert world.port.lines == []


@virtually
async def test_an_answer_is_repeated_until_it_is_acknowledged():
    world = World()
    await world.invite()
    await passed(2)
    accepted = [one for one in world.socket.sent if str(one).startswith("SIP/2.0 200")]
    assert len(accepted) == 3
    world.check()
    world.line.datagram(HELLO)
    while world.watcher.closed_as is None:
        world.check()
        await passed(1)
    assert asyncio.get_running_loop().time() < UNACKNOWLEDGED_SECONDS + 5
    assert world.cause() == "protocol_error"
    assert [one.method for one in world.requests()] == ["BYE"]


@virtually
async def test_an_invite_that_comes_twice_changes_nothing():
    world = World(does="ring")
    await world.invite()
    assert await world.say(world.text("INVITE", 2, OFFER, To="<sip:7000@example.org>")) == []
    assert len(world.desk.offers) == 1


@virtually
async def test_a_changed_offer_within_the_call_is_refused_and_the_call_goes_on():
    world = World()
    await world.call()
    other = OFFER.replace("Ab/+", "Cd/+")
    asked = [("INVITE", other), ("INVITE", ""), ("UPDATE", other), ("UPDATE", ""), ("OPTIONS", ""), ("REGISTER", "")]
    for (method, body), status in zip(asked, (488, 488, 488, 200, 200, 405), strict=True):
        (told,) = await world.say(world.text(method, 9, body))
        assert (method, told.status) == (method, status)
    assert world.watcher.closed_as is None


@virtually
@pytest.mark.parametrize(
    ("method", "direction", "answered"), [("INVITE", "sendonly", "recvonly"), ("UPDATE", "inactive", "inactive")]
)
async def test_a_page_puts_the_call_on_hold_and_takes_it_back(method: str, direction: str, answered: str):
    world = World()
    line = await world.call()
    (told,) = await world.say(
        world.text(method, 9, OFFER.replace("a=sendrecv", f"a={direction}"), Contact="<sip:moved@x.invalid>")
    )
    assert told.status == 200
    assert f"a={answered}\r\n" in told.body
    assert told.body.splitlines()[1].split()[2] == "2"
    assert (
        told.body.partition("t=0 0")[2].replace(f"a={answered}", "a=sendrecv", 1) == line.answer.partition("t=0 0")[2]
    )
    assert world.watcher.last_facts["held"] == {"on": True}
    sent = len(world.port.sent)
    world.leg.write(FRAME)
    assert len(world.port.sent) == sent, "nothing is sent to a page that holds the call"
    if method == "INVITE":
        await world.say(world.text("ACK", 9))
    (told,) = await world.say(world.text(method, 10, OFFER, Contact="<sip:moved@x.invalid>"))
    assert (told.status, "a=sendrecv\r\n" in told.body) == (200, True)
    if method == "INVITE":
        await world.say(world.text("ACK", 10))
    assert world.watcher.last_facts["held"] == {"on": False}
    world.leg.write(FRAME)
    assert len(world.port.sent) > sent
    await passed(3)
    assert [one for one in world.socket.sent if "a=recvonly" in str(one)][1:] == [], (
        "an acknowledged answer is not repeated"
    )
    await world.leg.hang_up("")
    assert world.requests()[-1].uri == "sip:moved@x.invalid"


@virtually
async def test_an_offer_before_the_answer_is_refused():
    world = World(does="ring")
    await world.invite()
    (told,) = await world.say(world.text("UPDATE", 9, OFFER))
    assert told.status == 500
    assert world.watcher.closed_as is None


@virtually
async def test_a_defect_at_the_begin_refuses_the_call_and_ends_its_session():
    world = World()
    world.broken = True
    with pytest.raises(LookupError):
        await world.invite()
    await passed(0.01)
    assert world.forgotten == 1
    assert world.socket.closed_with == Close.FAILED
    assert "SIP/2.0 500" in str(world.socket.sent[-1])


@virtually
@pytest.mark.parametrize("moment", ["answered", "key"])
async def test_a_defect_of_the_listener_ends_the_call(moment: str, monkeypatch: pytest.MonkeyPatch):
    world = World()
    assert await world.invite() == [100, 180, 200]
    world.check()

    def broken(*given: object) -> None:
        raise LookupError(moment)

    monkeypatch.setattr(world.watcher, moment, broken)
    key = RtpPacket(126, 1, 160, 5, b"\x07\x0a\x00\xa0").packed()
    if moment == "key":
        world.line.datagram(HELLO)
    with pytest.raises(LookupError):
        world.line.datagram(HELLO if moment == "answered" else key)
    assert world.cause() == "crash"


@virtually
async def test_keys_come_by_info_and_in_the_audio():
    world = World()
    await world.call()
    for kind, body, status in (
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", 200),
        ("application/dtmf", "#", 200),
        ("application/dtmf", "?", 200),
        ("text/plain", "5", 415),
    ):
        (told,) = await world.say(world.text("INFO", 5, body, Content_Type=kind))
        assert told.status == status
    for number in range(3):
        world.line.datagram(RtpPacket(126, number, 160, 5, b"\x07\x0a\x00\xa0").packed())
    assert world.watcher.keys == "5#7"


@virtually
async def test_keys_of_the_agent_go_to_the_page_by_info():
    world = World()
    await world.call()
    await world.leg.send_keys("1#")
    assert [(one.method, one.cseq, one.body.partition("\r")[0]) for one in world.requests()] == [
        ("INFO", 1, "Signal=1"),
        ("INFO", 2, "Signal=#"),
    ]
    for wrong in ("", "x", "1" * 1_000):
        with pytest.raises(ProviderError):
            await world.leg.send_keys(wrong)
    with pytest.raises(ProviderError):
        await world.leg.transfer("+15550100")


# -- audio


@virtually
async def test_audio_goes_both_ways_and_is_counted():
    world = World()
    await world.call()
    for number in (0, 1, 3, 4, 5, 6):
        world.spoke(number, bytes([number]) * 160)
    assert world.watcher.frames == [
        bytes([0]) * 160,
        bytes([1]) * 160,
        SILENCE_FRAME,
        *(bytes([n]) * 160 for n in (3, 4, 5, 6)),
    ]
    world.leg.write(FRAME)
    packets = [rtp_of(datagram) for datagram, way in world.port.sent if way == WAY]
    sent = [packet for packet in packets if packet is not None and packet.payload == FRAME]
    assert len(sent) == 1
    world.line.datagram(b"\x80\x00forged-forged-forged")
    await passed(0.2)
    await world.say(world.text("BYE", 3))
    quality = world.watcher.last_facts["quality"]
    assert (quality["rx_packets"], quality["rx_lost"], quality["tx_packets"], quality["one_way"], quality["final"]) == (
        6,
        1,
        1,
        "",
        True,
    )


@virtually
async def test_the_delay_is_learnt_from_the_reports_of_the_browser():
    world = World()
    line = await world.call()
    assert world.leg.delay_ms == PLAYOUT_BUFFER_MS
    loop = asyncio.get_running_loop()
    world.leg.write(FRAME)
    await passed(0.2)
    ours = next(d for d, _ in world.port.sent if len(d) > 8 and d[1] == 200)
    received, theirs = Received(), Sent(5, 0, 0, 0, loop.time())
    received.source, received.packets = line.sent.source, 1
    received.heard_report(int.from_bytes(ours[10:14], "big"), loop.time())
    await passed(0.3)
    line.datagram(theirs.report(loop.time() - 0.2, received, "page"))
    # Half a second has passed since our report, of which the browser held it 0.1 s by its own word.
    assert world.leg.delay_ms == pytest.approx(PLAYOUT_BUFFER_MS + 300, abs=110)


@virtually
async def test_only_ways_that_were_checked_are_used_and_not_too_many():
    world = World()
    line = await world.call()
    before = len(world.port.sent)
    world.check(("192.0.2.66", 1), fragment="wrong")
    assert len(world.port.sent) == before
    for number in range(MAX_ICE_ADDRESSES + 3):
        world.check(("192.0.2.2", 1_000 + number), nominates=number == 2)
    assert len(world.port.claimed) == MAX_ICE_ADDRESSES
    line.write(FRAME)
    assert world.port.sent[-1][1] == ("192.0.2.2", 1_002)


@virtually
async def test_a_page_has_few_streams():
    world = World()
    await world.call()
    for source in range(MAX_RTP_SOURCES + 2):
        world.spoke(0, bytes([source]) * 160, source=source)
    assert len(world.watcher.frames) == MAX_RTP_SOURCES


@virtually
async def test_a_browser_that_does_not_connect_ends_the_call():
    world = World()
    await world.invite()
    await world.say(world.text("ACK", 2))
    await passed(WEB_CALL_CONNECT_SECONDS + 0.1)
    assert (world.cause(), [one.method for one in world.requests()]) == ("request_timeout", ["BYE"])
    assert world.port.lines == []


@virtually
async def test_a_browser_that_is_another_one_ends_the_call():
    world = World()
    await world.invite()
    world.check()
    world.line.datagram(b"\x16false")
    assert world.cause() == "media_not_acceptable"


@virtually
async def test_a_browser_that_says_goodbye_or_falls_silent_ends_the_call():
    world = World()
    line = await world.call()
    line.datagram(GOODBYE)
    assert world.cause() == "caller_hung_up"

    world = World()
    await world.call()
    await passed(WEB_CALL_SILENT_SECONDS + 0.2)
    assert world.cause() == "media_timeout"
    assert abs(world.watcher.last_facts["gone"]["ms"] - WEB_CALL_SILENT_SECONDS * 1000) < 200


@virtually
async def test_a_break_of_the_websocket_ends_no_call_and_the_page_comes_back():
    world = World()
    await world.call()
    world.socket.leave(1006)
    await passed(1)
    assert world.watcher.closed_as is None
    await world.connect()
    (told,) = await world.say(world.text("BYE", 3))
    assert (told.status, world.cause()) == (200, "caller_hung_up")


@virtually
async def test_a_page_that_closes_its_websocket_hangs_up():
    world = World()
    await world.call()
    world.socket.leave(1001)
    await passed(0.01)
    assert world.cause() == "caller_hung_up"

    world = World(does="ring")
    await world.invite()
    world.socket.leave(1006)
    await passed(0.01)
    assert world.cause() == "caller_abandoned"


@virtually
async def test_a_process_that_stops_hangs_up():
    world = World()
    await world.call()
    world.session.end()
    assert [one.method for one in world.requests()] == ["BYE"]
    assert world.socket.closed_with == Close.NORMAL


# -- whether there are such calls


@pytest.mark.parametrize(
    ("installed", "listen", "scope"),
    [(False, "", "not_enabled"), (True, "", "not_enabled"), (True, "127.0.0.1:0", "global")],
)
def test_what_is_missing_is_said(installed: bool, listen: str, scope: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "callwright.telephony.browser.sip_calls.find_spec", lambda name: object() if installed else None
    )
    calls = SipCalls(Doorkeeper(), WebRtcSettings(listen), RandomIds())
    with pytest.raises(CapacityError) as error:
        calls.check_enabled()
    assert error.value.scope == scope
    if not installed:
        assert "pip install 'callwright[webrtc]'" in error.value.hint
