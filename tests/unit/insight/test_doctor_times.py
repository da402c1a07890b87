"""Days and clock times that the agent confirms: found where they are certainly not what the caller said, and nowhere else."""

import pytest
from tests.unit.insight.doctor_call import DoctorCall

from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import Finding
from callwright.insight.doctor_times import wrong_time

WHICH_DAY, WHICH_TIME = "What day do you need the cleaning?", "Okay. What time would you like?"


def found(*lines: str, **plan: object) -> list[Finding]:
    """The findings of a conversation on Sunday, March 1, 2026. The agent's lines and the caller's take turns; the agent begins."""
    call = DoctorCall(written=True, **plan).picked_up()
    for turn, text in enumerate(lines):
        call.at(2_000 + 1_000 * turn)
        if turn % 2:
            call.caller_said(turn // 2 + 1, text)
        else:
            call.agent_said(turn // 2, turn + 1, text)
    return list(wrong_time(Case(call.view)))


def causes(*lines: str) -> list[str]:
    return [one.causes[0] for one in found(*lines)]


def test_a_booking_at_two_for_a_caller_who_had_said_ten():
    (clock,) = found(
        WHICH_TIME, "Ten o'clock in the morning, please.", "You are booked for 2 PM on Tuesday.", "Thank you."
    )
    assert clock.what == (
        'The agent confirmed "You are booked for 2 PM on Tuesday."; the caller had said "Ten o\'clock in the morning, please.".'
    )
    assert (clock.severity, clock.causes, clock.turn, clock.at_us) == ("bad", ("confirmed",), 1, 4_000_000)


@pytest.mark.parametrize(
    ("asked", "said", "confirmed"),
    [
        (WHICH_TIME, "Ten.", "Great, I have scheduled your cleaning for 2 p.m."),
        (WHICH_TIME, "At 10 AM.", "Your appointment is at 11:00. See you then!"),
        (WHICH_TIME, "Half past nine would be good.", "All set, I have you down for eight o'clock."),
        ("Hello, how can I help you?", "I'd like a table at eight pm, please.", "Reserved for seven pm. Goodbye."),
        (WHICH_DAY, "Tuesday would be good for me.", "Okay, you are booked for Wednesday."),
        (WHICH_DAY, "On Friday, please.", "Your appointment is confirmed for Thursday at nine."),
    ],
)
def test_another_time_than_the_callers(asked, said, confirmed):
    assert causes(asked, said, confirmed) == ["confirmed"]


def test_words_in_between_that_speak_of_no_time_do_not_matter():
    lines = (WHICH_TIME, "Ten o'clock, please.", "How many people?", "Two people.", "May I have your name?", "Ann Lee.")
    assert causes(*lines, "Thank you, Ann. You are booked at eleven o'clock.") == ["confirmed"]


@pytest.mark.parametrize(
    "lines",
    [
        (WHICH_TIME, "Ten o'clock.", "You are booked for ten o'clock."),
        (WHICH_TIME, "Ten o'clock.", "You are booked for 10 AM on Tuesday."),
        (WHICH_TIME, "Ten o'clock.", "Would 2 PM suit you?", "Yes.", "You are booked for 2 PM."),
        (WHICH_TIME, "Ten o'clock.", "I could do eleven or two.", "The second one.", "You are booked for 2 PM."),
        (WHICH_TIME, "Ten o'clock.", "Ten is taken, so I booked you for 2 PM."),
        (WHICH_TIME, "Ten o'clock.", "Unfortunately we are full then. I have booked you for 2 PM."),
        (WHICH_TIME, "Ten o'clock.", "Let me see.", "Or an hour later.", "You are booked for 11 AM."),
        (WHICH_TIME, "Ten o'clock.", "Let me see.", "No, make it eleven.", "You are booked for 11 AM."),
        (WHICH_TIME, "Between nine and eleven.", "You are booked for 8 AM."),
        (WHICH_TIME, "Any time.", "You are booked for 8 AM."),
        (WHICH_TIME, "I can't at ten, two is better.", "You are booked for 2 PM."),
        (WHICH_TIME, "Ten o'clock.", "Shall I book you for 2 PM?"),
        (WHICH_TIME, "Ten o'clock.", "Your booking is noted. We open at 9 AM."),
        (WHICH_TIME, "Ten o'clock.", "You are booked. Please arrive at 9:45."),
        (WHICH_TIME, "Ten o'clock.", "You are booked, please arrive at 9:45."),
        (WHICH_TIME, "Ten o'clock.", "You are booked for 2 PM.", "I said ten.", "Sorry. You are booked for 10 AM."),
        ("For how many?", "Ten people.", "Reserved for 8 PM."),
        ("How can I help you?", "My flight leaves at ten.", "You are booked for 2 PM."),
        ("Your name?", "Ten Hag.", "Your appointment is at two."),
        (WHICH_DAY, "Tuesday.", "You are booked for Tuesday, March 3."),
        (WHICH_DAY, "Tuesday or Wednesday.", "You are booked for Wednesday."),
        (WHICH_DAY, "Not Tuesday.", "You are booked for Wednesday."),
        (WHICH_DAY, "Tuesday.", "Let me see.", "The day after is fine too.", "You are booked for Wednesday."),
        (WHICH_DAY, "The third of March.", "You are booked for Tuesday."),
        (WHICH_DAY, "Tuesday.", "Our office is closed on Mondays."),
    ],
)
def test_what_may_be_right_is_no_finding(lines):
    assert found(*lines) == []


def test_what_was_not_heard_to_its_end_is_no_confirmation():
    call = DoctorCall(written=True).picked_up().agent_said(0, 1, WHICH_TIME).caller_said(1, "Ten o'clock.")
    call.agent_said(1, 2, "You are booked for 2 PM", cut=True)
    assert list(wrong_time(Case(call.view))) == []


@pytest.mark.parametrize(
    ("said", "weekday"),
    [
        ("Your cleaning is on Tuesday, November 29, 2026.", "Sunday"),
        ("Would Monday the 3rd of March suit you?", "Tuesday"),
        ("I have Friday, March 6th, 2026 and Monday, March 10 left.", "Tuesday"),
    ],
)
def test_a_date_with_the_weekday_of_another(said, weekday):
    (finding,) = found(said)
    assert finding.what.endswith(f", which is a {weekday}.")
    assert (finding.severity, finding.causes) == ("warning", ("calendar",))


@pytest.mark.parametrize(
    "said",
    [
        "On Sunday, November 29, 2026.",
        "On Tuesday, March 3.",
        "On Thursday, December 31st.",
        "On Monday, February 30.",
        "On Tuesday at 3.",
    ],
)
def test_a_date_with_its_own_weekday_is_no_finding(said):
    assert found(said) == []


def test_other_languages_are_not_judged():
    assert found(WHICH_TIME, "Ten o'clock.", "You are booked for 2 PM.", language="hi") == []


def test_the_same_is_told_once():
    lines = (WHICH_TIME, "Ten o'clock.", "You are booked for 2 PM.", "Good.", "So you are booked for 2 PM. Goodbye.")
    assert causes(*lines) == ["confirmed"]
