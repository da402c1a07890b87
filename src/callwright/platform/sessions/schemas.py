"""Shapes of sessions for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_API_KEY_CHARACTERS
from callwright.domain.settings.kinds import filled

_SESSION: dict[str, Any] = {
    "id": "5b1f0c52-7f0e-4a47-9f0a-53a5a3f3a0f1",
    "account": {"id": "00000000-0000-4000-8000-000000000001", "name": "Default", "kind": "organization"},
    "key": {
        "id": "771d1ccd-8e6b-40cd-910d-5c401902bd23",
        "name": "dashboard",
        "role": "admin",
        "scope": "full",
        "member": None,
    },
    "expires_at": "2026-11-24T16:31:07.193399+00:00",
    "csrf": {"header": "X-Callwright-Csrf", "value": "1"},
}

_LISTED: dict[str, Any] = {
    "id": "5b1f0c52-7f0e-4a47-9f0a-53a5a3f3a0f1",
    "key": {"id": "771d1ccd-8e6b-40cd-910d-5c401902bd23", "name": "dashboard"},
    "client": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "is_current": True,
    "created_at": "2026-11-24T04:31:07.193399+00:00",
    "last_used_at": "2026-11-24T04:31:07.193399+00:00",
    "expires_at": "2026-11-24T16:31:07.193399+00:00",
}

EXAMPLE: dict[str, Any] = {"key": "bn-9d517afac4b41e50c0ee3acc0a44661edd5977b3336d3990"}


class SignIn(Asked):
    """A key to sign in with."""

    key: Annotated[str, reads(filled(MAX_API_KEY_CHARACTERS))] = Field(description="An API key.")


class SessionAccount(Open):
    """The account that is signed in."""

    id: str
    name: str
    kind: str = Field(description="`organization` or `sub_account`.")


class SessionKey(Open):
    """The key of a session."""

    id: str
    name: str
    role: str = Field(description="`admin` or `member`.")
    scope: str = Field(description="`full`, `read-only` or `call-only`.")
    member: str | None = Field(description="Whose key it is.")


class Csrf(Open):
    """What a page sends with each request that changes something."""

    header: str
    value: str


class SessionView(Open):
    """Who is signed in."""

    model_config = example(_SESSION)

    id: str | None = Field(description="null: the request came with the key itself.")
    account: SessionAccount
    key: SessionKey
    expires_at: Timestamp | None = Field(
        description="When the session ends if it is not used again, or the key expires. null: never."
    )
    csrf: Csrf


class NamedKey(Open):
    """A key by its name."""

    id: str
    name: str


class ListedSession(Open):
    """A session of the account."""

    model_config = example(_LISTED)

    id: str
    key: NamedKey
    client: str = Field(description="How the browser names itself.")
    is_current: bool = Field(description="Whether this request came with it.")
    created_at: Timestamp
    last_used_at: Timestamp = Field(description="To the minute.")
    expires_at: Timestamp = Field(description="When it ends if it is not used again.")
