"""Signatures a receiver can check with any Standard Webhooks library."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.errors import ConfigurationError
from callwright.outbox.sign import decode_secret, signature_headers


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104 by hand, so that nothing is compared with itself."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_the_example_of_the_standard_verifies():
    # The example of the Standard Webhooks 1.0 reference libraries.
    secret = decode_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signature_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(max_size=100), st.uuids(), st.integers(0, 4_000_000_000), st.binary(max_size=200))
def test_the_signature_covers_id_time_and_body(secret: bytes, event: object, stamp: int, body: bytes):
    headers = signature_headers(secret, str(event), stamp, body)
    signed = f"{event}.{stamp}.".encode() + body
    version, _, digest = headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert base64.b64decode(digest, validate=True) == hmac_sha256(secret, signed)


def test_another_body_has_another_signature():
    first = signature_headers(b"s", "e", 1, b"{}")["webhook-signature"]
    assert first != signature_headers(b"s", "e", 1, b"{ }")["webhook-signature"]
    assert first != signature_headers(b"s", "e", 2, b"{}")["webhook-signature"]


def test_a_secret_may_be_any_text():
    assert decode_secret("open sesame") == b"open sesame"


def test_a_secret_that_claims_to_be_base64_must_be():
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_WEBHOOK_SECRET") as refused:
        decode_secret("whsec_not~base64")
    assert "not~base64" not in str(refused.value)
