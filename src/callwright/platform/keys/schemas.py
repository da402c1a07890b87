"""Shapes of keys for the API description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import MOMENT, Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import choice, filled
from callwright.domain.settings.setting import Kind
from callwright.platform.keys.actions.keys import ROLES, SCOPES
from callwright.platform.keys.actions.organisation import SCOPE_NAMES

_KEY: dict[str, Any] = {
    "id": "771d1ccd-8e6b-40cd-910d-5c401902bd23",
    "name": "dialler",
    "masked": "bn-…3990",
    "scope": "call-only",
    "role": "admin",
    "member": None,
    "sub_account_id": None,
    "state": "active",
    "created_at": "2026-11-24T16:31:07.193399+00:00",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}


def _scope(given: Fields, name: str) -> str:
    told = given.text(name).strip().lower()
    scope = SCOPE_NAMES.get(told, told)
    if scope not in SCOPES:
        raise BadInputError(f"{name} must be one of full, read-only, call-only", field=name)
    return scope


_Text = Annotated[str | None, reads(filled(MAX_NAME_CHARACTERS))]
_SCOPE = Kind("a scope", {"type": "string", "enum": ["full", "read-only", "call-only"]}, _scope)


class KeyBody(Asked):
    """A key to make."""

    name: Annotated[str, reads(filled(MAX_NAME_CHARACTERS))] = Field(description="What it is for.")
    scope: Annotated[str, reads(_SCOPE)] = Field(
        default="full", description="`full`, `read-only`, or `call-only`: placing, stopping and holding calls."
    )
    role: Annotated[str | None, reads(choice(ROLES))] = Field(
        default=None, description="`admin`, or `member`: reading, calls and one's own keys."
    )
    member: _Text = Field(default=None, description="Whose key it is; with the role `member`.")
    sub_account_id: Annotated[str | None, reads(filled())] = Field(
        default=None, description="Make it for this sub-account."
    )
    expires_at: Annotated[datetime | None, reads(MOMENT)] = Field(
        default=None, description="ISO 8601; without one it does not expire."
    )


class KeyView(Open):
    """A key, without the key itself."""

    model_config = example(_KEY)

    id: str
    name: str
    masked: str = Field(description="How it begins and its last four characters.")
    scope: str
    role: str
    member: str | None
    sub_account_id: str | None
    state: str = Field(description="`active`, `expired` or `revoked`.")
    created_at: Timestamp
    expires_at: Timestamp | None
    revoked_at: Timestamp | None
    last_used_at: Timestamp | None = Field(description="To the minute, and up to a minute late.")


class NewKeyView(KeyView):
    """A key just made."""

    model_config = example({**_KEY, "key": "bn-9d517afac4b41e50c0ee3acc0a44661edd5977b3336d3990"})

    key: str = Field(description="The key itself. It is shown here and nowhere else.")


EXAMPLE: dict[str, Any] = {"name": "dialler", "scope": "call-only", "expires_at": "2027-12-31T00:00:00Z"}
