"""The gateway as a child process: started, watched, started again with growing delays, ended in order.

Whatever ends a gateway (kill -9, a crash of its native thread, a stop in the middle of its loop), its calls are over at that moment:
the server hears of it through the closed socket or missing answers to pings, tells whoever owns the calls, and only then starts the next.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from callwright.ops.child_environment import child_environment
from callwright.ops.clock import SystemClock
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.link import GatewayLink, Switchboard
from callwright.telephony.sip.wire import EXIT_USED_UP, GATEWAY

_LOG = logging.getLogger(__name__)

GATEWAY_COMMAND = (sys.executable, "-P", "-m", "callwright.telephony.sip.gateway")
READY_SECONDS = 15.0
PING_SECONDS, REST_PING_SECONDS = 1.0, 10.0
"""Between two pings, and from an answered one to the next while nothing is heard of a call."""
MISSED_PINGS = 5
STOP_SECONDS = 5.0
DELAYS_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
REFUSED_SECONDS = 30.0
LONG_LIFE_US = 10_000_000
_STANDARD_ERROR = 2


class GatewayState(StrEnum):
    """What the gateway is doing."""

    OFF = "off"
    STARTING = "starting"
    LISTENING = "listening"
    REFUSED = "refused"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class GatewayHealth:
    """The gateway at a moment. ``reason`` tells why it does not listen; ``restarts`` counts those that ended by themselves and were
    replaced, ``renewals`` those that ended between calls because their stack shall begin anew."""

    state: GatewayState
    reason: str
    restarts: int
    pid: int | None
    renewals: int = 0


class CallHolder(Switchboard, Protocol):
    """Whose calls the gateway carries."""

    def gateway_lost(self, why: str) -> None:
        """This gateway is gone, and every call with it. May not raise."""

    def gateway_changed(self) -> None:
        """The health is another one. May not raise."""

    def registration(self, message: Mapping[str, Any]) -> None:
        """The outcome of a registration. May not raise."""


class GatewaySupervisor:
    """Keeps one gateway running. ``link`` is the way to it while it listens."""

    def __init__(self, settings: SipSettings, calls: CallHolder, command: Sequence[str] = GATEWAY_COMMAND) -> None:
        self._settings = settings
        self._calls = calls
        self._command = tuple(command)
        self._clock = SystemClock()
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._connected: GatewayLink | None = None
        self._unanswered = 0
        self._closing = False
        self._health = GatewayHealth(GatewayState.OFF, "", 0, None)
        self.link: GatewayLink | None = None

    @property
    def health(self) -> GatewayHealth:
        """The gateway now."""
        return self._health

    async def start(self) -> None:
        """Start the gateway; returns when it listens, or when its first try is known to have failed (``health`` tells)."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="sip gateway")
        self._task.add_done_callback(_report)
        await self._tried.wait()

    async def ready(self, seconds: float) -> GatewayLink | None:
        """The way to the gateway, waited for while it is being started again; None when there is none."""
        if self.link is None and self._health.state in (GatewayState.STARTING, GatewayState.DOWN):
            try:
                async with asyncio.timeout(seconds):
                    while self.link is None:
                        self._tried.clear()
                        await self._tried.wait()
            except TimeoutError:
                return None
        return self.link

    async def aclose(self) -> None:
        """End the gateway in order: it says BYE to every call that is left. One that does not end is killed."""
        self._closing = True
        if self._task is None:
            return
        if self._connected is not None:
            self._connected.send(GATEWAY, "stop")
            await asyncio.wait({self._task}, timeout=STOP_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._become(GatewayState.OFF, "")

    # -- link.Switchboard ------------------------------------------------------------------------------------------------------

    def control(self, call: int, message: Mapping[str, Any]) -> None:
        """A message of the gateway."""
        if call != GATEWAY:
            self._calls.control(call, message)
            return
        kind = message["type"]
        if kind == "ready":
            self.link = self._connected
            self._become(GatewayState.LISTENING, "")
            _LOG.info("SIP phones are served on %s (gateway process %s)", message.get("listen"), message.get("pid"))
        elif kind == "refused":
            self._become(GatewayState.REFUSED, str(message.get("reason")))
        elif kind == "registration":
            self._calls.registration(message)
        elif kind == "pong":
            self._unanswered = 0

    def audio(self, call: int, frames: bytes) -> None:
        """Audio of a caller."""
        self._calls.audio(call, frames)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        failures = 0
        warned = ""
        while True:
            self._become(GatewayState.STARTING, self._health.reason)
            began_us = self._clock.monotonic_us()
            why, status = await self._live()
            if self._closing:
                return
            if self._health.state is GatewayState.REFUSED:
                delay = REFUSED_SECONDS
                if self._health.reason != warned:
                    self._warn_refused()
                warned = self._health.reason
            else:
                warned = ""
                long_life = self._clock.monotonic_us() - began_us >= LONG_LIFE_US
                failures = 1 if long_life else failures + 1
                delay = DELAYS_SECONDS[min(failures, len(DELAYS_SECONDS)) - 1]
                self._count(status == EXIT_USED_UP, why, delay)
            self._tried.set()
            await self._clock.sleep(delay)

    def _count(self, renewed: bool, why: str, delay: float) -> None:
        health = replace(self._health, pid=None)
        if renewed:
            self._health = replace(health, renewals=health.renewals + 1)
            self._become(GatewayState.DOWN, "its SIP stack begins anew")
            _LOG.info(
                "the SIP gateway begins anew in %g s: its stack had used up its names or left too much behind", delay
            )
        else:
            self._health = replace(health, restarts=health.restarts + 1)
            self._become(GatewayState.DOWN, why)
            _LOG.error("the SIP gateway ended: %s; a new one is started in %g s", why, delay)

    def _warn_refused(self) -> None:
        _LOG.warning(
            "SIP is off: the gateway cannot listen on %s (%s); free that address, or set CALLWRIGHT_SIP_LISTEN to another one or to off;"
            " it is tried again every %g s",
            self._settings.listen,
            self._health.reason,
            REFUSED_SECONDS,
        )

    async def _live(self) -> tuple[str, int | None]:
        """One life of the gateway; returns why it ended, and its exit status if it began. Its calls have been given up by then, and no
        process is left."""
        ours, theirs = socket.socketpair()
        try:
            # A session of its own: a Ctrl-C in the terminal is for the server, which lets its calls come to their end.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                "--fd",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=_STANDARD_ERROR,
                start_new_session=True,
                env=child_environment(),
            )
        except OSError as error:
            ours.close()
            return f"it cannot be started: {error}", None
        finally:
            theirs.close()
        try:
            why = await self._serve(ours, process)
        except asyncio.CancelledError:
            # Whoever stopped this has waited long enough.
            _kill(process)
            raise
        finally:
            await _end(process)
        return why, process.returncode

    async def _serve(self, ours: socket.socket, process: asyncio.subprocess.Process) -> str:
        """Talk to a gateway until it is gone; returns why it is."""
        link = self._connected = await GatewayLink.open(ours, self)
        self._unanswered = 0
        self._health = replace(self._health, pid=process.pid)
        watch = asyncio.get_running_loop().create_task(self._watch(link, process))
        why = "the server ended it"
        try:
            link.send(GATEWAY, "settings", **self._settings.for_gateway())
            # Shielded: cancelling whoever waits must not mark the loss as known.
            why = await asyncio.shield(link.lost)
            return why
        finally:
            watch.cancel()
            self.link = self._connected = None
            link.abort(why)
            if self._health.state is not GatewayState.REFUSED:
                self._become(GatewayState.DOWN, why)
            self._calls.gateway_lost(why)

    async def _watch(self, link: GatewayLink, process: asyncio.subprocess.Process) -> None:
        """Give the gateway up when it does not come to listen, or no longer answers. Only pings count that this loop had time to send. A
        process that ends needs no ping: its end of the socket closes."""
        for _ in range(round(READY_SECONDS / PING_SECONDS)):
            if self.link is link:
                break
            await self._clock.sleep(PING_SECONDS)
        else:
            _kill(process)
            link.abort(f"it did not come to listen within {READY_SECONDS:g} s")
            return
        while self._unanswered < MISSED_PINGS:
            self._unanswered += 1
            link.used.clear()
            link.send(GATEWAY, "ping", at=self._clock.monotonic_us())
            await self._clock.sleep(PING_SECONDS)
            if not self._unanswered:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REST_PING_SECONDS - PING_SECONDS):
                        await link.used.wait()
        _kill(process)
        link.abort(f"it did not answer {MISSED_PINGS} pings")

    def _become(self, state: GatewayState, reason: str) -> None:
        self._health = replace(self._health, state=state, reason=reason)
        if state is GatewayState.LISTENING:
            self._tried.set()
        self._calls.gateway_changed()


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for the process as long as it may take to say BYE, then kill it."""
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        _kill(process)
        await process.wait()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.critical("nobody watches the SIP gateway any more", exc_info=task.exception())
