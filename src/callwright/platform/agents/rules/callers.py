"""What an agent says of those who call it (contract 12): where their data is looked up, and which headers of the call are variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_HEADER_VARIABLES,
    MAX_NAME_CHARACTERS,
    MAX_SECRET_CHARACTERS,
)
from callwright.platform.provider_keys.rules.sealing import sealed_bytes

API = "api"
CSV = "csv"
SHEET = "google_sheet"
_TYPES = frozenset({API, CSV, SHEET})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\- ]{0,63}")
_TOKEN = re.compile(r"[\x21-\x7e]*")
_SCHEME = re.compile(r"^bearer\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CallerSource:
    """Where a caller's data is: ``kind`` is API, CSV or SHEET; ``name`` the file or the sheet's tab; ``token`` without ``Bearer``."""

    kind: str
    url: str = ""
    token: str = field(default="", repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class CallerData:
    """How a call that comes in gets its variables. ``lookup_header``: the header whose value is looked up in place of the number;
    ``header_variables``: header to variable."""

    source: CallerSource | None = None
    lookup_header: str = ""
    header_variables: Mapping[str, str] = field(default_factory=dict)


def read_caller_data(agent: Fields) -> CallerData:
    """``ingest_source_config``, ``ingest_lookup_key`` and ``sip_header_variables`` of an agent. Raises InvalidAgentError."""
    lookup = agent.text("ingest_lookup_key", longest=MAX_NAME_CHARACTERS).strip()
    if lookup and not _HEADER.fullmatch(lookup):
        raise agent.wrong("ingest_lookup_key", "the name of a SIP header")
    return CallerData(_source(agent), lookup, _header_variables(agent))


def _source(agent: Fields) -> CallerSource | None:
    config = agent.child_or_text("ingest_source_config")
    if config is None or not config.value:
        return None
    if config.raw("source_type") is None:
        raise config.wrong("source_type", f"one of {', '.join(sorted(_TYPES))}")
    kind = config.choice("source_type", API, _TYPES)
    url = config.text("source_url", longest=MAX_ADDRESS_CHARACTERS).strip()
    token = config.text("source_auth_token")
    if sealed_bytes(token) is None:
        token = _SCHEME.sub("", config.text("source_auth_token", longest=MAX_SECRET_CHARACTERS).strip())
    name = config.text("source_name", longest=MAX_NAME_CHARACTERS).strip()
    if kind != CSV and not url:
        raise InvalidAgentError(f"{config.at('source_url')} is required", field=config.at("source_url"))
    if url and not url.startswith(("http://", "https://")):
        raise config.wrong("source_url", "an http or https URL")
    if kind == CSV and not name:
        raise InvalidAgentError(f"{config.at('source_name')} is required", field=config.at("source_name"))
    if not _TOKEN.fullmatch(token):
        # Not shown: it is a secret.
        path = config.at("source_auth_token")
        raise InvalidAgentError(f"{path} must be printable ASCII without spaces", field=path)
    return CallerSource(kind, url, token, name)


def _header_variables(agent: Fields) -> dict[str, str]:
    given = agent.child("sip_header_variables")
    if given is None:
        return {}
    if len(given.value) > MAX_HEADER_VARIABLES:
        raise InvalidAgentError(f"{given.path} may hold at most {MAX_HEADER_VARIABLES} headers", field=given.path)
    found: dict[str, str] = {}
    for header in given.value:
        if not _HEADER.fullmatch(header):
            raise InvalidAgentError(f"{given.path} holds a name that is not a SIP header's", field=given.path)
        variable = given.text(header)
        if not _VARIABLE.fullmatch(variable):
            raise given.wrong(header, "the name of a variable, such as caller_no")
        found[header] = variable
    return found
