"""Sounds beside speech: fillers, a listener's sounds, ambient noise."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import ASSET_MOST_MS, FILLER_AFTER_MS, FILLER_AGAIN_MS, FILLERS_MOST
from callwright.conversation.interjections import ANY_FILLER, back_channels_in, fillers_in
from callwright.ports.model import Tool


def waiting(**plan: Any) -> Call:
    """A caller who has finished and waits for the model."""
    call = Call(**{"fillers": True, "check_if_user_online": False, **plan})
    call.caller_says("how much is it")
    return call


def listened_to() -> tuple[Call, str]:
    """A caller who has not finished, and the sound that a listener makes meanwhile."""
    call = Call(backchannels=True, backchannel_delay_ms=0, check_if_user_online=False)
    call.begins()
    call.wait(2_000)
    call.pauses()
    call.finishes("my table is the one by the window")
    call.judges(100_000)
    return call, sounds(call, "backchannel")[0]


def sounds(call: Call, lane: str = "filler") -> list[str]:
    return [effect.asset for effect in call.all(fx.PlayAsset) if effect.lane == lane]


def sound_ends(call: Call) -> None:
    asset = call.last(fx.PlayAsset)
    call.give(ev.AssetPlayed, asset.asset, asset.lane, 400, True)


def pauses_and_goes_on(call: Call, speech_ms: int) -> None:
    """The caller speaks, draws breath with more to say, and speaks on."""
    call.begins()
    call.wait(speech_ms)
    call.hears(f"words until {call.now_ms}")
    call.pauses()
    call.wait(100)
    call.judges(100_000)


@pytest.mark.proves("task_config.use_fillers")
def test_a_reply_that_takes_long_is_preceded_by_a_filler() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS - 100)
    assert not sounds(call)
    call.wait(100)
    assert sounds(call)[0] in fillers_in("en")
    sound_ends(call)
    call.agent_replies("Ten euros.")
    assert call.said() == ["caller: how much is it", "agent: Ten euros."]


@pytest.mark.proves("task_config.use_fillers")
def test_nothing_fills_the_time_a_tool_takes() -> None:
    call = waiting(tools=(Tool("look_up", "Finds it.", "{}"),), tool_words=())
    call.model_calls("look_up")
    call.model_ends()
    call.wait(20_000)
    assert not sounds(call)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "{}")
    call.wait(FILLER_AFTER_MS)
    assert sounds(call), "the reply that follows is waited for as any"


def test_a_reply_in_time_needs_none_and_an_agent_without_the_setting_says_none() -> None:
    quick, plain = waiting(), waiting(fillers=False)
    quick.agent_replies("Ten euros.")
    quick.wait(5_000)
    plain.wait(5_000)
    assert not sounds(quick)
    assert not sounds(plain)


def test_a_reply_that_becomes_ready_meanwhile_does_not_wait_for_the_core() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    call.model_says("Ten euros.")
    call.voice_speaks()
    assert call.all(fx.Release), "the shell plays it right behind the filler"


def test_fillers_are_few_never_the_same_twice_in_a_row_and_the_same_in_every_replay() -> None:
    calls = [waiting(reply_timeout_ms=60_000) for _ in range(2)]
    for call in calls:
        for _ in range(6):
            call.wait(FILLER_AGAIN_MS)
            if sounds(call):
                sound_ends(call)
    said = sounds(calls[0])
    assert len(said) == FILLERS_MOST
    assert all(a != b for a, b in itertools.pairwise(said))
    assert said == sounds(calls[1])


def test_a_caller_who_goes_on_silences_the_filler() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    call.begins()
    call.wait(600)
    assert call.all(fx.StopAsset) == [fx.StopAsset("filler")]


def test_a_filler_is_said_to_its_end_when_the_model_answers_with_a_tool_alone() -> None:
    call = waiting(tools=(Tool("lookup", "", "{}"),))
    call.wait(FILLER_AFTER_MS)
    call.model_calls("lookup")
    call.model_ends()
    assert call.all(fx.CallTool)
    call.wait(500)
    assert not call.all(fx.StopAsset)


def test_a_caller_who_interrupts_while_a_tool_runs_silences_the_filler_and_its_echo_does_not() -> None:
    for words in ("wait no not that one", ""):
        call = waiting(tools=(Tool("lookup", "", "{}"),))
        call.wait(FILLER_AFTER_MS)
        filler = sounds(call)[0]
        call.model_calls("lookup")
        call.model_ends()
        call.wait(150)
        call.begins()
        call.wait(1_300)
        call.finishes(words or filler)
        assert bool(call.all(fx.StopAsset)) == bool(words)


def test_a_filler_that_is_over_is_not_silenced() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    sound_ends(call)
    call.begins()
    call.wait(600)
    assert not call.all(fx.StopAsset)


def test_a_filler_is_over_when_the_reply_behind_it_was_heard_also_where_nobody_told_its_end() -> None:
    needs_a_day = Tool("book", "Book", '{"properties":{"day":{"type":"string"}},"required":["day"],"type":"object"}')
    call = waiting(tools=(needs_a_day,))
    call.wait(FILLER_AFTER_MS)
    assert sounds(call)
    call.model_says("It is five.", ended=False)
    call.model_calls("book")
    call.model_ends()
    call.starts_playing()
    call.model_fails("bad_request")
    assert call.last(fx.Withdrawn).reason == "model_failed"
    call.begins()
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.last(fx.AgentSaid).text == "It is five."
    assert not call.all(fx.StopAsset)


def test_a_caller_who_has_just_begun_to_speak_hears_no_filler() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS - 300)
    call.begins()
    call.wait(400)
    assert not sounds(call)


def test_after_a_tool_the_wait_counts_from_the_question() -> None:
    call = waiting(incremental_delay_ms=0, tools=(Tool("lookup", "", "{}"),), waiting_messages=())
    call.model_calls("lookup")
    call.model_ends()
    call.wait(5_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "{}")
    call.wait(FILLER_AFTER_MS - 100)
    assert not sounds(call)
    call.wait(200)
    assert len(sounds(call)) == 1


def filler_comes_back(call: Call, text: str, after_ms: int = 150) -> None:
    """The caller's line gives ``text`` back, beginning so long after the filler did."""
    call.wait(after_ms)
    call.begins()
    call.wait(400)
    call.segment += 1
    call.hears(text)
    call.segment -= 1
    sound_ends(call)
    call.wait(300)
    call.pauses()
    call.finishes(text)
    call.judges()


