"""DTLS of one web call, and the keys of its audio (RFC 5764): the browser begins, we answer.

A datagram in, datagrams out, no task: the whole handshake happens inside :meth:`DtlsServer.take`. Certificates are signed by nobody; the
fingerprints that both sides gave in their SDP say whose they are.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

_PROFILE = b"SRTP_AES128_CM_SHA1_80"
"""Every browser has it (RFC 8827 6.5)."""
_KEY_BYTES, _SALT_BYTES = 16, 14
_LABEL = b"EXTRACTOR-dtls_srtp"
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
_MTU_BYTES = 1_200
_RECORD_HEAD_BYTES = 13
_READ_BYTES = 65_536
_REPLAY_WINDOW = 512
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
_VALID_FROM, _VALID_UNTIL = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
"""Nobody looks at them: a browser compares the fingerprint."""


class DtlsIdentity:
    """The key and certificate of this process, made at its start. ``fingerprint``: SHA-256, as an SDP has it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "callwright")])
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, _VALID_FROM, _VALID_UNTIL)
        certificate = builder.sign(key, hashes.SHA256())
        self.fingerprint = _text_of(certificate.fingerprint(hashes.SHA256()))
        self._context = context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(_PROFILE)
        # Its certificate is signed by nobody: what counts is compared after the handshake.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)

    def handshake(self, fingerprints: Mapping[str, str], send: Callable[[bytes], None]) -> DtlsServer:
        """A new connection that waits for the far end to begin."""
        connection = SSL.Connection(self._context)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(_MTU_BYTES)
        return DtlsServer(connection, fingerprints, send)


class SrtpAudio:
    """A ``media_line.SecureAudio`` of libsrtp."""

    def __init__(self, material: bytes) -> None:
        (ours, theirs) = _keys_of(material)
        self._outbound = Session(Policy(key=ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        inbound = Policy(key=theirs, ssrc_type=Policy.SSRC_ANY_INBOUND)
        inbound.window_size = _REPLAY_WINDOW
        self._inbound = Session(inbound)

    def sealed(self, packet: bytes) -> bytes:
        """An RTP packet for the far end."""
        return bytes(self._outbound.protect(packet))

    def sealed_report(self, packet: bytes) -> bytes:
        """An RTCP packet for the far end."""
        return bytes(self._outbound.protect_rtcp(packet))

    def opened(self, packet: bytes) -> bytes | None:
        """An RTP packet of the far end."""
        return _opened(self._inbound.unprotect, packet)

    def opened_report(self, packet: bytes) -> bytes | None:
        """An RTCP packet of the far end."""
        return _opened(self._inbound.unprotect_rtcp, packet)


class DtlsServer:
    """A ``media_line.Handshake``, and what follows it. ``fingerprints`` of the far end by hash; ``send`` sends a datagram.

    ``audio`` is there once the far end has proved itself. ``failure`` says why it cannot; ``over``: the far end has closed.
    """

    def __init__(
        self, connection: SSL.Connection, fingerprints: Mapping[str, str], send: Callable[[bytes], None]
    ) -> None:
        self.audio: SrtpAudio | None = None
        self.failure = ""
        self.over = False
        self._connection = connection
        self._fingerprints = fingerprints
        self._send = send

    def take(self, datagram: bytes) -> None:
        """A datagram of DTLS came."""
        if self.failure or self.over:
            return
        self._connection.bio_write(datagram)
        if self.audio is None:
            self._shake_hands()
        else:
            self._read()
        self._flush()

    def repeat(self) -> float | None:
        """Send again what was not answered in time. Returns in how many seconds to ask again, None once nothing waits."""
        if self.audio is not None or self.failure:
            return None
        if self._connection.DTLSv1_get_timeout() == 0:
            self._connection.DTLSv1_handle_timeout()
            self._flush()
        wait_s: float | None = self._connection.DTLSv1_get_timeout()
        return wait_s

    def close(self) -> None:
        """Tell the far end."""
        if self.audio is not None and not self.over:
            self.over = True
            try:
                self._connection.shutdown()
            except SSL.Error:
                # The far end has closed in the same moment.
                return
            self._flush()

    def _shake_hands(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self.failure = f"the DTLS handshake failed: {error}"
            return
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not _is_named(certificate, self._fingerprints):
            self.failure = "the certificate is not the one whose fingerprint the offer has"
        elif self._connection.get_selected_srtp_profile() != _PROFILE:
            self.failure = f"the far end does not take {_PROFILE.decode()}"
        else:
            size = 2 * (_KEY_BYTES + _SALT_BYTES)
            self.audio = SrtpAudio(self._connection.export_keying_material(_LABEL, size))

    def _read(self) -> None:
        """After the handshake only the end is of interest."""
        try:
            self._connection.recv(_READ_BYTES)
        except SSL.ZeroReturnError:
            self.over = True
        except SSL.Error:
            # Nothing to read yet, or a datagram that is none of this connection.
            return

    def _flush(self) -> None:
        """Send what is to be sent: whole records, as many as fit a datagram."""
        try:
            sealed = self._connection.bio_read(_READ_BYTES)
        except SSL.WantReadError:
            return
        for datagram in datagrams_of(sealed):
            self._send(datagram)


def datagrams_of(records: bytes) -> Iterator[bytes]:
    """Records of DTLS, as many in each datagram as fit: the buffer they come from does not keep them apart."""
    begins = at = 0
    while at + _RECORD_HEAD_BYTES <= len(records):
        ends = at + _RECORD_HEAD_BYTES + int.from_bytes(records[at + 11 : at + 13], "big")
        if ends - begins > _MTU_BYTES and at > begins:
            yield records[begins:at]
            begins = at
        at = ends
    if begins < len(records):
        yield records[begins:]


def _is_named(certificate: x509.Certificate, fingerprints: Mapping[str, str]) -> bool:
    """Whether every fingerprint that was given is that of the certificate."""
    return bool(fingerprints) and all(
        name in _HASHES and hmac.compare_digest(_text_of(certificate.fingerprint(_HASHES[name])), given)
        for name, given in fingerprints.items()
    )


def _keys_of(material: bytes) -> tuple[bytes, bytes]:
    """Keys with their salts, of the server (us) and of the client (RFC 5764 4.2)."""
    client_key, server_key = material[:_KEY_BYTES], material[_KEY_BYTES : 2 * _KEY_BYTES]
    salts = material[2 * _KEY_BYTES :]
    return server_key + salts[_SALT_BYTES:], client_key + salts[:_SALT_BYTES]


def _opened(opening: Callable[[bytes], bytes], packet: bytes) -> bytes | None:
    try:
        return bytes(opening(packet))
    except (SrtpError, ValueError):
        # Forged, repeated or larger than any packet of audio: nobody is told.
        return None


def _text_of(digest: bytes) -> str:
    return digest.hex(":").upper()
