"""One endpoint of a model, with a key."""

from __future__ import annotations

from dataclasses import dataclass, field

SETTING = "CALLWRIGHT_MODEL_API_KEY"
URL_SETTING = "CALLWRIGHT_MODEL_BASE_URL"
NAME_SETTING = "CALLWRIGHT_MODEL_NAME"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is. ``api_key`` may be empty: local servers need none.

    ``key_from``, ``url_from`` and ``name_from`` say in errors where the key, the address and the model's name are set. ``url_from`` is
    empty where nobody chose the address. ``is_openai``: OpenAI's own models are there. ``api_version``: of Azure's older addresses, which
    have the model in the path. ``lists_models``: its list has the models that can be asked.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    default_model: str = ""
    name: str = "custom"
    key_from: str = SETTING
    is_openai: bool = False
    url_from: str = URL_SETTING
    name_from: str = NAME_SETTING
    api_version: str = ""
    lists_models: bool = True
