"""Secrets in what a call's log and its live events show: agents as they are stored, and what tools send. Names tell which they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from callwright.domain.secret_names import is_secret

_HIDDEN = "***"
_SENT = frozenset({"param", "pre_call_webhook_param"})
"""What tools send, where ``key`` by itself is somebody's key. Elsewhere in an agent it names a tool or a question."""

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
