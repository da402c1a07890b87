"""Public holidays by rules: fixed dates, days around Easter, and days such as the last Monday of May."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WeekdayOfMonth:
    """The ``nth`` ``weekday`` (0 is Monday) of a month; -1 is the last one."""

    month: int
    weekday: int
    nth: int

    def in_year(self, year: int) -> date:
        """Returns its date."""
        if self.nth > 0:
            first = date(year, self.month, 1)
            return first + _DAY * ((self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        last = date(year + self.month // 12, self.month % 12 + 1, 1) - _DAY
        return last - _DAY * ((last.weekday() - self.weekday) % 7)


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days without calls. ``yearly`` are months and days; ``easter`` are days after Easter Sunday; ``dates`` are single days.

    With ``substitutes``, a yearly day on a weekend also closes the next day that is neither weekend nor holiday.
    """

    yearly: tuple[tuple[int, int], ...] = ()
    easter: tuple[int, ...] = ()
    weekdays: tuple[WeekdayOfMonth, ...] = ()
    dates: tuple[date, ...] = ()
    substitutes: bool = False

    def on(self, day: date) -> bool:
        """Returns whether ``day`` is a holiday."""
        return day in _of_year(self, day.year)


NO_HOLIDAYS = Holidays()


@cache
def easter_sunday(year: int) -> date:
    """Returns Easter Sunday of the Gregorian calendar (the anonymous algorithm of Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@cache
def _of_year(rules: Holidays, year: int) -> frozenset[date]:
    yearly = [date(year, month, day) for month, day in rules.yearly if (month, day) != (2, 29) or _is_leap(year)]
    found = {
        *yearly,
        *(easter_sunday(year) + _DAY * after for after in rules.easter),
        *(one.in_year(year) for one in rules.weekdays),
        *(one for one in rules.dates if one.year == year),
    }
    if rules.substitutes:
        for day in sorted(one for one in yearly if one.weekday() >= _SATURDAY):
            substitute = day
            while substitute.weekday() >= _SATURDAY or substitute in found:
                substitute += _DAY
            found.add(substitute)
    return frozenset(found)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
