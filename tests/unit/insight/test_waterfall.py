"""Where the time of an answer went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.waterfall import PARTS, latency_data, waterfall


def test_an_answer_is_split_at_its_boundaries():
    first, second = waterfall(two_turns().view)
    assert (first.turn, first.began_us, first.total_us) == (1, 4_980_000, 780_000)
    assert first.parts_us == {
        "end_of_turn": 220_000,
        "ask": 0,
        "model_failed": 0,
        "voice_failed": 0,
        "tool": 0,
        "first_token": 300_000,
        "first_clause": 50_000,
        "first_audio": 150_000,
        "hold": 50_000,
        "send": 10_000,
    }
    assert (second.turn, second.total_us) == (2, 910_000)


@given(
    st.lists(st.integers(0, 20_000), min_size=8, max_size=8),
    st.sets(st.sampled_from(("text", "clause", "audio", "release", "close"))),
)
def test_the_parts_sum_to_the_whole_whatever_the_boundaries_are(moments: list[int], missing: set[str]):
    voiced, closed, asked, text, clause, audio, release, played = moments
    log = CallLog().answered().at(voiced).voice_stopped(voiced)
    if "close" not in missing:
        log.at(closed).turn_taken()
    log.at(asked).asked(1, 1)
    if "text" not in missing:
        log.at(text).model_wrote(1, "Yes.")
    if "clause" not in missing:
        log.at(clause).speaks(1, 1, "Yes.")
    if "audio" not in missing:
        log.at(audio).audio_ready(1)
    if "release" not in missing:
        log.at(release).released(1, 1)
    (latency,) = waterfall(log.at(played).audible(1).view)
    assert tuple(latency.parts_us) == PARTS
    assert all(part >= 0 for part in latency.parts_us.values())
    assert latency.total_us == sum(latency.parts_us.values()) == played * 1000 - latency.began_us


@given(
    st.lists(st.integers(0, 20_000), min_size=9, max_size=9),
    st.sets(st.sampled_from(("verdict", "final", "call", "result", "announced"))),
)
def test_the_parts_sum_to_the_whole_whatever_a_tool_does(moments: list[int], given_: set[str]):
    called, voiced, verdict, final, result, asked, tool, spoken, played = moments
    log = CallLog().answered().at(called)
    if "call" in given_:
        log.write(fx.CallTool(90, 1, "c0", "book", "{}"))
    log.at(voiced).voice_stopped(voiced)
    if "verdict" in given_:
        log.at(verdict).event(ev.TurnVerdict, 50, 900_000)
    if "final" in given_:
        log.at(final).event(ev.TranscriptFinal, final, 1, "Well.")
    if "result" in given_:
        log.at(result).event(ev.ToolResult, 90, True, "{}")
    log.at(asked).turn_taken().asked(2, 2).at(tool).event(ev.ReplyTool, 2, 1, "c1", "book", "{}")
    generation = 3 if "announced" in given_ else 2
    log.at(spoken).speaks(2, generation, "A moment.", "tool").released(2, generation)
    (latency,) = waterfall(log.at(played).audible(generation).view)
    assert tuple(latency.parts_us) == PARTS
    assert all(us >= 0 for _, us in latency.steps_us)
    assert latency.total_us == sum(latency.parts_us.values()) == played * 1000 - latency.began_us


def calls_a_tool(log: CallLog, turn: int = 1, generation: int = 1, name: str = "book") -> CallLog:
    """The model calls a tool in its reply, which ends with that."""
    log.event(ev.ReplyTool, generation, log.request, "c1", name, "{}").model_ended(generation)
    return log.write(fx.CallTool(90, turn, "c1", name, "{}"))


def caller_asks() -> CallLog:
    """Silent from 1 s on, taken at 1.2 s; the model calls a tool at 1.5 s."""
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_200).turn_taken().asked(1, 1)
    return calls_a_tool(log.at(1_500))


def announced(log: CallLog, generation: int, purpose: str = "tool", turn: int = 1) -> CallLog:
    """Words of the platform about a tool or a transfer, heard 0.15 s after they are given to the voice."""
    began = log.now_ms
    log.speaks(turn, generation, "A moment, please.", purpose).released(turn, generation)
    return log.at(began + 100).audio_ready(generation).at(began + 150).audible(generation)


def test_the_wait_for_the_default_message_of_a_tool_is_the_tools():
    (latency,) = waterfall(announced(caller_asks().at(2_700), 2).view)
    parts = latency.parts_us
    assert (parts["end_of_turn"], parts["first_token"], parts["first_clause"]) == (200_000, 300_000, 0)
    assert (parts["tool"], parts["first_audio"], latency.total_us) == (1_200_000, 100_000, 1_850_000)


def test_the_wait_for_the_first_waiting_message_that_is_heard_is_the_tools():
    log = caller_asks().at(3_000).speaks(1, 2, "Never made.", "tool")
    (latency,) = waterfall(announced(log.at(6_500), 3).view)
    assert (latency.generation, latency.parts_us["tool"], latency.parts_us["first_clause"]) == (3, 5_000_000, 0)


def test_what_a_model_wrote_before_it_called_the_tool_is_the_models():
    log = CallLog().answered().at(1_000).voice_stopped(1_000).turn_taken().asked(1, 1).at(1_200).model_wrote(1, " ")
    log = announced(calls_a_tool(log.at(1_500)).at(2_700), 2)
    (latency,) = waterfall(log.view)
    parts = latency.parts_us
    assert (parts["first_token"], parts["first_clause"], parts["tool"]) == (200_000, 300_000, 1_200_000)


def test_what_held_a_tool_or_the_announcement_of_a_transfer_back_is_not_the_tools():
    log = CallLog().answered().at(1_000).voice_stopped(1_000).turn_taken().asked(1, 1).at(1_200)
    log.event(ev.ReplyTool, 1, 1, "c1", "transfer_call_desk", "{}").at(1_300).model_ended(1)
    (latency,) = waterfall(announced(log.at(1_800), 2, "transfer").view)
    parts = latency.parts_us
    assert (parts["first_token"], parts["first_clause"], parts["hold"], parts["tool"]) == (200_000, 100_000, 500_000, 0)
    log = CallLog().answered().at(1_000).voice_stopped(1_000).turn_taken().asked(1, 1).at(1_200)
    log.event(ev.ReplyTool, 1, 1, "c1", "book", "{}").at(1_300).model_ended(1)
    log.at(1_800).write(fx.CallTool(90, 1, "c1", "book", "{}"))
    (latency,) = waterfall(announced(log.at(3_000), 2).view)
    parts = latency.parts_us
    assert (parts["first_clause"], parts["hold"], parts["tool"]) == (100_000, 500_000, 1_200_000)


def test_a_tool_before_a_transfer_is_the_tools_and_the_model_between_them_the_models():
    log = caller_asks().at(2_500).event(ev.ToolResult, 90, True, "{}").asked(1, 2)
    log.at(3_500).event(ev.ReplyTool, 2, log.request, "c2", "transfer_call_desk", "{}").model_ended(2)
    (latency,) = waterfall(announced(log, 3, "transfer").view)
    parts = latency.parts_us
    assert (parts["tool"], parts["first_token"], parts["first_clause"]) == (1_300_000, 1_000_000, 0)
    assert latency.total_us == 2_650_000


def test_a_transfer_beside_a_tool_is_announced_when_the_tool_has_answered():
    log = caller_asks().at(4_500).event(ev.ToolResult, 90, True, "{}")
    (latency,) = waterfall(announced(log, 2, "transfer").view)
    assert (latency.parts_us["tool"], latency.parts_us["first_token"]) == (3_000_000, 300_000)


def test_an_announcement_after_the_model_was_asked_again_is_not_what_the_first_question_led_to():
    log = caller_asks().at(1_600).event(ev.ToolResult, 90, True, "{}").asked(1, 2)
    log.at(2_000).model_wrote(2, "Nine.").speaks(1, 2, "Nine.").audio_ready(2).released(1, 2).audible(2)
    (latency,) = waterfall(announced(log.at(9_000), 3).view)
    assert (latency.generation, latency.total_us) == (2, 1_000_000)


@pytest.mark.parametrize("purpose", ["tool", "transfer"])
def test_an_announcement_is_not_of_a_question_that_was_taken_back_before(purpose: str):
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_300).turn_taken().asked(1, 1)
    log.at(1_900).gives_up(1, 1, "caller_continued").at(5_100).voice_stopped(5_000).at(5_300).turn_taken().asked(1, 2)
    (latency,) = waterfall(announced(calls_a_tool(log.at(5_500), generation=2), 3, purpose).view)
    assert (latency.generation, latency.began_us) == (3, 5_000_000)


def says_meanwhile() -> CallLog:
    """A tool runs from 1.5 s on and is announced at once; the caller speaks until 3 s."""
    return announced(caller_asks(), 2).at(3_100).voice_stopped(3_000)


def answered_together(log: CallLog) -> CallLog:
    """The result comes at 7 s, and what was said meanwhile is answered with it."""
    log.at(7_000).event(ev.ToolResult, 90, True, "{}").turn_taken().asked(2, 3)
    log.at(7_300).model_wrote(3, "Nine.").speaks(2, 3, "Nine.").at(7_400).audio_ready(3).released(2, 3)
    return log.audible(3)


def test_words_spoken_while_a_tool_runs_wait_for_the_tool():
    log = says_meanwhile().at(3_200).event(ev.TurnVerdict, 50, 900_000).at(3_300)
    log.event(ev.TranscriptFinal, 3_000, 2, "And is parking free?")
    _, latency = waterfall(answered_together(log).view)
    parts = latency.parts_us
    assert (parts["end_of_turn"], parts["tool"], parts["first_token"]) == (300_000, 3_700_000, 300_000)
    assert latency.total_us == 4_400_000


def test_where_nothing_ended_the_pause_but_silence_the_plans_patience_is_the_pauses():
    log = says_meanwhile().at(3_200).event(ev.TurnVerdict, 50, 100_000)
    _, latency = waterfall(answered_together(log).view)
    assert (latency.parts_us["end_of_turn"], latency.parts_us["tool"]) == (1_000_000, 3_000_000)


def test_a_result_within_the_pause_keeps_nobody_waiting():
    log = says_meanwhile().at(3_200).event(ev.ToolResult, 90, True, "{}").at(3_600).event(ev.TurnVerdict, 50, 900_000)
    log.turn_taken().asked(2, 3).at(3_900).audible(3)
    _, latency = waterfall(log.view)
    assert (latency.parts_us["end_of_turn"], latency.parts_us["tool"], latency.total_us) == (600_000, 0, 900_000)


def test_the_last_of_several_tools_is_waited_for_also_one_that_never_answered():
    log = says_meanwhile().write(fx.CallTool(91, 1, "c2", "never", "{}")).at(3_200).event(ev.RecogniserEnd, 3_000)
    log.at(5_000).event(ev.ToolResult, 90, True, "{}").at(9_000).write(fx.CancelTool(91)).turn_taken().asked(2, 3)
    log.at(9_100).event(ev.ToolResult, 91, True, "late").at(9_500).audible(3)
    _, latency = waterfall(log.view)
    assert (latency.parts_us["end_of_turn"], latency.parts_us["tool"]) == (200_000, 5_800_000)


def test_work_done_before_the_caller_had_finished_costs_no_time():
    log = CallLog().answered().at(800).turn_taken().asked(1, 1).at(900).model_wrote(1, "Yes.").speaks(1, 1, "Yes.")
    log.at(950).audio_ready(1).at(1_000).voice_stopped(1_000).at(1_200).released(1, 1).audible(1)
    (latency,) = waterfall(log.view)
    assert latency.parts_us["first_token"] == latency.parts_us["first_audio"] == 0
    assert latency.total_us == latency.parts_us["hold"] == 200_000


def test_a_speculative_reply_costs_what_is_left_of_it_when_the_turn_is_taken():
    log = CallLog().answered().at(700).voice_stopped(500).write(fx.Speculative(1, 1)).asked(1, 1)
    log.at(900).model_wrote(1, "Yes, ").speaks(1, 1, "Yes,")
    log.at(1_500).turn_taken().write(fx.Committed(1, 1)).at(1_600).audio_ready(1).released(1, 1).audible(1)
    (latency,) = waterfall(log.view)
    parts = latency.parts_us
    assert (parts["end_of_turn"], parts["first_token"], parts["first_clause"]) == (1_000_000, 0, 0)
    assert parts["first_audio"] == 100_000
    assert latency.total_us == 1_100_000


def test_a_cough_after_the_turn_was_taken_is_not_what_is_answered():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_300).turn_taken().asked(1, 1)
    log.at(1_700).voice_stopped(1_600).at(2_000).audible(1)
    (latency,) = waterfall(log.view)
    assert latency.total_us == 1_000_000


def asks_for_presence(log: CallLog) -> CallLog:
    """The caller calls until 3.4 s, which takes no reply back: the model, asked for what was said before, answers at 3.5 s."""
    log.at(3_500).voice_stopped(3_400).model_wrote(1, "Yes.").speaks(1, 1, "Yes.").at(3_600).audio_ready(1)
    return log.at(3_700).turn_taken().released(1, 1).audible(1)


def test_a_hello_at_a_slow_answer_is_waited_through_and_not_answered():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_300).turn_taken().asked(1, 1)
    (latency,) = waterfall(asks_for_presence(log).view)
    assert (latency.began_us, latency.total_us) == (1_000_000, 2_700_000)
    assert (latency.parts_us["end_of_turn"], latency.parts_us["first_token"]) == (300_000, 2_200_000)


def test_a_hello_at_a_slow_speculative_answer_is_waited_through_too():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).write(fx.Speculative(1, 1)).asked(1, 1)
    log.at(1_500).turn_taken().write(fx.Committed(1, 1))
    (latency,) = waterfall(asks_for_presence(log).view)
    assert (latency.total_us, latency.parts_us["end_of_turn"]) == (2_700_000, 500_000)


def test_a_hello_before_a_tool_is_called_is_waited_through_too():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_300).turn_taken().asked(1, 1)
    log.at(2_500).voice_stopped(2_400).turn_taken().write(fx.CallTool(1, 1, "call-1", "price", "{}"))
    log.at(3_000).asked(1, 2).at(3_300).model_wrote(2, "Ninety.").speaks(1, 2, "Ninety.").audio_ready(2)
    (latency,) = waterfall(log.at(3_400).released(1, 2).audible(2).view)
    assert (latency.total_us, latency.parts_us["end_of_turn"], latency.parts_us["tool"]) == (
        2_400_000,
        300_000,
        1_700_000,
    )


def asks_for_a_pizza() -> CallLog:
    """The caller speaks until 1 s; the turn is taken and the model asked at 1.3 s."""
    return CallLog().answered().at(1_100).voice_stopped(1_000).at(1_300).turn_taken().asked(1, 1, "A pizza.")


def asked_again(log: CallLog, words: str = "A pizza.", generation: int = 2, turn: int = 1) -> CallLog:
    """The model is asked now, and its answer heard 0.5 s later."""
    log.turn_taken().asked(turn, generation, words).at(log.now_ms + 300).model_wrote(generation, "Which one?")
    log.speaks(turn, generation, "Which one?").at(log.now_ms + 200).audio_ready(generation)
    return log.released(turn, generation).audible(generation)


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("model_failed", "model_failed"),
        ("reply_timeout", "model_failed"),
        ("empty_reply", "model_failed"),
        ("voice_failed", "voice_failed"),
    ],
)
def test_until_the_model_is_asked_again_is_the_time_of_what_failed(reason: str, part: str):
    (latency,) = waterfall(asked_again(asks_for_a_pizza().at(4_300).gives_up(1, 1, reason)).view)
    assert (latency.generation, latency.began_us, latency.total_us) == (2, 1_000_000, 3_800_000)
    parts = latency.parts_us
    assert (parts["end_of_turn"], parts[part], parts["first_token"]) == (300_000, 3_000_000, 300_000)


def test_a_voice_that_fails_at_what_was_released_and_not_heard_is_the_voices_time():
    log = asks_for_a_pizza().at(2_000).released(1, 1).write(fx.Note("voice_failed", "generation 1")).at(4_300)
    (latency,) = waterfall(asked_again(log.gives_up(1, 1, "unheard")).view)
    assert (latency.total_us, latency.parts_us["voice_failed"]) == (3_800_000, 3_000_000)
    log = asks_for_a_pizza().at(4_300).gives_up(1, 1, "unheard")
    (latency,) = waterfall(asked_again(log).view)
    assert latency.parts_us["voice_failed"] == 0


def test_a_hello_while_a_model_fails_is_waited_through_too():
    log = asks_for_a_pizza().at(3_100).voice_stopped(3_000).turn_taken().at(4_300).gives_up(1, 1, "model_failed")
    (latency,) = waterfall(asked_again(log, "A pizza. Hello?").view)
    assert (latency.began_us, latency.parts_us["model_failed"]) == (1_000_000, 3_000_000)


def test_a_caller_who_says_more_while_a_model_fails_is_answered_from_there():
    log = asks_for_a_pizza().at(4_300).gives_up(1, 1, "model_failed").at(5_100).voice_stopped(5_000)
    (latency,) = waterfall(asked_again(log.at(5_300), "A pizza. With ham.").view)
    assert (latency.began_us, latency.total_us, latency.parts_us["model_failed"]) == (5_000_000, 800_000, 0)


def test_a_caller_who_takes_a_reply_back_did_not_wait_for_a_failure():
    log = asks_for_a_pizza().at(1_900).gives_up(1, 1, "caller_continued").at(3_100).voice_stopped(3_000)
    (latency,) = waterfall(asked_again(log.at(3_300)).view)
    assert (latency.began_us, latency.total_us) == (3_000_000, 800_000)


def test_a_guess_that_failed_before_the_turn_was_taken_costs_nothing():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).write(fx.Speculative(1, 1)).asked(1, 1, "A pizza.")
    (latency,) = waterfall(asked_again(log.at(1_500).gives_up(1, 1, "model_failed").at(2_000)).view)
    assert (latency.parts_us["end_of_turn"], latency.parts_us["model_failed"]) == (1_000_000, 0)


def test_a_model_that_fails_behind_a_tool_has_its_own_part():
    log = asks_for_a_pizza().at(1_600)
    log.write(fx.CallTool(9, 1, "call-1", "price", "{}")).at(2_600).event(ev.ToolResult, 9, True, "{}").asked(
        1, 2, "{}"
    )
    (latency,) = waterfall(asked_again(log.at(4_600).gives_up(1, 2, "reply_timeout"), "{}", 3).view)
    assert (latency.parts_us["tool"], latency.parts_us["model_failed"]) == (1_300_000, 2_000_000)


@given(
    st.lists(st.integers(0, 20_000), min_size=5, max_size=5),
    st.sampled_from(("model_failed", "voice_failed", "unheard", "caller_continued")),
    st.sampled_from(("A pizza.", "A pizza. Hello?", "With ham.")),
    st.integers(0, 20_000),
)
def test_the_parts_sum_to_the_whole_whatever_fails(moments: list[int], reason: str, words: str, voiced_ms: int):
    voiced, asked, failed, again, played = sorted(moments)
    log = CallLog().answered().at(voiced).voice_stopped(voiced).at(asked).turn_taken(voiced_ms).asked(1, 1, "A pizza.")
    log.at(failed).gives_up(1, 1, reason).at(again).turn_taken(voiced_ms).asked(1, 2, words)
    (latency,) = waterfall(log.at(played).audible(2).view)
    assert all(part >= 0 for part in latency.parts_us.values())
    assert latency.total_us == sum(latency.parts_us.values()) == played * 1000 - latency.began_us


def test_a_turn_of_words_that_the_detector_missed_counts_from_their_end():
    log = asked_again(asks_for_a_pizza().at(1_400)).at(6_600).turn_taken(6_000)
    latency = waterfall(asked_again(log, "With ham.", 3, turn=2).view)[1]
    assert (latency.began_us, latency.total_us, latency.parts_us["end_of_turn"]) == (6_000_000, 1_100_000, 600_000)


def test_the_first_words_that_the_detector_missed_count_and_not_the_hello_behind_them():
    log = CallLog().answered().at(1_600).turn_taken(1_000).asked(1, 1)
    (latency,) = waterfall(asks_for_presence(log).view)
    assert (latency.began_us, latency.total_us) == (1_000_000, 2_700_000)


def test_where_recogniser_and_detector_differ_a_little_the_detector_knows_when_the_caller_ended():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_500).turn_taken(1_250).asked(1, 1)
    (latency,) = waterfall(log.at(2_000).audible(1).view)
    assert latency.began_us == 1_000_000


def test_a_noise_behind_the_words_that_does_not_end_is_not_what_is_answered():
    log = CallLog().answered().at(1_100).voice_stopped(1_000).at(1_900).event(ev.ActivityBegan, 1_800)
    (latency,) = waterfall(log.at(9_000).turn_taken(1_800).asked(1, 1).at(9_500).audible(1).view)
    assert latency.began_us == 1_000_000


def test_sounds_of_a_generation_that_was_not_asked_for_yet_or_given_up_are_no_answer():
    log = CallLog().answered().at(900).audible(2).at(1_100).voice_stopped(1_000).at(1_300).turn_taken()
    log.asked(1, 1, "A pizza.").at(2_000).gives_up(1, 1, "caller_continued").audible(1).audible(0)
    (latency,) = waterfall(asked_again(log.at(2_300)).view)
    assert (latency.generation, latency.total_us) == (2, 1_800_000)


def test_turns_without_an_audible_answer_or_a_voice_before_it_are_left_out():
    silent = CallLog().answered().voice_stopped(100).at(300).turn_taken().asked(1, 1)
    assert waterfall(silent.view) == []
    unprompted = CallLog().answered().at(300).asked(1, 1).at(500).audible(1)
    assert waterfall(unprompted.view) == []


def test_only_replies_count_and_a_turn_counts_to_its_first_audible_answer():
    log = CallLog().answered().at(1_000).voice_stopped(1_000).at(1_100).turn_taken()
    log.asked(0, 1, purpose="warm").asked(1, 2).asked(1, 2).at(1_500).audible(2)
    log.at(3_000).asked(1, 3).at(4_000).audible(3)
    (latency,) = waterfall(log.view)
    assert (latency.generation, latency.total_us) == (2, 500_000)


def test_latency_data_has_the_keys_of_the_contract():
    log = two_turns()
    log.at(5_100).event(ev.TranscriptFinal, 4_000, 1, "A table for two.")
    data = latency_data(log.view)
    assert data is not None
    assert set(data) == {"stream_id", "time_to_first_audio", "region", "transcriber", "llm", "synthesizer", "rag"}
    assert data["time_to_first_audio"] == 200.0
    assert data["transcriber"]["time_to_connect"] == 30
    assert data["synthesizer"]["time_to_connect"] == 45
    assert data["llm"]["turns"] == [
        {"turn": 1, "time_to_first_token": 300.0, "time_to_last_token": 350.0},
        {"turn": 2, "time_to_first_token": 300.0, "time_to_last_token": 300.0},
    ]


def test_a_recognised_sentence_shows_how_far_behind_the_audio_it_came():
    log = CallLog().at(1_000).answered().at(5_150).event(ev.TranscriptFinal, 4_000, 3, "Hello there.")
    log.event(ev.TranscriptFinal, 9_999, 4, "Later.")
    log.at(5_200).caller_said(1, "Hello there.", 3_000, 4_000)
    data = latency_data(log.view)
    assert data is not None
    assert data["transcriber"]["turns"] == [
        {"turn": 1, "turn_latency": [{"sequence_id": 3, "audio_to_text_latency": 150.0, "text": "Hello there."}]}
    ]


def test_positions_count_from_the_callers_first_audio_and_not_from_the_answer():
    log = CallLog().at(1_000).answered().at(5_950).event(ev.TranscriptFinal, 4_000, 3, "Hello there.")
    log.caller_said(1, "Hello there.", 3_000, 4_000).event(ev.ActivityEnded, 4_000).turn_taken().asked(1, 1)
    log.at(6_800).audible(1).fact("media", "recording", caller_from_us=800_000)
    data = latency_data(log.view)
    assert data is not None
    assert data["transcriber"]["turns"][0]["turn_latency"][0]["audio_to_text_latency"] == 150.0
    (latency,) = waterfall(log.view)
    assert (latency.began_us, latency.total_us) == (5_800_000, 1_000_000)


def test_voice_times_run_from_the_first_clause_to_the_last_audio():
    log = CallLog().at(0).answered().speaks(1, 1, "One.").speaks(1, 1, "Two.", index=1).speaks(2, 2, "Never made.")
    log.at(120).audio_ready(1).at(400).event(ev.VoiceFinished, 1, 0, 500).at(900).event(ev.VoiceFinished, 1, 1, 500)
    log.speaks(3, 3, "Cancelled.").at(950).audio_ready(3)
    data = latency_data(log.view)
    assert data is not None
    assert data["time_to_first_audio"] is None
    assert data["synthesizer"]["turns"] == [
        {"turn": 1, "time_to_first_token": 120.0, "time_to_last_token": 900.0},
        {"turn": 3, "time_to_first_token": 50.0, "time_to_last_token": None},
    ]


def test_a_reply_that_was_cancelled_has_its_last_word_as_its_end():
    log = CallLog().answered().asked(1, 1).at(200).model_wrote(1, "Well").at(300).model_wrote(1, ", no")
    log.asked(2, 2).write(fx.CancelModel(2))
    data = latency_data(log.view)
    assert data is not None
    assert data["llm"]["turns"] == [{"turn": 1, "time_to_first_token": 200.0, "time_to_last_token": 300.0}]


def test_a_call_nobody_answered_has_no_latency():
    assert latency_data(CallLog().leg_ended().view) is None
