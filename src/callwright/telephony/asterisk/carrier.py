"""The carrier ``asterisk``: calls through an Asterisk of the operator.

Calls are controlled over ARI, whose events come over a websocket that we open, and so does the audio. So Asterisk needs no way to us.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_PBX_CALLS, PBX_END_SECONDS
from callwright.domain.sip_headers import CALL_HEADER, custom_headers
from callwright.ops.ids import RandomIds
from callwright.ops.rounds import round_boundary
from callwright.ops.timers import SharedTimer
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, Leg, LegListener
from callwright.ports.registry import Gauges, NoGauges, PluginContext
from callwright.telephony.asterisk.ari import Ari, refusal
from callwright.telephony.asterisk.configuration import NAME, AsteriskSettings, check_number
from callwright.telephony.asterisk.events import EventLink, LinkState
from callwright.telephony.asterisk.leg import LOOK_SECONDS, AsteriskLeg
from callwright.telephony.asterisk.transfer import CalledTarget

CLOSE_SECONDS = 5.0
"""How long the end of the last calls may take at a shutdown."""
_END_PAUSE_SECONDS = 1.0
_TWO = 2
_ID = re.compile(r"[A-Za-z0-9._-]{1,120}")
_BUSY = 486


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """The connection to Asterisk, for /readyz."""

    state: LinkState
    reason: str = ""


class AsteriskCarrier:
    """Options of a dial: ``sip_headers``, custom headers by name, for endpoints of PJSIP."""

    name = NAME

    def __init__(self, settings: AsteriskSettings, gauges: Gauges | None = None) -> None:
        gauges = gauges or NoGauges()
        self.ari = Ari(settings)
        self._settings = settings
        self._connected = gauges.gauge("asterisk_connected", "1 while the events of Asterisk are heard.")
        self._count = gauges.gauge("asterisk_calls", "Calls over Asterisk that this process holds now.")
        self._link = EventLink(settings, self.ari, self)
        self._desk: InboundDesk | None = None
        self._legs: dict[str, AsteriskLeg] = {}
        self._targets: dict[str, CalledTarget] = {}
        self._handed_over: set[str] = set()
        """The bridges in which two talk without us. Where one leaves, the other is hung up."""
        self._ending: set[asyncio.Task[None]] = set()
        self._ids = RandomIds()
        self._looks = SharedTimer(LOOK_SECONDS)

    @classmethod
    def build(cls, context: PluginContext) -> AsteriskCarrier:
        """Settings: those of Asterisk (docs/reference/settings.md)."""
        return cls(AsteriskSettings.of_texts(context.settings), context.gauges)

    @property
    def health(self) -> LinkHealth:
        """The connection now."""
        return LinkHealth(self._link.state, self._link.reason)

    async def open(self, desk: InboundDesk) -> None:
        """Connect, and offer calls that come in to ``desk``. Without an address nothing is done; an Asterisk that is not there is tried
        again."""
        if self._settings.url and self._link.state is LinkState.OFF:
            self._desk = desk
            await self._link.start()

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Have Asterisk call a number. Raises ProviderError: BAD_REQUEST for what is no number and for headers that cannot be sent, LIMIT
        when there are too many calls, UNAVAILABLE while its events are not heard."""
        check_number(request.to_number)
        try:
            headers = custom_headers(request.options.get("sip_headers"), self._settings.call_headers)
        except BadInputError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, NAME, error.message) from error
        self._check_room()
        own = request.from_number or self._settings.default_number
        leg = self._leg("", own)
        headers = {CALL_HEADER: request.callback_id, **headers}
        placed = False
        try:
            await self.ari.call(leg.channel, request.to_number, own, request.ring_seconds, headers)
            placed = True
        finally:
            if not placed:
                # Asterisk may have the call all the same.
                leg.finish(CAUSES["originator_cancel"])
        leg.ring_for(request.ring_seconds)
        # Not now: whoever dials must have its leg before it hears of it.
        asyncio.get_running_loop().call_soon(self._attach, leg, listener)
        return leg

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        """End the channels of a call whose processes died (``ports.leg.LastWords``)."""
        ids = [str(dialog.get(name) or "") for name in ("channel", "media", "bridge")]
        if self._settings.url and all(map(_ID.fullmatch, ids)):
            channel, media, bridge = ids
            self._later(self._end(f"/channels/{channel}", f"/channels/{media}", f"/bridges/{bridge}"))

    async def aclose(self) -> None:
        """End every leg. Far ends that were transferred go on talking."""
        self._desk = None
        for leg in tuple(self._legs.values()):
            leg.finish(CAUSES["hung_up_by_us" if leg.was_answered else "originator_cancel"])
        if self._ending:
            _, late = await asyncio.wait(tuple(self._ending), timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._link.aclose()
        await self.ari.aclose()

    # -- events.EventHolder ----------------------------------------------------------------------------------------------------

    def happened(self, event: Mapping[str, Any]) -> None:
        """An event. Most are of channels; ``Dial`` is of the one that is dialled."""
        channel = event.get("peer" if event.get("type") == "Dial" else "channel")
        channel_id = channel.get("id") if isinstance(channel, Mapping) else None
        if not isinstance(channel, Mapping) or not isinstance(channel_id, str):
            return
        if (leg := self._legs.get(channel_id)) is not None:
            leg.happened(event)
        elif (target := self._targets.get(channel_id)) is not None:
            target.happened(event)
        elif event.get("type") == "ChannelLeftBridge":
            self._left(event.get("bridge"))
        elif event.get("type") == "StasisStart":
            self._came(channel_id, channel)

    async def compare(self) -> None:
        """Look at every call, and unless another process has the application, at the bridges that a process before us has left. Raises
        ProviderError."""
        held: list[AsteriskLeg | CalledTarget] = [*self._legs.values(), *self._targets.values()]
        for one in held:
            if one.is_placed:
                state = await self.ari.state(one.channel)
                with round_boundary("comparing a call with the PBX"):
                    one.found(state)
        if self._link.state is LinkState.REPLACED:
            return
        found = await self.ari.bridges()
        self._handed_over &= found.keys()
        known = {leg.audio.bridge for leg in self._legs.values()}
        for bridge, channels in found.items():
            if bridge in known:
                continue
            if len(channels) >= _TWO:
                self._handed_over.add(bridge)
                await self.ari.watch(bridge)
            else:
                self._end_bridge(bridge, channels)

    def link_changed(self) -> None:
        """The connection came or went."""
        self._connected.set(self._link.state is LinkState.CONNECTED)

    # -- leg.LegOwner ----------------------------------------------------------------------------------------------------------

    def target(self, leg: AsteriskLeg, number: str) -> CalledTarget:
        """See the leg."""
        self._check_room()
        channel = self._new_id()

        def over(target: CalledTarget) -> None:
            if self._targets.pop(channel, None) is not None and not target.gone:
                self._later(self._end(f"/channels/{channel}"))

        target = CalledTarget(self.ari, channel, number, leg.own_number, leg.progress_of_target, over)
        self._targets[channel] = target
        return target

    def over(self, leg: AsteriskLeg) -> None:
        """End what Asterisk has of a leg."""
        self._legs.pop(leg.channel, None)
        if leg.handed_to:
            self._targets.pop(leg.handed_to, None)
            self._handed_over.add(leg.audio.bridge)
            self._later(self._check_bridge(leg.audio.bridge))
        self._count.set(len(self._legs))
        self._later(self._end_leg(leg))

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _check_room(self) -> None:
        if not self._settings.url:
            raise ProviderError(FailureKind.UNAVAILABLE, NAME, "it is off here: set CALLWRIGHT_ASTERISK_URL")
        if self._link.state is not LinkState.CONNECTED:
            why = f"its events are not heard: {self._link.reason or 'start `callwright serve`'}"
            raise ProviderError(FailureKind.UNAVAILABLE, NAME, why)
        if len(self._legs) + len(self._targets) >= MAX_PBX_CALLS:
            raise ProviderError(FailureKind.LIMIT, NAME, f"{MAX_PBX_CALLS} calls at once are the most")

    def _new_id(self) -> str:
        return f"{self._settings.app}.{self._ids.uuid()}"

    def _leg(self, channel: str, own_number: str) -> AsteriskLeg:
        """A leg of a call that came in on ``channel``, or of one that is placed where that is empty."""
        leg = AsteriskLeg(self, self._new_id(), channel, own_number, self._looks)
        self._legs[leg.channel] = leg
        self._count.set(len(self._legs))
        return leg

    def _attach(self, leg: AsteriskLeg, listener: LegListener) -> None:
        leg.attach(listener, {"channel": leg.channel, "media": leg.audio.media, "bridge": leg.audio.bridge})

    def _came(self, channel: str, found: Mapping[str, Any]) -> None:
        """A channel that nobody here knows enters our application."""
        if not _ID.fullmatch(channel) or channel.endswith(".media"):
            return
        if channel.startswith(f"{self._settings.app}."):
            # A process before us had called it.
            self._later(self._end(f"/channels/{channel}"))
        elif self._desk is None or len(self._legs) >= MAX_PBX_CALLS:
            self._later(self._end(refusal(channel, _BUSY)))
        else:
            dialled, caller = (found.get(name) for name in ("dialplan", "caller"))
            called = str(dialled.get("exten") or "") if isinstance(dialled, Mapping) else ""
            number = str(caller.get("number") or "") if isinstance(caller, Mapping) else ""
            leg = self._leg(channel, called)
            self._attach(leg, self._desk.offered(InboundOffer(NAME, called, number, channel), leg))

    def _left(self, bridge: Any) -> None:
        """Somebody has left a bridge."""
        if isinstance(bridge, Mapping) and bridge.get("id") in self._handed_over:
            self._unless_two(bridge["id"], [str(one) for one in bridge.get("channels") or ()])

    async def _check_bridge(self, bridge: str) -> None:
        """Somebody may have left it before it was handed over."""
        self._unless_two(bridge, await self.ari.members(bridge))

    def _unless_two(self, bridge: str, channels: Sequence[str]) -> None:
        if len(channels) < _TWO:
            self._handed_over.discard(bridge)
            self._end_bridge(bridge, channels)

    def _end_bridge(self, bridge: str, channels: Sequence[str]) -> None:
        self._later(self._end(*(f"/channels/{one}" for one in channels if _ID.fullmatch(one)), f"/bridges/{bridge}"))

    async def _end_leg(self, leg: AsteriskLeg) -> None:
        if leg.refused_with:
            await self._end(refusal(leg.channel, leg.refused_with))
        elif not (leg.gone or leg.handed_to):
            await self._end(f"/channels/{leg.channel}")
        if leg.connecting is not None:
            # Its media channel may be made at this moment.
            await asyncio.wait((leg.connecting,))
            await self._end(
                f"/channels/{leg.audio.media}", *(() if leg.handed_to else (f"/bridges/{leg.audio.bridge}",))
            )

    async def _end(self, *paths: str) -> None:
        """Delete channels and bridges, however long Asterisk cannot be reached."""
        left, loop = list(paths), asyncio.get_running_loop()
        until_s = loop.time() + PBX_END_SECONDS
        while left:
            left = [path for path in left if not await self.ari.end(path)]
            if not left or loop.time() > until_s:
                return
            await asyncio.sleep(_END_PAUSE_SECONDS)

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _guarded(work: Coroutine[Any, Any, Any]) -> None:
    with round_boundary("ending a call at the PBX"):
        await work
