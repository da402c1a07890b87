"""Serving the API over HTTP in this process, with our own handling of signals."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State
from websockets.streams import StreamReader

from callwright.api.doors import DIRECT
from callwright.cli.bounded_http import BoundedHttp, JoinedWrites
from callwright.cli.connections import ConnectionLimits, Connections
from callwright.cli.websocket_frames import frame_of, messages_of
from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_DOOR_SOCKET_MESSAGE_BYTES
from callwright.ops.settings import unknown_variables

_BACKLOG = 512
_SWITCHING, _NOT_TEXT = 101, 1007
_FRAME_BEGINS = StreamReader.at_eof.__code__
"""Where the library waits for a frame to begin."""
_LOG = logging.getLogger(__name__)


class AddressTakenError(ConfigurationError):
    """The API cannot listen at its address."""

    hint = "Choose another with --port and --host (CALLWRIGHT_PORT, CALLWRIGHT_HOST), or stop the process that has it."


def warn_of_unknown_variables(environ: Mapping[str, str]) -> None:
    """Log each variable that begins as ours and that no setting has."""
    for variable in unknown_variables(environ):
        _LOG.warning("there is no setting %s: it is ignored", variable)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: a signal means drain here, not stop. It wakes for nothing: ``BoundedHttp`` sets the date."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Finish the requests under way, then return from ``serve``."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self._ending.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class _Websockets(WebSocketsSansIOProtocol):
    """uvicorn's websockets. One that was refused is answered: it is no error for the log, which strangers could fill.

    An ``api.doors.DirectSocket``: a frame of audio comes and goes without ASGI's queue, tasks and stops of reading, which take longer than
    all that is done with the frame.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._on_message: Callable[[str | bytes], None] | None = None
        self._passed_by = False
        """Whether the library was between messages when it was last looked at, and has read nothing since: a look takes long."""

    def handle_connect(self, event: Request) -> None:
        """Somebody asks for a websocket."""
        super().handle_connect(event)
        if self.response.status_code == _SWITCHING:
            cast(dict[str, Any], self.scope["extensions"])[DIRECT] = self

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        """Hand over every message from now on, those that wait first."""
        self._on_message = on_message
        for _ in range(self.queue.qsize()):
            waiting: Any = self.queue.get_nowait()
            if waiting["type"] == "websocket.receive":
                on_message(waiting["text"] if "text" in waiting else waiting["bytes"])
            else:
                self.queue.put_nowait(waiting)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Something has come. The messages that are whole in it go to whoever listens; the library reads the rest."""
        if self._on_message is not None and self._between_messages:
            messages, taken = messages_of(data)
            for message in messages:
                self._on_message(message)
            data = data[taken:]
            self._passed_by = True
        if data:
            self._passed_by = False
            super().data_received(data)

    @property
    def _between_messages(self) -> bool:
        """Whether the next byte begins a message, for all the library has read."""
        if self.conn.state is not State.OPEN or self.conn.current_size is not None or self.close_sent:
            return False
        if self._passed_by:
            return True
        waits: Any = self.conn.parser
        while waits.gi_yieldfrom is not None:
            waits = waits.gi_yieldfrom
        # Elsewhere it waits for the rest of a frame, of which it may have taken all that came.
        return bool(waits.gi_code is _FRAME_BEGINS)

    def send_receive_event_to_app(self) -> None:
        """A message is whole."""
        if self._on_message is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.curr_msg_data_type == "bytes":
            self._on_message(bytes(data))
            return
        try:
            text = bytes(data).decode()
        except UnicodeDecodeError:
            self.conn.fail(_NOT_TEXT)
            self.handle_parser_exception()
            return
        self._on_message(text)

    def write(self, messages: Sequence[str | bytes]) -> bool:
        """Send at once, all or none. False when it cannot be."""
        # The far end may have closed in the same packet in which it said something that is answered.
        if self.conn.state is not State.OPEN or not self.writable.is_set() or self.transport.is_closing():
            return False
        # Not ``write``, which would wait for more: this is all that is to be sent now.
        self.transport.writelines((b"".join(map(frame_of, messages)),))
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and its place is free."""
        super().connection_lost(exc)
        cast(JoinedWrites, self.transport).lost()
        # Who listens holds this socket: together they would stay until the garbage collector looks.
        self._on_message = None

    async def send(self, message: Any) -> None:
        """Send a message of the application."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True


def bind(host: str, port: int) -> socket.socket:
    """A listening socket's address; port 0 takes a free one. Raises ConfigurationError when it is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AddressTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def http_server(
    app: ASGIApp,
    listener: socket.socket,
    trusted_proxies: Sequence[str] = (),
    limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008 (immutable)
) -> AsyncIterator[None]:
    """Answer requests on ``listener`` while the block runs; requests under way are finished at its end. ``limits`` bound its connections.

    Only what comes from the networks of ``trusted_proxies`` may say for whom and how it came (``X-Forwarded-For``, ``X-Forwarded-Proto``).
    """
    loop = asyncio.get_running_loop()
    connections = Connections(limits, trusted_proxies, loop.time)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        backlog=_BACKLOG,
        server_header=False,
        http=cast(type[asyncio.Protocol], partial(BoundedHttp, connections=connections)),
        ws=_Websockets,
        ws_max_size=MAX_DOOR_SOCKET_MESSAGE_BYTES,
        # Audio gains nothing by it, and a small message may unpack to a large one.
        ws_per_message_deflate=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
    )
    server = _Server(config)
    serving = loop.create_task(server.serve([listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn has a flag, no event)
            await asyncio.sleep(0.01)
        if serving.done():
            await serving
        yield
    finally:
        server.end()
        await serving
