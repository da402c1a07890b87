"""The caller goes on before the agent was heard."""

from typing import Any

import pytest
from proof.exchange import Exchange
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    ACTIVITY_STALE_MS,
    DENSE_MOST_MS,
    DOUBT_MOST_MS,
    FINAL_WAIT_MS,
    RESUME_MS,
    VERDICT_WAIT_MS,
)
from callwright.conversation.plan import CallPlan, ToolWords
from callwright.ports.model import Tool


def asked() -> Call:
    call = Call()
    call.caller_says("I want a pizza")
    call.model_says("Sure, which", ended=False)
    return call


def test_more_words_withdraw_the_reply_and_join_the_turn() -> None:
    call = asked()
    call.begins()
    call.wait(300)
    call.segment += 1
    call.hears("with")
    assert call.last(fx.Withdrawn) == fx.Withdrawn(1, 1, "caller_continued")
    assert call.all(fx.CancelModel)
    assert call.all(fx.CancelVoice)
    call.segment -= 1
    call.finishes("with ham")
    call.pauses()
    call.judges()
    assert call.told() == ["user: I want a pizza with ham"]
    assert call.last(fx.AskModel).turn == 1
    call.agent_replies("With ham then.")
    assert call.said() == ["caller: I want a pizza with ham", "agent: With ham then."]


def test_a_short_sound_only_holds_the_reply_back() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(490)
    assert not call.all(fx.Release)
    call.pauses()
    call.wait(400)
    assert call.last(fx.Release).generation == 1
    assert not call.all(fx.Withdrawn)


def test_a_long_sound_holds_the_reply_back_until_its_words_are_known() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(1_000)
    call.pauses()
    call.judges()
    call.wait(300)
    assert not call.all(fx.Release), "its words may come yet"
    call.finishes("")
    call.wait(200)
    assert call.last(fx.Release).generation == 1
    assert len(call.all(fx.AskModel)) == 1


def test_words_of_a_long_sound_withdraw_the_reply_when_they_come() -> None:
    call = asked()
    call.begins()
    call.wait(1_000)
    call.pauses()
    assert not call.all(fx.Withdrawn)
    call.finishes("with ham")
    assert call.last(fx.Withdrawn) == fx.Withdrawn(1, 1, "caller_continued")
    call.judges()
    assert call.told() == ["user: I want a pizza with ham"]


def test_a_long_noise_without_words_delays_the_reply_no_longer_than_words_are_waited_for() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(1_000)
    call.pauses()
    call.wait(CallPlan().patience_ms + FINAL_WAIT_MS - 1)
    assert not call.all(fx.Release)
    call.wait(1)
    assert call.last(fx.Release).generation == 1
    assert not call.all(fx.Withdrawn)


def test_a_sound_without_an_end_delays_the_reply_for_a_bounded_time() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(ACTIVITY_STALE_MS + VERDICT_WAIT_MS)
    assert call.last(fx.Release).generation == 1


def test_the_end_of_an_earlier_sound_does_not_end_the_present_one() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.give(ev.ActivityEnded, call.audio_ms - 200)
    call.wait(600)
    call.finishes("")
    call.wait(300)
    assert not call.all(fx.Release)


def impatient(hello: str = "hello?") -> Exchange:
    """The model takes 3.5 s, and its caller says ``hello`` every 2.5 s."""
    call = Exchange(CallPlan(), ["Sure, which one?", "Never asked for."], model_ms=3_500)
    call.say(0, "I want a pizza")
    for at_ms in range(2_500, 15_000, 2_500):
        call.say(at_ms, hello)
    return call


def test_who_asks_whether_somebody_is_there_gets_the_first_answer() -> None:
    call = impatient()
    call.run(7_000)
    assert call.heard() == ["caller: I want a pizza hello? hello?", "agent: Sure, which one?"]
    assert not [one for one in call.happened if isinstance(one.effect, fx.Withdrawn)]
    assert 5_300 <= call.first_ms(fx.Release) < 6_000, "when the second hello is over, and its words are known"


def test_who_says_more_every_time_is_asked_about_anew() -> None:
    call = impatient("with ham")
    call.run(7_000)
    assert len([one for one in call.happened if isinstance(one.effect, fx.Withdrawn)]) >= 2
    assert not call.heard()


