"""A world for webhooks: virtual time, an outbox in memory, and receivers that answer by a script."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import PAUSE_AFTER_FAILURES, PAUSE_AFTER_HOURS, PROBE_SECONDS
from callwright.platform.webhooks.rules.address import endpoint_of
from callwright.platform.webhooks.rules.deliveries import FailingEndpoint
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry, WebhookShare


class VirtualClock:
    """``ports.world.Clock`` whose time passes only when somebody sleeps or :meth:`advance` is called."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self._start = start
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        """The virtual wall clock."""
        return self._start + timedelta(seconds=self.elapsed_s)

    def monotonic_us(self) -> int:
        """Virtual microseconds since the world began."""
        return round(self.elapsed_s * 1_000_000)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and others run."""
        self.advance(seconds)
        await asyncio.sleep(0)


async def let_run_until(condition: Callable[[], bool], turns: int = 200_000) -> bool:
    """Let the other tasks run until ``condition`` holds; False when it does not within so many turns of the event loop."""
    for _ in range(turns):
        if condition():
            return True
        await asyncio.sleep(0)
    return condition()


@dataclass(slots=True)
class Kept:
    """One entry as the outbox keeps it: ``state`` is waiting, delivered or given_up."""

    entry: OutboxEntry
    due_s: float
    state: str = "waiting"
    leased_by: str | None = None
    leased_until_s: float = 0.0
    failing_since_s: float | None = None
    passed: bool = False
    http_status: int | None = None
    answer: str = ""


@dataclass(slots=True)
class MemoryEndpoints:
    """``platform.webhooks.rows.endpoints.EndpointRows`` in memory, by the rules of the real one."""

    clock: VirtualClock
    kept: list[Kept]
    failing: dict[tuple[str, str], FailingEndpoint] = field(default_factory=dict)

    async def failed(self, organisation_id: str, endpoint: str, reason: str, *, is_gone: bool = False) -> bool:
        """Count a failed try; True when this paused the endpoint."""
        now, key = self.clock.now(), (organisation_id, endpoint)
        before = self.failing.get(key) or FailingEndpoint(organisation_id, endpoint, 0, now, now, reason)
        after = replace(before, failures=before.failures + 1, failed_at=now, reason=reason)
        if is_gone:
            after = replace(after, paused_at=before.paused_at or now, probe_at=None)
        self.failing[key] = after
        return before.paused_at is None and is_gone

    async def pause(self) -> list[FailingEndpoint]:
        """Pause those that failed for so long; they are returned."""
        now, paused = self.clock.now(), []
        for key, one in self.failing.items():
            late = now - one.failing_since >= timedelta(hours=PAUSE_AFTER_HOURS)
            if one.paused_at is None and late and one.failures >= PAUSE_AFTER_FAILURES:
                self.failing[key] = replace(one, paused_at=now, probe_at=now + timedelta(seconds=PROBE_SECONDS))
                paused.append(self.failing[key])
        return paused

    async def answered(self, organisation_id: str, endpoint: str) -> None:
        """Forget the failures of an endpoint that is not paused."""
        found = self.failing.get((organisation_id, endpoint))
        if found is not None and found.paused_at is None:
            del self.failing[organisation_id, endpoint]

    async def order(self, organisation_id: str, endpoint: str, count: int) -> int:
        """Let all webhooks of the endpoint wait in order again, at once."""
        for one in self.kept:
            if (one.entry.tenant_id, one.entry.endpoint) == (organisation_id, endpoint) and one.leased_by is None:
                one.entry, one.failing_since_s, one.due_s = replace(one.entry, tries=0), None, self.clock.elapsed_s
        return 0

    async def resume(self, organisation_id: str, endpoint: str) -> bool:
        """End the pause; False when there is none."""
        return self.failing.pop((organisation_id, endpoint), None) is not None

    async def paused(self) -> int:
        """How many endpoints are paused."""
        return sum(one.paused_at is not None for one in self.failing.values())

    async def listed(self, organisation_id: str, tenant_id: str) -> list[FailingEndpoint]:
        """Endpoints that fail, of the organisation or of all."""
        return [one for one in self.failing.values() if organisation_id in ("", one.organisation_id)]

    def probes(self, one: Kept) -> bool:
        """Whether the endpoint is paused and a probe is due."""
        found = self.failing.get((one.entry.tenant_id, one.entry.endpoint))
        return found is not None and found.probe_at is not None and found.probe_at <= self.clock.now()

    def probed(self, one: Kept) -> None:
        """The next probe comes later."""
        found = self.failing[one.entry.tenant_id, one.entry.endpoint]
        later = self.clock.now() + timedelta(seconds=PROBE_SECONDS)
        self.failing[one.entry.tenant_id, one.entry.endpoint] = replace(found, probe_at=later)


@dataclass(slots=True)
class MemoryOutbox:
    """``platform.webhooks.rows.outbox.OutboxRows`` in memory, by the rules of the real one."""

    clock: VirtualClock
    kept: list[Kept] = field(default_factory=list)
    endpoints: MemoryEndpoints = field(init=False)

    def __post_init__(self) -> None:
        self.endpoints = MemoryEndpoints(self.clock, self.kept)

    async def add(self, *entries: OutboxEntry) -> None:
        """Append each as its execution's next."""
        for entry in entries:
            sequence = 1 + sum(1 for one in self.kept if one.entry.execution_id == entry.execution_id)
            endpoint = entry.endpoint or endpoint_of(entry.url)
            self.kept.append(Kept(replace(entry, sequence=sequence, endpoint=endpoint), self.clock.elapsed_s))

    async def lease(
        self, worker: str, seconds: int, count: int, gap_after_seconds: int | None, share: WebhookShare | None = None
    ) -> list[OutboxEntry]:
        """Take due entries for ``worker``; each tenant is an organisation."""
        now_s = self.clock.elapsed_s
        for one in self.kept:
            if gap_after_seconds is not None and one.state == "waiting" and one.failing_since_s is not None:
                one.passed = one.passed or one.failing_since_s <= now_s - gap_after_seconds
        due = [one for one in self.kept if self._is_due(one, now_s)]
        taken = self._shared(sorted(due, key=lambda one: one.due_s), share or WebhookShare(count, count))[:count]
        for one in taken:
            if one.leased_by is not None:
                one.entry = replace(one.entry, tries=one.entry.tries + 1)
                one.failing_since_s = one.leased_until_s if one.failing_since_s is None else one.failing_since_s
            one.leased_by, one.leased_until_s = worker, now_s + seconds
            gap = any(before.state != "delivered" for before in self._before(one))
            probe, is_failing = self.endpoints.probes(one), self._fails(one)
            if probe:
                self.endpoints.probed(one)
            one.entry = replace(
                one.entry,
                gap=gap,
                organisation_id=one.entry.tenant_id,
                is_failing=is_failing,
                is_probe=probe,
                hurried=one.entry.hurried or probe,
            )
        return [one.entry for one in taken]

    async def delivered(self, worker: str, *answered: Answered) -> set[str]:
        """Mark as delivered; the ids without those whose lease was lost."""
        settled = set()
        for each in answered:
            one = self._held(each.entry_id, worker)
            if one is not None:
                one.state, one.leased_by, one.http_status, one.answer = "delivered", None, each.http_status, each.answer
                settled.add(each.entry_id)
        return settled

    async def failed(
        self, entry_id: str, worker: str, retry_in_seconds: int | None, http_status: int | None, answer: str
    ) -> bool:
        """Give the lease back; False when it was lost."""
        one = self._held(entry_id, worker)
        if one is None:
            return False
        if not one.entry.hurried:
            one.failing_since_s = self.clock.elapsed_s if one.failing_since_s is None else one.failing_since_s
        one.entry = replace(one.entry, tries=one.entry.tries + (not one.entry.hurried), hurried=False)
        one.leased_by, one.http_status, one.answer = None, http_status, answer
        if retry_in_seconds is None:
            one.state = "given_up"
        else:
            one.due_s = self.clock.elapsed_s + retry_in_seconds
        return True

    async def of_execution(self, tenant_id: str, execution_id: str) -> list[OutboxEntry]:
        """All entries of one execution in order."""
        return [
            one.entry
            for one in self.kept
            if one.entry.execution_id == execution_id and one.entry.tenant_id == tenant_id
        ]

    def _before(self, one: Kept) -> Iterable[Kept]:
        entry = one.entry
        return (
            other
            for other in self.kept
            if other.entry.execution_id == entry.execution_id and other.entry.sequence < entry.sequence
        )

    def _is_due(self, one: Kept, now_s: float) -> bool:
        if one.state != "waiting" or (one.leased_by is not None and one.leased_until_s > now_s):
            return False
        found = self.endpoints.failing.get((one.entry.tenant_id, one.entry.endpoint))
        if found is not None and found.paused_at is not None:
            return self.endpoints.probes(one) and all(other.state != "waiting" for other in self._before(one))
        if one.due_s > now_s:
            return False
        return all(other.state != "waiting" or other.passed for other in self._before(one))

    def _fails(self, one: Kept) -> bool:
        return (one.entry.tenant_id, one.entry.endpoint) in self.endpoints.failing

    def _shared(self, due: Iterable[Kept], share: WebhookShare) -> list[Kept]:
        """Those of ``due`` that their organisation, receiver and endpoint have a place for, in turns."""
        organisations = Counter(entry.organisation_id for entry in share.under_way)
        receivers = Counter((entry.organisation_id, urlsplit(entry.url).netloc) for entry in share.under_way)
        failing = Counter(entry.organisation_id for entry in share.under_way if entry.is_failing)
        endpoints = {(entry.organisation_id, entry.endpoint) for entry in share.under_way}
        turns: list[tuple[int, Kept]] = []
        for one in sorted(due, key=self._fails):
            tenant_id, receiver = one.entry.tenant_id, (one.entry.tenant_id, urlsplit(one.entry.url).netloc)
            if self._fails(one):
                endpoint, half = (tenant_id, one.entry.endpoint), max(1, share.of_organisation // 2)
                all_used = share.of_failing is not None and failing.total() >= share.of_failing
                if endpoint in endpoints or failing[tenant_id] >= half or all_used:
                    continue
            if organisations[tenant_id] < share.of_organisation and receivers[receiver] < share.of_receiver:
                organisations[tenant_id] += 1
                receivers[receiver] += 1
                if self._fails(one):
                    failing[tenant_id] += 1
                    endpoints.add((tenant_id, one.entry.endpoint))
                turns.append((organisations[tenant_id], one))
        return [one for _, one in sorted(turns, key=lambda turn: turn[0])]

    def _held(self, entry_id: str, worker: str) -> Kept | None:
        for one in self.kept:
            if one.entry.id == entry_id and one.leased_by == worker and one.state == "waiting":
                return one
        return None


@dataclass(slots=True)
class OutboxUnit:
    """One unit of :class:`WebhookLedger`."""

    outbox: MemoryOutbox
    endpoints: MemoryEndpoints


class WebhookLedger:
    """The part of ``platform.ledger.Ledger`` that webhooks need. ``outages`` counts the units that will still fail."""

    def __init__(self, clock: VirtualClock) -> None:
        self.outbox = MemoryOutbox(clock)
        self.outages = 0
        self._clock = clock

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[OutboxUnit]:
        """A transaction (nothing here is undone)."""
        self._reach()
        yield OutboxUnit(self.outbox, self.outbox.endpoints)

    reading = unit

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Time passes."""
        self._reach()
        await self._clock.sleep(timeout_seconds)
        return False

    def _reach(self) -> None:
        if self.outages > 0:
            self.outages -= 1
            raise UnavailableError("the database cannot be reached")


@dataclass(frozen=True, slots=True)
class Received:
    """One request as a receiver saw it."""

    at_s: float
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """A receiver's answer."""

    status: int
    body: bytes = b""


class ScriptedReceivers:
    """Receivers behind ``outbox.deliver.Sender``. Each URL answers by its own script, then with 200 for ever.

    A step is a status, a reply, a failure to raise, or an event to wait for before the next step.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.received: list[Received] = []
        self._clock = clock
        self._scripts: dict[str, deque[int | ScriptedReply | CallwrightError | asyncio.Event]] = {}

    def script(self, url: str, *steps: int | ScriptedReply | CallwrightError | asyncio.Event) -> None:
        """What ``url`` does next."""
        self._scripts.setdefault(url, deque()).extend(steps)

    def recover(self) -> None:
        """From now on every URL answers with 200."""
        self._scripts.clear()

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> ScriptedReply:
        """One exchange."""
        self.received.append(Received(self._clock.elapsed_s, url, dict(headers), body))
        steps = self._scripts.get(url, deque())
        while steps and isinstance(steps[0], asyncio.Event):
            await steps[0].wait()
            steps.popleft()
        step = steps.popleft() if steps else 200
        if isinstance(step, CallwrightError):
            raise step
        if isinstance(step, ScriptedReply):
            return step
        assert isinstance(step, int)
        return ScriptedReply(step)
