"""Simulated campaigns: ``python -m proof campaigns --count N --seed S [--jobs J]``.

Each seed is a campaign of 30 virtual days: contacts all over the world, an agent's hours, a calling policy that changes, a list of numbers
not to be called that grows, calls that are not answered and are made again, limits of calls at once and per second. Every dial is judged by
rules that are written down here once more, in other words and with other code than the product's.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count as counted
from random import Random
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from callwright.lab.arguments import at_least_one, from_zero
from callwright.lab.processes import shared_out
from callwright.ops.clock import SystemClock
from callwright.ops.country_rules import load_country_rules
from callwright.platform.dialling.rules import Decision, NumberFacts, Question, Rules, Verdict, decide
from callwright.platform.dialling.rules.country_rules import CountryRules
from callwright.platform.dialling.rules.policy import DAYS, REFUSABLE_KINDS, parse_policy
from callwright.platform.executions.rules.retry import NEVER, AttemptEnd, policy_of
from proof.campaign_pace import CampaignPace, PacedCall, random_route

LONGEST = timedelta(days=30)
CHUNK = 250
MOST_SHOWN = 10
_MOST_CONTACTS = 12
_MINUTE = timedelta(minutes=1)
_STARTS = (
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 20, tzinfo=UTC),
    datetime(2026, 10, 10, tzinfo=UTC),
    datetime(2026, 12, 10, tzinfo=UTC),
    datetime(2027, 4, 20, tzinfo=UTC),
    datetime(2028, 2, 15, tzinfo=UTC),
)
"""Beginnings of months in which clocks change, with many holidays, and with a leap day."""

FINAL = ("answered", "unanswered", "not dialled", "stopped")
"""Ends of a contact: it was answered; it was dialled and never answered; it was never dialled; the campaign ended before."""


@dataclass(slots=True)
class Contact:
    """A contact, and what has become of it."""

    paced: PacedCall
    number: int
    facts: NumberFacts
    user_data: dict[str, Any]
    suppressed_at: datetime | None
    retry_config: dict[str, Any] | None
    dials: list[datetime] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    moves: int = 0


@dataclass(slots=True)
class CampaignReport:
    """What the campaigns did. ``broken`` holds the seeds that broke a rule, with the rule."""

    campaigns: int = 0
    contacts: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    openings: int = 0
    held_back: int = 0
    """Looks after which due calls waited for a place or a limit."""
    spaced: int = 0
    """Dials that waited for a limit per second."""
    broken: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: CampaignReport) -> None:
        """Counts the campaigns of ``other`` too."""
        self.campaigns += other.campaigns
        self.contacts += other.contacts
        self.decisions += other.decisions
        self.ends += other.ends
        self.openings += other.openings
        self.held_back += other.held_back
        self.spaced += other.spaced
        self.broken += other.broken

    def lines(self) -> list[str]:
        """The report for people."""
        decided = ", ".join(f"{name} {number:,}" for name, number in sorted(self.decisions.items()))
        ended = ", ".join(f"{name} {self.ends[name]:,}" for name in FINAL)
        shown = [f"seed {seed}: {rule}" for seed, rule in self.broken[:MOST_SHOWN]]
        return [
            *shown,
            f"{self.campaigns:,} campaigns of 30 days, {self.contacts:,} contacts, {len(self.broken)} broken, {self.seconds:.1f} s",
            f"decisions: {decided}; {self.openings:,} waits checked minute by minute",
            f"{self.held_back:,} times calls waited for a limit, {self.spaced:,} dials for a limit per second",
            f"contacts: {ended}",
        ]


class Campaign:
    """One campaign. ``broken`` names the first rule that was broken."""

    def __init__(self, seed: int, countries: dict[str, CountryRules]) -> None:
        self._random = random = Random(seed)
        self._countries = countries
        self._now = random.choice(_STARTS) + timedelta(minutes=random.randrange(20_000))
        self._stop_at = self._now + LONGEST
        self._pace = CampaignPace(random)
        self._agent_hours = _agent_hours(random)
        self._policy: dict[str, Any] = _policy(random)
        self._numbers = random.randint(1, _MOST_CONTACTS)
        self._heap: list[tuple[datetime, int, str, Contact | None]] = []
        self._order = counted()
        self._waiting: list[Contact] = []
        self.report = CampaignReport(campaigns=1)
        self.broken = ""
        self.contacts = [self._contact(n) for n in range(self._numbers)]

    def run(self) -> None:
        """Runs the campaign to its end and judges it."""
        spread = self._random.choice((1, 600))
        for contact in self.contacts:
            self._at(self._now + timedelta(minutes=self._random.randrange(spread)), "due", contact)
        for _ in range(self._random.choice((0, 0, 1, 2))):
            self._at(self._now + timedelta(minutes=self._random.randrange(40_000)), "policy", None)
        while self._heap and not self.broken:
            at, _, event, subject = heapq.heappop(self._heap)
            if at > self._stop_at:
                break
            self._now = at
            self._handle(event, subject)
        for contact in self.contacts:
            if not contact.ends:
                contact.ends.append("stopped")
            self._claim(len(contact.ends) == 1, f"a contact has one final state, not {contact.ends}")
            self.report.ends[contact.ends[0]] += 1
        self.report.contacts = len(self.contacts)

    def _handle(self, event: str, contact: Contact | None) -> None:
        if contact is None:
            self._policy = _policy(self._random)
        elif event == "due":
            contact.paced.due_at, contact.paced.again = self._now, bool(contact.dials)
            contact.paced.dialled_at = None
            self._waiting.append(contact)
        elif event == "admitted":
            begins_at = self._pace.begins_at(contact.paced.id, self._now)
            if begins_at > self._now:
                self.report.spaced += 1
                self._at(begins_at, "admitted", contact)
                return
            # The carrier is asked a few seconds after the admission, by a second decision.
            self._decide(contact, intent=True)
        else:
            self._pace.leave(contact.paced.id)
            self._ended(contact)
        self._admit()

    def _admit(self) -> None:
        while chosen := self._pace.admissible(self._now, [contact.paced for contact in self._waiting]):
            due = {contact.paced.id: contact for contact in self._waiting}
            self._waiting = [contact for contact in self._waiting if contact.paced.id not in chosen]
            for call_id in chosen:
                self._decide(due[call_id], intent=False)
        self.report.held_back += bool(self._waiting)

    def _decide(self, contact: Contact, *, intent: bool) -> None:
        suppressed = contact.suppressed_at is not None and contact.suppressed_at <= self._now
        same = [one for one in self.contacts if one.number == contact.number]
        dials = sorted(at for one in same for at in one.dials)
        question = Question(
            self._now, contact.facts, contact.user_data, self._agent_hours, suppressed=suppressed, attempts=tuple(dials)
        )
        decision = decide(question, Rules(parse_policy(self._policy), 1, self._countries))
        self.report.decisions[str(decision.verdict)] += 1
        contact.moves += 1
        self._claim(contact.moves < 500, "a contact comes to an end")
        self._claim(not contact.ends, "nothing is decided about a contact that has ended")
        if intent and decision.verdict is not Verdict.DIAL:
            self._pace.leave(contact.paced.id)
        if decision.verdict is Verdict.NEVER:
            self._judge_never(contact, dials, decision)
            contact.ends.append("unanswered" if contact.dials else "not dialled")
        elif decision.verdict is Verdict.WAIT:
            self._judge_wait(contact, dials, decision)
            self._at(decision.until or self._now, "due", contact)
        elif not intent:
            self._pace.admit(contact.paced)
            self._at(self._now + timedelta(seconds=self._random.choice((0, 1, 5, 90))), "admitted", contact)
        else:
            beyond = self._pace.dial(contact.paced.id, self._now)
            self._claim(not beyond, f"contact {contact.number} is dialled at {self._now.isoformat()}: {beyond}")
            why_not = self._forbidden(contact, dials, self._now)
            self._claim(not why_not, f"contact {contact.number} is dialled at {self._now.isoformat()}: {why_not}")
            contact.dials.append(self._now)
            self._at(self._now + timedelta(seconds=self._random.randint(5, 900)), "ended", contact)

    def _ended(self, contact: Contact) -> None:
        end = AttemptEnd("completed", "completed", voicemail=self._random.random() < 0.2)
        if self._random.random() >= 0.4:
            status = self._random.choice(_UNANSWERED)
            end = AttemptEnd(status, self._random.choice((status, status, status, NEVER)))
        policy = policy_of(contact.retry_config)
        wait = None if policy is None else policy.wait(end, len(contact.dials) - 1)
        agreed = _agreed_wait(contact, end)
        self._claim(wait == agreed, f"after {end} and {len(contact.dials)} attempts a call waits {agreed}, not {wait}")
        if wait is not None:
            self._at(self._now + wait, "due", contact)
        else:
            contact.ends.append("answered" if end.status == "completed" else "unanswered")

    def _judge_wait(self, contact: Contact, dials: Sequence[datetime], decision: Decision) -> None:
        until = decision.until
        self._claim(until is not None and until > self._now, "a call waits for a later time")
        if until is None:
            return
        self._claim(
            not self._forbidden(contact, dials, until), f"a call waits until it may be dialled, not {until.isoformat()}"
        )
        if self._random.random() < 0.03:
            self.report.openings += 1
            at = self._now
            while at < until:
                open_then = not self._forbidden(contact, dials, at)
                self._claim(not open_then, f"at {at.isoformat()} nothing forbids what waits until {until.isoformat()}")
                at = at.replace(second=0, microsecond=0) + _MINUTE

    def _judge_never(self, contact: Contact, dials: Sequence[datetime], decision: Decision) -> None:
        self._claim(
            bool(self._forbidden(contact, dials, self._now)), f"{decision.rule}: a call that may be made is refused"
        )
        if decision.rule == "no_opening" and self._random.random() < 0.03:
            self.report.openings += 1
            for n in range(14 * 24 * 6):
                at = self._now + timedelta(minutes=10 * n)
                self._claim(bool(self._forbidden(contact, dials, at)), f"there is an opening at {at.isoformat()}")

    # -- the judge -------------------------------------------------------------------------------------------------------------

    def _forbidden(self, contact: Contact, dials: Sequence[datetime], at: datetime) -> str:
        """Why the contact must not be dialled at an instant by what was agreed; empty when it may be."""
        policy, facts = self._policy, contact.facts
        if contact.suppressed_at is not None and contact.suppressed_at <= self._now:
            return "it is suppressed"
        if facts.kind in (*policy["numbers"]["refused_kinds"], "emergency"):
            return f"it is a number of the kind {facts.kind}"
        if (
            policy["numbers"].get("countries")
            and facts.kind != "none"
            and facts.country not in policy["numbers"]["countries"]
        ):
            return f"calls to {facts.country} are not allowed"
        limit, hours = policy["attempts"]["per_number"], policy["attempts"]["period_hours"]
        if limit and sum(one > at - timedelta(hours=hours) for one in dials) >= limit:
            return "it was dialled too often"
        law = policy["country_rules"]["enabled"] and facts.is_phone
        agreed = contact.user_data.get("consent") == "yes"
        if (law or policy["consent"]["required"]) and not agreed:
            return "nobody agreed"
        if law and facts.country not in self._countries:
            return "nobody knows the law"
        given, reached = contact.user_data.get("timezone"), facts.zones
        if not facts.is_phone:
            reached = (policy["hours"]["default_time_zone"],)
        if given:
            # An abbreviation names the hour of winter: the number's clocks that show it then are meant, or else the zone of that name.
            named = [name for name in facts.zones if _in_january(name, at.year) == _ABBREVIATIONS.get(given)]
            reached = tuple(named) or (given,)
        for name in reached:
            closed = self._closed(at.astimezone(ZoneInfo(name)))
            if closed:
                return closed
        for name in (*facts.zones, *((given,) if given else ())) if law else ():
            # Whoever names one of the number's zones has said in which of them the person is; any other name binds beside them.
            local = at.astimezone(ZoneInfo(name))
            if (given == name or given not in facts.zones) and not _lawful(facts.country, local):
                return f"{local.isoformat()} is outside the hours of {facts.country}"
        return ""

    def _closed(self, local: datetime) -> str:
        policy = self._policy["hours"]
        if not policy["start_hour"] <= local.hour < policy["end_hour"] or DAYS[local.weekday()] not in policy["days"]:
            return f"{local.isoformat()} is outside the policy's hours"
        if self._agent_hours is not None and not self._agent_hours[0] <= local.hour < self._agent_hours[1]:
            return f"{local.isoformat()} is outside the agent's hours"
        return ""

    def _claim(self, holds: bool, rule: str) -> None:
        if not holds and not self.broken:
            self.broken = rule

    def _at(self, at: datetime, event: str, contact: Contact | None) -> None:
        heapq.heappush(self._heap, (at, next(self._order), event, contact))

    def _contact(self, n: int) -> Contact:
        random = self._random
        data: dict[str, Any] = {}
        if random.random() < 0.9:
            data["consent"] = random.choice((*("yes",) * 12, "no", ""))
        suppressed_at = self._now + timedelta(minutes=random.randrange(20_000)) if random.random() < 0.15 else None
        # Some contacts of a list share a number.
        number = random.randrange(max(1, self._numbers * 3 // 2))
        facts = _facts(number, self._now)
        if random.random() < 0.3:
            data["timezone"] = random.choice(
                (random.choice(_zones()), random.choice(list(_ABBREVIATIONS)), *facts.zones)
            )
        paced = PacedCall(f"call-{n:02}", random_route(random), self._now)
        return Contact(paced, number, facts, data, suppressed_at, _retry_config(random))


_UNANSWERED = ("no-answer", "busy", "failed", "error")


def _retry_config(random: Random) -> dict[str, Any] | None:
    """As a call has it stored: none, switched off, with all fields, or with the defaults of some."""
    if random.random() < 0.3:
        return random.choice((None, {"enabled": False, "max_retries": 3}))
    config = {
        "enabled": True,
        "max_retries": random.randint(0, 3),
        "retry_on_statuses": random.sample(_UNANSWERED, random.randint(0, 4)),
        "retry_on_voicemail": random.random() < 0.3,
        "retry_intervals_minutes": random.choices((1, 30, 60, 120, 10_080), k=random.randint(1, 4)),
    }
    for name in random.sample(list(config)[1:], random.choice((0, 0, 1, 2))):
        del config[name]
    return config


def _agreed_wait(contact: Contact, end: AttemptEnd) -> timedelta | None:
    """When the contact is called again by its ``retry_config``, as the contract has it (11.1)."""
    config = {
        "enabled": False,
        "max_retries": 3,
        "retry_on_statuses": ["no-answer", "busy", "failed"],
        "retry_on_voicemail": False,
        "retry_intervals_minutes": [30, 60, 120],
        **(contact.retry_config or {}),
    }
    made = len(contact.dials) - 1
    if not config["enabled"] or made >= config["max_retries"]:
        return None
    if end.status == "completed":
        again = config["retry_on_voicemail"] and end.voicemail
    else:
        again = end.status in config["retry_on_statuses"] and end.retry_class != "never"
    minutes = [*config["retry_intervals_minutes"], *config["retry_intervals_minutes"][-1:] * made][made]
    return timedelta(minutes=minutes) if again else None


def _facts(number: int, start: datetime) -> NumberFacts:
    """The same number has the same facts within a campaign."""
    random = Random(f"{number} {start.isoformat()}")
    if random.random() < 0.1:
        return NumberFacts()
    kind = random.choice(("usual",) * 60 + (*REFUSABLE_KINDS, "emergency"))
    country, home = random.choice(_COUNTRIES)
    zones = (home,) if random.random() < 0.5 else tuple(random.sample(_zones(), random.choice((1, 1, 1, 2, 3))))
    return NumberFacts(kind, country, zones, is_phone=True)


_COUNTRIES = (
    ("US", "America/New_York"), ("US", "America/Los_Angeles"), ("GB", "Europe/London"), ("DE", "Europe/Berlin"),
    ("FR", "Europe/Paris"), ("IN", "Asia/Kolkata"), ("AU", "Australia/Lord_Howe"), ("", "Asia/Tokyo"),
)  # fmt: skip


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


_ABBREVIATIONS = {"EST": "-0500", "MST": "-0700", "HST": "-1000", "GMT": "+0000"}
"""Those that are zones without summer time, and how far they are from UTC."""


@cache
def _in_january(name: str, year: int) -> str:
    return f"{datetime(year, 1, 15, 12, tzinfo=ZoneInfo(name)):%z}"


def _agent_hours(random: Random) -> tuple[int, int] | None:
    if random.random() < 0.4:
        return None
    start = random.randint(0, 14)
    return start, random.choice((23, 21, 20, start + random.randint(0, 9)))


def _policy(random: Random) -> dict[str, Any]:
    start = random.choice((0, 0, 1, 2, 8, 9, 14))
    countries = random.choice((*(None,) * 8, ["US"], ["US", "DE", "GB", "FR", "IN"]))
    return {
        "hours": {
            "start_hour": start,
            "end_hour": random.choice((24, 24, 20, 21, start + 1)),
            "days": list(random.choice((DAYS, DAYS, DAYS[:5], DAYS[:5], ("sun",)))),
            "default_time_zone": random.choice(_zones()),
        },
        "country_rules": {"enabled": random.random() < 0.3},
        "numbers": {
            "countries": countries,
            "refused_kinds": list(random.choice((REFUSABLE_KINDS, REFUSABLE_KINDS[:3], ()))),
        },
        "attempts": {"per_number": random.choice((0, 0, 1, 2, 3)), "period_hours": random.choice((1, 24, 72))},
        "consent": {"required": random.random() < 0.15},
    }


def _lawful(country: str, local: datetime) -> bool:
    """The built-in rule files once more, as a person reads them."""
    if local.date() in _closed_days(country):
        return False
    if country == "FR":
        return local.weekday() < 5 and (10 <= local.hour < 13 or 14 <= local.hour < 20)
    return local.weekday() < 6 and 9 <= local.hour < 20


@cache
def _closed_days(country: str) -> frozenset[date]:
    """Public holidays from calendars of 2026 to 2028."""
    easter = (date(2026, 4, 5), date(2027, 3, 28), date(2028, 4, 16))
    after = {"GB": (-2, 1), "DE": (-2, 1, 39, 50), "FR": (1, 39, 50)}.get(country, ())
    moving = [sunday + timedelta(days=days) for sunday in easter for days in after]
    return frozenset(moving + [date.fromisoformat(text) for text in _CALENDARS.get(country, "").split()])


_CALENDARS = {
    "US": "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-04 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25"
    " 2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-19 2027-07-04 2027-09-06 2027-10-11 2027-11-11 2027-11-25 2027-12-25"
    " 2028-01-01 2028-01-17 2028-02-21 2028-05-29",
    "IN": "2026-01-26 2026-08-15 2026-10-02 2027-01-26 2027-08-15 2027-10-02 2028-01-26 2028-08-15",
    "GB": "2026-01-01 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-26 2026-12-28"
    " 2027-01-01 2027-05-03 2027-05-31 2027-08-30 2027-12-25 2027-12-26 2027-12-27 2027-12-28 2028-01-01 2028-01-03 2028-05-01",
    "DE": "2026-01-01 2026-05-01 2026-10-03 2026-12-25 2026-12-26 2027-01-01 2027-05-01 2027-10-03 2027-12-25 2027-12-26"
    " 2028-01-01 2028-05-01",
    "FR": "2026-01-01 2026-05-01 2026-05-08 2026-07-14 2026-08-15 2026-11-01 2026-11-11 2026-12-25"
    " 2027-01-01 2027-05-01 2027-05-08 2027-07-14 2027-08-15 2027-11-01 2027-11-11 2027-12-25 2028-01-01 2028-05-01",
}  # fmt: skip


def run(count: int, seed: int, jobs: int = 1) -> CampaignReport:
    """``count`` campaigns with the seeds from ``seed`` on, in ``jobs`` processes."""
    clock, report = SystemClock(), CampaignReport()
    began_us = clock.monotonic_us()
    chunks = [(first, min(CHUNK, seed + count - first)) for first in range(seed, seed + count, CHUNK)]
    if jobs > 1:
        with shared_out(jobs, run_chunk, chunks) as parts:
            for part in parts:
                report.add(part)
    else:
        for chunk in chunks:
            report.add(run_chunk(chunk))
    report.seconds = (clock.monotonic_us() - began_us) / 1e6
    return report


def run_chunk(chunk: tuple[int, int]) -> CampaignReport:
    """The campaigns of some seeds."""
    first, count = chunk
    report, countries = CampaignReport(), load_country_rules()
    for seed in range(first, first + count):
        campaign = Campaign(seed, countries)
        campaign.run()
        report.add(campaign.report)
        if campaign.broken:
            report.broken.append((seed, campaign.broken))
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run and report. Returns 1 when a campaign breaks a rule."""
    parser = argparse.ArgumentParser(prog="python -m proof campaigns", description=__doc__)
    parser.add_argument("--count", type=at_least_one, default=1_000)
    parser.add_argument("--seed", type=from_zero, default=1)
    parser.add_argument("--jobs", type=at_least_one, default=1)
    arguments = parser.parse_args(argv)
    report = run(arguments.count, arguments.seed, arguments.jobs)
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken else 0
