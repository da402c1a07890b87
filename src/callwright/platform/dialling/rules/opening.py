"""Weekly hours by the wall clock of a zone, and the next instant at which several of them are open together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callwright.platform.dialling.rules.holidays import NO_HOLIDAYS, Holidays

HORIZON = timedelta(days=14)
"""How far ahead an opening is looked for."""

_DAY = timedelta(days=1)
_STEP = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Ranges of minutes of the day, the end exclusive, of each day from Monday on."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours in which calls may be made. ``rule`` names where they come from."""

    rule: str
    week: Week
    holidays: Holidays = field(default=NO_HOLIDAYS)

    def open_at(self, local: datetime) -> bool:
        """Returns whether ``local``, a time of the zone, lies in the hours."""
        minute = local.hour * 60 + local.minute
        for start, end in self.week[local.weekday()]:
            if start <= minute < end:
                return not self.holidays.on(local.date())
        return False


ZonedHours = tuple[Hours, ZoneInfo]
"""Hours and the zone by whose clock they count."""


def daily(rule: str, start_hour: int, end_hour: int, days: Sequence[int] = range(7)) -> Hours:
    """Returns the same hours on each of ``days`` (0 is Monday)."""
    each = ((start_hour * 60, end_hour * 60),) if start_hour < end_hour else ()
    return Hours(rule, tuple(each if day in days else () for day in range(7)))


def first_closed(pairs: Sequence[ZonedHours], at: datetime) -> ZonedHours | None:
    """Returns the first of ``pairs`` whose hours are closed at the instant ``at``, or None."""
    return next(((hours, zone) for hours, zone in pairs if not hours.open_at(at.astimezone(zone))), None)


def next_opening(pairs: Sequence[ZonedHours], at: datetime) -> datetime | None:
    """Returns the first instant from ``at`` on at which all hours are open; None if there is none within :data:`HORIZON`."""
    found, settled = at, False
    while not settled:
        settled = True
        for one, zone in pairs:
            opening = _opening(one, zone, found, at + HORIZON)
            if opening is None:
                return None
            if opening > found:
                found, settled = opening, False
    return found.astimezone(UTC)


def _opening(hours: Hours, zone: ZoneInfo, at: datetime, latest: datetime) -> datetime | None:
    local = at.astimezone(zone)
    if hours.open_at(local):
        return at
    day, last = local.date(), latest.astimezone(zone).date()
    while day <= last:
        for instant in _changes(hours, zone, day):
            if instant >= at and hours.open_at(instant.astimezone(zone)):
                return instant if instant <= latest else None
        day += _DAY
    return None


def _changes(hours: Hours, zone: ZoneInfo, day: date) -> list[datetime]:
    """The instants of a day at which the hours may open: where a range begins, and where the clock is put forward or back."""
    starts = [start for start, _ in hours.week[day.weekday()]]
    if not starts or hours.holidays.on(day):
        return []
    # A shift of the next day comes after the ranges of that day that begin before it.
    found = {shift for shift in _shifts(zone, day) if shift.astimezone(zone).date() <= day}
    for start in starts:
        wall = datetime.combine(day, time(start // 60, start % 60), zone)
        # Both readings of a time that comes twice. One that does not come is a shift, found above.
        found.update(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted(found)


@lru_cache(maxsize=4096)
def _shifts(zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """The instants around a day of the zone at which its clock is put forward or back."""
    begin = datetime.combine(day - _DAY, time(), UTC)
    end = begin + 3 * _DAY
    if begin.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset():
        return ()
    return tuple(_shifts_between(zone, begin, end))


def _shifts_between(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        after = begin + _STEP
        if begin.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            low, high = begin, after
            while high - low > _SECOND:
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if middle.astimezone(zone).utcoffset() == begin.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            yield high
        begin = after
