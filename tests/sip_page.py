"""A page with a SIP client and WebRTC, as JsSIP in a browser, without a browser: SIP on a websocket, ICE, DTLS, SRTP with G.711."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.ice_check import binding_request
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from callwright.domain.sip_message import SipMessage, parsed, tag_of
from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.browser.webrtc.rtp import RtpPacket, is_rtcp, rtp_of
from callwright.telephony.loopback.far_end import FarEnd

SSL = pytest.importorskip("OpenSSL.SSL", reason="the extra webrtc is not installed: make venv")
pylibsrtp = pytest.importorskip("pylibsrtp", reason="the extra webrtc is not installed: make venv")
x509 = pytest.importorskip("cryptography.x509")

FRAGMENT, PASSWORD = "theirs", "password-of-the-page-0"
KEY_TYPE = 126


class Certificate:
    """Of the page. ``fingerprint`` as its offer has it."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "page")])
        now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        until = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
        made = x509.CertificateBuilder(name, name, key.public_key(), 7, now, until).sign(key, hashes.SHA256())
        self.fingerprint = made.fingerprint(hashes.SHA256()).hex(":").upper()
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.use_certificate(made)
        self.context.use_privatekey(key)
        self.context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
        self.context.set_verify(SSL.VERIFY_PEER, lambda *_: True)


