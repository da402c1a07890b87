"""Secrets in what a call's log and its live events show: agents as they are stored, and what tools send. Names tell which they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_HIDDEN = "***"
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

_SENT = frozenset({"param", "pre_call_webhook_param"})
"""What tools send, where ``key`` by itself is somebody's key. Elsewhere in an agent it names a tool or a question."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAME_IN_TEXT = re.compile(r'"([^"\\]{1,200})"\s*:\s*')
_VALUE_IN_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?|[^\s,:"{}\[\]]+', re.DOTALL)


def redacted(body: Any, *, sent: bool = False) -> Any:
    """``body`` with the values of keys, tokens, passwords, headers and the like, and the queries of URLs, replaced by stars.

    ``sent``: it is what a tool sends, and not an agent as it is stored.
    """
    if isinstance(body, Mapping):
        return {name: _redacted_value(str(name), value, sent) for name, value in body.items()}
    if isinstance(body, list | tuple):
        return [redacted(one, sent=sent) for one in body]
    if isinstance(body, str) and body.startswith(("http://", "https://")) and "?" in body:
        return f"{body.partition('?')[0]}?{_HIDDEN}"
    if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
        return _redacted_text(body, sent)
    return body


def is_secret(name: str, *, sent: bool = False) -> bool:
    """Whether what is called ``name`` is for nobody's eyes. Numbers behind a name (``api_key_2``) change nothing."""
    words = _WORD.findall(name)
    plain = "".join(words).lower()
    if not words or plain.endswith(_HARMLESS) or (plain == "key" and not sent):
        return False
    return plain.endswith(_ENDINGS) or words[-1].lower() in _WORDS


def _redacted_value(name: str, value: Any, sent: bool) -> Any:
    if value is None or value == "" or isinstance(value, bool):
        return value
    if not is_secret(name, sent=sent):
        return redacted(value, sent=sent or name in _SENT)
    return dict.fromkeys(value, _HIDDEN) if isinstance(value, Mapping) else _HIDDEN


def _redacted_text(text: str, sent: bool) -> str:
    """A value given as JSON text: agents may have their tools, and what these send, in this form."""
    try:
        return json.dumps(redacted(json.loads(text), sent=sent), ensure_ascii=False)
    except (ValueError, RecursionError):
        # A template with places is not JSON before they are filled.
        return _redacted_template(text, sent)


def _redacted_template(text: str, sent: bool) -> str:
    """Text that is nearly JSON, by the same names."""
    pieces: list[str] = []
    at = 0
    while (named := _NAME_IN_TEXT.search(text, at)) is not None:
        pieces.append(text[at : named.end()])
        at = named.end()
        if is_secret(named[1], sent=sent):
            at = _value_end(text, at)
            pieces.append(f'"{_HIDDEN}"')
    return "".join([*pieces, text[at:]])


def _value_end(text: str, at: int) -> int:
    """Where the value that begins at ``at`` ends: a text, a word, or an object or a list with all that is in it."""
    depth = 0
    while at < len(text):
        if text[at] in "}]":
            depth -= 1
            if depth < 0:
                return at
        elif text[at] in "{[":
            depth += 1
        elif (value := _VALUE_IN_TEXT.match(text, at)) is not None:
            at = value.end() - 1
        elif depth == 0:
            return at
        at += 1
        if depth == 0:
            break
    return at
