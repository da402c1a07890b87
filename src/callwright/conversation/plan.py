"""The plan of a call: everything the core needs to know of the agent, resolved once, before the call."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.ports.model import Tool

CORE_VERSION = 1
"""Version of the core's behaviour. Replay is exact for the same log format and core version."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Settings of one conversation. Names and defaults follow contract 4.7 ("docs" column); times in milliseconds.

    ``hangup_after_silence_ms`` 0 disables. ``words_to_interrupt``: the agent is interrupted by *more* words than this; 0 means
    partial transcripts never interrupt (a final transcript still becomes the next turn). ``patience_ms`` is how long a caller who
    paused but, by the turn model, has not finished may stay silent before the turn is taken anyway. ``turn_model`` false: the
    recogniser's end or ``patience_ms`` alone decide.
    """

    system_prompt: str = ""
    welcome_message: str = ""
    welcome_delay_ms: int = 0
    discard_pre_welcome: bool = False
    incremental_delay_ms: int = 400
    words_to_interrupt: int = 2
    hangup_after_silence_ms: int = 10_000
    check_if_user_online: bool = True
    user_online_message: str = "Hey, are you still there?"
    user_online_after_ms: int = 10_000
    call_terminate_ms: int = 90_000
    hangup_message: str = ""
    hangup_by_prompt: bool = False
    hangup_prompt: str = ""
    end_call_tool: bool = False
    turn_model: bool = True
    turn_threshold_ppm: int = 500_000
    endpointing_ms: int = 250
    patience_ms: int = 1_200
    tools: tuple[Tool, ...] = ()
    reply_timeout_ms: int = 20_000
    apology_message: str = "Sorry, I did not get that. Could you say it again?"
    failure_message: str = "Sorry, I am having technical trouble. Goodbye."
    language: str = "en"
