"""When a caller wants to be called back, by their words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callwright.domain.limits import MAX_UTTERANCE_CHARACTERS
from callwright.insight.callback import callback

#: A Wednesday.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
NO_TIME = "no clock time was said"
NO_DAY = "the day was not understood"
UNSURE = "it was not clear which time was meant"
FAR = "it is more than 30 days ahead"
HOURS = "it is outside the hours of calls (9 to 21 o'clock)"


def understood(*lines: str, now: datetime = NOW, hours: tuple[int, int] = (9, 21)) -> str | None:
    """The time, or why not; None: nothing was asked. A line that begins with ``>`` is the agent's."""
    spoken = [("assistant", line[2:]) if line.startswith("> ") else ("user", line) for line in lines]
    found = callback(spoken, now, hours)
    if found is None:
        return None
    return found.reason if found.due_at is None else f"{found.due_at:%a %d %b %H:%M}"


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("Can you call me back tomorrow at five?", "Thu 26 Nov 17:00"),
        ("call me back in half an hour", "Wed 25 Nov 10:30"),
        ("Call me in 20 minutes", "Wed 25 Nov 10:20"),
        ("call me in five minutes", "Wed 25 Nov 10:05"),
        ("Call me back in 200 minutes", "Wed 25 Nov 13:20"),
        ("call me back in two hundred minutes", "Wed 25 Nov 13:20"),
        ("call me in a hundred and twenty minutes", "Wed 25 Nov 12:00"),
        ("call me in about one hundred and twenty minutes", "Wed 25 Nov 12:00"),
        ("call me in a hundred minutes", "Wed 25 Nov 11:40"),
        ("call me in ninety minutes", "Wed 25 Nov 11:30"),
        ("call me in seventeen minutes", "Wed 25 Nov 10:17"),
        ("call me in a hundred hours", "Sun 29 Nov 14:00"),
        ("Call me back, a hundred and twenty minutes from now", "Wed 25 Nov 12:00"),
        ("call me after twenty minutes", "Wed 25 Nov 10:20"),
        ("call me after about two hours", "Wed 25 Nov 12:00"),
        ("call me in two hours and thirty minutes", "Wed 25 Nov 12:30"),
        ("Call me back an hour and 20 minutes from now", "Wed 25 Nov 11:20"),
        ("Call me back an hour and a half from now", "Wed 25 Nov 11:30"),
        ("call me at twenty minutes past four", "Wed 25 Nov 16:20"),
        ("call me after five", "Wed 25 Nov 17:00"),
        ("call me again at 5:30", "Wed 25 Nov 17:30"),
        ("please call me on Friday at 10 am", "Fri 27 Nov 10:00"),
        ("please call me on Friday at 10:15 am", "Fri 27 Nov 10:15"),
        ("please call me at 4:30 p.m. tomorrow", "Thu 26 Nov 16:30"),
        ("please call me tomorrow at four forty five in the afternoon", "Thu 26 Nov 16:45"),
        ("call me on Friday at 10:15 am, no, at 11:45 am", "Fri 27 Nov 11:45"),
        ("call me on monday at quarter to six", "Mon 30 Nov 17:45"),
        ("call me at ten to five", "Wed 25 Nov 16:50"),
        ("call me back at half past three", "Wed 25 Nov 15:30"),
        ("call me back at quarter past three", "Wed 25 Nov 15:15"),
        ("can you ring me at twenty past four", "Wed 25 Nov 16:20"),
        ("call me tomorrow at ten in the morning", "Thu 26 Nov 10:00"),
        ("call me back tonight at 8", "Wed 25 Nov 20:00"),
        ("Call me back at nine", "Thu 26 Nov 09:00"),
        ("call me the day after tomorrow at noon", "Fri 27 Nov 12:00"),
        ("call me on December 3rd at 2 pm", "Thu 03 Dec 14:00"),
        ("call me on december 3 at 2 pm", "Thu 03 Dec 14:00"),
        ("call me on the fifth at 3", "Sat 05 Dec 15:00"),
        ("call me next wednesday at 4 o'clock", "Wed 02 Dec 16:00"),
        ("call me in an hour and a half", "Wed 25 Nov 11:30"),
        ("call me in two hours", "Wed 25 Nov 12:00"),
        ("call me in a couple of hours", "Wed 25 Nov 12:00"),
        ("Call me back an hour from now", "Wed 25 Nov 11:00"),
        ("call me back in two days at five", "Fri 27 Nov 17:00"),
        ("call me in a week at 5 pm", "Wed 02 Dec 17:00"),
        ("call me at fifteen thirty", "Wed 25 Nov 15:30"),
        ("Could you give me a call back around three thirty tomorrow?", "Thu 26 Nov 15:30"),
        ("call me today at four, no, at five", "Wed 25 Nov 17:00"),
    ],
)
def test_a_day_and_a_time_are_understood(said: str, when: str) -> None:
    assert understood(said) == when


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Call me later", NO_TIME),
        ("call me tomorrow morning", NO_TIME),
        ("call me back in a few minutes", NO_TIME),
        ("call me on the 42nd", NO_TIME),
        ("call me back in zero minutes", NO_TIME),
        ("call me tomorrow at 25 70", NO_TIME),
        ("call me at 11 pm", HOURS),
        ("call me tomorrow at 14 am", NO_TIME),
        ("call me today at 9", "it is in the past"),
        ("call me back on June 3rd at 5", FAR),
        ("call me back in 99 weeks at five", FAR),
        ("call me back in 20 hours", HOURS),
        ("call me back in 120 days at five", FAR),
        ("call me back in 1,000 days at five", FAR),
        (f"call me back in {'9' * 5_000} days at five", FAR),
        (f"call me back in {'9' * 5_000} minutes", FAR),
    ],
)
def test_a_time_that_cannot_be_kept_says_why(said: str, why: str) -> None:
    assert understood(said) == why


