"""Shapes of suppressions for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_NUMBER_CHARACTERS
from callwright.domain.settings.kinds import text

_SUPPRESSION: dict[str, Any] = {
    "number": "+15550100123",
    "reason": "api",
    "said": None,
    "execution_id": None,
    "note": "asked by letter",
    "created_at": "2026-11-24T16:31:07.193399+00:00",
}


class SuppressionBody(Asked):
    """A number that is not to be called."""

    number: Annotated[str, reads(text(MAX_NUMBER_CHARACTERS))] = Field(
        description="E.164, a `sip:` URI or `loopback:<name>`."
    )
    note: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="Why, for yourself."
    )


class SuppressionView(Open):
    """A number that is not called any more."""

    model_config = example(_SUPPRESSION)

    number: str
    reason: str = Field(description="`said`: by the person in a call; `api`: put on the list by a request.")
    said: str | None = Field(description="The person's words.")
    execution_id: str | None = Field(description="The call in which they were said.")
    note: str | None
    created_at: Timestamp


class SuppressionPageView(Open):
    """One page of the list, newest first."""

    model_config = example({"page_number": 1, "page_size": 20, "total": 1, "has_more": False, "data": [_SUPPRESSION]})

    page_number: int
    page_size: int
    total: int
    has_more: bool
    data: list[SuppressionView]


EXAMPLE: dict[str, Any] = {"number": "+15550100123", "note": "asked by letter"}
