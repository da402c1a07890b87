"""What the language process does: chat in a stream, with cached prompts, on llama.cpp.

llama.cpp's server object insists on an HTTP listener; it gets a unix socket in a private folder, which is unlinked as soon as it is
bound, and a key nobody else has. Nothing listens on the network.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callwright.providers.local.engine import Cancelled, Emit, Work
from callwright.providers.local.prompt_store import PromptStore
from callwright.providers.local.slot_door import SlotDoor, Slots

_LOG = logging.getLogger(__name__)

CONTEXT_TOKENS = 8_192
"""Of one slot. A phone call of 400 messages with a long prompt fits."""
CACHED_PROMPTS_MIB = 512
"""Prompts that lost their slot are kept in memory up to this and come back without being read again."""


LEAST_KEPT_CHARACTERS = 400
"""Shorter prompts are read in less time than it is worth to keep a file of them."""
_BOUNDARY_TOKENS = 16
"""How many of a kept prompt's tokens may differ in a call: where it ends, words may be cut into other tokens."""
_SAMPLE_BYTES = 1 << 20
_STOPPING_SECONDS = 3.0


class LanguageEngine:
    """Runs chat, warm and load. ``setup``: ``path`` of a GGUF file, ``threads``, ``lanes`` (requests answered at once), ``key`` (of the
    listener), and optionally ``states`` (folder in which prompts that were read are kept) and ``weights`` (digest of the file, if known).
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self._running: dict[int, Cancelled] = {}
        self._change = threading.Condition()
        self._path = str(setup["path"])
        if not Path(self._path).is_file():
            raise LookupError(f"{self._path} does not exist")
        self._prompts: KeptPrompts | None = None
        self._server = self._start(setup)

    def _start(self, setup: Mapping[str, Any]) -> Any:
        import xllamacpp

        lanes = int(setup["lanes"])
        params = xllamacpp.CommonParams()
        params.model.path = self._path
        params.n_ctx = CONTEXT_TOKENS * lanes
        params.n_parallel = lanes
        params.verbosity = -1
        params.ui = False
        params.endpoint_slots = True
        params.cache_ram_mib = CACHED_PROMPTS_MIB
        # Both cost seconds at every start: there is no other device to fit to, and the first prompt warms as well as a made-up one.
        params.fit_params = False
        params.warmup = False
        for cpu in (params.cpuparams, params.cpuparams_batch):
            cpu.n_threads = int(setup["threads"])
            cpu.poll = 0  # threads that spin at a barrier take the core from recognition and voice
        store = self._store(setup, f"{xllamacpp.__version__} {xllamacpp.BUILD_INFO}", lanes)
        if store is not None:
            params.slot_save_path = f"{store.folder}{os.sep}"
        folder = tempfile.mkdtemp(prefix="cw-")
        socket = os.path.join(folder, "l.sock")
        params.hostnames = [socket]
        params.api_keys = [setup["key"]]
        try:
            server = xllamacpp.Server(params)
            if store is not None:
                self._prompts = KeptPrompts(store, SlotDoor(socket, str(setup["key"])), self._chat, self._touch)
            return server
        finally:
            if os.path.exists(socket):
                os.unlink(socket)
            os.rmdir(folder)

    def _store(self, setup: Mapping[str, Any], engine: str, lanes: int) -> PromptStore | None:
        if not setup.get("states"):
            return None
        about = {"engine": engine, "context": [CONTEXT_TOKENS, lanes], "weights": _fingerprint(Path(self._path), setup)}
        try:
            return PromptStore(Path(setup["states"]), json.dumps(about, sort_keys=True))
        except OSError as error:
            _LOG.warning("prompts are not kept in %s: %s", setup["states"], error)
            return None

    def run(self, work: Work, emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        """``chat``: body is an OpenAI chat request; pieces are ``{"text": ...}``. The result has ``reason``, token counts and timings.

        ``warm``: body is ``{"request": a chat request, "stable": n}``; the request is read into the cache. The first n characters of its
        first message are the same in every call: they are kept in a file and come from there in another life of the process.
        """
        if work.kind == "load":
            return {}
        if work.kind == "chat":
            return self._chat(work.body, emit, cancelled)
        if work.kind == "warm":
            request, stable = work.body["request"], int(work.body["stable"])
            if self._prompts is None or stable < LEAST_KEPT_CHARACTERS:
                return self._chat(request, _unheard, cancelled)
            return self._prompts.warm(request, stable, cancelled)
        raise ValueError(f"the language process has no job {work.kind!r}")

    def _chat(self, body: dict[str, Any], emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        answer = _Answer(emit, cancelled)
        request = {**body, "stream": True, "cache_prompt": True, "stream_options": {"include_usage": True}}
        with self._after_cancelled(cancelled):
            self._server.handle_chat_completions(request, answer.take)
        if answer.refused:
            raise ValueError(answer.refused)
        return answer.result

    @contextmanager
    def _after_cancelled(self, cancelled: Cancelled) -> Iterator[None]:
        """Wait until no cancelled request is still stopping: it stops only between tokens, and until then holds the prompt that the
        request in its place begins with, which would be read again from its beginning."""
        ticket = object()
        with self._change:
            self._change.wait_for(lambda: not any(stops() for stops in self._running.values()), _STOPPING_SECONDS)
            self._running[id(ticket)] = cancelled
        try:
            yield
        finally:
            with self._change:
                del self._running[id(ticket)]
                self._change.notify_all()

    def _touch(self) -> None:
        """Make the server choose the slot it would give to a stranger; what was in it moves to the memory of prompts."""
        self._server.handle_completions({"prompt": "x", "max_tokens": 1}, lambda _: False)


class KeptPrompts:
    """Warms requests with the help of files. ``chat`` reads a request, ``touch`` has a slot emptied. Thread-safe: one prompt at a time."""

    def __init__(
        self,
        store: PromptStore,
        door: Slots,
        chat: Callable[[dict[str, Any], Emit, Cancelled], dict[str, Any]],
        touch: Callable[[], None],
    ) -> None:
        self._store = store
        self._door = door
        self._chat = chat
        self._touch = touch
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def warm(self, request: dict[str, Any], stable: int, cancelled: Cancelled) -> dict[str, Any]:
        """Read ``request``, from a file as far as its first message is ``stable``. A prompt met before in this life is in memory."""
        first = request["messages"][0]
        prompt = str(first["content"])[:stable]
        restored = 0
        with self._lock:
            if prompt not in self._known:
                restored = self._restore(prompt) or self._read(prompt, {**first, "content": prompt}, cancelled)
                self._known.add(prompt)
        result = self._chat(request, _unheard, cancelled)
        if restored and int(result["cached"]) + _BOUNDARY_TOKENS < restored:
            _LOG.warning("a kept prompt was of no use: %d of %d tokens", result["cached"], restored)
            self._store.forget(prompt)
        return {**result, "restored": restored}

    def _restore(self, prompt: str) -> int:
        """Put a kept prompt into a slot; returns its tokens, 0 when there is none that can be used."""
        kept = self._store.find(prompt)
        if kept is None:
            return 0
        try:
            self._touch()
            if self._door.restore(self._door.last_used(), kept.name) == kept.tokens:
                return kept.tokens
        except (OSError, LookupError) as error:
            _LOG.warning("a kept prompt could not be restored: %s", error)
        self._store.forget(prompt)
        return 0

    def _read(self, prompt: str, message: dict[str, Any], cancelled: Cancelled) -> int:
        """Read a prompt and keep it; returns 0: nothing was restored."""
        self._touch()
        slot = self._door.last_used()
        reading = {"messages": [message], "max_tokens": 1, "temperature": 0, "id_slot": slot}
        read = self._chat(reading, _unheard, cancelled)
        if cancelled() or not read["completion"]:
            return 0
        try:
            self._store.keep(prompt, self._door.save(slot, self._store.draft_of(prompt)))
        except OSError as error:
            _LOG.warning("a prompt could not be kept: %s", error)
        return 0


def _unheard(_: dict[str, Any]) -> None:
    """What a model says to a prompt that is only being read."""


def _fingerprint(path: Path, setup: Mapping[str, Any]) -> str:
    """What tells one file of weights from another without reading a gigabyte at every start."""
    status = path.stat()
    digest = hashlib.sha256(f"{setup.get('weights', '')} {status.st_size} {status.st_mtime_ns}".encode())
    with path.open("rb") as opened:
        digest.update(opened.read(_SAMPLE_BYTES))
        opened.seek(max(0, status.st_size - _SAMPLE_BYTES))
        digest.update(opened.read(_SAMPLE_BYTES))
    return digest.hexdigest()


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
