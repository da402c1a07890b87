"""What a call works with, chosen by its agent from the registered plugins, and how each is told what the agent wants."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.failover import ConnectedProvider, Failover, Link, ModelChain, VoiceChain
from callwright.call.live.hear import Ears
from callwright.call.live.say import Speaker
from callwright.call.live.session import Equipment, Listening
from callwright.call.live.think import Thinker
from callwright.call.live.tools import ToolRunner
from callwright.call.live.transcriber_chain import TranscriberChain
from callwright.conversation.plan import CallPlan
from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_KEYWORDS
from callwright.ops.clock import SystemClock
from callwright.platform.agent_settings.rules.providers import MAX_TOKENS, TEMPERATURE
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.prices.rules import BilledAs, as_written
from callwright.ports.billing import Billing, BillingSettings, billed_as
from callwright.ports.failures import ProviderError
from callwright.ports.model import CheckingModel, FixedAnswers, Model, ModelSettings, costs_nothing
from callwright.ports.registry import PluginGetter, UnknownPluginError
from callwright.ports.speech import (
    CheckingDetector,
    Transcriber,
    TranscriberSettings,
    TurnModel,
    Voice,
    VoiceSettings,
    reading_pause_ms,
)
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

NO_TURN_MODEL = "none"

_Plugin = TypeVar("_Plugin", bound=Billing)
_Settings = TypeVar("_Settings", bound=BillingSettings)


@dataclass(frozen=True, slots=True)
class LocalEars:
    """Settings: which voice activity detector and turn model this process uses (``none``: no turn model)."""

    vad: str = "local"
    turn: str = "local"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a call is equipped from. The way it gets its leg may change that (``dialling.Connection.fit``): a chat has no sound.
    ``breakers``: those of the process, by the times of ``clock``."""

    spec: AgentSpec
    plugin: PluginGetter
    ears: LocalEars
    sound: bool = True
    breakers: Breakers = field(default_factory=Breakers)
    clock: Clock = field(default_factory=SystemClock)


def need(plugin: PluginGetter, kind: str, name: str) -> Any:
    """The plugin, or a ConfigurationError that says which one the call lacks."""
    try:
        return plugin(kind, name)
    except UnknownPluginError as error:
        raise ConfigurationError(
            f"the agent needs the {kind} {name!r}, which is not installed here ({error})"
        ) from error
    except ProviderError as error:
        raise ConfigurationError(f"the {kind} {name!r} cannot be used: {error.message}") from error


def need_model(plugin: PluginGetter, choice: ProviderChoice) -> Model:
    """The model plugin, which could answer with these settings as far as it knows. Raises ConfigurationError."""
    model: Model = need(plugin, "model", choice.provider)
    try:
        check_model(model, choice)
    except ProviderError as error:
        raise ConfigurationError(f"the model {choice.provider!r} cannot be used: {error.message}") from error
    return model


def check_model(model: Model, choice: ProviderChoice) -> None:
    """Raises ProviderError when the model knows that it cannot answer with these settings (``ports.model.FreeModel``)."""
    if isinstance(model, CheckingModel):
        model.check(model_settings(choice))


def billed_by(plugin: PluginGetter) -> BilledAs:
    """Returns what the registered plugins bill an agent's choices as, a choice without a plugin as it is written."""

    def billed(kind: str, choice: ProviderChoice) -> tuple[str, str]:
        try:
            return billed_as(plugin(kind, choice.provider), _SETTINGS[kind](choice))
        except (UnknownPluginError, ProviderError):
            return as_written(kind, choice)

    return billed


