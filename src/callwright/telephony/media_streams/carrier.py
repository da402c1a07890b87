"""A carrier whose calls come by a media websocket: dials over the vendor's API, takes its callbacks, and gives each call a stream once.

Callbacks carry the vendor's signature, checked with the keys of the account whose call or number it is. The address of a stream is good
once, for some seconds, for one call. Vendors' signatures do not age: so every instruction is given once, and what a call was told before,
or when it is over, changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode, urlsplit

from callwright.domain.causes import CAUSES
from callwright.domain.errors import ConfigurationError, ConflictError, NotAllowedError, UnavailableError
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_CALLS_REMEMBERED, MAX_RING_SECONDS
from callwright.domain.number import E164, kind_of_address
from callwright.domain.provider_access import Access
from callwright.ports.door import (
    Capability,
    Door,
    DoorAnswer,
    Doorkeeper,
    DoorRequest,
    DoorSocket,
    HttpDoor,
    Signed,
    SocketDoor,
)
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, Leg, LegListener
from callwright.ports.registry import CarrierAccounts, HttpClient, PluginContext
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.transfer import CONNECT_SECONDS, CallTransfer
from callwright.telephony.media_streams.vendor import Handover, Order, Vendor

_LOG = logging.getLogger(__name__)

_NUMBER = re.compile(r"\+[0-9]{4,15}")
_CALL = "call"
"""The query of a callback's address: which call it is about."""
_LATE_SECONDS = 120.0
"""How long the vendor may still call back about a call that is over."""
_DECIDE_SECONDS = 12.0
"""How long a call that came in may ring here: the vendor waits no longer for its instruction."""


@dataclass(slots=True)
class _Known:
    """A call, and the address of its stream while that is not used."""

    leg: StreamLeg
    stream: str = ""


