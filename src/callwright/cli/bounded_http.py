"""HTTP whose heads are bounded while they arrive: nobody may send headers for ever, and what is too much is refused before it is parsed.
Nor may a body that nobody reads come for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_remote_addr

from callwright.api.answers import error_answer
from callwright.cli.connections import Connections
from callwright.domain.errors import HeadTooLargeError
from callwright.domain.limits import BODY_SECONDS, HEAD_SECONDS, MAX_HEAD_BYTES, MAX_HEADERS, UNREAD_SECONDS
from callwright.ops.clock import SystemClock

_REASON = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


class JoinedWrites:
    """A transport that holds a piece until the next one or the end of this pass of the event loop, whichever comes first.

    The protocol writes the head of an answer and then its body: together they are one call of the kernel and one packet. At most one piece
    is held, so that a writer who is faster than the line is still told to wait.

    Closed, it sends what is left for as long as some of it is read within each ``unread_s`` seconds; then the connection is cut.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        unread_s: float = UNREAD_SECONDS,
        when_lost: Callable[[], None] | None = None,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._unread_s = unread_s
        self._when_lost = when_lost
        self._held: bytes | None = None
        self._cut: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Write, at the latest when the callbacks that are due have run."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._let_go)
            return
        held, self._held = self._held, None
        self._transport.write(held + data)

    def close(self) -> None:
        """Close, after what is held."""
        self._let_go()
        self._transport.close()
        if self._cut is None:
            self._cut_unless_read(None)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Write the pieces after what is held."""
        self._let_go()
        self._transport.writelines(pieces)

    def write_eof(self) -> None:
        """Say that nothing more comes, after what is held."""
        self._let_go()
        self._transport.write_eof()

    def lost(self) -> None:
        """The connection is gone: nothing is left to be cut. Calls ``when_lost``."""
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        if self._when_lost is not None:
            self._when_lost()

    def _cut_unless_read(self, left_before: int | None) -> None:
        self._cut = None
        left = self._transport.get_write_buffer_size()
        if left_before is not None and left >= left_before > 0:
            self._transport.abort()
        elif left:
            self._cut = self._loop.call_later(self._unread_s, self._cut_unless_read, left)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _let_go(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            if not self._transport.is_closing():
                self._transport.write(held)


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol with limits on the line and the headers of a request: bytes, number and seconds.

    A connection that ``connections`` refuses is closed before it is read.
    """

    def __init__(self, *args: Any, connections: Connections, **more: Any) -> None:
        super().__init__(*args, **more)
        self._table = connections
        self._head_bytes = 0
        self._unparsed_bytes = 0
        self._in_head = False
        self._refused: HeadTooLargeError | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._whole = True
        self._joined: JoinedWrites | None = None
        self._line: asyncio.Transport
        self._clock = SystemClock()

    def connection_made(self, transport: Any) -> None:
        """Somebody connects, and has HEAD_SECONDS to ask for something."""
        client = get_remote_addr(transport)
        if not self._table.enter(transport, client[0] if client else ""):
            transport.abort()
            return
        super().connection_made(transport)
        self._joined = JoinedWrites(transport, self.loop, when_lost=partial(self._table.leave, transport))
        self._line = transport
        self.transport = cast(asyncio.Transport, self._joined)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        if self._joined is None:
            return
        self._head_is_there()
        super().connection_lost(exc)
        self._joined.lost()

    def handle_websocket_upgrade(self) -> None:
        """The connection is a websocket from here on."""
        super().handle_websocket_upgrade()
        # The parser has this protocol's methods: together they would stay until the garbage collector looks.
        del self.parser

    def eof_received(self) -> None:
        """The client sends nothing more: the connection is closed, as it would be without us, but what is held leaves before."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Feed the parser. A head that is still not whole counts with all that came of it, parsed or not."""
        self.server_state.default_headers = [(b"date", _date(int(self._clock.now().timestamp())))]
        began_before = self._in_head
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._deadline is None:
            self._await_head()
        if began_before:
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > MAX_HEAD_BYTES:
                self._refused = _too_many_bytes()
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._head_bytes = self._unparsed_bytes = 0
        self._in_head = True
        self._whole = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count(len(name) + len(value))
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(HeadTooLargeError(f"the request has more than {MAX_HEADERS} headers"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._head_is_there()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body. Strangers may be slow with theirs, and count as waiting until it is whole."""
        if self._has_key():
            self._table.asked(self._line)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._whole = True
        self._table.asked(self._line)
        self._head_is_there()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It was answered. A body that nobody reads may come for a while, so that its sender sees the answer, and not for ever."""
        has_key = self._has_key()
        super().on_response_complete()
        answered = self.cycle is not None and self.cycle.response_complete
        if answered:
            self._table.waits(self._line, has_key=has_key)
        if answered and not self._whole and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(BODY_SECONDS, self._give_up)

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed, or what is too much."""
        if self._refused is None:
            super().send_400_response(msg)
            return
        body = bytes(error_answer(self._refused).body)
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(_REASON + head + body)
        self.transport.close()

    def _has_key(self) -> bool:
        """Whether the request under way came with a good key: the gate notes whose."""
        return self.cycle is not None and "principal" in self.cycle.scope.get("state", ())

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(_too_many_bytes())

    def _refuse(self, error: HeadTooLargeError) -> None:
        self._refused = error
        # What a callback raises ends the parsing; the protocol then answers through send_400_response.
        raise error

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def _too_many_bytes() -> HeadTooLargeError:
    return HeadTooLargeError(f"the line and the headers of the request are more than {MAX_HEAD_BYTES} bytes")
