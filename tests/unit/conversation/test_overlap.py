"""Words over the agent: answers that are kept, back-channels and echoes that are no turn, and none of them lost."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import WORD_MS, Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan

STATEMENT = "We have one table at six and we have another one at eight by the window."
QUESTION = "We have one table left by the window. Shall I book it for you?"


def saying(text: str, ended: bool = True, **plan: Any) -> Call:
    """The agent is heard to begin with ``text``; no sound of its own answers the caller (no turn model)."""
    call = Call(turn_model=False, **plan)
    call.caller_says("a table please")
    call.wait(300)
    call.model_says(text, ended)
    call.starts_playing()
    return call


def over(call: Call, text: str, wait_ms: int = 600) -> None:
    """The caller says a word or two while the agent goes on."""
    call.begins()
    call.wait(300)
    call.pauses()
    call.finishes(text)
    call.wait(wait_ms)


def ends_speaking(call: Call) -> None:
    """The agent is heard to its end, each clause in its time."""
    began_ms = call.now_ms
    for speak in call.clauses():
        began_ms += len(speak.text.split()) * WORD_MS
        call.wait(max(began_ms - call.now_ms, 0))
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(500)


def at_the_end(call: Call, text: str, before_ms: int) -> None:
    """The caller says ``text``, beginning so long before the agent's end."""
    clauses = call.clauses()
    words = sum(len(speak.text.split()) for speak in clauses)
    for speak in clauses[:-1]:
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    last = clauses[-1]
    call.wait(len(last.text.split()) * WORD_MS - before_ms)
    call.begins()
    call.wait(before_ms)
    assert words
    call.give(ev.MarkPlayed, last.generation, last.index)
    call.pauses()
    call.finishes(text)
    call.wait(600)


@pytest.mark.parametrize("text", ["mhm", "Okay.", "yes", "I see"])
def test_a_back_channel_in_the_middle_of_a_statement_is_noted_and_no_turn(text: str) -> None:
    call = saying(STATEMENT)
    over(call, text)
    assert fx.Note("back_channel", text) in call.effects
    ends_speaking(call)
    assert call.said()[-1] == f"agent: {STATEMENT}"
    assert len(call.all(fx.AskModel)) == 1
    assert call.core.state == "listening"


def test_a_yes_over_the_end_of_a_question_is_the_next_turn() -> None:
    call = saying(QUESTION)
    at_the_end(call, "yes", 300)
    assert call.told()[-2:] == [f"assistant: {QUESTION}", "user: yes"]
    assert "back_channel" not in call.notes()


def test_an_i_see_over_a_question_is_no_answer() -> None:
    call = saying(QUESTION)
    at_the_end(call, "I see", 300)
    assert fx.Note("back_channel", "I see") in call.effects
    assert len(call.all(fx.AskModel)) == 1


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [
        ("en", "I have Tuesday at nine. Shall I go ahead and book it?", "Go ahead."),
        ("en", "I have to record this call. Do you understand?", "I understand"),
        ("en", "Your code is four four nine. Is that clear?", "oh, got it"),
        ("en", "There is more to say. Do you want me to read it?", "please continue"),
        ("es", "Tengo que grabar la llamada. ¿Lo ha entendido?", "entendido"),
        ("fr", "Je dois enregistrer l'appel. Vous avez compris?", "compris"),
        ("de", "Das Gespräch wird aufgezeichnet. Verstehen Sie das?", "verstehe"),
        ("it", "Devo registrare la chiamata. Ha capito?", "ho capito"),
        ("pt", "Tenho de gravar a chamada. Entendeu tudo?", "entendi"),
        ("hi", "Yeh call record hoti hai. Aap samajh gaye?", "samajh gaya"),
    ],
)
def test_a_go_ahead_answers_the_question_that_is_asked(language: str, question: str, text: str) -> None:
    call = saying(question, language=language)
    at_the_end(call, text, 300)
    assert call.told()[-1] == f"user: {text}"
    assert "back_channel" not in call.notes()


@pytest.mark.parametrize("before_ms", [300, 1_500])
@pytest.mark.parametrize("text", ["go ahead", "I understand", "got it"])
def test_over_a_statement_it_answers_nothing_however_little_of_it_is_left(text: str, before_ms: int) -> None:
    call = saying(STATEMENT)
    at_the_end(call, text, before_ms)
    assert fx.Note("back_channel", text) in call.effects
    assert len(call.all(fx.AskModel)) == 1


