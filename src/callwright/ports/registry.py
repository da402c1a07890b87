"""The registry of plugins. Built-ins and outsiders enter the same way: the entry point group ``callwright.plugins``.

An entry point names a tuple of :class:`Plugin`. A plugin is a descriptor and a factory; the factory gets a :class:`PluginContext` and
returns an object of the port its ``kind`` names. Factories are called once per process, on first use.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast, overload, runtime_checkable

from callwright.domain.settings.provider_option import ProviderOption
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.catalogue import ModelOffer, VoiceOffer
from callwright.ports.door import Doorkeeper, NoDoors
from callwright.ports.handover import HandedCalls, NoHandedCalls
from callwright.ports.leg import Carrier
from callwright.ports.market import NumberMarket
from callwright.ports.model import Model
from callwright.ports.speech import Transcriber, TurnModel, Vad, Voice

ENTRY_POINT_GROUP = "callwright.plugins"

KINDS = ("transcriber", "vad", "turn", "voice", "model", "carrier", "market")

_Shared = TypeVar("_Shared")


class PluginGetter(Protocol):
    """Gives the instance of a plugin by kind and name: an object of the port that the kind names."""

    @overload
    def __call__(self, kind: Literal["transcriber"], name: str, /) -> Transcriber: ...
    @overload
    def __call__(self, kind: Literal["vad"], name: str, /) -> Vad: ...
    @overload
    def __call__(self, kind: Literal["turn"], name: str, /) -> TurnModel: ...
    @overload
    def __call__(self, kind: Literal["voice"], name: str, /) -> Voice: ...
    @overload
    def __call__(self, kind: Literal["model"], name: str, /) -> Model: ...
    @overload
    def __call__(self, kind: Literal["carrier"], name: str, /) -> Carrier: ...
    @overload
    def __call__(self, kind: Literal["market"], name: str, /) -> NumberMarket: ...
    @overload
    def __call__(self, kind: str, name: str, /) -> Any: ...


class HttpAnswer(Protocol):
    """The answer to an HTTP request: its status, its headers by lower-case name, and the bounded beginning of its body."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers by lower-case name."""
        ...

    @property
    def body(self) -> bytes:
        """The body, at most ``domain.limits.MAX_WEB_ANSWER_BYTES`` of it."""
        ...


class HttpClient(Protocol):
    """The guarded HTTP client: it connects to no private address."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpAnswer:
        """Sends one request and returns its answer within ``timeout_s``. Raises BlockedUrlError and UnavailableError."""
        ...


class FileClient(Protocol):
    """The same client, as it fetches files."""

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        take: Callable[[bytes], Awaitable[object]],
        most_bytes: int,
        timeout_s: float,
    ) -> HttpAnswer:
        """Gives the body of an answer with status 200 to ``take``, piece by piece, and leaves it out of the answer. Raises as ``send``, and
        AnswerTooLargeError for more than ``most_bytes``."""
        ...


class Gauge(Protocol):
    """A number of ``/metrics`` that goes up and down."""

    def set(self, value: float) -> None:
        """Sets the number."""


class Gauges(Protocol):
    """The gauges that plugins set."""

    def gauge(self, name: str, meaning: str = "") -> Gauge:
        """Returns the gauge ``callwright_<name>``. ``meaning`` is the help text of a new one."""
        ...


class CarrierAccounts(Protocol):
    """Says whose a number of a carrier is."""

    async def of_number(self, carrier: str, number: str) -> Access | None:
        """The provider keys that the carrier's plugin names, of the organisation that has this number of the carrier; None where nobody
        has. Raises UnavailableError and VaultLockedError."""
        ...


class NoCarrierAccounts:
    """Accounts where no organisation has a number."""

    async def of_number(self, carrier: str, number: str) -> Access | None:
        """Nobody's."""
        return None


class NoGauges:
    """Gauges that nobody reads: where there is no ``/metrics``."""

    def gauge(self, name: str, meaning: str = "") -> Gauge:
        """Returns a gauge that forgets."""
        return _NoGauge()


class _NoGauge:
    def set(self, value: float) -> None:
        """Forgets the number."""


@runtime_checkable
class Closable(Protocol):
    """A plugin or a shared object that holds something open. It is closed when the process ends."""

    async def aclose(self) -> None:
        """Closes everything."""


class Shared:
    """Objects that several plugins of a process share, one for each class."""

    def __init__(self) -> None:
        self._made: dict[type[Any], Any] = {}

    def get(self, kind: type[_Shared], make: Callable[[], _Shared]) -> _Shared:
        """Returns the shared object of this class. ``make`` makes it when it is asked for first."""
        if kind not in self._made:
            self._made[kind] = make()
        return cast("_Shared", self._made[kind])

    async def aclose(self) -> None:
        """Closes every shared object that can be closed, the newest first."""
        while self._made:
            _, made = self._made.popitem()
            if isinstance(made, Closable):
                await made.aclose()


