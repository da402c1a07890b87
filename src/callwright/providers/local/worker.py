"""An inference process: ``python -m callwright.providers.local.worker --socket FD``. Started and fed by ``pool``.

It reads orders, runs each in one of a few threads, and reports. It ends when the other end of its socket is gone, however that
happened: the kernel closes the platform's end even after kill -9, and the reading thread notices during any computation.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from callwright.providers.local.drill import DrillEngine
from callwright.providers.local.engine import Engine, Work
from callwright.providers.local.language_engine import LanguageEngine
from callwright.providers.local.speech_engine import SpeechEngine
from callwright.providers.local.wire import LENGTH, Order, Report, length_of, pack


def build(body: dict[str, Any]) -> Engine:
    """The engine a ``configure`` order asks for. Loading errors are the caller's to report."""
    if body["engine"] == "speech":
        return SpeechEngine(body["paths"], body["threads"])
    if body["engine"] == "drill":
        return DrillEngine()
    return LanguageEngine(body)


class Worker:
    """Serves one socket until it closes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._cancelled: set[int] = set()

    def serve(self) -> None:
        """The first order configures the engine; the rest are jobs and cancellations."""
        first = self._receive()
        if first is None:
            return
        try:
            engine = build(first.body)
        except Exception as error:  # noqa: BLE001 - boundary: any failure to load is the platform's to tell
            self._report(first.job, "failed", {"kind": "unavailable", "message": f"{type(error).__name__}: {error}"})
            return
        self._report(first.job, "done", {})
        with ThreadPoolExecutor(first.body["lanes"]) as lanes:
            while (order := self._receive()) is not None:
                if order.kind == "cancel":
                    self._cancelled.add(order.job)
                else:
                    lanes.submit(self._run, engine, order)
            self._leave()

    def _leave(self) -> None:
        """The platform is gone: nothing that is being computed has a reader."""
        sys.stderr.flush()
        os._exit(0)

    def _run(self, engine: Engine, order: Order) -> None:
        def emit(body: dict[str, Any]) -> None:
            self._report(order.job, "piece", body)

        def cancelled() -> bool:
            return order.job in self._cancelled

        try:
            result = engine.run(Work(order.kind, order.body), emit, cancelled)
            self._report(order.job, "done", result)
        except (LookupError, ValueError) as error:
            self._report(order.job, "failed", {"kind": "bad_request", "message": f"{error}"})
        except Exception as error:  # noqa: BLE001 - boundary: a model's failure must not end the process that other calls use
            self._report(order.job, "failed", {"kind": "unavailable", "message": f"{type(error).__name__}: {error}"})
        finally:
            self._cancelled.discard(order.job)

    def _report(self, job: int, kind: str, body: dict[str, Any]) -> None:
        data = pack(Report(job, kind, body))
        try:
            with self._sending:
                self._connection.sendall(data)
        except OSError:
            self._leave()

    def _receive(self) -> Order | None:
        head = self._exactly(LENGTH.size)
        body = None if head is None else self._exactly(length_of(head))
        return None if body is None else msgspec.msgpack.decode(body, type=Order)

    def _exactly(self, size: int) -> bytes | None:
        """That many bytes, or None when the other end is gone."""
        chunks = bytearray()
        while len(chunks) < size:
            try:
                chunk = self._connection.recv(size - len(chunks))
            except OSError:
                return None
            if not chunk:
                return None
            chunks += chunk
        return bytes(chunks)


def main() -> None:
    """Serve the inherited socket."""
    parser = argparse.ArgumentParser(
        description="An inference process of callwright; started by the platform, not by hand."
    )
    parser.add_argument("--socket", type=int, required=True, help="inherited file descriptor of a connected socket")
    os.umask(0o077)  # what an engine writes (prompts, its socket) is nobody else's
    # A group of its own, so that the terminal's Ctrl-C is not for it, but no session of its own: Linux shares the processor out
    # between sessions first, and only within one by niceness.
    os.setpgid(0, 0)
    Worker(socket.socket(fileno=parser.parse_args().socket)).serve()


if __name__ == "__main__":
    main()
