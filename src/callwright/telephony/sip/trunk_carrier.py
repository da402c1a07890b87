"""The carrier ``sip-trunk``: calls to phone numbers through the gateways of a SIP trunk, over the same gateway process as ``sip``.

The trunk of a call comes with its request. Its gateways are asked in their order: one that answers with 408 or 503, or says nothing at all
for some seconds, is given up for the next; whatever else one answers is the end of the call. One that said nothing, or does not answer
OPTIONS, is asked behind the others (``silent_gateways``, ``trunk_upkeep``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from callwright.domain.errors import CallwrightError
from callwright.domain.limits import TRUNK_GATEWAY_SECONDS
from callwright.domain.number import E164, kind_of_address
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, HearsEarlyMedia, Leg, LegClosed, LegListener, PacketCapture, TrunkCall
from callwright.ports.registry import Gauges, NoGauges, PluginContext
from callwright.ports.trunk_lines import TrunkLine, TrunkState
from callwright.ports.world import Clock
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.checks import PROVIDER, TRUNK_PROVIDER, TrunkRoute, refused, trunk_of, trunk_route
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.leg import SipLeg
from callwright.telephony.sip.qualify import GatewayQuestion
from callwright.telephony.sip.silent_gateways import Gateway, SilentGateways
from callwright.telephony.sip.trunk_upkeep import TrunkUpkeep

_LOG = logging.getLogger(__name__)

NEXT_GATEWAY = frozenset({"408", "503", "request_timeout", ""})
"""Final answers (``LegClosed.provider_code``) after which the next gateway is asked; the last two: none came."""


class SipTrunkCarrier:
    """Dials through trunks. Options of a dial: ``trunk`` (see ``checks.trunk_route``), and those of ``sip``. ``sip()`` gives the carrier
    whose gateway process does it. ``call_headers`` may be set beside X-...
    """

    name = TRUNK_PROVIDER

    def __init__(
        self,
        sip: Callable[[], SipCarrier],
        clock: Clock | None = None,
        settings: SipSettings | None = None,
        gauges: Gauges | None = None,
    ) -> None:
        self._sip = sip
        self._settings = settings or SipSettings()
        self._clock = clock or SystemClock()
        self._silent = SilentGateways()
        self._upkeep: TrunkUpkeep | None = None
        self._unreachable = (gauges or NoGauges()).gauge("sip_trunk_gateways_unreachable")

    @classmethod
    def build(cls, context: PluginContext) -> SipTrunkCarrier:
        """Uses the carrier ``sip`` of the same process."""
        settings = SipSettings.of_texts(context.settings)
        return cls(
            lambda: cast(SipCarrier, context.plugin("carrier", PROVIDER)), settings=settings, gauges=context.gauges
        )

    def use(self, lines: Sequence[TrunkLine]) -> None:
        """See ``ports.trunk_lines.TrunkLines``. Without SIP nothing is kept ready."""
        if not self._settings.listen:
            return
        if self._upkeep is None:
            question = GatewayQuestion(self._settings.listen, self._settings.trusted, RandomIds())
            self._upkeep = TrunkUpkeep(
                self._settings.places,
                self._sip().registrations,
                self._silent,
                question.failure,
                self._clock,
                self._unreachable,
            )
        self._upkeep.use(lines)

    def trunk_state(self, trunk_id: str) -> TrunkState:
        """See ``ports.trunk_lines.TrunkLines``."""
        return TrunkState() if self._upkeep is None else self._upkeep.trunk_state(trunk_id)

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ask the trunk's first gateway. Raises ProviderError: BAD_REQUEST for a trunk that cannot be used, a number that must not be
        called or a gateway that may not be, else as ``sip`` does. Returns when an INVITE is on its way."""
        route = trunk_route(request, self._settings.call_headers)
        leg = TrunkLeg(self._sip(), request, route, listener, Found(self._silent, route, self._clock))
        await leg.begin()
        return leg

    def lend(self, leg: Leg, call: TrunkCall) -> None:
        """See ``ports.leg.LendsTrunk``."""
        if isinstance(leg, SipLeg):
            leg.way = partial(self._lent, call)

    async def _lent(self, call: TrunkCall, target: str) -> tuple[str, Mapping[str, Any]]:
        try:
            route = trunk_of(await call.trunk(), call.own_number)
        except (CallwrightError, ProviderError) as error:
            if kind_of_address(target) == E164:
                raise refused(error.message) from error
            _LOG.warning("%s is called without the call's trunk: %s", target, error.message)
            return target, {}
        # The one that the call came from knows it; without one, the first that can.
        order = Found(self._silent, route, self._clock).in_order()
        at = min(order, key=lambda at: route.host(at).partition(":")[0] != call.source)
        return route.transfer(target, at, call.callback_id)

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        """See ``ports.leg.LastWords``."""
        self._sip().say_last_words(dialog, access)

    async def aclose(self) -> None:
        """Keep no trunk ready any more. The legs are those of ``sip``, which ends them."""
        if self._upkeep is not None:
            await self._upkeep.aclose()


