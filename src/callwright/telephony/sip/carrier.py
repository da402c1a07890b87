"""The carrier ``sip``: calls to and from SIP phones through the gateway process. See docs/how-to/phones.md."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from callwright.domain.sip_headers import CALL_HEADER
from callwright.ops.clock import SystemClock
from callwright.ops.rounds import round_boundary
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, Leg, LegListener
from callwright.ports.registry import Gauges, NoGauges, PluginContext
from callwright.telephony.sip.checks import (
    OPTIONAL,
    PROVIDER,
    TLS,
    TrunkRoute,
    address_of,
    reachable_address,
    sendable_headers,
    transport_of,
    user_of,
)
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.last_words import last_words
from callwright.telephony.sip.leg import DECLINED, SipLeg
from callwright.telephony.sip.link import GatewayLink
from callwright.telephony.sip.supervisor import (
    GATEWAY_COMMAND,
    GatewayHealth,
    GatewayState,
    GatewaySupervisor,
)
from callwright.telephony.sip.trunk_registrations import TrunkRegistrations
from callwright.telephony.sip.wire import TARGET

_LOG = logging.getLogger(__name__)

STACK = "baresip"
INSTALL = "no SIP stack is installed here: pip install callwright[sip]"
GATEWAY_WAIT_SECONDS = 5.0
DIALLED_SECONDS = 10.0
HANG_UP_ALL_SECONDS = 3.0
FAREWELL_SECONDS = 9.0
_BROKEN = 500


class SipCarrier:
    """Calls to and from SIP phones. Options of a dial: ``sip_headers``, custom headers (X-... and those of the setting) by
    name.

    ``command`` is how the gateway is started; another one than ours needs no SIP stack here.
    """

    name = PROVIDER

    def __init__(
        self,
        settings: SipSettings,
        gauges: Gauges | None = None,
        command: Sequence[str] = GATEWAY_COMMAND,
    ) -> None:
        self._settings = settings
        gauges = gauges or NoGauges()
        self._listening = gauges.gauge("sip_listening")
        self._restarts = gauges.gauge("sip_gateway_restarts")
        self._calls = gauges.gauge("sip_calls")
        self._supervisor = GatewaySupervisor(settings, self, command)
        self._installed = command is not GATEWAY_COMMAND or find_spec(STACK) is not None
        self._desk: InboundDesk | None = None
        self._legs: dict[int, SipLeg] = {}
        self._next_number = 1
        self._farewells: set[asyncio.Task[None]] = set()
        self._open = False
        self.registrations = TrunkRegistrations(SystemClock(), gauges.gauge("sip_registrations_failed"))

    @classmethod
    def build(cls, context: PluginContext) -> SipCarrier:
        """Settings: those of SIP (docs/reference/settings.md)."""
        return cls(SipSettings.of_texts(context.settings), context.gauges)

    @property
    def health(self) -> GatewayHealth:
        """The gateway now, for /readyz."""
        return self._supervisor.health

    async def open(self, desk: InboundDesk) -> None:
        """Start the gateway; calls that come in are offered to ``desk``. Returns when phones are served, or when it is known why not:
        an address that is taken or a missing SIP stack is a warning, because the rest of the platform works without."""
        if self._open or not self._settings.listen:
            return
        self._desk = desk
        if not self._installed:
            _LOG.warning("SIP is off: %s, or set CALLWRIGHT_SIP_LISTEN to off", INSTALL)
            return
        self._open = True
        await self._supervisor.start()

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Send an INVITE. Raises ProviderError: BAD_REQUEST for an address or headers that cannot be used and for a host that may
        not be called, LIMIT when there are too many
        calls, UNAVAILABLE when there is no gateway. Returns when the INVITE is on its way."""
        address = reachable_address(request.to_number, self._settings.places)
        given = sendable_headers(request.options.get("sip_headers"), self._settings.call_headers)
        headers = {CALL_HEADER: request.callback_id, **given}
        values: dict[str, Any] = {"to": address, "from_user": user_of(request.from_number), "headers": headers}
        if transport_of(address) == TLS:
            values["encryption"] = OPTIONAL
        return await self._dial(values, request.ring_seconds, listener)

    async def dial_through(self, request: DialRequest, route: TrunkRoute, at: int, listener: LegListener) -> SipLeg:
        """Send an INVITE to one gateway of a trunk; errors as :meth:`dial`. That the gateway has answered anything at all is told by the
        fact ``trying``."""
        address = reachable_address(route.addresses[at], self._settings.places)
        values = {"to": address, **route.identity(at, request.callback_id), "tell_trying": True}
        return await self._dial(values, request.ring_seconds, listener)

    async def _dial(self, values: Mapping[str, Any], ring_seconds: int, listener: LegListener) -> SipLeg:
        link = await self._line()
        if len(self._legs) >= self._settings.max_calls:
            raise ProviderError(
                FailureKind.LIMIT, PROVIDER, f"{len(self._legs)} SIP calls already; see CALLWRIGHT_SIP_MAX_CALLS"
            )
        leg = SipLeg(self._next_number, link, self, self._settings, inbound=False)
        self._next_number += 2
        self._add(leg)
        link.send(leg.number, "dial", display_name="", ring_seconds=ring_seconds, **values)
        await self._dialled(leg)
        # Not now: whoever dials must have its leg before it hears of it.
        asyncio.get_running_loop().call_soon(self._attach, leg, listener)
        return leg

    def say_last_words(self, dialog: Mapping[str, Any], access: Access | None = None) -> None:
        """Tell the far end of a call whose processes died that it is over (``ports.leg.LastWords``). Returns at once; what was begun is
        waited for at the end."""
        task = asyncio.get_running_loop().create_task(_farewell(dialog))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def aclose(self) -> None:
        """End every leg, then the gateway."""
        self._desk = None
        if self._legs:
            goodbyes = [asyncio.ensure_future(leg.hang_up("")) for leg in self._legs.values()]
            _, late = await asyncio.wait(goodbyes, timeout=HANG_UP_ALL_SECONDS)
            for task in late:
                task.cancel()
        await self._supervisor.aclose()
        if self._farewells:
            await asyncio.wait(tuple(self._farewells), timeout=FAREWELL_SECONDS)
        self._open = False

    # -- supervisor.CallHolder -------------------------------------------------------------------------------------------------

    def control(self, call: int, message: Mapping[str, Any]) -> None:
        """A message about a call. One about a call that is over is dropped."""
        leg = self._legs.get(call)
        if leg is not None:
            with _Boundary(leg):
                leg.control(message)
        elif message["type"] == "incoming" and call % 2 == 0:
            self._incoming(call, message)

    def audio(self, call: int, frames: bytes) -> None:
        """Audio of a caller, or of a transfer's target."""
        leg = self._legs.get(call & ~TARGET)
        if leg is not None:
            with _Boundary(leg):
                (leg.target_audio if call & TARGET else leg.audio)(frames)

    def gateway_lost(self, why: str) -> None:
        """Every call is over: told at once, and the phones are told too."""
        for leg in tuple(self._legs.values()):
            with _Boundary(leg):
                leg.lost(why)

    def gateway_changed(self) -> None:
        """The health is another one."""
        health = self._supervisor.health
        self.registrations.listening(self._supervisor.link if health.state is GatewayState.LISTENING else None)
        self._listening.set(health.state is GatewayState.LISTENING)
        self._restarts.set(health.restarts)

    def registration(self, message: Mapping[str, Any]) -> None:
        """The outcome of a registration."""
        self.registrations.told(message)

    # -- leg.LegOwner ----------------------------------------------------------------------------------------------------------

    def over(self, leg: SipLeg, *, cut_off: bool) -> None:
        """A leg is over."""
        self._legs.pop(leg.number, None)
        self._count()
        if cut_off:
            for dialog in leg.owed:
                self.say_last_words(dialog)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _line(self) -> GatewayLink:
        if not self._installed:
            raise ProviderError(FailureKind.UNAVAILABLE, PROVIDER, INSTALL)
        if not self._open:
            raise ProviderError(
                FailureKind.UNAVAILABLE,
                PROVIDER,
                "SIP is off here: set CALLWRIGHT_SIP_LISTEN and start `callwright serve`",
            )
        link = await self._supervisor.ready(GATEWAY_WAIT_SECONDS)
        if link is None:
            health = self._supervisor.health
            raise ProviderError(
                FailureKind.UNAVAILABLE,
                PROVIDER,
                f"the SIP gateway is {health.state.value}: {health.reason or 'try again'}",
            )
        return link

    async def _dialled(self, leg: SipLeg) -> None:
        try:
            await asyncio.wait_for(leg.dialled, DIALLED_SECONDS)
        except TimeoutError as error:
            raise ProviderError(
                FailureKind.UNAVAILABLE, PROVIDER, f"the gateway did not place the call within {DIALLED_SECONDS:g} s"
            ) from error
        finally:
            if not leg.dialled.done() or leg.dialled.cancelled():
                leg.crashed()
            elif leg.dialled.exception() is not None:
                self.over(leg, cut_off=False)

    def _attach(self, leg: SipLeg, listener: LegListener) -> None:
        with _Boundary(leg):
            leg.attach(listener)

    def _incoming(self, call: int, message: Mapping[str, Any]) -> None:
        link = self._supervisor.link
        if link is None:
            return
        if self._desk is None:
            link.send(call, "reject", code=DECLINED)
            return
        leg = SipLeg(call, link, self, self._settings, inbound=True)
        leg.provider_call_id = str(message.get("call_id") or f"sip-{call}")
        leg.dialled.set_result(None)
        self._add(leg)
        headers, others = (
            {str(name): str(value) for name, value in (message.get(key) or {}).items()} for key in ("headers", "others")
        )
        offer = InboundOffer(
            carrier=self.name,
            called=str(message.get("called") or ""),
            caller=str(message.get("caller") or ""),
            provider_call_id=leg.provider_call_id,
            headers=headers,
            source=address_of(message.get("peer")),
            others=others,
            trunk=str(message.get("registration") or ""),
            encrypted=message.get("encrypted") is True,
        )
        with _Boundary(leg):
            listener = self._desk.offered(offer, leg)
            leg.attach(listener)
            if headers:
                listener.noted("headers", headers)

    def _add(self, leg: SipLeg) -> None:
        self._legs[leg.number] = leg
        self._count()

    def _count(self) -> None:
        self._calls.set(len(self._legs))


class _Boundary:
    """A defect in one call, or in what listens to it, ends that call and no other. Errors of everything the runtime does with a message
    arrive here, so it is the last place where the call is known."""

    def __init__(self, leg: SipLeg) -> None:
        self._leg = leg

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        _LOG.error("call %s ends because of a defect", self._leg.provider_call_id, exc_info=error)
        if not self._leg.ended:
            # Its listener is broken and may break again while it is told of the end.
            with round_boundary(f"telling the end of call {self._leg.provider_call_id}"):
                self._leg.crashed()
        return True


async def _farewell(dialog: Mapping[str, Any]) -> None:
    status = await last_words(dialog)
    _LOG.info("said BYE for call %s that was cut off: %s", str(dialog.get("call_id"))[:200], status or "no answer")
