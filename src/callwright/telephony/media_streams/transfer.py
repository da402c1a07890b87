"""The transfer of one call: the vendor is asked to connect it, and reports what becomes of the target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from callwright.domain.limits import TRANSFER_RING_SECONDS
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.failures import ProviderError
from callwright.ports.leg import TransferFailedError
from callwright.telephony.media_streams.vendor import (
    AsksTargets,
    BridgesCalls,
    Handover,
    VendorAccount,
    VendorCalls,
    conference_of,
)

CONNECT_SECONDS = 15.0
"""How long the vendor may take to connect the stream of a call that was answered."""
ASK_SECONDS = LATE_SECONDS = 2.0
"""How long the vendor may take to say where the target is, and how long a late report is waited for then. With the time before, it is less
than the core waits (``TRANSFER_WAIT_MS``): after that the agent may hang up."""
UNREPORTED = "the carrier did not report what became of the transfer"


class CallTransfer:
    """``order`` makes what the vendor is asked for, of the target and the number of the handover.

    While a transfer is ``under_way`` the call has no stream of ours, or none that is heard. The end of the old one says nothing then, and
    may come after the report that the target did not take the call.
    """

    def __init__(self, vendor: VendorCalls, order: Callable[[str, int], Handover]) -> None:
        self._vendor = vendor
        self._order = order
        self._number = 0
        self._target: asyncio.Future[None] | None = None
        self._began_s = 0.0
        self._wanted: Handover | None = None
        self.back = asyncio.Event()
        """Set when a call that was under way has a stream again, or is over."""
        self.may_be_bridged = False
        """Whether the vendor was asked in vain to connect the call with another one, and may have moved it all the same."""
        self.end_other: Callable[[], None] | None = None
        """Ends the call that it was connected with: who hangs up at that moment may never have met the other one."""
        self.target_id = ""
        """What the vendor calls the call to the target, once it has reported that."""
        self.is_late = False
        """Whether the target has answered, and nobody knows when."""

    @property
    def number(self) -> int:
        """The number of the latest handover, 0 before the first."""
        return self._number

    @property
    def keeps_stream(self) -> bool:
        """Whether a call stays in its stream until its target has answered."""
        return self._vendor.keeps_stream

    @property
    def under_way(self) -> bool:
        """Whether the call was taken out of its stream, and has no other one yet."""
        return self._target is not None

    async def ask(
        self, account: VendorAccount, call_id: str, target: str, has_stream: Callable[[], bool]
    ) -> asyncio.Future[None]:
        """Ask the vendor. Returns the target's answer to wait for, which may be known before the vendor's. ``has_stream``: whether the call
        still is in its stream. Raises ProviderError where the vendor refuses; then nothing is under way."""
        wanted, asked = self.begin(target), False
        answer = self._target
        assert answer is not None
        try:
            await self._vendor.hand_over(account, call_id, wanted)
            asked = True
        except ProviderError:
            # Only the vendor's answer was lost where the call has left its stream, or the target has answered.
            left = not self.keeps_stream and not has_stream()
            asked = left or (answer.done() and answer.exception() is None)
            if not asked:
                raise
        finally:
            if not asked:
                self.end()
        return answer

    def begin(self, target: str) -> Handover:
        """A handover is under way, and the vendor is to be asked for it."""
        self._number += 1
        self.target_id, self.is_late = "", False
        self.back.clear()
        wanted = self._wanted = self._order(target, self._number)
        loop = asyncio.get_running_loop()
        self._target, self._began_s = loop.create_future(), loop.time()
        return wanted

    async def bridge(self, account: VendorAccount, call_id: str, other_id: str) -> None:
        """Have the vendor connect the call with another one, and wait until both are there. Raises ProviderError."""
        assert isinstance(self._vendor, BridgesCalls)
        wanted, answer = self.begin(other_id), self._target
        assert answer is not None
        wanted = self._wanted = replace(
            wanted, ring_seconds=0, conference=conference_of(account, wanted.key, wanted.number)
        )
        if await self._vendor.bridge(account, call_id, wanted):
            loop = asyncio.get_running_loop()
            await self.answered(answer, loop.time() + CONNECT_SECONDS)

    async def is_bridged(self, account: VendorAccount) -> bool:
        """Ask the vendor whether the two calls are connected. Raises ProviderError."""
        assert isinstance(self._vendor, BridgesCalls)
        return self._wanted is not None and await self._vendor.is_bridged(account, self._wanted)

    async def answered(self, answer: asyncio.Future[None], until_s: float) -> None:
        """Wait for the target's answer, until that time of the loop. Raises TransferFailedError when there is none, or none is known by
        then."""
        try:
            async with asyncio.timeout_at(until_s):
                # Of later reports the first one counts too.
                await asyncio.shield(answer)
        except TimeoutError:
            raise TransferFailedError(self._vendor.name, UNREPORTED) from None

    async def outcome(self, answer: asyncio.Future[None], account: VendorAccount) -> str:
        """Wait longer than the target may ring, then ask. Returns the target's call where only the vendor's report was lost. Raises
        TransferFailedError when the target did not take the call, or nobody says that it did."""
        until_s = self._began_s + TRANSFER_RING_SECONDS + CONNECT_SECONDS
        try:
            await self.answered(answer, until_s)
        except TransferFailedError:
            if answer.done():
                raise
            asked = await self._has_answered(account)
            if asked:
                self.target_answered(seen=False)
            elif self.keeps_stream:
                raise
            # A call without a stream can only wait.
            await self.answered(answer, until_s + ASK_SECONDS + LATE_SECONDS)
            return self.target_id if asked else ""
        return ""

    async def _has_answered(self, account: VendorAccount) -> bool:
        """Ask the vendor whether the target is there, where that can be asked."""
        if not self.target_id or not isinstance(self._vendor, AsksTargets):
            return False
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._vendor.has_answered(account, self.target_id)
        except (ProviderError, TimeoutError):
            return False

    @property
    def wanted(self) -> Handover | None:
        """What the vendor is to do with the call, while nothing is known of the target."""
        return self._wanted if self._target is not None and not self._target.done() else None

    def is_latest(self, number: int) -> bool:
        """Whether this is the number of the latest handover. A report about an earlier one says nothing any more."""
        return 0 < number == self._number

    def target_answered(self, *, seen: bool = True) -> None:
        """The call goes on without us. ``seen``: it is reported at once."""
        if self._target is not None and not self._target.done():
            self.is_late = not seen
            self._target.set_result(None)

    def target_lost(self, cause: Cause) -> None:
        """The target did not take the call."""
        if self._target is not None and not self._target.done():
            message = f"the target of the transfer did not take the call: {cause.reason}"
            self._target.set_exception(TransferFailedError(self._vendor.name, message, cause.outcome, cause.code))
            # It may be that nobody waits for it: then it is no error that nobody sees.
            self._target.exception()

    def end(self) -> None:
        """The call has a stream again, or still."""
        self.target_lost(CAUSES["unknown"])
        self._target = self._wanted = None
        self.back.set()
