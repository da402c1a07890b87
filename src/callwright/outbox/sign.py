"""Signing of webhooks by the Standard Webhooks 1.0 scheme: HMAC-SHA256 over ``id.timestamp.body``."""

from __future__ import annotations

import base64
import hmac

from callwright.domain.errors import ConfigurationError


def signature_headers(secret: bytes, event_id: str, timestamp_s: int, body: bytes, *former: bytes) -> dict[str, str]:
    """Headers that let a receiver check origin, age and content. ``event_id`` is the same at every try. With ``former`` secrets there is
    a signature of each, separated by spaces."""
    signed = f"{event_id}.{timestamp_s}.".encode() + body
    digests = [base64.b64encode(hmac.digest(one, signed, "sha256")).decode() for one in (secret, *former)]
    signature = " ".join(f"v1,{digest}" for digest in digests)
    return {"webhook-id": event_id, "webhook-timestamp": str(timestamp_s), "webhook-signature": signature}


def decode_secret(text: str, name: str = "CALLWRIGHT_WEBHOOK_SECRET") -> bytes:
    """A webhook secret as given: ``whsec_`` and base64 (Standard Webhooks), or any other text taken as its bytes.

    Raises ConfigurationError, which names ``name``, for ``whsec_`` with something that is not base64.
    """
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ConfigurationError(f"{name}: what follows whsec_ must be base64") from None
