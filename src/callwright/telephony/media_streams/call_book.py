"""The calls of one vendor whose audio comes by media websockets: placing them, taking those that come in, and the addresses of streams.

The address of a stream is good once, for one call, and not longer than the call may take to be answered.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import MAX_CALLS_REMEMBERED, TRANSFER_RING_SECONDS
from callwright.domain.number import E164, kind_of_address
from callwright.ops.timers import SharedTimer
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import Doorkeeper, DoorRequest, DoorSocket
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import CarrierCall, RemoteFile
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, Leg, LegListener, RoutedNumber
from callwright.ports.registry import CarrierAccounts, PluginContext
from callwright.telephony.media_streams.bridge import bridge
from callwright.telephony.media_streams.leg import LOOK_SECONDS, StreamLeg, take_name
from callwright.telephony.media_streams.transfer import CallTransfer
from callwright.telephony.media_streams.vendor import (
    CALL,
    HANDOVER,
    TOKEN,
    BridgesCalls,
    Callback,
    Handover,
    Order,
    VendorAccount,
    VendorCalls,
    whole_number,
)

_LOG = logging.getLogger(__name__)

_NUMBER = re.compile(r"\+[0-9]{4,15}")
_CAME_IN = "in."
_LAST_WORDS_SECONDS = 30.0
"""How long a vendor is asked to end a call that nobody here has any more, again after each pause."""
_PAUSES_SECONDS = (0.0, 1.0, 4.0, 10.0)
_MAY_PASS = (FailureKind.UNAVAILABLE, FailureKind.LIMIT)
_LATE_SECONDS = 120.0
"""How long the vendor may still call back about a call that is over."""
_DECIDE_SECONDS = 12.0
"""How long a call that came in may ring here: the vendor waits no longer for its instruction."""

_Vendor = TypeVar("_Vendor", bound=VendorCalls)


@dataclass(slots=True)
class Known:
    """A call, and the address of its stream while that is not used."""

    leg: StreamLeg
    stream: str = ""


def take_target(leg: StreamLeg, callback: Callback, *, took_call: bool = False) -> None:
    """The vendor reports how the call to the target of a transfer goes. ``took_call``: it has answered before, which was not reported."""
    transfers = leg.transfers
    if leg.ended:
        return
    if callback.progress == "answered" and not transfers.under_way and (transfers.keeps_stream or not leg.has_stream):
        # Nobody waits for it any more: the order to transfer was answered too late.
        leg.handed_over, leg.goes_on = True, False
        leg.finish(CAUSES["transferred"])
        return
    if transfers.wanted is None:
        return
    if callback.progress in ("dialled", "ringing"):
        transfers.target_id = callback.call_id
    elif callback.progress == "answered" or took_call:
        leg.listener.noted("transfer", {"state": "answered", "call_id": callback.call_id})
        transfers.target_answered(seen=not took_call)


class CallBook(Generic[_Vendor]):
    """What the carriers of a vendor have in common, however the vendor learns what to do with a call. ``incoming``: the door at which it
    asks about, or reports, calls that come in."""

    incoming: str

    def __init__(self, vendor: _Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._vendor = vendor
        self._doorkeeper: Doorkeeper = context.doors
        self._accounts: CarrierAccounts = context.accounts
        self._handed = context.handed
        self._default_number = context.settings.get("from_number", "")
        self._desk: InboundDesk | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._calls: dict[str, Known] = {}
        self._looks = SharedTimer(LOOK_SECONDS)
        self._came_in: dict[str, None] = {}

    @property
    def legs(self) -> list[StreamLeg]:
        """The calls under way."""
        return [known.leg for known in self._calls.values() if not known.leg.ended]

    async def open(self, desk: InboundDesk) -> None:
        """Calls to numbers are offered to ``desk`` from now on."""
        self._desk = desk

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ask the vendor for the call."""
        if kind_of_address(request.to_number) != E164:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "only telephone numbers can be called")
        account = self._vendor.account(request.access)
        from_number, key = self._caller_id(request), request.callback_id
        try:
            leg = StreamLeg(
                self._vendor, account, self._transfers(account, from_number, key), self._over(key), self._looks
            )
            leg.listener = listener
            self._calls[key] = Known(leg)
            order = self._order(leg, key, request, from_number)
        except UnavailableError as error:
            self._calls.pop(key, None)
            raise ProviderError(FailureKind.UNAVAILABLE, self.name, error.message) from error
        placed = False
        try:
            leg.provider_call_id = await self._vendor.place(account, order)
            take_name(leg, leg.provider_call_id)
            placed = True
        finally:
            if not placed:
                # The vendor may have the call all the same: then it is ended when the vendor reports or asks next.
                leg.abandon()
        if leg.ended:
            # We were shut down while the vendor took the order.
            await self._hang_up(leg)
        leg.expect_ringing(request.ring_seconds)
        # Later: the caller of dial must have its leg before the leg reports anything.
        asyncio.get_running_loop().call_soon(leg.dialled.set)
        return leg

    def can_bridge(self, caller: Leg, target: Leg) -> bool:
        """See ``ports.leg.Bridges``: two calls of one account whose talk nobody would record."""
        if not isinstance(caller, StreamLeg) or not isinstance(target, StreamLeg):
            return False
        vendor: VendorCalls = self._vendor
        if not isinstance(vendor, BridgesCalls) or caller.account != target.account:
            return False
        return not (vendor.keeps_recording and caller.transfers.number)

    async def bridge(self, caller: Leg, target: Leg) -> None:
        """See ``ports.leg.Bridges``."""
        assert isinstance(caller, StreamLeg)
        assert isinstance(target, StreamLeg)
        await bridge(self.name, caller, target)
        for leg, other in ((caller, target), (target, caller)):
            leg.transfers.end_other = partial(self._end_other, leg, other)

    def own_number(self, access: Access) -> str:
        """See ``ports.leg.RoutesNumbers``."""
        self._vendor.account(access)
        return self._vendor.own_number(access)

    async def route_number(self, access: Access, number: str) -> RoutedNumber:
        """See ``ports.leg.RoutesNumbers``."""
        paths = (self.incoming, "/events", "/stream")
        address, events, streams = (self._doorkeeper.address(self.name, path) for path in paths)
        route = await self._vendor.route_number(self._vendor.account(access), number, address, events)
        method = self._vendor.incoming_method
        return RoutedNumber(address, method, streams, route.before, route.changed, route.by_hand)

    async def recording(self, access: Access, name: str) -> RemoteFile:
        """See ``ports.handover.RecordsTalks``."""
        return await self._vendor.recording(self._vendor.account(access), name)

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        """See ``ports.leg.LastWords``: the vendor is asked to end the call."""
        self._later(self._end_left(str(dialog.get("call_id") or ""), str(dialog.get("order_id") or ""), access))

    async def aclose(self) -> None:
        """End every call."""
        self._desk = None
        for known in list(self._calls.values()):
            known.leg.finish(CAUSES["hung_up_by_us" if known.leg.streams else "originator_cancel"])
        await asyncio.gather(*self._ending)

    # -- for the carriers ------------------------------------------------------------------------------------------------------

    def _order(self, leg: StreamLeg, key: str, request: DialRequest, from_number: str) -> Order:
        """What the vendor is asked for. Raises UnavailableError."""
        raise NotImplementedError

    async def _is_of_number(self, request: DoorRequest) -> Access | None:
        """The access of the number's account, where the request is signed with its keys."""
        signed = self._vendor.signature_header
        if signed and not request.headers.get(signed):
            # Before anything is looked up for a stranger.
            return None
        called = self._vendor.read(request).called
        # An agent's id is something that can be called too, and belongs to nobody here.
        access = await self._accounts.of_number(self.name, called) if _NUMBER.fullmatch(called) else None
        try:
            genuine = access is not None and self._vendor.is_genuine(request, self._vendor.account(access))
        except ProviderError as error:
            _LOG.warning("a call to %s cannot be checked: %s", called, error.message)
            return None
        return access if genuine else None

    async def _is_of_call(self, request: DoorRequest, key: str) -> Access | None:
        """The access of the call of that key, where the request is signed with its keys. The ledger finds a call that this process does not
        know."""
        known = self._calls.get(key)
        if known is None and not request.headers.get(self._vendor.signature_header):
            return None
        access = await self._handed.access(self.name, _named(key)) if known is None else known.leg.account.access
        try:
            genuine = access is not None and self._vendor.is_genuine(request, self._vendor.account(access))
        except ProviderError:
            return None
        return access if genuine else None

    async def _talk_reported(self, request: DoorRequest, key: str, handover: int, callback: Callback) -> None:
        """The vendor reports how the talk with a target ended or was recorded, if it does: at the address of a handover, or as the end of
        the target's own call, which we had until it was connected with the other one."""
        call, known = _named(key), self._calls.get(key)
        is_handed = bool(handover) or (call.request > 0 and (known is None or known.leg.handed_over))
        if not is_handed or not isinstance(request.proven, Access):
            return
        if callback.talk is not None:
            await self._handed.talk_ended(self.name, call, request.proven, handover, callback.talk)
        if callback.recording is not None:
            await self._handed.talk_recorded(self.name, call, request.proven, handover, callback.recording)

    def _offer(
        self, desk: InboundDesk, request: DoorRequest, callback: Callback, account: VendorAccount, key: str
    ) -> StreamLeg:
        """Offer a call that comes in to ``desk``."""
        transfers = self._transfers(account, callback.called, key)
        leg = StreamLeg(self._vendor, account, transfers, self._over(key), self._looks, inbound=True)
        leg.provider_call_id = callback.call_id
        leg.dialled.set()
        self._calls[key] = Known(leg)
        offer = InboundOffer(
            self.name,
            callback.called,
            callback.caller,
            callback.call_id,
            headers=callback.headers,
            others=_parameters(request.url),
            source=request.source,
            account=account.id,
        )
        leg.listener = desk.offered(offer, leg)
        take_name(leg, callback.call_id)
        return leg

    def _is_new(self, key: str) -> bool:
        """Whether a call comes in for the first time. From now on it does not."""
        if key in self._came_in:
            return False
        while len(self._came_in) >= MAX_CALLS_REMEMBERED:
            self._came_in.pop(next(iter(self._came_in)))
        self._came_in[key] = None
        return True

    async def _decision(self, leg: StreamLeg) -> int:
        """Whether a call that was offered is taken: 200, or the SIP status it is refused with."""
        try:
            async with asyncio.timeout(_DECIDE_SECONDS):
                return await asyncio.shield(leg.decided)
        except TimeoutError:
            leg.finish(CAUSES["declined_by_us"])
            return HTTPStatus.SERVICE_UNAVAILABLE

    async def _stream(self, request: DoorRequest, socket: DoorSocket) -> None:
        known = self._calls.get(request.bound_to)
        if known is not None:
            known.stream = ""
            # Before that the leg does not know the vendor's id of the call.
            await known.leg.dialled.wait()
            await known.leg.carry(socket)

    def _issue(self, key: str, seconds: float) -> str:
        """The address of a call's stream, good for ``seconds``. An older one is good no more. Raises UnavailableError."""
        known = self._calls[key]
        if known.stream:
            self._doorkeeper.revoke(known.stream)
        known.stream = self._doorkeeper.issue(self.name, "/stream", key, seconds)
        return known.stream

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _caller_id(self, request: DialRequest) -> str:
        """The number the call shows: its own, else the one stored with the keys."""
        own = self._vendor.own_number(request.access)
        number = own if own and request.from_number in ("", self._default_number) else request.from_number
        if not number:
            message = "the call has no number to show; store one with the keys, or give from_phone_number"
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, message)
        return number

    def _address(self, path: str, key: str, account: VendorAccount, handover: int = 0) -> str:
        about = {CALL: key, HANDOVER: handover} if handover else {CALL: key}
        query = urlencode({**about, **self._vendor.proof(account, key, handover)})
        return f"{self._doorkeeper.address(self.name, path)}?{query}"

    def _transfers(self, account: VendorAccount, own_number: str, key: str) -> CallTransfer:
        def order(target: str, number: int) -> Handover:
            return Handover(
                target,
                own_number,
                TRANSFER_RING_SECONDS,
                instructions=self._address("/handover", key, account, number),
                answered=self._address("/target", key, account, number),
                result=self._address("/transferred", key, account, number),
                key=key,
                number=number,
            )

        return CallTransfer(self._vendor, order)

    def _end_other(self, leg: StreamLeg, other: StreamLeg) -> None:
        leg.transfers.end_other = other.transfers.end_other = None
        self._later(self._hang_up(other))

    async def _hang_up(self, leg: StreamLeg) -> None:
        """The leg is over: so is the call. Where this does not arrive, the end of its stream or its next instruction says the same."""
        try:
            await self._vendor.hang_up(leg.account, leg.call_id, "" if leg.was_answered else leg.provider_call_id)
        except ProviderError as error:
            _LOG.warning("%s could not be told to hang up: %s", self.name, error.message)

    async def _end_left(self, call_id: str, order_id: str, access: Access) -> None:
        """End a call that a dead process has left, or that waits for another one in vain. Asks again, within _LAST_WORDS_SECONDS."""
        failed = "it does not answer in time"
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                for pause_s in _PAUSES_SECONDS:
                    await asyncio.sleep(pause_s)
                    try:
                        await self._vendor.hang_up(self._vendor.account(access), call_id, order_id)
                    except ProviderError as error:
                        failed = error.message
                        if error.kind not in _MAY_PASS:
                            break
                    else:
                        _LOG.info("%s was asked to end call %s", self.name, call_id)
                        return
        _LOG.warning("%s was not asked to end call %s: %s", self.name, call_id, failed)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _forget(self, key: str, known: Known | None) -> None:
        if self._calls.get(key) is known:
            self._calls.pop(key, None)

    def _over(self, key: str) -> Callable[[StreamLeg], None]:
        def over(leg: StreamLeg) -> None:
            known = self._calls.get(key)
            if known is not None and known.stream:
                self._doorkeeper.revoke(known.stream)
                known.stream = ""
            if leg.goes_on and leg.provider_call_id:
                # In a conference of its own a call has no stream whose end would say the same.
                stray = leg.transfers.may_be_bridged
                self._later(self._end_left(leg.call_id, "", leg.account.access) if stray else self._hang_up(leg))
            asyncio.get_running_loop().call_later(_LATE_SECONDS, self._forget, key, known)

        return over


def _parameters(url: str) -> dict[str, str]:
    """What the account has added to the address that its carrier asks about calls, by lower-case names."""
    return {name.lower(): value for name, value in parse_qsl(urlsplit(url).query) if name != TOKEN}


def key_of_incoming(account: VendorAccount, callback: Callback) -> str:
    """The key of a call that came in. No call of another account, and none that was placed, has such a key."""
    return f"{_CAME_IN}{account.id}.{callback.call_id}"


def _named(key: str) -> CarrierCall:
    if not key.startswith(_CAME_IN):
        execution_id, attempt, request = (*key.split("."), "", "")[:3]
        return CarrierCall(f"{execution_id}.{attempt}", request=whole_number(request) or 0)
    account, _, call_id = key.removeprefix(_CAME_IN).partition(".")
    return CarrierCall(account=account, provider_call_id=call_id)
