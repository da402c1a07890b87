"""Doors of carriers: which are opened at all, what a capability is good for, and where a websocket meets its limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callwright.api.doors import Doors, LimitedSocket
from callwright.domain.errors import (
    BadInputError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
)
from callwright.domain.limits import (
    DOOR_ANSWER_SECONDS,
    DOOR_SOCKET_CLOSE_SECONDS,
    DOOR_SOCKET_FIRST_MESSAGE_SECONDS,
    MAX_DOOR_CAPABILITIES,
    MAX_DOOR_SOCKET_MESSAGES_A_SECOND,
    MAX_DOOR_SOCKET_WAITING,
    MAX_DOOR_SOCKETS,
    MAX_DOOR_SOCKETS_OF_CARRIER,
)
from callwright.lab.virtual_loop import VirtualLoop
from callwright.ports.door import Capability, Door, DoorAnswer, DoorRequest, DoorSocket, HttpDoor, Signed, SocketDoor

URL = "https://calls.example"


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.us = 0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic_us(self) -> int:
        return self.us

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here sleeps")


class Numbers:
    """Ids that count."""

    def __init__(self) -> None:
        self.last = 0

    def uuid(self) -> str:
        return self.token(16)

    def seed(self) -> int:
        return len(self.token(1))

    def token(self, length_bytes: int) -> str:
        self.last += 1
        return f"{self.last:0{2 * length_bytes}x}"


class Line:
    """The server's side of a websocket: what the far end sent, and what it was sent. ``reads`` is clear while it does not read."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for message in messages:
            self.incoming.put_nowait(message)
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.sent.append(dict(message))

    def come(self, *texts: str) -> None:
        for text in texts:
            self.incoming.put_nowait({"type": "websocket.receive", "text": text})


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test in virtual time."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def doors_of(clock: HandClock | None = None) -> Doors:
    return Doors(URL, Numbers(), clock or HandClock())


async def unused(*_: Any) -> Any:
    raise AssertionError("nobody comes this far")


async def answered(request: DoorRequest) -> DoorAnswer:
    return DoorAnswer(request.bound_to.encode())


def asked(path: str, method: str = "") -> dict[str, Any]:
    scope: dict[str, Any] = {"type": "http" if method else "websocket", "path": path, "headers": [], "state": {}}
    return {**scope, "method": method} if method else scope


async def ask(doors: Doors, address: str, method: str = "POST") -> bytes:
    """The answer of an HTTP door."""
    line = Line({"type": "http.request", "body": b"", "more_body": False})
    await doors(asked(address.removeprefix(URL), method), line.receive, line.send)
    return cast(bytes, line.sent[-1]["body"])


ONCE = HttpDoor("/once", "Once", Capability(), answered)
SOCKET = SocketDoor("/socket", "A socket", Capability(), unused)


# -- which doors there are -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carrier", "door"),
    [
        ("c", HttpDoor("/x", "no proof", cast(Any, None), answered)),
        ("c", SocketDoor("/x", "no proof", cast(Any, unused), unused)),
        ("c", HttpDoor("x", "no slash", Capability(), answered)),
        ("c", HttpDoor("/x/", "an empty segment", Capability(), answered)),
        ("c", HttpDoor("/{x}", "a parameter", Capability(), answered)),
        ("c", HttpDoor("/x", "no method", Capability(), answered, "CONNECT")),
        ("c/d", HttpDoor("/x", "a carrier like a path", Capability(), answered)),
        ("c", HttpDoor("/x", "calls that come in without a signature", Capability(), answered, takes_incoming=True)),
    ],
)
def test_a_door_that_cannot_be_opened_safely_is_refused(carrier: str, door: Door):
    with pytest.raises(ConfigurationError):
        doors_of().mount(carrier, [door])


def test_no_door_takes_the_place_of_another():
    doors = doors_of()
    doors.mount("c", [ONCE, HttpDoor("/once", "another method", Capability(), answered, "GET")])
    doors.mount("d", [ONCE])
    with pytest.raises(ConfigurationError):
        doors.mount("c", [ONCE])


