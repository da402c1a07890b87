"""The way from an agent's key to the conversation: which field of the plan it is, and with which value. The proofs of most rows of
docs/reference/agent-settings.md begin at the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.agent_of_settings import another_value, changed, plan_with
from tests.docs.setting_proofs import proofs, source_of

from callwright.conversation.opt_out import MESSAGES
from callwright.conversation.own_words import OWN_WORDS
from callwright.conversation.plan import CALLBACK_PROMPT, ToolWords, TransferTool
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_VOICEMAIL_LISTEN_SECONDS
from callwright.domain.settings.setting import Setting
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.transfers import DEFAULT_TRANSFER_MESSAGE
from callwright.ports.model import Tool


@dataclass(frozen=True)
class Case:
    """An agent that has ``beside`` gets ``key`` as well: exactly these fields of its plan change, to these values."""

    key: str
    value: Any
    changes: Mapping[str, Any]
    beside: Mapping[str, Any] = field(default_factory=dict)


def of_conversation(key: str, value: Any, beside: Mapping[str, Any] | None = None, **changes: Any) -> Case:
    return Case(
        f"task_config.{key}", value, changes, {f"task_config.{name}": one for name, one in (beside or {}).items()}
    )


PROMPT = {"agent.agent_prompts": {"task_1": {"system_prompt": "Be kind."}}}
TRACK = {"ambient_noise": True}


def ours(language: str) -> dict[str, Any]:
    """What the platform says itself, without that of tools."""
    words = OWN_WORDS[language]
    return {
        "apology_message": words.apology,
        "failure_message": words.failure,
        "user_online_message": words.still_there,
    }


CASES = (
    of_conversation("hangup_after_silence", 7, hangup_after_silence_ms=7_000),
    of_conversation("hangup_after_silence", 0, hangup_after_silence_ms=0),
    of_conversation("hangup_after_silence", -5, hangup_after_silence_ms=0),
    of_conversation("call_terminate", 61, call_terminate_ms=61_000),
    of_conversation("call_terminate", MAX_CALL_SECONDS + 1, call_terminate_ms=MAX_CALL_SECONDS * 1_000),
    of_conversation("hangup_after_LLMCall", True, hangup_by_prompt=True),
    of_conversation("call_cancellation_prompt", "Over?", hangup_prompt="Over?"),
    of_conversation("call_hangup_message", "Bye.", hangup_message="Bye."),
    of_conversation("call_hangup_message", {"de": "Tschüss.", "en": "Bye."}, hangup_message="Bye."),
    of_conversation("interruptible_hangup_message", False, interruptible_goodbye=False),
    of_conversation("incremental_delay", 710, incremental_delay_ms=710),
    of_conversation("patience", 1_700, patience_ms=1_700),
    of_conversation("number_of_words_for_interruption", 5, words_to_interrupt=5),
    of_conversation("interruption_backoff_period", 120, backoff_ms=120),
    of_conversation("check_if_user_online", False, check_if_user_online=False),
    of_conversation("check_user_online_message", "Hello?", user_online_message="Hello?"),
    of_conversation("check_user_online_message", ""),
    of_conversation("trigger_user_online_message_after", 4, user_online_after_ms=4_000),
    of_conversation("welcome_message_delay", 130, welcome_delay_ms=130),
    of_conversation("discard_pre_welcome_utterance", True, discard_pre_welcome=True),
    of_conversation("use_llm_for_initial_message", True, welcome_by_model=True),
    of_conversation("speculative_replies", True, speculate=True),
    of_conversation("tool_waiting_messages", ["Only a second."], waiting_messages=("Only a second.",)),
    of_conversation("tool_waiting_messages", [], waiting_messages=()),
    of_conversation("opt_out_ends_call", False, opt_out=False),
    of_conversation("opt_out_message", "We will not.", opt_out_message="We will not."),
    of_conversation("end_call_tool_mode", "primary", end_call_tool=True),
    of_conversation("end_call_tool_mode", "off"),
    of_conversation("auto_reschedule", True, system_prompt=CALLBACK_PROMPT.format(begin=9, end=21)),
    of_conversation("use_fillers", True, fillers=True),
    of_conversation("backchanneling", True, backchannels=True),
    of_conversation("backchanneling_message_gap", 8, backchannel_gap_ms=8_000),
    of_conversation("backchanneling_start_delay", 3, backchannel_delay_ms=3_000),
    of_conversation("voicemail", True, voicemail=True),
    of_conversation("voicemail_detection_duration", 21, voicemail_window_ms=21_000),
    of_conversation("voicemail_check_interval", 2.5, voicemail_check_ms=2_500),
    of_conversation("voicemail_min_transcript_length", 4, voicemail_words=4),
    of_conversation("voicemail_detection_time", 2.5, voicemail_listen_ms=2_500),
    of_conversation("voicemail_detection_time", 3_600, voicemail_listen_ms=MAX_VOICEMAIL_LISTEN_SECONDS * 1_000),
    of_conversation("voicemail_message", "Call us.", voicemail_message="Call us."),
    of_conversation("ambient_noise", True, ambient="office-ambience"),
    of_conversation("ambient_noise_track", "rain", TRACK, ambient="rain"),
    Case("transcriber.endpointing", 510, {"endpointing_ms": 510}),
    *(
        Case(
            "transcriber.language",
            language,
            {
                "language": spoken,
                "opt_out_message": MESSAGES[spoken],
                "waiting_messages": OWN_WORDS[spoken].waiting,
                "tool_words": (ToolWords("look_up", OWN_WORDS[spoken].tool),),
                **ours(spoken),
            },
        )
        for language, spoken in (("de", "de"), ("multi-hi", "hi"))
    ),
    Case("transcriber.language", "multi", {}),
    Case(
        "synthesizer.language",
        "en",
        {"language": "en", "opt_out_message": "No more.", "hangup_message": "Bye.", **ours("en")},
        {
            "transcriber.language": "de",
            "task_config.opt_out_message": {"de": "Nie mehr.", "en": "No more."},
            "task_config.call_hangup_message": {"de": "Tschüss.", "en": "Bye."},
            "task_config.tool_waiting_messages": [],
            "tool.pre_call_message": "One moment.",
        },
    ),
    Case("agent.agent_welcome_message", "Good day.", {"welcome_message": "Good day."}),
    Case("agent.agent_welcome_message", "", {"welcome_message": ""}),
    Case("agent.agent_prompts", PROMPT["agent.agent_prompts"], {"system_prompt": "Be kind."}),
    Case(
        "agent.calling_guardrails",
        {"call_start_hour": 8, "call_end_hour": 17},
        {"system_prompt": f"Be kind.\n\n{CALLBACK_PROMPT.format(begin=8, end=17)}"},
        {**PROMPT, "task_config.auto_reschedule": True},
    ),
    Case(
        "tool.description",
        "Finds it.",
        {"tools": (Tool("look_up", "Finds it.", '{"properties":{},"type":"object"}'),)},
    ),
    *(
        Case(key, True, {"tools": (Tool("look_up", "Looks it up.", '{"properties":{},"type":"object"}', strict=True),)})
        for key in ("tool.strict", "tool_params.strict")
    ),
    *(
        Case(key, "One moment.", {"tool_words": (ToolWords("look_up", "One moment.", own_message=True),)})
        for key in ("tool.pre_call_message", "tool_params.pre_call_message")
    ),
    Case("tool.pre_call_message", "", {"tool_words": ()}),
    Case("tool.pre_call_message", {"en": ""}, {"tool_words": ()}),
    Case(
        "tool.transfer_mode",
        "attended",
        {"transfers": (TransferTool("look_up", "+15550123", attended=True, message=DEFAULT_TRANSFER_MESSAGE),)},
        {
            "tool.key": "transfer_call",
            "tool_params.url": None,
            "tool_params.param": {"call_transfer_number": "+15550123"},
        },
    ),
)


@pytest.mark.proves("task_config.call_terminate", "task_config.end_call_tool_mode", "tool.pre_call_message")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}={case.value}"[:60])
def test_a_setting_is_this_field_of_the_plan_with_this_value_and_nothing_else(case: Case) -> None:
    assert changed(plan_with(case.beside), plan_with({**case.beside, case.key: case.value})) == case.changes


@pytest.mark.parametrize("key", ["press_keys", "end_call"])
def test_a_tool_that_presses_keys_or_hangs_up_has_no_words_of_its_own(key: str) -> None:
    plan = plan_with({"tool.key": key, "tool.pre_call_message": "One moment."})
    assert (plan.tool_words, plan.waiting_messages) == ((), ())


def test_the_language_of_the_voice_goes_before_that_of_the_ears() -> None:
    assert plan_with({"transcriber.language": "es"}).language == "es"
    assert plan_with({"transcriber.language": "es", "synthesizer.language": "en"}).language == "en"


@pytest.mark.proves("tool.key")
@pytest.mark.parametrize("key", ["check_availability_of_slots", "book_appointment", "switch_language"])
def test_a_tool_of_the_hosted_services_own_is_offered_only_where_it_has_an_address(key: str) -> None:
    assert [tool.name for tool in plan_with({"tool.key": key}).tools] == ["look_up"]
    assert plan_with({"tool.key": key, "tool_params.url": None}).tools == ()


#: Acted on outside of the conversation's plan; tests/docs/test_agent_settings.py holds their proofs to name the key.
OUTSIDE = {
    "task_config.inbound_limit",
    "task_config.whitelist_phone_numbers",
    "task_config.disallow_unknown_numbers",
    "task_config.web_call_origins",
}


OF_CONVERSATION = [row for row in SETTINGS if row.section == "task_config" and not row.kept and row.key not in OUTSIDE]

#: A key and the field of the plan it is (the first one, where it is several).
FIELDS = {case.key: next(iter(case.changes)) for case in CASES if case.changes}
FIELDS |= {
    row.key: next(iter(changed(plan_with({}), plan_with({row.key: another_value(row)}))))
    for row in OF_CONVERSATION
    if row.key not in FIELDS
}


@pytest.mark.parametrize("row", OF_CONVERSATION, ids=lambda row: row.key)
def test_every_setting_of_the_conversation_has_a_case_or_a_proof_that_begins_at_its_key(row: Setting) -> None:
    """A proof that begins at the plan proves nothing about the way to it."""
    of_the_key = [proof for proof in proofs()[row.key] if re.search(rf"\b{row.name}\b", source_of(proof))]
    assert of_the_key or row.key in {case.key for case in CASES}
