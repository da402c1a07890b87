"""The plan of a call: everything the core needs to know of the agent, resolved once, before the call."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from callwright.conversation.opt_out import MESSAGES, message_in
from callwright.conversation.own_words import OWN_WORDS, OwnWords, own_words
from callwright.conversation.stops import ENGLISH, base_language
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.platform.agent_settings.rules.conversation import ConversationSettings
from callwright.platform.agents.rules.spec import AgentSpec, ToolSpec
from callwright.platform.agents.rules.tools import END_CALL, PRESS_KEYS
from callwright.platform.agents.rules.transfers import (
    asked_of_the_model,
    asks_for_transfer,
    is_attended,
    is_transfer,
    target_template,
)
from callwright.ports.model import Tool

CORE_VERSION = 18
"""Version of the core's behaviour. Replay is exact for the same log format and core version."""


@dataclass(frozen=True, slots=True)
class TransferTool:
    """How one of ``CallPlan.tools`` transfers. ``target`` is a template (``platform.agents.rules.transfers``).

    ``message`` is said to its end first; unless it is the agent's ``own_message``, only when the model's reply had no words itself.
    ``by_request``: a service of the agent's transfers, which is asked as an HTTP tool is; there is no target then.
    """

    name: str
    target: str
    attended: bool = False
    message: str = ""
    own_message: bool = False
    by_request: bool = False


