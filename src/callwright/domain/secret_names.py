"""Names of secrets in agents and in what tools send: ``accessToken``, ``X-API-Key``, ``app_key``."""

from __future__ import annotations

import re
from functools import lru_cache

_ENDINGS = (
    *("apikey", "appkey", "accesskey", "privatekey", "secretkey", "llmkey", "subscriptionkey", "clientkey", "masterkey"),
    *("sharedkey", "authkey", "signingkey", "encryptionkey", "licensekey", "token", "secret", "secrets", "password"),
    *("passwords", "passwd", "pwd", "passphrase", "passcode", "authorization", "credential", "credentials", "headers"),
    *("signature", "jwt", "bearer", "cookie", "cookies"),
)  # fmt: skip
"""How names of secrets end, in small letters and without what divides their words: ``accessToken`` and ``X-Access-Token`` are the same."""

_WORDS = frozenset({"key", "pin", "auth", "oauth", "otp", "cvv", "cvc"})
"""Words that end such a name as words of their own only: ``app_key`` and ``userPin`` are secrets, ``monkey`` and ``spin`` are none."""

_HARMLESS = ("finishonkey", "lookupkey", "publickey", "sortkey", "primarykey", "foreignkey", "idempotencykey")
"""Endings of names that are none all the same."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@lru_cache(maxsize=4096)
def is_secret(name: str, *, sent: bool = False) -> bool:
    """Whether what is called ``name`` is for nobody's eyes. Numbers behind a name (``api_key_2``) change nothing."""
    words = _WORD.findall(name)
    plain = "".join(words).lower()
    if not words or plain.endswith(_HARMLESS) or (plain == "key" and not sent):
        return False
    return plain.endswith(_ENDINGS) or words[-1].lower() in _WORDS
