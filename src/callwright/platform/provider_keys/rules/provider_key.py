"""Provider keys: a tenant's credentials with the services its agents use (contract 3.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_PROVIDER_KEY_NAME_CHARACTERS

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_PROVIDER_KEY_NAME_CHARACTERS - 1}}}")
_HIDDEN = "xxxxxxx"
_LEAST_FOR_HINT = 12
"""Of a shorter value not even its end is shown."""

WEBHOOK_SECRET = "CALLWRIGHT_WEBHOOK_SECRET"
"""Name under which an organisation stores the secret that signs its webhooks."""

FORMER_WEBHOOK_SECRET = "CALLWRIGHT_WEBHOOK_SECRET_FORMER"
"""Name of the secret before, which signs too while it is stored."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key as stored. ``sealed`` is its value under the tenant's data key; ``hint`` its last characters, or nothing."""

    id: str
    tenant_id: str
    name: str
    hint: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    updated_at: datetime


def parse_key_name(text: str) -> str:
    """The name of a key as it is kept, or BadInputError. Any name is accepted; two that differ in capitals only are the same."""
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise BadInputError(
            f"provider_name must have 1 to {MAX_PROVIDER_KEY_NAME_CHARACTERS} letters, digits, dots, hyphens and underscores",
            field="provider_name",
        )
    return name


def hint_of(value: str) -> str:
    """What may be shown of a key: its last two characters, so that one knows which of one's keys it is."""
    return value[-2:] if len(value) >= _LEAST_FOR_HINT else ""


def masked(hint: str) -> str:
    """A key as lists show it."""
    return _HIDDEN + hint
