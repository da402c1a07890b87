"""Signing of webhooks by the Standard Webhooks 1.0 scheme: HMAC-SHA256 over ``id.timestamp.body``."""

from __future__ import annotations

import base64
import hashlib
import hmac

from callwright.domain.errors import ConfigurationError


def signature_headers(secret: bytes, event_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Headers that let a receiver check origin, age and content. ``event_id`` is the same at every try."""
    signed = f"{event_id}.{timestamp_s}.".encode() + body
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": event_id, "webhook-timestamp": str(timestamp_s), "webhook-signature": f"v1,{digest}"}


def decode_secret(text: str) -> bytes:
    """A webhook secret as given: ``whsec_`` and base64 (Standard Webhooks), or any other text taken as its bytes.

    Raises ConfigurationError for ``whsec_`` with something that is not base64.
    """
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ConfigurationError("CALLWRIGHT_WEBHOOK_SECRET: what follows whsec_ must be base64") from None
