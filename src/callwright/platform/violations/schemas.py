"""Shapes of violations for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import AskedForm, AskedQuery, PageQuery, UploadedFile, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.settings.kinds import choice, text
from callwright.platform.violations.rules import STATUSES


class _OfStatus(AskedQuery):
    status: Annotated[str | None, reads(choice(STATUSES))] = Field(default=None, description="All without it.")


# The last of several bases is read, and refused, first.
class ViolationQuery(PageQuery, _OfStatus):
    """Which violations."""


class ViolationForm(AskedForm):
    """What an account answers."""

    violation_file: UploadedFile = Field(description="At most 10 MB, of any kind.")
    violation_id: Annotated[str, reads(text())]


class ViolationView(Open):
    """A complaint about a call, or about no single one: then what is of a call is empty."""

    id: str
    status: str = Field(
        description="`pending`, `submitted` (you answered), `accepted` or `rejected` (the operator decided)."
    )
    from_phone_number: str
    to_phone_number: str
    date_of_call: str
    created_at: Timestamp
    updated_at: Timestamp
    user_id: str = Field(description="The account it was put before.")
    agent_id: str | None
    execution_id: str | None
    image_url: str | None = Field(description="Where your answer can be read, with your key.")
    email: str
    note: str | None = Field(description="The operator's words (our own key).")


class ViolationPageView(Open):
    """One page."""

    model_config = example(
        {
            "data": [
                {
                    "id": "cd5bfb88-2aa4-4928-8fcc-e049e3b1a52b",
                    "status": "pending",
                    "from_phone_number": "+15550100",
                    "to_phone_number": "loopback:demo",
                    "date_of_call": "2026-11-24T16:31:07.193399+00:00",
                    "created_at": "2026-11-24T16:31:10.768001+00:00",
                    "updated_at": "2026-11-24T16:31:10.768001+00:00",
                    "user_id": "00000000-0000-4000-8000-000000000001",
                    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
                    "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
                    "image_url": None,
                    "email": "",
                    "note": None,
                }
            ],
            "total": 1,
            "limit": 20,
            "offset": 0,
            "has_more": False,
        }
    )

    data: list[ViolationView]
    total: int
    limit: int
    offset: int
    has_more: bool


EXAMPLE: dict[str, Any] = {
    "violation_id": "5d0c9a3e-0b5f-4c52-9d3f-6c1f5a1f0a11",
    "violation_file": "consent.pdf",
}
