"""One call as ``ports.leg.Leg``. Everything happens on the event loop of its websockets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from callwright.domain.limits import MAX_SIP_KEYS, SIP_TRANSFER_SECONDS
from callwright.ops.timers import NamedTimers, SharedTimer
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, LegListener, closed_by
from callwright.telephony.asterisk.ari import Ari
from callwright.telephony.asterisk.call_audio import CallAudio
from callwright.telephony.asterisk.configuration import NAME, check_number
from callwright.telephony.asterisk.control import KEYS, BadControlError
from callwright.telephony.asterisk.ending import ENDS, unanswered, words_of
from callwright.telephony.asterisk.transfer import CalledTarget, not_taken
from callwright.telephony.media_streams.framing import BadStreamError

AHEAD_MS = 400
LOOK_SECONDS = 0.1
PLAY_OUT_SECONDS = 1.0
"""How much longer than by our reckoning the last words may take."""
GRACE_SECONDS = 5.0
"""How much later than it should Asterisk may report that a call was not answered."""
_CLOSED = frozenset({1000, 1001})


class LegOwner(Protocol):
    """Who keeps the legs."""

    ari: Ari

    def target(self, leg: AsteriskLeg, number: str) -> CalledTarget:
        """A target that is not called yet. It reports to the leg's listener."""
        ...

    def over(self, leg: AsteriskLeg) -> None:
        """A leg is over."""