def no_other_plugin(kind: str, name: str) -> Any:
    """Raises UnknownPluginError: the getter of a context without other plugins."""
    raise UnknownPluginError(f"there is no {kind} named {name!r}; known: none")


@dataclass(frozen=True, slots=True)
class PluginContext:
    """What a factory may use."""

    settings: Mapping[str, str]
    """The server's settings as texts, by name."""
    models_folder: Path
    """Where model files are."""
    plugin: PluginGetter = no_other_plugin
    """Gives other plugins."""
    http: HttpClient | None = None
    """The guarded HTTP client; None in commands that serve nobody."""
    gauges: Gauges = field(default_factory=NoGauges)
    """Numbers for ``/metrics``."""
    doors: Doorkeeper = field(default_factory=NoDoors)
    """Gives addresses of the carrier's doors; a command that serves nobody has none."""
    accounts: CarrierAccounts = field(default_factory=NoCarrierAccounts)
    """Whose the carrier's numbers are."""
    handed: HandedCalls = field(default_factory=NoHandedCalls)
    """Takes reports about calls that the carrier has handed over."""
    shared: Shared = field(default_factory=Shared)
    """What the plugins of one package share."""


class Health(Protocol):
    """How a plugin is."""

    @property
    def state(self) -> str:
        """One word for ``/readyz``."""
        ...


@runtime_checkable
class ReportsHealth(Protocol):
    """A plugin whose state ``/readyz`` shows."""

    @property
    def health(self) -> Health:
        """The state now."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """A provider or a carrier. ``name`` is what an agent writes as ``provider``; ``aliases`` are other spellings of it.

    ``keys`` names the provider keys it asks for, in capitals: a call hands it those that its organisation has, with its settings
    (``platform.provider_keys.rules.access.Access``). ``needed_keys`` are those of which it needs every one; where none is named, any of
    them does, but those in ``beside``, which say where and what is asked.
    ``voices`` and ``models`` are what lists offer of it, ``base_url`` where its models are.
    ``languages``: codes of ISO 639-1 that it hears or speaks, empty for any; a voice's own stand in ``voices``. A server has a plugin with
    ``only_by_setting`` only if one of its settings names such a plugin. ``options``: the settings that it takes of an agent, checked when
    the agent is saved; a plugin without any is not asked. ``lists_voices``: the instance is a ``ports.catalogue.VoiceCatalogue``;
    ``imports_voices``: it is a ``ports.catalogue.VoiceImports``.
    ``preload`` imports what its first use needs, for a server that calls it before it listens: where somebody has a key of the plugin.
    """

    kind: str
    name: str
    summary: str
    factory: Callable[[PluginContext], Any]
    aliases: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    needed_keys: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    voices: tuple[VoiceOffer, ...] = ()
    models: tuple[ModelOffer, ...] = ()
    base_url: str = ""
    languages: tuple[str, ...] = ()
    only_by_setting: bool = False
    options: tuple[ProviderOption, ...] = ()
    lists_voices: bool = False
    imports_voices: bool = False
    preload: Callable[[], None] | None = None

    def missing_keys(self, stored: Iterable[str]) -> tuple[str, ...]:
        """The keys without which it cannot be used, of which none is among ``stored`` (names in capitals)."""
        stored = set(stored)
        if self.needed_keys:
            return tuple(name for name in self.needed_keys if name not in stored)
        return () if stored.intersection(self.secrets) else self.keys[:1]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys that are more than where and what is asked."""
        return tuple(name for name in self.keys if name not in self.beside)

    def languages_of(self, voice: str = "") -> tuple[str, ...]:
        """The languages it hears or speaks, empty for any; those of the voice with that id where it offers one."""
        if not self.voices:
            return self.languages
        own = [one.languages for one in self.voices if one.voice_id.lower() == voice.lower()]
        offered = own or [one.languages for one in self.voices]
        return () if () in offered else tuple(sorted({code for codes in offered for code in codes}))


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

    def names(self, kind: str) -> set[str]:
        """Names and aliases of the plugins of that kind."""
        return {name for registered, name in self._plugins if registered == kind}

    def all(self) -> list[Plugin]:
        """Every plugin once, by kind and name."""
        unique = {(p.kind, p.name): p for p in self._plugins.values()}
        return [unique[key] for key in sorted(unique)]