def test_the_echo_of_a_filler_is_no_turn_nor_part_of_one() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    filler = sounds(call)[0]
    filler_comes_back(call, filler)
    assert fx.Note("echo", filler) in call.effects
    assert call.told() == ["user: how much is it"]
    call.agent_replies("Ten euros.")
    assert call.said() == ["caller: how much is it", "agent: Ten euros."]


def test_a_reply_outlives_the_echo_of_a_short_filler() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    filler = sounds(call)[0]
    call.wait(150)
    call.begins()
    call.wait(400)
    sound_ends(call)
    call.pauses()
    call.finishes(filler)
    call.judges()
    assert not call.all(fx.Withdrawn)
    call.agent_replies("Ten euros.")
    assert call.said() == ["caller: how much is it", "agent: Ten euros."]


def test_the_echo_of_a_listeners_sound_is_no_part_of_the_turn() -> None:
    call, heard = listened_to()
    filler_comes_back(call, heard)
    assert fx.Note("echo", heard) in call.effects
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("at seven")
    call.judges()
    assert call.told() == ["user: my table is the one by the window at seven"]


def test_a_yes_to_the_agents_question_is_not_taken_for_the_listeners_yes() -> None:
    """The caller, asked yes or no, hesitates; the listener says "sí", and so does the caller, in the same moment."""

    def hesitates(question: str) -> Call:
        quiet: dict[str, Any] = {"backchannel_delay_ms": 0, "backchannel_gap_ms": 0, "check_if_user_online": False}
        call = Call(backchannels=True, language="es", **quiet)
        call.caller_says("una mesa para dos")
        call.agent_replies(question)
        call.wait(1_500)
        for word in ("pues", "a ver"):
            call.begins()
            call.wait(1_000)
            call.pauses()
            call.finishes(word)
            call.judges(100_000)
            if word == "pues":
                call.wait(400)
                sound_ends(call)
        assert sounds(call, "backchannel")[-1] == "Sí."
        filler_comes_back(call, "sí")
        return call

    asked, told = hesitates("¿Quiere que reserve la mesa?"), hesitates("Tenemos una mesa.")
    assert "echo" not in asked.notes()
    asked.wait(2_000)
    assert asked.told()[-1] == "user: pues a ver sí"
    assert fx.Note("echo", "sí") in told.effects


