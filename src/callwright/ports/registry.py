"""The registry of plugins. Built-ins and outsiders enter the same way: the entry point group ``callwright.plugins``.

An entry point names a tuple of :class:`Plugin`. A plugin is a descriptor and a factory; the factory gets a :class:`PluginContext` and
returns an object of the port its ``kind`` names. Factories are called once per process, on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callwright.ports.catalogue import ModelOffer, VoiceOffer

ENTRY_POINT_GROUP = "callwright.plugins"

KINDS = ("transcriber", "vad", "turn", "voice", "model", "carrier", "market", "duplex")


@dataclass(frozen=True, slots=True)
class PluginContext:
    """What a factory may use: settings by name, the models folder, the guarded HTTP client, shared services by name."""

    settings: Mapping[str, str]
    models_folder: Path
    services: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A provider or a carrier. ``name`` is what an agent writes as ``provider``; ``aliases`` are other spellings of it.

    ``keys`` names the provider keys it asks for, in capitals: a call hands it those that its organisation has, with its settings
    (``domain.provider_access.Access``). ``voices`` and ``models`` are what lists offer of it, ``base_url`` where its models are.
    """

    kind: str
    name: str
    summary: str
    factory: Callable[[PluginContext], Any]
    aliases: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    voices: tuple[VoiceOffer, ...] = ()
    models: tuple[ModelOffer, ...] = ()
    base_url: str = ""


class UnknownPluginError(LookupError):
    """No plugin of that kind has that name. The message lists those there are."""


class Registry:
    """Plugins by kind and name. A second plugin of the same kind and name is refused."""

    def __init__(self, plugins: Iterable[Plugin] = ()) -> None:
        self._plugins: dict[tuple[str, str], Plugin] = {}
        for plugin in plugins:
            self.add(plugin)

    def add(self, plugin: Plugin) -> None:
        """Register a plugin. Raises ValueError for an unknown kind or a name already taken."""
        if plugin.kind not in KINDS:
            raise ValueError(f"{plugin.name}: unknown kind {plugin.kind!r}, use one of {', '.join(KINDS)}")
        for name in (plugin.name, *plugin.aliases):
            if (plugin.kind, name) in self._plugins:
                raise ValueError(f"a {plugin.kind} named {name!r} is registered already")
        for name in (plugin.name, *plugin.aliases):
            self._plugins[(plugin.kind, name)] = plugin

    def find(self, kind: str, name: str) -> Plugin:
        """The plugin of that kind and name. Raises UnknownPluginError."""
        plugin = self._plugins.get((kind, name))
        if plugin is None:
            known = ", ".join(sorted({p.name for (k, _), p in self._plugins.items() if k == kind})) or "none"
            raise UnknownPluginError(f"there is no {kind} named {name!r}; known: {known}")
        return plugin

    def has(self, kind: str, name: str) -> bool:
        """Whether a plugin of that kind and name is registered."""
        return (kind, name) in self._plugins

    def all(self) -> list[Plugin]:
        """Every plugin once, by kind and name."""
        unique = {(p.kind, p.name): p for p in self._plugins.values()}
        return [unique[key] for key in sorted(unique)]
