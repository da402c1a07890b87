"""The SIP stack as the gateway sees it: what a replacement would have to offer. ``baresip_stack`` has the one there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from callwright.telephony.sip.checks import CLEAR, ENCRYPTIONS, UDP

TRANSFERRED = "Call transfered"
"""The stack's words, in its own spelling, for the end of a call whose far end has reached the target we sent it to."""


class StackError(Exception):
    """The stack refused what was asked; the text says why. ``status`` is the SIP status behind it, 0 when there is none."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class GoneError(StackError):
    """The call is over already."""


class UnansweredError(StackError):
    """The target of a transfer did not take the call in the time we give it. Nobody else has said so."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """How to listen. ``listen`` is ``address:port`` for UDP and TCP. With ``certificate``, a PEM file with its key, TLS is served on the
    port above. ``authorities``: a PEM file with those that certify far ends; without one, none over TLS can be called."""

    listen: str
    certificate: str = ""
    authorities: str = ""
    rtp_ports: str = "20000-20999"
    max_calls: int = 100
    codecs: tuple[str, ...] = ("pcmu", "pcma")
    headers: tuple[str, ...] = ()
    rtp_timeout_seconds: int = 60


@dataclass(frozen=True, slots=True)
class LineEvent:
    """What happened on a call. ``kind``: ringing, early_media, answered, rtp (the first packet came), held, resumed, media (negotiated
    anew), key (``text``), refer (``text``: the target), statistics, closed (``text``: the stack's words)."""

    kind: str
    text: str = ""
    statistics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Level:
    """What the stack holds of a call's outgoing audio: now and at most so far, and frames it had to pad, all since the media began."""

    held_bytes: int
    held_bytes_max: int
    starved_frames: int


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom we call: the user of our address, the name shown, the host of our address (empty: where we listen), what answers a
    challenge, over which transport, and whether audio is encrypted (``checks.ENCRYPTIONS``)."""

    user: str
    name: str = ""
    domain: str = ""
    auth_user: str = ""
    auth_password: str = field(default="", repr=False)
    transport: str = UDP
    encryption: str = CLEAR

    @classmethod
    def of(cls, message: Mapping[str, Any], user: str) -> Identity:
        """As a ``dial`` or ``transfer`` message says; without a word of it, as ``user``."""
        encryption = str(message.get("encryption") or "")
        return cls(
            str(message.get("from_user") or user),
            str(message.get("display_name") or ""),
            str(message.get("domain") or ""),
            str(message.get("auth_user") or ""),
            str(message.get("auth_password") or ""),
            encryption=encryption if encryption in ENCRYPTIONS else CLEAR,
        )


def headers_of(message: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an INVITE, as a ``dial`` or ``transfer`` message has them."""
    return {str(name): str(value) for name, value in dict(message.get("headers") or {}).items()}


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered: ``user`` at ``domain`` (``host:port``), for so many seconds at a time."""

    user: str
    domain: str
    password: str = field(repr=False)
    transport: str = UDP
    encryption: str = CLEAR
    seconds: int = 300


class StackCall(Protocol):
    """One call of the stack. The coroutines raise StackError, GoneError when the call is over."""

    @property
    def registration(self) -> str:
        """The id of the registration whose account was called; empty for any other call."""
        ...

    @property
    def call_id(self) -> str:
        """The SIP Call-ID."""
        ...

    @property
    def caller(self) -> str:
        """The address of the far end."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of its INVITE that are kept."""
        ...

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        """Tell ``listener`` what happens, beginning with what happened already."""

    async def answer(self) -> None:
        """Take a call that came in."""

    async def refuse(self) -> None:
        """Refuse a call that came in (486)."""

    async def hang_up(self) -> None:
        """BYE, or CANCEL of a call that was not answered."""

    async def hold(self, on: bool) -> None:
        """Put the far end on hold, or take it back; returns when the re-INVITE is on the wire."""

    async def refer(self, target: str, seconds: float) -> None:
        """Ask the far end to call ``target`` instead; returns when it has done so and this call is over. Raises UnansweredError when that
        takes longer; the far end may go on trying, and the call then still ends with the words ``TRANSFERRED``."""

    async def refer_to_call(self, other: StackCall, seconds: float) -> None:
        """Join the far ends of this call and ``other`` (REFER with Replaces); returns when they are and this call is over."""

    async def accept_refer(self) -> StackCall:
        """Call the target the far end asked for. Once that call is answered the stack ends this one; if it fails, this one goes on."""

    async def refuse_refer(self, status: int) -> None:
        """Tell the far end that its REFER failed with ``status``."""

    async def send_keys(self, keys: str) -> None:
        """Send DTMF keys; returns after the last."""

    def read(self) -> bytes:
        """What arrived since the last time: 16-bit PCM, 8,000 Hz; nothing without media."""

    def write(self, pcm: bytes) -> int:
        """Queue PCM; returns the bytes taken, 0 without media."""

    def flush(self) -> None:
        """Drop what was written and not sent."""

    def level(self) -> Level | None:
        """The outgoing audio held, None without media."""


class SipStack(Protocol):
    """A SIP stack with its media."""

    async def open(
        self,
        settings: StackSettings,
        on_call: Callable[[StackCall], None],
        on_dead: Callable[[], None],
        on_bound: Callable[[], None],
    ) -> None:
        """Listen. Calls that come in go to ``on_call``; ``on_dead`` is told when the stack died. ``on_bound`` is called when the sockets
        are there and nobody answers calls yet; what it raises comes out. Raises StackError."""

    async def dial(self, target: str, identity: Identity, headers: Mapping[str, str]) -> StackCall:
        """Send an INVITE to ``target``, over the transport that it names. A challenge is answered once. Raises StackError."""
        ...

    async def register(self, registration_id: str, wanted: Registration, told: Callable[[str], None]) -> None:
        """Register, and stay so: the stack repeats it before it ends, and after a failure. ``told`` hears of each outcome: why it failed,
        or nothing. One with this id is ended first. Raises StackError."""

    async def unregister(self, registration_id: str) -> None:
        """End a registration. Nothing happens without one of this id."""

    def messages(self) -> list[str]:
        """Copies of the SIP messages since the last time, each after a line that tells its way; the oldest are lost when too many."""
        ...

    async def news(self) -> None:
        """Wait until ``messages`` or ``closed_calls`` has something. One waiter at a time."""

    def closed_calls(self) -> list[str]:
        """The Call-IDs of the calls that are over since the last time; the oldest are lost when too many."""
        ...

    @property
    def used_up(self) -> bool:
        """Whether the process should be replaced as soon as it has no calls."""
        ...

    @property
    def overfull(self) -> bool:
        """Whether it holds so much that is nobody's that it should take no new calls until then."""
        ...

    async def check(self) -> None:
        """Returns when the stack's own thread answers. Raises StackError when it does not."""

    async def close(self) -> None:
        """End the stack."""
