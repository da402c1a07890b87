"""Shapes of drafts for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.settings.kinds import OBJECT, filled
from callwright.platform.agents.schemas.agents import EXAMPLE as AGENT_EXAMPLE
from callwright.platform.calls.actions.calls import USER_DATA
from callwright.platform.chats.schemas import ChatBody

_Draft = Annotated[dict[str, Any], reads(OBJECT)]
_DRAFTED = Field(
    description="The agent, as the body of `PUT /v2/agent/{agent_id}`. Masks stand for its stored credentials."
)


class DraftChatBody(ChatBody):
    """A chat to open with an agent that was not saved."""

    draft: _Draft = _DRAFTED


class DraftCallBody(Asked):
    """A call to a synthetic caller with an agent that was not saved."""

    draft: _Draft = _DRAFTED
    recipient_phone_number: Annotated[str, reads(filled())] = Field(
        default="loopback:demo", description="A synthetic caller: `loopback:NAME`."
    )
    user_data: Annotated[dict[str, Any], reads(USER_DATA)] = Field(
        default_factory=dict,
        description="Variables of prompts; at most 25 KB of JSON. `persona` picks a synthetic caller.",
    )
    line: Annotated[str | None, reads(filled())] = Field(
        default=None,
        description="What the line is like, as `loss=5,jitter=100`; without it as the synthetic caller has it.",
    )


class DraftWebCallBody(Asked):
    """A web call with an agent that was not saved."""

    draft: _Draft = _DRAFTED
    user_data: Annotated[dict[str, Any], reads(USER_DATA)] = Field(
        default_factory=dict, description="Variables of prompts; at most 25 KB of JSON."
    )


class ToolTrialBody(Asked):
    """One call of a tool of an agent that was not saved."""

    draft: _Draft = _DRAFTED
    tool: Annotated[str, reads(filled())] = Field(default="", validate_default=True, description="Its name.")
    arguments: Annotated[dict[str, Any], reads(OBJECT)] = Field(
        default_factory=dict, description="What the model would give it."
    )
    user_data: Annotated[dict[str, Any], reads(USER_DATA)] = Field(
        default_factory=dict, description="Variables of the call; at most 25 KB of JSON."
    )


class ToolTrialRequest(Open):
    """What was sent. Values that may be secrets are masked."""

    method: str
    host: str
    sent: Any = Field(description="The JSON of the body or of the query; null: nothing.")


class ToolTrialView(Open):
    """What came of calling a tool."""

    model_config = example(
        {
            "tool": "book_visit",
            "ok": True,
            "request": {"method": "POST", "host": "calendar.example.org", "sent": {"day": "Tuesday", "token": "***"}},
            "http_status": 200,
            "ms": 184,
            "result": '{"booked": true}',
        }
    )

    tool: str
    ok: bool = Field(description="Whether the tool answered.")
    request: ToolTrialRequest | None = Field(description="null: nothing was sent, and `result` says why.")
    http_status: int | None = Field(description="null: there was no answer.")
    ms: int | None = Field(description="Milliseconds until the answer.")
    result: str = Field(description="What the model would be told.")


CHAT_EXAMPLE: dict[str, Any] = {"draft": AGENT_EXAMPLE, "user_data": {"customer_name": "Ann"}, "wait_s": 30}
CALL_EXAMPLE: dict[str, Any] = {
    "draft": AGENT_EXAMPLE,
    "recipient_phone_number": "loopback:demo",
    "user_data": {"customer_name": "Ann"},
}
WEB_CALL_EXAMPLE: dict[str, Any] = {"draft": AGENT_EXAMPLE, "user_data": {"customer_name": "Ann"}}
TOOL_EXAMPLE: dict[str, Any] = {"draft": AGENT_EXAMPLE, "tool": "book_visit", "arguments": {"day": "Tuesday"}}