@dataclass(frozen=True, slots=True)
class ToolWords:
    """What is said when the tool ``name`` is called and the model's reply had no words: the agent's ``own_message`` at once, a default
    one when the tool has not answered after a moment."""

    name: str
    message: str
    own_message: bool = False


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Settings of one conversation. Names and defaults follow contract 4.7 ("docs" column); times in milliseconds.

    ``hangup_after_silence_ms`` 0 disables. ``words_to_interrupt``: the agent is interrupted by *more* words than this; 0 means
    partial transcripts never interrupt (a final transcript still becomes the next turn). ``backoff_ms``: an agent that was
    interrupted stays silent for so long, whether it answers or goes on. ``patience_ms`` is how long a caller who
    paused but, by the turn model, has not finished may stay silent before the turn is taken anyway. ``turn_model`` false: the
    recogniser's end or ``patience_ms`` alone decide. ``interruptible_goodbye``: words take the goodbye of a silence
    back also when some of it was heard. ``keys``: what the caller types is collected until ``keys_end``, ``keys_most``
    keys (0: the platform's limit) or a pause of ``keys_pause_ms``; ``keys_interrupt``: the first key silences the agent.
    ``speculate``: the model is asked as soon as the caller may have finished, and in vain when they go on. ``written``: the caller
    writes, and whatever they send interrupts. ``tool_words`` and, when a tool takes long, ``waiting_messages`` one after the other fill the
    time of tools. ``key_tools``: names of ``tools`` that press keys. ``opt_out``: a caller who asks not to be called any more is told
    ``opt_out_message``, and the call ends. ``welcome_by_model``: the model writes the welcome; ``welcome_message`` is for when it does not.
    ``voicemail``: for ``voicemail_window_ms`` from the answer a machine is listened for, and hung up on, or left ``voicemail_message``;
    a model is asked about ``voicemail_words`` words or more every ``voicemail_check_ms``; the welcome waits up to ``voicemail_listen_ms``
    for whoever answers. ``backchannels``: sounds of a listener, when the caller has spoken for ``backchannel_delay_ms``.
    ``ambient``: the track under the agent.
    """

    system_prompt: str = ""
    welcome_message: str = ""
    welcome_by_model: bool = False
    welcome_delay_ms: int = 0
    discard_pre_welcome: bool = False
    incremental_delay_ms: int = 400
    words_to_interrupt: int = 2
    backoff_ms: int = 0
    hangup_after_silence_ms: int = 10_000
    check_if_user_online: bool = True
    user_online_message: str = OWN_WORDS["en"].still_there
    user_online_after_ms: int = 10_000
    call_terminate_ms: int = 90_000
    hangup_message: str = ""
    interruptible_goodbye: bool = True
    hangup_by_prompt: bool = False
    hangup_prompt: str = ""
    end_call_tool: bool = False
    turn_model: bool = True
    turn_threshold_ppm: int = 350_000
    endpointing_ms: int = 250
    patience_ms: int = 1_000
    tools: tuple[Tool, ...] = ()
    transfers: tuple[TransferTool, ...] = ()
    tool_words: tuple[ToolWords, ...] = ()
    waiting_messages: tuple[str, ...] = ()
    key_tools: tuple[str, ...] = ()
    keys: bool = False
    keys_end: str = "#"
    keys_most: int = 0
    keys_pause_ms: int = 3_000
    keys_interrupt: bool = True
    speculate: bool = False
    written: bool = False
    opt_out: bool = True
    opt_out_message: str = MESSAGES["en"]
    reply_timeout_ms: int = 20_000
    apology_message: str = OWN_WORDS["en"].apology
    failure_message: str = OWN_WORDS["en"].failure
    language: str = "en"
    voicemail: bool = False
    voicemail_window_ms: int = 30_000
    voicemail_check_ms: int = 7_000
    voicemail_words: int = 7
    voicemail_listen_ms: int = 0
    voicemail_message: str = ""
    fillers: bool = False
    backchannels: bool = False
    backchannel_gap_ms: int = 5_000
    backchannel_delay_ms: int = 5_000
    ambient: str = ""


def plan_for(spec: AgentSpec, variables: Mapping[str, str] | None = None) -> CallPlan:
    """The plan of a call of this agent. Messages given per language are taken in the voice's language, and so is what the platform says
    where the agent has no words (``own_words``).

    A parameter of a tool that is named as one of the call's ``variables`` is filled from it; the model is not asked for it.
    """
    known = {name for name, value in (variables or {}).items() if value}
    settings = spec.settings
    language = spec.voice.language or spec.transcriber.language or "en"
    ours = own_words(language)
    return CallPlan(
        system_prompt=_prompt(spec),
        welcome_message=spec.welcome_message,
        welcome_by_model=settings.use_llm_for_initial_message,
        welcome_delay_ms=max(int(settings.welcome_message_delay_ms), 0),
        discard_pre_welcome=settings.discard_pre_welcome_utterance,
        incremental_delay_ms=max(int(settings.incremental_delay_ms), 0),
        words_to_interrupt=max(int(settings.number_of_words_for_interruption), 0),
        backoff_ms=max(int(settings.interruption_backoff_ms), 0),
        hangup_after_silence_ms=max(_ms(settings.hangup_after_silence_s), 0),
        check_if_user_online=settings.check_if_user_online,
        user_online_message=ours.still_there
        if settings.check_user_online_message is None
        else in_language(settings.check_user_online_message, language),
        user_online_after_ms=max(_ms(settings.trigger_user_online_message_after_s), 0),
        call_terminate_ms=min(max(_ms(settings.call_terminate_s), 0), MAX_CALL_SECONDS * 1000),
        hangup_message=in_language(settings.call_hangup_message, language),
        interruptible_goodbye=settings.interruptible_hangup_message,
        hangup_by_prompt=settings.hangup_after_llm_call,
        hangup_prompt=settings.call_cancellation_prompt or "",
        end_call_tool=spec.end_call_tool,
        endpointing_ms=max(int(spec.endpointing_ms), 0),
        patience_ms=int(settings.patience_ms),
        tools=tuple(_offered(tool, known) for tool in spec.tools if _can_run(tool)),
        transfers=tuple(
            _transfer(tool, language, ours) for tool in spec.tools if is_transfer(tool) or asks_for_transfer(tool)
        ),
        tool_words=tuple(
            words for tool in spec.tools if _is_web(tool) and (words := _words(tool, language, ours)).message
        ),
        waiting_messages=_waiting_messages(settings.tool_waiting_messages, ours)
        if any(_is_web(tool) for tool in spec.tools)
        else (),
        key_tools=tuple(tool.name for tool in spec.tools if tool.key == PRESS_KEYS),
        keys=settings.dtmf_enabled,
        keys_end=settings.dtmf_finish_on_key,
        keys_most=settings.dtmf_max_digits,
        keys_pause_ms=_ms(settings.dtmf_timeout_s),
        keys_interrupt=settings.dtmf_interrupts,
        speculate=settings.speculative_replies is True,
        written=settings.written,
        opt_out=settings.opt_out_ends_call,
        opt_out_message=in_language(settings.opt_out_message, language).strip() or message_in(language),
        apology_message=ours.apology,
        failure_message=ours.failure,
        language=language,
        **({} if settings.written else _sounding(settings, language)),
    )


CALLBACK_PROMPT = (
    "If the caller asks to be called back, agree on a day and a clock time from {begin} to {end} o'clock and repeat both; "
    "they will then be called by themselves. Promise no other time."
)
"""Added to the prompt of an agent that may call back (``auto_reschedule``)."""


def _prompt(spec: AgentSpec) -> str:
    if not spec.settings.extra.get("auto_reschedule"):
        return spec.system_prompt
    begin, end = spec.calling_hours
    return f"{spec.system_prompt}\n\n{CALLBACK_PROMPT.format(begin=begin, end=end)}".strip()


def _sounding(settings: ConversationSettings, language: str) -> dict[str, Any]:
    """What only a call that is heard has: machines that answer, and sounds beside speech."""
    voicemail, sounds = settings.voicemail, settings.sounds
    return {
        "voicemail": voicemail.enabled,
        "voicemail_window_ms": _ms(voicemail.detection_duration_s),
        "voicemail_check_ms": _ms(voicemail.check_interval_s),
        "voicemail_words": voicemail.min_transcript_length,
        "voicemail_listen_ms": _ms(voicemail.detection_time_s),
        "voicemail_message": in_language(voicemail.message, language),
        "fillers": sounds.fillers,
        "backchannels": sounds.backchannels,
        "backchannel_gap_ms": sounds.backchannel_gap_s * 1000,
        "backchannel_delay_ms": sounds.backchannel_delay_s * 1000,
        "ambient": sounds.ambient,
    }


def in_language(message: str | Mapping[str, str] | None, language: str) -> str:
    """The message in ``language``, else in another form of it (``hi`` for ``hi-IN``), else in English, else the first there is."""
    if message is None or isinstance(message, str):
        return message or ""
    spoken, forms = _form(language), {_form(code): text for code, text in message.items()}
    for wanted in (base_language(language), ENGLISH):
        of_it = [code for code in forms if base_language(code) == wanted]
        if of_it:
            return forms[min(of_it, key=lambda code: (code != spoken, len(code)))]
    return next(iter(message.values()), "")


def _form(code: str) -> str:
    return code.replace("_", "-").lower()


def _can_run(tool: ToolSpec) -> bool:
    """Whether there is anything behind a tool: what has no address and is none of the platform's own is not offered."""
    built_in = tool.key in (PRESS_KEYS, END_CALL) or tool.name.startswith(END_CALL)
    return built_in or is_transfer(tool) or bool(tool.params.get("url"))


def _is_web(tool: ToolSpec) -> bool:
    built_in = tool.key in (PRESS_KEYS, END_CALL) or tool.name.startswith(END_CALL)
    return not built_in and not asks_for_transfer(tool) and bool(tool.params.get("url"))


def _offered(tool: ToolSpec, known: Collection[str]) -> Tool:
    return Tool(tool.name, tool.description, _schema(asked_of_the_model(tool.parameters, known)), tool.strict)


def _words(tool: ToolSpec, language: str, ours: OwnWords) -> ToolWords:
    """The agent's own message; else ours."""
    own = in_language(tool.pre_call_message, language)
    default = ours.tool if tool.pre_call_message is None else ""
    return ToolWords(tool.name, own or default, own_message=bool(own))


def _waiting_messages(given: tuple[str, ...] | None, ours: OwnWords) -> tuple[str, ...]:
    return ours.waiting if given is None else given


def _transfer(tool: ToolSpec, language: str, ours: OwnWords) -> TransferTool:
    own = in_language(tool.pre_call_message, language)
    return TransferTool(
        tool.name,
        target_template(tool),
        is_attended(tool),
        own or ours.transfer,
        own_message=bool(own),
        by_request=asks_for_transfer(tool),
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _schema(parameters: Mapping[str, object]) -> str:
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