class AsteriskLeg:
    """``key`` is our name of the call, ``channel`` Asterisk's of one that came in: one that is placed has our name there too.
    ``own_number`` is the number of ours in it. A leg keeps what it hears until a listener is attached: nothing is reported before ``dial``
    has returned."""

    ahead_ms = AHEAD_MS

    def __init__(self, owner: LegOwner, key: str, channel: str, own_number: str, looks: SharedTimer) -> None:
        self.provider_call_id = self.channel = channel or key
        self.audio = CallAudio(key)
        self.own_number = own_number
        self.handed_to = ""
        """The channel with which the far end talks now, without us."""
        self.gone = False
        """Whether Asterisk has ended its channel."""
        self.refused_with = 0
        """The SIP status with which it was refused."""
        self.connecting: asyncio.Task[None] | None = None
        self._owner = owner
        self._inbound = bool(channel)
        self._looks = looks
        self._listener: LegListener | None = None
        self._held: list[Mapping[str, Any]] = []
        self._rang = False
        self._target: CalledTarget | None = None
        self._leaving: LegClosed | None = None
        self._timers = NamedTimers()
        self._closed = asyncio.Event()
        self._ended_as: LegClosed | None = None

    # -- for the carrier -------------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    @property
    def is_placed(self) -> bool:
        """Whether Asterisk has the call for certain, or had it."""
        return self._listener is not None

    @property
    def was_answered(self) -> bool:
        """Whether somebody has taken the call, at whichever side."""
        return self.audio.began

    @property
    def delay_ms(self) -> int:
        """See ``ports.leg.PlaysLater``."""
        return self.audio.delay_ms

    def attach(self, listener: LegListener, dialog: Mapping[str, Any]) -> None:
        """Who hears of the leg from now on, beginning with ``dialog``, by which a successor can end it."""
        self._listener = listener
        listener.noted("dialog", dialog)
        held, self._held = self._held, []
        for event in held:
            self.happened(event)
        if self._ended_as is not None:
            self._tell_end(self._ended_as)

    def ring_for(self, seconds: float) -> None:
        """Give up a call that is not answered in time, should Asterisk not do it."""
        self._timers.later("ring", seconds + GRACE_SECONDS, lambda: self.finish(CAUSES["no_answer"]))

    def happened(self, event: Mapping[str, Any]) -> None:
        """An event of its channel. A defect, also of the listener's, ends the call and is raised."""
        if self.ended:
            return
        if self._listener is None:
            self._held.append(event)
            return
        done = False
        try:
            self._happened(event, self._listener)
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])

    def found(self, state: str) -> None:
        """Events may have been lost, and its channel is in ``state`` now, empty where it is gone."""
        if not state:
            self.gone = True
            self.finish(CAUSES["media_timeout" if self.was_answered else "temporary_failure"])
        elif state == "Up" and not self._inbound:
            self._taken()

    def _happened(self, event: Mapping[str, Any], listener: LegListener) -> None:
        kind, waits = event.get("type"), not (self._inbound or self.connecting is not None)
        channel = event.get("channel")
        state = channel.get("state") if isinstance(channel, Mapping) else ""
        if kind in ENDS:
            self.gone = True
            self.finish(self._end_by_far_end(event, listener))
        elif kind == "ChannelStateChange" and state == "Ringing" and waits and not self._rang:
            self._rang = True
            listener.ringing()
        elif kind == "Dial" and event.get("dialstatus") == "PROGRESS" and waits:
            # A network that rings after its announcement says nothing new.
            self._rang = True
            listener.early_media()
        elif kind == "StasisStart" and waits:
            self._taken()
        elif kind in ("ChannelHold", "ChannelUnhold"):
            listener.noted("held", {"on": kind == "ChannelHold"})

    def _end_by_far_end(self, event: Mapping[str, Any], listener: LegListener) -> LegClosed:
        if self._leaving is not None:
            return self._leaving
        if self.connecting is not None and not self.was_answered and not self._inbound:
            # Over before its audio could be connected.
            listener.answered()
            return closed_by(CAUSES["normal_clearing"], words_of(event))
        if self.was_answered:
            return closed_by(CAUSES["caller_hung_up" if self._inbound else "normal_clearing"], words_of(event))
        if self._inbound:
            return closed_by(CAUSES["caller_abandoned"], words_of(event))
        return closed_by(unanswered(event, rang=self._rang), words_of(event))

    # -- the way to the far end ------------------------------------------------------------------------------------------------

    def _taken(self) -> None:
        """Both sides want the call: connect its audio."""
        if self.connecting is None and not self.ended:
            self._timers.cancel("ring")
            self.connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        """A defect, also of the listener's, ends the call and is raised."""
        done = False
        try:
            await self.audio.connect(self._owner.ari, self.channel, answers=self._inbound)
            if self.ended:
                self.audio.end()
            else:
                self._begin()
            done = True
        except ProviderError as error:
            self.finish(closed_by(CAUSES["carrier_error"], error.message[:200]))
            self.audio.end()
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])

    def _begin(self) -> None:
        self.audio.begin(self.heard)
        if self._listener is not None:
            self._listener.answered()
        self._looks.add(self._look)
        self.audio.listen(self.message, self.disconnected)

    # -- from the media websocket ----------------------------------------------------------------------------------------------

    def heard(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if self._listener is not None and not self.ended:
            self._listener.audio(frame)

    def message(self, message: str | bytes) -> None:
        """A message of the media websocket. A defect, also of the listener's, ends the call and is raised."""
        if self.ended:
            return
        ending: Cause | None = CAUSES["crash"]
        try:
            key = self.audio.take(message)
            if key and self._listener is not None:
                self._listener.key(key)
            self._unless_over()
            ending = None
        except (BadStreamError, BadControlError):
            ending = CAUSES["protocol_error"]
        finally:
            if ending is not None:
                self.finish(ending)

    def disconnected(self, code: int) -> None:
        """Asterisk closes the websocket of a channel that it ends; one that breaks off leaves the far end there."""
        if code in _CLOSED:
            self.finish(self._leaving or CAUSES["caller_hung_up" if self._inbound else "normal_clearing"])
        else:
            self.finish(self._leaving or CAUSES["media_timeout"])

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Take a call that came in; ``answered`` follows when its audio is connected."""
        if self._inbound:
            self._taken()

    async def reject(self, code: int) -> None:
        """Refuse a call that came in with a SIP status."""
        if self._inbound and self.connecting is None and not self.ended:
            self.refused_with = code
            self.finish(CAUSES["declined_by_us"])

    async def hang_up(self, reason: str) -> None:
        """End the call when what was written is played; returns when it is over."""
        if self.ended:
            return
        if self._inbound and self.connecting is None:
            await self.reject(480)
            return
        if self._leaving is None:
            closed = closed_by(CAUSES["hung_up_by_us" if self.was_answered else "originator_cancel"])
            self._leaving = leaving = replace(closed, reason=reason) if reason and self.was_answered else closed
            self.audio.flush()
            self._timers.later("leave", self.audio.rest_s + PLAY_OUT_SECONDS, lambda: self.finish(leaving))
            self._unless_over()
        await self._closed.wait()

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Call ``target`` and bridge the far end with it once it has answered. Until then the far end hears us, so both kinds are one."""
        check_number(target)
        if self.ended or not self.was_answered or self._target is not None or self._leaving is not None:
            raise _refused("the call cannot be transferred now")
        called = self._target = self._owner.target(self, target)
        try:
            async with asyncio.timeout(SIP_TRANSFER_SECONDS + GRACE_SECONDS):
                await called.answered()
                await called.join(self.audio.bridge)
            # The far end may have hung up at the same moment.
            self.handed_to = "" if self.ended else called.channel
        except TimeoutError:
            raise not_taken(CAUSES["no_answer"], f"{target} did not take the call in time") from None
        finally:
            self._target = None
            if not self.handed_to:
                called.lost(CAUSES["originator_cancel"])
        if not self.handed_to:
            raise not_taken(CAUSES["originator_cancel"], "the call ended before the target took it")
        self.finish(CAUSES["transferred"])

    def progress_of_target(self, state: str, call_id: str) -> None:
        """The target of a transfer is ``ringing`` or ``answered``."""
        if self._listener is not None:
            self._listener.noted("transfer", {"state": state, "call_id": call_id})

    async def send_keys(self, keys: str) -> None:
        """Have Asterisk send DTMF keys. Raises ProviderError(BAD_REQUEST) for what are no keys, and before the answer."""
        if not set(keys) <= KEYS or not 1 <= len(keys) <= MAX_SIP_KEYS:
            raise _refused(f"{keys[:80]!r} cannot be sent; use 1 to {MAX_SIP_KEYS} of 0-9 * # A-D")
        if not self.was_answered or self.ended:
            raise _refused("keys can be sent while a call is answered")
        await self._owner.ari.press(self.channel, keys)

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms. Dropped before the answer and after the end."""
        self.write_together((frame,))

    def write_together(self, frames: Sequence[bytes]) -> None:
        """See ``ports.leg.TakesTogether``."""
        if self._leaving is None and not self.ended:
            self.audio.write(frames)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        if not self.ended:
            self.audio.clear()

    def finish(self, ending: Cause | LegClosed) -> None:
        """The leg is over, once."""
        if self.ended:
            return
        self._ended_as = closed_by(ending) if isinstance(ending, Cause) else ending
        self._closed.set()
        self._timers.cancel_all()
        self._looks.discard(self._look)
        if self._target is not None:
            self._target.lost(CAUSES["originator_cancel"])
        self.audio.end()
        try:
            if self._listener is not None and self.was_answered:
                self._listener.noted("quality", self.audio.quality(final=True))
        finally:
            self._owner.over(self)
            self._tell_end(self._ended_as)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _tell_end(self, closed: LegClosed) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.closed(closed)

    def _look(self) -> None:
        """Ten times a second. A defect of the listener's ends the call and is raised."""
        if self.ended:
            return
        done = False
        try:
            if self.audio.look() and self._listener is not None:
                self._listener.noted("quality", self.audio.quality(final=False))
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])

    def _unless_over(self) -> None:
        """Something was played: it may have been the last."""
        if self._leaving is not None and self.audio.is_played:
            self.finish(self._leaving)


def _refused(message: str) -> ProviderError:
    return ProviderError(FailureKind.BAD_REQUEST, NAME, message)
