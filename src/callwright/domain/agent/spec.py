"""What an agent is to the platform: frozen records, filled by :func:`callwright.domain.agent.parsing.parse_agent`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.domain.agent.callers import CallerData
from callwright.domain.provider_access import Access


@dataclass(frozen=True, slots=True)
class ProviderDefaults:
    """The providers of an agent that names none."""

    transcriber: str = "local"
    model: str = "local"
    voice: str = "local"


@dataclass(frozen=True, slots=True)
class VoicemailSettings:
    """What is done about answering machines. ``detection_time_s``: the welcome waits so long for whoever answers. ``message`` is ours."""

    enabled: bool = False
    detection_duration_s: float = 30
    check_interval_s: float = 7
    min_transcript_length: int = 7
    detection_time_s: float = 0
    message: str | Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """Sounds beside speech. ``ambient``: the track under the agent, empty for none."""

    fillers: bool = False
    backchannels: bool = False
    backchannel_gap_s: int = 5
    backchannel_delay_s: int = 5
    ambient: str = ""


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """``task_config`` of contract 4.7, with the defaults of its "docs" column. Units in the names."""

    hangup_after_silence_s: float = 10
    call_terminate_s: float = 90
    hangup_after_llm_call: bool = False
    call_cancellation_prompt: str | None = None
    call_hangup_message: str | Mapping[str, str] | None = None
    interruptible_hangup_message: bool = True
    incremental_delay_ms: int = 400
    patience_ms: int = 1_000
    number_of_words_for_interruption: int = 2
    interruption_backoff_ms: int = 0
    check_if_user_online: bool = True
    check_user_online_message: str | Mapping[str, str] | None = None
    """How it is asked whether the caller is still there; None: in the platform's words."""
    trigger_user_online_message_after_s: float = 10
    welcome_message_delay_ms: int = 0
    discard_pre_welcome_utterance: bool = False
    voicemail: VoicemailSettings = field(default_factory=VoicemailSettings)
    sounds: SoundSettings = field(default_factory=SoundSettings)
    dtmf_enabled: bool = False
    dtmf_finish_on_key: str = "#"
    dtmf_max_digits: int = 0
    dtmf_timeout_s: float = 3
    dtmf_interrupts: bool = True
    speculative_replies: bool | None = None
    """None: where the model costs nothing."""
    opt_out_ends_call: bool = True
    opt_out_message: str | Mapping[str, str] | None = None
    written: bool = False
    """Set by a chat, never by an agent: the caller writes. Every line is a turn of its own and interrupts."""
    use_llm_for_initial_message: bool = False
    tool_waiting_messages: tuple[str, ...] | None = None
    """Said one after the other while a tool takes long; None: the platform's own in the call's language."""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A provider with its settings as given. ``provider`` is the plugin's name; ``model`` and ``voice`` may be empty. ``access`` is never
    the agent's: the call adds what the organisation has."""

    provider: str
    model: str = ""
    voice: str = ""
    language: str = "en"
    options: Mapping[str, Any] = field(default_factory=dict)
    access: Access = field(default_factory=Access, repr=False)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool of the agent: JSON Schema ``parameters`` and the call's parameters (``method``, ``url``, ``param``, ...)."""

    name: str
    description: str
    key: str
    parameters: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict)
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
class AgentSpec:
    """An agent as the call needs it."""

    name: str
    welcome_message: str
    system_prompt: str
    transcriber: ProviderChoice
    model: ProviderChoice
    voice: ProviderChoice
    settings: ConversationSettings
    telephony_provider: str = "default"
    end_call_tool: bool = False
    tools: tuple[ToolSpec, ...] = ()
    post_call: tuple[PostCallTask, ...] = ()
    custom_questions: PostCallTask | None = None
    """What an older agent asks after its calls when it has no dispositions (``gpt_assistants``)."""
    webhook_url: str | None = None
    webhook_headers: Mapping[str, str] = field(default_factory=dict)
    webhook_statuses: frozenset[str] | None = None
    endpointing_ms: int = 250
    calling_hours: tuple[int, int] = (9, 21)
    """From the first hour to before the second, in the other side's local time: when a caller may ask to be called back."""
    callers: CallerData = field(default_factory=CallerData)
