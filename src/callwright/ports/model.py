"""Port of thinking: language models that answer in a stream, with tools and with a JSON schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.speech import UsageAmount

REFUSED = "refused"
"""The end of an answer that the vendor or the model would not go on with because of what is said."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants called. ``arguments`` is the JSON text as the model wrote it.

    ``call_id`` is one of its own within the conversation: one that was called already is taken for the same call, and not called again.
    Empty where the model has none; the conversation then makes one, which stands in the messages of later requests.
    """

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation as the model sees it. ``role``: system, user, assistant or tool."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool offered to the model. ``parameters`` is a JSON Schema object as JSON text, so that the value stays hashable. ``strict``: an
    endpoint shall hold the model to it, if it can."""

    name: str
    description: str
    parameters: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model and how it should sample. ``temperature_milli`` is thousandths; ``options`` the agent's remaining settings; ``access``
    what its organisation has with the provider."""

    model: str = ""
    max_tokens: int = 100
    temperature_milli: int = 100
    options: Mapping[str, Any] = field(default_factory=dict)
    access: Access = field(default_factory=Access, repr=False)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. ``purpose`` names the work (reply, hangup, extraction, summary, warm) and sets its priority.

    ``schema``: JSON Schema text the answer must satisfy, or empty for free text. ``context`` is what a model without language
    understanding may need (variables, agent name); language models ignore it. ``stable_characters``: how many of the first message's are
    the same in every call of the agent, as far as known; a model may keep what it made of them (purpose warm).
    """

    messages: tuple[Message, ...]
    settings: ModelSettings
    purpose: str = "reply"
    tools: tuple[Tool, ...] = ()
    schema: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    stable_characters: int = 0


@dataclass(frozen=True, slots=True)
class ModelDelta:
    """A piece of an answer: text, a whole tool call, or the end with its reason (stop, length, tool, refused) and usage.

    An answer that was refused before its first word is a failure of the kind BAD_REQUEST, so that a fallback can give one.

    ``usage`` of several deltas adds up. None, or 0 tokens read for a question that has words (and 0 written for an answer that has some),
    means that it is not known: it is estimated from the characters, under the names that ``usage`` has, and marked as that, unless the
    model costs nothing. ``estimated``: ``usage`` is an estimate already.
    """

    text: str = ""
    tool_call: ToolCall | None = None
    reasoning: str = ""
    ended: str = ""
    usage: UsageAmount | None = None
    estimated: bool = False


class Model(Protocol):
    """A language model. It may also be a :class:`FreeModel` and a :class:`CheckingModel`."""

    name: str

    def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer; the last delta has ``ended`` and, where it is known, ``usage``. Closing cancels. Raises ProviderError while
        iterating."""
        ...

    async def warm(self, request: ModelRequest) -> None:
        """Prepare for requests that begin like this one (prompt cache). Never raises for a mere failure to prepare."""


@runtime_checkable
class FreeModel(Protocol):
    """A model that may cost nothing. If it does, it may be asked before it is certain that the caller has finished, though some of its
    answers are then made in vain. Other models are asked so early only for agents that allow it."""

    costs_nothing: bool


@runtime_checkable
class CheckingModel(Protocol):
    """A model that knows before the call whether it can answer."""

    def check(self, settings: ModelSettings) -> None:
        """Raises ProviderError when it could not answer at all with these settings: MissingError for what can be added."""


@runtime_checkable
class FixedAnswers(Protocol):
    """A model that has some answers word for word from the agent."""

    def fixed_answers(self, settings: ModelSettings) -> Sequence[str]:
        """Returns those answers; one with ``{slots}`` is different in every call. None for settings that it cannot read."""
        ...


@runtime_checkable
class RemoteModel(Protocol):
    """A model on another machine."""

    def host(self, settings: ModelSettings) -> str:
        """Returns the host and port that would be asked, empty where there is none. It holds nothing secret."""
        ...

    async def probe(self, settings: ModelSettings) -> str:
        """Asks once whether the model can be had, without an answer that costs money. Returns a sentence about it. Raises ProviderError."""
        ...


def costs_nothing(model: Model) -> bool:
    """Whether the model says that it costs nothing."""
    return isinstance(model, FreeModel) and model.costs_nothing