def test_only_its_own_paths_and_methods_are_for_a_door():
    doors = doors_of()
    doors.mount("c", [ONCE, SOCKET, HttpDoor("/signed", "Signed", Signed(unused), answered)])
    assert doors.has(asked("/lines/c/once/token", "POST"))
    assert doors.has(asked("/lines/c/socket/token"))
    assert doors.has(asked("/lines/c/signed", "POST"))
    for path, method in (
        ("/lines/c/once", "POST"),
        ("/lines/c/once/token", "GET"),
        ("/lines/c/once/token", ""),
        ("/lines/c/socket/token", "WEBSOCKET"),
        ("/lines/c/once/token/more", "POST"),
        ("/lines/c/signed/token", "POST"),
        ("/lines/d/once/token", "POST"),
        ("/c/once/token", "POST"),
    ):
        assert not doors.has(asked(path, method)), (path, method)


async def test_what_is_no_door_is_not_found():
    with pytest.raises(NotFoundError):
        await ask(doors_of(), "/lines/c/once")


# -- proofs --------------------------------------------------------------------------------------------------------------------


async def test_a_capability_is_good_once_in_its_time_at_its_door():
    clock = HandClock()
    doors = doors_of(clock)
    doors.mount("c", [ONCE])
    doors.mount("d", [ONCE])
    address = doors.issue("c", "/once", "execution 7", 30)
    assert await ask(doors, address) == b"execution 7"
    late, foreign = doors.issue("c", "/once", "late", 30), doors.issue("c", "/once", "foreign", 30)
    clock.us = 30_000_000
    for wrong in (address, late, foreign.replace("/c/", "/d/"), f"{URL}/lines/c/once/unknown"):
        with pytest.raises(NotAllowedError):
            await ask(doors, wrong)


async def test_a_capability_may_be_good_a_few_times():
    doors = doors_of()
    doors.mount("c", [ONCE])
    address = doors.issue("c", "/once", "call", 30, 2)
    assert [await ask(doors, address) for _ in range(2)] == [b"call", b"call"]
    with pytest.raises(NotAllowedError):
        await ask(doors, address)


async def test_a_websocket_with_a_subprotocol_must_be_asked_for_it():
    async def serve(request: DoorRequest, socket: DoorSocket) -> None:
        """Ends at once."""

    doors = doors_of()
    doors.mount("c", [SocketDoor("/socket", "A call", Capability(), serve, "sip")])
    path = doors.issue("c", "/socket", "", 30).removeprefix(URL.replace("https", "wss"))
    line = Line({"type": "websocket.connect"})
    with pytest.raises(NotAllowedError):
        await doors({**asked(path), "subprotocols": ["chat"]}, line.receive, line.send)
    await doors({**asked(path), "subprotocols": ["chat", "sip"]}, line.receive, line.send)
    assert line.sent[0] == {"type": "websocket.accept", "subprotocol": "sip"}


def test_the_first_message_may_take_as_long_as_the_door_says():
    async def work() -> None:
        came: list[Any] = []

        async def serve(request: DoorRequest, socket: DoorSocket) -> None:
            began_s = asyncio.get_running_loop().time()
            came.append((await socket.receive(), asyncio.get_running_loop().time() - began_s))

        doors = doors_of()
        doors.mount("c", [SocketDoor("/socket", "A call", Capability(), serve, first_message_seconds=120)])
        path = doors.issue("c", "/socket", "", 30).removeprefix(URL.replace("https", "wss"))
        line = Line({"type": "websocket.connect"})
        await doors(asked(path), line.receive, line.send)
        assert came == [(None, pytest.approx(120))]

    run(work())


async def test_without_a_good_capability_no_byte_of_the_body_is_read():
    doors = doors_of()
    doors.mount("c", [ONCE])
    with pytest.raises(NotAllowedError):
        await doors(asked("/lines/c/once/unknown", "POST"), unused, unused)


