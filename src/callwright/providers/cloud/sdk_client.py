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

_EVENTS = (
    *("session_started", "session_stopped", "speech_start_detected", "speech_end_detected"),
    *("recognizing", "recognized", "canceled"),
)


def watch_sdk(stream: Any, session: VendorSession) -> None:
    """Has ``session`` know of the connection of a stream that has not begun."""
    loop = asyncio.get_running_loop()
    begun, cancelled = stream._on_session_started, stream._on_canceled

    def tell(news: asyncio.Event) -> None:
        # A loop that is closed wants no news.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(news.set)

    def on_connected(_: Any) -> None:
        tell(session.opened)

    def stop(recogniser: Any, connection: Any) -> None:
        _stop(recogniser, connection)
        # What waits for the end of the session is not told by the SDK any more.
        tell(stream._session_stopped_event)

    def on_begun(event: Any) -> None:
        recogniser = stream._recognizer
        connection = importlib.import_module("azure.cognitiveservices.speech").Connection.from_recognizer(recogniser)
        connection.connected.connect(on_connected)
        held = weakref.ref(recogniser)
        recogniser.stop_continuous_recognition = lambda: stop(held(), connection)
        begun(event)

    def on_cancelled(event: Any) -> None:
        session.status = _STATUSES.get(event.cancellation_details.code.name)
        cancelled(event)

    stream._on_session_started, stream._on_canceled = on_begun, on_cancelled


def _stop(recogniser: Any, connection: Any) -> None:
    """Stops it in a thread of its own. Nobody listens to its last words, and it waits 10 s for a server that does not say goodbye."""

    def stop() -> None:
        # The SDK aborts a process that ends while it calls into Python.
        for event in (*(getattr(recogniser, name) for name in _EVENTS), connection.connected):
            event.disconnect_all()
        type(recogniser).stop_continuous_recognition(recogniser)

    threading.Thread(target=stop, daemon=True).start()
