"""Secrets in values that are kept or shown: found by their names and their forms, and taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callwright.domain.limits import MAX_AUDIT_TEXT_CHARACTERS

REDACTED = "[redacted]"
CUT = " … [cut]"

_SECRET_NAMES = re.compile(
    r"(?i)(?:^|[_-])key$|api[_-]?key|token|passw(or)?d|secret|authorization|credential|signature|provider_value|private"
)
#: Mappings of which every value may be a secret: what is sent to strangers' services in headers.
_SECRET_MAPPINGS = re.compile(r"(?i)headers$")
_SECRET_TEXTS = re.compile(
    r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{4,}"
    r"|((?<![A-Za-z0-9])(?:bn-|sa-|sk-|whsec_|gsk_|AIza|xai-|xox[abp]-))[A-Za-z0-9._/+=-]{6,}"
    # As they are written and as long as they are: a host may be called sg.example.com, and a person Eyjolfsson.
    r"|((?<![A-Za-z0-9])(?-i:gh[opsu]_(?=[A-Za-z0-9]{16})|github_pat_(?=\w{16})|glpat-(?=[\w-]{16})|hf_(?=[A-Za-z0-9]{16})"
    r"|r8_(?=[A-Za-z0-9]{16})|AKIA(?=[A-Z0-9]{16})|SG\.(?=[\w-]{16,}\.[\w-]{16})|eyJ(?=[\w-]{8,}\.)|[prs]k_(?:live|test)_(?=\w{8})))"
    r"[A-Za-z0-9._/+=-]+"
    r"|((?:token|key|passw(?:or)?d|secret|signature)=)[^&\s\"']+"
    # In a text of JSON, as an object may be sent.
    r"|(\"[\w-]*(?:api_?key|token|passw(?:or)?d|secret|authorization)\"\s*:\s*\")(?:[^\"\\]|\\.)+"
    r"|(://)[^\s/@]+(?=@)"
)


def redacted(value: Any, name: str = "") -> Any:
    """``value`` without secrets, and long texts cut. What is secret is told by its name, by the mapping it is in, or by its form."""
    if isinstance(value, Mapping):
        if _SECRET_MAPPINGS.search(name):
            return {str(key): REDACTED for key in value}
        return {str(key): redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, name) for item in value]
    if value is not None and not isinstance(value, bool) and _SECRET_NAMES.search(name):
        # A number of tokens is no secret; a text under such a name is, whatever it looks like.
        return value if isinstance(value, int | float) else REDACTED
    if isinstance(value, str):
        shown = _SECRET_TEXTS.sub(lambda match: next(part for part in match.groups() if part) + REDACTED, value)
        return shown if len(shown) <= MAX_AUDIT_TEXT_CHARACTERS else shown[:MAX_AUDIT_TEXT_CHARACTERS] + CUT
    return value


def holds_secret(text: str) -> bool:
    """Whether a part of a text has the form of a secret."""
    return _SECRET_TEXTS.search(text) is not None


def may_hold_secret(path: str) -> bool:
    """Whether the names of a path, as ``agent_config.webhook_headers.X-Mine``, tell that a secret may stand there."""
    return any(
        _SECRET_NAMES.search(name) is not None or _SECRET_MAPPINGS.search(name) is not None for name in path.split(".")
    )
