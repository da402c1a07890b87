"""When a caller wants to be called back, by their words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callwright.insight.callback import callback

#: A Wednesday.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
NO_TIME = "no clock time was said"
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


def test_a_date_that_never_comes_is_none() -> None:
    assert understood("call me on february 30 at five") == "Wed 25 Nov 17:00"
    assert understood(f"call me on may {'1' * 30} at five") == "Wed 25 Nov 17:00"
    assert understood(f"call me on may 00{'1' * 30} at five") == "Wed 25 Nov 17:00"
