"""Shapes of provider keys for the API description."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_PROVIDER_KEY_CHARACTERS
from callwright.domain.settings.setting import Kind
from callwright.platform.provider_keys.rules.provider_key import parse_key_name


def _name(given: Fields, name: str) -> str | None:
    return given.text(name).strip() or None


def _value(given: Fields, name: str) -> str:
    found = given.raw(name)
    if not isinstance(found, str) or not found.strip():
        raise BadInputError(f"{name} is required, a string", field=name)
    # What was copied with the end of its line is the same key.
    found = found.strip()
    if len(found) > MAX_PROVIDER_KEY_CHARACTERS:
        raise BadInputError(
            f"{name} has {len(found)} characters, at most {MAX_PROVIDER_KEY_CHARACTERS} are allowed", field=name
        )
    return found


class ProviderKeyBody(Asked):
    """A key to store."""

    model_config = ConfigDict(json_schema_extra={"required": ["provider_name", "provider_value"]})

    provider_name: Annotated[str, reads(Kind("a name", {"type": "string"}, _name))] = Field(
        description="Which key it is; any name is accepted.", examples=["OPENAI"]
    )
    provider_value: Annotated[str, reads(Kind("a key", {"type": "string"}, _value))] = Field(
        default="",
        validate_default=True,
        repr=False,
        description="The key itself. It is sealed, and never shown again.",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        self.provider_name = parse_key_name(self.provider_name)
        return self


class ProviderKeyView(Open):
    """A stored key, masked."""

    model_config = example(
        {
            "provider_id": "36e643c5-32db-4aca-999b-7652ba06e00c",
            "provider_name": "OPENAI",
            "provider_value": "xxxxxxxaz",
            "humanized_created_at": "just now",
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
        }
    )

    provider_id: str
    provider_name: str
    provider_value: str = Field(description="Masked: its last two characters at most.", examples=["xxxxxxxaz"])
    humanized_created_at: str = Field(examples=["2 days ago"])
    created_at: Timestamp
    updated_at: Timestamp = Field(description="When its value was last replaced.")


class KeyWarning(Open):
    """What a stored key does not do."""

    path: str = Field(description="The field it is about.", examples=["provider_name"])
    message: str = Field(examples=["Nothing installed reads DEEPGRAM_KEY. Known names: DEEPGRAM, DEEPGRAM_API_KEY."])


class KeyWarnings(Open):
    """What Callwright says of a stored key."""

    warnings: list[KeyWarning]


class ProviderKeyState(Open):
    """What was done."""

    model_config = example({"message": "successful", "status": "added"})

    message: str = Field(examples=["successful"])
    status: str = Field(description="`added` or `removed`.", examples=["added"])
    callwright: KeyWarnings | None = Field(
        default=None, description="Present where no provider reads a name that seems to be for one."
    )


EXAMPLE: dict[str, Any] = {"provider_name": "DEEPGRAM", "provider_value": "dg-secret"}
