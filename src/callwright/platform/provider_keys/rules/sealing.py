"""Data keys, which a tenant's secrets are sealed under, and sealed secrets as texts, which stand where the secret stood."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from callwright.platform.provider_keys.rules.provider_key import hint_of, masked

_BASE64 = r"((?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?)"
_SEALED = re.compile(f"callwright-sealed:1:{_BASE64}:{_BASE64}")
_MASK = re.compile(rf"{masked('')}.{{0,2}}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A tenant's data key as stored. ``master`` is the fingerprint of the master key that wraps it."""

    tenant_id: str
    master: str
    wrapped: bytes = field(repr=False)


def sealed_text(value: str, sealed: bytes) -> str:
    """The text that stands for ``value``, which was sealed to ``sealed``. Its last characters are readable, as those of provider keys."""
    hint, content = (base64.urlsafe_b64encode(part).decode() for part in (hint_of(value).encode(), sealed))
    return f"callwright-sealed:1:{hint}:{content}"


def sealed_bytes(text: str) -> bytes | None:
    """The sealed bytes of a text of :func:`sealed_text`; None for any other text."""
    found = _SEALED.fullmatch(text)
    return None if found is None else base64.urlsafe_b64decode(found[2])


def mask_of(text: str) -> str:
    """What is shown of a secret, sealed or not: its last two characters if it is long enough."""
    found = _SEALED.fullmatch(text)
    return masked(hint_of(text) if found is None else base64.urlsafe_b64decode(found[1]).decode("utf-8", "replace")[:2])


def is_mask(text: str) -> bool:
    """Whether a text looks like one of :func:`mask_of`."""
    return _MASK.fullmatch(text) is not None
