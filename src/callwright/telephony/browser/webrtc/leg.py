"""A web call over SIP as ``ports.leg.Leg``: its signalling on a websocket, its audio over UDP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from callwright.domain.limits import MAX_SIP_KEYS, WEB_CALL_CONNECT_SECONDS, WEB_CALL_SILENT_SECONDS
from callwright.media.framing import FRAME_MS
from callwright.media.intake import Intake
from callwright.ops.timers import NamedTimers, SharedTimer
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, LegListener, closed_by
from callwright.ports.web_call import WEB_CALL
from callwright.telephony.browser.webrtc.media_line import MediaLine
from callwright.telephony.browser.webrtc.sdp import UnusableOfferError, offer_of

PLAYOUT_BUFFER_MS = 60
"""How long a browser holds audio of a smooth line: 35 ms in Chromium (November 2026), and its sound card."""
MOST_DELAY_MS = 2_000
LOOK_SECONDS = 0.1
QUALITY_SECONDS = 5.0
_KEYS = frozenset("0123456789*#ABCD")
_LOG = logging.getLogger(__name__)


class Signalling(Protocol):
    """The SIP dialog of a leg."""

    def accept(self, answer: str) -> None:
        """Send the SDP answer: the call is taken."""

    def refuse(self, status: int) -> None:
        """Refuse the call with a SIP status."""

    def press(self, keys: str) -> None:
        """Tell the page of keys."""

    def over(self) -> None:
        """The leg is over: the page hears of it, unless it ended the call itself."""


class WebRtcLeg:
    """A call from a page with a SIP client and WebRTC. It is answered once audio can flow."""

    ahead_ms = FRAME_MS

    def __init__(self, call_id: str, signalling: Signalling, over: Callable[[], None], looks: SharedTimer) -> None:
        """``call_id`` is the execution's. ``over`` hears of the end; ``looks`` goes off every LOOK_SECONDS."""
        self.provider_call_id = call_id
        self.listener: LegListener | None = None
        self._signalling = signalling
        self._over = over
        self._line: MediaLine | None = None
        self._intake: Intake | None = None
        self._loop = asyncio.get_running_loop()
        self._timers = NamedTimers()
        self._looks = looks
        self._taken = False
        self._leaving = False
        self._noted_s = 0.0
        self._closed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    @property
    def delay_ms(self) -> int:
        """See ``ports.leg.PlaysLater``: the browser's buffer, which grows with jitter, and the way there and back."""
        told = None if self._line is None else self._line.reported
        if told is None:
            return PLAYOUT_BUFFER_MS
        delay_ms = PLAYOUT_BUFFER_MS + 2 * told.jitter_ms + (told.round_trip_ms or 0.0)
        return min(round(delay_ms), MOST_DELAY_MS)

    def use(self, line: MediaLine) -> None:
        """The line of its audio, whose listener is this leg."""
        self._line = line

    # -- media_line.LineListener -----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Audio can flow: the call is answered."""
        if self.ended or self._intake is not None or self.listener is None:
            return
        self._timers.cancel("connect")
        self._noted_s = now_s = self._loop.time()
        self._intake = Intake(now_s, self.listener.audio)
        with self._ended_by_a_defect():
            self.listener.answered()
            self._note("media", codec="pcmu", why="answered")
            self._looks.add(self._look)

    def frame(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        intake = self._intake
        if self.ended or intake is None:
            return
        with self._ended_by_a_defect():
            is_live = intake.take(frame, self._loop.time())
        if not is_live:
            # Faster than anybody speaks, it is no live sound.
            self.finish(CAUSES["protocol_error"])

    def key(self, key: str) -> None:
        """A key of the page, by RTP or by INFO."""
        if self._intake is not None and not self.ended and self.listener is not None:
            with self._ended_by_a_defect():
                self.listener.key(key)

    def offered_again(self, sdp: str) -> str:
        """The page has made a new offer within the call, for a hold or as a sign of life. Returns the answer. Raises
        UnusableOfferError."""
        if self._line is None:
            raise UnusableOfferError("the call has no audio")
        was_on_hold = self._line.on_hold
        answer = self._line.offered_again(offer_of(sdp, may_hold=True))
        if self._line.on_hold is not was_on_hold:
            self._note("held", on=self._line.on_hold)
        return answer

    def disconnected(self, failure: str) -> None:
        """The page is gone, or never proved itself."""
        if failure:
            _LOG.warning("the web call %s has no audio: %s", self.provider_call_id, failure)
        if self._intake is None:
            self.finish(CAUSES["media_not_acceptable"])
        else:
            self.finish(CAUSES["caller_hung_up"])

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Take the call. ``answered`` follows when the browser has connected its audio."""
        if self.ended or self._taken or self._line is None:
            return
        self._taken = True
        self._line.open()
        self._signalling.accept(self._line.answer)
        self._timers.later("connect", WEB_CALL_CONNECT_SECONDS, self._unconnected)

    async def reject(self, code: int) -> None:
        """Refuse the call with a SIP status. Does nothing to a call that was taken."""
        if not self._taken and not self.ended:
            self._signalling.refuse(code)
            self.finish(CAUSES["declined_by_us"])

    async def hang_up(self, reason: str) -> None:
        """End the leg when what was sent has been played; returns when it is over."""
        if self.ended:
            return
        if self._intake is None or self._line is None:
            if self._taken:
                self.finish(CAUSES["originator_cancel"])
            await self.reject(480)
            return
        if not self._leaving:
            self._leaving = True
            closed = closed_by(CAUSES["hung_up_by_us"], "normal_clearing")
            closed = replace(closed, reason=reason) if reason else closed
            rest_s = self._line.sent.rest_s(self._loop.time()) + self.delay_ms / 1000
            self._timers.later("leave", rest_s, lambda: self.finish(closed))
        await self._closed.wait()

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Raises ProviderError: a page cannot be handed to a telephone."""
        raise ProviderError(FailureKind.BAD_REQUEST, WEB_CALL, "a call from a browser cannot be transferred")

    async def send_keys(self, keys: str) -> None:
        """Tell the page (INFO). Raises ProviderError(BAD_REQUEST) for anything but 1 to MAX_SIP_KEYS of 0-9 * # A-D."""
        if not set(keys) <= _KEYS or not 1 <= len(keys) <= MAX_SIP_KEYS:
            message = f"{keys[:80]!r}: use 1 to {MAX_SIP_KEYS} of 0-9 * # A-D"
            raise ProviderError(FailureKind.BAD_REQUEST, WEB_CALL, message)
        if self._intake is not None and not self.ended:
            self._signalling.press(keys)

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms, sent at once. Dropped before the answer and after the end."""
        if self._line is not None and self._intake is not None and not self._leaving and not self.ended:
            self._line.write(frame)

    def clear(self) -> None:
        """Nothing waits here to be dropped: a frame is sent when it is due. What the browser holds is in ``delay_ms``."""

    def finish(self, ending: Cause | LegClosed) -> None:
        """The leg is over, once."""
        if self.ended:
            return
        closed = closed_by(ending) if isinstance(ending, Cause) else ending
        if self._intake is not None:
            self._note("quality", **self._quality(final=True))
        self._closed.set()
        self._timers.cancel_all()
        self._looks.discard(self._look)
        try:
            self._signalling.over()
            if self._line is not None:
                self._line.close()
        finally:
            self._over()
            if self.listener is not None:
                self.listener.closed(closed)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _ended_by_a_defect(self) -> Iterator[None]:
        """A defect inside, also of the listener's, ends the call and is raised."""
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                self.finish(CAUSES["crash"])

    def _unconnected(self) -> None:
        _LOG.warning(
            "the web call %s was taken, and its browser did not connect its audio within %d s: is the address of"
            " CALLWRIGHT_WEBRTC_LISTEN or CALLWRIGHT_WEBRTC_ADDRESS reachable over UDP?",
            self.provider_call_id,
            WEB_CALL_CONNECT_SECONDS,
        )
        self.finish(CAUSES["request_timeout"])

    def _look(self) -> None:
        """Ten times a second: whether frames stay away."""
        intake, line, now_s = self._intake, self._line, self._loop.time()
        if self.ended or intake is None or line is None:
            return
        with self._ended_by_a_defect():
            intake.fill(now_s)
            line.report()
        if now_s - self._noted_s >= QUALITY_SECONDS:
            self._noted_s = now_s
            self._note("quality", **self._quality(final=False))
        if now_s - line.heard_s >= WEB_CALL_SILENT_SECONDS:
            # A page that is there, also a muted one, answers checks.
            self._note("gone", ms=round((now_s - line.heard_s) * 1000))
            self.finish(CAUSES["media_timeout"])

    def _quality(self, *, final: bool) -> dict[str, Any]:
        line = self._line
        if line is None:
            return {"final": final}
        told = line.reported
        return {
            "rx_packets": line.received.packets,
            "rx_lost": line.received.lost,
            "rx_jitter_ms": round(line.received.jitter_ms, 3),
            "jbuf_late": line.jitter_buffer.late,
            "jbuf_lost": line.received.lost,
            "tx_packets": line.sent.packets,
            "tx_lost": 0 if told is None else told.lost,
            "tx_jitter_ms": 0 if told is None else round(told.jitter_ms, 3),
            "rtt_ms": 0 if told is None else round(told.round_trip_ms or 0.0, 3),
            "loss_from": "rtcp",
            "one_way": "" if line.received.packets else "no_audio_from_caller",
            "final": final,
        }

    def _note(self, what: str, **values: Any) -> None:
        if self.listener is not None:
            self.listener.noted(what, values)