@pytest.mark.parametrize(
    "said", ["I'll call you back at five", "don't call me back at five", "no need to call me back", "at five", ""]
)
def test_who_does_not_ask_is_not_called(said: str) -> None:
    assert understood(said) is None


def test_day_and_time_may_come_one_after_the_other() -> None:
    assert understood("Can you call me back tomorrow?", "> Sure, what time suits you?", "Five.") == "Thu 26 Nov 17:00"
    assert (
        understood("Call me back.", "> When?", "On Friday.", "> Fine.", "At ten, in the morning") == "Fri 27 Nov 10:00"
    )


def test_a_number_of_minutes_is_no_clock_time() -> None:
    assert understood("Call me back.", "> What time?", "20 minutes.") == NO_TIME
    assert understood("Call me back.", "> When?", "About twenty minutes.") == NO_TIME


def test_the_last_words_stand() -> None:
    lines = ("Call me back tomorrow at five", "> Five pm tomorrow?", "No, at six thirty.", "> Fine.", "Or in two hours")
    assert understood(*lines[:3]) == "Thu 26 Nov 18:30"
    assert understood(*lines) == "Wed 25 Nov 12:00"
    assert understood("Call me in two hours.", "> Fine.", "No, at three pm.") == "Wed 25 Nov 15:00"


def test_what_the_agent_offers_counts_when_the_caller_says_yes() -> None:
    offer = "> Shall I call you back on Friday at 3 pm?"
    assert understood(offer, "Sure.") == "Fri 27 Nov 15:00"
    assert understood(offer, "No thanks.") is None
    assert understood("Call me later.", "> Shall I call you tomorrow at four?", "Yes please.") == "Thu 26 Nov 16:00"
    assert understood("Call me later.", "> Shall I call you tomorrow at four?", "No, at six.") == "Thu 26 Nov 18:00"


def test_other_times_of_the_call_are_none_of_it() -> None:
    lines = ("My appointment is on Monday at nine.", "> Good.", "Can you call me back?", "> When?", "Tomorrow at 10.")
    assert understood(*lines) == "Thu 26 Nov 10:00"


def test_of_two_halves_of_the_day_the_one_people_are_awake_in_is_meant() -> None:
    assert understood("call me tomorrow at eight", hours=(0, 23)) == "Thu 26 Nov 08:00"
    assert understood("call me tomorrow at two", hours=(0, 23)) == "Thu 26 Nov 14:00"
    assert understood("call me tomorrow at eight") == "Thu 26 Nov 20:00"


def test_the_words_are_kept() -> None:
    found = callback([("user", "Call me back."), ("assistant", "When?"), ("user", "Tomorrow at 5.")], NOW, (9, 21))
    assert found is not None
    assert found.said == "Call me back. / Tomorrow at 5."


