"""The target of a transfer, called by Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from callwright.domain.causes import CAUSES, Cause
from callwright.domain.limits import SIP_TRANSFER_SECONDS
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
        self._rang = False
        self._outcome: asyncio.Future[Cause | None] = asyncio.get_running_loop().create_future()

    async def answered(self) -> None:
        """Call it. Returns when it has taken the call. Raises TransferFailedError, and ProviderError where Asterisk does not even try."""
        await self._ari.call(self.channel, self._number, self._caller, SIP_TRANSFER_SECONDS)
        cause = await self._outcome
        if cause is not None:
            message = f"the target of the transfer did not take the call: {cause.reason}"
            raise TransferFailedError(NAME, message, cause.outcome, cause.code)
        self._report("answered", self.channel)

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
