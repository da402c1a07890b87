"""Delivery of webhooks: at least once, in order per execution, with leases and no row lock while HTTP is under way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from callwright.domain.errors import BlockedUrlError, UnavailableError
from callwright.domain.limits import MAX_WEBHOOK_ANSWER_CHARACTERS
from callwright.outbox.schedule import GAP_AFTER_S, LEASE_MARGIN_S, is_delivered, retry_in
from callwright.outbox.sign import signature_headers
from callwright.ports.ledger import Ledger, OutboxEntry
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)
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


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """``worker`` names this process in the leases; ``secret`` signs when it is not empty; ``at_once`` bounds exchanges under way."""

    worker: str
    timeout_s: int
    secret: bytes = b""
    at_once: int = 8
    idle_s: float = 1.0


class WebhookDelivery:
    """Takes due entries and sends them until it is stopped."""

    def __init__(self, ledger: Ledger, sender: Sender, clock: Clock, settings: DeliverySettings) -> None:
        self._ledger = ledger
        self._sender = sender
        self._clock = clock
        self._settings = settings
        self._stopping = False

    async def run(self) -> None:
        """Deliver until :meth:`stop`; a database out of reach is waited for."""
        while not self._stopping:
            try:
                busy = await self.deliver_due()
                if not busy and not self._stopping:
                    await self._ledger.wait_for_outbox(self._settings.idle_s)
            except UnavailableError as error:
                _LOG.warning("webhooks wait for the database: %s", error.message)
                await self._clock.sleep(self._settings.idle_s)

    def stop(self) -> None:
        """Finish what is under way and take nothing more."""
        self._stopping = True

    async def deliver_due(self) -> int:
        """Send what is due now; returns how many entries were taken."""
        lease_s = self._settings.timeout_s + LEASE_MARGIN_S
        async with self._ledger.unit() as unit:
            entries = await unit.outbox.lease(self._settings.worker, lease_s, self._settings.at_once, GAP_AFTER_S)
        await asyncio.gather(*(self._deliver(entry) for entry in entries))
        return len(entries)

    async def _deliver(self, entry: OutboxEntry) -> None:
        status: int | None = None
        try:
            reply = await self._sender.send(
                "POST", entry.url, headers=self._headers(entry), body=entry.body, timeout_s=self._settings.timeout_s
            )
            status = reply.status
            answer = reply.body[:MAX_WEBHOOK_ANSWER_CHARACTERS].decode("utf-8", "replace").replace("\x00", "")
        except BlockedUrlError as error:
            # Refused by policy: it would be refused at every try.
            await self._settle(entry, None, None, error.message)
            return
        except UnavailableError as error:
            answer = error.message
        if status is not None and is_delivered(status):
            async with self._ledger.unit() as unit:
                await unit.outbox.delivered(entry.id, self._settings.worker, status, answer)
            return
        await self._settle(entry, retry_in(entry.tries + 1, status), status, answer)

    async def _settle(self, entry: OutboxEntry, retry_s: int | None, status: int | None, answer: str) -> None:
        _LOG.info("webhook %s of %s failed (%s); next try in %s s", entry.status, entry.execution_id, status, retry_s)
        async with self._ledger.unit() as unit:
            await unit.outbox.failed(entry.id, self._settings.worker, retry_s, status, answer)

    def _headers(self, entry: OutboxEntry) -> dict[str, str]:
        given = {name: value for name, value in entry.headers.items() if name.lower() not in _RESERVED}
        own = {
            "content-type": "application/json",
            "user-agent": "Callwright",
            "x-callwright-event-id": entry.id,
            "x-callwright-sequence": str(entry.sequence),
        }
        if entry.gap:
            own["x-callwright-gap"] = "1"
        if self._settings.secret:
            stamp = int(self._clock.now().timestamp())
            own.update(signature_headers(self._settings.secret, entry.id, stamp, entry.body))
        return {**given, **own}