def test_a_date_that_never_comes_is_not_understood() -> None:
    for day in ("february 30", f"may {'1' * 30}", f"may 00{'1' * 30}"):
        assert understood(f"call me on {day} at five") == NO_DAY


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("Call me back not tomorrow but on Monday at five.", "Mon 30 Nov 17:00"),
        ("Can you call me back tomorrow at five, no wait, Monday at five?", "Mon 30 Nov 17:00"),
        ("Can you call me back on Monday, no, Tuesday at three?", "Tue 01 Dec 15:00"),
        ("I'm busy tomorrow, call me back Friday at five", "Fri 27 Nov 17:00"),
        ("call me back Monday at five, Friday doesn't work", "Mon 30 Nov 17:00"),
        ("call me back Friday at five, tomorrow I can't", "Fri 27 Nov 17:00"),
        ("call me back on the 3rd at 5 pm and not on Friday", "Thu 03 Dec 17:00"),
        ("call me back not on Monday or Tuesday but on Friday at five", "Fri 27 Nov 17:00"),
        ("Call me back at five instead of six", "Wed 25 Nov 17:00"),
        ("call me tomorrow at five not at six", "Thu 26 Nov 17:00"),
        ("call me back at 11 am, no, at 2", "Wed 25 Nov 14:00"),
        ("not in an hour but in two hours call me back", "Wed 25 Nov 12:00"),
        ("don't call me today, call me back tomorrow at five", "Thu 26 Nov 17:00"),
        ("Why not call me back tomorrow at five", "Thu 26 Nov 17:00"),
        ("I'm in a meeting until three, call me at four", "Wed 25 Nov 16:00"),
        ("I have a meeting at three today, so call me back tomorrow at ten", "Thu 26 Nov 10:00"),
        ("can you call me back tomorrow at ten, my number is 12 30 45", "Thu 26 Nov 10:00"),
        ("I am in a meeting call me back at four", "Wed 25 Nov 16:00"),
        ("Good morning, can you call me back at five?", "Wed 25 Nov 17:00"),
        ("please call us back at 5 p m tomorrow", "Thu 26 Nov 17:00"),
    ],
)
def test_the_last_day_of_a_line_stands_and_what_was_ruled_out_does_not(said: str, when: str) -> None:
    assert understood(said) == when


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("call me back on the twenty first at noon", "Mon 21 Dec 12:00"),
        ("call me back on the 3 of December at five", "Thu 03 Dec 17:00"),
        ("call me back on Friday the 4th at three", "Fri 04 Dec 15:00"),
        ("call me back on December 4th, a Friday, at three", "Fri 04 Dec 15:00"),
        ("call me back on 23/12 at noon", "Wed 23 Dec 12:00"),
        ("call me back on 3.12. at 17.30", "Thu 03 Dec 17:30"),
        ("call me back on 2026-12-03 at noon", "Thu 03 Dec 12:00"),
        ("call me back on December 3 2027 at noon", FAR),
        ("call me back next week Monday at ten", "Mon 30 Nov 10:00"),
        ("call me back on Friday next week at three", "Fri 04 Dec 15:00"),
        ("call me back last friday at five", "it is in the past"),
        ("Somebody should call me back yesterday at five", "it is in the past"),
        ("for the second time call me back tomorrow at five", "Thu 26 Nov 17:00"),
        ("call me back tomorrow at five, it was a long week", "Thu 26 Nov 17:00"),
        ("call me back in a quarter of an hour", "Wed 25 Nov 10:15"),
        ("call me back in three quarters of an hour", "Wed 25 Nov 10:45"),
        ("call me back in an hour and a quarter", "Wed 25 Nov 11:15"),
        ("call me back in two and a half hours", "Wed 25 Nov 12:30"),
        ("call me back in a couple of days at five", "Fri 27 Nov 17:00"),
    ],
)
def test_dates_and_spans_are_understood_as_people_say_them(said: str, when: str) -> None:
    assert understood(said) == when


@pytest.mark.parametrize(
    "said",
    [
        "on February 30th at noon",
        "on 12/3 at 5 pm",
        "on 31/2 at noon",
        "on Monday the fourth at three",
        "in two weeks on Monday at ten",
        "on Monday in a week at ten",
        "a week from Monday at ten",
        "next week at five",
        "on the weekend at ten",
        "in a few days at five",
        "some other day at five",
        "in March at five",
        "after Christmas at five",
        "not tomorrow, at five",
    ],
)
def test_a_day_that_was_begun_and_not_understood_is_never_today(said: str) -> None:
    assert understood(f"call me back {said}") == NO_DAY


@pytest.mark.parametrize(
    "said",
    [
        "tomorrow between four and six",
        "in ten to fifteen minutes",
        "in two or three hours",
        "tomorrow, I'm free from nine to eleven but not at ten",
        "tomorrow, nine to five",
        "tomorrow 9-11",
        "tomorrow at five, I am home at six",
        "in two hours, on Friday",
    ],
)
def test_a_stretch_of_time_and_two_clock_times_are_none(said: str) -> None:
    assert understood(f"call me back {said}") == "no one clock time was said"


@pytest.mark.parametrize("said", ["on Monday before five", "any day except Friday at 5 pm", "at 5 5 5 0 1 2 3"])
def test_a_clock_time_that_was_ruled_out_and_a_telephone_number_are_none(said: str) -> None:
    assert understood(f"call me back {said}") == NO_TIME