def offer(fingerprint: str, **changes: str) -> str:
    """An SDP offer as a browser makes it. ``changes``: values of attributes to be replaced, empty to be left out."""
    attributes = {
        "rtpmap:0": " PCMU/8000",
        "rtpmap:111": " opus/48000/2",
        f"rtpmap:{KEY_TYPE}": " telephone-event/8000",
        "ice-ufrag": f":{FRAGMENT}",
        "ice-pwd": f":{PASSWORD}",
        "fingerprint": f":sha-256 {fingerprint}",
        "setup": ":actpass",
        "mid": ":0",
        "sendrecv": "",
        "rtcp-mux": "",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    lines = [f"a={name}{value}" for name, value in attributes.items() if value != "-"]
    head = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"]
    return "\r\n".join([*head, f"m=audio 9 UDP/TLS/RTP/SAVPF 111 0 {KEY_TYPE}", "c=IN IP4 0.0.0.0", *lines, ""])


class Media(asyncio.DatagramProtocol):
    """The page's audio. ``heard`` are the packets that came, ``reports`` the RTCP."""

    def __init__(self, certificate: Certificate, answer: str) -> None:
        self.heard: list[RtpPacket] = []
        self.reports: list[bytes] = []
        self.connected = asyncio.Event()
        self.closed = asyncio.Event()
        self.checks_answered = 0
        self.sent = 0
        self._source = 0x1234
        found = re.search(r"a=candidate:1 1 udp [0-9]+ (\S+) ([0-9]+) typ host", answer)
        assert found is not None, answer
        self.server = (found[1], int(found[2]))
        self.fragment = _attribute(answer, "ice-ufrag")
        self.password = _attribute(answer, "ice-pwd")
        self._dtls = SSL.Connection(certificate.context)
        self._dtls.set_connect_state()
        self._dtls.set_ciphertext_mtu(1200)
        self._open = False
        self._inbound: Any = None
        self._outbound: Any = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.check()

    def check(self) -> None:
        """Send a check of ICE, which nominates."""
        self.send(binding_request(FRAGMENT, self.fragment, self.password))

    def send(self, datagram: bytes) -> None:
        self.transport.sendto(datagram, self.server)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data[0] < 4:
            self.checks_answered += 1
            if self.checks_answered == 1:
                self._handshake()
        elif 20 <= data[0] < 64:
            self._dtls.bio_write(data)
            if self._open:
                self._read()
            else:
                self._handshake()
        elif is_rtcp(data):
            self.reports.append(self._inbound.unprotect_rtcp(data))
        else:
            packet = rtp_of(self._inbound.unprotect(data))
            assert packet is not None
            self.heard.append(packet)

    def speak(self, payload: bytes, payload_type: int = 0, *, skip: int = 0, timestamp: int | None = None) -> None:
        """Send the next packet; ``skip``: so many before it are lost."""
        self.sent += skip
        stamp = self.sent * 160 if timestamp is None else timestamp
        packet = RtpPacket(payload_type, self.sent & 0xFFFF, stamp & 0xFFFFFFFF, self._source, payload)
        self.sent += 1
        if self._outbound is not None:
            self.send(self._outbound.protect(packet.packed()))

    def press(self, key: str) -> None:
        """Send a key (RFC 4733), each of its packets."""
        stamp = self.sent * 160
        for flags in (0x0A, 0x0A, 0x8A, 0x8A):
            self.speak(struct.pack("!BBH", "0123456789*#ABCD".index(key), flags, 800), KEY_TYPE, timestamp=stamp)

    def leave(self) -> None:
        """Close DTLS, as a browser does whose page goes away."""
        self._dtls.shutdown()
        self._flush()

    def _handshake(self) -> None:
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        self._flush()
        self._open = True
        material = self._dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
        ours, theirs = material[:16] + material[32:46], material[16:32] + material[46:]
        policy = pylibsrtp.Policy
        self._outbound = pylibsrtp.Session(policy(key=ours, ssrc_type=policy.SSRC_ANY_OUTBOUND))
        self._inbound = pylibsrtp.Session(policy(key=theirs, ssrc_type=policy.SSRC_ANY_INBOUND))
        self.connected.set()

    def _read(self) -> None:
        try:
            self._dtls.recv(1_000)
        except SSL.ZeroReturnError:
            self.closed.set()
        except SSL.Error:
            return

    def _flush(self) -> None:
        try:
            self.send(self._dtls.bio_read(65_536))
        except SSL.Error:
            return


@dataclass
class SipPage:
    """One session of ``POST /web-call/freeswitch-session`` in the hands of a page. ``told`` are the SIP messages that came."""

    session: Mapping[str, Any]
    origin: str | None = None
    password: str = ""
    call_id: str = "call-1"
    told: list[SipMessage] = field(default_factory=list)
    certificate: Certificate = field(default_factory=Certificate)
    media: Media | None = None
    socket: ClientConnection | None = None
    close_code: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None
    _to: str = ""
    _invite: tuple[int, str] = (0, "")

    async def connect(self) -> None:
        """Open the websocket."""
        headers = {} if self.origin is None else {"Origin": self.origin}
        self.socket = await connect(self.session["wss_url"], subprotocols=["sip"], additional_headers=headers)  # type: ignore[list-item]
        self._reading = asyncio.create_task(self._read(self.socket))

    async def aclose(self) -> None:
        """Close everything that is open."""
        if self.media is not None and self.media.transport is not None:
            self.media.transport.close()
        if self.socket is not None:
            await self.socket.close()
        if self._reading is not None:
            await self._reading

    async def request(
        self, method: str, headers: Mapping[str, str] | None = None, body: str = "", branch: str = "", number: int = 0
    ) -> int:
        """Send a request; its number."""
        assert self.socket is not None
        number = number or next(self._numbers)
        user, domain = self.session["sip_username"], self.session["sip_domain"]
        to = self._to or f"<sip:7000@{domain}>"
        lines = [
            f"{method} sip:7000@{domain} SIP/2.0",
            f"Via: SIP/2.0/WS page.invalid;branch={branch or f'z9hG4bK{self.call_id}{number}'}",
            "Max-Forwards: 69",
            f"From: <sip:{user}@{domain}>;tag=page",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            "Contact: <sip:page@page.invalid;transport=ws;ob>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            *(["Content-Type: application/sdp"] if body and "Content-Type" not in (headers or {}) else []),
            f"Content-Length: {len(body)}",
        ]
        await self.socket.send("\r\n".join([*lines, "", body]))
        return number

    async def until(self, number: int, method: str, least: int = 200) -> SipMessage:
        """The answer to a request, with a status of at least so much."""
        return await self.found(lambda one: one.status >= least and one.first("cseq") == f"{number} {method}")

    async def found(self, wanted: Any, seconds: float = 10) -> SipMessage:
        """The first message that is wanted."""
        async with asyncio.timeout(seconds):
            while True:
                for one in self.told:
                    if wanted(one):
                        return one
                self._news.clear()
                await self._news.wait()

    def authorization(self, challenge: SipMessage, method: str) -> str:
        """The answer to a challenge."""
        found = re.search(r'nonce="([^"]+)"', challenge.first("www-authenticate"))
        assert found is not None
        user, uri = self.session["sip_username"], f"sip:7000@{self.session['sip_domain']}"
        password = self.password or self.session["sip_password"]
        first, second = _md5(f"{user}:callwright:{password}"), _md5(f"{method}:{uri}")
        response = _md5(f"{first}:{found[1]}:00000001:c:auth:{second}")
        return (
            f'Digest algorithm=MD5, username="{user}", realm="callwright", nonce="{found[1]}", uri="{uri}",'
            f' response="{response}", qop=auth, cnonce="c", nc=00000001'
        )

    async def proven(self, method: str, headers: Mapping[str, str] | None = None, body: str = "") -> SipMessage:
        """The final answer to a request that is asked for the password."""
        asked = await self.until(await self.request(method, headers, body), method)
        if asked.status != 401:
            return asked
        if method == "INVITE":
            await self._acknowledge(asked)
        given = {**(headers or {}), "Authorization": self.authorization(asked, method)}
        number = await self.request(method, given, body)
        self._invite = (number, f"z9hG4bK{self.call_id}{number}")
        return await self.until(number, method)

    async def invite(self, body: str = "", **headers: str) -> SipMessage:
        """The final answer to an INVITE; it is acknowledged."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        final = await self.proven("INVITE", named, body or offer(self.certificate.fingerprint))
        await self._acknowledge(final)
        if final.status == 200:
            self._to = final.first("to")
        return final

    async def call(self, **headers: str) -> Media:
        """An INVITE that is answered, and its audio once it is connected."""
        final = await self.invite(**headers)
        assert final.status == 200, final
        loop = asyncio.get_running_loop()
        media = self.media = Media(self.certificate, final.body)
        await loop.create_datagram_endpoint(lambda: media, local_addr=("127.0.0.1", 0))
        async with asyncio.timeout(10):
            await media.connected.wait()
        return media

    def begin_anew(self, call_id: str) -> None:
        """What follows belongs to another call."""
        self.call_id, self._to = call_id, ""

    async def bye(self) -> SipMessage:
        """Hang up."""
        return await self.until(await self.request("BYE"), "BYE")

    async def talk(self, far_end: FarEnd) -> None:
        """Be a synthetic caller until the agent, or the caller, hangs up."""
        media = self.media
        assert media is not None
        far_end.answered()
        next_s = asyncio.get_running_loop().time()
        played = 0
        while not any(one.method == "BYE" and not one.status for one in self.told):
            if played < len(media.heard):
                far_end.earpiece.write(media.heard[played].payload)
                played += 1
            spoken, _ = far_end.tick()
            media.speak(spoken or SILENCE_FRAME)
            if far_end.hung_up:
                await self.bye()
                return
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))

    async def _acknowledge(self, final: SipMessage) -> None:
        assert self.socket is not None
        lines = [
            f"ACK sip:7000@{self.session['sip_domain']} SIP/2.0",
            f"Via: SIP/2.0/WS page.invalid;branch=z9hG4bKack{final.cseq}",
            f"From: {final.first('from')}",
            f"To: {final.first('to')}",
            f"Call-ID: {final.call_id}",
            f"CSeq: {final.cseq} ACK",
            "Content-Length: 0",
        ]
        await self.socket.send("\r\n".join([*lines, "", ""]))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                message = parsed(str(text))
                assert message is not None, text
                if not message.status:
                    await socket.send(_ok(message))
                self.told.append(message)
                self._news.set()
        except ConnectionClosed:
            return
        finally:
            self.close_code = socket.close_code or 0
            self._news.set()


def _ok(request: SipMessage) -> str:
    lines = [
        f"Via: {request.first('via')}",
        *(f"{name.title()}: {request.first(name)}" for name in ("from", "to", "call-id", "cseq")),
    ]
    assert tag_of(request.first("to"))
    return "\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""])


def _attribute(sdp: str, name: str) -> str:
    found = re.search(rf"^a={name}:(\S+)", sdp, re.MULTILINE)
    assert found is not None, sdp
    return found[1]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