@pytest.mark.parametrize("text", ["Hello?", "oh, hello?", "Are you there?", "hello, can you hear me"])
def test_words_that_may_become_a_call_for_presence_hold_the_reply_back_only(text: str) -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(300)
    words = text.split()
    call.segment += 1
    for count in range(1 + text.startswith("oh"), len(words) + 1):
        call.hears(" ".join(words[:count]))
    call.pauses()
    call.wait(200)
    assert not call.all(fx.Release), "they may go on"
    call.segment -= 1
    call.finishes(text)
    call.judges()
    call.wait(400)
    assert call.last(fx.Release).generation == 1
    assert not call.all(fx.Withdrawn)


def test_a_reply_that_is_kept_ends_the_turn_for_the_recogniser_behind_the_call_for_presence() -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(700)
    call.pauses()
    call.finishes("Hello?")
    call.judges()
    call.wait(400)
    assert call.last(fx.CloseUtterance).audio_ms == call.last(fx.UserSaid).to_ms


@pytest.mark.parametrize("text", ["hello? yes", "yes, hello", "okay, hello?", "hello, no", "hello, that's right"])
def test_a_yes_or_a_no_beside_a_call_for_presence_takes_the_reply_back(text: str) -> None:
    call = asked()
    call.finishes(text)
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("en", "anybody"), ("en", "still there"), ("it", "pronto"), ("it", "c'è"), ("fr", "quelqu'un")),
        *(("de", "noch da"), ("es", "está ahí"), ("pt", "está aí"), ("hi", "कोई है")),
    ],
)
def test_words_with_which_other_sentences_end_take_the_reply_back(language: str, text: str) -> None:
    call = Call(language=language)
    call.caller_says("I want a pizza")
    call.model_says("Which one?")
    call.finishes(text)
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_no_filler_is_said_into_the_pause_of_a_caller_who_may_go_on() -> None:
    call = Call(fillers=True, patience_ms=2_000)
    call.caller_says("I want a pizza")
    call.begins()
    call.wait(1_500)
    call.pauses()
    call.judges(100_000)
    assert not call.all(fx.Withdrawn)
    call.wait(1_900)
    assert not [effect for effect in call.all(fx.PlayAsset) if effect.lane == "filler"]


def test_who_goes_on_behind_hello_takes_the_reply_back() -> None:
    call = asked()
    call.begins()
    call.wait(300)
    call.segment += 1
    call.hears("hello")
    assert not call.all(fx.Withdrawn)
    call.hears("hello I meant")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_a_call_for_presence_that_was_only_begun_takes_the_reply_back_when_nothing_follows() -> None:
    call = asked()
    call.begins()
    call.wait(300)
    call.segment += 1
    call.hears("are you")
    call.pauses()
    call.judges()
    assert not call.all(fx.Withdrawn)
    call.segment -= 1
    call.finishes("are you")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_a_guess_is_withdrawn_by_a_call_for_presence_as_by_any_words() -> None:
    call = Call(speculate=True)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("a table please")
    assert call.all(fx.Speculative)
    call.finishes("hello?")
    assert call.all(fx.Withdrawn)


def answered_by_a_tool(**plan: Any) -> Call:
    """The tool has answered, and the model is asked for the words behind it."""
    call = Call(tools=(Tool("book", "Book a table", "{}"),), **plan)
    call.caller_says("book a table")
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    assert call.told()[-1] == "tool: done"
    return call


def test_who_asks_for_presence_while_the_model_reads_a_tools_answer_gets_what_it_says() -> None:
    call = answered_by_a_tool()
    call.caller_says("Hello?")
    call.model_says("It is booked.")
    call.plays()
    assert call.said() == ["caller: book a table", "caller: Hello?", "agent: It is booked."]
    assert call.last(fx.AgentSaid).turn == call.last(fx.UserSaid).turn == 2
    assert not call.all(fx.Withdrawn)
    assert call.all(fx.CloseUtterance)[-1].audio_ms == call.last(fx.UserSaid).to_ms
    call.caller_says("and flowers")
    assert call.told()[-4:] == ["tool: done", "user: Hello?", "assistant: It is booked.", "user: and flowers"]


def test_who_says_more_behind_a_kept_hello_is_asked_about() -> None:
    call = answered_by_a_tool()
    call.caller_says("Hello?")
    call.model_says("It is", ended=False)
    call.caller_says("with flowers")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert call.told()[-2:] == ["tool: done", "user: Hello? with flowers"]


