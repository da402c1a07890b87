"""Replaying logs, and the plan of a call."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from proof.conversations import converse

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import LogFormatError, entry_line, values_of
from callwright.conversation.own_words import OWN_WORDS
from callwright.conversation.plan import CORE_VERSION, CallPlan, in_language, plan_for
from callwright.conversation.replay import replay
from callwright.domain.errors import BrokenInvariantError
from callwright.platform.agent_settings.rules.conversation import ConversationSettings
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice, ToolSpec

LOG = converse(4).log()


def changed(log: str, number: int, **values: object) -> str:
    lines = log.splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | values)
    return "\n".join(lines) + "\n"


def line_of(name: str, nth: int = 0) -> int:
    found = [i for i, line in enumerate(LOG.splitlines()) if f'"type":"{name}"' in line]
    return found[nth]


def test_a_log_replays_exactly() -> None:
    result = replay(LOG)
    assert result.exact
    assert result.same_core
    assert result.events > 20
    assert result.effects > 20


def test_the_first_changed_effect_is_reported() -> None:
    number = line_of("Speak")
    result = replay(
        changed(LOG, number, v={"generation": 1, "index": 0, "purpose": "welcome", "text": "Other", "turn": 0})
    )
    assert result.difference is not None
    assert result.difference.seq == number
    assert "Other" in str(result.difference)
    assert not result.exact


def test_a_difference_names_the_event_it_follows() -> None:
    number = line_of("StartRecording")
    difference = replay(changed(LOG, number, type="StopRecording")).difference
    assert difference is not None
    assert (difference.event, difference.event_seq) == ("Answered {}", line_of("Answered"))


def test_an_effect_before_any_event_follows_none() -> None:
    lines = LOG.splitlines()
    lines.insert(1, lines[line_of("StartRecording")])
    difference = replay("\n".join(lines) + "\n").difference
    assert difference is not None
    assert (difference.logged, difference.event) == ("StartRecording {}", "")


def test_a_rule_that_breaks_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_conversation: Conversation, _event: object) -> None:
        raise BrokenInvariantError("silence has a limit")

    monkeypatch.setattr(Conversation, "step", breaks)
    difference = replay(LOG).difference
    assert difference is not None
    assert difference.now == "a broken invariant: silence has a limit"


def test_a_defect_of_the_core_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_conversation: Conversation, _event: object) -> None:
        raise OverflowError("int too large to convert to float")

    monkeypatch.setattr(Conversation, "step", breaks)
    difference = replay(LOG).difference
    assert difference is not None
    assert difference.now == "a defect: OverflowError: int too large to convert to float"
    assert difference.event.startswith("Started")


def test_a_missing_effect_is_reported() -> None:
    lines = LOG.splitlines()
    del lines[line_of("Speak")]
    difference = replay("\n".join(lines) + "\n").difference
    assert difference is not None
    assert difference.now.startswith("Speak")


def test_an_effect_too_many_is_reported() -> None:
    lines = LOG.splitlines()
    position = line_of("StartRecording")
    lines.insert(position, lines[position])
    difference = replay("\n".join(lines) + "\n").difference
    assert difference is not None
    assert difference.logged.startswith("StartRecording")


def test_an_effect_missing_before_the_next_event_is_reported() -> None:
    lines = LOG.splitlines()
    begin = line_of("StartRecording")
    del lines[begin : next(at for at in range(begin, len(lines)) if '"in"' in lines[at])]
    difference = replay("\n".join(lines) + "\n").difference
    assert difference is not None
    assert "the log has nothing" in str(difference)


def test_the_facts_of_the_shell_are_passed_over() -> None:
    lines = LOG.splitlines()
    fact = json.dumps({"seq": 1, "at": 1, "sec": "leg", "dir": "fact", "type": "dialled", "v": {}})
    lines.insert(2, fact)
    assert replay("\n".join(lines) + "\n").exact


def test_a_log_cut_short_in_mid_step_is_no_difference() -> None:
    lines = LOG.splitlines()[: line_of("Speak") + 1]
    assert replay("\n".join(lines) + '\n{"seq": 9').exact


def more_at(monkeypatch: pytest.MonkeyPatch, is_meant: Callable[[ev.Event], bool]) -> None:
    """Today's core also hangs up at some inputs."""
    step = Conversation.step

    def steps(conversation: Conversation, event: ev.Event) -> tuple[fx.Effect, ...]:
        more = (fx.HangUp("Agent", "more"),) if is_meant(event) else ()
        return (*step(conversation, event), *more)

    monkeypatch.setattr(Conversation, "step", steps)


