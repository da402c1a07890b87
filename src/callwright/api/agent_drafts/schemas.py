"""Shapes of drafts for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.actions.calls import read_user_data
from callwright.api.agents.schemas import EXAMPLE as AGENT_EXAMPLE
from callwright.api.chats.schemas import ChatBody
from callwright.api.reading import Asked, filled, reads
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Kind

_DRAFT = Kind(
    "an object",
    {"type": "object", "additionalProperties": True},
    lambda given, name: None if (found := given.child(name)) is None else dict(found.value),
)
_Draft = Annotated[dict[str, Any], reads(_DRAFT)]
_DRAFTED = Field(
    description="The agent, as the body of `PUT /v2/agent/{agent_id}`. Masks stand for its stored credentials."
)


def _user_data(given: Fields, name: str) -> dict[str, Any]:
    return read_user_data(given.value)


class DraftChatBody(ChatBody):
    """A chat to open with an agent that was not saved."""

    draft: _Draft = _DRAFTED


class DraftCallBody(Asked):
    """A call to a synthetic caller with an agent that was not saved."""

    draft: _Draft = _DRAFTED
    recipient_phone_number: Annotated[str, reads(filled())] = Field(
        default="loopback:demo", description="A synthetic caller: `loopback:NAME`."
    )
    user_data: Annotated[dict[str, Any], reads(Kind("an object", {"type": "object"}, _user_data))] = Field(
        default_factory=dict,
        description="Variables of prompts; at most 25 KB of JSON. `persona` picks a synthetic caller.",
    )
    line: Annotated[str | None, reads(filled())] = Field(
        default=None,
        description="What the line is like, as `loss=5,jitter=100`; without it as the synthetic caller has it.",
    )


CHAT_EXAMPLE: dict[str, Any] = {"draft": AGENT_EXAMPLE, "user_data": {"customer_name": "Ann"}, "wait_s": 30}
CALL_EXAMPLE: dict[str, Any] = {
    "draft": AGENT_EXAMPLE,
    "recipient_phone_number": "loopback:demo",
    "user_data": {"customer_name": "Ann"},
}
