"""Delivery of webhooks: at least once, in order per execution, with leases and no row lock while HTTP is under way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from callwright.domain.errors import BlockedUrlError, UnavailableError, VaultLockedError
from callwright.domain.limits import (
    AT_REST_SECONDS,
    MAX_WEBHOOK_ANSWER_CHARACTERS,
    MAX_WEBHOOKS_SENT,
    MAX_WEBHOOKS_SENT_OF_ONE,
    MAX_WEBHOOKS_SENT_TO_ONE,
    PAUSE_AFTER_HOURS,
)
from callwright.domain.web_address import place_of
from callwright.ops.crash_points import point
from callwright.ops.gathering import Gathering
from callwright.ops.rounds import RoundsApart, round_boundary
from callwright.outbox.schedule import GAP_AFTER_S, LEASE_MARGIN_S, is_delivered, retry_in
from callwright.outbox.sign import signature_headers
from callwright.platform.webhooks.rules.address import is_of_one_address
from callwright.platform.webhooks.rules.deliveries import FailingEndpoint, reason_of
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry, WebhookShare
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)
_ORDERED_AT_ONCE = 200
_APART_S = 0.1
LOOK_FOR_FAILING_S = 1.0
"""Between two looks for endpoints that are to be paused and for webhooks that have failed for too long to hold up others."""
_RESERVED = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})


class Reply(Protocol):
    """A receiver's answer."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The body, cut at a limit."""
        ...


class Sender(Protocol):
    """The guarded HTTP client as delivery uses it."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """One exchange. Raises BlockedUrlError or UnavailableError."""
        ...


class Outbox(Protocol):
    """The webhooks of executions or of batches (``platform.webhooks.rows.outbox.OutboxRows``)."""

    async def lease(
        self, worker: str, seconds: int, count: int, gap_after_seconds: int | None, share: WebhookShare | None = None
    ) -> list[OutboxEntry]:
        """Take due entries for ``worker``."""
        ...

    async def delivered(self, worker: str, *answered: Answered) -> set[str]:
        """Mark entries as delivered. Returns their ids without those whose lease was lost."""
        ...

    async def failed(
        self, entry_id: str, worker: str, retry_in_seconds: int | None, http_status: int | None, answer: str
    ) -> bool:
        """Give the lease back for a later try, or for good with None. False when the lease was lost."""
        ...


class Endpoints(Protocol):
    """Webhook endpoints that fail (``platform.webhooks.rows.endpoints.EndpointRows``)."""

    async def failed(self, organisation_id: str, endpoint: str, reason: str, *, is_gone: bool = False) -> bool:
        """Count a failed try, and pause an endpoint that ``is_gone``. True when this paused it."""
        ...

    async def pause(self) -> list[FailingEndpoint]:
        """Pause and return the endpoints that have failed for too long."""
        ...

    async def answered(self, organisation_id: str, endpoint: str) -> None:
        """Forget the failures of an endpoint that is not paused."""

    async def order(self, organisation_id: str, endpoint: str, count: int) -> int:
        """Let webhooks that failed before the pause wait again. Returns of how many executions and batches; 0 when none is left."""
        ...

    async def resume(self, organisation_id: str, endpoint: str) -> bool:
        """End the pause; False when there is none."""
        ...


class OutboxUnit(Protocol):
    """What delivery needs of a unit (``platform.unit.Unit``)."""

    @property
    def outbox(self) -> Outbox:
        """Webhooks to deliver."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Webhook endpoints that fail."""
        ...


class OutboxLedger(Protocol):
    """What delivery needs of the ledger (``platform.ledger.Ledger``)."""

    def unit(self) -> AbstractAsyncContextManager[OutboxUnit]:
        """A transaction."""
        ...

    def reading(self) -> AbstractAsyncContextManager[OutboxUnit]:
        """For a single statement (``platform.ledger.Ledger``)."""
        ...

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a webhook was added or the time is over (``platform.ledger.Ledger``)."""
        ...


SecretsOf = Callable[[str], Awaitable[Sequence[bytes]]]
"""The secrets that sign the webhooks of a tenant, the present one first; none: they are not signed. Raises UnavailableError, or
VaultLockedError where they cannot be opened."""


async def _unsigned(_: str) -> Sequence[bytes]:
    return ()


HeadersOf = Callable[[OutboxEntry], Awaitable[Mapping[str, str]]]
"""The headers of an entry in clear. Raises UnavailableError, or VaultLockedError where they cannot be opened."""


async def _as_stored(entry: OutboxEntry) -> Mapping[str, str]:
    return entry.headers


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """``worker`` names this process in the leases; ``secrets_of`` signs, and ``headers_of`` opens sealed headers. ``at_once`` bounds
    exchanges under way, ``of_organisation`` those of one organisation, ``to_receiver`` those with one of its receivers. Half of them at
    most go to endpoints whose last try failed."""

    worker: str
    timeout_s: int
    secrets_of: SecretsOf = _unsigned
    headers_of: HeadersOf = _as_stored
    at_once: int = MAX_WEBHOOKS_SENT
    of_organisation: int = MAX_WEBHOOKS_SENT_OF_ONE
    to_receiver: int = MAX_WEBHOOKS_SENT_TO_ONE
    idle_s: float = 1.0


_UnderWay = dict[asyncio.Task[bool], OutboxEntry]


def _report_defect(task: asyncio.Task[bool]) -> None:
    """A defect met with one entry must not stop the others: its lease ends by time and it is tried again."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _LOG.error("delivering a webhook failed unexpectedly", exc_info=error)


