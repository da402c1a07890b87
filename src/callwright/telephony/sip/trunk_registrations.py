"""The registrations of trunks, as the server wants them: told to each gateway process that comes to listen, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from callwright.ports.registry import Gauge
from callwright.ports.trunk_lines import LineState
from callwright.ports.world import Clock
from callwright.telephony.sip.wire import GATEWAY

REGISTERING, REGISTERED, FAILED = "registering", "registered", "failed"


class RegistrationLink(Protocol):
    """The way to a gateway process that listens."""

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message."""


class TrunkRegistrations:
    """By the id of the trunk. ``link`` is None while no gateway process listens."""

    def __init__(self, clock: Clock, failed: Gauge) -> None:
        """``failed`` counts those that are not registered."""
        self._clock = clock
        self._failed = failed
        self._wanted: dict[str, Mapping[str, Any]] = {}
        self._states: dict[str, LineState] = {}
        self._link: RegistrationLink | None = None

    def use(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep these registered, with the values of ``register`` messages, and no others."""
        before, self._wanted = self._wanted, dict(wanted)
        for gone in before.keys() - wanted.keys():
            self._states.pop(gone, None)
            if self._link is not None:
                self._link.send(GATEWAY, "unregister", id=gone)
        self._count()
        for trunk_id, values in wanted.items():
            if before.get(trunk_id) != values:
                self._ask(trunk_id, values)

    def listening(self, link: RegistrationLink | None) -> None:
        """A gateway process listens, or none does any more."""
        if link is self._link:
            return
        self._link = link
        for trunk_id, values in self._wanted.items():
            self._ask(trunk_id, values)

    def told(self, message: Mapping[str, Any]) -> None:
        """A ``registration`` message of the gateway."""
        trunk_id = str(message.get("id"))
        if trunk_id in self._wanted:
            state = REGISTERED if message.get("state") == REGISTERED else FAILED
            self._become(trunk_id, state, str(message.get("reason") or ""))

    def state(self, trunk_id: str) -> LineState | None:
        """How the registration of a trunk is; None where none is wanted."""
        return self._states.get(trunk_id)

    def _ask(self, trunk_id: str, values: Mapping[str, Any]) -> None:
        if self._link is None:
            self._become(trunk_id, FAILED, "the SIP gateway of this server does not run")
        else:
            self._become(trunk_id, REGISTERING, "")
            self._link.send(GATEWAY, "register", id=trunk_id, **values)

    def _become(self, trunk_id: str, state: str, reason: str) -> None:
        before = self._states.get(trunk_id)
        since: datetime = before.since if before is not None and before.state == state else self._clock.now()
        self._states[trunk_id] = LineState(state, since, reason)
        self._count()

    def _count(self) -> None:
        self._failed.set(sum(one.state == FAILED for one in self._states.values()))
