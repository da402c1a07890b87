"""ONNX models of the local plugins: one way to open them, and the two small ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from callwright.providers.local.dsp import MODEL_HZ, Floats, log_mel, widened

_TURN_SECONDS = 8


def open_model(path: Path, threads: int = 1) -> Any:
    """An inference session on the CPU. Threads do not spin while they wait: other calls need the core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class TurnJudge:
    """Smart Turn: has the caller finished."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_model(path, threads)

    def judge(self, pcm: bytes) -> int:
        """Probability in parts per million that the turn in telephone audio is complete; its last 8 s count."""
        wide = widened(
            pcm[-_TURN_SECONDS * MODEL_HZ :]
        )  # 8,000 Hz in 2 bytes: as many bytes a second as samples at 16,000 Hz
        signal = np.pad(wide, (_TURN_SECONDS * MODEL_HZ - len(wide), 0))
        signal = (signal - signal.mean()) / np.sqrt(signal.var() + 1e-7)
        features = log_mel(signal.astype(np.float32), _TURN_SECONDS * 100)[None]
        out = self._session.run(None, {"input_features": features})[0]
        return int(float(out.ravel()[0]) * 1_000_000)


class Meaning:
    """MiniLM: sentences as directions; near ones mean alike."""

    def __init__(self, folder: Path, threads: int) -> None:
        import tokenizers

        self._tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.no_padding()  # the file pads to 128 tokens: seven times slower and wrong without a mask
        self._tokens.enable_truncation(128)
        self._session = open_model(folder / "model.onnx", threads)

    def embed(self, texts: list[str]) -> Floats:
        """Unit vectors [texts, 384]."""
        return np.stack([self._embed(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def _embed(self, text: str) -> Floats:
        ids = np.array([self._tokens.encode(text).ids], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = self._session.run(None, given)[0][0].mean(axis=0)
        unit: Floats = (mean / np.linalg.norm(mean)).astype(np.float32)
        return unit
