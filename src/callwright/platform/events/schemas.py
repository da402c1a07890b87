"""Shapes of events for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_EVENT_WAIT_SECONDS, MAX_EVENTS_LISTED, MAX_PAGE_NUMBER, MAX_URL_CHARACTERS
from callwright.domain.settings.kinds import text, whole
from callwright.platform.events.actions import EventRequest, types_in

_TEXT = text(MAX_URL_CHARACTERS)


class EventQuery(AskedQuery):
    """Which events."""

    after: Annotated[str, reads(_TEXT)] = Field(
        default="", description="`next_cursor` of the answer before. Without it: from the oldest event that is kept."
    )
    limit: Annotated[int, reads(whole(1, MAX_PAGE_NUMBER))] = Field(
        default=50, description=f"Larger than {MAX_EVENTS_LISTED} is {MAX_EVENTS_LISTED}."
    )
    types: Annotated[str | None, reads(_TEXT)] = Field(
        default=None,
        description="Only these, separated by commas: `execution.<status>`, `batch.<status>`, `execution`, `batch`.",
        examples=["execution.completed,batch"],
    )
    wait: Annotated[int, reads(whole(0, MAX_EVENT_WAIT_SECONDS))] = Field(
        default=0, description="Seconds to wait for an event if there is none yet."
    )

    @property
    def request(self) -> EventRequest:
        """What is asked for. Raises BadInputError."""
        types = None if self.types is None else types_in(self.types)
        return EventRequest(self.after, min(self.limit, MAX_EVENTS_LISTED), types, self.wait)


class EventView(Open):
    """A published change of an execution or a batch."""

    id: str = Field(description="The same as `webhook-id` and `x-callwright-event-id` of its webhook.")
    type: str = Field(examples=["execution.completed"])
    execution_id: str | None = Field(description="null for an event of a batch.")
    batch_id: str | None = Field(description="null for an event of an execution.")
    created_at: Timestamp
    data: dict[str, Any] = Field(description="The execution or batch at the change: the body of the webhook.")


class EventPageView(Open):
    """Events, oldest first."""

    model_config = example(
        {
            "data": [
                {
                    "id": "0b3c5a52-6f86-4d53-8f67-b0ad0e4a5a0e",
                    "type": "execution.no-answer",
                    "execution_id": "7b2c8b1e-0a3e-4f0e-9a55-0f1a7d1f5c11",
                    "batch_id": None,
                    "created_at": "2026-11-24T16:31:07.193399+00:00",
                    "data": {"id": "7b2c8b1e-0a3e-4f0e-9a55-0f1a7d1f5c11", "status": "no-answer"},
                }
            ],
            "next_cursor": "NDcuOGYxYjBjM2Q0ZTVh",
            "has_more": False,
        }
    )

    data: list[EventView]
    next_cursor: str = Field(description="`after` of the next request. Store it with what you did with the events.")
    has_more: bool = Field(description="Whether more are there already.")
