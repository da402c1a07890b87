"""Language models of a tenant's own: an OpenAI-compatible endpoint under a name (contract 3.11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_ADDRESS_CHARACTERS, MAX_NAME_CHARACTERS

CUSTOM = "custom"
"""The provider of agents that use one: by ``model``, its name. Its name alone as the provider means the same."""

CUSTOM_KEYS = ("CUSTOM", "CUSTOM_API_KEY")
"""Provider keys for any endpoint of one's own, after those named for the model."""


@dataclass(frozen=True, slots=True)
class CustomModel:
    """``model`` is what is asked for at the endpoint ``url``."""

    id: str
    tenant_id: str
    name: str
    url: str
    model: str
    created_at: datetime


def parse_model_name(text: str) -> str:
    """A custom model's name, or BadInputError."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise BadInputError(
            f"custom_model_name must have 1 to {MAX_NAME_CHARACTERS} printable characters", field="custom_model_name"
        )
    return name


def parse_model_url(text: str) -> str:
    """The endpoint's base URL without what the client appends, or BadInputError. Whether it may be reached is decided when it is."""
    url = text.strip().rstrip("/").removesuffix("/chat/completions")
    problem = _problem(url)
    if problem:
        raise BadInputError(f"custom_model_url {problem}", field="custom_model_url")
    return url


def _problem(url: str) -> str:
    if not url:
        return "is required"
    if len(url) > MAX_ADDRESS_CHARACTERS:
        return f"is longer than {MAX_ADDRESS_CHARACTERS} characters"
    try:
        parts = urlsplit(url)
        port_given = parts.port != 0
    except ValueError:
        return "cannot be read as a URL"
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_given
        or not url.isprintable()
        or " " in url
    ):
        return "must be an http or https URL, such as https://llm.example.org/v1"
    if parts.username or parts.password:
        return "must not hold a user name or password; store the key with POST /providers"
    if parts.query or parts.fragment:
        return "must not have a query or a fragment"
    return ""


def key_names(model_name: str) -> tuple[str, ...]:
    """The provider keys for a custom model, the first that exists is used: ``house-llm`` has HOUSE_LLM, HOUSE_LLM_API_KEY, CUSTOM and
    CUSTOM_API_KEY."""
    own = re.sub(r"[^A-Z0-9]+", "_", model_name.upper()).strip("_")
    return (own, f"{own}_API_KEY", *CUSTOM_KEYS) if own else CUSTOM_KEYS


def named(models: Mapping[str, CustomModel], provider: str, model: str) -> CustomModel | None:
    """The custom model an agent means by its provider and model, or None."""
    return models.get(model if provider == CUSTOM else provider)
