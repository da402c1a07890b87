"""The loopback carrier: which synthetic caller answers, and with whose voice and ears."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.lab.caller_scenario import Persona, Scenario, read_scenario, scenario_of
from callwright.lab.line import FrameLine, LineConditions, line_of
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, Leg, LegListener
from callwright.ports.registry import PluginContext, PluginGetter
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.telephony.loopback import causes
from callwright.telephony.loopback.clock import FrameClock
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.joined import JoinedCall
from callwright.telephony.loopback.ledger import DialLedger
from callwright.telephony.loopback.leg import LoopbackLeg
from callwright.telephony.loopback.mouth import Mouth, SpokenLines
from callwright.telephony.loopback.observer import LineObserver

SCRIPTED = "scripted"
OURSELVES = "in/"
"""`loopback:in/<extension>` is a call that comes in here again."""


class LoopbackCarrier:
    """Calls to synthetic callers.

    ``plugin(kind, name)`` gives voices and ears. ``voice`` and ``ears`` name the plugins of callers that name none. Options of a
    dial: ``user_data`` (its ``persona`` names the caller), ``scenario`` (the JSON value of a scenario file, instead of the server's),
    ``line`` (what the line of this call is like, whatever the scenario says of it), ``language``, ``agent_voice`` and
    ``agent_transcriber``: the agent's providers. To an agent that speaks two-tone text the caller listens with ears for it, and speaks it
    to an agent that hears it, whatever the server's settings. ``line``: what every line is like, whatever the scenario says of it.
    ``observer`` and ``line`` may be changed: the next call has them.
    """

    name = "loopback"

    def __init__(
        self,
        plugin: PluginGetter,
        scenario: Scenario | None = None,
        voice: str = SCRIPTED,
        ears: str = SCRIPTED,
        observer: LineObserver | None = None,
        line: LineConditions | None = None,
    ) -> None:
        self._plugin = plugin
        self._scenario = scenario or Scenario()
        self._voice = voice
        self._ears = ears
        self.observer = observer
        self.line = line
        self._clock = FrameClock()
        self._lines = SpokenLines()
        self._legs: set[LoopbackLeg] = set()
        self._desk: InboundDesk | None = None
        self._joined: set[JoinedCall] = set()
        self._numbers = itertools.count(1)

    @classmethod
    def build(cls, context: PluginContext) -> LoopbackCarrier:
        """Settings: ``scenario`` (path of a scenario file), ``loopback_voice``, ``loopback_ears``, ``loopback_ledger`` (path of a file).

        Raises ConfigurationError when a file cannot be used.
        """
        given = context.settings
        return cls(
            context.plugin,
            load_scenario(given.get("scenario", "")),
            given.get("loopback_voice") or SCRIPTED,
            given.get("loopback_ears") or SCRIPTED,
            _ledger(given.get("loopback_ledger", "")),
        )

    async def open(self, desk: InboundDesk) -> None:
        """Calls to ``loopback:in/<extension>`` are offered to ``desk`` from now on."""
        self._desk = desk

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ring at a synthetic caller, or here again. Raises ProviderError(BAD_REQUEST) when there is no such caller, the scenario is
        wrong, or nobody takes calls here."""
        if _extension(request.to_number).startswith(OURSELVES):
            return self._call_ourselves(request, listener)
        self._legs = {leg for leg in self._legs if not leg.ended}
        persona, conditions = self._far_end(request)
        options = request.options
        voice = self._plugin("voice", _choice(persona.voice_provider, options.get("agent_transcriber"), self._voice))
        ears = self._plugin("transcriber", _choice(persona.ears, options.get("agent_voice"), self._ears))
        language = str(options.get("language") or "en")

        async def open_ears(far_end: FarEnd) -> None:
            # Words before the end of the agent's sentence matter only to a caller that barges in.
            stream = await ears.open(TranscriberSettings(language=language), far_end)
            stream.want_partials(persona.barges_in)
            far_end.attach(stream)

        mouth = Mouth(self._lines, voice, VoiceSettings(voice=persona.voice, language=language))
        leg = LoopbackLeg(
            f"loopback-{request.callback_id}-{next(self._numbers)}",
            request,
            listener,
            persona,
            self._clock,
            mouth,
            lambda target: self._who_is_at(target, request),
        )
        self._legs.add(leg)
        leg.start(open_ears, self.observer, None if conditions is None else FrameLine(conditions))
        return leg

    async def aclose(self) -> None:
        """End every leg."""
        for leg in list(self._legs):
            await leg.hang_up("")
            await leg.aclosed()
        self._legs.clear()
        self._desk = None
        for call in self._joined:
            await call.near.hang_up("")
        self._joined.clear()
        await self._lines.aclose()

    def _call_ourselves(self, request: DialRequest, listener: LegListener) -> Leg:
        desk = self._desk
        if desk is None:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "no calls are taken here")
        self._joined = {call for call in self._joined if not call.over.is_set()}
        conditions = self.line or self._scenario.line or LineConditions()
        call_id = f"loopback-{request.callback_id}-{next(self._numbers)}"
        call = JoinedCall(call_id, self._clock, FrameLine(conditions))
        self._joined.add(call)
        called = _extension(request.to_number).removeprefix(OURSELVES)
        offer = InboundOffer(self.name, called, request.from_number, call.far.provider_call_id)

        def offered() -> None:
            # Cancelled in the meantime: nobody has heard of it.
            if not call.over.is_set():
                call.far.listener = desk.offered(offer, call.far)
                call.ring(request.ring_seconds)

        call.near.listener = listener
        # Not now: whoever dials must have its leg before it hears of it.
        asyncio.get_running_loop().call_soon(offered)
        return call.near

    def _who_is_at(self, target: str, request: DialRequest) -> Persona:
        """Who takes a call that is transferred to ``target``: a persona by its name, or whoever answers a number."""
        if target.startswith(("sip:", "sips:")):
            raise ProviderError(
                FailureKind.BAD_REQUEST, self.name, "a loopback call cannot be transferred to a SIP address"
            )
        extension = _extension(target)
        try:
            given = request.options.get("scenario")
            scenario = scenario_of(given) if given else self._scenario
        except ConfigurationError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, error.message) from error
        if extension not in scenario.numbers and extension not in scenario.personas and extension != target:
            raise causes.not_taken(causes.FAILED, target)
        return scenario.persona(extension)

    def _far_end(self, request: DialRequest) -> tuple[Persona, LineConditions | None]:
        """Who answers, and over what line."""
        user_data = request.options.get("user_data")
        wanted = user_data.get("persona", "") if isinstance(user_data, Mapping) else ""
        try:
            given = request.options.get("scenario")
            scenario = scenario_of(given) if given else self._scenario
            persona = scenario.persona(_extension(request.to_number), str(wanted or ""))
            line = request.options.get("line")
            own = line_of(line) if line else None
        except ConfigurationError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, error.message) from error
        return persona, self.line or own or persona.line or scenario.line


def _extension(address: str) -> str:
    """An address of this carrier is `loopback:<name or number>`; a plain number is looked up as it is."""
    return address.removeprefix("loopback:")


def _choice(explicit: str, agents: object, setting: str) -> str:
    if explicit:
        return explicit
    return SCRIPTED if agents == SCRIPTED else setting


def _ledger(path: str) -> DialLedger | None:
    """Where dials are written down. Raises ConfigurationError naming the file."""
    if not path:
        return None
    try:
        return DialLedger(Path(path))
    except OSError as error:
        raise ConfigurationError(f"CALLWRIGHT_LOOPBACK_LEDGER: {path} cannot be written: {error.strerror}") from error


def load_scenario(path: str) -> Scenario:
    """The scenario of a file; without a path the built-in callers. Raises ConfigurationError naming the file."""
    if not path:
        return Scenario()
    try:
        return read_scenario(Path(path).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"CALLWRIGHT_SCENARIO: {path} cannot be read: {error.strerror}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"CALLWRIGHT_SCENARIO: {path}: {error.message}") from error
