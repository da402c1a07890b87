"""Signed links to recordings: whoever has one may fetch that one file until it expires."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from callwright.domain.errors import NotAllowedError


def signature_of(secret: bytes, execution_id: str, name: str, expires: int, key_id: str = "") -> str:
    """HMAC-SHA256 over the file, the time and the API key that the link ends with, as hex."""
    ends_with = f"&key={key_id}" if key_id else ""
    return hmac.new(secret, f"{execution_id}/{name}?{expires}{ends_with}".encode(), hashlib.sha256).hexdigest()


def signed_path(secret: bytes, execution_id: str, name: str, expires: int, key_id: str = "") -> str:
    """The path of a file with its permission until ``expires`` (Unix seconds), and no longer than its API key is good."""
    signature = signature_of(secret, execution_id, name, expires, key_id)
    ends_with = f"&key={key_id}" if key_id else ""
    return f"/recordings/file/{execution_id}/{name}?expires={expires}{ends_with}&signature={signature}"


def check_link(
    secrets: Sequence[bytes],
    execution_id: str,
    name: str,
    expires: str,
    signature: str,
    now: int,
    key_id: str = "",
) -> None:
    """Raise NotAllowedError unless the link is ours and not yet expired. Whether its API key is still good is another question."""
    until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) <= 12 else 0
    rights = [signature_of(secret, execution_id, name, until, key_id) for secret in secrets]
    # Compared before the time is looked at, in constant time: an answer must not tell which of the two was wrong.
    known = any(hmac.compare_digest(right.encode(), signature.encode()) for right in rights)
    if not known or until <= now:
        raise bad_link()


def bad_link() -> NotAllowedError:
    """Returns the refusal of every link that is not good, whatever the reason."""
    return NotAllowedError(
        "this recording link is wrong or has expired", hint="Ask for a fresh link at /recordings/call/{execution_id}."
    )