def test_a_sound_that_goes_on_over_the_reply_to_a_tools_answer_holds_it_back_until_its_words_are_known() -> None:
    call = answered_by_a_tool()
    call.begins()
    call.model_says("It is booked.")
    call.voice_speaks()
    call.wait(900)
    call.pauses()
    call.wait(300)
    assert not call.all(fx.Release), "its words may come yet"
    call.finishes("with flowers please")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_a_sound_over_a_tools_message_that_goes_on_behind_it_holds_the_reply_back_until_its_words_are_known() -> None:
    words = ToolWords("book", "I book it for you.", own_message=True)
    call = Call(tools=(Tool("book", "Book a table", "{}"),), tool_words=(words,), words_to_interrupt=9)
    call.caller_says("book a table")
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.starts_playing()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.model_says("It is booked.")
    call.voice_speaks()
    call.wait(900)
    call.begins()
    call.give(ev.MarkPlayed, call.last(fx.Release).generation, 0)
    call.wait(1_000)
    call.pauses()
    call.wait(300)
    assert len(call.all(fx.Release)) == 1, "its words may come yet"
    call.finishes("eight o'clock please")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_a_cough_over_the_reply_to_a_tools_answer_makes_it_no_later_than_words_are_waited_for() -> None:
    call = answered_by_a_tool()
    call.begins()
    call.model_says("It is booked.")
    call.voice_speaks()
    call.wait(600)
    call.pauses()
    call.wait(FINAL_WAIT_MS - 1)
    assert not call.all(fx.Release)
    call.wait(1)
    assert call.all(fx.Release)


def dog(call: Call, sound_ms: int, gap_ms: int, until: type, final: bool = False) -> int:
    """Sounds without words until the core does something; returns how long that took."""
    began_ms, before = call.now_ms, len(call.all(until))
    while len(call.all(until)) == before and call.now_ms - began_ms < 60_000:
        call.begins()
        call.wait(sound_ms)
        call.pauses()
        if final:
            call.finishes("")
        call.wait(gap_ms)
    return call.now_ms - began_ms


@pytest.mark.parametrize(("sound_ms", "gap_ms"), [(300, 900), (600, 1_500), (600, 2_300)])
def test_words_that_are_final_are_asked_about_however_often_something_sounds(sound_ms: int, gap_ms: int) -> None:
    call = Call(call_terminate_ms=300_000)
    call.begins()
    call.wait(900)
    call.pauses()
    call.wait(300)
    call.finishes("book a table please")
    assert dog(call, sound_ms, gap_ms, fx.AskModel) < DOUBT_MOST_MS + 2 * (sound_ms + gap_ms)
    assert call.told() == ["user: book a table please"]


def sounded_on(words: str) -> Call:
    """Who asked ``words`` was not finished by anybody's judgement, and sound after sound followed without words, longer than it may."""
    call = Call(call_terminate_ms=300_000)
    call.begins()
    call.wait(900)
    call.pauses()
    call.judges(100_000)
    call.wait(300)
    call.finishes(words)
    while not call.all(fx.AskModel):
        call.begins()
        call.wait(600)
        call.pauses()
        if not call.all(fx.AskModel):
            call.judges(100_000)
            call.wait(700)
    return call


@pytest.mark.parametrize("judged", ["verdict", "patience"])
def test_words_that_come_when_none_were_expected_any_more_are_judged_like_all_others(judged: str) -> None:
    call = sounded_on("book a table")
    call.wait(150)
    call.finishes("for six people and")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert len(call.all(fx.AskModel)) == 1, "nobody has judged them"
    if judged == "verdict":
        call.judges()
        call.wait(1_000)
    else:
        call.judges(100_000)
        call.wait(2_000)
        assert len(call.all(fx.AskModel)) == 1
        call.wait(3_000)
    assert call.told() == ["user: book a table for six people and"]


def test_words_behind_the_recognisers_end_are_asked_about_at_once() -> None:
    call = sounded_on("book a table")
    call.give(ev.RecogniserEnd, call.audio_ms)
    call.wait(150)
    call.finishes("for six people")
    assert call.told() == ["user: book a table for six people"]