class StreamCarrier:
    """A ``ports.leg.Carrier`` and a ``ListeningCarrier`` over a vendor's media websocket."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._vendor = vendor
        self._doorkeeper: Doorkeeper = context.doors
        self._accounts: CarrierAccounts = context.accounts
        self._default_number = context.settings.get("from_number", "")
        self._desk: InboundDesk | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._calls: dict[str, _Known] = {}
        self._came_in: dict[str, None] = {}

    @property
    def legs(self) -> list[StreamLeg]:
        """The calls under way."""
        return [known.leg for known in self._calls.values() if not known.leg.ended]

    def doors(self) -> Sequence[Door]:
        """What the vendor asks and tells, and the stream."""
        ours, theirs = Signed(self._is_of_call), Signed(self._is_of_number)
        return (
            HttpDoor("/incoming", "Say what to do with a call to a number of the account", theirs, self._incoming),
            HttpDoor("/instructions", "Say what to do with a call that was answered", ours, self._instructions),
            HttpDoor("/status", "Take how a call goes", ours, self._status),
            HttpDoor("/machine", "Take who has answered", ours, self._machine),
            HttpDoor("/handover", "Say whom to connect a call with", ours, self._hand_over),
            HttpDoor("/target", "Take how the target of a transfer answers", ours, self._target),
            HttpDoor("/transferred", "Say how a call goes on after a transfer", ours, self._transferred),
            SocketDoor("/stream", "Carry the audio of a call", Capability(), self._stream),
        )

    async def open(self, desk: InboundDesk) -> None:
        """Calls to numbers are offered to ``desk`` from now on."""
        self._desk = desk

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ask the vendor for the call."""
        if kind_of_address(request.to_number) != E164:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "only telephone numbers can be called")
        account = self._vendor.account(request.access)
        from_number = self._caller_id(request)
        try:
            doors = ("/instructions", "/status", *(("/machine",) if request.detect_machine else ()))
            addresses = [self._address(path, request.callback_id) for path in doors]
        except UnavailableError as error:
            raise ProviderError(FailureKind.UNAVAILABLE, self.name, error.message) from error
        transfers = self._transfers(from_number, request.callback_id)
        leg = StreamLeg(self._vendor, account, transfers, self._over(request.callback_id))
        leg.listener = listener
        self._calls[request.callback_id] = _Known(leg)
        order = Order(request.to_number, from_number, request.ring_seconds, *addresses)
        placed = False
        try:
            leg.provider_call_id = await self._vendor.place(account, order)
            leg.call_id = leg.provider_call_id
            placed = True
        finally:
            if not placed:
                # The vendor may have the call all the same: then its instruction is to end it.
                leg.abandon()
        if leg.ended:
            # We were shut down while the vendor took the order.
            await self._hang_up(leg)
        leg.expect_ringing(request.ring_seconds)
        # Later: the caller of dial must have its leg before the leg reports anything.
        asyncio.get_running_loop().call_soon(leg.dialled.set)
        return leg

    async def aclose(self) -> None:
        """End every call."""
        self._desk = None
        for known in list(self._calls.values()):
            known.leg.finish(CAUSES["hung_up_by_us" if known.leg.streams else "originator_cancel"])
        await asyncio.gather(*self._ending)

    # -- proofs ----------------------------------------------------------------------------------------------------------------

    async def _is_of_call(self, request: DoorRequest) -> bool:
        known = self._calls.get(_call_of(request))
        return known is not None and self._vendor.is_genuine(request, known.leg.account)

    async def _is_of_number(self, request: DoorRequest) -> Access | None:
        """The access of the number's account, where the request is signed with its keys."""
        if not request.headers.get(self._vendor.signature_header):
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

    # -- doors -----------------------------------------------------------------------------------------------------------------

    async def _incoming(self, request: DoorRequest) -> DoorAnswer:
        callback = self._vendor.read(request)
        if self._desk is None or not isinstance(request.proven, Access):
            return self._vendor.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        account = self._vendor.account(request.proven)
        # No call of another account, and none that was placed, has such a key.
        key = f"in.{account.id}.{callback.call_id}"
        if callback.progress == "ended":
            # Late, or twice, or a number whose hang-ups are reported to this address too.
            if key in self._calls:
                self._calls[key].leg.take_status(callback)
            return self._vendor.end_call()
        if key in self._came_in:
            raise NotAllowedError("this call was offered before")
        while len(self._came_in) >= MAX_CALLS_REMEMBERED:
            self._came_in.pop(next(iter(self._came_in)))
        self._came_in[key] = None
        transfers = self._transfers(callback.called, key)
        leg = StreamLeg(self._vendor, account, transfers, self._over(key), inbound=True)
        leg.provider_call_id = leg.call_id = callback.call_id
        leg.dialled.set()
        self._calls[key] = _Known(leg)
        offer = InboundOffer(
            self.name,
            callback.called,
            callback.caller,
            callback.call_id,
            headers=callback.headers,
            source=request.source,
        )
        leg.listener = self._desk.offered(offer, leg)
        try:
            async with asyncio.timeout(_DECIDE_SECONDS):
                code = await asyncio.shield(leg.decided)
        except TimeoutError:
            leg.finish(CAUSES["declined_by_us"])
            return self._vendor.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        return self._connect(key) if code == HTTPStatus.OK else self._vendor.refuse(code)

    async def _instructions(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        if known.leg.ended:
            return self._vendor.end_call()
        if known.leg.streams:
            raise ConflictError("the call has its stream")
        # The request is signed and names the order: some vendors name the call otherwise than the order.
        known.leg.call_id = self._vendor.read(request).call_id
        return self._connect(_call_of(request))

    async def _status(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        known.leg.take_status(self._vendor.read(request))
        return DoorAnswer(status=HTTPStatus.NO_CONTENT)

    async def _machine(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        known.leg.take_machine(self._vendor.read_machine(request))
        return DoorAnswer(status=HTTPStatus.NO_CONTENT)

    async def _hand_over(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        wanted = known.leg.transfers.wanted
        if known.leg.ended:
            return self._vendor.end_call()
        if wanted is None:
            raise ConflictError("the call is not being transferred")
        return self._vendor.dial(wanted)

    async def _target(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        known.leg.take_target(self._vendor.read_target(request))
        return DoorAnswer(status=HTTPStatus.NO_CONTENT)

    async def _transferred(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        cause = self._vendor.read_target(request).cause or CAUSES["unknown"]
        if cause.outcome == "answered":
            known.leg.transfers.target_answered()
        else:
            # A far end that has hung up meanwhile is no target that did not answer.
            known.leg.take_status(self._vendor.read(request))
            known.leg.transfers.target_lost(cause)
        if known.leg.ended or cause.outcome == "answered":
            if not (known.leg.transfers.under_way or known.leg.streams):
                # Nobody here waited for the target: the order to transfer was answered too late.
                known.leg.finish(CAUSES["transferred"])
            return self._vendor.end_call()
        if known.leg.streams:
            raise ConflictError("the call has its stream")
        return self._connect(_call_of(request))

    async def _stream(self, request: DoorRequest, socket: DoorSocket) -> None:
        known = self._calls.get(request.bound_to)
        if known is not None:
            known.stream = ""
            await known.leg.carry(socket)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _known(self, request: DoorRequest) -> _Known:
        """The call of a request that is proven, once it is placed."""
        known = self._calls.get(_call_of(request))
        if known is None:
            raise NotAllowedError("there is no such call")
        await known.leg.dialled.wait()
        return known

    def _connect(self, key: str) -> DoorAnswer:
        known = self._calls[key]
        if known.stream:
            self._doorkeeper.revoke(known.stream)
        known.stream = self._doorkeeper.issue(self.name, "/stream", key, CONNECT_SECONDS)
        return self._vendor.connect(known.stream)

    def _caller_id(self, request: DialRequest) -> str:
        """The number the call shows: its own, else the one stored with the keys."""
        own = self._vendor.own_number(request.access)
        number = own if own and request.from_number in ("", self._default_number) else request.from_number
        if not number:
            message = "the call has no number to show; store one with the keys, or give from_phone_number"
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, message)
        return number

    def _address(self, path: str, key: str) -> str:
        return f"{self._doorkeeper.address(self.name, path)}?{urlencode({_CALL: key})}"

    def _transfers(self, own_number: str, key: str) -> CallTransfer:
        addresses = (self._address(path, key) for path in ("/handover", "/target", "/transferred"))
        return CallTransfer(self._vendor, Handover("", own_number, MAX_RING_SECONDS, *addresses))

    async def _hang_up(self, leg: StreamLeg) -> None:
        """The leg is over: so is the call. Where this does not arrive, the end of its stream or its next instruction says the same."""
        try:
            await self._vendor.hang_up(leg.account, leg.call_id, "" if leg.was_answered else leg.provider_call_id)
        except ProviderError as error:
            _LOG.warning("%s could not be told to hang up: %s", self.name, error.message)

    def _forget(self, key: str, known: _Known | None) -> None:
        if self._calls.get(key) is known:
            self._calls.pop(key, None)

    def _over(self, key: str) -> Callable[[StreamLeg], None]:
        def over(leg: StreamLeg) -> None:
            known = self._calls.get(key)
            if known is not None and known.stream:
                self._doorkeeper.revoke(known.stream)
                known.stream = ""
            if leg.goes_on and leg.provider_call_id:
                task = asyncio.get_running_loop().create_task(self._hang_up(leg))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
            seconds = MAX_CALL_SECONDS if leg.handed_over else _LATE_SECONDS
            asyncio.get_running_loop().call_later(seconds, self._forget, key, known)

        return over


def _call_of(request: DoorRequest) -> str:
    return parse_qs(urlsplit(request.url).query).get(_CALL, [""])[0]


def carrier_of(vendor: Callable[[HttpClient], Vendor]) -> Callable[[PluginContext], StreamCarrier]:
    """The factory of a vendor's plugin. It raises ConfigurationError where a process has no client."""

    def carrier(context: PluginContext) -> StreamCarrier:
        if context.http is None:
            raise ConfigurationError("calls are carried only by a running server: start `callwright serve`")
        return StreamCarrier(vendor(context.http), context)

    return carrier
