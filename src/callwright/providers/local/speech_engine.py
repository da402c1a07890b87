"""What the speech process does: hear, judge turns, speak, embed. Models are loaded when first needed, or by ``load``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callwright.domain.limits import MAX_CLAUSE_CHARACTERS
from callwright.providers.local.engine import Cancelled, Emit, Work
from callwright.providers.local.hearing import Ears
from callwright.providers.local.onnx import Meaning, TurnJudge
from callwright.providers.local.speaking import MANNERS, Speaker, load, word_times

MAX_AUDIO_BYTES = 30 * 16_000


class SpeechEngine:
    """Runs asr, turn, tts, embed and load. ``paths``: asr, turn, embed, piper, kokoro -> file or folder."""

    def __init__(self, paths: dict[str, str], threads: int) -> None:
        self._paths = paths
        self._threads = threads
        self._loaded: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._work: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "asr": self._asr,
            "turn": self._turn,
            "tts": self._tts,
            "embed": self._embed,
            "load": self._load,
        }

    def run(self, work: Work, emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        """Do one job. Raises LookupError and ValueError for what cannot be done as asked."""
        action = self._work.get(work.kind)
        if action is None:
            raise ValueError(f"the speech process has no job {work.kind!r}")
        return {} if cancelled() else action(work.body)

    def _get(self, name: str, make: Callable[[Path, int], Any]) -> Any:
        with self._lock:
            if name not in self._loaded:
                path = self._paths.get(name)
                if path is None:
                    raise LookupError(f"the local model for {name} is not installed")
                self._loaded[name] = make(Path(path), self._threads)
            return self._loaded[name]

    def _speaker(self, engine: str) -> Speaker:
        with self._lock:
            if engine not in self._loaded:
                self._loaded[engine] = load(engine, self._paths, self._threads)
            speaker: Speaker = self._loaded[engine]
            return speaker

    def _asr(self, body: dict[str, Any]) -> dict[str, Any]:
        ears: Ears = self._get("asr", Ears)
        return ears.transcribe(body["pcm"][-MAX_AUDIO_BYTES:])

    def _turn(self, body: dict[str, Any]) -> dict[str, Any]:
        judge: TurnJudge = self._get("turn", TurnJudge)
        return {"ppm": judge.judge(body["pcm"])}

    def _tts(self, body: dict[str, Any]) -> dict[str, Any]:
        text = str(body["text"])[:MAX_CLAUSE_CHARACTERS]
        manner = MANNERS[body["voice"]]
        pcm, weights = self._speaker(manner.engine).say(text, manner, float(body.get("speed", 1.0)))
        return {"pcm": pcm, "times": word_times(weights, len(pcm))}

    def _embed(self, body: dict[str, Any]) -> dict[str, Any]:
        meaning: Meaning = self._get("embed", Meaning)
        return {"vectors": meaning.embed(list(body["texts"])).tobytes()}

    def _load(self, body: dict[str, Any]) -> dict[str, Any]:
        """Load models and run each once, so that the first caller does not wait for allocations."""
        silence = bytes(16_000)
        for name in body["names"]:
            if name == "asr":
                self._asr({"pcm": silence})
            elif name == "turn":
                self._turn({"pcm": silence})
            elif name == "embed":
                self._embed({"texts": ["hello"]})
            else:
                self._tts({"text": "Hello.", "voice": next(v for v, m in MANNERS.items() if m.engine == name)})
        return {}
