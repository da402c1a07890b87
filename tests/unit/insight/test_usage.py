"""What a call used, and for which part of it."""

from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.usage import no_usage, usage_breakdown, used


def parts(log: CallLog) -> list[tuple[str, str, str]]:
    return [(one.kind, one.part, one.category) for one in used(log.view)]


def test_usage_belongs_to_the_turn_it_answered():
    log = two_turns().used("voice", 1, "welcome", 20).used("model", 2, "reply", 100, 9).used("voice", 3, "reply", 14)
    assert parts(log) == [
        ("voice", "welcome", "welcome_message"),
        ("model", "turn:1", "conversation"),
        ("voice", "turn:2", "conversation"),
    ]


def test_work_nobody_heard_is_waste():
    log = CallLog().answered().asked(1, 1).speaks(1, 1, "Never heard.").write(fx.Withdrawn(1, 1, "caller_spoke"))
    assert parts(log.used("model", 1, "reply", 50, 5).used("voice", 1, "reply", 12)) == [
        ("model", "waste", "conversation"),
        ("voice", "waste", "conversation"),
    ]


def test_what_began_to_play_and_was_given_up_unheard_is_waste():
    log = CallLog().answered().asked(1, 1).audible(1).write(fx.Withdrawn(1, 1, "unheard"))
    assert parts(log.used("voice", 1, "reply", 12)) == [("voice", "waste", "conversation")]


def test_words_cut_before_one_was_heard_and_said_again_were_not_in_vain():
    log = CallLog().answered().asked(1, 1).audible(1).write(fx.Withdrawn(1, 1, "unheard")).used("model", 1, "reply", 9)
    log.speaks(1, 2, "Once more.").released(1, 2, resumes=1).agent_said(1, 2, "Once more.", resumes=1)
    assert parts(log) == [("model", "turn:1", "conversation")]


def test_what_was_audible_when_the_log_broke_off_was_heard():
    log = CallLog().answered().asked(1, 1).audible(1).used("voice", 1, "reply", 12)
    assert parts(log) == [("voice", "turn:1", "conversation")]


def test_a_reply_that_only_called_a_tool_was_not_in_vain():
    log = CallLog().answered().asked(1, 1).event(ev.ReplyTool, 1, 1, "c1", "book", "{}")
    assert parts(log.used("model", 1, "reply", 50, 5)) == [("model", "turn:1", "conversation")]


def test_a_speculative_reply_that_was_withdrawn_is_waste_even_with_a_tool():
    log = (
        CallLog().answered().asked(1, 1).event(ev.ReplyTool, 1, 1, "c1", "book", "{}").used("model", 1, "reply", 50, 5)
    )
    log.write(fx.Withdrawn(1, 1, "caller_continued")).asked(1, 2).audible(2).used("model", 2, "reply", 50, 5)
    assert parts(log) == [("model", "waste", "conversation"), ("model", "turn:1", "conversation")]


def test_a_reply_silenced_before_a_word_was_heard_still_called_its_tool():
    log = (
        CallLog().answered().asked(1, 1).event(ev.ReplyTool, 1, 1, "c1", "book", "{}").used("model", 1, "reply", 50, 5)
    )
    assert parts(log.write(fx.Withdrawn(1, 1, "unheard"))) == [("model", "turn:1", "conversation")]


def test_the_question_whether_the_call_is_over_belongs_to_the_turn_it_was_asked_in():
    log = CallLog().answered().used("model", 0, "hangup", 1).asked(1, 1).used("model", 0, "hangup", 2).asked(2, 2)
    assert parts(log) == [("model", "welcome", "hangup"), ("model", "turn:1", "hangup")]


def test_a_goodbye_is_no_sub_leg_of_the_voice():
    log = CallLog().answered().speaks(0, 1, "Goodbye.", "goodbye").audible(1).used("voice", 1, "hangup", 8)
    assert parts(log) == [("voice", "welcome", "conversation")]


def test_work_after_the_call_is_a_part_of_its_own():
    log = CallLog().used_after("extraction", 300, 40).used_after("summary", 280, 30).used_after("analytics", 1, 1)
    assert parts(log) == [
        ("model", "post_call", "extraction"),
        ("model", "post_call", "summarization"),
        ("model", "post_call", "analytics"),
    ]


def test_the_breakdown_counts_tokens_characters_and_seconds_in_both_spellings():
    log = two_turns().used("voice", 1, "welcome", 20).used("voice", 2, "reply", 9).used("model", 2, "reply", 100, 9)
    log.used("model", 3, "reply", 140, 11, model="other").used("transcriber", 0, "hearing", 9_250)
    log.used_after("summary", 200, 30)
    usage = usage_breakdown(log.view)
    assert usage["llm_tokens"] == usage["llmTokens"] == 490
    assert usage["llm_model"] == {"m": {"input": 300, "output": 39}, "other": {"input": 140, "output": 11}}
    assert usage["llmModel"] == usage["llm_model"]
    assert usage["llm_usage_breakdown"] == {
        "conversation": {"input": 240, "output": 20},
        "summarization": {"input": 200, "output": 30},
    }
    assert usage["synthesizer_characters"] == usage["synthesizerCharacters"] == 29
    assert usage["synthesizer_usage_breakdown"] == {"welcome_message": 20, "conversation": 9}
    assert (usage["synthesizer_provider"], usage["synthesizer_model"]) == ("throat", "throat-1")
    assert (usage["transcriber_provider"], usage["transcriber_model"]) == ("ears", "ear-1")
    assert usage["provider_source"] == {"llm": "brain", "synthesizer": "throat", "transcriber": "ears"}
    assert (usage["voice_id"], usage["transcriber_language"]) == ("maya", "en")
    assert usage["transcriber_duration"] == 9.25
    assert usage["transcriber_usage_breakdown"] == {"conversation": 9.25, "analytics": 0}


def test_a_model_that_the_agent_does_not_name_is_the_one_that_was_billed():
    log = CallLog().connected("voice", provider="throat", model="").connected("transcriber", provider="ears", model="")
    log.answered().used("voice", 1, "welcome", 20, model="neural").used("transcriber", 0, "hearing", 900, model="rt-1")
    usage = usage_breakdown(log.view)
    assert (usage["synthesizer_model"], usage["transcriber_model"]) == ("neural", "rt-1")


def test_no_usage_has_the_same_keys_with_nothing_in_them():
    assert set(no_usage()) == set(usage_breakdown(two_turns().view))
    assert no_usage()["llm_tokens"] == no_usage()["transcriber_duration"] == 0