@pytest.mark.parametrize("at", ["the last input", "the end of the leg"])
def test_an_effect_more_at_the_end_of_the_call_is_reported(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = converse(4).inputs()
    last = inputs[-1] if at == "the last input" else next(e for e in inputs if isinstance(e, ev.LegEnded))
    more_at(monkeypatch, lambda event: event == last)
    difference = replay(LOG).difference
    assert difference is not None
    assert (difference.logged, difference.now) == ("", 'HangUp {"by":"Agent","reason":"more"}')
    assert difference.event.startswith(type(last).__name__)


@pytest.mark.parametrize(("last", "torn"), [("Answered", ""), ("LegEnded", '{"seq": 9')])
def test_an_effect_more_where_a_log_breaks_off_is_no_difference(
    last: str, torn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_at(monkeypatch, lambda event: type(event).__name__ == last)
    lines = LOG.splitlines()[: line_of(last) + 1]
    assert replay("\n".join(lines) + "\n" + torn).exact


def test_a_call_that_is_over_without_a_word_of_its_leg_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    note = fx.Note("leg_unconfirmed", "")
    monkeypatch.setattr(Conversation, "step", lambda *_: (note, fx.HangUp("Agent", "more")))
    lines = LOG.splitlines(keepends=True)[: line_of("Started") + 1]
    logged = entry_line(2, 0, "core", "out", "Note", values_of(note))
    assert replay("".join(lines)).exact
    assert not replay("".join([*lines, logged])).exact


def test_another_core_version_is_said() -> None:
    assert not replay(changed(LOG, 0, core=CORE_VERSION + 1)).same_core


def test_an_unknown_event_is_no_log_of_ours() -> None:
    with pytest.raises(LogFormatError, match="unknown event type 'Magic'"):
        replay(changed(LOG, 1, type="Magic"))


@pytest.mark.parametrize("values", [{"type": ["Started"]}, {"type": "Started", "v": {"plan": "none"}}])
def test_fields_of_another_kind_are_no_log_of_ours(values: dict[str, object]) -> None:
    with pytest.raises(LogFormatError, match="entry 1: "):
        replay(changed(LOG, 1, **values))


def spec(**settings: object) -> AgentSpec:
    return AgentSpec(
        name="a",
        welcome_message="Hi {name}",
        system_prompt="p",
        transcriber=ProviderChoice("x", language="en"),
        model=ProviderChoice("x"),
        voice=ProviderChoice("x", language="de-AT"),
        settings=ConversationSettings(**settings),  # type: ignore[arg-type]
        end_call_tool=True,
        tools=(
            ToolSpec(
                "book", "Book", "custom_task", {"type": "object", "properties": {}}, {"url": "https://api.example"}
            ),
        ),
        endpointing_ms=300,
    )


def test_the_plan_of_an_agent_has_its_settings_in_milliseconds() -> None:
    plan = plan_for(spec(hangup_after_silence_s=7.5, call_terminate_s=120, hangup_after_llm_call=True))
    assert (plan.hangup_after_silence_ms, plan.call_terminate_ms, plan.endpointing_ms) == (7_500, 120_000, 300)
    assert plan.hangup_by_prompt
    assert plan.end_call_tool
    assert plan.tools[0].parameters == '{"properties":{},"type":"object"}'
    assert plan.language == "de-AT"


def test_values_below_zero_count_as_zero_and_the_platforms_maximum_holds() -> None:
    plan = plan_for(spec(hangup_after_silence_s=-1, call_terminate_s=99_999, incremental_delay_ms=-5))
    assert (plan.hangup_after_silence_ms, plan.call_terminate_ms, plan.incremental_delay_ms) == (0, 2_400_000, 0)


def test_a_transfer_tool_is_a_transfer_of_the_plan_with_its_own_words_or_ours() -> None:
    to_desk = {"param": {"call_transfer_number": "+15550123"}, "transfer_mode": "attended"}
    desk = ToolSpec("transfer_call_desk", "To the desk", "transfer_call", {"type": "object"}, to_desk)
    plan = plan_for(replace(spec(), tools=(desk, replace(desk, pre_call_message={"de": "Moment bitte."}))))
    ours, own = plan.transfers
    assert (ours.name, ours.target, ours.attended) == ("transfer_call_desk", "+15550123", True)
    assert (ours.message, ours.own_message) == (OWN_WORDS["de"].transfer, False)
    assert (own.message, own.own_message) == ("Moment bitte.", True)
    assert plan_for(spec()).transfers == ()


def test_the_defaults_of_the_contract_give_the_default_plan() -> None:
    plan = plan_for(AgentSpec("a", "", "", *(ProviderChoice("x"),) * 3, ConversationSettings()))
    assert plan == CallPlan()


def test_an_agent_that_may_call_back_is_told_within_which_hours() -> None:
    asked = replace(spec(extra={"auto_reschedule": True}), system_prompt="Be kind.", calling_hours=(8, 17))
    prompt = plan_for(asked).system_prompt
    assert prompt.startswith("Be kind.\n\nIf the caller asks to be called back")
    assert "from 8 to 17 o'clock" in prompt
    assert plan_for(replace(asked, system_prompt="")).system_prompt.startswith("If the caller")


def test_our_own_words_to_an_opt_out_are_in_the_language_of_the_call() -> None:
    german = replace(spec(), voice=ProviderChoice("x", language="de"))
    assert plan_for(german).opt_out_message.startswith("Verstanden.")
    own = replace(german, settings=ConversationSettings(opt_out_message={"de": "Gut."}, opt_out_ends_call=False))
    assert (plan_for(own).opt_out_message, plan_for(own).opt_out) == ("Gut.", False)
    blank = replace(german, settings=ConversationSettings(opt_out_message="  "))
    assert plan_for(blank).opt_out_message == plan_for(german).opt_out_message


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Bye", "Bye"),
        (None, ""),
        ({"de-AT": "Baba", "de": "Tschüss"}, "Baba"),
        ({"de": "Tschüss", "en": "Bye"}, "Tschüss"),
        ({"DE_at": "Baba", "de": "Tschüss"}, "Baba"),
        ({"en": "Bye", "de-DE": "Tschüss"}, "Tschüss"),
        ({"en": "Bye", "de-DE": "Tschüss", "DE": "Servus"}, "Servus"),
        ({"fr": "Salut", "en": "Bye"}, "Bye"),
        ({"fr": "Salut", "en-GB": "Cheerio"}, "Cheerio"),
        ({"fr": "Salut"}, "Salut"),
        ({}, ""),
    ],
)
def test_messages_are_taken_in_the_language_of_the_voice(message: dict[str, str] | str | None, text: str) -> None:
    assert in_language(message, "de-AT") == text
    assert in_language(message, "DE_AT") == text
