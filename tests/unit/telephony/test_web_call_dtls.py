"""DTLS and SRTP of a web call in memory: who is let in, what a goodbye is, and what is forged."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from tests.sip_page import SSL, Certificate

from callwright.telephony.browser.webrtc.dtls import DtlsIdentity, DtlsServer, SrtpAudio, datagrams_of
from callwright.telephony.browser.webrtc.rtp import RtpPacket

PACKET = RtpPacket(0, 7, 160, 5, bytes(160)).packed()


class Handshake:
    """A browser and a server, and the datagrams between them."""

    def __init__(self, fingerprint: str = "", *, srtp: bool = True) -> None:
        certificate = Certificate()
        self.out: list[bytes] = []
        self.server: DtlsServer = DtlsIdentity().handshake(
            {"sha-256": fingerprint or certificate.fingerprint}, self.out.append
        )
        context = certificate.context
        if not srtp:
            context = SSL.Context(SSL.DTLS_METHOD)
            context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        self.client = SSL.Connection(context)
        self.client.set_connect_state()
        self.client.set_ciphertext_mtu(1_200)

    def run(self) -> None:
        for _ in range(8):
            # While it wants to read, its next flight waits to be delivered; any other error is its end.
            with suppress(SSL.Error):
                self.client.do_handshake()
            self.deliver()
            while self.out:
                self.client.bio_write(self.out.pop(0))

    def deliver(self) -> None:
        """What the browser has to say."""
        with suppress(SSL.WantReadError):
            self.server.take(self.client.bio_read(65_536))


def test_the_browser_of_the_fingerprint_gets_the_keys_and_says_goodbye():
    both = Handshake()
    both.run()
    assert both.server.audio is not None
    assert (both.server.failure, both.server.over, both.server.repeat()) == ("", False, None)
    both.server.take(b"\x17nonsense")
    assert not both.server.over
    both.client.shutdown()
    both.deliver()
    assert both.server.over


def test_we_say_goodbye_once():
    both = Handshake()
    both.run()
    both.server.close()
    both.server.close()
    both.client.bio_write(both.out[0])
    with pytest.raises(SSL.ZeroReturnError):
        both.client.recv(100)


def test_another_browser_is_not_let_in():
    both = Handshake(":".join(["00"] * 32))
    both.run()
    assert both.server.audio is None
    assert "fingerprint" in both.server.failure
    both.server.close()


def test_a_browser_without_a_certificate_is_not_let_in():
    both = Handshake(srtp=False)
    both.run()
    assert both.server.audio is None
    assert "handshake failed" in both.server.failure


def test_a_flight_that_is_not_answered_is_repeated_in_time():
    both = Handshake()
    with pytest.raises(SSL.WantReadError):
        both.client.do_handshake()
    both.deliver()
    wait_s = both.server.repeat()
    assert wait_s is not None
    assert 0 < wait_s <= 1


def test_packets_are_sealed_and_forged_or_repeated_ones_dropped():
    material = bytes(range(60))
    ours = SrtpAudio(material)
    theirs = SrtpAudio(material[16:32] + material[:16] + material[46:] + material[32:46])
    sealed = theirs.sealed(PACKET)
    assert sealed != PACKET
    assert ours.opened(sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert ours.opened(sealed) == PACKET
    assert ours.opened(sealed) is None
    assert ours.opened(bytes(2_000)) is None
    report = struct.pack("!BBHI", 0x80, 201, 1, 5)
    assert ours.opened_report(theirs.sealed_report(report)) == report
    assert ours.opened_report(report) is None
    assert theirs.opened(ours.sealed(PACKET)) == PACKET


def test_records_stay_whole_in_their_datagrams():
    record = bytes([22, 254, 253]) + bytes(8) + struct.pack("!H", 500) + bytes(500)
    assert [len(one) for one in datagrams_of(record * 5)] == [1_026, 1_026, 513]
    assert list(datagrams_of(b"")) == []
