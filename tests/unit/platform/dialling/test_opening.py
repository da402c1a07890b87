"""Hours by the wall clock of a zone: across changes of the clock, holidays and several zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from callwright.platform.dialling.rules.holidays import Holidays, WeekdayOfMonth, easter_sunday
from callwright.platform.dialling.rules.opening import Hours, daily, first_closed, next_opening
from callwright.platform.dialling.rules.time_zones import known_zone, zone

BERLIN = zone("Europe/Berlin")


def every_day(*ranges: tuple[int, int]) -> Hours:
    return Hours("here", (ranges,) * 7)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "zone_name", "at", "opens"),
    [
        # The clock of Berlin goes from 2:00 to 3:00 on 28 March 2027, and from 3:00 back to 2:00 on 31 October.
        (every_day((150, 200)), "Europe/Berlin", "2027-03-28T00:30:00+01:00", "2027-03-28T03:00:00+02:00"),
        (every_day((130, 170)), "Europe/Berlin", "2027-03-28T00:30:00+01:00", "2027-03-29T02:10:00+02:00"),
        (every_day((130, 140)), "Europe/Berlin", "2027-10-31T02:20:00+02:00", "2027-10-31T02:10:00+01:00"),
        (every_day((120, 130)), "Europe/Berlin", "2027-10-31T02:30:00+02:00", "2027-10-31T02:00:00+01:00"),
        (every_day((100, 125)), "Europe/Berlin", "2027-10-31T02:06:00+02:00", "2027-10-31T02:00:00+01:00"),
        # Open an hour before the clock changes, asked on the day before.
        (every_day((60, 600)), "Europe/Berlin", "2027-03-27T20:00:00+01:00", "2027-03-28T01:00:00+01:00"),
        # Half an hour in Lord Howe; a midnight that does not come in Havana; a day that did not come in Apia.
        (every_day((105, 600)), "Australia/Lord_Howe", "2027-04-04T00:00:00+11:00", "2027-04-04T01:45:00+11:00"),
        (every_day((0, 30)), "America/Havana", "2027-03-14T00:00:00-05:00", "2027-03-15T00:00:00-04:00"),
        (every_day((540, 600)), "Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-31T09:00:00+14:00"),
    ],
)
def test_hours_across_a_change_of_the_clock(hours: Hours, zone_name: str, at: str, opens: str):
    assert next_opening([(hours, zone(zone_name))], utc(at)) == utc(opens)


def test_what_is_open_opens_now():
    at = utc("2027-01-12T13:00:00.250+01:00")
    here = [(daily("here", 9, 20), BERLIN)]
    assert next_opening(here, at) == at
    assert next_opening([], at) == at
    assert first_closed(here, at) is None


def test_hours_that_have_no_time_in_common_never_open():
    at = utc("2027-01-12T13:00:00+01:00")
    assert next_opening([(daily("a", 9, 12), BERLIN), (daily("b", 12, 20), BERLIN)], at) is None
    assert next_opening([(daily("here", 9, 9), BERLIN)], at) is None
    morning = daily("here", 9, 12)
    assert next_opening([(morning, zone("Asia/Tokyo")), (morning, zone("America/New_York"))], at) is None


def test_the_first_that_is_closed_is_named():
    at = utc("2027-01-12T21:00:00+01:00")
    country = (daily("country", 9, 20), BERLIN)
    pairs = [(daily("country", 9, 20), zone("America/New_York")), country, (daily("agent", 9, 20), BERLIN)]
    assert first_closed(pairs, at) == country


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25)), (2285, (3, 22))],
)
def test_easter(year: int, sunday: tuple[int, int]):
    assert easter_sunday(year) == date(year, *sunday)


def test_holidays_by_rules():
    rules = Holidays(
        yearly=((1, 1), (12, 25), (12, 26), (2, 29)),
        easter=(-2, 1),
        weekdays=(WeekdayOfMonth(5, 0, 1), WeekdayOfMonth(5, 0, -1), WeekdayOfMonth(12, 3, -1)),
        dates=(date(2027, 6, 3),),
        substitutes=True,
    )
    # Christmas Day 2027 is a Saturday: both substitutes are working days.
    found = [day for day in (date(2027, 1, 1) + timedelta(days=n) for n in range(365)) if rules.on(day)]
    assert [f"{day:%m-%d}" for day in found] == [
        "01-01", "03-26", "03-29", "05-03", "05-31", "06-03", "12-25", "12-26", "12-27", "12-28", "12-30",
    ]  # fmt: skip
    assert rules.on(date(2028, 2, 29))


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "/etc/localtime", "Europe/Berlin\0"]
)
def test_a_zone_that_is_not_known(name: str):
    assert known_zone(name) == ""


def test_a_zone_is_known_in_any_case():
    assert known_zone(" america/new_york") == "America/New_York"
