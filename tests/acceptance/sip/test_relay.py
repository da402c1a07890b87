"""The relay between a phone and the gateway: both see only it, in-dialog requests and sound pass through it, and it treats them as told."""

import asyncio
import re
import socket

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.lab.line import PacketLine, line_of
from callwright.media import tones
from callwright.media.g711 import alaw_of, loudness, mulaw_of, pcm_of_alaw, pcm_of_mulaw
from callwright.telephony.sip.relay import IN, OUT, open_relay

pytestmark = pytest.mark.real_time

LOOPBACK = "127.0.0.1"
G711 = {0: (mulaw_of, pcm_of_mulaw), 8: (alaw_of, pcm_of_alaw)}


class Side:
    """A phone or a gateway made of two sockets: what it gets is kept until it is asked for."""

    def __init__(self) -> None:
        self.sip = self._socket()
        self.sound = self._socket()

    @staticmethod
    def _socket():
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind((LOOPBACK, 0))
        return one

    @property
    def address(self):
        return self.sip.getsockname()

    @property
    def host_port(self):
        return "{}:{}".format(*self.address)

    def sdp(self, extra=""):
        port = self.sound.getsockname()[1]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 8 101\r\n{extra}a=sendrecv\r\n"
        )

    def message(self, first, headers=(), body=""):
        kind = ["Content-Type: application/sdp"] if body else []
        lines = [first, *headers, "Call-ID: one@phone", *kind, f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body.encode()

    def invite(self, to, body="", branch="z9hG4bK1"):
        via = f"Via: SIP/2.0/UDP {self.host_port};branch={branch};rport"
        headers = (via, f"Contact: <sip:me@{self.host_port}>", "From: <sip:a@a>;tag=1", f"To: <sip:x@{to[0]}:{to[1]}>")
        return self.message(f"INVITE sip:x@{to[0]}:{to[1]} SIP/2.0", headers, body or self.sdp())

    def close(self):
        self.sip.close()
        self.sound.close()


async def got(where: socket.socket, seconds: float = 1.0):
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recvfrom(where, 65_535), seconds)


async def nothing(where: socket.socket, seconds: float = 0.15) -> bool:
    try:
        await got(where, seconds)
    except TimeoutError:
        return True
    return False


def found(pattern: bytes, message: bytes) -> str:
    match = re.search(pattern, message)
    assert match is not None
    return match[1].decode()


def media_port(message: bytes) -> int:
    return int(found(rb"m=audio (\d+)", message))


def rtp(number: int, sound: bytes = b"\xff" * 160, kind: int = 0) -> bytes:
    return bytes([0x80, kind]) + number.to_bytes(2, "big") + (number * 160).to_bytes(4, "big") + b"ssrc" + sound


@pytest.fixture
def phone():
    side = Side()
    yield side
    side.close()


@pytest.fixture
def gateway():
    side = Side()
    yield side
    side.close()


def relay(gateway, conditions="", phone=None, **more):
    return open_relay(PacketLine(line_of(conditions)), gateway.address, phone and phone.address, **more)


async def connected(relay, phone, gateway):
    """A call from the phone, answered: returns where the phone and where the gateway send sound to."""
    phone.sip.sendto(phone.invite(relay.for_phone), relay.for_phone)
    invite, source = await got(gateway.sip)
    answer = gateway.message("SIP/2.0 200 OK", (f"Contact: <sip:gw@{gateway.host_port}>",), gateway.sdp())
    gateway.sip.sendto(answer, source)
    ok, _ = await got(phone.sip)
    return (LOOPBACK, media_port(ok)), (LOOPBACK, media_port(invite))


