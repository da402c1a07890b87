"""One call over a media websocket as ``ports.leg.Leg``. Everything happens on the event loop that serves the websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from callwright.domain.limits import CARRIER_QUEUE_SECONDS
from callwright.media.framing import FRAME_MS
from callwright.media.g711 import mulaw_of
from callwright.media.tones import KEY_MS
from callwright.media.tones import keys as key_tones
from callwright.ops.timers import NamedTimers, SharedTimer
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.door import DoorSocket
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME, LegClosed, LegListener, TransferFailedError, closed_by
from callwright.telephony.media_streams.call_sound import CallSound
from callwright.telephony.media_streams.framing import BadStreamError
from callwright.telephony.media_streams.transfer import CONNECT_SECONDS, CallTransfer
from callwright.telephony.media_streams.vendor import Callback, VendorAccount, VendorCalls

AHEAD_MS = 400
LOOK_SECONDS = 0.1
PLAY_OUT_SECONDS = 1.0
"""How much longer than by our reckoning the last words may take."""
_CLOSED = frozenset({1000, 1001})
_PROTOCOL_ERROR, _REPLACED = 1002, 1008


class StreamLeg:
    """A call of a vendor. ``inbound``: it is answered by us; else it is answered once its stream starts.

    While a call is handed over it has no stream; it gets another one when the target did not take it.
    """

    ahead_ms = AHEAD_MS
    listener: LegListener

    def __init__(
        self,
        vendor: VendorCalls,
        account: VendorAccount,
        transfers: CallTransfer,
        over: Callable[[StreamLeg], None],
        looks: SharedTimer,
        *,
        inbound: bool = False,
    ) -> None:
        self.provider_call_id = ""
        self.call_id = ""
        """What the vendor calls it by now."""
        self.account = account
        self.dialled = asyncio.Event()
        self.decided: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Of a call that came in: 200, or the SIP status it is refused with."""
        self._vendor = vendor
        self.transfers = transfers
        self._over = over
        self._inbound = inbound
        self._socket: DoorSocket | None = None
        self._sound = CallSound(vendor.framing)
        self._ring_seconds = 0
        self._answered_by = ""
        self._timers = NamedTimers()
        self._looks = looks
        self._leaving: LegClosed | None = None
        self.handed_over = False
        """Whether it ended by a transfer: the vendor asks how to go on when the target hangs up."""
        self.goes_on = not inbound
        """Whether the vendor has the call, for all we know: then it is to be told when the leg ends."""
        self._closed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    @property
    def was_answered(self) -> bool:
        """Whether it was answered, at whichever side."""
        return self._sound.began

    @property
    def has_stream(self) -> bool:
        """Whether a websocket carries the call, or would without its transfer."""
        return self._socket is not None

    @property
    def streams(self) -> bool:
        """Whether a stream carries the call now, and is to go on."""
        return self._socket is not None and not self.transfers.under_way

    @property
    def delay_ms(self) -> int:
        """See ``ports.leg.PlaysLater``."""
        return self._sound.delay_ms

    # -- the vendor ------------------------------------------------------------------------------------------------------------

    async def carry(self, socket: DoorSocket) -> None:
        """Be carried by a websocket until it is closed."""
        if self.ended or self.streams:
            socket.end(_REPLACED)
            return
        if self._socket is not None:
            self._socket.end()
            self._disconnected(self._socket)
        self._socket = socket
        # The first message has a time limit of its own.
        first = await socket.receive()
        if first is not None:
            self._message(socket, first)
            socket.listen(partial(self._message, socket))
            await socket.receive()
        self._disconnected(socket)

    def expect(self, seconds: float, cause: str) -> None:
        """End with ``cause`` unless a stream starts in time."""
        if self.ended:
            return
        self._timers.later("expect", seconds, lambda: self.finish(CAUSES[cause]))

    def expect_ringing(self, ring_seconds: int) -> None:
        """The vendor has taken the order. It may queue the call before it dials; only then the phone rings, for ``ring_seconds``."""
        self._ring_seconds = ring_seconds
        self.expect(CARRIER_QUEUE_SECONDS, "request_timeout")

    def take_status(self, callback: Callback) -> None:
        """The vendor reports how the call goes. What it reported before, or what is overtaken, changes nothing."""
        if self.ended:
            if callback.progress == "ended" and self.transfers.end_other is not None:
                self.transfers.end_other()
            return
        if callback.machine and not self._answered_by and not self._inbound:
            # Reported once, and not before the answer is.
            self._answered_by = callback.machine
            if self._sound.began:
                self.listener.machine(self._answered_by)
        waits = self._ring_seconds > 0 and not self._sound.began
        if callback.progress == "dialled" and waits:
            self.expect(CARRIER_QUEUE_SECONDS, "request_timeout")
        elif callback.progress == "ringing" and waits:
            take_name(self, callback.call_id)
            self.expect(self._ring_seconds + CONNECT_SECONDS, "no_answer")
            self._ring_seconds = 0
            self.listener.ringing()
        elif callback.progress == "ended" and callback.cause is not None:
            cause = callback.cause
            self.goes_on = False
            if self._inbound and not self._sound.began:
                # Whatever the vendor calls it: the caller gave up before we answered.
                cause = CAUSES["originator_cancel"]
            elif cause.outcome == "answered" and not self._sound.began:
                # Over before its stream could start.
                self._begin()
            self.finish(closed_by(cause, callback.words))

    def _message(self, socket: DoorSocket, message: str | bytes) -> None:
        """A message of the vendor. A defect, also of the listener's, ends the call and is raised."""
        if self.ended or self._socket is not socket:
            return
        ending: Cause | None = CAUSES["crash"]
        try:
            self._vendor.framing.take(message, self)
            ending = None
        except BadStreamError:
            ending = CAUSES["protocol_error"]
        finally:
            if ending is not None:
                socket.end(_PROTOCOL_ERROR)
                self.finish(ending)

    def _disconnected(self, socket: DoorSocket) -> None:
        if self._socket is not socket:
            return
        self._socket = None
        self._sound.disconnect()
        if not self.transfers.under_way:
            # Some vendors only close. One that broke off has hung up too: its instructions end with the stream.
            lost = CAUSES["normal_clearing" if socket.far_code in _CLOSED else "media_timeout"]
            self.finish(self._leaving or lost)

    def _begin(self) -> None:
        """The far end is there."""

        def heard(frame: bytes) -> None:
            if not self.ended:
                self.listener.audio(frame)

        self._sound.begin(heard)
        self.listener.answered()
        if self._answered_by:
            self.listener.machine(self._answered_by)
        self._looks.add(self._look)

    # -- framing.StreamFarEnd --------------------------------------------------------------------------------------------------

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        """The stream is there: the call was answered, or comes back from a transfer."""
        if self._socket is None or self._sound.out is not None:
            return
        if call_id != self.call_id:
            raise BadStreamError("the stream is of another call")
        self._timers.cancel("expect")
        self.transfers.end()
        self._sound.connect(self._socket, stream_id)
        if not self._sound.began:
            # Before the answer, upon which the listener may end the call.
            self.listener.noted("media", {"codec": self._vendor.framing.codec.value, "why": "answer"})
            self._begin()

    def sound(self, mulaw: bytes, number: int = 0) -> None:
        """The caller's next piece."""
        # While a target is called the far end hears it ring, also where the stream goes on.
        if self._sound.out is not None and not self.transfers.under_way:
            self._sound.take(mulaw, number)

    def key(self, key: str) -> None:
        """A key of the far end."""
        if self._sound.out is not None and self.streams:
            self.listener.key(key)

    def marked(self, name: str) -> None:
        """A mark came back."""
        if self._sound.out is not None:
            self._sound.out.marked(name)
            self._unless_over()

    def stopped(self) -> None:
        """The vendor ends the stream: the far end has hung up, unless the call was taken out of it."""
        if self._socket is not None:
            self._socket.end()
        if not self.transfers.under_way:
            # A call that can do without its stream may go on, and so may one that waits for another in vain.
            self.goes_on = self.goes_on and (self._vendor.keeps_stream or self.transfers.may_be_bridged)
            self.finish(self._leaving or CAUSES["normal_clearing"])

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Take the call: the vendor is told to connect its stream. ``answered`` follows when it has."""
        if not self.decided.done():
            self.goes_on = True
            self.expect(CONNECT_SECONDS, "originator_cancel")
            self.decided.set_result(200)

    async def reject(self, code: int) -> None:
        """Refuse the call with a SIP status."""
        if not self.decided.done():
            self.decided.set_result(code)
        self.finish(CAUSES["declined_by_us"])

    async def hang_up(self, reason: str) -> None:
        """End the call when what was written is played; returns when it is over."""
        if self.ended:
            return
        if self._leaving is not None:
            await self._closed.wait()
            return
        if not self._sound.began and self._inbound:
            await self.reject(480)
            return
        closed = closed_by(CAUSES["originator_cancel" if not self._sound.began else "hung_up_by_us"])
        self._leaving = replace(closed, reason=reason) if reason and self._sound.began else closed
        if self._sound.out is not None and not self.transfers.under_way:
            self._sound.out.flush(last=True)
            rest_s = self._sound.rest_s + PLAY_OUT_SECONDS
            self._timers.later("leave", rest_s, lambda: self.finish(self._leaving or CAUSES["hung_up_by_us"]))
            self._unless_over()
            await self._closed.wait()
        self.finish(self._leaving)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Connect the far end with ``target``. The far end hears it ring, and is back here when nobody answers; so both kinds are one."""
        another = self.transfers.under_way
        if self.ended or not self._sound.began or another or self._leaving is not None:
            raise ProviderError(FailureKind.BAD_REQUEST, self._vendor.name, "the call cannot be transferred now")
        answer = await self.transfers.ask(self.account, self.call_id, target, lambda: self.has_stream)
        failure: TransferFailedError | None = None
        try:
            unreported = await self.transfers.outcome(answer, self.account)
            if unreported and not self.ended:
                self.listener.noted("transfer", {"state": "answered", "call_id": unreported})
        except TransferFailedError as error:
            failure = error
        finally:
            is_lost = self.transfers.wanted is not None
            if self._vendor.keeps_stream and self.has_stream:
                self.transfers.end()
            elif self.transfers.under_way:
                # The far end comes back, or has hung up meanwhile.
                self.expect(CONNECT_SECONDS, "normal_clearing")
        if failure is not None:
            if is_lost and not self.transfers.keeps_stream:
                # Soon: the outcome is to be known before the end.
                self._timers.later("expect", 0, partial(_end_unreported, self))
            else:
                # Nobody hears what is said before the stream is back.
                await self.transfers.back.wait()
            raise failure
        self.handed_over, self.goes_on = True, False
        if not self.ended:
            # The vendor reports under this number how the talk with the target ended, long after this leg.
            late = {"late": True} if self.transfers.is_late else {}
            self.listener.noted("handover", {"number": self.transfers.number, **late})
        self.finish(CAUSES["transferred"])

    key_frames = KEY_MS // FRAME_MS
    """See ``ports.leg.PlaysKeys``."""

    async def send_keys(self, keys: str) -> None:
        """Play the tones of the keys. Raises ProviderError(BAD_REQUEST) for anything but 0-9 * # A-D."""
        try:
            sound = mulaw_of(key_tones(keys))
        except ValueError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self._vendor.name, str(error)) from None
        for at in range(0, len(sound), LEG_FRAME_BYTES):
            self.write(sound[at : at + LEG_FRAME_BYTES].ljust(LEG_FRAME_BYTES, SILENCE_FRAME[:1]))

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms. Dropped while no stream is there, and after the end."""
        self.write_together((frame,))

    def write_together(self, frames: Sequence[bytes]) -> None:
        """See ``ports.leg.TakesTogether``."""
        if self._sound.out is not None and self.streams and self._leaving is None and not self.ended:
            self._sound.out.write(*frames)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        if self._sound.out is not None and not self.ended:
            self._sound.out.clear()

    def abandon(self) -> None:
        """Nobody knows whether the vendor has the call: it is over here, and nothing is reported."""
        self._closed.set()
        self.dialled.set()
        self._over(self)
        del self.listener

    def finish(self, ending: Cause | LegClosed) -> None:
        """The leg is over, once."""
        if self.ended:
            return
        closed = closed_by(ending) if isinstance(ending, Cause) else ending
        self._closed.set()
        self._timers.cancel_all()
        self._looks.discard(self._look)
        if not self.decided.done():
            self.decided.set_result(480)
        self.transfers.target_lost(CAUSES["originator_cancel"])
        self.transfers.back.set()
        try:
            if self._socket is not None:
                self._socket.end()
            if self._sound.began:
                self.listener.noted("quality", self._sound.quality(final=True))
        finally:
            self._over(self)
            listener = self.listener
            # The carrier knows the leg for some time yet, after a transfer for an hour. The call behind it is free from here on.
            del self.listener
            listener.closed(closed)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Ten times a second. A defect of the listener's ends the call and is raised."""
        if self.ended:
            return
        done = False
        try:
            if self._sound.look():
                self.listener.noted("quality", self._sound.quality(final=False))
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])

    def _unless_over(self) -> None:
        """Something was played: it may have been the last."""
        if self._leaving is not None and self._sound.out is not None and not self._sound.out.playback.waiting:
            self.finish(self._leaving)


def take_name(leg: StreamLeg, call_id: str) -> None:
    """The vendor calls it so by now: some name a call otherwise than the order. Another process needs both names to end the call when this
    one dies."""
    if call_id != leg.call_id:
        leg.call_id = call_id
        if not leg.ended:
            leg.listener.noted("dialog", {"call_id": call_id, "order_id": leg.provider_call_id})


def _end_unreported(leg: StreamLeg) -> None:
    """Nobody says what became of a call that left its stream. It may talk with the target, so the vendor is not asked to end it."""
    leg.goes_on = False
    leg.finish(CAUSES["media_timeout"])
