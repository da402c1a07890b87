"""Whisper on CTranslate2 in the speech process, and what keeps it from inventing words."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import numpy as np

from callwright.providers.local.dsp import MODEL_HZ, log_mel, loudest_rms, widened

WINDOW_SECONDS = 20
"""What the encoder is given: 2.7 times cheaper than the 30 s it was trained on, at the same error rate; shorter ones invent words."""
LONG_WINDOW_SECONDS = 30
_LEAD_SAMPLES = MODEL_HZ // 10
_MAX_TOKENS = 160
_QUIET_RMS = 120.0
"""About -49 dBFS: below it a telephone line carries no speech."""
_DOUBTFUL_SILENCE = 0.6
_DOUBTFUL_SCORE = -0.9

# What Whisper says when it hears nothing, as its training on subtitles taught it.
_INVENTED = frozenset(
    {
        "you",
        "thank you",
        "thanks for watching",
        "thank you for watching",
        "bye",
        "okay",
        "so",
        "oh",
        "uh",
        "the",
        "subscribe",
    }
)
_NOISE = re.compile(r"[\[(*♪][^\])*♪]*[\])*♪]?")


def sensible(text: str, silence: float, score: float, loudness_rms: float) -> str:
    """The text, or nothing where it was made up: noise tags, a loop, or stock phrases on near silence.

    ``silence`` is Whisper's probability of no speech, ``score`` its mean log probability per token.
    """
    text = " ".join(_NOISE.sub(" ", text).split())
    words = re.findall(r"[\w'$%]+", text.lower())
    if not words or loudness_rms < _QUIET_RMS:
        return ""
    if is_loop(words):
        return ""
    if silence > _DOUBTFUL_SILENCE and score < _DOUBTFUL_SCORE:
        return ""
    if text.lower().strip(" .!?,") in _INVENTED and (silence > _DOUBTFUL_SILENCE or loudness_rms < 2 * _QUIET_RMS):
        return ""
    return text


def is_loop(words: list[str]) -> bool:
    """Whether a decoder repeats itself: few different words in many, or one phrase four times in a row."""
    if len(words) > 8 and len(set(words)) < len(words) / 4:
        return True
    for size in range(1, 6):
        for start in range(len(words) - 4 * size + 1):
            phrase = words[start : start + size]
            if all(words[start + n * size : start + (n + 1) * size] == phrase for n in range(1, 4)) and not _is_count(
                phrase
            ):
                return True
    return False


def _is_count(phrase: list[str]) -> bool:
    """Digits may repeat: phone numbers hold them."""
    numbers = {"zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
    return all(word.isdigit() or word in numbers for word in phrase)


class Ears:
    """One Whisper model. Thread-safe: one utterance at a time."""

    def __init__(self, folder: Path, threads: int) -> None:
        import ctranslate2
        import tokenizers

        self._ct = ctranslate2
        self._model = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="int8", intra_threads=threads)
        self._tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._prompt = [self._tokens.token_to_id(t) for t in ("<|startoftranscript|>", "<|notimestamps|>")]
        self._lock = threading.Lock()

    def transcribe(self, pcm: bytes) -> dict[str, Any]:
        """``text`` (empty when nothing was said), ``silence`` probability and ``score`` of up to 29 s of telephone audio."""
        signal = np.pad(widened(pcm), (_LEAD_SAMPLES, 0))
        seconds = WINDOW_SECONDS if len(signal) < (WINDOW_SECONDS - 1) * MODEL_HZ else LONG_WINDOW_SECONDS
        signal = signal[: seconds * MODEL_HZ]
        features = log_mel(np.pad(signal, (0, seconds * MODEL_HZ - len(signal))), seconds * 100)
        view = self._ct.StorageView.from_array(np.ascontiguousarray(features[None]))
        with self._lock:
            result = self._model.generate(
                view,
                [self._prompt],
                beam_size=1,
                max_length=_MAX_TOKENS,
                return_scores=True,
                return_no_speech_prob=True,
            )[0]
        text = self._tokens.decode(result.sequences_ids[0]).strip()
        silence, score = float(result.no_speech_prob), float(result.scores[0])
        return {"text": sensible(text, silence, score, loudest_rms(pcm)), "silence": silence, "score": score}
