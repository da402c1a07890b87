"""What can be used of an agent here, over the registered plugins and what an organisation has (``platform.availability``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.call.live.access import TenantAccess
from callwright.call.live.equipment import LocalEars
from callwright.call.live.lacks import Lines, PluginLacks, models_of, path_of
from callwright.domain.errors import CallwrightError
from callwright.domain.number import E164, LOOPBACK
from callwright.domain.provider_table import CARRIER_KEYS
from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agent_settings.rules.conversation import ConversationSettings
from callwright.platform.agent_settings.rules.providers import ENDPOINTING
from callwright.platform.agents.rules.availability import (
    LINE,
    MODEL,
    TRANSCRIBER,
    VOICE,
    Lack,
    LackKind,
    Line,
    Provision,
    StandIn,
    model_in_place,
    refusal,
)
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, PostCallTask, ProviderChoice, ProviderDefaults
from callwright.platform.sip_trunks.rules import PROVIDER as TRUNK_CARRIER
from callwright.platform.unit import Unit
from callwright.ports.registry import Plugin, PluginGetter, Registry

AUTO, ALWAYS, NEVER = "auto", "always", "never"
"""CALLWRIGHT_SANDBOX: an account without a carrier is a sandbox, or every account is, or none."""

NO_PHONE = "the carrier 'loopback' rings no phones, it plays synthetic callers"
NOBODY_RANG = "no phone was rung: a synthetic caller played the call"
CONNECT = "to call phones, connect a carrier: docs/how-to/carriers.md, or POST /sip-trunks/trunks"
NO_ACCOUNT_DIALS = "every account is a sandbox here, which calls no phone numbers"
ONLY_UNCONNECTED = "set CALLWRIGHT_SANDBOX=auto"


@dataclass(frozen=True, slots=True)
class AvailabilitySettings:
    """``carrier``: the line of agents that name none; ``defaults``: the providers of those; ``sandbox``: AUTO, ALWAYS or NEVER."""

    carrier: str = LOOPBACK
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)
    ears: LocalEars = field(default_factory=LocalEars)
    sandbox: str = AUTO


class PluginAvailability:
    """``platform.availability.Availability``. ``registry``: every plugin's descriptor; ``plugin`` makes them."""

    def __init__(
        self, registry: Registry, plugin: PluginGetter, access: TenantAccess, settings: AvailabilitySettings
    ) -> None:
        self._registry = registry
        self._lacks = PluginLacks(registry, plugin, settings.ears)
        self._access = access
        self._settings = settings

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """See :class:`Availability`."""
        return self._is_connected(await _lines(unit, tenant_id))

    async def lacks(
        self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = TELEPHONY_PROVIDER.default
    ) -> tuple[Lack, ...]:
        """See :class:`Availability`."""
        lines = await _lines(unit, tenant_id)
        of_line = self._lines_lacking(lines, self._named(carrier), spec.telephony_path) if carrier else ()
        fitted = await self._access.fit_in(unit, tenant_id, spec)
        of_fallbacks = self._lacks.of_fallbacks(spec, fitted)
        return (*of_line, *self._lacking(spec, fitted, Line()), *of_fallbacks)

    async def provide(self, unit: Unit, tenant_id: str, spec: AgentSpec, line: Line) -> Provision:
        """See :class:`Availability`."""
        lines = await _lines(unit, tenant_id)
        sandbox = not self._is_connected(lines)
        carrier, of_line = self._lined(lines, spec, line, sandbox=sandbox)
        fitted = await self._access.fit_in(unit, tenant_id, spec)
        lacking = self._lacking(spec, fitted, line)
        if not lacking:
            return Provision(self._usable(spec, fitted), carrier, sandbox, of_line)
        if not sandbox:
            raise refusal(lacking[0])
        stood = self._stood_in(spec, lacking)
        fitted = await self._access.fit_in(unit, tenant_id, stood)
        left = self._lacking(stood, fitted, line)
        for lack in left:
            if lack.kind is not LackKind.LANGUAGE:
                raise refusal(lack)
        entries = (*of_line, *_replaced(spec, stood, lacking), *self._unknown_languages(stood, left))
        usable = self._usable(stood, self._in_known_language(fitted, left))
        return Provision(usable, carrier, sandbox, tuple(dict.fromkeys(entries)))

    def _usable(self, spec: AgentSpec, fitted: AgentSpec) -> AgentSpec:
        """The agent without the fallbacks that lack something."""
        lacking = {lack.path.rpartition(".")[0] for lack in self._lacks.of_fallbacks(spec, fitted)}

        def with_usable(choice: ProviderChoice) -> ProviderChoice:
            kept = tuple(one for one in choice.fallbacks if one.path not in lacking)
            return replace(choice, fallbacks=kept) if lacking else choice

        return replace(
            fitted,
            transcriber=with_usable(fitted.transcriber),
            voice=with_usable(fitted.voice),
            model=with_usable(fitted.model),
        )

    async def foresee(self, unit: Unit, tenant_id: str, body: Mapping[str, Any], line: Line) -> dict[str, Any]:
        """See :class:`Availability`."""
        try:
            spec = parse_agent(body, defaults=self._settings.defaults)
            return (await self.provide(unit, tenant_id, spec, line)).as_wire()
        except CallwrightError:
            return {"sandbox": not await self.connected(unit, tenant_id), "stand_ins": []}

    def of_this_server(self) -> tuple[Lack, ...]:
        """What the server's own recogniser, voice and model lack."""
        own = self._settings.defaults
        ear, mind, mouth = (ProviderChoice(name) for name in (own.transcriber, own.model, own.voice))
        spec = AgentSpec("", "", "", ear, mind, mouth, ConversationSettings())
        return self._lacking(spec, spec, Line())

    def _is_connected(self, lines: Lines) -> bool:
        if self._settings.sandbox != AUTO:
            return self._settings.sandbox == NEVER
        carriers = self._carriers()
        installed = {_first_word(name) for plugin in carriers for name in plugin.keys}
        # Nobody knows which keys a carrier needs that is not installed.
        others = any(_first_word(name) in CARRIER_KEYS and _first_word(name) not in installed for name in lines.keys)
        return lines.has_trunk or others or any(not plugin.missing_keys(lines.keys) for plugin in carriers)

    def _lines_lacking(self, lines: Lines, wanted: str, path: str) -> tuple[Lack, ...]:
        """Of the line to a phone number, which in a connected account is never the test line."""
        if wanted == LOOPBACK and self._is_connected(lines):
            return (self._no_phones(lines, wanted, path),)
        return tuple(self._lacks.of_line(lines, wanted, path))

    def _no_phones(self, lines: Lines, wanted: str, path: str) -> Lack:
        """Of an agent on the test line. The remedy names the carriers that the organisation has connected."""
        there = [TRUNK_CARRIER] if lines.has_active_trunk else []
        there += [one.name for one in self._carriers() if not one.missing_keys(lines.keys)]
        names = " or ".join(repr(name) for name in there)
        remedy = f"set the agent's telephony_provider to {names}" if there else CONNECT
        return Lack(LINE, path, wanted, LackKind.NO_PHONE_LINE, NO_PHONE, remedy)

    def _carriers(self) -> list[Plugin]:
        """The installed carriers that need keys."""
        return [plugin for plugin in self._registry.all() if plugin.kind == "carrier" and plugin.keys]

    def _named(self, carrier: str) -> str:
        return self._settings.carrier if carrier == TELEPHONY_PROVIDER.default else carrier

    def _lacking(self, spec: AgentSpec, fitted: AgentSpec, line: Line) -> tuple[Lack, ...]:
        of_speech = self._lacks.of_speech(fitted) if line.has_sound else ()
        return (*of_speech, *self._lacks.of_models(spec, fitted))

    def _lined(self, lines: Lines, spec: AgentSpec, line: Line, *, sandbox: bool) -> tuple[str, tuple[StandIn, ...]]:
        """The carrier of a call, and what it stands in for. Raises LackingError."""
        to = line.destination
        if to is None or to.kind != E164:
            # A test line that was asked for by its address stands in for nothing.
            return line.carrier or ("" if to is None else to.kind), ()
        wanted, path = self._named(spec.telephony_provider), spec.telephony_path
        lack = next(self._lacks.of_line(lines, wanted, path), None) or self._held_back(wanted, path)
        own = LOOPBACK if self._settings.sandbox == ALWAYS else self._settings.carrier
        used = line.carrier or (wanted if lack is None else own)
        held_back = self._held_back(used, path if used == wanted else "")
        if held_back is not None:
            # Placed when the setting was another one, or a call back over a trunk.
            raise refusal(held_back)
        if used != LOOPBACK:
            for of_used in self._lacks.of_line(lines, used, path if used == wanted else ""):
                raise refusal(of_used)
            if lack is None or (line.carrier and not sandbox):
                # Also a call back over the line on which the first call came in.
                return used, ()
        if not sandbox:
            raise refusal(lack or self._no_phones(lines, wanted, path))
        if lack is None:
            return used, (StandIn(LINE, spec.telephony_provider, used, NOBODY_RANG, CONNECT),)
        reason = f"{lack.message}; {NOBODY_RANG}" if used == LOOPBACK else lack.message
        return used, (StandIn(LINE, spec.telephony_provider, used, reason, lack.remedy),)

    def _held_back(self, carrier: str, path: str) -> Lack | None:
        """Where every account is a sandbox, a carrier that could ring somebody's phone is lacking: what stands in would talk to them."""
        if self._settings.sandbox != ALWAYS or carrier == LOOPBACK:
            return None
        return Lack(LINE, path, carrier, LackKind.NO_PHONE_LINE, NO_ACCOUNT_DIALS, ONLY_UNCONNECTED)

    def _stood_in(self, spec: AgentSpec, lacking: Sequence[Lack]) -> AgentSpec:
        """The agent with the server's own providers in place of those that lack something, without the settings of the others: voices,
        models and pauses of one provider mean nothing to another."""
        ear = self._speech(TRANSCRIBER, spec.transcriber, lacking)
        paths = {lack.path for lack in lacking if lack.leg == MODEL}

        def model(choice: ProviderChoice) -> ProviderChoice:
            stays = path_of(choice, "provider") not in paths
            return choice if stays else model_in_place(choice, self._settings.defaults.model)

        def task(one: PostCallTask) -> PostCallTask:
            return replace(one, model=model(one.model))

        return replace(
            spec,
            transcriber=ear,
            endpointing_ms=spec.endpointing_ms if ear is spec.transcriber else ENDPOINTING.default,
            voice=self._speech(VOICE, spec.voice, lacking),
            model=model(spec.model),
            post_call=tuple(task(one) for one in spec.post_call),
            custom_questions=None if spec.custom_questions is None else task(spec.custom_questions),
        )

    def _speech(self, leg: str, choice: ProviderChoice, lacking: Sequence[Lack]) -> ProviderChoice:
        kinds = {lack.kind for lack in lacking if lack.leg == leg}
        defaults = self._settings.defaults
        name = defaults.transcriber if leg == TRANSCRIBER else defaults.voice
        own = ProviderChoice(name, language=choice.language, path=choice.path)
        if not kinds or (kinds == {LackKind.LANGUAGE} and any(self._lacks.of_language(leg, own))):
            return choice
        return own

    def _unknown_languages(self, stood: AgentSpec, left: Sequence[Lack]) -> Iterator[StandIn]:
        for lack in left:
            choice = stood.transcriber if lack.leg == TRANSCRIBER else stood.voice
            known = ", ".join(self._lacks.languages(lack.leg, choice))
            yield StandIn(lack.leg, lack.wanted, known, lack.message, lack.remedy)

    def _in_known_language(self, fitted: AgentSpec, left: Sequence[Lack]) -> AgentSpec:
        """The recogniser is told a language that it knows. The voice's stays: it decides which of the agent's texts are taken."""
        if not any(lack.leg == TRANSCRIBER for lack in left):
            return fitted
        language = self._lacks.languages(TRANSCRIBER, fitted.transcriber)[0]
        return replace(fitted, transcriber=replace(fitted.transcriber, language=language))


def _first_word(key: str) -> str:
    return key.partition("_")[0]


def _replaced(spec: AgentSpec, stood: AgentSpec, lacking: Sequence[Lack]) -> Iterator[StandIn]:
    """What stands in for a provider. A language that the agent's own provider does not know is told apart, where none does."""
    for lack in lacking:
        wanted, used = _sections(spec, lack.leg), _sections(stood, lack.leg)
        for before, after in zip(wanted, used, strict=True):
            if before is not after and lack.path.rpartition(".")[0] == before.path:
                yield StandIn(lack.leg, _provider(lack, before), after.provider, lack.message, lack.remedy)
                break


def _provider(lack: Lack, choice: ProviderChoice) -> str:
    return choice.provider if lack.kind is LackKind.LANGUAGE else lack.wanted


def _sections(spec: AgentSpec, leg: str) -> tuple[ProviderChoice, ...]:
    if leg == MODEL:
        return models_of(spec)
    return (spec.transcriber if leg == TRANSCRIBER else spec.voice,)


async def _lines(unit: Unit, tenant_id: str) -> Lines:
    keys, trunks = await unit.accounts.lines(tenant_id)
    return Lines(keys, bool(trunks), any(trunks))