def equip(needs: Needs, variables: Mapping[str, str], tools: ToolRunner) -> Equipment:
    """Everything the call needs. Raises ConfigurationError naming what is missing."""
    plugin, spec, ears = needs.plugin, needs.spec, needs.ears
    turn_name, turn_model = _turn_model(plugin, spec.transcriber.provider, ears.turn)
    chains = _Chains(needs, Failover(needs.breakers, needs.clock))
    transcriber = chains.transcriber()
    return Equipment(
        listening=Listening(
            transcriber=transcriber,
            provider=spec.transcriber.provider,
            settings=transcriber_settings(spec),
        ),
        ears=Ears(
            vad=_own_or(plugin, "vad", spec.transcriber.provider, ears.vad).open(),
            turn_model=turn_model,
            transcriber_name=spec.transcriber.provider,
            turn_model_name=turn_name,
            reading_pause_ms=reading_pause_ms(transcriber),
        ),
        thinker=Thinker(
            model=chains.model(),
            provider=spec.model.provider,
            settings=model_settings(spec.model),
            variables=variables,
        ),
        speaker=Speaker(
            voice=chains.voice(),
            provider=spec.voice.provider,
            settings=voice_settings(spec.voice),
        ),
        tools=tools,
        sound=needs.sound,
        failover=chains.failover,
    )


class _Chains:
    """Makes the recogniser, voice and model of a call: a chain where the agent names fallbacks that can be had, else the plugin itself."""

    def __init__(self, needs: Needs, failover: Failover) -> None:
        self._plugin = needs.plugin
        self._spec = needs.spec
        self.failover = failover

    def transcriber(self) -> Transcriber:
        spec = self._spec
        first: Transcriber = need(self._plugin, "transcriber", spec.transcriber.provider)

        def get(choice: ProviderChoice) -> Transcriber:
            found: Transcriber = need(self._plugin, "transcriber", choice.provider)
            return found

        links = self._links("transcriber", spec.transcriber, first, get, lambda one: transcriber_settings(spec, one))
        return TranscriberChain(links, self.failover, spec.transcriber.fallback_after_ms) if links[1:] else first

    def voice(self) -> Voice:
        choice = self._spec.voice
        first: Voice = need(self._plugin, "voice", choice.provider)

        def get(choice: ProviderChoice) -> Voice:
            found: Voice = need(self._plugin, "voice", choice.provider)
            return found

        links = self._links("voice", choice, first, get, voice_settings)
        return VoiceChain(links, self.failover, choice.fallback_after_ms) if links[1:] else first

    def model(self) -> Model:
        choice = self._spec.model
        first = need_model(self._plugin, choice)
        links = self._links("model", choice, first, lambda one: need_model(self._plugin, one), model_settings)
        return ModelChain(links, self.failover, choice.fallback_after_ms) if links[1:] else first

    def _links(
        self,
        kind: str,
        choice: ProviderChoice,
        first: _Plugin,
        get: Callable[[ProviderChoice], _Plugin],
        settings: Callable[[ProviderChoice], _Settings],
    ) -> list[Link[_Plugin, _Settings]]:
        """The provider and those of its fallbacks that can be had."""
        choices = (choice, *choice.fallbacks)
        links: list[Link[_Plugin, _Settings]] = []
        for one in choices:
            try:
                plugin = first if one is choice else get(one)
            except ConfigurationError as error:
                _LOG.warning("a fallback is left out: %s", error.message)
                continue
            alike = [other for other in choices if other.provider == one.provider]
            label = f"{one.provider} {one.model}".strip() if alike[1:] else one.provider
            service = Service(kind, one.provider, _address(one), _account(one), one.model)
            connection = ConnectedProvider(kind, one.provider, one.model, one.voice, one.language)
            links.append(Link(connection, plugin, settings(one), service, label))
        return links


def _address(choice: ProviderChoice) -> str:
    return choice.access.base_url or str(choice.options.get("base_url") or "")


def _account(choice: ProviderChoice) -> str:
    """A digest of the keys, empty where there are none: whose failures are whose."""
    keys = sorted(choice.access.keys.items())
    return hashlib.sha256(repr(keys).encode()).hexdigest() if keys else ""


def fixed_answers_of(model: Model, settings: ModelSettings) -> Sequence[str]:
    """The answers that a model has word for word from the agent."""
    return model.fixed_answers(settings) if isinstance(model, FixedAnswers) else ()


