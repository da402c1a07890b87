"""Logging to standard error as text or JSON lines, with secrets redacted before anything is formatted."""

from __future__ import annotations

import json
import logging
import re
import sys

_WORDS = r"api[_-]?key|api[_-]?token|access[_-]?token|token|passw(?:or)?d|secret|signature"
_SECRETS = re.compile(
    r"(?i)"
    # Authorization: Bearer ..., Basic ...
    r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{4,}"
    # Keys that begin with a known prefix: ours, those of model endpoints, webhook secrets.
    r"|((?<![A-Za-z0-9])(?:bn-|sa-|sk-|whsec_))[A-Za-z0-9._/+=-]{6,}"
    # name=value, name: value, "name": "value", also as the end of a longer name (CALLWRIGHT_MODEL_API_KEY).
    rf"|((?:{_WORDS})[\"']?\s*[=:]\s*b?)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',;&)}}\]]+)"
    # The password of a URL (a database address); to the last @, because a password may hold one.
    r"|(://[^\s/:@]*:)[^\s/]+(?=@)"
)


def redact(text: str) -> str:
    """``text`` with everything that looks like a key, a token or a password replaced by stars."""
    return _SECRETS.sub(lambda match: next(part for part in match.groups() if part is not None) + "***", text)


class _Redacted(logging.Formatter):
    """Text lines: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        plain = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            plain["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(plain, ensure_ascii=False)


def configure_logging(level: str, style: str) -> None:
    """Send the process's log to standard error at ``level`` (a name) in ``style`` (text or json). Replaces earlier handlers."""
    handler = logging.StreamHandler(sys.stderr)
    text = _Redacted("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(_JsonLines() if style == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What the libraries we use say below a warning is noise; an HTTP client even tells every request.
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.getLogger("callwright").setLevel(level.upper())
