"""What an agent is to the platform: frozen records, filled by :func:`callwright.platform.agents.rules.parsing.parse_agent`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agent_settings.rules.conversation import ConversationSettings
from callwright.platform.agent_settings.rules.providers import ENDPOINTING
from callwright.platform.agents.rules.callers import CallerData
from callwright.platform.provider_keys.rules.access import Access


@dataclass(frozen=True, slots=True)
class ProviderDefaults:
    """The providers of an agent that names none."""

    transcriber: str = "local"
    model: str = "local"
    voice: str = "local"


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A provider with its settings as given. ``provider`` is the plugin's name; ``model`` and ``voice`` may be empty. ``path``: the section
    that names it, empty where none does. ``access`` is never the agent's: the call adds what the organisation has. ``fallbacks`` take over
    in order when it fails, or gives nothing for ``fallback_after_ms``; they have none of their own."""

    provider: str
    model: str = ""
    voice: str = ""
    language: str = "en"
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    access: Access = field(default_factory=Access, repr=False)
    path: str = field(default="", compare=False)
    fallbacks: tuple[ProviderChoice, ...] = ()
    fallback_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool of the agent: JSON Schema ``parameters`` and the call's parameters (``method``, ``url``, ``param``, ...)."""

    name: str
    description: str
    key: str
    parameters: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pre_call_message: str | Mapping[str, str] | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class PostCallTask:
    """A task that runs after the call: ``extraction`` (with what to extract) or ``summarization``."""

    kind: str
    model: ProviderChoice
    details: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class AgentWarning:
    """Something in a saved agent that does not do what it seems to. ``value`` is what stands at ``path``, or its kind where it may be a
    secret; ``message`` says what is wrong, ``remedy`` what to do."""

    path: str
    value: str | int | float | bool | None
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent as the call needs it."""

    name: str
    welcome_message: str
    system_prompt: str
    transcriber: ProviderChoice
    model: ProviderChoice
    voice: ProviderChoice
    settings: ConversationSettings
    telephony_provider: str = TELEPHONY_PROVIDER.default
    telephony_path: str = field(default="", compare=False)
    """The path that names ``telephony_provider``, empty where none does."""
    end_call_tool: bool = False
    tools: tuple[ToolSpec, ...] = ()
    post_call: tuple[PostCallTask, ...] = ()
    custom_questions: PostCallTask | None = None
    """What an older agent asks after its calls when it has no dispositions (``gpt_assistants``)."""
    webhook_url: str | None = None
    webhook_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook_statuses: frozenset[str] | None = None
    endpointing_ms: int = ENDPOINTING.default
    calling_hours: tuple[int, int] = (9, 21)
    """From the first hour to before the second, in the other side's local time: when a caller may ask to be called back."""
    callers: CallerData = field(default_factory=CallerData)