@pytest.mark.parametrize(
    "said",
    [
        "My husband will call back tomorrow at five.",
        "He said he would call back at six.",
        "We'll call back tomorrow at ten",
        "Should I call back tomorrow at five?",
        "When can I call back, tomorrow at five?",
        "Why did you call me back at five?",
        "Nobody would call me back at five last week",
        "You said you would call me back at five and you did not",
        "I was told you'd call me back yesterday at five and nobody did",
        "I missed a callback at five",
        "Can you call me by my first name? Tomorrow at five I have an appointment.",
        "Could you call me a taxi at five tomorrow?",
        "I don't want you to call me back tomorrow at five",
    ],
)
def test_who_speaks_of_another_call_does_not_ask_for_one(said: str) -> None:
    assert understood(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "Can you call back tomorrow at five?",
        "I'm busy, please call back tomorrow at five.",
        "Why don't you call me back tomorrow at five",
        "I'd like a callback tomorrow at five",
        "Can the doctor call me back tomorrow at five?",
        "I want you to call me tomorrow at five",
        "It would be great if you could call me back tomorrow at five",
        "He said you're open, so call me back tomorrow at five",
        "You'll call me back tomorrow at five, right?",
    ],
)
def test_a_call_is_asked_for_in_many_ways(said: str) -> None:
    assert understood(said) == "Thu 26 Nov 17:00"


@pytest.mark.parametrize(
    "said",
    [
        "Actually don't call me back.",
        "Forget it, no need to call me.",
        "On second thought, I'll call you instead.",
        "Cancel the call back.",
        "Never mind.",
    ],
)
def test_who_takes_the_wish_back_is_not_called(said: str) -> None:
    lines = ("Call me back on Friday at ten.", "> Fine.", said)
    assert understood(*lines) == "the caller took it back"
    assert understood(*lines, "> Good.", "At eleven.") == "the caller took it back"
    assert understood(*lines, "> Sure?", "No, do call me on Monday at six.") == "Mon 30 Nov 18:00"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Fine, tomorrow at five then.", "And can I book the table for saturday at eight?"),
        ("Fine. Anything else?", "Yes, my appointment on friday at nine needs to move to monday at three."),
        ("Can I have your date of birth?", "the third of may"),
        ("What is your number?", "it is at 12 30 22"),
        ("How many people?", "about four"),
        ("Is your booking for Friday?", "No, for Saturday at eight."),
        ("Good.", "Don't forget it. I'll call you if anything changes."),
    ],
)
def test_what_is_agreed_is_not_changed_by_words_about_something_else(asked: str, answer: str) -> None:
    assert understood("Call me back tomorrow at five.", f"> {asked}", answer) == "Thu 26 Nov 17:00"


@pytest.mark.parametrize(
    "word", ["call me back", "not", "or", "monday", "5", "5 to 6", "the first", "i have a", "i'll"]
)
def test_the_longest_line_is_read(word: str) -> None:
    assert understood("Call me back tomorrow at five.", (f"{word} " * 4_000)[:MAX_UTTERANCE_CHARACTERS]) is not None


def test_a_number_that_answers_another_question_is_no_clock_time() -> None:
    assert understood("Call me back tomorrow.", "> Sure, how many people?", "About four.") == NO_TIME
    assert understood("Call me back tomorrow.", "> Sure. Is your table at four?", "At five.") == NO_TIME
    assert understood("Call me back.", "> Your number, and when?", "Tomorrow at five.") == "Thu 26 Nov 17:00"


@pytest.mark.parametrize(
    ("asked", "answer", "when"),
    [
        ("Tomorrow is full, would Friday at ten suit you?", "No, Thursday at six.", "Thu 26 Nov 18:00"),
        ("Five pm tomorrow?", "Yes, but at six.", "Thu 26 Nov 18:00"),
        ("What time exactly?", "Half past five.", "Thu 26 Nov 17:30"),
        ("Shall I call you at six?", "No, at seven.", "Thu 26 Nov 19:00"),
        ("Good.", "Friday would be better.", "Fri 27 Nov 17:00"),
        ("Good.", "Can you make it six?", "Thu 26 Nov 18:00"),
        ("Good.", "Can we make the call at six?", "Thu 26 Nov 18:00"),
        ("Good.", "Never mind, I mean Friday.", "Fri 27 Nov 17:00"),
        ("Good.", "Oh, tomorrow I can't.", NO_DAY),
        ("Good.", "Some other day would be better.", NO_DAY),
        ("Tomorrow is full. Shall I call you on Friday?", "No.", UNSURE),
        ("On Friday at ten?", "No, at eleven.", UNSURE),
    ],
)
def test_what_is_agreed_is_changed_by_words_that_correct_it(asked: str, answer: str, when: str) -> None:
    assert understood("Call me back tomorrow at five.", f"> {asked}", answer) == when


def test_an_offer_that_was_refused_leaves_no_time_until_another_is_said() -> None:
    lines = ("Call me back tomorrow at five.", "> Shall I call you at six?", "No.", "> When then?", "Seven.")
    assert understood(*lines[:3]) == UNSURE
    assert understood(*lines) == "Thu 26 Nov 19:00"
    assert understood("Call me in two hours.", "> Shall I call you in one hour?", "No.") == UNSURE


