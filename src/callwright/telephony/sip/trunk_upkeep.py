"""Trunks between calls: those that want it are registered, and each gateway is asked with OPTIONS whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from callwright.domain.limits import (
    MAX_SIP_REGISTRATIONS,
    MIN_QUALIFY_SECONDS,
    TRUNK_REGISTRATION_SECONDS,
)
from callwright.ops.rounds import round_boundary
from callwright.ports.failures import ProviderError
from callwright.ports.registry import Gauge
from callwright.ports.trunk_lines import LineState, TrunkLine, TrunkState
from callwright.ports.world import Clock
from callwright.telephony.sip.checks import reachable_address
from callwright.telephony.sip.qualify import AskedGateway
from callwright.telephony.sip.silent_gateways import Gateway, SilentGateways
from callwright.telephony.sip.trunk_registrations import FAILED, TrunkRegistrations

REACHABLE, UNREACHABLE = "reachable", "unreachable"
Asked = Callable[[AskedGateway], Awaitable[str]]
"""Asks a gateway; returns why it does not answer, or nothing."""


class TrunkUpkeep:
    """The trunks that one process keeps ready. ``places``: where we may call; a gateway elsewhere is neither asked nor registered at."""

    def __init__(
        self,
        places: Sequence[str],
        registrations: TrunkRegistrations,
        silent: SilentGateways,
        ask: Asked,
        clock: Clock,
        unreachable: Gauge,
    ) -> None:
        """``unreachable`` counts the gateways that do not answer."""
        self._places = places
        self._registrations = registrations
        self._silent = silent
        self._ask = ask
        self._clock = clock
        self._unreachable = unreachable
        self._asking: dict[tuple[Gateway, AskedGateway, int], asyncio.Task[None]] = {}
        self._states: dict[Gateway, LineState] = {}
        self._refused: dict[str, LineState] = {}

    def use(self, lines: Sequence[TrunkLine]) -> None:
        """See ``ports.trunk_lines.TrunkLines``."""
        refused = {line.id: self._refusal(line.gateways[0]) for line in lines if line.registers}
        registering = [line for line in lines if line.registers and not refused[line.id]]
        self._registrations.use({line.id: _registration(line) for line in registering[:MAX_SIP_REGISTRATIONS]})
        now = self._clock.now()
        self._refused = {
            trunk_id: self._refused.get(trunk_id) or LineState(FAILED, now, why)
            for trunk_id, why in refused.items()
            if why
        }
        wanted = {
            ((line.id, f"{host}:{port}"), AskedGateway(host, port, line.transport), line.qualify_seconds)
            for line in lines
            if line.qualify_seconds
            for host, port in line.gateways
            if not self._refusal((host, port))
        }
        for gone in self._asking.keys() - wanted:
            self._asking.pop(gone).cancel()
            self._states.pop(gone[0], None)
            self._silent.spoke(gone[0])
        self._count()
        for one in wanted - self._asking.keys():
            self._asking[one] = asyncio.get_running_loop().create_task(self._ask_forever(*one), name="gateway")

    def trunk_state(self, trunk_id: str) -> TrunkState:
        """See ``ports.trunk_lines.TrunkLines``."""
        gateways = {name: state for (of, name), state in sorted(self._states.items()) if of == trunk_id}
        return TrunkState(self._refused.get(trunk_id) or self._registrations.state(trunk_id), gateways)

    async def aclose(self) -> None:
        """Ask nobody any more."""
        tasks = tuple(self._asking.values())
        self._asking.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_forever(self, gateway: Gateway, asked: AskedGateway, seconds: int) -> None:
        while True:
            with round_boundary("asking a gateway with OPTIONS"):
                failure = await self._ask(asked)
                if failure:
                    self._silent.unanswered(gateway, self._clock.monotonic_us())
                else:
                    self._silent.spoke(gateway)
                self._become(gateway, UNREACHABLE if failure else REACHABLE, failure)
            await self._clock.sleep(max(seconds, MIN_QUALIFY_SECONDS))

    def _become(self, gateway: Gateway, state: str, reason: str) -> None:
        before = self._states.get(gateway)
        since = before.since if before is not None and before.state == state else self._clock.now()
        self._states[gateway] = LineState(state, since, reason)
        self._count()

    def _count(self) -> None:
        self._unreachable.set(sum(one.state == UNREACHABLE for one in self._states.values()))

    def _refusal(self, gateway: tuple[str, int]) -> str:
        """Why a gateway may not be reached; empty where it may."""
        try:
            reachable_address(f"sip:gateway@{gateway[0]}:{gateway[1]}", self._places)
        except ProviderError as error:
            return error.message
        return ""


def _registration(line: TrunkLine) -> Mapping[str, object]:
    """The values of a ``register`` message."""
    host, port = line.gateways[0]
    return {
        "domain": f"{host}:{port}",
        "user": line.username,
        "password": line.password,
        "transport": line.transport,
        "encryption": line.encryption,
        "seconds": TRUNK_REGISTRATION_SECONDS,
    }
