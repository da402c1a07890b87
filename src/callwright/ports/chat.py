"""Port of chats: conversations with an agent in writing, held by the process that opened them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from callwright.platform.agents.rules.stored import StoredAgent


@dataclass(frozen=True, slots=True)
class NewChat:
    """A chat to open. ``silence_s`` ends it when nobody wrote for so long (0: MAX_CHAT_SILENCE_SECONDS, the most), ``most_s`` whatever
    happens; with ``reading_pace`` the agent's
    sentences come as fast as somebody reads, else at once."""

    agent: StoredAgent
    user_data: Mapping[str, Any] = field(default_factory=dict)
    silence_s: float = 0
    most_s: float = 0
    reading_pace: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """What the agent wrote, as far as it was delivered. ``cut``: the other side wrote before the rest was delivered."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ChatTool:
    """A tool that the model called and that is done. ``ok``: it answered; ``result`` is the text that the model got."""

    name: str
    arguments: str
    ok: bool
    result: str


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the agent has written, and the tools that were called for it. ``complete``: it has nothing more to say to what it was told;
    ``ended``: the chat is over; ``error``: why the agent does not answer, in a sentence, empty where it does."""

    messages: tuple[ChatMessage, ...] = ()
    complete: bool = True
    ended: bool = False
    tools: tuple[ChatTool, ...] = ()
    error: str = ""


class Chats(Protocol):
    """The chats of this process."""

    async def open(self, chat: NewChat, wait_s: float) -> tuple[str, ChatReply]:
        """Open a chat; returns its execution's id and what the agent wrote first, within ``wait_s``. Raises UnavailableError or
        RateLimitedError when there is no room for one."""
        ...

    async def say(self, execution_id: str, text: str, wait_s: float) -> ChatReply:
        """Write ``text`` and wait up to ``wait_s`` for the whole reply. Raises NotFoundError when this process does not hold the chat,
        WrongStateError when it is ending."""
        ...

    def end(self, execution_id: str) -> None:
        """Whoever wrote to the agent leaves. Raises NotFoundError when this process does not hold the chat."""
        ...
