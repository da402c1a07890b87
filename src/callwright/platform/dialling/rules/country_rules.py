"""The rules of one country: hours, days and holidays on which people may be called, and whether they must have agreed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.platform.dialling.rules.holidays import NO_HOLIDAYS, Holidays, WeekdayOfMonth
from callwright.platform.dialling.rules.opening import Hours, Week
from callwright.platform.dialling.rules.policy import DAYS

_RANGE = re.compile("([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_YEARLY = re.compile("(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_NTH = re.compile("(0[1-9]|1[0-2]) (mon|tue|wed|thu|fri|sat|sun) ([1-4]|-1)")
_TOP = frozenset({"country", "date", "source", "note", "consent_required", "hours", "holidays"})
_HOLIDAYS = frozenset({"yearly", "easter", "weekdays", "dates", "substitutes"})


@dataclass(frozen=True, slots=True)
class CountryRules:
    """The rules of a country as its file has them. ``date`` and ``source`` say when they were read and where."""

    country: str
    date: str
    source: str
    week: Week
    consent_required: bool = True
    holidays: Holidays = field(default=NO_HOLIDAYS)

    def hours(self, *, week: bool, holidays: bool) -> Hours:
        """Returns what is to be held of the hours: those of the week, the holidays, or both."""
        whole_day: Week = (((0, 24 * 60),),) * 7
        return Hours(
            f"country_hours {self.country}",
            self.week if week else whole_day,
            self.holidays if holidays else NO_HOLIDAYS,
        )


def parse_country_rules(body: Mapping[str, Any], name: str) -> CountryRules:
    """Reads the rule file ``name``. Raises ConfigurationError for anything it does not understand: a rule must not get lost."""
    _known(body, _TOP, name)
    country = body.get("country")
    if not isinstance(country, str) or not re.fullmatch("[A-Z]{2}", country):
        raise _wrong(name, "country must be an ISO 3166 code such as DE")
    source, read_on = body.get("source"), body.get("date")
    if not isinstance(source, str) or not source.strip() or not isinstance(read_on, date):
        raise _wrong(name, "source (a text) and date (such as 2026-11-29) are required")
    consent = body.get("consent_required")
    if not isinstance(consent, bool):
        raise _wrong(name, "consent_required must be true or false")
    return CountryRules(country, read_on.isoformat(), source, _week(body, name), consent, _holidays(body, name))


def _week(body: Mapping[str, Any], name: str) -> Week:
    hours = body.get("hours")
    if not isinstance(hours, Mapping) or set(hours) != set(DAYS):
        raise _wrong(name, f"[hours] must name every day: {', '.join(DAYS)}")
    return tuple(
        tuple(_range(one, f"{name}: hours.{day}") for one in _list(hours, day, f"{name}: hours")) for day in DAYS
    )


def _range(text: object, where: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ConfigurationError(f"{where} must be a list of ranges such as 09:00-20:00")
    start, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    if not start < end <= 24 * 60:
        raise ConfigurationError(f"{where}: {text} does not end after it begins")
    return start, end


def _holidays(body: Mapping[str, Any], name: str) -> Holidays:
    given = body.get("holidays", {})
    if not isinstance(given, Mapping):
        raise _wrong(name, "[holidays] must be a table")
    where = f"{name}: holidays"
    _known(given, _HOLIDAYS, where)
    substitutes = given.get("substitutes", False)
    if not isinstance(substitutes, bool):
        raise _wrong(where, "substitutes must be true or false")
    yearly = [_matched(_YEARLY, one, f"{where}.yearly", "12-25") for one in _list(given, "yearly", where)]
    nth = [_matched(_NTH, one, f"{where}.weekdays", "05 mon -1") for one in _list(given, "weekdays", where)]
    easter, dates = _list(given, "easter", where), _list(given, "dates", where)
    if not all(isinstance(one, int) and -60 <= one <= 60 for one in easter):
        raise _wrong(where, "easter must be a list of days from Easter Sunday, -60 to 60")
    if not all(isinstance(one, date) for one in dates):
        raise _wrong(where, "dates must be a list of dates such as 2026-12-24")
    return Holidays(
        tuple(_day_of_year(one, f"{where}.yearly") for one in yearly),
        tuple(easter),
        tuple(WeekdayOfMonth(int(one[1]), DAYS.index(one[2]), int(one[3])) for one in nth),
        tuple(dates),
        substitutes,
    )


def _day_of_year(found: re.Match[str], where: str) -> tuple[int, int]:
    month, day = int(found[1]), int(found[2])
    try:
        # A leap year, so that 02-29 is a day.
        date(2024, month, day)
    except ValueError:
        raise ConfigurationError(f"{where}: there is no day {found[0]}") from None
    return month, day


def _matched(pattern: re.Pattern[str], value: object, where: str, example: str) -> re.Match[str]:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ConfigurationError(f'{where} must be a list of texts such as "{example}"')
    return found


def _list(given: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = given.get(name, [])
    if not isinstance(value, list):
        raise _wrong(where, f"{name} must be a list")
    return value


def _known(given: Mapping[str, Any], names: frozenset[str], where: str) -> None:
    for name in given:
        if name not in names:
            raise _wrong(where, f"{name} is not known; use {', '.join(sorted(names))}")


def _wrong(where: str, text: str) -> ConfigurationError:
    return ConfigurationError(f"{where}: {text}")