def asked_behind(first: str) -> Call:
    """The caller says ``first`` over a statement, by the turn model not all they say, and "yes" to the question that follows it."""
    call = Call()
    call.caller_says("a table please")
    call.model_says(QUESTION)
    call.starts_playing()
    *statement, question = call.clauses()
    for speak in statement:
        call.wait(len(speak.text.split()) * WORD_MS - 300 * (speak is statement[-1]))
        if speak is not statement[-1]:
            call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.begins()
    call.wait(300)
    call.give(ev.MarkPlayed, statement[-1].generation, statement[-1].index)
    call.pauses()
    call.wait(50)
    if first:
        call.finishes(first)
    call.judges(100_000)
    call.wait(len(question.text.split()) * WORD_MS - 350)
    call.begins()
    call.wait(300)
    call.give(ev.MarkPlayed, question.generation, question.index)
    call.pauses()
    call.wait(50)
    return call


@pytest.mark.parametrize(
    ("first", "turn"), [("okay", "okay yes"), ("mhm", "mhm yes"), ("I see", "I see yes"), ("", "yes")]
)
def test_what_was_said_over_the_statement_before_does_not_swallow_the_yes_to_a_question(first: str, turn: str) -> None:
    call = asked_behind(first)
    call.finishes("yes")
    call.judges()
    call.wait(3_000)
    assert call.told()[-1] == f"user: {turn}"
    assert "back_channel" not in call.notes()


def test_a_cough_before_does_not_either_where_the_detector_misses_the_yes() -> None:
    call = Call()
    call.caller_says("a table please")
    call.model_says(QUESTION)
    call.starts_playing()
    *statement, question = call.clauses()
    call.wait(sum(len(speak.text.split()) for speak in statement) * WORD_MS - 600)
    call.begins()
    call.wait(300)
    call.pauses()
    call.judges(100_000)
    call.wait(300)
    for speak in statement:
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(900)
    call.finishes("yes")
    call.judges()
    call.wait(300)
    call.give(ev.MarkPlayed, question.generation, question.index)
    call.wait(3_000)
    assert call.told()[-1] == "user: yes"


def test_nor_where_the_recogniser_reads_both_as_one() -> None:
    call = asked_behind("okay")
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "okay yes")
    call.judges()
    call.wait(3_000)
    assert call.told()[-1] == "user: okay yes"


def test_a_cough_behind_an_okay_makes_no_answer_of_it() -> None:
    call = asked_behind("okay")
    call.finishes("")
    call.judges()
    call.wait(3_000)
    assert fx.Note("back_channel", "okay") in call.effects
    assert len(call.all(fx.AskModel)) == 1


def test_nor_does_an_okay_that_is_spelled_otherwise_behind_it() -> None:
    call = asked_behind("okay")
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "Okay.")
    call.judges()
    call.wait(3_000)
    assert fx.Note("back_channel", "Okay.") in call.effects
    assert len(call.all(fx.AskModel)) == 1


def test_nor_does_an_echo_of_the_question() -> None:
    call = asked_behind("okay")
    call.finishes("I book it for you")
    call.judges()
    call.wait(3_000)
    assert [note.text for note in call.all(fx.Note)] == ["I book it for you", "okay"]
    assert len(call.all(fx.AskModel)) == 1


def test_an_okay_that_is_read_late_is_of_the_sound_before() -> None:
    call = asked_behind("")
    call.give(ev.TranscriptFinal, call.audio_ms - 650, 9, "okay")
    call.give(ev.TranscriptFinal, call.audio_ms, 9, "okay")
    call.judges()
    call.wait(3_000)
    assert fx.Note("back_channel", "okay") in call.effects
    assert len(call.all(fx.AskModel)) == 1


def test_an_okay_as_a_statement_ends_is_a_turn() -> None:
    call = saying(STATEMENT)
    at_the_end(call, "okay", 300)
    assert call.told()[-1] == "user: okay"


