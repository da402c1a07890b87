"""Hours in every time zone against another reader of the same zones: ``python -m proof hours [--zones N]``.

The product reads zones with ``zoneinfo``. The judge asks the C library, minute by minute, and knows nothing of ranges or openings.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from callwright.lab.arguments import at_least_one
from callwright.ops.clock import SystemClock
from callwright.platform.dialling.rules.opening import Hours, Week, first_closed, next_opening
from callwright.platform.dialling.rules.time_zones import zone

DAYS = (
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2028, 2, 29, tzinfo=UTC),
)
"""Days on which clocks are put forward or back in America, Europe and Australia, and a leap day."""

WEEK: Week = (((90, 150), (540, 1200)),) * 2 + ((),) + (((0, 30), (119, 121), (600, 780), (840, 1440)),) * 4
"""Ranges in the hours in which clocks change, at midnight and by day; none on Wednesdays."""

MINUTES = 1_440
OPENINGS_EVERY = 97
"""In one minute of so many the next opening is looked for too."""


@dataclass(slots=True)
class HoursReport:
    """What was compared. ``wrong`` holds the first differences."""

    zones: int = 0
    instants: int = 0
    openings: int = 0
    wrong_count: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def note(self, difference: str) -> None:
        """Counts a difference."""
        self.wrong_count += 1
        if len(self.wrong) < 10:
            self.wrong.append(difference)

    def line(self) -> str:
        """The result in a line."""
        return (
            f"{self.zones} zones, {len(DAYS)} days: {self.instants:,} instants and {self.openings:,} openings,"
            f" {self.wrong_count} wrong, {self.seconds:.1f} s"
        )


def compare(names: Sequence[str]) -> HoursReport:
    """Compares every minute of :data:`DAYS` in each zone."""
    clock, report = SystemClock(), HoursReport(zones=len(names))
    began_us = clock.monotonic_us()
    hours = Hours("here", WEEK)
    for name in names:
        with _c_library_in(name):
            for day in DAYS:
                _compare_day(report, hours, name, day)
    report.seconds = (clock.monotonic_us() - began_us) / 1e6
    return report


def _compare_day(report: HoursReport, hours: Hours, name: str, day: datetime) -> None:
    here = [(hours, zone(name))]
    start = int(day.timestamp())
    expected = [_open_by_c_library(start + 60 * n) for n in range(MINUTES)]
    for n, is_open in enumerate(expected):
        at = day + timedelta(minutes=n)
        if (first_closed(here, at) is None) is not is_open:
            report.note(f"{name} at {at.isoformat()}: open is {not is_open}, the C library says {is_open}")
    report.instants += MINUTES
    for n in range(0, MINUTES, OPENINGS_EVERY):
        report.openings += 1
        first = n
        while not (expected[first] if first < MINUTES else _open_by_c_library(start + 60 * first)):
            first += 1
        opening = next_opening(here, day + timedelta(minutes=n))
        if opening != day + timedelta(minutes=first):
            told = (day + timedelta(minutes=first)).isoformat()
            report.note(f"{name} from {(day + timedelta(minutes=n)).isoformat()}: opens at {opening}, not at {told}")


def _open_by_c_library(second: int) -> bool:
    local = time.localtime(second)
    minute = local.tm_hour * 60 + local.tm_min
    return any(start <= minute < end for start, end in WEEK[local.tm_wday])


@contextmanager
def _c_library_in(name: str) -> Iterator[None]:
    """The C library reads the zone file that ``zoneinfo`` reads."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = f":{_file_of(name)}"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def _file_of(name: str) -> Path:
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    return Path(str(files("tzdata"))) / "zoneinfo" / name


def main(argv: Sequence[str] | None = None) -> int:
    """Compare and report. Returns 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m proof hours", description=__doc__)
    parser.add_argument("--zones", type=at_least_one, help="only so many zones, spread over all of them")
    arguments = parser.parse_args(argv)
    report = compare(sample(arguments.zones))
    sys.stdout.write("\n".join([*report.wrong, report.line()]) + "\n")
    return 1 if report.wrong_count else 0


def sample(count: int | None) -> list[str]:
    """The names of all zones, or of ``count`` of them that are spread over all."""
    names = sorted(zoneinfo.available_timezones())
    if count is None or count >= len(names):
        return names
    return [names[n * len(names) // count] for n in range(count)]
