"""Shapes of chats for the API description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.limits import (
    CHAT_SILENCE_SECONDS,
    CHAT_WAIT_SECONDS,
    MAX_CALL_SECONDS,
    MAX_CHAT_SILENCE_SECONDS,
    MAX_CHAT_WAIT_SECONDS,
)
from callwright.domain.settings.kinds import filled, number
from callwright.platform.calls.actions.calls import USER_DATA

_Wait = Annotated[float, reads(number(0, MAX_CHAT_WAIT_SECONDS))]
_WAIT = Field(default=CHAT_WAIT_SECONDS, description="Seconds to wait for the whole reply.")


class ChatBody(Asked):
    """A chat to open. All of it may be left out."""

    user_data: Annotated[dict[str, Any], reads(USER_DATA)] = Field(
        default_factory=dict, description="Variables of prompts; at most 25 KB of JSON."
    )
    hangup_after_silence: Annotated[float, reads(number(0, MAX_CALL_SECONDS))] = Field(
        default=CHAT_SILENCE_SECONDS,
        description=f"Seconds without a line from either side after which the chat ends, at most {MAX_CHAT_SILENCE_SECONDS}; 0: as many.",
    )
    call_terminate: Annotated[float, reads(number(1, MAX_CALL_SECONDS))] = Field(
        default=MAX_CALL_SECONDS, description="Seconds after which the chat ends in any case."
    )
    pace: Literal["instant", "reading"] = Field(
        default="instant", description="Whether the agent's sentences come at once or as fast as somebody reads."
    )
    wait_s: _Wait = _WAIT


class ChatLine(Asked):
    """A line for the agent."""

    text: Annotated[str, reads(filled())]
    wait_s: _Wait = _WAIT


class ChatMessageView(Open):
    """What the agent wrote."""

    text: str
    cut: bool = Field(description="The next line came before the rest was delivered, and the rest was not.")


class ChatToolView(Open):
    """A tool that the model called."""

    tool: str
    arguments: str = Field(description="JSON, as the model wrote it.")
    ok: bool = Field(description="False when it failed or was not called.")
    result: str = Field(description="What the model was told.")


class ChatReplyView(Open):
    """What the agent has written since the request came."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "reply": "Hello Ann. How can I help?",
            "messages": [{"text": "Hello Ann. How can I help?", "cut": False}],
            "tools": [],
            "complete": True,
            "ended": False,
            "error": None,
        }
    )

    execution_id: str
    reply: str = Field(description="All messages as one text.")
    messages: list[ChatMessageView]
    tools: list[ChatToolView] = Field(description="Tools that were called since the answer before.")
    complete: bool = Field(
        description="False when the agent was not done within `wait_s`; the rest can be followed live."
    )
    ended: bool = Field(description="The chat is over: nothing more can be written.")
    error: str | None = Field(description="Why the agent does not answer, as `error_message` of the execution says it.")
    callwright: dict[str, Any] | None = Field(
        default=None, description="Of a chat that was opened: `sandbox` and `stand_ins`, as its execution has them."
    )


EXAMPLE: dict[str, Any] = {"user_data": {"customer_name": "Ann"}, "wait_s": 30}
LINE_EXAMPLE: dict[str, Any] = {"text": "Do you have time on Monday?"}
