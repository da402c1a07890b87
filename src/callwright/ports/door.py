"""Port of doors: the HTTP routes and websockets that a carrier brings, served under ``/lines/<carrier>/``.

A door asks for no API key. It says instead how a request proves where it comes from: by a signature that the carrier checks, or by a
capability, an address that is good once. The platform bounds what comes in before the carrier sees it (``domain.limits``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import DOOR_SOCKET_FIRST_MESSAGE_SECONDS

LINES = "/lines/"
"""Where doors are: ``/lines/<carrier><path>``, and one segment more with the token of a capability."""
INBOUND_CALL = "/inbound_call"
"""Where every carrier may ask about calls that come in: the address that ``POST /inbound/setup`` returns."""


@dataclass(frozen=True, slots=True)
class DoorRequest:
    """What came to a door.

    ``url`` is the address as the outside has it, with its query: what vendors sign. ``headers`` have lower-case names; of those that came
    twice the first. ``body`` is raw, empty for a websocket. ``bound_to`` is what the capability was issued for, empty behind a signature.
    ``proven`` is what the check of the signature found, None behind a capability. ``source`` is the IP address at the other end.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    bound_to: str = ""
    source: str = ""
    proven: object = None


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """The answer of an HTTP door."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"


class DoorSocket(Protocol):
    """A websocket that was let in."""

    far_code: int
    """The code with which the far end closed it; 0 while it is open, and where it broke off or we closed it."""

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        """Hand every message from now on to ``on_message``, in order, as it comes. :meth:`receive` then returns None at the end, and
        nothing else. A frame of audio is thus spared its way through a task. What ``on_message`` raises closes the socket."""

    async def receive(self) -> str | bytes | None:
        """The next message; None once the socket is closed, by either side or because a limit was passed."""
        ...

    def send(self, *messages: str | bytes) -> None:
        """Send messages, in order and without waiting; together they cost one call of the kernel. Messages after the end are dropped. A far
        end that does not read loses the socket when MAX_DOOR_SOCKET_WAITING messages wait."""

    def end(self, code: int = 1000) -> None:
        """Close as soon as what waits is sent. Returns at once. The first code counts."""

    async def close(self, code: int = 1000) -> None:
        """Send what waits, then close. Safe to call twice."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Proof by a signature. ``check`` gets the raw request before anything is parsed. What it returns is true where the request is genuine,
    and becomes ``DoorRequest.proven``, so that nothing is looked up twice. Compare with ``hmac.compare_digest``."""

    check: Callable[[DoorRequest], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Capability:
    """Proof by an address that ``Doorkeeper.issue`` made: good for one request or a few, for some seconds, at this door."""


Proof = Signed | Capability


@dataclass(frozen=True, slots=True)
class HttpDoor:
    """A route. ``path`` is constant (``/status``). ``answer`` has DOOR_ANSWER_SECONDS; an exception of it is a defect. ``takes_incoming``:
    the carrier asks here about calls that come in, and may as well ask at INBOUND_CALL. Such a door needs a signature."""

    path: str
    summary: str
    proof: Proof
    answer: Callable[[DoorRequest], Awaitable[DoorAnswer]]
    method: str = "POST"
    takes_incoming: bool = False


@dataclass(frozen=True, slots=True)
class SocketDoor:
    """A websocket. It is accepted when it is proven, and closed when ``serve`` returns. ``subprotocol``: the one that it speaks and the far
    end must offer, empty for none. ``first_message_seconds``: how long the first message may take."""

    path: str
    summary: str
    proof: Proof
    serve: Callable[[DoorRequest, DoorSocket], Awaitable[None]]
    subprotocol: str = ""
    first_message_seconds: float = DOOR_SOCKET_FIRST_MESSAGE_SECONDS


Door = HttpDoor | SocketDoor


class Doorkeeper(Protocol):
    """Gives addresses of doors (``PluginContext.doors``)."""

    def address(self, carrier: str, path: str) -> str:
        """The public address of a door with a signature (``https://...``, for a websocket ``wss://...``)."""
        ...

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        """A fresh address of a door with a capability, good ``uses`` times within ``seconds``. It must reach this process. Raises
        UnavailableError when too many are unused."""
        ...

    def revoke(self, address: str) -> None:
        """Let an address that was issued be good no more. Safe to call twice."""


class NoDoors:
    """The doorkeeper of a process that serves nobody."""

    def address(self, carrier: str, path: str) -> str:
        """Raises UnavailableError."""
        raise UnavailableError(f"{carrier} has no doors here: this process serves no HTTP")

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        """Raises UnavailableError."""
        raise UnavailableError(f"{carrier} has no doors here: this process serves no HTTP")

    def revoke(self, address: str) -> None:
        """Does nothing: no address was issued."""


@runtime_checkable
class HasDoors(Protocol):
    """A carrier that brings doors."""

    def doors(self) -> Sequence[Door]:
        """Its doors, asked for once at the start."""
        ...