async def test_each_side_takes_the_relay_for_the_other(phone, gateway):
    async with relay(gateway) as between:
        stand_in = "{}:{}".format(*between.for_gateway)
        phone.sip.sendto(phone.invite(between.for_phone), between.for_phone)
        invite, source = await got(gateway.sip)
        assert source == between.for_gateway
        assert f"INVITE sip:x@{gateway.host_port} SIP/2.0".encode() in invite
        assert f"Contact: <sip:me@{stand_in}>".encode() in invite
        assert f"Via: SIP/2.0/UDP {stand_in};".encode() in invite
        assert phone.host_port.encode() not in invite
        length = int(found(rb"Content-Length: (\d+)", invite))
        assert length == len(invite.partition(b"\r\n\r\n")[2])
        assert media_port(invite) != phone.sound.getsockname()[1]


async def test_an_answer_comes_back_with_the_phone_s_own_words(phone, gateway):
    async with relay(gateway) as between:
        phone.sip.sendto(phone.invite(between.for_phone), between.for_phone)
        invite, source = await got(gateway.sip)
        via = found(rb"(Via: [^\r]*)", invite)
        via = via.replace(";rport", f";rport={source[1]};received={LOOPBACK}")
        gateway.sip.sendto(gateway.message("SIP/2.0 180 Ringing", (via, f"Contact: <sip:{gateway.host_port}>")), source)
        ringing, source = await got(phone.sip)
        assert source == between.for_phone
        assert f"Via: SIP/2.0/UDP {phone.host_port};branch=z9hG4bK1;rport={phone.address[1]}".encode() in ringing
        assert "Contact: <sip:{}:{}>".format(*between.for_phone).encode() in ringing
        assert gateway.host_port.encode() not in ringing


async def test_the_gateway_can_call_a_phone_through_it(phone, gateway):
    async with relay(gateway, phone=phone) as between:
        gateway.sip.sendto(gateway.invite(between.for_gateway), between.for_gateway)
        invite, source = await got(phone.sip)
        assert source == between.for_phone
        assert invite.startswith(f"INVITE sip:x@{phone.host_port} SIP/2.0".encode())
        assert gateway.host_port.encode() not in invite


async def test_sound_passes_both_ways_and_its_reports_too(phone, gateway):
    async with relay(gateway) as between:
        to_gateway, to_phone = await connected(between, phone, gateway)
        phone.sound.sendto(rtp(1), to_gateway)
        packet, source = await got(gateway.sound)
        assert packet == rtp(1)
        assert source == to_phone
        gateway.sound.sendto(rtp(9), to_phone)
        assert await got(phone.sound) == (rtp(9), to_gateway)
        report = bytes([0x80, 200]) + bytes(26)
        gateway.sound.sendto(report, to_phone)
        assert (await got(phone.sound))[0] == report


async def test_a_hold_leaves_the_sound_s_way_as_it_was(phone, gateway):
    async with relay(gateway) as between:
        to_gateway, _ = await connected(between, phone, gateway)
        held = gateway.sdp().replace(f"c=IN IP4 {LOOPBACK}", "c=IN IP4 0.0.0.0")
        gateway.sip.sendto(gateway.invite(between.for_gateway, held), between.for_gateway)
        invite, _ = await got(phone.sip)
        assert b"c=IN IP4 0.0.0.0" in invite
        assert media_port(invite) == to_gateway[1]
        phone.sound.sendto(rtp(1), to_gateway)
        assert (await got(gateway.sound))[0] == rtp(1)


async def test_the_first_invite_is_lost_and_its_repetition_is_not(phone, gateway):
    async with relay(gateway, "lose_invite=1") as between:
        phone.sip.sendto(phone.invite(between.for_phone), between.for_phone)
        assert await nothing(gateway.sip)
        phone.sip.sendto(phone.invite(between.for_phone), between.for_phone)
        await got(gateway.sip)
        assert [signal.copies for signal in between.seen("INVITE", IN)] == [0, 1]