async def test_a_capability_outlives_a_refusal_for_too_many_websockets():
    ending = asyncio.Event()

    async def serve(request: DoorRequest, socket: DoorSocket) -> None:
        await ending.wait()

    doors = doors_of()
    doors.mount("c", [SocketDoor("/socket", "A call", Capability(), serve)])

    async def come(address: str) -> None:
        line = Line({"type": "websocket.connect"})
        await doors(asked(address.removeprefix(URL.replace("https", "wss"))), line.receive, line.send)

    full = [asyncio.create_task(come(doors.issue("c", "/socket", "", 30))) for _ in range(MAX_DOOR_SOCKETS_OF_CARRIER)]
    await asyncio.sleep(0)
    address = doors.issue("c", "/socket", "", 30)
    with pytest.raises(RateLimitedError):
        await come(address)
    ending.set()
    await asyncio.gather(*full)
    await come(address)


async def test_so_many_capabilities_may_be_unused_and_those_past_their_time_make_room():
    clock = HandClock()
    doors = doors_of(clock)
    doors.mount("c", [ONCE])
    addresses = [doors.issue("c", "/once", "", 30) for _ in range(MAX_DOOR_CAPABILITIES)]
    with pytest.raises(UnavailableError):
        doors.issue("c", "/once", "", 30)
    doors.revoke(addresses[0])
    doors.revoke(addresses[0])
    doors.issue("c", "/once", "", 30)
    clock.us = 30_000_000
    assert await ask(doors, doors.issue("c", "/once", "new", 30)) == b"new"


async def test_what_the_check_of_a_signature_found_reaches_the_answer():
    async def whose(request: DoorRequest) -> str:
        return "the account"

    async def nobodys(request: DoorRequest) -> str:
        return ""

    async def told(request: DoorRequest) -> DoorAnswer:
        return DoorAnswer(repr(request.proven).encode())

    doors = doors_of()
    found = [HttpDoor("/whose", "x", Signed(whose), told), HttpDoor("/nobodys", "x", Signed(nobodys), told)]
    doors.mount("c", [*found, HttpDoor("/once", "x", Capability(), told)])
    assert await ask(doors, "/lines/c/whose") == b"'the account'"
    assert await ask(doors, doors.issue("c", "/once", "", 30)) == b"None"
    with pytest.raises(NotAllowedError):
        await ask(doors, "/lines/c/nobodys")


async def test_carriers_share_an_address_for_calls_that_come_in_and_each_takes_its_own():
    def incoming(carrier: str, method: str = "POST") -> HttpDoor:
        async def signed(request: DoorRequest) -> object:
            if carrier == "strict" and b"form" not in request.body:
                raise BadInputError("no form")
            return request.body.startswith(carrier.encode()) and carrier

        async def told(request: DoorRequest) -> DoorAnswer:
            return DoorAnswer(f"{carrier} {request.proven} {request.url}".encode())

        return HttpDoor("/incoming", "Calls", Signed(signed), told, method, takes_incoming=True)

    async def ring(body: bytes, method: str = "POST") -> bytes:
        line = Line({"type": "http.request", "body": body, "more_body": False})
        scope = {**asked("/inbound_call", method), "query_string": b"agent_id=a&user_id=u"}
        assert doors.has(scope)
        await doors(scope, line.receive, line.send)
        return cast(bytes, line.sent[-1]["body"])

    doors = doors_of()
    assert not doors.has(asked("/inbound_call", "POST"))
    doors.mount("strict", [incoming("strict"), ONCE])
    doors.mount("c", [incoming("c")])
    doors.mount("g", [incoming("g", "GET")])
    url = f"{URL}/inbound_call?agent_id=a&user_id=u".encode()
    assert await ring(b"c") == b"c c " + url
    assert await ring(b"strict form") == b"strict strict " + url
    assert await ring(b"g", "GET") == b"g g " + url
    for stranger in (b"g", b"strict"):
        with pytest.raises(NotAllowedError):
            await ring(stranger)
    assert not doors.has(asked("/inbound_call", "PUT"))
    assert not doors.has(asked("/inbound_call"))
    described = [(path, method) for path, method, _ in doors.described() if path == "/inbound_call"]
    assert described == [("/inbound_call", "post"), ("/inbound_call", "get")]