def _warn_of_pause(organisation_id: str, endpoint: str, why: str) -> None:
    _LOG.warning(
        "the webhook endpoint at %s of organisation %s is paused: %s; see `callwright webhooks endpoints`",
        place_of(endpoint),
        organisation_id,
        why,
    )


class WebhookDelivery:
    """Takes due entries and sends them until it is stopped. ``count`` hears of each try's result: delivered, failed or refused."""

    def __init__(
        self,
        ledger: OutboxLedger,
        sender: Sender,
        clock: Clock,
        settings: DeliverySettings,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._count = count
        self._ledger = ledger
        self._sender = sender
        self._clock = clock
        self._settings = settings
        self._stopping = asyncio.Event()
        self._late_looks = RoundsApart(LOOK_FOR_FAILING_S)
        self._answers = Gathering(self._write_delivered)

    async def run(self) -> None:
        """Deliver until :meth:`stop`; a database out of reach is waited for. A slow receiver holds up its own executions, many slow ones
        their own organisation: whatever else is due is sent beside them."""
        under_way: _UnderWay = {}
        rounds = RoundsApart(_APART_S)
        try:
            while not self._stopping.is_set():
                with round_boundary("delivering webhooks"):
                    # What was left behind waits for a place, which the end of an exchange gives.
                    await self._start_due(under_way)
                    await self._wait(under_way)
                    await self._clock.sleep(rounds.wait_s(self._clock.monotonic_us()))
                    continue
                await self._clock.sleep(self._settings.idle_s)
            await asyncio.gather(*under_way, return_exceptions=True)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def stop(self) -> None:
        """Finish what is under way and take nothing more."""
        self._stopping.set()

    async def deliver_due(self) -> int:
        """Send what is due now and wait for the answers; returns how many entries were taken."""
        under_way: _UnderWay = {}
        taken = await self._start_due(under_way)
        await asyncio.gather(*under_way)
        return taken

    async def _start_due(self, under_way: _UnderWay) -> int:
        """Lease what is due, as far as there is room, and begin to send it. Nothing is taken while the database is out of reach."""
        room = self._settings.at_once - len(under_way)
        if room <= 0:
            return 0
        settings = self._settings
        lease_s = settings.timeout_s + LEASE_MARGIN_S
        under = tuple(under_way.values())
        share = WebhookShare(settings.of_organisation, settings.to_receiver, under, max(1, settings.at_once // 2))
        try:
            looks = self._late_looks.is_due(self._clock.monotonic_us())
            async with self._ledger.unit() if looks else self._ledger.reading() as unit:
                paused = await unit.endpoints.pause() if looks else []
                gap_after_s = GAP_AFTER_S if looks else None
                entries = await unit.outbox.lease(settings.worker, lease_s, room, gap_after_s, share)
        except UnavailableError as error:
            _LOG.warning("webhooks wait for the database: %s", error.message)
            return 0
        for one in paused:
            why = f"every try failed for {PAUSE_AFTER_HOURS} hours, the last with: {one.reason}"
            _warn_of_pause(one.organisation_id, one.endpoint, why)
        if entries:
            point("webhook.leased")
        for entry in entries:
            task = asyncio.get_running_loop().create_task(self._deliver(entry))
            under_way[task] = entry
            task.add_done_callback(under_way.pop)
            task.add_done_callback(_report_defect)
        return len(entries)

    async def _wait(self, under_way: _UnderWay) -> None:
        """Until an exchange is over (its execution's next entry may go), a webhook was added, some time has passed, or the end."""
        loop = asyncio.get_running_loop()
        waking = {loop.create_task(self._idle()), loop.create_task(self._stopping.wait())}
        try:
            await asyncio.wait({*waking, *under_way}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waking:
                task.cancel()
            await asyncio.gather(*waking, return_exceptions=True)

    async def _idle(self) -> None:
        try:
            await self._ledger.wait_for_outbox(self._settings.idle_s, AT_REST_SECONDS)
        except UnavailableError:
            await self._clock.sleep(self._settings.idle_s)

    async def _deliver(self, entry: OutboxEntry) -> bool:
        """Send one entry and write down the result; False when that could not be done: its lease ends by time and it is sent again."""
        try:
            settled = await self._exchange(entry)
        except UnavailableError as error:
            _LOG.warning("the result of webhook %s could not be stored: %s", entry.id, error.message)
            return False
        if not settled:
            _LOG.warning("webhook %s was taken over by another worker meanwhile", entry.id)
        return settled

    async def _exchange(self, entry: OutboxEntry) -> bool:
        status: int | None = None
        try:
            secrets = await self._settings.secrets_of(entry.tenant_id)
            headers = await self._settings.headers_of(entry)
            reply = await self._sender.send(
                "POST",
                entry.url,
                headers=self._headers(entry, headers, secrets),
                body=entry.body,
                timeout_s=self._settings.timeout_s,
            )
            status = reply.status
            answer = reply.body[:MAX_WEBHOOK_ANSWER_CHARACTERS].decode("utf-8", "replace").replace("\x00", "")
        except BlockedUrlError as error:
            # Refused by policy: it would be refused at every try.
            self._count("refused")
            told = f"{error.message} ({error.hint.rstrip('.')})"
            return await self._settle(entry, None, None, error.message, told, is_blocked=True)
        except (UnavailableError, VaultLockedError) as error:
            answer = error.message
        if status is not None and is_delivered(status):
            self._count("delivered")
            point("webhook.sent")
            return await self._delivered(entry, status, answer)
        self._count("failed")
        # A try that was asked for does not count.
        tries = max(1, entry.tries) if entry.hurried else entry.tries + 1
        return await self._settle(entry, retry_in(tries, status), status, answer, reason_of(status, answer))

    async def _delivered(self, entry: OutboxEntry, status: int, answer: str) -> bool:
        settled = await self._answers.do((entry, Answered(entry.id, status, answer)))
        if entry.is_probe:
            await self._resume(entry)
        return settled

    async def _write_delivered(self, answers: Sequence[tuple[OutboxEntry, Answered]]) -> list[bool]:
        async with self._ledger.unit() as unit:
            settled = await unit.outbox.delivered(self._settings.worker, *(answered for _, answered in answers))
            failing = {(one.organisation_id, one.endpoint) for one, _ in answers if one.is_failing and not one.is_probe}
            for organisation_id, endpoint in sorted(failing):
                await unit.endpoints.answered(organisation_id, endpoint)
            point("webhook.writing")
        point("webhook.written")
        return [one.id in settled for one, _ in answers]

    async def _resume(self, entry: OutboxEntry) -> None:
        """End the pause of an endpoint that answers again, once its webhooks wait in order."""
        ordered = 1
        while ordered:
            async with self._ledger.unit() as unit:
                ordered = await unit.endpoints.order(entry.organisation_id, entry.endpoint, _ORDERED_AT_ONCE)
        async with self._ledger.unit() as unit:
            resumed = await unit.endpoints.resume(entry.organisation_id, entry.endpoint)
        if resumed:
            _LOG.info("the webhook endpoint at %s answers again; its webhooks are sent", place_of(entry.url))

    async def _settle(
        self,
        entry: OutboxEntry,
        retry_s: int | None,
        status: int | None,
        answer: str,
        reason: str,
        *,
        is_blocked: bool = False,
    ) -> bool:
        what = f"webhook {entry.status} of {entry.execution_id} to {place_of(entry.url)}"
        if retry_s is None:
            _LOG.warning("%s failed: %s; given up at try %d", what, reason, entry.tries + 1)
        elif entry.is_probe:
            _LOG.info("%s failed: %s; its endpoint stays paused", what, reason)
        else:
            _LOG.info("%s failed: %s; next try in %d s", what, reason, retry_s)
        is_gone, paused = status == 410 and is_of_one_address(entry.endpoint), False
        point("webhook.failed")
        async with self._ledger.unit() as unit:
            settled = await unit.outbox.failed(entry.id, self._settings.worker, retry_s, status, answer)
            if entry.endpoint and not is_blocked:
                paused = await unit.endpoints.failed(entry.organisation_id, entry.endpoint, reason, is_gone=is_gone)
        if paused:
            _warn_of_pause(entry.organisation_id, entry.endpoint, "it answered 410")
        return settled

    def _headers(self, entry: OutboxEntry, headers: Mapping[str, str], secrets: Sequence[bytes]) -> dict[str, str]:
        own = {
            "content-type": "application/json",
            "user-agent": "Callwright",
            "x-callwright-event-id": entry.id,
            "x-callwright-sequence": str(entry.sequence),
        }
        if entry.gap:
            own["x-callwright-gap"] = "1"
        if entry.replays:
            own["x-callwright-replay"] = str(entry.replays)
        if secrets:
            secret, *former = secrets
            stamp = int(self._clock.now().timestamp())
            own.update(signature_headers(secret, entry.id, stamp, entry.body, *former))
        given = {name.lower(): value for name, value in headers.items() if name.lower() not in _RESERVED}
        return {**given, **own}