@pytest.mark.parametrize(
    ("asked", "offered", "answer", "when"),
    [
        ("tomorrow at 2 pm", "We're closed then. How about 3 pm instead?", "Yes, that works.", "Thu 26 Nov 15:00"),
        ("tomorrow at 2 pm", "I'm booked at 2 pm. Would 3 pm work for you?", "Yes, 3 pm is fine", "Thu 26 Nov 15:00"),
        (
            "tomorrow at 2 pm",
            "Sorry, tomorrow is full. Is Friday at 3 pm okay?",
            "Okay, Friday at 3 pm.",
            "Fri 27 Nov 15:00",
        ),
        ("tomorrow at 2 pm", "Two pm is taken. Three pm is free.", "Three pm then", "Thu 26 Nov 15:00"),
        ("tomorrow at 2 pm", "Sorry, was it 2 pm or 2:30 pm?", "2:30 pm", "Thu 26 Nov 14:30"),
        ("at 2 pm today", "We are only in tomorrow. Is tomorrow at 2 pm okay?", "Yes", "Thu 26 Nov 14:00"),
        ("in ten minutes", "Could we make it tomorrow at 10 am?", "Yes, tomorrow at 10 am.", "Thu 26 Nov 10:00"),
        ("today at 11 pm", "We only call until eight. Would 7 pm be alright?", "Sure.", "Wed 25 Nov 19:00"),
        ("tomorrow at 2 pm", "Okay, Thursday at 2 pm.", "I said Friday at 2 pm", "Fri 27 Nov 14:00"),
    ],
)
def test_another_time_that_the_agent_names_and_the_caller_agrees_to_stands(
    asked: str, offered: str, answer: str, when: str
) -> None:
    assert understood(f"Can you call me back {asked}?", f"> {offered}", answer) == when


@pytest.mark.parametrize(
    "said",
    [
        "I'd like a call back tomorrow at 2 pm",
        "I'd appreciate a call back tomorrow at 2 pm",
        "I would prefer a call back tomorrow at 2 pm",
        "I'd like to get a call back tomorrow at 2 pm",
        "I can take a call back tomorrow at 2 pm",
        "can you call me tomorrow at 2 pm? I'm swamped today",
        "can you call me tomorrow at 2 pm? I'm too tired tonight",
        "call me tomorrow at 2 pm. Thanks for your call today.",
        "call me tomorrow at 2 pm, I got the letter on Monday",
        "call me tomorrow at 2 pm, because on Saturday I'm flying to Rome",
        "I'm busy today, call me tomorrow at 2 pm",
        "I've got visitors, call me tomorrow at 2 pm",
        "Like I said, call me back tomorrow at 2 pm",
        "She isn't in, call back tomorrow at 2 pm",
        "Can't talk call back tomorrow at 2 pm",
        "Could you call me by 2 pm tomorrow?",
    ],
)
def test_reasons_and_politeness_around_a_request_change_nothing(said: str) -> None:
    assert understood(said) == "Thu 26 Nov 14:00"


@pytest.mark.parametrize(
    "said",
    [
        "Great. I'd love a call back then, thanks",
        "Great, I won't forget it",
        "Please don't call any earlier, I'm in surgery.",
        "Good. But please don't call before that.",
        "Thanks. If not I'll call you back",
    ],
)
def test_what_is_said_after_an_agreement_takes_nothing_back(said: str) -> None:
    agreed = ("Can you call me back tomorrow at 2 pm?", "> Sure, tomorrow at 2 pm it is.")
    assert understood(*agreed, said) == "Thu 26 Nov 14:00"
    offered = ("> Shall I email you the details too?", "No, forget it")
    assert understood(*agreed, *offered) == "Thu 26 Nov 14:00"


def test_a_question_when_to_call_about_something_is_one_about_the_time() -> None:
    asked = ("Call me tomorrow about my order.", "> When should we call you about the order?", "2 pm.")
    assert understood(*asked) == "Thu 26 Nov 14:00"


@pytest.mark.parametrize(
    "said",
    [
        "Yeah, no.",
        "Yeah no, that doesn't work for me.",
        "Okay, no thanks.",
        "Sure... no, sorry, I can't.",
        "Yes, hmm, no, please don't.",
        "Right, I'm busy then.",
        "Okay, I'm busy tomorrow.",
        "Okay, e-mail me instead.",
        "Okay, too late for me.",
        "Okay, I'll drop by.",
        "Yes. Actually, I'll call you instead.",
        "Sure, if you must. No, leave it.",
    ],
)
def test_who_declines_the_call_behind_a_yes_is_not_called(said: str) -> None:
    assert understood("> Can I call you back tomorrow at five?", said) is None


def test_who_says_yes_and_then_no_behind_a_pause_is_not_called() -> None:
    assert understood("> Can I call you back tomorrow at five?", "Yeah.", "No.") is None