def test_a_carrier_that_does_not_answer_is_given_up():
    async def work() -> None:
        async def never(request: DoorRequest) -> bool:
            await asyncio.Event().wait()
            return True

        doors = doors_of()
        doors.mount("c", [HttpDoor("/signed", "Signed", Signed(never), answered)])
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(UnavailableError):
            await ask(doors, "/lines/c/signed")
        assert asyncio.get_running_loop().time() - began_s == DOOR_ANSWER_SECONDS

    run(work())


# -- open websockets -----------------------------------------------------------------------------------------------------------


async def test_so_many_websockets_may_be_open_of_a_carrier_and_of_all():
    ending = asyncio.Event()

    async def serve(request: DoorRequest, socket: DoorSocket) -> None:
        await ending.wait()

    doors = doors_of()
    for carrier in "abc":
        doors.mount(carrier, [SocketDoor("/socket", "A socket", Capability(), serve)])

    async def come(carrier: str) -> None:
        address = doors.issue(carrier, "/socket", "", 30).removeprefix("wss" + URL.removeprefix("https"))
        line = Line({"type": "websocket.connect"})
        await doors(asked(address), line.receive, line.send)

    async def opened(carrier: str, number: int) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(come(carrier)) for _ in range(number)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        return tasks

    assert MAX_DOOR_SOCKETS == 2 * MAX_DOOR_SOCKETS_OF_CARRIER
    tasks = await opened("a", MAX_DOOR_SOCKETS_OF_CARRIER)
    with pytest.raises(RateLimitedError):
        await come("a")
    tasks += await opened("b", MAX_DOOR_SOCKETS_OF_CARRIER)
    with pytest.raises(RateLimitedError):
        await come("c")
    ending.set()
    await asyncio.gather(*tasks)
    await come("a")


# -- one websocket -------------------------------------------------------------------------------------------------------------


def with_socket(work: Callable[[LimitedSocket, Line, HandClock], Awaitable[None]]) -> None:
    async def inner() -> None:
        line, clock = Line(), HandClock()
        await work(LimitedSocket(line.receive, line.send, clock), line, clock)

    run(inner())


def test_messages_go_both_ways_in_order_and_the_end_comes_behind_them():
    async def work(socket: LimitedSocket, line: Line, clock: HandClock) -> None:
        line.come("one")
        line.incoming.put_nowait({"type": "websocket.receive", "bytes": b"two"})
        line.incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})
        socket.send("three")
        socket.send(b"four")
        assert [await socket.receive() for _ in range(3)] == ["one", b"two", None]
        await socket.close(4000)
        socket.send("too late")
        assert line.sent == [
            {"type": "websocket.send", "text": "three"},
            {"type": "websocket.send", "bytes": b"four"},
            {"type": "websocket.close", "code": 1000},
        ]

    with_socket(work)


@pytest.mark.parametrize("late", [False, True])
def test_the_first_message_must_come_in_time(late: bool):
    async def work(socket: LimitedSocket, line: Line, clock: HandClock) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(DOOR_SOCKET_FIRST_MESSAGE_SECONDS + (0.001 if late else -0.001), line.come, "first")
        loop.call_later(DOOR_SOCKET_FIRST_MESSAGE_SECONDS * 10, line.come, "second")
        heard = [await socket.receive(), await socket.receive()]
        assert heard == ([None, None] if late else ["first", "second"])
        await socket.close()
        assert line.sent[-1]["code"] == (1008 if late else 1000)

    with_socket(work)


def test_so_many_messages_may_come_in_a_second():
    async def work(socket: LimitedSocket, line: Line, clock: HandClock) -> None:
        for second in range(2):
            clock.us = second * 1_000_000
            line.come(*["x"] * MAX_DOOR_SOCKET_MESSAGES_A_SECOND)
            for _ in range(MAX_DOOR_SOCKET_MESSAGES_A_SECOND):
                assert await socket.receive() == "x"
        line.come("one too many")
        assert await socket.receive() is None
        await socket.close()
        assert line.sent == [{"type": "websocket.close", "code": 1008}]

    with_socket(work)


