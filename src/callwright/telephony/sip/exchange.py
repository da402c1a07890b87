"""What a call of the gateway needs of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from callwright.domain.sip_message import SipMessage
from callwright.telephony.sip.stack import SipStack, StackCall
from callwright.telephony.sip.trace import Trace, TracedCall


class NumberedCall(Protocol):
    """A call as the gateway keeps it."""

    number: int


class Exchange(Protocol):
    """The gateway as its calls see it."""

    stack: SipStack
    trace: Trace

    @property
    def asks_password(self) -> bool:
        """Whether callers must give a password."""
        ...

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message to the server."""

    def audio(self, call: int, frames: bytes) -> None:
        """Audio of the caller to the server."""

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something of a call; what it raises is a defect and ends the process."""
        ...

    def read_messages(self) -> None:
        """Bring the trace up to date."""

    def over(self, call: NumberedCall) -> None:
        """The call is closed; forget it."""

    def refuse_with(self, call: TracedCall, code: int) -> bool:
        """Answer the INVITE of a call with a status of ours, if that can be done."""
        ...

    def registration_of(self, line: StackCall, invite: SipMessage | None) -> str:
        """The id of the registration over which a call came, empty for any other call."""
        ...

    def admits(self, call: TracedCall | None, registration: str) -> bool:
        """Whether its caller may call: it proves who it is, or was asked to, and has not too many calls that it did not acknowledge."""
        ...