@pytest.mark.parametrize(
    "said",
    [
        "No, no problem, yes.",
        "Yeah, no worries.",
        "No, that's fine, do that.",
        "Sure, I'm busy right now.",
        "Yes please, I'm busy today.",
        "Sure, and send me an e-mail too.",
        "Yes. My e-mail is ann@example.org.",
        "Yes, I'll wait for your call.",
    ],
)
def test_a_yes_with_a_word_of_refusal_in_it_is_one(said: str) -> None:
    assert understood("> Can I call you back tomorrow at five?", said) == "Thu 26 Nov 17:00"


def test_a_yes_to_a_call_or_something_else_is_one_when_it_chooses_the_call() -> None:
    offer = "> Shall I call you tomorrow at ten, or do you prefer an e-mail?"
    assert understood(offer, "Okay, an e-mail please.") is None
    assert understood(offer, "Yes.") is None
    assert understood(offer, "Okay, call me.") == "Thu 26 Nov 10:00"
    assert understood("> Shall I call you in an hour or so?", "Yes.") == "Wed 25 Nov 11:00"


@pytest.mark.parametrize(
    "who",
    [
        "Our technician will call you",
        "Our technician, Bob, will call you",
        "I'll check, and my colleague Anna will then call you",
        "I will have the doctor call you",
        "I will ask somebody to call you",
        "She'll check, then call you",
        "They can call you",
    ],
)
def test_what_the_agent_says_of_somebody_elses_call_is_no_offer(who: str) -> None:
    assert understood(f"> {who} tomorrow at ten.", "Okay, thanks.") is None
    asked = ("Call me back please.", f"> {who} tomorrow at ten.", "Okay, thanks.")
    assert understood(*asked) == "somebody else is to call"
    assert understood("Can somebody call me back tomorrow at ten?", *asked[1:]) == "Thu 26 Nov 10:00"


@pytest.mark.parametrize(
    "who",
    [
        "I'll call you",
        "We will gladly call you",
        "Shall we call you",
        "I'd be happy to call you",
        "Would you like me to call you",
        "Is it okay to call you",
        "Is it okay if I call you",
        "Great, will call you",
        "I'll look it up, then call you",
        "You'll get a call from us",
        "We're closed now, but I can call you",
    ],
)
def test_what_the_agent_says_of_its_own_call_is_an_offer(who: str) -> None:
    assert understood(f"> {who} tomorrow at ten.", "Okay, thanks.") == "Thu 26 Nov 10:00"


@pytest.mark.parametrize(
    "said",
    [
        "Actually don't.",
        "Please don't.",
        "Cancel that.",
        "Actually, no need.",
        "Don't bother.",
        "Actually, leave it.",
        "Scrap that, I don't need it any more.",
        "It's fine, I'll come by instead.",
    ],
)
def test_few_words_take_back_what_was_agreed(said: str) -> None:
    agreed = ("Can you call me back tomorrow at 2 pm?", "> Sure, tomorrow at 2 pm.")
    assert understood(*agreed, said) == "the caller took it back"
    assert understood(*agreed, "> Anything else?", f"No, and actually, {said}") == "the caller took it back"


@pytest.mark.parametrize(
    "asked", ["Is six okay?", "Is 6 okay?", "Would six pm be fine?", "Shall I put that in for six?"]
)
def test_the_wish_is_taken_back_behind_a_question_for_another_time(asked: str) -> None:
    lines = ("Call me back tomorrow at five.", f"> Five is taken. {asked}")
    assert understood(*lines, "Forget it.") == "the caller took it back"
    assert understood(*lines, "Okay, then forget it.") == "the caller took it back"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Shall I e-mail you the details too?", "No, please don't."),
        ("Tomorrow at 2 pm. Do you need directions?", "No, no need."),
        ("Anything else I can do for you?", "No, no need."),
        ("Anything else?", "No, don't worry."),
    ],
)
def test_few_words_that_refuse_something_else_take_nothing_back(asked: str, said: str) -> None:
    agreed = ("Can you call me back tomorrow at 2 pm?", "> Sure, tomorrow at 2 pm.")
    assert understood(*agreed, f"> {asked}", said) == "Thu 26 Nov 14:00"


def test_a_time_that_is_dropped_for_another_is_corrected() -> None:
    assert understood("Call me back tomorrow at five.", "> Good.", "Cancel that, make it six.") == "Thu 26 Nov 18:00"
    dropped = ("Call me back tomorrow at five.", "> Anything else?", "No need, I'll call you instead.")
    assert understood(*dropped) == "the caller took it back"


def test_who_denies_the_time_that_is_read_back_leaves_it_open() -> None:
    offered = ("> Shall I call you tomorrow at five?", "Yes.")
    assert understood(*offered, "> Good, I will call you tomorrow at five. Is that right?", "No, sorry.") == UNSURE
    assert understood(*offered, "> Tomorrow at five, right?", "No.") == UNSURE
    assert understood("Call me back tomorrow at five.", "> Five is taken. Is six okay?", "Yeah, no.") == UNSURE
    assert (
        understood(*offered, "> Good. Do you need anything before the call tomorrow at five?", "No.")
        == "Thu 26 Nov 17:00"
    )