@dataclass(frozen=True, slots=True)
class Found:
    """What calls before this one have found out about the gateways of its trunk, and what it finds out itself."""

    gateways: SilentGateways
    route: TrunkRoute
    clock: Clock

    def silent(self, at: int) -> None:
        """The gateway ``at`` said nothing."""
        self.gateways.silent(self._gateway(at), self.clock.monotonic_us())

    def spoke(self, at: int) -> None:
        """The gateway ``at`` answered something."""
        self.gateways.spoke(self._gateway(at))

    def silent_for_s(self, at: int) -> int | None:
        """How many seconds ago the gateway ``at`` was found silent; None when it was not."""
        return self.gateways.silent_for_s(self._gateway(at), self.clock.monotonic_us())

    def in_order(self) -> list[int]:
        """Which gateways to ask, one after the other."""
        every = [self._gateway(at) for at in range(len(self.route.addresses))]
        return self.gateways.in_order(every, self.clock.monotonic_us())

    def _gateway(self, at: int) -> Gateway:
        return self.route.trunk, self.route.host(at)


@dataclass(slots=True)
class _Progress:
    """How far the gateway that is being asked has come."""

    heard: bool = False
    """It has told something of the call: no other one is asked any more."""
    hung_up: bool = False
    """Somebody has ended the call."""
    reason: str = ""
    """Why, in the words of whoever ended it."""
    given_up: bool = False
    """It was silent for too long: whatever it still tells is nothing of this call, and its end is only the end of this try."""