def test_a_yes_to_a_question_the_agent_goes_on_after_waits_for_its_end() -> None:
    call = saying("Is this your number? I need it for the reservation that I am about to make for you.")
    call.wait(700)
    over(call, "yes")
    assert "back_channel" not in call.notes()
    ends_speaking(call)
    assert call.told()[-1] == "user: yes"


def test_what_the_agent_will_go_on_to_say_decides_once_it_is_known() -> None:
    call = saying("Now then, shall I ", ended=False)
    over(call, "yes")
    assert "back_channel" not in call.notes()
    call.model_says("book it?")
    call.voice_speaks()
    ends_speaking(call)
    assert call.told()[-1] == "user: yes"


def test_a_back_channel_and_then_words_are_one_turn() -> None:
    call = saying(STATEMENT)
    call.begins()
    call.wait(200)
    call.finishes("okay")
    call.finishes("eight")
    call.pauses()
    call.wait(600)
    ends_speaking(call)
    assert call.told()[-1] == "user: okay eight"


def test_after_the_agent_has_finished_a_back_channel_is_a_turn() -> None:
    call = saying(STATEMENT)
    ends_speaking(call)
    over(call, "mhm")
    assert call.told()[-1] == "user: mhm"


def test_a_reply_prepared_for_a_back_channel_is_withdrawn() -> None:
    """The model was asked while the caller might have finished: then the turn turned out to be none."""
    call = saying(QUESTION, speculate=True)
    at_the_end(call, "oh really", 1_000)
    assert call.last(fx.Withdrawn).reason == "nothing_said"
    assert call.core.state == "listening"


def test_the_agents_own_words_do_not_interrupt_and_are_no_turn() -> None:
    call = saying(STATEMENT, words_to_interrupt=1)
    call.wait(150)
    call.begins()
    call.segment += 1
    call.wait(900)
    call.hears("we have one table")
    call.segment -= 1
    call.wait(300)
    call.pauses()
    call.finishes("We have one table at.")
    assert not call.all(fx.Clear)
    assert fx.Note("echo", "We have one table at.") in call.effects
    ends_speaking(call)
    assert len(call.all(fx.AskModel)) == 1
    assert call.core.state == "listening"


def test_the_callers_own_words_within_an_echo_interrupt() -> None:
    call = saying(STATEMENT)
    call.wait(150)
    call.begins()
    call.segment += 1
    call.wait(700)
    call.hears("we have no I want a different day")
    assert call.all(fx.Clear)


def test_a_stop_word_the_agent_is_saying_does_not_stop_it() -> None:
    call = saying("No, the kitchen is closed on Sundays and on Mondays.")
    call.wait(100)
    call.begins()
    call.wait(200)
    call.finishes("no")
    assert not call.all(fx.Clear)


def test_a_caller_who_repeats_the_agents_last_words_is_heard() -> None:
    call = saying("I can offer you nine thirty")
    ends_speaking(call)
    call.begins()
    call.wait(500)
    call.pauses()
    call.finishes("nine thirty?")
    call.wait(600)
    assert call.told()[-1] == "user: nine thirty?"


CHOICE = "Would you like to come at six, or at seven thirty?"
OFFER = "Okay, so I will put you down for Friday at ten."


@pytest.mark.parametrize("sounds", [False, True])
@pytest.mark.parametrize("early_ms", [100, 200, 300, 400])
@pytest.mark.parametrize(
    ("said", "text"),
    [
        (CHOICE, "at seven thirty"),
        (CHOICE, "or at seven thirty"),
        (OFFER, "not friday at ten"),
        (OFFER, "for Friday at ten?"),
    ],
)
def test_who_repeats_the_last_words_and_begins_before_the_end_of_them_is_heard(
    said: str, text: str, early_ms: int, sounds: bool
) -> None:
    call = saying(said)
    behind(call, early_ms, 1_000 - early_ms)
    if sounds:  # the recogniser is done before the detector
        call.finishes(text)
    call.pauses()
    if not sounds:
        call.finishes(text)
    call.wait(3_000)
    assert call.told()[-1] == f"user: {text}"
    assert "echo" not in call.notes()


def behind(call: Call, early_ms: int, late_ms: int) -> None:
    """A sound begins so long before the agent's end, and goes on for so long behind it."""
    last = call.clauses()[-1]
    for speak in call.clauses()[:-1]:
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(len(last.text.split()) * WORD_MS - early_ms)
    call.begins()
    call.wait(early_ms)
    call.give(ev.MarkPlayed, last.generation, last.index)
    call.wait(late_ms)


