"""What the language process does: chat in a stream, with cached prompts, on llama.cpp.

llama.cpp's server object insists on an HTTP listener; it gets a unix socket in a private folder, which is unlinked as soon as it is
bound, and a key nobody has. Nothing listens on the network.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callwright.providers.local.engine import Cancelled, Emit, Work

CONTEXT_TOKENS = 8_192
"""Of one slot. A phone call of 400 messages with a long prompt fits."""
CACHED_PROMPTS_MIB = 512
"""Prompts that lost their slot are kept in memory up to this and come back without being read again."""


class LanguageEngine:
    """Runs chat and load. ``path`` is a GGUF file; ``slots`` requests are answered at once."""

    def __init__(self, path: str, threads: int, slots: int, key: str) -> None:
        self._path = path
        self._server = self._start(threads, slots, key)

    def _start(self, threads: int, slots: int, key: str) -> Any:
        import xllamacpp

        if not Path(self._path).is_file():
            raise LookupError(f"{self._path} does not exist")
        params = xllamacpp.CommonParams()
        params.model.path = self._path
        params.n_ctx = CONTEXT_TOKENS * slots
        params.n_parallel = slots
        params.verbosity = -1
        params.ui = False
        params.endpoint_slots = False
        params.cache_ram_mib = CACHED_PROMPTS_MIB
        for cpu in (params.cpuparams, params.cpuparams_batch):
            cpu.n_threads = threads
            cpu.poll = 0  # threads that spin at a barrier take the core from recognition and voice
        folder = tempfile.mkdtemp(prefix="cw-")
        socket = os.path.join(folder, "l.sock")
        params.hostnames = [socket]
        params.api_keys = [key]
        try:
            return xllamacpp.Server(params)
        finally:
            if os.path.exists(socket):
                os.unlink(socket)
            os.rmdir(folder)

    def run(self, work: Work, emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        """``chat``: body is an OpenAI chat request; pieces are ``{"text": ...}``. The result has ``reason``, token counts and timings."""
        if work.kind == "load":
            return {}
        if work.kind != "chat":
            raise ValueError(f"the language process has no job {work.kind!r}")
        answer = _Answer(emit, cancelled)
        request = {**work.body, "stream": True, "cache_prompt": True, "stream_options": {"include_usage": True}}
        self._server.handle_chat_completions(request, answer.take)
        if answer.refused:
            raise ValueError(answer.refused)
        return answer.result


class _Answer:
    """Reads one stream of chunks."""

    def __init__(self, emit: Emit, cancelled: Cancelled) -> None:
        self._emit: Callable[[dict[str, Any]], None] = emit
        self._cancelled = cancelled
        self.refused = ""
        self.result: dict[str, Any] = {"reason": "stop", "prompt": 0, "cached": 0, "completion": 0}

    def take(self, chunk: Any) -> bool:
        """One chunk (or several); returns whether to stop."""
        for piece in chunk if isinstance(chunk, list) else [chunk]:
            self._read(json.loads(piece) if isinstance(piece, str) else piece)
        return self._cancelled()

    def _read(self, piece: dict[str, Any]) -> None:
        if "error" in piece:
            error = piece["error"]
            self.refused = str(error.get("message", error) if isinstance(error, dict) else error)
            return
        for choice in piece.get("choices", []):
            text = (choice.get("delta") or {}).get("content")
            if text:
                self._emit({"text": text})
            if choice.get("finish_reason"):
                self.result["reason"] = choice["finish_reason"]
        usage = piece.get("usage")
        if usage:
            self.result["prompt"] = usage.get("prompt_tokens", 0)
            self.result["completion"] = usage.get("completion_tokens", 0)
            self.result["cached"] = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
