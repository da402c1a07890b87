"""One endpoint of a model, with a key."""

from __future__ import annotations

from dataclasses import dataclass, field

SETTING = "CALLWRIGHT_MODEL_API_KEY"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is. ``api_key`` may be empty: local servers need none. ``key_from`` says in errors where the key is from."""

    base_url: str
    api_key: str = field(default="", repr=False)
    default_model: str = ""
    name: str = "custom"
    key_from: str = SETTING
    completion_limit: bool = False
