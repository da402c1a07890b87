"""Silero's voice activity detector at the telephone's own rate, in the call's process, with one run of the model for several calls.

A run of one window of 32 ms costs about 0.11 ms, one of sixteen windows 0.03 ms for each. No window is left out, not even of digital
silence: the model's state moves for 20 s and more of it, and without these runs a third of all beginnings and ends of voice were found
elsewhere, by 20 to 100 ms and more (measured on 29 November 2026).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from callwright.domain.limits import VAD_GATHER_SECONDS
from callwright.ops.rounds import round_boundary
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.onnx import open_model

_WINDOW = 256
_CONTEXT = 32
_CONTEXT_BYTES, _WHOLE_BYTES = 2 * _CONTEXT, 2 * (_CONTEXT + _WINDOW)
_SCALE = np.float32(1 / 32_768)
_RATE = np.array(8_000, np.int64)
_JUDGING = round_boundary("judging the voice activity of a call")


class SileroStream:
    """One call's detector. ``window`` is the end of the window before, and as much of this one as has come: 16-bit PCM."""

    __slots__ = ("_model", "_probability", "_waiting", "gathered", "state", "window")

    def __init__(self, model: SileroModel) -> None:
        self.window = bytearray(_CONTEXT_BYTES)
        self.state: Any = np.zeros((2, 1, 128), np.float32)
        self.gathered = False
        """Whether the model will come for what waits."""
        self._model = model
        self._probability = 0
        self._waiting: deque[tuple[bytes, Callable[[int], None]]] = deque()

    def feed(self, pcm: bytes) -> int:
        """The next piece of telephone audio; returns the probability of speech (0..255) of the newest whole window."""
        while True:
            pcm = self._take(pcm)
            if len(self.window) < _WHOLE_BYTES:
                return self._probability
            self._model.run((self,))

    def submit(self, pcm: bytes, judged: Callable[[int], None]) -> None:
        """See ``ports.speech.GatheringVadStream``."""
        if not self._waiting and len(self.window) + len(pcm) < _WHOLE_BYTES:
            self.window += pcm
            judged(self._probability)
            return
        self._waiting.append((pcm, judged))
        if not self.gathered:
            self._model.gather(self)

    def fill(self) -> bool:
        """Take what waits until a window is whole; false when nothing waits any more."""
        while self._waiting:
            pcm, judged = self._waiting.popleft()
            rest = self._take(pcm)
            if len(self.window) == _WHOLE_BYTES:
                self._waiting.appendleft((rest, judged))
                return True
            # Whatever a call makes of it: the others are to be judged.
            with _JUDGING:
                judged(self._probability)
        return False

    def judged(self, probability: int, state: Any) -> None:
        """What the model says of the window."""
        self._probability = probability
        self.state = state
        del self.window[:-_CONTEXT_BYTES]

    def _take(self, pcm: bytes) -> bytes:
        """Fill the window; returns what has no room in it."""
        room = _WHOLE_BYTES - len(self.window)
        self.window += pcm[:room]
        return pcm[room:]


class SileroModel:
    """The model, which all calls of a process share. Its runs are on the event loop."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._gathered: list[SileroStream] = []

    def gather(self, stream: SileroStream) -> None:
        """Run the stream's window together with those of other calls that are whole within VAD_GATHER_SECONDS."""
        if not self._gathered:
            asyncio.get_running_loop().call_later(VAD_GATHER_SECONDS, self._run_gathered)
        stream.gathered = True
        self._gathered.append(stream)

    def run(self, streams: Sequence[SileroStream]) -> None:
        """Judge one whole window of each stream."""
        pcm = np.frombuffer(b"".join([stream.window for stream in streams]), dtype="<i2")
        windows = np.multiply(pcm, _SCALE, dtype=np.float32).reshape(len(streams), _CONTEXT + _WINDOW)
        states = np.concatenate([stream.state for stream in streams], axis=1)
        out, states = self._session.run(None, {"input": windows, "state": states, "sr": _RATE})
        for at, (stream, probability) in enumerate(zip(streams, (out[:, 0] * 255).astype(int).tolist(), strict=True)):
            stream.judged(probability, states[:, at : at + 1])

    def _run_gathered(self) -> None:
        streams, self._gathered = self._gathered, []
        for stream in streams:
            stream.gathered = False
        while streams := [stream for stream in streams if stream.fill()]:
            self.run(streams)


class SileroVad:
    """``ports.speech.Vad``. One model for all calls of the process; each call keeps its own state."""

    name = "local"

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference
        self._model: SileroModel | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_speech("vad")

    def open(self) -> SileroStream:
        """A fresh detector. Raises ConfigurationError when the model is not installed."""
        with self._lock:
            if self._model is None:
                self._model = SileroModel(open_model(self._inference.store.path("silero-vad")))
        return SileroStream(self._model)
