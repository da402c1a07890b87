"""Silero's voice activity detector at the telephone's own rate, in the call's process: 0.11 ms per 32 ms."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from callwright.providers.local.inference import LocalInference
from callwright.providers.local.onnx import open_model

_WINDOW = 256
_CONTEXT = 32


class SileroStream:
    """One call's detector. Its arrays are made once and written in place."""

    __slots__ = ("_fill", "_given", "_probability", "_run", "_window")

    def __init__(self, session: Any) -> None:
        self._run = session.run
        self._window = np.zeros((1, _CONTEXT + _WINDOW), np.float32)
        self._fill = _CONTEXT
        self._probability = 0
        state = np.zeros((2, 1, 128), np.float32)
        self._given: dict[str, Any] = {"input": self._window, "state": state, "sr": np.array(8_000, np.int64)}

    def feed(self, pcm: bytes) -> int:
        """The next piece of telephone audio; returns the probability of speech (0..255) of the newest whole window."""
        samples = np.frombuffer(pcm, dtype="<i2")
        taken = 0
        while taken < len(samples):
            count = min(_CONTEXT + _WINDOW - self._fill, len(samples) - taken)
            np.multiply(
                samples[taken : taken + count],
                np.float32(1 / 32_768),
                out=self._window[0, self._fill : self._fill + count],
                casting="unsafe",
            )
            self._fill += count
            taken += count
            if self._fill == _CONTEXT + _WINDOW:
                self._judge()
        return self._probability

    def _judge(self) -> None:
        out, self._given["state"] = self._run(None, self._given)
        self._probability = int(out[0, 0] * 255)
        self._window[0, :_CONTEXT] = self._window[0, -_CONTEXT:]
        self._fill = _CONTEXT


class SileroVad:
    """``ports.speech.Vad``. One session for all calls of the process; each call keeps its own state."""

    name = "local"

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference
        self._session: Any = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_speech("vad")

    def open(self) -> SileroStream:
        """A fresh detector. Raises ConfigurationError when the model is not installed."""
        with self._lock:
            if self._session is None:
                self._session = open_model(self._inference.store.path("silero-vad"))
        return SileroStream(self._session)
