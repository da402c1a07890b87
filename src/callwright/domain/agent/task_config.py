"""``task_config`` of an agent (contract 4.7), with the defaults of the table's "docs" column."""

from __future__ import annotations

from typing import Any

from callwright.domain.agent.callers import read_whitelist
from callwright.domain.agent.sounds import SOUND_KEYS, VOICEMAIL_KEYS, read_sounds, read_voicemail
from callwright.domain.agent.spec import ConversationSettings
from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, wrong
from callwright.domain.limits import (
    MAX_CALL_SECONDS,
    MAX_DELAY_MS,
    MAX_KEY_DIGITS,
    MAX_PATIENCE_MS,
    MAX_PROMPT_CHARACTERS,
    MAX_WAITING_CHARACTERS,
    MAX_WAITING_MESSAGES,
    MIN_PATIENCE_MS,
)

_A_DAY_S = 86_400
_FINISHING_KEYS = frozenset({"", *"0123456789*#ABCD"})
"""An empty text: no key ends an entry."""

#: Known settings that the conversation does not have a field for: (name, default, least, most) of whole numbers.
_WHOLE: tuple[tuple[str, int, int, int], ...] = (("inbound_limit", -1, -1, 1_000_000),)
_SWITCH: tuple[tuple[str, bool], ...] = (
    ("optimize_latency", True),
    ("generate_precise_transcript", False),
    ("auto_reschedule", False),
    ("disallow_unknown_numbers", False),
)
_OPTIONAL_NUMBER: tuple[tuple[str, float, float], ...] = (
    ("noise_cancellation_level", 0, 100),
    ("language_detection_turns", 0, 1_000),
)
_OWN: frozenset[str] = frozenset(
    {
        "hangup_after_silence",
        "call_terminate",
        "hangup_after_LLMCall",
        "call_cancellation_prompt",
        "call_hangup_message",
        "interruptible_hangup_message",
        "incremental_delay",
        "patience",
        "number_of_words_for_interruption",
        "interruption_backoff_period",
        "check_if_user_online",
        "check_user_online_message",
        "trigger_user_online_message_after",
        "welcome_message_delay",
        "discard_pre_welcome_utterance",
        "dtmf_enabled",
        "dtmf_finish_on_key",
        "dtmf_max_digits",
        "dtmf_timeout",
        "dtmf_interrupts",
        "speculative_replies",
        "tool_waiting_messages",
        "use_llm_for_initial_message",
        "opt_out_ends_call",
        "opt_out_message",
        *SOUND_KEYS,
        *VOICEMAIL_KEYS,
    }
)


def read_settings(config: Fields) -> ConversationSettings:
    """The settings of a conversation. Raises InvalidAgentError. ``hangup_after_silence`` of 0 or less becomes 0, which disables it;
    ``call_terminate`` above the platform's limit becomes the limit."""
    return ConversationSettings(
        hangup_after_silence_s=max(0, config.number("hangup_after_silence", 10, -_A_DAY_S, _A_DAY_S)),
        call_terminate_s=min(MAX_CALL_SECONDS, config.number("call_terminate", 90, 1, _A_DAY_S)),
        hangup_after_llm_call=config.switch("hangup_after_LLMCall", False),
        call_cancellation_prompt=config.text("call_cancellation_prompt", longest=MAX_PROMPT_CHARACTERS) or None,
        call_hangup_message=config.message("call_hangup_message", None) or None,
        interruptible_hangup_message=config.switch("interruptible_hangup_message", True),
        incremental_delay_ms=config.whole("incremental_delay", 400, 0, MAX_DELAY_MS),
        patience_ms=config.whole("patience", 1_000, MIN_PATIENCE_MS, MAX_PATIENCE_MS),
        number_of_words_for_interruption=config.whole("number_of_words_for_interruption", 2, 0, 1_000),
        interruption_backoff_ms=config.whole("interruption_backoff_period", 0, 0, MAX_DELAY_MS),
        check_if_user_online=config.switch("check_if_user_online", True),
        check_user_online_message=config.message("check_user_online_message", None) or None,
        trigger_user_online_message_after_s=config.number("trigger_user_online_message_after", 10, 0, _A_DAY_S),
        welcome_message_delay_ms=config.whole("welcome_message_delay", 0, 0, MAX_DELAY_MS),
        discard_pre_welcome_utterance=config.switch("discard_pre_welcome_utterance", False),
        voicemail=read_voicemail(config),
        sounds=read_sounds(config),
        dtmf_enabled=config.switch("dtmf_enabled", False),
        dtmf_finish_on_key=config.choice("dtmf_finish_on_key", "#", _FINISHING_KEYS),
        dtmf_max_digits=config.whole("dtmf_max_digits", 0, 0, MAX_KEY_DIGITS),
        dtmf_timeout_s=config.number("dtmf_timeout", 3, 0.5, 60),
        dtmf_interrupts=config.switch("dtmf_interrupts", True),
        opt_out_ends_call=config.switch("opt_out_ends_call", True),
        opt_out_message=config.message("opt_out_message", None) or None,
        speculative_replies=_switch_or_none(config, "speculative_replies"),
        use_llm_for_initial_message=config.switch("use_llm_for_initial_message", False),
        tool_waiting_messages=_sentences(config, "tool_waiting_messages"),
        extra=_extra(config),
    )


def _switch_or_none(config: Fields, name: str) -> bool | None:
    return None if config.raw(name) is None else config.switch(name, False)


def _sentences(config: Fields, name: str) -> tuple[str, ...] | None:
    given = config.list(name)
    if given is None:
        return None
    path = config.at(name)
    if len(given) > MAX_WAITING_MESSAGES:
        raise InvalidAgentError(f"{path} may hold at most {MAX_WAITING_MESSAGES} messages", field=path)
    for index, one in enumerate(given):
        if not isinstance(one, str) or not 0 < len(one.strip()) <= MAX_WAITING_CHARACTERS:
            raise wrong(f"{path}[{index}]", f"a sentence of at most {MAX_WAITING_CHARACTERS} characters", one)
    return tuple(given)


def _extra(config: Fields) -> dict[str, Any]:
    """The remaining settings: known ones read and with their defaults, unknown ones as they came."""
    found: dict[str, Any] = {name: value for name, value in config.value.items() if name not in _OWN}
    for name, default, least, most in _WHOLE:
        found[name] = config.whole(name, default, least, most)
    for name, switch in _SWITCH:
        found[name] = config.switch(name, switch)
    for name, low, high in _OPTIONAL_NUMBER:
        found[name] = None if config.raw(name) is None else config.number(name, 0, low, high)
    found["whitelist_phone_numbers"] = read_whitelist(config)
    return found