def test_so_many_messages_may_wait_for_a_far_end_that_does_not_read():
    async def work(socket: LimitedSocket, line: Line, clock: HandClock) -> None:
        line.come("first")
        await socket.receive()
        line.reads.clear()
        socket.send("under way")
        await asyncio.sleep(0)
        for _ in range(MAX_DOOR_SOCKET_WAITING):
            socket.send("waiting")
        reading = asyncio.create_task(socket.receive())
        await asyncio.sleep(0)
        assert not reading.done()
        socket.send("one too many")
        assert await reading is None
        line.reads.set()
        await socket.close()
        assert [message.get("text") or message["code"] for message in line.sent] == ["under way", 1013]

    with_socket(work)


def test_what_waits_at_the_end_is_given_up_in_time():
    async def work(socket: LimitedSocket, line: Line, clock: HandClock) -> None:
        line.reads.clear()
        socket.send("never read")
        began_s = asyncio.get_running_loop().time()
        await socket.close()
        assert asyncio.get_running_loop().time() - began_s == DOOR_SOCKET_CLOSE_SECONDS
        assert line.sent == []

    with_socket(work)


@pytest.mark.parametrize("by_server", [False, True])
def test_who_listens_hears_every_message_as_it_comes_and_receives_only_the_end(by_server: bool):
    async def inner() -> None:
        line, clock, server = Line(), HandClock(), Server()
        socket = LimitedSocket(line.receive, line.send, clock, server if by_server else None)
        heard: list[str | bytes] = []
        line.come("first")
        assert await socket.receive() == "first"
        socket.listen(heard.append)
        reading = asyncio.create_task(socket.receive())
        if by_server:
            server.come("second", b"third")
        else:
            line.come("second")
            line.incoming.put_nowait({"type": "websocket.receive", "bytes": b"third"})
        await asyncio.sleep(0)
        assert heard == ["second", b"third"]
        assert not reading.done()
        socket.send("answer")
        line.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        assert await reading is None
        assert socket.far_code == 1001
        await socket.close()
        assert server.sent == (["answer"] if by_server else [])
        assert (line.sent[0].get("text") == "answer") is not by_server

    run(inner())


def test_what_the_server_cannot_send_at_once_waits_and_stays_in_order():
    async def inner() -> None:
        line, server = Line(), Server()
        socket = LimitedSocket(line.receive, line.send, HandClock(), server)
        socket.send("one")
        server.takes = False
        socket.send("two")
        server.takes = True
        socket.send("three")
        await socket.close()
        assert server.sent == ["one"]
        assert [message["text"] for message in line.sent[:-1]] == ["two", "three"]

    run(inner())


def test_a_listener_with_a_defect_and_too_many_messages_close_the_websocket():
    def fail(_: object) -> None:
        raise LookupError("a defect")

    async def inner(listener: Callable[[object], None], messages: int, code: int) -> None:
        line, server = Line(), Server()
        socket = LimitedSocket(line.receive, line.send, HandClock(), server)
        socket.listen(listener)
        server.come(*["x"] * messages)
        assert await socket.receive() is None
        await socket.close()
        assert line.sent == [{"type": "websocket.close", "code": code}]

    run(inner(fail, 1, 1011))
    run(inner(lambda _: None, MAX_DOOR_SOCKET_MESSAGES_A_SECOND + 1, 1008))


class Server:
    """The direct way of our own server."""

    def __init__(self) -> None:
        self.takes = True
        self.sent: list[str | bytes] = []
        self._on_message: Callable[[str | bytes], None] | None = None

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        self._on_message = on_message

    def write(self, messages: Sequence[str | bytes]) -> bool:
        if self.takes:
            self.sent.extend(messages)
        return self.takes

    def come(self, *messages: str | bytes) -> None:
        assert self._on_message is not None
        for message in messages:
            self._on_message(message)