def test_a_listeners_word_that_the_caller_says_later_is_the_callers() -> None:
    call, heard = listened_to()
    call.wait(400)
    sound_ends(call)
    call.wait(501)
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes(heard)
    assert "echo" not in call.notes()


def test_a_sound_that_was_never_there_has_no_echo() -> None:
    call = waiting()
    call.wait(FILLER_AFTER_MS)
    asset = call.last(fx.PlayAsset)
    call.give(ev.AssetPlayed, asset.asset, asset.lane, 0, False)
    call.wait(150)
    call.begins()
    call.wait(400)
    call.pauses()
    call.finishes(asset.asset)
    assert "echo" not in call.notes()
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.proves(
    "task_config.backchanneling", "task_config.backchanneling_message_gap", "task_config.backchanneling_start_delay"
)
def test_a_listener_makes_a_sound_when_the_caller_has_spoken_long_and_pauses() -> None:
    call = Call(backchannels=True, backchannel_delay_ms=3_000, backchannel_gap_ms=2_500, check_if_user_online=False)
    pauses_and_goes_on(call, 2_000)
    assert not sounds(call, "backchannel"), "not yet"
    pauses_and_goes_on(call, 2_000)
    assert sounds(call, "backchannel")[0] in back_channels_in("en")
    sound_ends(call)
    pauses_and_goes_on(call, 2_000)
    assert len(sounds(call, "backchannel")) == 1, "not again so soon"
    pauses_and_goes_on(call, 1_000)
    assert len(sounds(call, "backchannel")) == 2
    assert not call.said(), "the caller still has the turn"
    assert not call.all(fx.Clear)


def test_a_caller_who_has_finished_is_answered_and_not_only_listened_to() -> None:
    call = Call(backchannels=True, backchannel_delay_ms=0, check_if_user_online=False)
    call.caller_says("that was a long story of mine")
    assert not sounds(call, "backchannel")


def test_a_sound_whose_end_is_never_told_blocks_the_next_for_a_limited_time() -> None:
    call = Call(backchannels=True, backchannel_delay_ms=0, backchannel_gap_ms=0, check_if_user_online=False)
    pauses_and_goes_on(call, 500)
    pauses_and_goes_on(call, 500)
    assert len(sounds(call, "backchannel")) == 1
    pauses_and_goes_on(call, ASSET_MOST_MS)
    assert len(sounds(call, "backchannel")) == 2


def test_ambient_noise_begins_with_the_answer() -> None:
    call = Call(ambient="office-ambience")
    assert call.all(fx.PlayAsset) == [fx.PlayAsset("office-ambience", "ambient")]


def test_languages_without_words_of_their_own_have_sounds() -> None:
    assert fillers_in("xx") == ANY_FILLER
    assert fillers_in("de-AT") == fillers_in("de") != ANY_FILLER
    assert len(back_channels_in("xx")) >= 2
