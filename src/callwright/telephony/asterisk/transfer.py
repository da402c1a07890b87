"""The target of a transfer, called by Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from callwright.domain.limits import SIP_TRANSFER_SECONDS
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.failures import ProviderError
from callwright.ports.leg import TransferFailedError
from callwright.telephony.asterisk.ari import Ari
from callwright.telephony.asterisk.configuration import NAME
from callwright.telephony.asterisk.ending import ENDS, unanswered


class CalledTarget:
    """``report`` hears how far it is (``ringing``, ``answered``) and its channel. ``over`` hears that nobody waits for it any more."""

    def __init__(
        self,
        ari: Ari,
        channel: str,
        number: str,
        caller: str,
        report: Callable[[str, str], None],
        over: Callable[[CalledTarget], None],
    ) -> None:
        self.channel = channel
        self.gone = False
        """Whether Asterisk has ended its channel."""
        self._ari = ari
        self._number = number
        self._caller = caller
        self._report = report
        self._over = over
        self.is_placed = False
        """Whether Asterisk has the call for certain, or had it."""
        self._rang = False
        self._outcome: asyncio.Future[Cause | None] = asyncio.get_running_loop().create_future()

    async def answered(self) -> None:
        """Call it. Returns when it has taken the call. Raises TransferFailedError, and ProviderError where Asterisk does not even try."""
        await self._ari.call(self.channel, self._number, self._caller, SIP_TRANSFER_SECONDS)
        self.is_placed = True
        cause = await self._outcome
        if cause is not None:
            raise not_taken(cause, f"the target of the transfer did not take the call: {cause.reason}")
        self._report("answered", self.channel)

    async def join(self, bridge: str) -> None:
        """Put it into a bridge. Raises TransferFailedError where it cannot be: most likely it has hung up."""
        try:
            await self._ari.add(bridge, self.channel)
        except ProviderError as error:
            raise not_taken(CAUSES["temporary_failure"], error.message) from error

    def happened(self, event: Mapping[str, Any]) -> None:
        """An event of its channel."""
        kind, channel = event.get("type"), event.get("channel")
        state = channel.get("state") if isinstance(channel, Mapping) else ""
        if kind in ENDS:
            self.gone = True
            self._settle(unanswered(event, rang=self._rang))
        elif kind == "StasisStart":
            self._settle(None)
        elif kind == "ChannelStateChange" and state == "Ringing" and not (self._rang or self._outcome.done()):
            self._rang = True
            self._report("ringing", self.channel)

    def found(self, state: str) -> None:
        """Events may have been lost, and its channel is in ``state`` now, empty where it is gone."""
        if not state:
            self.gone = True
            self._settle(CAUSES["temporary_failure"])
        elif state == "Up":
            self._settle(None)

    def lost(self, cause: Cause) -> None:
        """Nobody waits for it any more."""
        self._settle(cause)
        self._over(self)

    def _settle(self, outcome: Cause | None) -> None:
        if not self._outcome.done():
            self._outcome.set_result(outcome)


def not_taken(cause: Cause, message: str) -> TransferFailedError:
    """The target of a transfer did not take the call."""
    return TransferFailedError(NAME, message, cause.outcome, cause.code)
