"""Signed links to recordings: whoever has one may fetch that one file until it expires."""

from __future__ import annotations

import hashlib
import hmac

from callwright.domain.errors import NotAllowedError


def signature_of(secret: bytes, execution_id: str, name: str, expires: int) -> str:
    """HMAC-SHA256 over the file and the time, as hex."""
    return hmac.new(secret, f"{execution_id}/{name}?{expires}".encode(), hashlib.sha256).hexdigest()


def signed_path(secret: bytes, execution_id: str, name: str, expires: int) -> str:
    """The path of a file with its permission until ``expires`` (Unix seconds)."""
    signature = signature_of(secret, execution_id, name, expires)
    return f"/recordings/file/{execution_id}/{name}?expires={expires}&signature={signature}"


def check_link(secret: bytes, execution_id: str, name: str, expires: str, signature: str, now: int) -> None:
    """Raise NotAllowedError unless the link is ours and not yet expired."""
    until = int(expires) if expires.isascii() and expires.isdigit() and len(expires) <= 12 else 0
    right = signature_of(secret, execution_id, name, until)
    # Compared before the time is looked at, in constant time: an answer must not tell which of the two was wrong.
    known = hmac.compare_digest(right.encode(), signature.encode())
    if not known or until <= now:
        raise NotAllowedError(
            "this recording link is wrong or has expired",
            hint="Ask for a fresh link at /recordings/call/{execution_id}.",
        )
