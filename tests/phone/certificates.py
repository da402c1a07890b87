"""Certificates for SIP over TLS, made anew for each run: an authority of the test, and what it certifies."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.phone.sipp import IP


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files. ``authority``: its certificate; ``ours``: a certificate of 127.0.0.1 with its key."""

    authority: Path
    ours: Path


def make_certificates(folder: Path) -> Certificates:
    """A new authority, and a certificate of this machine's loopback address."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, our_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the phone tests")])
    authority = (
        _begun(name, authority_key.public_key())
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    ours = (
        _begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, IP)]), our_key.public_key())
        .issuer_name(name)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(IP))]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = our_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = Certificates(folder / "authority.pem", folder / "ours.pem")
    made.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.ours.write_bytes(ours.public_bytes(serialization.Encoding.PEM) + key)
    return made


def _begun(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
