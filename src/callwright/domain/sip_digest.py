"""Digest authentication of callers (RFC 7616 with MD5 and qop=auth, as SIP phones speak it: RFC 3261 22.4). Pure.

A nonce is a time and a keyed hash of it and of the Call-ID, so nothing is remembered between question and answer, and an answer that
was overheard is good for one call and ``NONCE_SECONDS``.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from callwright.domain.sip_message import SipMessage

NONCE_SECONDS = 60
REALM = "callwright"
MAX_AUTHORIZATION_CHARACTERS = 2_048
_PART = re.compile(r'([a-zA-Z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')


class Digest:
    """Asks callers for one user and password. ``key`` is a secret of this process."""

    def __init__(self, user: str, password: str, key: str) -> None:
        self._user = user
        self._first = _md5(f"{user}:{REALM}:{password}")
        self._key = key.encode()

    def __repr__(self) -> str:
        return "Digest(***)"

    def challenge(self, call_id: str, now_s: int) -> str:
        """The value of a WWW-Authenticate header for a call."""
        return f'Digest realm="{REALM}", nonce="{self._nonce(call_id, now_s)}", algorithm=MD5, qop="auth"'

    def accepts(self, request: SipMessage, now_s: int) -> bool:
        """Whether the request carries a right answer to a challenge for its call that is not older than NONCE_SECONDS."""
        return any(self._right(value, request, now_s) for value in request.headers.get("authorization", ())[:4])

    def _nonce(self, call_id: str, at_s: int) -> str:
        return f"{at_s:x}.{hmac.new(self._key, f'{at_s:x}.{call_id}'.encode(), 'sha256').hexdigest()[:32]}"

    def _right(self, value: str, request: SipMessage, now_s: int) -> bool:
        scheme, _, rest = value[:MAX_AUTHORIZATION_CHARACTERS].partition(" ")
        parts = {match[1].lower(): match[2] if match[2] is not None else match[3] for match in _PART.finditer(rest)}
        nonce = parts.get("nonce", "")
        at = re.fullmatch(r"([0-9a-f]{1,12})\.[0-9a-f]{32}", nonce)
        if scheme.lower() != "digest" or at is None or not 0 <= now_s - int(at[1], 16) <= NONCE_SECONDS:
            return False
        if parts.get("algorithm", "MD5").upper() != "MD5" or parts.get("qop", "auth").lower() != "auth":
            return False
        # The URI of the answer must be the one that is called; proxies may have changed the Request-URI's parameters, not the user.
        second = _md5(f"{request.method}:{parts.get('uri', '')}")
        if parts.get("qop"):
            middle = f"{nonce}:{parts.get('nc', '')}:{parts.get('cnonce', '')}:{parts['qop']}"
        else:
            middle = nonce
        expected = _md5(f"{self._first}:{middle}:{second}")
        return all(
            hmac.compare_digest(one.encode(), other.encode())
            for one, other in (
                (parts.get("username", ""), self._user),
                (nonce, self._nonce(request.call_id, int(at[1], 16))),
                (parts.get("response", ""), expected),
            )
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