def test_a_sound_whose_beginning_was_not_told_goes_on_from_none_that_was_settled() -> None:
    call = Call()
    call.caller_says("I want a pizza")
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes("")
    call.wait(5_000)
    call.model_says("Sure, which one?")
    call.wait(4_500)
    call.pauses()  # of a sound that was never begun
    call.wait(1_500)
    call.begins()
    call.wait(1_200)
    call.pauses()
    call.voice_speaks()
    call.wait(600)
    assert not call.all(fx.Release), "words of the last sound may come yet"
    call.finishes("no wait make it the other one")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.parametrize(("sound_ms", "gap_ms"), [(250, 700), (900, 700)])
def test_a_reply_in_its_floor_time_is_heard_however_often_something_sounds(sound_ms: int, gap_ms: int) -> None:
    call = Call(incremental_delay_ms=1_200, call_terminate_ms=300_000)
    call.caller_says("I want a pizza")
    call.model_says("Which one?")
    call.voice_speaks()
    assert dog(call, sound_ms, gap_ms, fx.Release, final=True) < DOUBT_MOST_MS + 3 * (sound_ms + gap_ms)


def test_a_tools_answer_is_told_to_the_model_however_often_something_sounds() -> None:
    call = answered_by_a_tool()
    call.model_calls("book", "again")
    call.model_ends()
    asked = len(call.all(fx.AskModel))
    began_ms = call.now_ms
    call.begins()
    call.wait(300)
    call.pauses()
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.wait(600)
    dog(call, 300, 900, fx.AskModel)
    assert len(call.all(fx.AskModel)) == asked + 1
    assert call.now_ms - began_ms < DOUBT_MOST_MS + 4_000


@pytest.mark.parametrize(("times", "sound_ms", "gap_ms"), [(4, 3_000, 500), (6, 2_000, 600), (5, 2_500, 800)])
def test_whoever_speaks_at_length_with_short_pauses_is_waited_for_when_only_finals_tell_it(
    times: int, sound_ms: int, gap_ms: int
) -> None:
    call = asked()
    call.model_calls("book")
    call.model_ends()
    call.voice_speaks()
    for _ in range(times):
        call.begins()
        call.wait(sound_ms)
        call.pauses()
        call.judges()
        call.wait(gap_ms)
    call.wait(600 - gap_ms if gap_ms < 600 else 0)
    assert not call.all(fx.Release)
    assert not call.all(fx.CallTool)
    call.finishes("no wait make it the other one for six people")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.parametrize("sound_ms", [3_000, 6_000, 9_000])
def test_whoever_corrects_themselves_at_length_is_not_overrun_when_only_finals_tell_it(sound_ms: int) -> None:
    call = asked()
    call.model_ends()
    call.voice_speaks()
    call.begins()
    call.wait(sound_ms)
    call.pauses()
    call.wait(600)
    assert not call.all(fx.Release)
    call.finishes("no wait make it the other one for six people")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.parametrize(("gap_ms", "most_ms"), [(700, DENSE_MOST_MS), (1_200, DOUBT_MOST_MS)])
@pytest.mark.parametrize("tool", [True, False])
def test_sounds_without_words_hold_a_reply_back_for_a_bounded_time(gap_ms: int, most_ms: int, tool: bool) -> None:
    call = answered_by_a_tool() if tool else asked()
    if tool:
        call.begins()
        call.model_says("It is booked.")
    else:
        call.model_ends()
        call.begins()
    call.voice_speaks()
    call.wait(700)
    call.pauses()
    call.wait(gap_ms - 300)
    assert dog(call, 300, gap_ms - 300, fx.Release) < RESUME_MS + most_ms + 2 * gap_ms


@pytest.mark.parametrize(("streams", "most_ms"), [(True, DOUBT_MOST_MS), (False, DENSE_MOST_MS)])
@pytest.mark.parametrize(("sound_ms", "gap_ms", "floor_ms"), [(600, 300, 400), (1_500, 300, 400), (600, 600, 900)])
def test_what_sounds_without_words_has_one_bound_for_the_question_and_its_reply_together(
    streams: bool, most_ms: int, sound_ms: int, gap_ms: int, floor_ms: int
) -> None:
    call = Call(incremental_delay_ms=floor_ms, call_terminate_ms=300_000)
    call.begins()
    call.wait(900)
    if streams:
        call.hears("book a")
    call.pauses()
    call.finishes("book a table")
    call.judges(100_000)
    call.wait(300)
    held_ms = dog(call, sound_ms, gap_ms, fx.AskModel)
    call.begins()
    call.model_says("Sure.")
    call.voice_speaks()
    call.wait(sound_ms)
    call.pauses()
    call.wait(gap_ms)
    held_ms += 0 if call.all(fx.Release) else dog(call, sound_ms, gap_ms, fx.Release)
    assert held_ms < most_ms + 3 * (sound_ms + gap_ms)


