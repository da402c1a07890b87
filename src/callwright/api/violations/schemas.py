"""Shapes of violations for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, UploadedFile


class ViolationForm(Open):
    """What an account answers."""

    violation_id: str
    violation_file: UploadedFile = Field(description="At most 10 MB, of any kind.")


class ViolationView(Open):
    """A complaint about a call, or about no single one: then what is of a call is empty."""

    id: str
    status: str = Field(
        description="`pending`, `submitted` (you answered), `accepted` or `rejected` (the operator decided)."
    )
    from_phone_number: str
    to_phone_number: str
    date_of_call: str
    created_at: str
    updated_at: str
    user_id: str = Field(description="The account it was put before.")
    agent_id: str | None
    execution_id: str | None
    image_url: str | None = Field(description="Where your answer can be read, with your key.")
    email: str
    note: str | None = Field(description="The operator's words (our own key).")


class ViolationPageView(Open):
    """One page."""

    data: list[ViolationView]
    total: int
    limit: int
    offset: int
    has_more: bool


EXAMPLE: dict[str, Any] = {
    "violation_id": "5d0c9a3e-0b5f-4c52-9d3f-6c1f5a1f0a11",
    "violation_file": "consent.pdf",
}
