"""What can be used of an agent here, over the registered plugins and what an organisation has (``ports.availability``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from callwright.call.live.access import TenantAccess, owner_of
from callwright.call.live.equipment import LocalEars, check_model, transcriber_settings, voice_settings
from callwright.domain.agent.providers import knows_language
from callwright.domain.agent.spec import AgentSpec, ProviderChoice
from callwright.domain.availability import LEG_NAMES, LINE, MODEL, TRANSCRIBER, VOICE, Lack, LackKind
from callwright.domain.number import LOOPBACK
from callwright.domain.provider_table import CARRIER_KEYS
from callwright.domain.sip_trunk import PROVIDER as TRUNK_CARRIER
from callwright.ports.failures import MissingError, ProviderError
from callwright.ports.ledger import Unit
from callwright.ports.registry import Plugin, PluginGetter, Registry, UnknownPluginError
from callwright.ports.speech import CheckingTranscriber, CheckingVad, CheckingVoice

WRITE_A_PLUGIN = "see docs/how-to/write-a-plugin.md, or name one that is installed"
ADD_A_TRUNK = "POST /sip-trunks/trunks"

AUTO, ALWAYS, NEVER = "auto", "always", "never"
"""CALLWRIGHT_SANDBOX: an account without a carrier is a sandbox, or every account is, or none."""


@dataclass(frozen=True, slots=True)
class AvailabilitySettings:
    """``carrier``: the line of agents that name none; ``sandbox``: AUTO, ALWAYS or NEVER."""

    carrier: str = LOOPBACK
    ears: LocalEars = field(default_factory=LocalEars)
    sandbox: str = AUTO


@dataclass(frozen=True, slots=True)
class _Standing:
    """What an organisation has for its lines. ``keys``: names of provider keys in capitals; ``trunks``: whether there is one, or an active
    one."""

    keys: frozenset[str]
    any_trunk: bool
    active_trunk: bool


class PluginAvailability:
    """``ports.availability.Availability``. ``registry``: every plugin's descriptor; ``plugin`` makes them."""

    def __init__(
        self,
        registry: Registry,
        plugin: PluginGetter,
        access: TenantAccess,
        settings: AvailabilitySettings,
    ) -> None:
        self._registry = registry
        self._plugin = plugin
        self._access = access
        self._settings = settings

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """See :class:`Availability`."""
        if self._settings.sandbox != AUTO:
            return self._settings.sandbox == NEVER
        return self._is_connected(await _standing(unit, tenant_id))

    async def lacks(self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = "default") -> tuple[Lack, ...]:
        """See :class:`Availability`."""
        lines = self._line(await _standing(unit, tenant_id), spec, carrier) if carrier else ()
        fitted = await self._access.fit_in(unit, tenant_id, spec)
        return (*lines, *self._heard(spec, fitted), *self._spoken(fitted), *self._thought(spec, fitted))

    def _is_connected(self, standing: _Standing) -> bool:
        if standing.any_trunk:
            return True
        own = {
            name
            for plugin in self._registry.all()
            if plugin.kind == "carrier"
            for name in plugin.keys
            if name in standing.keys
        }
        return bool(own) or any(name.partition("_")[0] in CARRIER_KEYS for name in standing.keys)

    def _line(self, standing: _Standing, spec: AgentSpec, carrier: str) -> Iterator[Lack]:
        wanted = self._settings.carrier if carrier == "default" else carrier
        found = self._descriptor("carrier", wanted)
        path = spec.telephony_path
        if found is None:
            yield self._not_installed(LINE, path, wanted)
        elif found.name == TRUNK_CARRIER and not standing.active_trunk:
            yield Lack(
                LINE, path, wanted, LackKind.NO_TRUNK, f"the carrier {wanted!r} has no active SIP trunk", ADD_A_TRUNK
            )
        elif found.keys and not standing.keys & set(found.keys):
            remedy = f'POST /providers {{"provider_name": "{found.keys[0]}", "provider_value": "..."}}'
            yield Lack(LINE, path, wanted, LackKind.NO_KEY, f"the carrier {wanted!r} has no key", remedy)

    def _heard(self, spec: AgentSpec, fitted: AgentSpec) -> Iterator[Lack]:
        choice = fitted.transcriber
        settings = transcriber_settings(fitted)

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingTranscriber):
                plugin.check(settings)

        found = list(self._provider(TRANSCRIBER, choice, choice.provider, check))
        yield from found or self._language(TRANSCRIBER, choice)
        if not found:
            yield from self._detected(choice)

    def _detected(self, choice: ProviderChoice) -> Iterator[Lack]:
        """The voice activity detector that the recogniser goes with (``equipment.equip``)."""
        name = choice.provider if self._descriptor("vad", choice.provider) else self._settings.ears.vad

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingVad):
                plugin.check()

        found = self._failure("vad", name, check)
        if found is not None:
            kind, why, remedy = found
            message = f"the voice activity detector {name!r} {why}"
            yield Lack(TRANSCRIBER, _at(choice, "provider"), choice.provider, kind, message, remedy)

    def _spoken(self, fitted: AgentSpec) -> Iterator[Lack]:
        choice = fitted.voice
        settings = voice_settings(choice)

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingVoice):
                plugin.check(settings)

        found = list(self._provider(VOICE, choice, choice.provider, check))
        yield from found or self._language(VOICE, choice)

    def _thought(self, spec: AgentSpec, fitted: AgentSpec) -> Iterator[Lack]:
        """Of the model that replies and of those that are asked after the call, each section of the agent once."""
        seen: set[tuple[str, str, str]] = set()
        for named, choice in zip(models_of(spec), models_of(fitted), strict=True):
            if (choice.path, choice.provider, choice.model) not in seen:
                seen.add((choice.path, choice.provider, choice.model))
                yield from self.model_lacks(choice, named.provider)

    def model_lacks(self, choice: ProviderChoice, wanted: str) -> Iterator[Lack]:
        """What a model that has its access lacks. ``wanted``: the provider as the agent names it."""

        def check(plugin: Any) -> None:
            check_model(plugin, choice)

        return self._provider(MODEL, choice, wanted, check)

    def _provider(self, leg: str, choice: ProviderChoice, wanted: str, check: Callable[[Any], None]) -> Iterator[Lack]:
        path = _at(choice, "provider")
        if self._descriptor(leg, choice.provider) is None:
            yield self._not_installed(leg, path, wanted)
            return
        found = self._failure(leg, choice.provider, check)
        if found is not None:
            kind, why, remedy = found
            yield Lack(leg, path, wanted, kind, f"the {LEG_NAMES[leg]} {wanted!r} {why}", remedy)

    def _failure(self, kind: str, name: str, check: Callable[[Any], None]) -> tuple[LackKind, str, str] | None:
        """Why a plugin cannot be used, and the remedy; None when it can."""
        try:
            check(self._plugin(kind, name))
        except MissingError as error:
            return error.lack, error.reason, error.remedy
        except ProviderError as error:
            return LackKind.UNUSABLE, f"cannot be used, {error.message}", ""
        except UnknownPluginError:
            return LackKind.NOT_INSTALLED, "is not installed", WRITE_A_PLUGIN
        return None

    def _language(self, leg: str, choice: ProviderChoice) -> Iterator[Lack]:
        found = self._descriptor(leg, choice.provider)
        languages = () if found is None else found.languages_of(choice.voice)
        if not knows_language(languages, choice.language):
            does = "hears" if leg == TRANSCRIBER else "speaks"
            message = (
                f"the {LEG_NAMES[leg]} {choice.provider!r} {does} only {', '.join(languages)}, not {choice.language!r}"
            )
            remedy = f"name a {LEG_NAMES[leg]} that {does} it"
            yield Lack(leg, _at(choice, "language"), choice.language, LackKind.LANGUAGE, message, remedy)

    def _descriptor(self, kind: str, name: str) -> Plugin | None:
        kind = "carrier" if kind == LINE else kind
        return self._registry.find(kind, name) if self._registry.has(kind, name) else None

    def _not_installed(self, leg: str, path: str, wanted: str) -> Lack:
        kind = "carrier" if leg == LINE else leg
        there = ", ".join(sorted(one.name for one in self._registry.all() if one.kind == kind)) or "none"
        message = f"no plugin for the {LEG_NAMES[leg]} {wanted!r} is installed; installed are {there}"
        return Lack(leg, path, wanted, LackKind.NOT_INSTALLED, message, WRITE_A_PLUGIN)


def models_of(spec: AgentSpec) -> tuple[ProviderChoice, ...]:
    """The model that replies, then those that are asked after the call."""
    after = (*spec.post_call, *(() if spec.custom_questions is None else (spec.custom_questions,)))
    return (spec.model, *(task.model for task in after))


def _at(choice: ProviderChoice, name: str) -> str:
    return f"{choice.path}.{name}" if choice.path else ""


async def _standing(unit: Unit, tenant_id: str) -> _Standing:
    owner = await owner_of(unit, tenant_id)
    keys = frozenset(key.name.upper() for key in await unit.provider_keys.all(owner))
    trunks = await unit.trunks.all(owner)
    return _Standing(keys, bool(trunks), any(trunk.is_active for trunk in trunks))
