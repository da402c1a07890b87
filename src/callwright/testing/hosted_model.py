"""The contract of a language model on another machine: what it owes when the network or the vendor fails."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace

from callwright.ops.clock import SystemClock
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Model, ModelDelta, ModelSettings
from callwright.testing.contract import CANCEL_SECONDS, close_soon, failure_of, left_out, must, with_plugin
from callwright.testing.faults import Log
from callwright.testing.model import ModelContract

REFUSED, LIMITED, FAILING, RESET = "refuses the key", "is at its limit", "fails", "resets the connection"
BREAKING, ENDING, GARBLED = "breaks off", "ends without an end", "sends garbage"
HANGING, TRICKLING = "never answers", "sends nothing that means anything"

BROKEN = frozenset({FailureKind.BROKEN_STREAM})
KINDS: dict[str, frozenset[FailureKind]] = {
    REFUSED: frozenset({FailureKind.REFUSED}),
    LIMITED: frozenset({FailureKind.LIMIT}),
    FAILING: frozenset({FailureKind.UNAVAILABLE}),
    RESET: frozenset({FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM}),
    BREAKING: BROKEN,
    ENDING: BROKEN,
    GARBLED: BROKEN,
}
"""Faults that end by themselves, and the kinds of failure that each may be."""
ENDLESS = (HANGING, TRICKLING)
"""Faults that last until the call gives up."""
FAULTS = (*KINDS, *ENDLESS)

CANCEL_MS = 100
"""Longest time until an answer that nobody wants any more has let go of everything."""
_BEFORE_CANCEL_S = 0.2
_SETTLE_S = 0.05


class HostedModelContract(ModelContract):
    """What a model on another machine owes besides: failures of the right kind, cancelling at once, nothing left over, no key in a log."""

    secret = ""
    """The key in ``model_settings``. Empty: what is logged is not tested."""

    def settings_with(self, fault: str) -> ModelSettings | None:
        """Settings with which the vendor has the ``fault``, one of FAULTS. None: that is not tested."""
        raise NotImplementedError

    def connections(self) -> int | None:
        """How many connections the vendor has open; None where nobody knows."""
        return None

    async def _fail(self, model: Model, fault: str) -> ProviderError | None:
        settings = self.settings_with(fault)
        if settings is None:
            return None
        request = replace(self._request(), settings=settings)
        return await failure_of(self._answer(model, request), f"an answer of a vendor that {fault}")

    @with_plugin
    async def test_faults_are_failures_of_their_kind(self, model: Model) -> None:
        """Each fault of KINDS raises a ProviderError of one of its kinds, and the next answer is whole."""
        tested = 0
        for fault, kinds in KINDS.items():
            error = await self._fail(model, fault)
            if error is not None:
                tested += 1
                must(error.kind in kinds, f"a vendor that {fault} is {error.kind.value!r}, not {_listed(kinds)}")
                must(error.provider == self.plugin.name, f"the failure names {error.provider!r}, not the plugin")
                must((await self._answer(model))[-1].ended, f"after a vendor that {fault} the next answer is not whole")
        if not tested:
            raise left_out("settings_with()")

    @with_plugin
    async def test_a_vendor_that_lets_wait_can_be_left(self, model: Model) -> None:
        """An answer of an endless fault ends within CANCEL_MS of being cancelled."""
        tested = 0
        for fault in ENDLESS:
            settings = self.settings_with(fault)
            if settings is None:
                continue
            tested += 1
            asking = asyncio.ensure_future(self._answer(model, replace(self._request(), settings=settings)))
            await asyncio.wait([asking], timeout=_BEFORE_CANCEL_S)
            must(not asking.done(), f"an answer of a vendor that {fault} ended by itself")
            took_ms = await _cancelled_in_ms(asking)
            must(took_ms <= CANCEL_MS, f"cancelling takes {took_ms:.0f} ms while the vendor {fault}, not {CANCEL_MS}")
        if not tested:
            raise left_out("settings_with()")

    @with_plugin
    async def test_an_answer_under_way_is_cancelled_at_once(self, model: Model) -> None:
        """Closing the iterator after the first delta takes at most CANCEL_MS."""
        answer = model.answer(self._request())
        await anext(answer)
        clock = SystemClock()
        began_us = clock.monotonic_us()
        await close_soon(answer, "answer()")
        took_ms = (clock.monotonic_us() - began_us) / 1000
        must(took_ms <= CANCEL_MS, f"closing an answer takes {took_ms:.0f} ms, not {CANCEL_MS}")

    @with_plugin
    async def test_nothing_is_left_over(self, model: Model) -> None:
        """After answers, faults and answers that were given up there are no more tasks than before, and no connection stays in use."""
        await self._answer(model)
        before, open_before = len(asyncio.all_tasks()), self.connections()
        for fault in KINDS:
            await self._fail(model, fault)
        given_up = model.answer(self._request())
        await anext(given_up)
        await close_soon(given_up, "answer()")
        await self._answer(model)
        await asyncio.sleep(_SETTLE_S)
        left = len(asyncio.all_tasks()) - before
        must(left <= 0, f"{left} tasks are left over")
        if open_before is not None:
            more = (self.connections() or 0) - open_before
            must(more <= 1, f"{more} more connections are open than after one answer")

    @with_plugin
    async def test_the_key_is_in_no_log_and_no_failure(self, model: Model) -> None:
        """Neither log nor failures hold the key, or the first provider key of a fault's settings."""
        if not self.secret:
            raise left_out("secret")
        with Log() as log:
            await self._answer(model)
            failures = [await self._fail(model, fault) for fault in KINDS]
        told = ["".join(traceback.format_exception(error)) + repr(error) for error in failures if error is not None]
        secrets = {self.secret}
        for fault in KINDS:
            settings = self.settings_with(fault)
            # The first is the key; others may be where it is used.
            secrets.update(() if settings is None else list(settings.access.keys.values())[:1])
        for text in (*told, *log.lines):
            must(not any(secret in text for secret in secrets), f"a key is shown: {text[:40]!r}...")

    @with_plugin
    async def test_usage_is_reported(self, model: Model) -> None:
        """The end has the tokens read and written, under the plugin's name and the model's."""
        used = (await self._answer(model))[-1].usage
        if used is None:
            raise AssertionError("the last delta has no usage")
        must(used.amount > 0 and used.amount_output > 0, f"tokens read and written must be above 0: {used}")
        must(used.provider == self.plugin.name, f"the usage is of {used.provider!r}, not {self.plugin.name!r}")
        must(used.model, "the usage names no model")
        must(used.amount_reasoning <= used.amount_output, f"more was thought than written: {used}")
        must(used.amount_cached + used.amount_cache_written <= used.amount, f"more was cached than read: {used}")


async def _cancelled_in_ms(task: asyncio.Future[list[ModelDelta]]) -> float:
    clock = SystemClock()
    began_us = clock.monotonic_us()
    task.cancel()
    await asyncio.wait([task], timeout=CANCEL_SECONDS)
    must(task.done(), "an answer that is cancelled does not end")
    return (clock.monotonic_us() - began_us) / 1000


def _listed(kinds: frozenset[FailureKind]) -> str:
    return " or ".join(sorted(repr(kind.value) for kind in kinds))
