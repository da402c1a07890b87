"""The settings of a conversation: ``task_config`` of an agent (contract 4.7), with the defaults of its "docs" column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_CALL_SECONDS,
    MAX_DELAY_MS,
    MAX_KEY_DIGITS,
    MAX_NAME_CHARACTERS,
    MAX_PATIENCE_MS,
    MAX_PROMPT_CHARACTERS,
    MAX_VOICEMAIL_LISTEN_SECONDS,
    MAX_WAITING_CHARACTERS,
    MAX_WAITING_MESSAGES,
    MAX_WEB_CALL_ORIGINS,
    MAX_WHITELISTED,
    MIN_PATIENCE_MS,
)
from callwright.domain.settings.kinds import (
    MESSAGE,
    SWITCH,
    choice,
    number,
    origins,
    phone_numbers,
    sentences,
    text,
    whole,
)
from callwright.domain.settings.setting import Kind, Setting, declared_in, part, read_all, read_record, setting

Message: TypeAlias = str | Mapping[str, str] | None
_A_DAY_S = 86_400
_FINISHING_KEYS = (*"0123456789*#ABCD", "")
_TRACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DEFAULT_TRACK = "office-ambience"


@dataclass(frozen=True, slots=True)
class VoicemailSettings:
    """What is done about answering machines."""

    enabled: bool = setting(
        "task_config.voicemail",
        SWITCH,
        False,
        "Detect answering machines on outgoing calls; hang up or leave a message.",
    )
    detection_duration_s: float = setting(
        "task_config.voicemail_detection_duration",
        number(0, 3_600),
        30,
        "Seconds from the answer in which machines are detected.",
    )
    check_interval_s: float = setting(
        "task_config.voicemail_check_interval",
        number(0, 3_600),
        7,
        "Seconds between questions to the model about partial words. Final words are checked at once.",
    )
    min_transcript_length: int = setting(
        "task_config.voicemail_min_transcript_length", whole(0, 10_000), 7, "Words before the model is asked."
    )
    detection_time_s: float = setting(
        "task_config.voicemail_detection_time",
        number(0, 3_600, ceiling=MAX_VOICEMAIL_LISTEN_SECONDS),
        None,
        "With `voicemail`: seconds the welcome waits for speech, 10 at most; null: none.",
        absent=0,
    )
    message: Message = setting(
        "task_config.voicemail_message",
        MESSAGE,
        None,
        "Our own. Left after the beep; null: hang up at once.",
    )


def _track(given: Fields, name: str) -> str | None:
    found = given.text(name, longest=MAX_NAME_CHARACTERS)
    if found and not _TRACK.fullmatch(found):
        raise given.wrong(name, "a track's name of letters, digits, dots, hyphens and underscores")
    return found or None


_AMBIENT_TRACK = Setting(
    "task_config.ambient_noise_track",
    Kind("a track's name", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _track),
    None,
    "A built-in track, the account's, or a file of `CALLWRIGHT_AMBIENT`; null: office-ambience.",
)


def _ambient(given: Fields, name: str) -> str | None:
    """The name of the track that is played; None: no track."""
    return (_AMBIENT_TRACK.of(given) or _DEFAULT_TRACK) if given.switch(name, False) else None


_AMBIENT = Kind(SWITCH.words, SWITCH.schema, _ambient)


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """Sounds beside speech. ``ambient``: the track under the agent, empty for none."""

    fillers: bool = setting(
        "task_config.use_fillers",
        SWITCH,
        False,
        "A short phrase for a caller who waits over 1.3 s for a reply, not while a tool runs.",
    )
    backchannels: bool = setting(
        "task_config.backchanneling",
        SWITCH,
        False,
        "A listener's sounds in pauses of a long speech. Needs a turn model.",
    )
    backchannel_gap_s: int = setting(
        "task_config.backchanneling_message_gap", whole(0, 3_600), 5, "Seconds between two of them."
    )
    backchannel_delay_s: int = setting(
        "task_config.backchanneling_start_delay", whole(0, 3_600), 5, "Seconds of the caller's speech before the first."
    )
    ambient: str = setting(
        "task_config.ambient_noise",
        _AMBIENT,
        False,
        "A track plays under the agent.",
        absent="",
    )


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """What an agent may say of its conversation. Units in the names."""

    hangup_after_silence_s: float = setting(
        "task_config.hangup_after_silence",
        number(-_A_DAY_S, _A_DAY_S, floor=0),
        10,
        "Seconds of common silence until the agent hangs up; 0 or less: never.",
    )
    call_terminate_s: float = setting(
        "task_config.call_terminate",
        number(1, _A_DAY_S, ceiling=MAX_CALL_SECONDS),
        90,
        f"Longest call in seconds from the answer; {MAX_CALL_SECONDS} at most.",
    )
    hangup_after_llm_call: bool = setting(
        "task_config.hangup_after_LLMCall",
        SWITCH,
        False,
        "After each reply a model is asked whether the call is over; yes ends it.",
    )
    call_cancellation_prompt: str | None = setting(
        "task_config.call_cancellation_prompt",
        text(MAX_PROMPT_CHARACTERS),
        None,
        "The question of `hangup_after_LLMCall`; null: the platform's.",
    )
    call_hangup_message: Message = setting(
        "task_config.call_hangup_message",
        MESSAGE,
        None,
        "The agent's goodbye. With `end_call`, only if the model said nothing.",
    )
    interruptible_hangup_message: bool = setting(
        "task_config.interruptible_hangup_message",
        SWITCH,
        True,
        "Speech over the goodbye after a silence keeps the call; `false`: only before it is heard.",
    )
    incremental_delay_ms: int = setting(
        "task_config.incremental_delay",
        whole(0, MAX_DELAY_MS),
        400,
        "Least milliseconds from the caller's last voice to a reply.",
    )
    patience_ms: int = setting(
        "task_config.patience",
        whole(MIN_PATIENCE_MS, MAX_PATIENCE_MS),
        1_000,
        "Our own. Milliseconds an unfinished caller may pause; longer in numbers, spellings, half sentences"
        " ([table](conversation.md#how-long-a-caller-may-pause)).",
    )
    number_of_words_for_interruption: int = setting(
        "task_config.number_of_words_for_interruption",
        whole(0, 1_000),
        2,
        "More words than this interrupt the agent, stop phrases always; 0: only final stop phrases.",
    )
    interruption_backoff_ms: int = setting(
        "task_config.interruption_backoff_period",
        whole(0, MAX_DELAY_MS),
        0,
        "Milliseconds of silence after the caller's last interrupting sound or key.",
    )
    check_if_user_online: bool = setting(
        "task_config.check_if_user_online", SWITCH, True, "Ask once in a silence whether the caller is still there."
    )
    check_user_online_message: Message = setting(
        "task_config.check_user_online_message",
        MESSAGE,
        None,
        "That question; null or empty: the platform's ([which](agents.md#the-platforms-own-sentences)).",
    )
    trigger_user_online_message_after_s: float = setting(
        "task_config.trigger_user_online_message_after",
        number(0, _A_DAY_S),
        10,
        "Seconds of silence before the question. Above `hangup_after_silence`: never; 0: after every reply.",
    )
    welcome_message_delay_ms: int = setting(
        "task_config.welcome_message_delay",
        whole(0, MAX_DELAY_MS),
        0,
        "Milliseconds from the answer to the welcome. A caller who speaks may finish, 8 s at most.",
    )
    discard_pre_welcome_utterance: bool = setting(
        "task_config.discard_pre_welcome_utterance",
        SWITCH,
        False,
        "Words and keys before and over a whole welcome are not answered, unless they go on after it.",
    )
    voicemail: VoicemailSettings = part(VoicemailSettings)
    sounds: SoundSettings = part(SoundSettings)
    dtmf_enabled: bool = setting(
        "task_config.dtmf_enabled", SWITCH, False, "Pressed keys count as words of the caller."
    )
    dtmf_finish_on_key: str = setting(
        "task_config.dtmf_finish_on_key",
        choice(_FINISHING_KEYS, "one of 0-9 * # A-D, or empty"),
        "#",
        "Our own. The key that ends an entry; empty: none.",
    )
    dtmf_max_digits: int = setting(
        "task_config.dtmf_max_digits",
        whole(0, MAX_KEY_DIGITS),
        0,
        "Our own. Keys of a complete entry, finishing key included; 0: no count.",
    )
    dtmf_timeout_s: float = setting(
        "task_config.dtmf_timeout", number(0.5, 60), 3, "Our own. Seconds after the last key that complete an entry."
    )
    dtmf_interrupts: bool = setting(
        "task_config.dtmf_interrupts", SWITCH, True, "Our own. The first key silences the agent."
    )
    opt_out_ends_call: bool = setting(
        "task_config.opt_out_ends_call",
        SWITCH,
        True,
        "Our own. A request for no more calls is confirmed and ends the call.",
    )
    opt_out_message: Message = setting(
        "task_config.opt_out_message",
        MESSAGE,
        None,
        "Our own. That confirmation; null: the platform's.",
    )
    written: bool = False
    """Set by a chat, never by an agent: the caller writes. Every line is a turn of its own and interrupts."""
    speculative_replies: bool | None = setting(
        "task_config.speculative_replies",
        SWITCH,
        None,
        "Our own. Ask the model as soon as the caller may have finished; null: where that costs nothing.",
    )
    use_llm_for_initial_message: bool = setting(
        "task_config.use_llm_for_initial_message",
        SWITCH,
        False,
        "The model writes the welcome. If late, the welcome message is said.",
    )
    tool_waiting_messages: tuple[str, ...] | None = setting(
        "task_config.tool_waiting_messages",
        sentences(MAX_WAITING_MESSAGES, MAX_WAITING_CHARACTERS),
        None,
        "Our own. Said in turn while an HTTP tool takes long; null: the platform's two"
        " ([which](agents.md#the-platforms-own-sentences)); `[]`: none.",
    )
    extra: Mapping[str, Any] = field(default_factory=dict)
    """The other settings by their names: those of OTHERS, and unknown ones as they came."""


OTHERS: tuple[Setting, ...] = (
    _AMBIENT_TRACK,
    Setting(
        "task_config.auto_reschedule",
        SWITCH,
        False,
        "[Call back](how-to/call-back.md) a caller who names a day and a time.",
    ),
    Setting(
        "task_config.end_call_tool_mode",
        text(),
        None,
        "Any text but `off`: the model may hang up (`end_call`). A tool of that name or key always may.",
    ),
    Setting(
        "task_config.inbound_limit",
        whole(-1, 1_000_000),
        -1,
        "[Calls one caller may make](how-to/inbound-and-numbers.md) in all; -1: any number.",
    ),
    Setting(
        "task_config.whitelist_phone_numbers", phone_numbers(MAX_WHITELISTED), None, "Callers who may always call."
    ),
    Setting(
        "task_config.web_call_origins",
        origins(MAX_WEB_CALL_ORIGINS),
        None,
        "Our own. Origins of [web pages](how-to/browser-calls.md) that may call the agent without a session.",
        absent=(),
    ),
    Setting(
        "task_config.disallow_unknown_numbers",
        SWITCH,
        False,
        "Only whitelisted callers and those known to `ingest_source_config` may call.",
    ),
    Setting(
        "task_config.noise_cancellation_level",
        number(0, 100),
        None,
        "How much noise is taken from the caller's sound: none, what can be had makes recognition worse.",
        kept=True,
    ),
    Setting(
        "task_config.generate_precise_transcript", SWITCH, False, "The transcript is always what was heard.", kept=True
    ),
    Setting("task_config.optimize_latency", SWITCH, True, "Latency is always the shortest we can.", kept=True),
    Setting(
        "task_config.language_detection_turns",
        number(0, 1_000),
        None,
        "Turns after which the language is detected.",
        kept=True,
    ),
)
"""Settings without a field of their own."""

TASK_CONFIG: tuple[Setting, ...] = (*declared_in(ConversationSettings), *OTHERS)
_NAMES = frozenset(one.name for one in TASK_CONFIG)
_DOCUMENTED = frozenset(
    {
        "hangup_after_silence",
        "call_terminate",
        "hangup_after_LLMCall",
        "call_cancellation_prompt",
        "call_hangup_message",
        "incremental_delay",
        "number_of_words_for_interruption",
        "backchanneling",
        "backchanneling_message_gap",
        "backchanneling_start_delay",
        "ambient_noise",
        "ambient_noise_track",
        "noise_cancellation_level",
        "check_if_user_online",
        "trigger_user_online_message_after",
        "voicemail",
        "voicemail_detection_duration",
        "voicemail_check_interval",
        "voicemail_min_transcript_length",
        "voicemail_detection_time",
        "welcome_message_delay",
        "dtmf_enabled",
        "auto_reschedule",
        "inbound_limit",
        "whitelist_phone_numbers",
        "disallow_unknown_numbers",
    }
)

DOCUMENTED_DEFAULTS: Mapping[str, Any] = {one.name: one.default for one in TASK_CONFIG if one.name in _DOCUMENTED}
"""Settings whose default the hosted service documents (contract 4.7), with it: ours is the same. ``check_user_online_message`` is not among
them: that default is in English, and ours is in the language of the call."""


def read_settings(config: Fields) -> ConversationSettings:
    """Read the ``task_config`` of an agent. Raises InvalidAgentError."""
    settings = read_record(ConversationSettings, config)
    unknown = {name: value for name, value in config.value.items() if name not in _NAMES}
    return replace(settings, extra={**unknown, **read_all(OTHERS, config)})