@pytest.mark.parametrize(
    "said",
    [
        "on Diwali", "on payday", "on election day", "the day after Thanksgiving", "after the holidays", "during the holidays",
        "after my vacation", "before the wedding", "the week of the wedding", "on Boxing Day", "on New Year's Day", "on my birthday",
        "half term", "midweek", "on my next day off", "in summer", "next term", "the second Monday in December", "the second Monday",
        "on the last Friday of the month", "every Thursday", "the other Thursday", "the following Thursday", "the Thursday after that",
        "two Thursdays from now", "the Tuesday before last", "two days after Monday", "the morning after tomorrow", "after January",
        "after the 26th", "the other day", "the day after next", "the next day", "the week after", "a month from now", "a year from now",
        "in two business days", "on the first working day", "Thursday or Friday", "next month on the third", "tomorrow fortnight",
    ],
)  # fmt: skip
@pytest.mark.parametrize("wish", ["call me back {} at 3 pm", "call me back at 3 pm {}", "call me back, {}, at 3 pm"])
def test_a_day_that_no_rule_knows_is_never_another_one(wish: str, said: str) -> None:
    assert understood(wish.format(said)) in (NO_DAY, NO_TIME)


@pytest.mark.parametrize("said", ["Yes.", "Yes please."])
def test_an_offer_for_a_day_that_no_rule_knows_is_none(said: str) -> None:
    assert understood("> Shall I call you back the Monday after Thanksgiving at 3 pm?", said) == NO_DAY


def test_a_day_that_no_rule_knows_stays_unknown_when_the_time_follows() -> None:
    for lines in (("Call me back.", "> When?", "On Diwali."), ("Call me back on Diwali.",)):
        assert understood(*lines, "> At what time?", "3 pm.") == NO_DAY


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("a fortnight from now", "Wed 09 Dec 15:00"),
        ("in a fortnight", "Wed 09 Dec 15:00"),
        ("a week today", "Wed 02 Dec 15:00"),
        ("a week tomorrow", "Thu 03 Dec 15:00"),
        ("tomorrow week", "Thu 03 Dec 15:00"),
        ("Friday week", "Fri 04 Dec 15:00"),
        ("the Monday after next", "Mon 07 Dec 15:00"),
        ("on the first of next month", "Tue 01 Dec 15:00"),
        ("first thing tomorrow", "Thu 26 Nov 15:00"),
        ("this coming Thursday", "Thu 26 Nov 15:00"),
        ("on Thursday the 26th of November", "Thu 26 Nov 15:00"),
    ],
)
def test_days_are_counted_as_people_count_them(said: str, when: str) -> None:
    assert understood(f"call me back {said} at 3 pm") == when


@pytest.mark.parametrize(
    "said",
    [
        "can you call me back at 3 pm when I'm home from work", "can you call me back when I'm home from work at 3 pm",
        "call me back on my mobile at 3 pm", "please call me back on this number at 3 pm", "call me back about the invoice at 3 pm please",
        "call me back at 3 pm sharp", "call me back at 3 pm thanks", "could you call me back in the afternoon at 3 pm",
        "call me back after work, at 3 pm", "can someone call me back with the results at 3 pm", "call me back at 3 pm on my landline",
        "I'm on the train to Boston, can you call me back at 3 pm?", "I'm in the car right now so please call me back at 3 pm",
        "I'm on vacation, but you can call me back at 3 pm", "call me back at 3 pm, I'm at my mother's place", "call me back again at 3 pm",
        "call me back at 3 pm to discuss the contract", "could you call me back at exactly 3 pm", "call me back this afternoon at 3",
        "call me back at 3 pm after I finish my shift", "I'm cooking for the family, could you call me back at 3 pm",
        "I need a call back from Dr Smith at 3 pm", "call me back at 3 pm before I leave for the airport",
        "call me back between my meetings at 3 pm",
        "I'm in Rome, call me back at 3 pm", "Happy Thanksgiving! Call me back at 3 pm", "call me back when the kids are at school at 3 pm",
        "call me back at the latest at 3 pm", "I'll be home at 3 pm so call me back then", "on my mobile please, call me back at 3 pm",
    ],
)  # fmt: skip
def test_other_words_around_a_time_leave_it_what_it_is(said: str) -> None:
    assert understood(said) == "Wed 25 Nov 15:00"


@pytest.mark.parametrize(
    "said",
    ["tomorrow at ten past", "tomorrow at quarter to", "tomorrow at three or at four", "in an hour or two"],
)
def test_an_hour_that_is_left_out_and_two_to_choose_from_are_none(said: str) -> None:
    assert understood(f"call me back {said}") == "no one clock time was said"


