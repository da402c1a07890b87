"""Plugins of one process: found through the entry points, made on first use, shared from then on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any

from callwright.call.live.equipment import NO_TURN_MODEL
from callwright.domain.errors import CallwrightError, ConfigurationError
from callwright.ops.settings import SETTINGS, Settings
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import ENTRY_POINT_GROUP, Closable, Plugin, PluginContext, Registry, ReportsHealth
from callwright.providers.local.manifest import ARTEFACTS
from callwright.providers.pronouncing import PronouncingVoice

_LOG = logging.getLogger(__name__)


def installed_plugins() -> Registry:
    """Every plugin of the entry point group, built-in or not. One that cannot be loaded is left out with a warning.

    Raises ConfigurationError when two packages claim the same name.
    """
    registry = Registry()
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda found: found.name):
        try:
            plugins: tuple[Plugin, ...] = entry_point.load()
        # Boundary: plugins are other people's code, and one of them must not stop every command.
        except Exception as error:  # noqa: BLE001
            _LOG.warning("the plugins of %s cannot be loaded: %s: %s", entry_point.name, type(error).__name__, error)
            continue
        for plugin in plugins:
            try:
                registry.add(plugin)
            except ValueError as error:
                raise ConfigurationError(f"plugins of {entry_point.name}: {error}") from error
    return registry


#: Settings that name a plugin -> its kind, and what they may say instead of a name.
_NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "carrier": ("carrier", ()),
    "transcriber": ("transcriber", ()),
    "model": ("model", ()),
    "voice": ("voice", ()),
    "vad": ("vad", ()),
    "turn": ("turn", (NO_TURN_MODEL,)),
    "loopback_voice": ("voice", ()),
    "loopback_ears": ("transcriber", ()),
}


def check_names(settings: Settings, registry: Registry) -> None:
    """Raise ConfigurationError for a setting that names a plugin or a local model that does not exist."""
    for setting, (kind, others) in _NAMED.items():
        name = getattr(settings, setting)
        if not registry.has(kind, name) and name not in others:
            known = [*others, *(plugin.name for plugin in registry.all() if plugin.kind == kind)]
            raise ConfigurationError(f"{SETTINGS[setting].variable}: {_unknown(kind, name, known)}")
    models = [artefact.name for artefact in ARTEFACTS]
    language_models = [artefact.name for artefact in ARTEFACTS if artefact.role == "model"]
    if settings.local_model and settings.local_model not in language_models:
        said = _unknown("local language model", settings.local_model, language_models)
        raise ConfigurationError(f"{SETTINGS['local_model'].variable}: {said}")
    for pair in settings.local_model_paths:
        name = pair.partition("=")[0].strip()
        if name not in models:
            said = _unknown("local model", name, models)
            raise ConfigurationError(f"{SETTINGS['local_model_paths'].variable}: {said}")


def plugins_of_server(registry: Registry, settings: Settings) -> Registry:
    """The plugins that a server with these settings has: those that are ``only_by_setting`` if a setting names one of them."""
    named = ((kind, getattr(settings, setting)) for setting, (kind, _) in _NAMED.items())
    if any(registry.has(*one) and registry.find(*one).only_by_setting for one in named):
        return registry
    return Registry(plugin for plugin in registry.all() if not plugin.only_by_setting)


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"there is no {what} {name!r}; {f'did you mean {near[0]}? ' if near else ''}known: {', '.join(known)}"


def setting_texts(settings: Settings) -> dict[str, str]:
    """The settings as plugins get them: texts by name, lists with commas, switches as 1 or 0."""
    return {f.name: _as_text(getattr(settings, f.name)) for f in fields(Settings)}


def provider_defaults(settings: Settings) -> ProviderDefaults:
    """The providers of agents that name none. With an endpoint's base URL set, it is the model of agents that name none."""
    model = "custom" if settings.model_base_url and settings.model == "local" else settings.model
    return ProviderDefaults(transcriber=settings.transcriber, model=model, voice=settings.voice)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _make(plugin: Plugin, context: PluginContext) -> Any:
    try:
        return plugin.factory(context)
    except (CallwrightError, ProviderError, OSError):
        raise
    # Boundary: plugins are other people's code.
    except Exception as error:
        _LOG.exception("the factory of the %s %s failed", plugin.kind, plugin.name)
        why = f"its factory failed with {type(error).__name__}; the server's log has more"
        raise ProviderError(FailureKind.BAD_REQUEST, plugin.name, why) from error


class PluginInstances:
    """Makes each plugin once and hands it out by kind and name."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._context: PluginContext | None = None
        self._made: dict[tuple[str, str], Any] = {}
        self._voices: dict[str, PronouncingVoice] = {}

    def use(self, context: PluginContext) -> None:
        """What factories get from now on."""
        self._context = context

    def __call__(self, kind: str, name: str) -> Any:
        """The instance of a plugin; a voice as one that knows the agent's pronunciation rules. Raises UnknownPluginError, what its factory
        raises of CallwrightError, ProviderError and OSError, or ProviderError for anything else."""
        plugin = self.registry.find(kind, name)
        key = (plugin.kind, plugin.name)
        if key not in self._made:
            assert self._context is not None, "use() comes first"
            self._made[key] = _make(plugin, self._context)
            if plugin.kind == "voice":
                self._voices[plugin.name] = PronouncingVoice(self._made[key])
        return self._voices[plugin.name] if plugin.kind == "voice" else self._made[key]

    def key_names_of(self, kind: str, name: str) -> tuple[str, ...] | None:
        """The provider keys a plugin asks for, or None when there is no such plugin."""
        return self.registry.find(kind, name).keys if self.registry.has(kind, name) else None

    def states(self) -> dict[str, str]:
        """The states of those instances that report their health, by the plugin's name."""
        known = {key[1]: str(it.health.state) for key, it in self._made.items() if isinstance(it, ReportsHealth)}
        return dict(sorted(known.items()))

    async def aclose(self) -> None:
        """Close every instance that can be closed, the newest first, and then what they share."""
        while self._made:
            _, instance = self._made.popitem()
            if isinstance(instance, Closable):
                await instance.aclose()
        if self._context is not None:
            await self._context.shared.aclose()