@pytest.mark.parametrize("streams", [True, False])
def test_who_calls_out_again_and_again_gets_the_reply_in_the_end(streams: bool) -> None:
    call = Call(call_terminate_ms=300_000)
    call.begins()
    call.wait(900)
    if streams:
        call.hears("book a")
    call.pauses()
    call.finishes("book a table")
    call.judges()
    call.wait(300)
    began_ms = call.now_ms
    call.model_says("Sure, for when?")
    call.begins()
    call.voice_speaks()
    while not call.all(fx.Release) and call.now_ms - began_ms < 60_000:
        call.wait(600)
        call.pauses()
        call.wait(100)
        call.finishes("hello")
        call.judges(100_000)
        call.wait(500)
        call.begins()
    assert call.now_ms - began_ms < DOUBT_MOST_MS + 3_000


@pytest.mark.parametrize("barks", [0, 8, 12])
def test_who_speaks_behind_sounds_without_words_is_read_before_the_reply_to_a_tools_answer(barks: int) -> None:
    call = answered_by_a_tool()
    call.model_calls("book", "again")
    call.model_ends()
    for _ in range(barks):
        call.begins()
        call.wait(300)
        call.pauses()
        call.wait(1_200)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.wait(2_600)
    call.begins()
    call.wait(600)
    call.model_says("It is booked.")
    call.voice_speaks()
    call.wait(500)
    call.pauses()
    call.wait(300)
    assert not call.all(fx.Release)
    call.finishes("no wait make it eight")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


@pytest.mark.parametrize(
    ("asked_for", "begins", "times", "sound_ms", "gap_ms"),
    [
        ("Could you spell out your IBAN?", "sure it's", 24, 250, 400),
        ("What is the problem?", "well you see", 14, 700, 500),
    ],
)
def test_whoever_dictates_slowly_or_halts_is_not_answered_in_the_middle_when_only_finals_tell_it(
    asked_for: str, begins: str, times: int, sound_ms: int, gap_ms: int
) -> None:
    call = Call(welcome_message=asked_for, call_terminate_ms=300_000)
    call.plays()
    call.begins()
    call.wait(900)
    call.pauses()
    call.judges(50_000)
    call.finishes(begins)
    call.wait(600)
    for _ in range(times):
        call.begins()
        call.wait(sound_ms)
        call.pauses()
        call.judges(50_000)
        call.wait(gap_ms)
    assert not call.all(fx.AskModel)
    call.finishes("all of it")
    call.judges()
    call.wait(3_000)
    assert call.told()[-1] == f"user: {begins} all of it"


def test_a_corrected_transcript_is_asked_again() -> None:
    call = asked()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a visa")
    assert call.told() == ["user: I want a visa"]
    assert len(call.all(fx.AskModel)) == 2


def test_a_transcript_corrected_in_its_commas_changes_nothing() -> None:
    call = asked()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a pizza.")
    assert len(call.all(fx.AskModel)) == 1


def test_text_of_a_withdrawn_reply_is_dropped() -> None:
    call = asked()
    first = call.last(fx.AskModel)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a visa")
    spoken = len(call.all(fx.Speak))
    call.give(ev.ReplyText, first.generation, first.request, "pizza would you like? ")
    call.give(ev.ReplyTool, first.generation, first.request, "c9", "book", "{}")
    call.give(ev.ReplyEnded, first.generation, first.request, "stop")
    call.give(ev.VoiceReady, first.generation, 0)
    call.give(ev.VoiceFinished, first.generation, 0, 100)
    assert len(call.all(fx.Speak)) == spoken
    assert not call.all(fx.CallTool)


def test_hello_behind_half_a_sentence_may_be_its_rest() -> None:
    call = Call()
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("my number is")
    call.judges(100_000)
    call.wait(5_000)
    call.model_says("What is it?")
    call.finishes("hello")
    assert call.last(fx.Withdrawn).reason == "caller_continued"
