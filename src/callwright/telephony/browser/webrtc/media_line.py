"""The audio of one web call over SIP: which way it goes, its keys, and its packets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from callwright.domain.limits import MAX_ICE_ADDRESSES, MAX_RTP_SOURCES
from callwright.media.key_events import Presses
from callwright.ports.world import Ids
from callwright.telephony.browser.webrtc.jitter_buffer import JitterBuffer
from callwright.telephony.browser.webrtc.rtp import (
    Received,
    ReceptionReport,
    RtpPacket,
    Sent,
    is_rtcp,
    read_rtcp,
    rtp_of,
)
from callwright.telephony.browser.webrtc.sdp import PCMU, Answering, Offer, UnusableOfferError, answer_to
from callwright.telephony.browser.webrtc.stun import Address, Check
from callwright.telephony.browser.webrtc.stun import answer_to as answer_to_check

NAME = "callwright"
REPORT_SECONDS = 2.5
_DTLS = range(20, 64)
_RTP = range(128, 192)


class SecureAudio(Protocol):
    """Seals and opens the packets of one call. Opening returns None for one that is forged, repeated or too old."""

    def sealed(self, packet: bytes) -> bytes:
        """An RTP packet for the far end."""
        ...

    def sealed_report(self, packet: bytes) -> bytes:
        """An RTCP packet for the far end."""
        ...

    def opened(self, packet: bytes) -> bytes | None:
        """An RTP packet of the far end."""
        ...

    def opened_report(self, packet: bytes) -> bytes | None:
        """An RTCP packet of the far end."""
        ...


class Handshake(Protocol):
    """DTLS of one call: ``dtls.DtlsServer``."""

    failure: str
    """Why the far end cannot prove itself, or nothing."""
    over: bool
    """Whether the far end has closed."""

    @property
    def audio(self) -> SecureAudio | None:
        """There once the far end has proved itself."""
        ...

    def take(self, datagram: bytes) -> None:
        """A datagram of DTLS came."""

    def repeat(self) -> float | None:
        """Send again what was not answered in time. Returns in how many seconds to ask again, None once nothing waits."""
        ...

    def close(self) -> None:
        """Tell the far end."""


class Identity(Protocol):
    """The certificate of this process: ``dtls.DtlsIdentity``."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of it, as an SDP has it."""
        ...

    def handshake(self, fingerprints: Mapping[str, str], send: Callable[[bytes], None]) -> Handshake:
        """A new handshake with a far end, known by its fingerprints."""
        ...


class LineListener(Protocol):
    """What a line reports. Called from the event loop."""

    def connected(self) -> None:
        """The far end has proved itself: audio can come and go."""

    def frame(self, frame: bytes) -> None:
        """The caller's next 20 ms (mu-law)."""

    def key(self, key: str) -> None:
        """The caller pressed a key."""

    def disconnected(self, failure: str) -> None:
        """No more audio can come. ``failure`` is empty where the far end closed."""


class Port(Protocol):
    """The port as a line uses it: ``media_port.MediaPort``."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach us."""
        ...

    def add(self, line: MediaLine) -> None:
        """Take the datagrams of a line from now on."""

    def discard(self, line: MediaLine) -> None:
        """Take them no more."""

    def claim(self, address: Address, line: MediaLine) -> bool:
        """Whether what comes from an address is for this line."""
        ...

    def send(self, datagram: bytes, address: Address) -> None:
        """Send a datagram."""