def test_the_echo_of_the_last_words_is_one_as_long_as_an_echo_lasts_though_it_is_told_later() -> None:
    call = saying(CHOICE)
    behind(call, 300, 450)
    ended_ms = call.audio_ms
    call.wait(300)
    call.give(ev.ActivityEnded, ended_ms)
    call.wait(300)
    call.finishes("at seven thirty")
    call.wait(3_000)
    assert fx.Note("echo", "at seven thirty") in call.effects
    assert len(call.all(fx.AskModel)) == 1


@pytest.mark.parametrize("over", [True, False])
def test_a_line_that_sounds_on_behind_an_echo_makes_no_caller_of_it(over: bool) -> None:
    call = saying(CHOICE)
    behind(call, 300, 300)
    call.segment += 1
    call.hears("at seven thirty")
    call.wait(900)
    if over:
        call.pauses()
    call.segment -= 1
    call.finishes("At seven thirty.")
    call.wait(3_000)
    assert fx.Note("echo", "At seven thirty.") in call.effects
    assert len(call.all(fx.AskModel)) == 1


def test_partial_words_of_an_echo_are_told_a_while_behind_them_and_take_no_goodbye_back() -> None:
    call = Call(
        hangup_after_silence_ms=4_000, check_if_user_online=False, hangup_message="Then we wish you a nice day."
    )
    call.wait(4_000)
    call.starts_playing()
    behind(call, 600, 400)
    ended_ms = call.audio_ms
    call.wait(200)
    call.segment += 1
    call.hears("you a nice day")
    call.wait(100)
    call.give(ev.ActivityEnded, ended_ms)
    call.segment -= 1
    call.finishes("you a nice day")
    call.wait(2_500)
    assert call.hung_up() == "inactivity_timeout"
    assert "goodbye_taken_back" not in call.notes()


def test_who_says_the_words_of_the_goodbye_well_behind_it_takes_it_back() -> None:
    call = Call(hangup_after_silence_ms=4_000, check_if_user_online=False, hangup_message="Then we call you on Monday.")
    call.wait(4_000)
    call.starts_playing()
    behind(call, 300, 800)
    call.pauses()
    call.finishes("call you on Monday?")
    assert "goodbye_taken_back" in call.notes()


def test_an_echo_that_reaches_from_one_utterance_into_the_next_is_one() -> None:
    call = saying(STATEMENT, words_to_interrupt=9, incremental_delay_ms=0)
    over(call, "on tuesday please")
    for speak in call.clauses():
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.model_says("Gladly. I look it up for you now.")
    call.voice_speaks()
    call.wait(100)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.wait(800)
    call.finishes("eight by the window gladly")
    assert "echo" in call.notes()


def test_without_voice_activity_the_position_of_the_words_tells_an_echo() -> None:
    call = saying(STATEMENT)
    call.wait(1_000)
    call.finishes("one table at six")
    assert "echo" in call.notes()
    call.wait(6_000)
    call.finishes("one table at six")
    assert call.notes().count("echo") == 1


def test_an_echo_heard_again_by_the_recogniser_is_not_taken_for_new_words() -> None:
    call = saying(STATEMENT)
    call.wait(1_000)
    call.finishes("we have one table")
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "we have one table")
    assert call.notes().count("echo") == 1
    ends_speaking(call)
    assert len(call.all(fx.AskModel)) == 1


def test_the_recogniser_reads_on_behind_an_echo_so_that_the_caller_is_read_alone() -> None:
    call = saying(STATEMENT)
    before = len(call.all(fx.CloseUtterance))
    call.wait(1_000)
    call.finishes("we have one table")
    assert [effect.audio_ms for effect in call.all(fx.CloseUtterance)[before:]] == [call.audio_ms]


def test_words_of_the_callers_that_wait_are_not_parted_from_what_follows_by_an_echo() -> None:
    call = saying(STATEMENT, words_to_interrupt=9)
    before = len(call.all(fx.CloseUtterance))
    call.wait(500)
    call.finishes("tomorrow not")
    call.segment += 1
    call.finishes("we have one table")
    assert len(call.all(fx.CloseUtterance)) == before


