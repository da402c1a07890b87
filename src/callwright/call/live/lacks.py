"""What of an agent cannot be used here, by the registered plugins alone. ``call.live.availability`` adds what an organisation has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from callwright.call.live.equipment import LocalEars, check_model, transcriber_settings, voice_settings
from callwright.platform.agents.rules.availability import LEG_NAMES, LINE, MODEL, TRANSCRIBER, VOICE, Lack, LackKind
from callwright.platform.agents.rules.providers import knows_language
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.sip_trunks.rules import PROVIDER as TRUNK_CARRIER
from callwright.ports.failures import MissingError, ProviderError
from callwright.ports.registry import Plugin, PluginGetter, Registry, UnknownPluginError
from callwright.ports.speech import CheckingDetector, CheckingTranscriber, CheckingVoice

WRITE_A_PLUGIN = "see docs/how-to/write-a-plugin.md, or name one that is installed"
ADD_A_TRUNK = "POST /sip-trunks/trunks"


@dataclass(frozen=True, slots=True)
class Lines:
    """What an organisation has for its lines. ``keys``: names of its provider keys, in capitals."""

    keys: frozenset[str]
    has_trunk: bool
    has_active_trunk: bool


class PluginLacks:
    """``registry``: every plugin's descriptor; ``plugin`` makes them; ``ears``: the detector of recognisers that bring none."""

    def __init__(self, registry: Registry, plugin: PluginGetter, ears: LocalEars) -> None:
        self._registry = registry
        self._plugin = plugin
        self._ears = ears

    def of_line(self, lines: Lines, wanted: str, path: str) -> Iterator[Lack]:
        """Of the carrier ``wanted``, which the agent names at ``path``."""
        found = self._descriptor(LINE, wanted)
        if found is None:
            yield self._not_installed(LINE, path, wanted)
        elif found.name == TRUNK_CARRIER and not lines.has_active_trunk:
            yield Lack(
                LINE, path, wanted, LackKind.NO_TRUNK, f"the carrier {wanted!r} has no active SIP trunk", ADD_A_TRUNK
            )
        elif missing := found.missing_keys(lines.keys):
            remedy = f'POST /providers {{"provider_name": "{missing[0]}", "provider_value": "..."}}'
            lacks = "has no key" if not lines.keys & set(found.keys) else f"lacks {' and '.join(missing)}"
            yield Lack(LINE, path, wanted, LackKind.NO_KEY, f"the carrier {wanted!r} {lacks}", remedy)

    def of_speech(self, fitted: AgentSpec) -> Iterator[Lack]:
        """Of recogniser and voice."""
        found = list(self._heard(fitted, fitted.transcriber))
        yield from found
        if not any(lack.kind is not LackKind.LANGUAGE for lack in found):
            yield from self._detected(fitted.transcriber)
        yield from self._spoken(fitted.voice)

    def of_fallbacks(self, spec: AgentSpec, fitted: AgentSpec) -> Iterator[Lack]:
        """Of the fallbacks of recogniser, voice and model: a call does without those that lack something."""
        for choice in fitted.transcriber.fallbacks:
            yield from self._heard(fitted, choice)
        for choice in fitted.voice.fallbacks:
            yield from self._spoken(choice)
        for named, choice in zip(spec.model.fallbacks, fitted.model.fallbacks, strict=True):
            yield from self._of_model(choice, named.provider)

    def _heard(self, fitted: AgentSpec, choice: ProviderChoice) -> Iterator[Lack]:
        settings = transcriber_settings(fitted, choice)

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingTranscriber):
                plugin.check(settings)

        found = list(self._provider(TRANSCRIBER, choice, choice.provider, check))
        yield from found or self.of_language(TRANSCRIBER, choice)

    def _detected(self, choice: ProviderChoice) -> Iterator[Lack]:
        """The voice activity detector that the recogniser goes with (``equipment.equip``)."""
        name = choice.provider if self._descriptor("vad", choice.provider) else self._ears.vad

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingDetector):
                plugin.check()

        found = self._failure("vad", name, check)
        if found is not None:
            kind, why, remedy = found
            message = f"the voice activity detector {name!r} {why}"
            yield Lack(TRANSCRIBER, path_of(choice, "provider"), choice.provider, kind, message, remedy)

    def _spoken(self, choice: ProviderChoice) -> Iterator[Lack]:
        settings = voice_settings(choice)

        def check(plugin: Any) -> None:
            if isinstance(plugin, CheckingVoice):
                plugin.check(settings)

        found = list(self._provider(VOICE, choice, choice.provider, check))
        yield from found or self.of_language(VOICE, choice)

    def of_models(self, spec: AgentSpec, fitted: AgentSpec) -> Iterator[Lack]:
        """Of the model that replies and of those that are asked after the call, each section of the agent once. ``spec`` names them as the
        agent does; ``fitted`` has their access."""
        seen: set[tuple[str, str, str]] = set()
        for named, choice in zip(models_of(spec), models_of(fitted), strict=True):
            if (choice.path, choice.provider, choice.model) not in seen:
                seen.add((choice.path, choice.provider, choice.model))
                yield from self._of_model(choice, named.provider)

    def _of_model(self, choice: ProviderChoice, wanted: str) -> Iterator[Lack]:
        def check(plugin: Any) -> None:
            check_model(plugin, choice)

        return self._provider(MODEL, choice, wanted, check)

    def _provider(self, leg: str, choice: ProviderChoice, wanted: str, check: Callable[[Any], None]) -> Iterator[Lack]:
        path = path_of(choice, "provider")
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
        except ProviderError as error:
            return why_unusable(error)
        except UnknownPluginError:
            return LackKind.NOT_INSTALLED, "is not installed", WRITE_A_PLUGIN
        return None

    def languages(self, leg: str, choice: ProviderChoice) -> tuple[str, ...]:
        """What a recogniser or voice hears or speaks; empty for any language."""
        found = self._descriptor(leg, choice.provider)
        return () if found is None else found.languages_of(choice.voice)

    def of_language(self, leg: str, choice: ProviderChoice) -> Iterator[Lack]:
        """Of a recogniser's or voice's language."""
        languages = self.languages(leg, choice)
        if not knows_language(languages, choice.language):
            does = "hears" if leg == TRANSCRIBER else "speaks"
            message = (
                f"the {LEG_NAMES[leg]} {choice.provider!r} {does} only {', '.join(languages)}, not {choice.language!r}"
            )
            remedy = f"name a {LEG_NAMES[leg]} that {does} it"
            yield Lack(leg, path_of(choice, "language"), choice.language, LackKind.LANGUAGE, message, remedy)

    def _descriptor(self, kind: str, name: str) -> Plugin | None:
        kind = "carrier" if kind == LINE else kind
        return self._registry.find(kind, name) if self._registry.has(kind, name) else None

    def _not_installed(self, leg: str, path: str, wanted: str) -> Lack:
        kind = "carrier" if leg == LINE else leg
        there = ", ".join(sorted(one.name for one in self._registry.all() if one.kind == kind)) or "none"
        message = f"no plugin for the {LEG_NAMES[leg]} {wanted!r} is installed; installed are {there}"
        return Lack(leg, path, wanted, LackKind.NOT_INSTALLED, message, WRITE_A_PLUGIN)


def why_unusable(error: ProviderError) -> tuple[LackKind, str, str]:
    """What a provider lacks, in words that continue its name, and the remedy, from what its check raised."""
    if isinstance(error, MissingError):
        return error.lack, error.reason, error.remedy
    return LackKind.UNUSABLE, f"cannot be used, {error.message}", ""


def models_of(spec: AgentSpec) -> tuple[ProviderChoice, ...]:
    """The model that replies, then those that are asked after the call."""
    after = (*spec.post_call, *(() if spec.custom_questions is None else (spec.custom_questions,)))
    return (spec.model, *(task.model for task in after))


def path_of(choice: ProviderChoice, name: str) -> str:
    """Where the agent says something of a provider, empty where it names none."""
    return f"{choice.path}.{name}" if choice.path else ""