def with_options(spec: AgentSpec, options: Mapping[str, Any]) -> AgentSpec:
    """The agent as one call wants it: ``agent_data.voice_id`` replaces the voice (contract 3.2)."""
    data = options.get("agent_data")
    voice_id = data.get("voice_id") if isinstance(data, Mapping) else None
    if isinstance(voice_id, str) and voice_id:
        return replace(spec, voice=replace(spec.voice, voice=voice_id))
    return spec


def fitting(plan: CallPlan, equipment: Equipment, speculates: bool | None = False) -> CallPlan:
    """The plan as this equipment allows it: no turn model where there is none, and the model asked in vain only where it may be."""
    plan = replace(plan, speculate=plan.speculate or may_speculate(equipment.thinker.model, speculates))
    return replace(plan, turn_model=False) if equipment.ears.turn_model is None else plan


def may_speculate(model: Model, speculates: bool | None) -> bool:
    """Whether the model may be asked in vain; where the agent does not say so (``speculates`` None), if that costs nothing
    (``ports.model.FreeModel``)."""
    return costs_nothing(model) if speculates is None else speculates


def model_settings(choice: ProviderChoice) -> ModelSettings:
    """How the agent wants its model to answer."""
    options = choice.options
    temperature = options.get("temperature")
    return ModelSettings(
        model=choice.model,
        max_tokens=int(options.get("max_tokens") or MAX_TOKENS.default),
        temperature_milli=round(float(TEMPERATURE.default if temperature is None else temperature) * 1000),
        options=options,
        access=choice.access,
    )


def transcriber_settings(spec: AgentSpec, fallback: ProviderChoice | None = None) -> TranscriberSettings:
    """How the agent wants to hear, or how a fallback of its recogniser hears for it."""
    first = spec.transcriber
    settings = _transcriber_settings(fallback or first)
    keywords = settings.keywords or keywords_of(first.options)
    return replace(settings, endpointing_ms=spec.endpointing_ms, keywords=keywords)


def _transcriber_settings(choice: ProviderChoice) -> TranscriberSettings:
    return TranscriberSettings(
        language=choice.language,
        model=choice.model,
        keywords=keywords_of(choice.options),
        options=choice.options,
        access=choice.access,
    )


def voice_settings(choice: ProviderChoice) -> VoiceSettings:
    """How the agent sounds."""
    return VoiceSettings(
        voice=choice.voice,
        model=choice.model,
        language=choice.language,
        options=choice.options,
        access=choice.access,
    )


_SETTINGS: Mapping[str, Callable[[ProviderChoice], BillingSettings]] = {
    "transcriber": _transcriber_settings,
    "voice": voice_settings,
    "model": model_settings,
}


def keywords_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """``keywords`` of a recogniser, as a list or as text with commas; a boost after a colon is left out."""
    given = options.get("keywords")
    parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list | tuple) else ()
    words = (str(part).partition(":")[0].strip() for part in parts)
    return tuple(word for word in words if word)[:MAX_KEYWORDS]


def _own_or(plugin: PluginGetter, kind: str, provider: str, setting: str) -> Any:
    """The plugin that comes with the agent's recogniser, else the one of the settings: what detects voice must fit what is heard."""
    try:
        return plugin(kind, provider)
    except UnknownPluginError:
        return need(plugin, kind, setting)


def _turn_model(plugin: PluginGetter, provider: str, setting: str) -> tuple[str, TurnModel | None]:
    if setting == NO_TURN_MODEL:
        return "", None
    for name in (provider, setting):
        try:
            found: TurnModel = plugin("turn", name)
            if isinstance(found, CheckingDetector):
                found.check()
        except (UnknownPluginError, ProviderError):
            continue
        return name, found
    return "", None


def without_call_backs(spec: AgentSpec) -> AgentSpec:
    """The agent of a call in which it cannot promise to call back: its prompt does not speak of it."""
    settings = spec.settings
    return replace(spec, settings=replace(settings, extra={**settings.extra, "auto_reschedule": False}))
