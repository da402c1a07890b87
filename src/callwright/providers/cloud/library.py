"""The vendors' clients: LiveKit Agents' plugin packages, loaded when the first call needs them and never before.

Only classes of single clients are used; no worker, room or session of that framework is. What the framework imports besides is left out
where no client needs it: a codec library of another licence, exporters of traces, devices, and a model that may only be used within the
framework. Modules that stand in for those are there during the import alone.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

FRAMEWORK = "livekit.agents"
CLIENTS = "livekit.plugins"

_LEFT_OUT = ("PIL", "av", "livekit.local_inference", "opentelemetry.exporter", "sounddevice", "watchfiles")
_IF_MISSING = ("azure.cognitiveservices.speech",)
_NEEDS_MORE = ("azure.STT",)
"""The clients that need those; others of the same package do without."""

_LOADING = threading.Lock()
_LOADED: dict[str, ModuleType] = {}
"""Modules that are whole. Those in ``sys.modules`` may still be being imported for another call."""
_SWITCH_SECONDS = 0.0005


REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""What ``make cloud`` installs, as a wheel has it. In a checkout there is none here."""


def install_command() -> str:
    """The command that installs the clients: of an installed wheel, or of a checkout."""
    if REQUIREMENTS.is_file():
        return 'pip install --no-deps -r "$(callwright providers --requirements)"'
    return "make cloud"


def is_installed(client: str) -> bool:
    """Whether the package of a client (``package.Class``) is there, and what it needs besides."""
    package = client.partition(".")[0]
    needed = _IF_MISSING if client in _NEEDS_MORE else ()
    return not any(_missing_part(name) for name in (f"{CLIENTS}.{package}", *needed))


@dataclass(frozen=True, slots=True)
class Framework:
    """The parts of the framework that the bridge uses: the options of a connection, a frame of audio, and the HTTP client."""

    options: Any
    audio_frame: Any
    http: Any


async def framework() -> Framework:
    """The framework, imported in a thread so that calls go on meanwhile."""
    agents: Any = _LOADED.get(FRAMEWORK) or await asyncio.to_thread(_load, FRAMEWORK)
    return Framework(agents.APIConnectOptions, sys.modules["livekit.rtc"].AudioFrame, sys.modules["aiohttp"])


async def client_class(client: str) -> Any:
    """The class of a client named ``package.Class``, imported in the same way."""
    package, _, name = client.partition(".")
    module = _LOADED.get(f"{CLIENTS}.{package}") or await asyncio.to_thread(_load, f"{CLIENTS}.{package}")
    return attrgetter(name)(module)


def preload(client: str) -> None:
    """Imports the package of a client here and now, if it is installed: for a server that does not listen yet."""
    if is_installed(client):
        _load(f"{CLIENTS}.{client.partition('.')[0]}")


def _load(name: str) -> ModuleType:
    with _LOADING:
        if name in _LOADED:
            return _LOADED[name]
        # Looked at at every collection, the hundred thousand new objects would cost each call a tenth of a second.
        gc.disable()
        interval_s = sys.getswitchinterval()
        # A thread keeps the interpreter for so long. At the usual 5 ms, the loop of the calls would wait for up to 65 ms in all.
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            with _stand_ins():
                plugin = importlib.import_module(f"{FRAMEWORK}.plugin")
                # Registered are those of a worker, which wants them on the main thread. There is none.
                plugin.Plugin.register_plugin = staticmethod(lambda _plugin: None)
                # They write errors and callers' words as they are.
                logging.getLogger("livekit").setLevel(logging.CRITICAL + 1)
                _LOADED[name] = importlib.import_module(name)
                return _LOADED[name]
        finally:
            sys.setswitchinterval(interval_s)
            gc.freeze()
            gc.enable()


@contextmanager
def _stand_ins() -> Iterator[None]:
    missing = [part for name in _IF_MISSING if (part := _missing_part(name))]
    finder = _StandIns((*_LEFT_OUT, *missing))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]:
            del sys.modules[name]


def _missing_part(name: str) -> str:
    """The outermost package of ``name`` that is not installed, empty where all is."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        part = ".".join(parts[:length])
        if importlib.util.find_spec(part) is None:
            return part
    return ""


class _StandIn(ModuleType):
    """A module whose every name is a class without anything."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in for each of ``names`` and what is below it."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if any(fullname == name or fullname.startswith(f"{name}.") for name in self._names):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """See :class:`importlib.abc.Loader`."""
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """See :class:`importlib.abc.Loader`."""
