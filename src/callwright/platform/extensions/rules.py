"""Extensions: the short names under which agents are called (``sip:<extension>@host``). Only the form is checked here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_EXTENSION_CHARACTERS

_FORM = re.compile(r"[a-z0-9._-]+")
_AGENT_ID = re.compile(r"[0-9a-f]{32}")
#: The two numbers ITU-T E.161.1 recommends for emergencies: whoever dials them means to reach help, never a machine of ours.
_EMERGENCY = frozenset({"112", "911"})


def parse_extension(text: str) -> str:
    """A name as it may be given to an agent. Raises BadInputError saying what is wrong with it."""
    if not 1 <= len(text) <= MAX_EXTENSION_CHARACTERS or not _FORM.fullmatch(text):
        raise BadInputError(
            f"extension must have 1 to {MAX_EXTENSION_CHARACTERS} characters of a-z, 0-9, dot, underscore and hyphen",
            field="extension",
        )
    if text in _EMERGENCY:
        raise BadInputError(
            f"extension {text} is an emergency number; who dials it must not reach an agent", field="extension"
        )
    if _AGENT_ID.fullmatch(text):
        raise BadInputError("extension looks like the id of an agent; choose another name", field="extension")
    return text


@dataclass(frozen=True, slots=True)
class Extension:
    """A short name under which an agent is called (``domain.extension`` says which names there may be). ``agent_id`` is None where
    nobody answers it."""

    name: str
    tenant_id: str
    agent_id: str | None
    created_at: datetime
