"""A carrier over a media websocket whose vendor is driven by commands: its webhooks are only acknowledged, at one address for all calls.

A webhook is about the call that it names: by the key that the vendor was given with the call and repeats, else by the vendor's own id.
Signatures bind a webhook to its time and its words. So one that is sent again, or to another address, says what it said before, and that
changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Sequence
from http import HTTPStatus

from callwright.domain.errors import UnavailableError
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import Capability, Door, DoorAnswer, DoorRequest, HttpDoor, Signed, SocketDoor
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest, closed_by_failure
from callwright.telephony.media_streams.call_book import CallBook, key_of_incoming, take_target
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.transfer import CONNECT_SECONDS
from callwright.telephony.media_streams.vendor import Callback, CommandVendor, Order, VendorAccount

_LOG = logging.getLogger(__name__)

_OK = DoorAnswer(b"{}")


class CommandCarrier(CallBook[CommandVendor]):
    """A ``ports.leg.Carrier`` and a ``ListeningCarrier`` over a vendor's commands and its media websocket."""

    incoming = "/events"

    def doors(self) -> Sequence[Door]:
        """Where the vendor reports, and the stream."""
        return (
            HttpDoor(
                self.incoming,
                "Take what happens to the account's calls",
                Signed(self._is_genuine),
                self._event,
                takes_incoming=True,
            ),
            SocketDoor("/stream", "Carry the audio of a call", Capability(), self._stream),
        )

    def _order(self, leg: StreamLeg, key: str, request: DialRequest, from_number: str) -> Order:
        return Order(
            request.to_number,
            from_number,
            request.ring_seconds,
            instructions="",
            status=self._events,
            machine=self._events if request.detect_machine else "",
            stream=self._issue(key, request.ring_seconds + CONNECT_SECONDS),
            key=key,
        )

    @property
    def _events(self) -> str:
        return self._doorkeeper.address(self.name, self.incoming)

    async def _is_genuine(self, request: DoorRequest) -> object:
        if not request.headers.get(self._vendor.signature_header):
            # Before anything is looked up for a stranger.
            return None
        key = self._vendor.read(request).key
        return await (self._is_of_call(request, key) if key else self._is_of_number(request))

    async def _event(self, request: DoorRequest) -> DoorAnswer:
        callback = self._vendor.read(request)
        known = self._calls.get(callback.key)
        if not callback.key and isinstance(request.proven, Access):
            account = self._vendor.account(request.proven)
            key = key_of_incoming(account, callback)
            known = self._calls.get(key)
            if callback.progress == "offered" and self._is_new(key):
                # Not awaited: the vendor sends again what is not acknowledged in time.
                self._later(self._incoming(request, callback, account, key))
            elif callback.progress == "ended":
                # It may overtake the offer.
                self._is_new(key)
        await self._talk_reported(request, callback.key, callback.handover, callback)
        if known is not None:
            await known.leg.dialled.wait()
            await self._take(known.leg, callback)
        return _OK

    def _incoming(
        self, request: DoorRequest, callback: Callback, account: VendorAccount, key: str
    ) -> Coroutine[None, None, None]:
        """Offer a call that came in at once; what is left to do is to answer or to refuse it."""
        if self._desk is None:
            return self._refuse(account, callback.call_id, HTTPStatus.SERVICE_UNAVAILABLE)
        return self._answer(self._offer(self._desk, request, callback, account, key), callback, key)

    async def _answer(self, leg: StreamLeg, callback: Callback, key: str) -> None:
        account, code = leg.account, await self._decision(leg)
        if code != HTTPStatus.OK:
            await self._refuse(account, callback.call_id, code)
        elif not leg.ended:
            try:
                stream = self._issue(key, CONNECT_SECONDS)
                await self._vendor.answer(account, callback.call_id, key=key, stream=stream, status=self._events)
            except ProviderError as error:
                leg.finish(closed_by_failure(error))
            except UnavailableError:
                leg.finish(CAUSES["congestion"])

    async def _take(self, leg: StreamLeg, callback: Callback) -> None:
        if callback.handover:
            await self._take_target(leg, callback)
        elif leg.ended and callback.progress in ("ringing", "answered") and not leg.handed_over:
            # Nobody knew whether the vendor had taken the order, or the call was given up meanwhile.
            leg.call_id = callback.call_id
            await self._hang_up(leg)
        elif callback.call_id == leg.call_id:
            leg.take_status(callback)

    async def _take_target(self, leg: StreamLeg, callback: Callback) -> None:
        """One that answers takes the call, also when nobody waits for it any more: the order to transfer was answered too late. One that
        does not leaves the caller here, and the caller needs a stream."""
        transfers = leg.transfers
        if leg.ended or not transfers.is_latest(callback.handover):
            return
        took_call = _took_call(leg, callback)
        take_target(leg, callback, took_call=took_call)
        is_lost = callback.progress == "ended" and transfers.under_way and not took_call
        if is_lost:
            transfers.target_lost(callback.cause or CAUSES["unknown"])
        if not is_lost or leg.has_stream:
            return
        try:
            await self._vendor.stream(leg.account, leg.call_id, self._issue(callback.key, CONNECT_SECONDS))
        except ProviderError as error:
            leg.finish(closed_by_failure(error))

    async def _refuse(self, account: VendorAccount, call_id: str, code: int) -> None:
        """Where this does not arrive, the vendor gives up by itself."""
        try:
            await self._vendor.reject(account, call_id, code)
        except ProviderError as error:
            _LOG.warning("%s could not be told to refuse a call: %s", self.name, error.message)


def _took_call(leg: StreamLeg, ended: Callback) -> bool:
    """Whether a target whose call has ended had taken the call, which was not reported. One of a warm transfer had answered before."""
    wanted = leg.transfers.wanted
    answered = ended.progress == "ended" and ended.cause is not None and ended.cause.outcome == "answered"
    return answered and wanted is not None and not wanted.conference