def test_one_of_two_times_may_be_chosen() -> None:
    offer = "> Shall I call you tomorrow at three or at four?"
    assert understood(offer, "Yes.") == "no one clock time was said"
    assert understood(offer, "Okay, at four.") == "Thu 26 Nov 16:00"
    assert understood("Call me back tomorrow at five.", "> Five is taken. Is six okay?", "Yes.") == "Thu 26 Nov 18:00"


#: The same Wednesday, in the United States.
NEW_YORK = datetime(2026, 11, 25, 12, 0, tzinfo=ZoneInfo("America/New_York"))
NO_ZONE = "it was not clear which time zone was meant"


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("tomorrow at 5 pm Pacific time", "Thu 26 Nov 20:00"),
        ("tomorrow at five Eastern", "Thu 26 Nov 17:00"),
        ("tomorrow at five Pacific", "Thu 26 Nov 20:00"),
        ("at 5 pm tomorrow, Central time please", "Thu 26 Nov 18:00"),
        ("tomorrow at 10 a.m. Mountain", "Thu 26 Nov 12:00"),
        ("tomorrow at 3 pm GMT", "Thu 26 Nov 10:00"),
        ("tomorrow at 3 pm PST", "Thu 26 Nov 18:00"),
        ("tomorrow at 3 pm ET", "Thu 26 Nov 15:00"),
        ("tomorrow at 10 am UTC", HOURS),
        ("tomorrow at 7 pm Pacific", HOURS),
        ("tomorrow at 8 am Pacific", HOURS),
        ("tomorrow at two o'clock my time, I'm in London", NO_ZONE),
        ("tomorrow at 3 pm London time", NO_ZONE),
        ("tomorrow at 3 pm Indian standard time", NO_ZONE),
        ("tomorrow at 3 pm UTC plus two", NO_ZONE),
        ("tomorrow at 3 pm your time", NO_ZONE),
        ("tomorrow at 3 pm, I'm in another time zone", NO_ZONE),
        ("tomorrow at 3 pm Eastern or Pacific time", NO_ZONE),
        ("tomorrow at 3 pm any time is fine", "Thu 26 Nov 15:00"),
        ("tomorrow at 3 pm, take your time", "Thu 26 Nov 15:00"),
        ("tomorrow at 3 pm, I'm at Central Station then", "Thu 26 Nov 15:00"),
        ("in ten minutes Pacific time", "Wed 25 Nov 12:10"),
    ],
)
def test_a_time_zone_that_is_named_is_reckoned_or_unclear(said: str, when: str) -> None:
    assert understood(f"call me back {said}", now=NEW_YORK) == when


def test_a_time_zone_may_be_named_afterwards() -> None:
    agreed = ("Call me back tomorrow at 5 pm.", "> Tomorrow at 5 pm, good.")
    assert understood(*agreed, "Pacific time, please.", now=NEW_YORK) == "Thu 26 Nov 20:00"
    assert understood(*agreed, "> In which time zone?", "Pacific.", now=NEW_YORK) == "Thu 26 Nov 20:00"
    assert understood(*agreed, "No, at four.", "Pacific time.", now=NEW_YORK) == "Thu 26 Nov 19:00"
    assert understood(agreed[0], "> Tomorrow at 5 pm Central time?", "Yes.", now=NEW_YORK) == "Thu 26 Nov 18:00"
    assert understood("> Shall I call you tomorrow at 5 pm your time?", "Yes.", now=NEW_YORK) == "Thu 26 Nov 17:00"


@pytest.mark.parametrize("figure", ["\u00b2", "\u2460", "\u1369", "\u216b", "9" * 5_000])
def test_a_figure_that_is_no_digit_is_no_time(figure: str) -> None:
    assert understood(f"call me back at {figure} pm") == "no clock time was said"
    assert understood(f"call me back at 5:{figure}{figure}") != "no clock time was said"


def test_a_stretch_from_now_is_the_same_in_every_zone() -> None:
    soon = ("Call me back in ten minutes.", "> In ten minutes, good.")
    assert understood(*soon, "Pacific time, please.", now=NEW_YORK) == "Wed 25 Nov 12:10"
    assert understood(*soon, "I'm in another time zone.", now=NEW_YORK) == "Wed 25 Nov 12:10"


def test_where_another_day_has_begun_in_the_zone_that_is_named_the_day_is_not_to_be_told() -> None:
    late = NEW_YORK.replace(hour=20)
    assert understood("Call me back tomorrow at 3 pm GMT.", now=late) == NO_ZONE


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (datetime(2026, 10, 31, 23, 30, tzinfo=ZoneInfo("America/New_York")), "Sun 01 Nov 10:30"),
        (datetime(2026, 3, 7, 23, 30, tzinfo=ZoneInfo("America/New_York")), "Sun 08 Mar 12:30"),
    ],
)
def test_hours_from_now_are_hours_also_where_the_clocks_are_changed(now: datetime, when: str) -> None:
    hours = 12
    assert understood(f"Call me back in {hours} hours.", now=now) == when
