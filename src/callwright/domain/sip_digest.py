"""Digest authentication of callers (RFC 7616 with MD5 and qop=auth, as SIP phones speak it: RFC 3261 22.4).

A nonce is a time, a number and a keyed hash of both and of the Call-ID, so nothing is remembered between question and answer. A right
answer is good once, for the address that it names. So one that was overheard is good for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from callwright.domain.sip_message import SipMessage, user_of

NONCE_SECONDS = 60
REALM = "callwright"
MAX_AUTHORIZATION_CHARACTERS = 2_048
MAX_ANSWERS_KEPT = 8_192
"""Right answers that are remembered; more than come within NONCE_SECONDS."""
_PART = re.compile(r'([a-zA-Z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')


class Digest:
    """Asks callers for one user and password. ``key`` is a secret of this process."""

    def __init__(self, user: str, password: str, key: str) -> None:
        self._user = user
        self._first = _md5(f"{user}:{REALM}:{password}")
        self._key = key.encode()
        self._asked = 0
        self._given: dict[str, None] = {}

    def __repr__(self) -> str:
        return "Digest(***)"

    def challenge(self, call_id: str, now_s: int) -> str:
        """The value of a WWW-Authenticate header for a call."""
        self._asked += 1
        nonce = self._nonce(call_id, f"{now_s:x}.{self._asked:x}")
        return f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"'

    def accepts(self, request: SipMessage, now_s: int) -> bool:
        """Whether the request carries a right answer to a challenge for its call that is not older than NONCE_SECONDS. Each answer counts
        once."""
        return any(self._right(value, request, now_s) for value in request.headers.get("authorization", ())[:4])

    def _nonce(self, call_id: str, which: str) -> str:
        return f"{which}.{hmac.new(self._key, f'{which}.{call_id}'.encode(), 'sha256').hexdigest()[:32]}"

    def _right(self, value: str, request: SipMessage, now_s: int) -> bool:
        scheme, _, rest = value[:MAX_AUTHORIZATION_CHARACTERS].partition(" ")
        parts = {match[1].lower(): match[2] if match[2] is not None else match[3] for match in _PART.finditer(rest)}
        nonce = parts.get("nonce", "")
        at = re.fullmatch(r"(([0-9a-f]{1,12})\.[0-9a-f]{1,12})\.[0-9a-f]{32}", nonce)
        if scheme.lower() != "digest" or at is None or not 0 <= now_s - int(at[2], 16) <= NONCE_SECONDS:
            return False
        if parts.get("algorithm", "MD5").upper() != "MD5" or parts.get("qop", "auth").lower() != "auth":
            return False
        # The URI of the answer must be the one that is called. Proxies may have changed its host and its parameters, not the user.
        uri = parts.get("uri", "")
        if user_of(uri) != user_of(request.uri):
            return False
        second = _md5(f"{request.method}:{uri}")
        if parts.get("qop"):
            middle = f"{nonce}:{parts.get('nc', '')}:{parts.get('cnonce', '')}:{parts['qop']}"
        else:
            middle = nonce
        expected = _md5(f"{self._first}:{middle}:{second}")
        is_right = all(
            hmac.compare_digest(one.encode(), other.encode())
            for one, other in (
                (parts.get("username", ""), self._user),
                (nonce, self._nonce(request.call_id, at[1])),
                (parts.get("response", ""), expected),
            )
        )
        return is_right and self._is_first(expected)

    def _is_first(self, answer: str) -> bool:
        """Whether this right answer was not given before. Nobody without the password can make another one of it."""
        if answer in self._given:
            return False
        self._given[answer] = None
        if len(self._given) > MAX_ANSWERS_KEPT:
            self._given.pop(next(iter(self._given)))
        return True


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
