"""Transfers a conversation asked for: each given to the leg once, or made warm; its outcome posted as an event whatever the call does by
then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.runner import CallRunner
from callwright.call.live.warm_transfer import CallParts, DialTarget, WarmTransfer
from callwright.conversation.effects import Transfer
from callwright.conversation.events import TransferProgress
from callwright.domain.limits import TARGET_END_SECONDS
from callwright.media.g711 import loudness, pcm_of_mulaw
from callwright.platform.agents.rules.transfers import WarmHandover
from callwright.platform.dialling.rules import Decision
from callwright.platform.executions.rules.causes import Cause
from callwright.ports.failures import FailureKind
from callwright.ports.leg import Leg, TransferFailedError

AUDIBLE = 100
"""Loudness (``media.g711.loudness``) of 50 dB below full scale: less is taken for silence."""

DecideTransfer = Callable[[str], Decision]
"""Whether a call may be handed to an address."""


@dataclass(frozen=True, slots=True)
class TransferMeans:
    """How a call transfers: who decides about a target, who calls one, and which tools do it warm. Without ``dial`` none does. ``bridge``
    connects the legs of the caller and a target, as ``warm_transfer.Bridge``."""

    decide: DecideTransfer
    dial: DialTarget | None = None
    warm: Mapping[str, WarmHandover] = field(default_factory=dict)
    bridge: Callable[[Leg, Leg], Coroutine[Any, Any, None] | None] | None = None


class Transfers:
    """The transfers of one call."""

    def __init__(self, parts: CallParts, means: TransferMeans) -> None:
        self._parts = parts
        self._means = means
        self._request = 0
        self._is_heard = False
        self._warm: WarmTransfer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def joined(self) -> bool:
        """Whether the caller talks with the target of a warm transfer, and their sound goes through us."""
        return self._warm is not None and self._warm.joined

    def ask(self, effect: Transfer, leg: Leg | None) -> None:
        """Begin a transfer."""
        self._request, self._is_heard = effect.request, False
        decision = self._means.decide(effect.target)
        how, dial = self._means.warm.get(effect.name), self._means.dial
        if how is None or dial is None or leg is None or not decision.dials:
            self._start(transfer(self._parts.runner, leg, effect, decision))
            return
        bridge = self._means.bridge if how.bridge else None
        by_carrier = None if bridge is None else partial(bridge, leg)
        self._warm = WarmTransfer(self._parts, effect, how, dial, self, by_carrier)
        self._start(self._warm.run(decision))

    @property
    def latest(self) -> int:
        """The request of the latest transfer, 0 before the first."""
        return self._request

    def progress(self, request: int, state: str) -> None:
        """The target of a transfer is so far (``TransferProgress``)."""
        if not request:
            return
        if request == self._request:
            self._is_heard = state == "early_media"
        runner = self._parts.runner
        runner.post(TransferProgress(runner.now_us(), request, state))

    def early_media(self, request: int, frame: bytes) -> None:
        """The next 20 ms of a target that has not answered; of an earlier transfer nothing is heard. From the first that is no silence on,
        the caller hears them in place of a ringing tone: many a phone system announces sound and sends none."""
        if not request or request != self._request:
            return
        if not self._is_heard and loudness(pcm_of_mulaw(frame)) >= AUDIBLE:
            self.progress(request, "early_media")
        if self._is_heard:
            self._parts.early_media(frame)

    def caller_said(self, frame: bytes) -> None:
        """The caller's next 20 ms, for the target."""
        if self._warm is not None:
            self._warm.caller_said(frame)

    def caller_pressed(self, key: str) -> None:
        """A key of the caller's, for the target."""
        if self._warm is not None and self._warm.joined:
            self._start(self._warm.press(key))

    def end(self, cause: Cause) -> None:
        """The call is over, or about to be."""
        if self._warm is not None:
            self._warm.end(cause)

    async def aclose(self) -> None:
        """Wait, in bounded time, until the target's leg is over too."""
        if self._warm is not None and self._tasks:
            await asyncio.wait(self._tasks, timeout=TARGET_END_SECONDS)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        def failed(kind: FailureKind, message: str) -> None:
            self._parts.runner.fact("leg", "carrier_failed", {"kind": kind.value, "message": message})

        with plugin_boundary("carrier", failed):
            await work


async def transfer(runner: CallRunner, leg: Leg | None, effect: Transfer, decision: Decision) -> None:
    """Hand the far end over, if ``decision`` allows the target. A carrier's defect counts as a failure; the far end then stays with us."""

    def failed(kind: FailureKind, message: str, outcome: str = "", code: int = 0) -> None:
        runner.post(TransferProgress(runner.now_us(), effect.request, "failed", message, outcome, code))

    if leg is None:
        failed(FailureKind.UNAVAILABLE, "there is no line to transfer")
        return
    if not decision.dials:
        failed(FailureKind.BAD_REQUEST, decision.reason)
        return
    with plugin_boundary("carrier", failed):
        try:
            await leg.transfer(effect.target, attended=effect.attended)
        except TransferFailedError as error:
            failed(error.kind, error.message, error.outcome, error.code)
        else:
            runner.post(TransferProgress(runner.now_us(), effect.request, "completed"))
