"""A telephone made of two sockets, for what no proper phone does: lose packets, send late, stay silent, move, talk nonsense.

It speaks just enough SIP over UDP for one call at a time and answers every re-INVITE, so that the gateway meets a far end that was not
made by its own stack.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass
class Rtp:
    """A packet that came."""

    kind: int
    sequence: int
    timestamp: int
    payload: bytes
    at: float


@dataclass
class RawPhone:
    """One phone. Messages that came are in ``heard`` (text); RTP in ``rtp``."""

    codec: int = 0
    answer_status: int = 200
    ring: bool = True
    answer_at_once: bool = True
    acknowledges: bool = True
    record_route: str = ""
    terminates_after_s: float = 0.0
    answer_headers: tuple[str, ...] = ()
    heard: list[str] = field(default_factory=list)
    rtp: list[Rtp] = field(default_factory=list)
    direction: str = "sendrecv"
    media_port_told: int | None = None

    async def open(self) -> RawPhone:
        """Bind both sockets."""
        loop = asyncio.get_running_loop()
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind((HOST, 0))
        self.sip.setblocking(False)
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind((HOST, 0))
        self.media.setblocking(False)
        self.port = self.sip.getsockname()[1]
        self.remote: tuple[str, int] = (HOST, 0)
        self.remote_media: tuple[str, int] = (HOST, 0)
        self.tag = f"raw{self.port}"
        self.call_id, self.to, self.cseq, self.target = f"raw-{self.port}-{id(self)}", "", 1, ""
        self.them = ""
        self.routes: list[str] = []
        self.invite = ""
        self.waiting: list[tuple[Callable[[str], bool], asyncio.Future[str]]] = []
        loop.add_reader(self.sip, self._sip_ready)
        loop.add_reader(self.media, self._media_ready)
        return self

    def close(self) -> None:
        """Let go of both sockets."""
        loop = asyncio.get_running_loop()
        for one in (self.sip, self.media):
            loop.remove_reader(one)
            one.close()

    # -- messages ---------------------------------------------------------------------------------------------------------------

    def _sip_ready(self) -> None:
        while True:
            try:
                data, source = self.sip.recvfrom(65_535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            text = data.decode("utf-8", "replace")
            self.heard.append(text)
            self.remote = source
            self._react(text)
            for test, future in list(self.waiting):
                if not future.done() and test(text):
                    future.set_result(text)

    def send(self, text: str) -> None:
        """One datagram to the far end."""
        self.sip.sendto(text.encode(), self.remote)

    async def wait(self, start: str, seconds: float = 5.0) -> str:
        """The next (or an earlier) message whose first line begins so."""
        for text in self.heard:
            if text.startswith(start):
                return text
        return await self.wait_next(lambda text: text.startswith(start), seconds)

    async def wait_next(self, test: Callable[[str], bool], seconds: float = 5.0) -> str:
        """The next message that passes ``test``."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        entry = (test, future)
        self.waiting.append(entry)
        try:
            return await asyncio.wait_for(future, seconds)
        finally:
            self.waiting.remove(entry)

    def _react(self, text: str) -> None:
        start = text.split("\r\n", 1)[0]
        if start.startswith("INVITE"):
            self._learn_media(text)
            if re.search(r"^To:.*;tag=", text, re.MULTILINE | re.IGNORECASE):
                self.answer(text, 200, "OK", sdp=True)
                return
            self.invite = text
            self.call_id, self.them = header(text, "Call-ID"), header(text, "From")
            self.target = between(header(text, "Contact"))
            if self.ring:
                self.answer(text, 180, "Ringing")
            if self.answer_at_once:
                self.answer(text, self.answer_status, "As told", sdp=self.answer_status == 200)
        elif start.startswith(("BYE", "CANCEL", "NOTIFY", "OPTIONS", "INFO")):
            self.answer(text, 200, "OK")
            if start.startswith("CANCEL") and self.invite:
                later = asyncio.get_running_loop().call_later
                later(self.terminates_after_s, self.answer, self.invite, 487, "Request Terminated")
        elif start.startswith("REFER"):
            self.answer(text, 202, "Accepted")
        elif start.startswith("SIP/2.0 2") and " INVITE" in header(text, "CSeq"):
            self.to, self.target = header(text, "To"), between(header(text, "Contact"))
            self._learn_media(text)
            if self.acknowledges:
                self.send(self.request("ACK", number=int(header(text, "CSeq").split()[0])))
        elif re.match(r"SIP/2.0 [3-6]", start) and " INVITE" in header(text, "CSeq"):
            self.to = header(text, "To")
            branch = re.search(r"branch=([^;,\s]+)", header(text, "Via"))
            ack = self.request("ACK", number=int(header(text, "CSeq").split()[0]), branch=branch[1] if branch else "x")
            self.send(ack)

    def _learn_media(self, text: str) -> None:
        port = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
        if port:
            self.remote_media = (HOST, int(port[1]))

    def answer(self, request: str, status: int, reason: str, *, sdp: bool = False, body: str = "") -> None:
        """A response to ``request``."""
        to = header(request, "To")
        if ";tag=" not in to.lower():
            to = f"{to};tag={self.tag}"
        body = body or (self.sdp() if sdp else "")
        lines = [f"SIP/2.0 {status} {reason}"]
        lines += [line for line in request.split("\r\n") if line.lower().startswith("via:")]
        if self.record_route:
            lines.append(f"Record-Route: {self.record_route}")
        lines += [f"From: {header(request, 'From')}", f"To: {to}", f"Call-ID: {header(request, 'Call-ID')}"]
        lines += [f"CSeq: {header(request, 'CSeq')}", f"Contact: <sip:raw@{HOST}:{self.port}>", *self.answer_headers]
        self.send("\r\n".join([*lines, *_body(body)]))

    def sdp(self, *, port: int | None = None) -> str:
        """Our SDP."""
        told = port if port is not None else self.media_port_told
        port = self.media.getsockname()[1] if told is None else told
        name = {0: "PCMU", 8: "PCMA"}[self.codec]
        return (
            f"v=0\r\no=raw 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {port} RTP/AVP {self.codec} 101\r\n"
            f"a=rtpmap:{self.codec} {name}/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na={self.direction}\r\n"
        )

    def request(
        self,
        method: str,
        *,
        number: int | None = None,
        extra: tuple[str, ...] = (),
        body: str = "",
        branch: str = "",
        uri: str = "",
    ) -> str:
        """A request inside the call (or its first INVITE)."""
        if number is None:
            self.cseq += 1
            number = self.cseq
        answered_us = bool(self.them)
        mine = f"<sip:raw@{HOST}:{self.port}>;tag={self.tag}"
        theirs = self.them if answered_us else self.to
        lines = [f"{method} {uri or self.target} SIP/2.0"]
        lines.append(
            f"Via: SIP/2.0/UDP {HOST}:{self.port};branch={branch or f'z9hG4bK{random.getrandbits(60):x}'};rport"
        )
        lines += [
            "Max-Forwards: 70",
            f"From: {mine}",
            f"To: {theirs}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
        ]
        lines += [f"Contact: <sip:raw@{HOST}:{self.port}>", *extra]
        return "\r\n".join([*lines, *_body(body)])

    async def call(
        self,
        uri: str,
        *,
        extra: tuple[str, ...] = (),
        seconds: float = 5.0,
        sdp: str | None = None,
        again: bool = False,
    ) -> str:
        """Call ``uri`` (``sip:user@host:port``). Returns the first final response. ``again``: a second try with the same Call-ID."""
        self.them = ""
        self.heard.clear()
        host, _, port = uri.partition("@")[2].partition(":")
        self.remote, self.target, self.to = (host, int(port)), uri, f"<{uri}>"
        if not again:
            self.call_id = f"raw-{self.port}-{random.getrandbits(48):x}"
        self.send(self.request("INVITE", extra=extra, body=self.sdp() if sdp is None else sdp))
        number = f"{self.cseq} INVITE"

        def is_ours(text: str) -> bool:
            ours = header(text, "Call-ID") == self.call_id and header(text, "CSeq") == number
            return ours and bool(re.match(r"SIP/2.0 [2-6]", text))

        return await self.wait_next(is_ours, seconds)

    async def hang_up(self) -> None:
        """BYE, and wait for its answer."""
        self.send(self.request("BYE"))
        await self.wait_next(lambda text: text.startswith("SIP/2.0 200") and " BYE" in header(text, "CSeq"))

    # -- media ------------------------------------------------------------------------------------------------------------------

    def _media_ready(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = self.media.recv(2_048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if len(data) >= 12 and data[0] >> 6 == 2 and not 192 <= data[1] <= 223:
                kind, sequence, timestamp, _ = struct.unpack_from("!xBHII", data)
                self.rtp.append(Rtp(kind & 0x7F, sequence, timestamp, data[12:], loop.time()))

    async def talk(
        self,
        frames: list[bytes],
        *,
        lose: Callable[[int], bool] = lambda index: False,
        late_ms: Callable[[int], float] = lambda index: 0.0,
    ) -> float:
        """Send 20 ms frames in time: some lost, some late. Returns by how many ms the latest was late against our will."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        first = random.getrandbits(15)
        behind_s = 0.0
        for index, frame in enumerate(frames):
            await asyncio.sleep(max(0.0, start + 0.02 * index - loop.time()))
            behind_s = max(behind_s, loop.time() - start - 0.02 * index)
            if lose(index):
                continue
            packet = struct.pack("!BBHII", 0x80, self.codec, (first + index) & 0xFFFF, 160 * index, self.port) + frame
            delay = late_ms(index) / 1000
            if delay > 0:
                loop.call_later(delay, self._send_media, packet)
            else:
                self._send_media(packet)
        return behind_s * 1000

    async def press(self, key: str, at: int, order: Sequence[int] = range(7), *, kind: int = 101) -> None:
        """Send the seven packets of a key of 100 ms that began at the RTP time ``at``, in ``order`` (0: the first, 4 to 6: the end)."""
        event = "0123456789*#ABCD".index(key)
        for index in order:
            ends = index >= 4
            head = struct.pack("!BBHII", 0x80, kind | (0x80 if index == 0 else 0), (at + index) & 0xFFFF, at, self.port)
            self._send_media(
                head + struct.pack("!BBH", event, 0x8A if ends else 0x0A, 800 if ends else 160 * (index + 1))
            )
            await asyncio.sleep(0.01)

    def _send_media(self, packet: bytes) -> None:
        if self.media.fileno() >= 0:
            self.media.sendto(packet, self.remote_media)


def _body(body: str) -> list[str]:
    if not body:
        return ["Content-Length: 0", "", ""]
    kind = "message/sipfrag;version=2.0" if body.startswith("SIP/2.0") else "application/sdp"
    return [f"Content-Type: {kind}", f"Content-Length: {len(body.encode())}", "", body]


def header(text: str, name: str) -> str:
    """The first value of a header."""
    found = re.search(rf"^{re.escape(name)}\s*:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def between(value: str) -> str:
    """The URI of a name-addr."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.partition(";")[0]