async def test_packets_are_lost_copied_and_late_as_told_in_both_ways(phone, gateway):
    line = PacketLine(line_of("loss=20,duplicate=20"))
    async with open_relay(line, gateway.address) as between:
        to_gateway, to_phone = (None, None)
        while to_phone is None:
            # The signalling loses packets as well; a phone sends again.
            try:
                to_gateway, to_phone = await asyncio.wait_for(connected(between, phone, gateway), 0.5)
            except TimeoutError:
                continue
        while not await nothing(gateway.sip, 0.02):
            pass
        for number in range(200):
            phone.sound.sendto(rtp(number), to_gateway)
            gateway.sound.sendto(rtp(number), to_phone)
            await asyncio.sleep(0)
        for way, side in ((IN, gateway), (OUT, phone)):
            arrived: list[bytes] = []
            while len(arrived) < line.counts(way).packets - line.counts(way).lost + line.counts(way).duplicated:
                arrived.append((await got(side.sound))[0])
            assert line.counts(way).packets == 200
            assert 20 <= 200 - len(set(arrived)) <= 60
            assert line.counts(way).duplicated == len(arrived) - len(set(arrived))
        assert between.undelivered == 0


async def test_delay_is_kept(phone, gateway):
    async with relay(gateway, "delay=120") as between:
        loop = asyncio.get_running_loop()
        began = loop.time()
        phone.sip.sendto(phone.invite(between.for_phone), between.for_phone)
        await got(gateway.sip)
        assert 0.115 <= loop.time() - began <= 0.4


@pytest.mark.parametrize("kind", [0, 8])
async def test_the_level_of_the_sound_is_changed_in_either_codec(phone, gateway, kind):
    encode, decode = G711[kind]
    tone = tones.tone((440,), 20)
    async with relay(gateway, "level=-20") as between:
        to_gateway, _ = await connected(between, phone, gateway)
        phone.sound.sendto(rtp(1, encode(tone), kind), to_gateway)
        packet, _ = await got(gateway.sound)
        assert packet[:12] == rtp(1, b"", kind)
        assert loudness(decode(packet[12:])) == pytest.approx(loudness(tone) / 10, rel=0.05)


async def test_our_sound_comes_back_as_an_echo(phone, gateway):
    tone = mulaw_of(tones.tone((440,), 20))
    async with relay(gateway, "echo=-6dB/20ms") as between:
        to_gateway, to_phone = await connected(between, phone, gateway)
        heard = []
        for number in range(3):
            gateway.sound.sendto(rtp(number, tone), to_phone)
            await got(phone.sound)
            phone.sound.sendto(rtp(number), to_gateway)
            heard.append(loudness(pcm_of_mulaw((await got(gateway.sound))[0][12:])))
        assert heard[0] == 0
        assert heard[1] == pytest.approx(loudness(pcm_of_mulaw(tone)) / 2, rel=0.05)


async def test_rubbish_passes_as_it_is(phone, gateway):
    async with relay(gateway) as between:
        for rubbish in (b"\r\n\r\n", b"\x00\xff" * 40, b"INVITE\r\n\r\n", b"SIP/2.0 abc\r\n\r\n"):
            phone.sip.sendto(rubbish, between.for_phone)
            assert (await got(gateway.sip))[0] == rubbish


async def test_it_ends_by_itself_and_takes_its_sockets_along(phone, gateway):
    async with relay(gateway, seconds=0.2) as between:
        for_phone = between.for_phone
        await asyncio.sleep(0.3)
        phone.sip.sendto(phone.invite(for_phone), for_phone)
        assert await nothing(gateway.sip)


async def test_only_addresses_of_this_machine(gateway):
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1 is not a loopback address"):
        async with open_relay(PacketLine(line_of("")), ("192.0.2.1", 5060)):
            pass
    with pytest.raises(ConfigurationError, match="cannot use"):
        async with relay(gateway, for_phone=gateway.address):
            pass
    with pytest.raises(ConfigurationError, match="up to 3600 seconds"):
        async with relay(gateway, seconds=0):
            pass