def test_the_echo_of_the_last_words_heard_is_known_although_a_reply_that_nobody_heard_came_after_them() -> None:
    call = saying(STATEMENT, words_to_interrupt=9, incremental_delay_ms=0)
    over(call, "on tuesday please")
    for speak in call.clauses():
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.model_says("Gladly.")
    call.voice_speaks()
    call.wait(100)
    assert call.last(fx.Release).generation == 2
    call.segment += 1
    call.hears("eight by the window")
    call.clears(0)
    assert call.all(fx.Withdrawn)[-1].reason == "unheard"
    call.segment -= 1
    call.finishes("eight by the window.")
    assert "echo" in call.notes()


def test_who_asks_the_agent_to_stop_just_after_a_filler_is_let_in_though_words_of_it_are_the_same() -> None:
    call = Call(fillers=True, turn_model=False, words_to_interrupt=2, incremental_delay_ms=0)
    call.caller_says("a table please")
    while not call.all(fx.PlayAsset) and call.now_ms < 10_000:
        call.wait(50)
    assert call.last(fx.PlayAsset).asset == "Well, let me think."
    call.model_says(STATEMENT)
    call.voice_speaks()
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.wait(400)
    call.give(ev.AssetPlayed, call.last(fx.PlayAsset).asset, "filler", 400, True)
    call.wait(100)
    call.begins()
    call.wait(400)
    call.finishes("let me finish")
    assert call.all(fx.Clear)
    assert "echo" not in call.notes()


@pytest.mark.parametrize("text", ["okay", "we have one table"])
def test_what_is_written_is_never_an_echo_nor_a_back_channel(text: str) -> None:
    call = saying(STATEMENT, written=True)
    call.wait(1_000)
    call.finishes(text)
    assert call.all(fx.Clear)
    assert not call.notes()


def test_an_echo_that_is_dropped_does_not_count_off_the_callers_words() -> None:
    call = saying(STATEMENT, words_to_interrupt=2)
    call.wait(800)
    call.give(ev.TranscriptPartial, call.audio_ms, 7, "We have one table")
    call.wait(1_500)
    call.begins()
    call.give(ev.TranscriptFinal, call.audio_ms, 7, "We have one table")
    call.wait(300)
    call.give(ev.TranscriptPartial, call.audio_ms, 8, "tomorrow not today")
    assert call.all(fx.Clear)


def test_a_mark_that_is_told_again_does_not_move_the_words_behind_it() -> None:
    call = saying("We have one table at six. Another one is free at eight. It is by the window.")
    clauses = call.clauses()
    assert len(clauses) == 3
    for speak in clauses[:2]:
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.begins()
    call.wait(900)
    call.give(ev.MarkPlayed, clauses[1].generation, clauses[1].index)
    call.wait(100)
    call.finishes("it is by the window")
    assert "echo" in call.notes()


def test_an_echo_behind_an_entry_by_the_keys_does_not_count_off_the_entry() -> None:
    call = saying(STATEMENT, words_to_interrupt=2, keys=True, keys_interrupt=False)
    call.give(ev.KeyPressed, "#")
    call.begins()
    call.wait(900)
    call.give(ev.TranscriptFinal, call.audio_ms, 7, "We have one table")
    assert "echo" in call.notes()
    call.give(ev.TranscriptPartial, call.audio_ms, 8, "not tuesday")
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptPartial, call.audio_ms, 8, "not tuesday please")
    assert call.all(fx.Clear)


def test_behind_an_echo_the_callers_own_words_say_how_long_they_may_pause() -> None:
    """ "... and" waits for more; the agent's own words after it do not."""
    call = saying(STATEMENT, words_to_interrupt=0)
    usual_ms = CallPlan().endpointing_ms
    call.give(ev.TranscriptPartial, call.audio_ms, 7, "tuesday and")
    call.wait(150)
    call.begins()
    call.wait(900)
    call.give(ev.TranscriptPartial, call.audio_ms, 8, "We have one table")
    assert call.last(fx.SetPatience).silence_ms == usual_ms
    call.wait(300)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, 8, "We have one table at.")
    assert "echo" in call.notes()
    assert call.last(fx.SetPatience).silence_ms > usual_ms
