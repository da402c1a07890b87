"""Sessions of the dashboard: how long one is good, and where a sign-in may lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from callwright.domain.limits import SESSION_IDLE_SECONDS, SESSION_SECONDS

HOME = "/dashboard/"
"""The first page of the dashboard."""

_SEGMENT = r"(?!\.{1,2}(?:/|\?|$))[A-Za-z0-9_.~-]+"
_PAGE = re.compile(rf"/dashboard/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?(?:\?[A-Za-z0-9_.~%&=+:,-]*)?")
"""Characters that no browser reads as another host or as a way up."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as stored: never its token, only the token's hash.

    It belongs to the key ``key_id`` of the account ``tenant_id`` and ends with it. ``client`` is how the browser names itself.
    """

    id: str
    tenant_id: str
    key_id: str
    digest: bytes
    client: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it ends if it is not used again."""
        return min(self.expires_at, self.used_at + timedelta(seconds=SESSION_IDLE_SECONDS))


def expiry_of_session(now: datetime, key_expires_at: datetime | None) -> datetime:
    """When a session that begins now ends at the latest: with its key, or after SESSION_SECONDS."""
    latest = now + timedelta(seconds=SESSION_SECONDS)
    return latest if key_expires_at is None else min(latest, key_expires_at)


def page_or_home(wanted: str) -> str:
    """The page that a sign-in leads to: ``wanted`` if it is a path below /dashboard/, else the first page."""
    return wanted if _PAGE.fullmatch(wanted) else HOME


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with the name of its key."""

    session: Session
    key_name: str
