"""The vendor's own SDK, which connects in threads of its own: what its events say about the connection reaches the loop."""

from __future__ import annotations

import asyncio
import importlib
import threading
import weakref
from contextlib import suppress
from typing import Any

from callwright.providers.cloud.session import VendorSession

_STATUSES = {
    "AuthenticationFailure": 401,
    "BadRequest": 400,
    "Forbidden": 403,
    "ServiceError": 500,
    "ServiceUnavailable": 503,
    "TooManyRequests": 429,
}
"""The HTTP statuses of the SDK's reasons for the end of a stream. Others are those of lost connections."""


def watch_sdk(stream: Any, session: VendorSession) -> None:
    """Has ``session`` know of the connection of a stream that has not begun."""
    loop = asyncio.get_running_loop()
    begun, cancelled = stream._on_session_started, stream._on_canceled
    kept: list[Any] = []

    def on_connected(_: Any) -> None:
        # A loop that is closed wants no news.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(session.opened.set)

    def on_begun(event: Any) -> None:
        recogniser = stream._recognizer
        connection = importlib.import_module("azure.cognitiveservices.speech").Connection.from_recognizer(recogniser)
        connection.connected.connect(on_connected)
        kept[:] = [connection]
        held = weakref.ref(recogniser)
        recogniser.stop_continuous_recognition = lambda: _stop(held())
        begun(event)

    def on_cancelled(event: Any) -> None:
        session.status = _STATUSES.get(event.cancellation_details.code.name)
        cancelled(event)

    stream._on_session_started, stream._on_canceled = on_begun, on_cancelled


def _stop(recogniser: Any) -> None:
    """Stops it in a thread of its own. Nobody listens to its last words, and it waits 10 s for a server that does not say goodbye."""

    def stop() -> None:
        for event in (recogniser.recognizing, recogniser.recognized):
            event.disconnect_all()
        type(recogniser).stop_continuous_recognition(recogniser)

    threading.Thread(target=stop, daemon=True).start()
