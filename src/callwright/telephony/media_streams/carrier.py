"""A carrier whose calls come by a media websocket: dials over the vendor's API, takes its callbacks, and gives each call a stream once.

Callbacks carry the vendor's signature, checked with the keys of the account whose call or number it is. The address of a stream is good
once, for some seconds, for one call. Vendors' signatures do not age: so every instruction is given once, and what a call was told before,
or when it is over, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from callwright.domain.errors import ConfigurationError, ConflictError, NotAllowedError
from callwright.domain.limits import CARRIER_QUEUE_SECONDS
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import Capability, Door, DoorAnswer, DoorRequest, HttpDoor, Signed, SocketDoor
from callwright.ports.leg import DialRequest
from callwright.ports.registry import HttpClient, PluginContext
from callwright.telephony.media_streams.call_book import CallBook, Known, key_of_incoming, take_target
from callwright.telephony.media_streams.leg import StreamLeg, take_name
from callwright.telephony.media_streams.transfer import CONNECT_SECONDS
from callwright.telephony.media_streams.vendor import Callback, Order, Vendor, subject_of

_NO_CHANGE = DoorAnswer(status=HTTPStatus.NO_CONTENT)


class StreamCarrier(CallBook[Vendor]):
    """A ``ports.leg.Carrier`` and a ``ListeningCarrier`` over a vendor's media websocket."""

    incoming = "/incoming"

    def doors(self) -> Sequence[Door]:
        """What the vendor asks and tells, and the stream."""
        ours, theirs = Signed(self._is_ours), Signed(self._is_of_number)
        return (
            HttpDoor(
                self.incoming,
                "Say what to do with a call to a number of the account",
                theirs,
                self._incoming,
                self._vendor.incoming_method,
                takes_incoming=True,
            ),
            HttpDoor("/events", "Take how a call to a number of the account goes", theirs, self._event),
            HttpDoor("/instructions", "Say what to do with a call that was answered", ours, self._instructions),
            HttpDoor("/status", "Take how a call goes", ours, self._status),
            HttpDoor("/machine", "Take who has answered", ours, self._machine),
            HttpDoor("/handover", "Say whom to connect a call with", ours, self._hand_over),
            HttpDoor(
                "/target",
                "Take how the target of a transfer answers, and the recording of the talk",
                ours,
                self._target,
            ),
            HttpDoor("/transferred", "Say how a call goes on after a transfer", ours, self._transferred),
            SocketDoor("/stream", "Carry the audio of a call", Capability(), self._stream),
        )

    def _order(self, leg: StreamLeg, key: str, request: DialRequest, from_number: str) -> Order:
        seconds = request.ring_seconds + CARRIER_QUEUE_SECONDS + CONNECT_SECONDS
        return Order(
            request.to_number,
            from_number,
            request.ring_seconds,
            instructions=self._address("/instructions", key, leg.account),
            status=self._address("/status", key, leg.account),
            machine=self._address("/machine", key, leg.account) if request.detect_machine else "",
            stream=self._issue(key, seconds) if self._vendor.streams_at_once else "",
            key=key,
        )

    async def _is_ours(self, request: DoorRequest) -> Access | None:
        return await self._is_of_call(request, subject_of(request.url)[0])

    # -- doors -----------------------------------------------------------------------------------------------------------------

    async def _incoming(self, request: DoorRequest) -> DoorAnswer:
        callback = self._vendor.read(request)
        if self._desk is None or not isinstance(request.proven, Access):
            return self._vendor.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        account = self._vendor.account(request.proven)
        key = key_of_incoming(account, callback)
        if callback.progress == "ended":
            # Late, or twice, or a number whose hang-ups are reported to this address too.
            if key in self._calls:
                self._calls[key].leg.take_status(callback)
            return self._vendor.end_call()
        if not self._is_new(key):
            raise NotAllowedError("this call was offered before")
        code = await self._decision(self._offer(self._desk, request, callback, account, key))
        return self._connect(key) if code == HTTPStatus.OK else self._vendor.refuse(code)

    async def _event(self, request: DoorRequest) -> DoorAnswer:
        callback = self._vendor.read(request)
        if isinstance(request.proven, Access):
            known = self._calls.get(key_of_incoming(self._vendor.account(request.proven), callback))
            if known is not None:
                known.leg.take_status(callback)
        return _NO_CHANGE

    async def _instructions(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        if known.leg.ended:
            return self._vendor.end_call()
        if known.leg.streams:
            raise ConflictError("the call has its stream")
        # The request is signed and names the order.
        take_name(known.leg, self._vendor.read(request).call_id)
        return self._connect(subject_of(request.url)[0])

    async def _status(self, request: DoorRequest) -> DoorAnswer:
        key, callback = subject_of(request.url)[0], self._vendor.read(request)
        # After a transfer the vendor reports the end of a call that is forgotten here.
        if key in self._calls:
            # First: it may end the call of the other one, and the report may fail.
            (await self._known(request)).leg.take_status(callback)
        await self._talk_reported(request, key, 0, callback)
        return _NO_CHANGE

    async def _machine(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        known.leg.take_status(Callback(known.leg.call_id, machine=self._vendor.read_machine(request)))
        return _NO_CHANGE

    async def _hand_over(self, request: DoorRequest) -> DoorAnswer:
        known = await self._known(request)
        wanted = known.leg.transfers.wanted
        if known.leg.ended:
            return self._vendor.end_call()
        if _is_late(request, known.leg):
            return _NO_CHANGE
        if wanted is None:
            raise ConflictError("the call is not being transferred")
        return self._vendor.dial(wanted)

    async def _target(self, request: DoorRequest) -> DoorAnswer:
        target = self._vendor.read_target(request)
        known = await self._of_handover(request, target)
        if known is not None and not _is_late(request, known.leg):
            take_target(known.leg, target)
        return _NO_CHANGE

    async def _transferred(self, request: DoorRequest) -> DoorAnswer:
        target = self._vendor.read_target(request)
        known = await self._of_handover(request, target)
        if known is None:
            return self._vendor.end_call() if target.progress == "ended" else _NO_CHANGE
        if _is_late(request, known.leg):
            return self._vendor.end_call() if known.leg.ended else _NO_CHANGE
        if target.progress in ("dialled", "ringing", "answered"):
            # Some vendors report here from the beginning.
            take_target(known.leg, target)
            return _NO_CHANGE
        cause = target.cause or CAUSES["unknown"]
        if cause.outcome == "answered":
            known.leg.transfers.target_answered(seen=False)
        else:
            own = self._vendor.read(request)
            if own.call_id == known.leg.call_id:
                # A far end that has hung up meanwhile is no target that did not answer.
                known.leg.take_status(own)
            known.leg.transfers.target_lost(cause)
        if known.leg.ended or cause.outcome == "answered":
            if not (known.leg.transfers.under_way or known.leg.streams):
                # Nobody here waited for the target: the order to transfer was answered too late.
                known.leg.finish(CAUSES["transferred"])
            return self._vendor.end_call()
        if known.leg.streams:
            raise ConflictError("the call has its stream")
        return self._connect(subject_of(request.url)[0])

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _of_handover(self, request: DoorRequest, target: Callback) -> Known | None:
        """The call of a request about one of its handovers. None: it was handed over long ago, or by a process that is gone."""
        key, number = subject_of(request.url)
        await self._talk_reported(request, key, number, target)
        return await self._known(request) if key in self._calls else None

    async def _known(self, request: DoorRequest) -> Known:
        """The call of a request that is proven, once it is placed."""
        known = self._calls.get(subject_of(request.url)[0])
        if known is None:
            raise NotAllowedError("there is no such call")
        await known.leg.dialled.wait()
        return known

    def _connect(self, key: str) -> DoorAnswer:
        return self._vendor.connect(self._issue(key, CONNECT_SECONDS), self._calls[key].leg.call_id)


def _is_late(request: DoorRequest, leg: StreamLeg) -> bool:
    """Whether a callback is about no handover, or an earlier one. The call has gone on since: the vendor does not wait for an
    instruction."""
    return not leg.transfers.is_latest(subject_of(request.url)[1])


def carrier_of(vendor: Callable[[HttpClient], Vendor]) -> Callable[[PluginContext], StreamCarrier]:
    """The factory of a vendor's plugin. It raises ConfigurationError where a process has no client."""

    def carrier(context: PluginContext) -> StreamCarrier:
        if context.http is None:
            raise ConfigurationError("calls are carried only by a running server: start `callwright serve`")
        return StreamCarrier(vendor(context.http), context)

    return carrier