class TrunkLeg:
    """The leg of a call through a trunk (``ports.leg.Leg``), whichever gateway carries it; listens to the leg of that gateway."""

    def __init__(
        self, sip: SipCarrier, request: DialRequest, route: TrunkRoute, listener: LegListener, found: Found
    ) -> None:
        self._sip = sip
        self._request = request
        self._route = route
        self._listener = listener
        self._found = found
        self._left = found.in_order()
        self._asked = self._left[0]
        self._progress = _Progress()
        self._leg: SipLeg | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.provider_call_id = ""
        self.ahead_ms = 0

    async def begin(self) -> None:
        """Ask the first gateway that can be asked. Raises ProviderError when none can."""
        for behind, at in enumerate(self._left):
            silent_for_s = self._found.silent_for_s(at)
            if silent_for_s is not None and at < behind:
                self._note(at, f"it answered nothing {silent_for_s} seconds ago and is asked last")
        while True:
            at = self._left.pop(0)
            try:
                await self._ask(at)
                return
            except ProviderError as error:
                if not self._left or error.kind is FailureKind.LIMIT:
                    raise
                self._note(at, error.message)

    async def _ask(self, at: int) -> None:
        progress = self._progress = _Progress()
        self._leg, self._asked = None, at
        leg = await self._sip.dial_through(self._request, self._route, at, _Try(self, progress))
        leg.way = self._way
        self._leg = leg
        self.provider_call_id, self.ahead_ms = leg.provider_call_id, leg.ahead_ms
        if progress.hung_up:
            # The call was ended while the INVITE was on its way, when there was no leg yet to hang up.
            await leg.hang_up(progress.reason)
        elif self._left:
            # The last one may take as long as it likes: there is nobody else to ask.
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(TRUNK_GATEWAY_SECONDS, self._give_up, at, progress, leg)

    def _give_up(self, at: int, progress: _Progress, leg: SipLeg) -> None:
        if progress.heard or progress.hung_up:
            return
        progress.given_up = True
        self._found.silent(at)
        self._note(at, f"no answer within {TRUNK_GATEWAY_SECONDS} seconds")
        self._start(leg.hang_up(""))
        self._start(self._go_on())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on(self) -> None:
        """Ask the next gateway. Errors are told as the end of the call: whoever dialled has its leg already."""
        error: ProviderError | None = None
        while self._left and not self._progress.hung_up:
            at = self._left.pop(0)
            try:
                await self._ask(at)
                return
            except ProviderError as caught:
                error = caught
                self._note(at, caught.message)
        self._listener.closed(self._nobody(None if self._progress.hung_up else error))

    def _nobody(self, error: ProviderError | None) -> LegClosed:
        if error is None:
            return LegClosed("canceled", "API Request", "Call canceled", 4000)
        return LegClosed("failed", "Carrier", error.message, 3000)

    def _note(self, at: int, why: str) -> None:
        self._listener.noted("trunk_gateway_failed", {"gateway": self._route.addresses[at], "why": why[:500]})

    # -- of the gateway's leg --------------------------------------------------------------------------------------------------

    def heard(self) -> None:
        """A gateway does something for the call."""
        self._found.spoke(self._asked)
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def ended(self, progress: _Progress, closed: LegClosed) -> None:
        """The leg of a gateway is over: so is the call, unless another gateway may be asked."""
        if progress.given_up:
            return
        self._stop_waiting()
        if self._left and not progress.heard and not progress.hung_up and closed.provider_code in NEXT_GATEWAY:
            self._note(self._asked, f"{closed.provider_code or 'no answer'} {closed.reason}".strip())
            self._start(self._go_on())
            return
        self._listener.closed(closed)

    @property
    def listener(self) -> LegListener:
        """Who hears of the call."""
        return self._listener

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """It is a call we place."""

    async def reject(self, code: int) -> None:
        """It is a call we place."""

    async def hang_up(self, reason: str) -> None:
        """End the call; no other gateway is asked any more, and one that is being asked just now is told as soon as it can be."""
        self._progress.hung_up, self._progress.reason = True, reason
        self._left.clear()
        if self._leg is not None:
            await self._leg.hang_up(reason)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """See ``SipLeg.transfer``. A phone number is reached at the gateway that carries the call."""
        await self._carrying().transfer(target, attended=attended)

    async def _way(self, target: str) -> tuple[str, Mapping[str, Any]]:
        return self._route.transfer(target, self._asked, self._request.callback_id)

    async def send_keys(self, keys: str) -> None:
        """See ``SipLeg.send_keys``."""
        await self._carrying().send_keys(keys)

    def capture(self, wanted: PacketCapture) -> None:
        """See ``SipLeg.capture``. It is of the gateway that is being asked when it is wanted."""
        if self._leg is not None:
            self._leg.capture(wanted)

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms."""
        if self._leg is not None:
            self._leg.write(frame)

    def clear(self) -> None:
        """Drop what was written and not yet sent."""
        if self._leg is not None:
            self._leg.clear()

    def _carrying(self) -> SipLeg:
        if self._leg is None:
            raise ProviderError(FailureKind.BAD_REQUEST, TRUNK_PROVIDER, "the call is not answered yet")
        return self._leg


class _Try:
    """What the leg of one gateway tells (``ports.leg.LegListener``). A gateway that was given up is not listened to: its leg is being hung
    up, and an answer that crossed that is none of the call."""

    def __init__(self, leg: TrunkLeg, progress: _Progress) -> None:
        self._leg = leg
        self._progress = progress

    def _counts(self) -> bool:
        """Whether this gateway is still the one that is asked; no other one is then, from here on."""
        if self._progress.given_up:
            return False
        self._progress.heard = True
        self._leg.heard()
        return True

    def ringing(self) -> None:
        """The far end rings."""
        if self._counts():
            self._leg.listener.ringing()

    def early_media(self) -> None:
        """Audio may come before the answer."""
        if self._counts():
            self._leg.listener.early_media()

    def early_sound(self, frame: bytes) -> None:
        """The next 20 ms before an answer."""
        listener = self._leg.listener
        if isinstance(listener, HearsEarlyMedia) and not self._progress.given_up:
            listener.early_sound(frame)

    def answered(self) -> None:
        """The far end took the call."""
        if self._counts():
            self._leg.listener.answered()

    def audio(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if not self._progress.given_up:
            self._leg.listener.audio(frame)

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        if not self._progress.given_up:
            self._leg.listener.key(key)

    def machine(self, kind: str) -> None:
        """The carrier's own detection."""
        if not self._progress.given_up:
            self._leg.listener.machine(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line. That the gateway tries is one too, and the only one that nobody else wants."""
        if self._progress.given_up:
            return
        if what == "trying":
            self._leg.heard()
        else:
            self._leg.listener.noted(what, values)

    def closed(self, closed: LegClosed) -> None:
        """The leg of this gateway is over."""
        self._leg.ended(self._progress, closed)