class MediaLine:
    """Audio both ways, once it is connected. ``received`` and ``sent`` count it; ``reported``: what the far end last said of ours."""

    def __init__(self, port: Port, identity: Identity, offer: Offer, listener: LineListener, ids: Ids) -> None:
        loop = asyncio.get_running_loop()
        self.fragment = ids.token(8)
        self.received = Received()
        self.reported: ReceptionReport | None = None
        self.heard_s = loop.time()
        self.jitter_buffer = JitterBuffer()
        self._password = ids.token(16)
        self._port = port
        self._offer = offer
        self._listener = listener
        self._loop = loop
        self._dtls = identity.handshake(offer.fingerprints, self._send)
        random = ids.seed()
        self.sent = Sent(random & 0x7FFFFFFF | 1, random >> 32 & 0x7FFF, random >> 16 & 0xFFFFFFFF, PCMU, loop.time())
        self._presses = Presses()
        self._ways: set[Address] = set()
        self._way: Address | None = None
        self._sources: set[int] = set()
        self._report_s = 0.0
        self._repeating: asyncio.TimerHandle | None = None
        self._ours = Answering(
            port.addresses, self.fragment, self._password, identity.fingerprint, self.sent.source, NAME
        )
        self.answer = answer_to(offer, self._ours)

    def open(self) -> None:
        """Let the far end connect."""
        self._port.add(self)

    def close(self) -> None:
        """Take nothing more, and tell the far end. Safe to call twice."""
        if self._repeating is not None:
            self._repeating.cancel()
        self._dtls.close()
        self._port.discard(self)

    @property
    def on_hold(self) -> bool:
        """Whether the far end wants none of our audio."""
        return not self._offer.hears

    def offered_again(self, offer: Offer) -> str:
        """Take a new offer within the call, which may only change the direction of the audio. Returns the answer. Raises
        UnusableOfferError."""
        now = self._offer
        if (offer.fragment, offer.fingerprints, offer.at) != (now.fragment, now.fingerprints, now.at):
            raise UnusableOfferError("within a call only the direction of its audio can change")
        self._offer = offer
        self._ours = replace(self._ours, version=self._ours.version + 1)
        return answer_to(offer, self._ours)

    def write(self, frame: bytes) -> None:
        """Send the agent's next 20 ms (mu-law). Dropped on hold and unless connected."""
        if self._dtls.audio is not None and not self.on_hold:
            packet = self.sent.packet(frame, self._loop.time())
            self._send(self._dtls.audio.sealed(packet.packed()))

    def report(self) -> None:
        """Send a report, where it is time for one. To be called every tenth of a second or so."""
        now_s = self._loop.time()
        if self._dtls.audio is not None and now_s >= self._report_s:
            self._report_s = now_s + REPORT_SECONDS
            self._send(self._dtls.audio.sealed_report(self.sent.report(now_s, self.received, NAME)))

    # -- from the port ---------------------------------------------------------------------------------------------------------

    def checked(self, check: Check, datagram: bytes, source: Address) -> None:
        """A check of ICE came. The way that the far end nominates is ours from then on; before that, the first that works."""
        is_theirs = check.username == f"{self.fragment}:{self._offer.fragment}"
        if not is_theirs or not check.is_genuine(datagram, self._password):
            return
        if source not in self._ways:
            if len(self._ways) >= MAX_ICE_ADDRESSES or not self._port.claim(source, self):
                return
            self._ways.add(source)
        if check.nominates or self._way is None:
            self._way = source
        self.heard_s = self._loop.time()
        self._port.send(answer_to_check(check, source, self._password), source)

    def datagram(self, datagram: bytes) -> None:
        """A datagram came from an address that was checked."""
        if datagram and datagram[0] in _DTLS:
            self._take_dtls(datagram)
        elif datagram and datagram[0] in _RTP and self._dtls.audio is not None:
            if is_rtcp(datagram):
                report = self._dtls.audio.opened_report(datagram)
                if report is not None:
                    now_s = self._loop.time()
                    self.reported = read_rtcp(report, self.sent.source, self.received, now_s) or self.reported
            else:
                self._take_audio(datagram)

    def _take_dtls(self, datagram: bytes) -> None:
        dtls = self._dtls
        was_open = dtls.audio is not None
        dtls.take(datagram)
        if dtls.failure or dtls.over:
            self._listener.disconnected(dtls.failure)
        elif dtls.audio is not None and not was_open:
            self._listener.connected()
        elif dtls.audio is None:
            self._repeat()

    def _repeat(self) -> None:
        if self._repeating is not None:
            self._repeating.cancel()
        wait_s = self._dtls.repeat()
        if wait_s is not None:
            self._repeating = self._loop.call_later(max(wait_s, 0.05), self._repeat)

    def _take_audio(self, datagram: bytes) -> None:
        source = int.from_bytes(datagram[8:12], "big")
        audio = self._dtls.audio
        if audio is None or (source not in self._sources and len(self._sources) >= MAX_RTP_SOURCES):
            return
        opened = audio.opened(datagram)
        packet = None if opened is None else rtp_of(opened)
        if opened is None or packet is None:
            return
        self._sources.add(source)
        is_sound = packet.payload_type == PCMU
        self.heard_s = now_s = self._loop.time()
        self.received.took(packet, now_s, timed=is_sound)
        if not is_sound:
            packet = RtpPacket(packet.payload_type, packet.sequence, packet.timestamp, packet.source, b"")
        for frame in self.jitter_buffer.take(packet):
            self._listener.frame(frame)
        if not is_sound and packet.payload_type == self._offer.key_type and (key := self._presses.feed(opened)):
            self._listener.key(key)

    def _send(self, datagram: bytes) -> None:
        if self._way is not None:
            self._port.send(datagram, self._way)
