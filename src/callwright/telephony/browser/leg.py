"""One web call as ``ports.leg.Leg``. Everything happens on the event loop that serves the websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from callwright.domain.limits import WEB_CALL_RESUME_SECONDS, WEB_CALL_SILENT_SECONDS
from callwright.media.g711 import mulaw_of
from callwright.media.half_band import Halver
from callwright.media.intake import Intake
from callwright.ops.timers import NamedTimers, SharedTimer
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.door import DoorSocket
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LEG_FRAME_BYTES, LegClosed, LegListener, closed_by
from callwright.ports.web_call import WEB_CALL
from callwright.telephony.browser.agent_sound import AgentSound, Connection
from callwright.telephony.browser.wire import LEFT, PIECES_AHEAD_MS, BadMessageError, Close, Wire

AHEAD_MS = 200
"""The page plays a frame when it has it. What is written ahead is its buffer against a line that falters."""
LOOK_SECONDS = 0.1
QUALITY_SECONDS = 5.0
PLAY_OUT_SECONDS = 1.0
"""How much longer than by our reckoning the last words may take."""
_KEYS = frozenset("0123456789*#ABCD")
_REFUSALS = {404: Close.NO_AGENT, 486: Close.BUSY, 603: Close.BUSY}


class BrowserLeg:
    """A call from a page. A connection carries it, and another one when the first breaks off and the page comes back in time."""

    def __init__(
        self,
        call_id: str,
        address: Callable[[], str],
        over: Callable[[BrowserLeg], None],
        looks: SharedTimer,
        *,
        piecewise: bool = False,
    ) -> None:
        """``call_id`` is the execution's. ``address`` gives the address at which the next connection goes on; ``over`` hears of the end;
        ``looks`` goes off every LOOK_SECONDS; ``piecewise`` as of the wire that will carry it."""
        self.piecewise = piecewise
        self.ahead_ms = PIECES_AHEAD_MS if piecewise else AHEAD_MS
        self.provider_call_id = call_id
        self.listener: LegListener | None = None
        self._address = address
        self._over = over
        self._connection: Connection | None = None
        self._intake: Intake | None = None
        self._sound = AgentSound()
        self._halver = Halver()
        self._timers = NamedTimers()
        self._looks = looks
        self._loop = asyncio.get_running_loop()
        self._leaving: LegClosed | None = None
        self._noted_s = 0.0
        self._gone_s: float | None = None  # when the connection broke off, while no other one carries the call
        self._closed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    @property
    def delay_ms(self) -> int:
        """See ``ports.leg.PlaysLater``."""
        return self._sound.playback.delay_ms

    # -- the connection --------------------------------------------------------------------------------------------------------

    async def carry(self, socket: DoorSocket, wire: Wire) -> None:
        """Be carried by a websocket until it is closed."""
        connection = Connection(socket, wire)
        self._connect(connection)
        socket.listen(self._message)
        await socket.receive()
        if self._connection is connection:
            self._disconnected(connection)

    def _connect(self, connection: Connection) -> None:
        before, self._connection, self._gone_s = self._connection, connection, None
        self._sound.connect(connection)
        if before is not None:
            before.socket.end(Close.REPLACED)
        if self._intake is not None:
            self._intake.interrupted()
            self._timers.cancel("resume")
            self._tell_ready(connection)
            if before is None:
                self._note("held", on=False)

    def _disconnected(self, connection: Connection) -> None:
        self._connection = None
        self._sound.connect(None)
        if self._intake is None:
            self.finish(CAUSES["originator_cancel"])
        elif connection.socket.far_code in LEFT or self._leaving is not None or not connection.wire.resumes:
            self.finish(self._leaving or CAUSES["caller_hung_up"])
        else:
            # Nobody hears the agent: it stops, and goes on when the page is back.
            self._gone_s = self._loop.time()
            self._intake.interrupted()
            self._note("held", on=True)
            self._timers.later("resume", WEB_CALL_RESUME_SECONDS, lambda: self.finish(CAUSES["media_timeout"]))

    def _message(self, message: str | bytes) -> None:
        """A message of the page. A defect, also of the listener's, ends the call and is raised."""
        connection = self._connection
        if self.ended or connection is None:
            return
        ending: Cause | None = CAUSES["crash"]
        try:
            connection.wire.take(message, self)
            ending = None
        except BadMessageError as error:
            ending = CAUSES["protocol_error"]
            connection.refuse("bad_message", str(error), Close.BAD_MESSAGE)
        finally:
            if ending is not None:
                self.finish(ending)

    # -- wire.WebCaller --------------------------------------------------------------------------------------------------------

    def wide_frames(self, pcm: bytes) -> None:
        """The caller's next frames."""
        intake = self._intake
        if intake is None:
            return
        sound, now_s = mulaw_of(self._halver.feed(pcm)), self._loop.time()
        for at in range(0, len(sound), LEG_FRAME_BYTES):
            if not intake.take(sound[at : at + LEG_FRAME_BYTES], now_s):
                if self._connection is not None:
                    self._connection.refuse("too_fast", "audio comes faster than anybody speaks", Close.TOO_FAST)
                self.finish(CAUSES["protocol_error"])
                return

    def key(self, key: str) -> None:
        """A key of the page."""
        if self._intake is not None and self.listener is not None:
            self.listener.key(key)

    def played(self, frames: int) -> bool:
        """So many frames of this connection were played."""
        return self._sound.playback.report(frames, self._loop.time()) and self._unless_over()

    def dropped(self, frames: int) -> bool:
        """What there was of so many frames was dropped."""
        return self._sound.playback.dropped(frames) and self._unless_over()

    def left(self) -> None:
        """The caller hangs up."""
        self.finish(CAUSES["originator_cancel" if self._intake is None else "caller_hung_up"])

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Take the call."""
        if self.ended or self._intake is not None or self.listener is None:
            return
        now_s = self._loop.time()
        self._intake = Intake(now_s, self.listener.audio)
        self._noted_s = now_s
        if self._connection is not None:
            self._tell_ready(self._connection)
        self.listener.answered()
        self._looks.add(self._look)

    async def reject(self, code: int) -> None:
        """Refuse the call with a SIP status."""
        if self._intake is None and not self.ended:
            close = _REFUSALS.get(code, Close.UNAVAILABLE)
            if self._connection is not None:
                self._connection.refuse(close.name.lower(), _REFUSED[close], close)
            self.finish(CAUSES["declined_by_us"])

    async def hang_up(self, reason: str) -> None:
        """End the leg when the page has played what was written; returns when it is over."""
        if self.ended:
            return
        if self._intake is None:
            await self.reject(480)
            return
        if self._leaving is None:
            closed = closed_by(CAUSES["hung_up_by_us"], "normal_clearing")
            self._sound.flush()
            leaving = self._leaving = replace(closed, reason=reason) if reason else closed
            rest_s = self._sound.rest_s() + PLAY_OUT_SECONDS
            self._timers.later("leave", rest_s, lambda: self.finish(leaving))
            self._unless_over()
        await self._closed.wait()

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Raises ProviderError: a page cannot be handed to a telephone."""
        raise ProviderError(FailureKind.BAD_REQUEST, WEB_CALL, "a call from a browser cannot be transferred")

    async def send_keys(self, keys: str) -> None:
        """Tell the page. Raises ProviderError(BAD_REQUEST) for anything but 0-9 * # A-D."""
        if not set(keys) <= _KEYS:
            raise ProviderError(FailureKind.BAD_REQUEST, WEB_CALL, f"{keys!r} has keys that are none; use 0-9 * # A-D")
        if self._connection is not None:
            self._connection.say("keys", keys=keys)

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms. Dropped before the answer, after the end, and while no page is connected."""
        if self._intake is not None and self._leaving is None and not self.ended:
            self._sound.write(frame)

    def clear(self) -> None:
        """Drop what was written and not yet played."""
        if self._intake is not None and not self.ended:
            self._sound.clear()

    def finish(self, ending: Cause | LegClosed) -> None:
        """The leg is over, once."""
        if self.ended:
            return
        closed = closed_by(ending) if isinstance(ending, Cause) else ending
        self._closed.set()
        self._timers.cancel_all()
        self._looks.discard(self._look)
        try:
            if self._connection is not None:
                self._connection.say("ended", by=closed.by, reason=closed.reason, cause=closed.cause)
                self._connection.socket.end(Close.FAILED if closed.cause == "crash" else Close.NORMAL)
            if self._intake is not None:
                self._note("quality", **self._quality(final=True))
            if self._gone_s is not None:
                self._note("gone", ms=round((self._loop.time() - self._gone_s) * 1000))
        finally:
            self._over(self)
            if self.listener is not None:
                self.listener.closed(closed)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Ten times a second: whether frames stay away."""
        intake, now_s = self._intake, self._loop.time()
        if self.ended or intake is None:
            return
        done = False
        try:
            intake.fill(now_s)
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])
        if now_s - self._noted_s >= QUALITY_SECONDS:
            self._noted_s = now_s
            self._note("quality", **self._quality(final=False))
        if self._connection is not None and now_s - intake.heard_s >= WEB_CALL_SILENT_SECONDS:
            self.finish(CAUSES["media_timeout"])

    def _unless_over(self) -> bool:
        """The page has played something: it may have been the last."""
        if self._leaving is not None and not self._sound.playback.waiting:
            self.finish(self._leaving)
        return True

    def _quality(self, *, final: bool) -> dict[str, Any]:
        heard = self._intake.quality if self._intake is not None else None
        return {
            "rx_packets": heard.frames if heard is not None else 0,
            "rx_jitter_ms": round(heard.jitter_ms, 3) if heard is not None else 0,
            "jbuf_lost": heard.filled if heard is not None else 0,
            "jbuf_late": heard.late if heard is not None else 0,
            "tx_packets": self._sound.playback.written,
            "rtt_ms": self._sound.playback.delay_ms,
            "one_way": "" if heard is not None and heard.frames else "no_audio_from_caller",
            "final": final,
        }

    def _tell_ready(self, connection: Connection) -> None:
        resume = self._address() if connection.wire.resumes else ""
        connection.socket.send(connection.wire.ready(self.provider_call_id, resume, WEB_CALL_RESUME_SECONDS))

    def _note(self, what: str, **values: Any) -> None:
        if self.listener is not None:
            self.listener.noted(what, values)


_REFUSED = {
    Close.NO_AGENT: "there is no such agent",
    Close.BUSY: "as many calls as are allowed are under way; try again later",
    Close.UNAVAILABLE: "the agent cannot take the call now; try again later",
}
