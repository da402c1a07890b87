"""How an attempt gets its leg: by answering a call that came in. ``call.live.dialling`` is by dialling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from callwright.call.live.endings import ERROR
from callwright.call.live.equipment import Needs
from callwright.call.live.failover import ConnectedProvider
from callwright.call.live.row import OwnedRow
from callwright.call.live.runner import CallRunner
from callwright.call.live.screening import CALLER_LOOKUP, Screening
from callwright.call.live.session import CallSession
from callwright.domain.limits import SPEECH_BEFORE_ANSWER_SECONDS, WARM_BEFORE_ANSWER_SECONDS
from callwright.platform.agents.rules.availability import Line
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import HearsEarlyMedia, InboundOffer, Leg, LegClosed, LegListener, closed_by
from callwright.ports.world import Clock

BUSY = 486
UNAVAILABLE = 503
HEADERS = "headers"
"""The fact, and the key of the execution's options, that holds the call's custom headers by name."""
ANSWER_FAILED = "answer_failed"
MOST_KEPT = 200
"""Reports kept until somebody listens: four seconds of audio, which no carrier sends before the answer."""

_OURS = {
    "normal_clearing": "caller_hung_up",
    "originator_cancel": "caller_abandoned",
}
"""Causes of a call we placed, and what they are when we were called."""


class OfferedLeg:
    """A leg that was offered, with what it reports. The listener of the carrier (``ports.leg.LegListener``): it keeps what happens until
    the call's own listener is there, and says how the call ended in the words of a call that came in.
    """

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.refused = False
        """We refused it, or are about to."""
        self._to: LegListener | None = None
        self._kept: list[Callable[[LegListener], None]] = []
        self._answered = False

    def tell(self, listener: LegListener) -> None:
        """Tell ``listener`` what was kept, and everything from now on."""
        for say in self._kept:
            say(listener)
        self._kept.clear()
        self._to = listener

    async def refuse(self, code: int) -> None:
        """Refuse the call with a SIP status, before it is answered."""
        self.refused = True
        await self.leg.reject(code)

    def ringing(self) -> None:
        """It rings here."""

    def early_media(self) -> None:
        """Audio may come before the answer."""
        self._say(lambda listener: listener.early_media())

    def early_sound(self, frame: bytes) -> None:
        """The next 20 ms of a transfer's target before it answers."""
        if self._to is not None and isinstance(self._to, HearsEarlyMedia):
            self._to.early_sound(frame)

    def answered(self) -> None:
        """Our answer has reached the caller."""
        self._answered = True
        self._say(lambda listener: listener.answered())

    def audio(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if self._to is not None:
            self._to.audio(frame)
        else:
            self._say(lambda listener: listener.audio(frame))

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        self._say(lambda listener: listener.key(key))

    def machine(self, kind: str) -> None:
        """The carrier's own detection."""
        self._say(lambda listener: listener.machine(kind))

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line. The headers are the offer's and written with it."""
        if what != HEADERS:
            self._say(lambda listener: listener.noted(what, values))

    def closed(self, closed: LegClosed) -> None:
        """The leg is over."""
        end = self._of_inbound(closed)
        if self._to is not None:
            self._to.closed(end)
        else:
            self._kept.append(lambda listener: listener.closed(end))

    def _say(self, say: Callable[[LegListener], None]) -> None:
        if self._to is not None:
            say(self._to)
        elif len(self._kept) < MOST_KEPT:
            self._kept.append(say)

    def _of_inbound(self, closed: LegClosed) -> LegClosed:
        """The far end is the caller here. A call that we refused was taken back by us, whatever the carrier calls that."""
        if self.refused and not self._answered:
            cause = CAUSES["originator_cancel"]
            return replace(closed_by(cause), provider_code=closed.provider_code or cause.key)
        for ours, theirs in _OURS.items():
            cause = CAUSES[ours]
            if (closed.outcome, closed.by, closed.reason) == (cause.outcome, cause.by, cause.reason):
                code = closed.provider_code
                return closed_by(CAUSES[theirs], "" if code == ours else code)
        return replace(closed, by="Caller") if closed.by == "Callee" else closed


class _RingingLeg:
    """The leg while it rings: to hang up is to refuse, and there is nobody to be heard."""

    def __init__(self, offered: OfferedLeg) -> None:
        self._offered = offered
        self.provider_call_id = offered.leg.provider_call_id
        self.ahead_ms = offered.leg.ahead_ms

    async def answer(self) -> None:
        """Take the call."""
        await self._offered.leg.answer()

    async def reject(self, code: int) -> None:
        """Refuse the call."""
        await self._offered.refuse(code)

    async def hang_up(self, reason: str) -> None:
        """Refuse the call."""
        await self._offered.refuse(BUSY)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Not before the answer."""
        raise ProviderError(FailureKind.BAD_REQUEST, "leg", "the call is not answered yet")

    async def send_keys(self, keys: str) -> None:
        """Not before the answer."""
        raise ProviderError(FailureKind.BAD_REQUEST, "leg", "the call is not answered yet")

    def write(self, frame: bytes) -> None:
        """Nobody hears it."""

    def clear(self) -> None:
        """There is nothing."""


def unwatched(spec: AgentSpec) -> AgentSpec:
    """The agent without its watch for answering machines: they answer calls, and make none."""
    settings = spec.settings
    return replace(spec, settings=replace(settings, voicemail=replace(settings.voicemail, enabled=False)))


def rings_for_model(offer: InboundOffer, spec: AgentSpec) -> bool:
    """Whether a call rings until the model has read its prompt. Nobody at a page expects it to ring: there the model reads while the
    welcome is heard, unless the model writes the welcome."""
    return offer.arranged is None or spec.settings.use_llm_for_initial_message


class Answering:
    """A call that came in (``dialling.Connection``). It rings while its parts prepare: a short time for its model, which the welcome
    message does not need, longer for voice and recogniser, without which the caller would hear nothing. A call from a page waits for the
    model only where the model writes the welcome."""

    warm_seconds: float = WARM_BEFORE_ANSWER_SECONDS
    speech_seconds: float = SPEECH_BEFORE_ANSWER_SECONDS

    def __init__(self, offer: InboundOffer, offered: OfferedLeg, clock: Clock, screening: Screening | None) -> None:
        """Without ``screening`` the caller is taken whoever it is."""
        self._offer = offer
        self._offered = offered
        self._clock = clock
        self._screening = screening
        self._refuse_with = UNAVAILABLE

    def line(self) -> Line:
        """The one the call came by."""
        return Line()

    def check(self) -> None:
        """The leg is there."""

    def fit(self, needs: Needs) -> Needs:
        """As the agent has it, but for answering machines."""
        if not rings_for_model(self._offer, needs.spec):
            self.warm_seconds = 0
        return replace(needs, spec=unwatched(needs.spec))

    async def screen(self, row: OwnedRow) -> Change | None:
        """Whether this caller is taken, while it rings."""
        refused = None if self._screening is None else await self._screening.look(row)
        if refused is None:
            return None
        self._refuse_with = refused.code
        return refused.change

    def begin(self, session: CallSession, runner: CallRunner) -> None:
        """From here on the session hears of the leg, and can refuse it; it may be over already."""
        offer = self._offer
        values = {
            "carrier": offer.carrier,
            "called": offer.called,
            "caller": offer.caller,
            "provider_call_id": offer.provider_call_id,
        }
        runner.fact("leg", "offered", values)
        if offer.headers:
            runner.fact("leg", HEADERS, dict(offer.headers))
        if self._screening is not None and self._screening.note is not None:
            runner.fact("leg", CALLER_LOOKUP, self._screening.note)
        session.take_leg(_RingingLeg(self._offered))
        self._offered.tell(session)

    async def connect(self, session: CallSession, runner: CallRunner, row: OwnedRow, spec: AgentSpec) -> None:
        """Answer, unless the caller has given up or the call is to end."""
        if session.end is not None or session.hang_up_wanted is not None:
            return
        began_us = self._clock.monotonic_us()
        session.take_leg(self._offered.leg)
        runner.flush()
        try:
            await self._offered.leg.answer()
        except ProviderError as error:
            runner.fact("leg", "carrier_failed", {"kind": error.kind.value, "message": error.message})
            session.stop(ERROR, ANSWER_FAILED)
            return
        ms = (self._clock.monotonic_us() - began_us) // 1000
        runner.fact("core", "provider_connected", ConnectedProvider("carrier", self._offer.carrier).fact(ms))

    async def give_up(self) -> None:
        """Refuse the call: the agent cannot take it, or does not take this caller."""
        await self._offered.refuse(self._refuse_with)
