"""The registrations of the gateway process (RFC 3261 10): the server says which, the stack keeps them, and a call that comes in tells over
which it came.

The Contact of a registration has a user that the stack makes up. Only the registrar knows it, so a call to that user is one of the
registration; a call to the name of the account is anybody's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from callwright.domain.limits import MAX_SIP_REGISTRATIONS
from callwright.domain.sip_message import SipMessage, Traced, uri_of, user_of
from callwright.telephony.sip.checks import CLEAR, ENCRYPTIONS
from callwright.telephony.sip.stack import Registration, SipStack, StackCall, StackError
from callwright.telephony.sip.wire import GATEWAY

REGISTERED, FAILED = "registered", "failed"
_KEPT_CONTACTS = 4 * MAX_SIP_REGISTRATIONS


class Speaker(Protocol):
    """The gateway as its registrations see it."""

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message to the server."""

    def start(self, work: Coroutine[Any, Any, None]) -> object:
        """Run something; what it raises is a defect."""
        ...


class Registrations:
    """Those that the server wants, by the ids it gives them."""

    def __init__(self, stack: SipStack, gateway: Speaker) -> None:
        self._stack = stack
        self._gateway = gateway
        self._contacts: dict[str, None] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def ask(self, message: Mapping[str, Any]) -> None:
        """The server's ``register``: one more, or another one in the place of that with its id. Answered by ``registration``."""
        self._gateway.start(self._register(str(message.get("id") or ""), message))

    def end(self, message: Mapping[str, Any]) -> None:
        """The server's ``unregister``."""
        self._gateway.start(self._unregister(str(message.get("id") or "")))

    def feed(self, record: Traced) -> None:
        """Take one message of the trace: the Contact of a REGISTER of ours is remembered."""
        message = record.message
        if record.sent and message.method == "REGISTER" and not message.status:
            user = user_of(uri_of(message.first("contact")))
            self._contacts.pop(user, None)
            while len(self._contacts) >= _KEPT_CONTACTS:
                self._contacts.pop(next(iter(self._contacts)))
            self._contacts[user] = None

    def of(self, line: StackCall, invite: SipMessage | None) -> str:
        """The id of the registration over which a call came; empty for any other call."""
        return line.registration if invite is not None and user_of(invite.uri) in self._contacts else ""

    async def _register(self, registration_id: str, message: Mapping[str, Any]) -> None:
        encryption = str(message.get("encryption") or "")
        wanted = Registration(
            user=str(message.get("user") or ""),
            domain=str(message.get("domain") or ""),
            password=str(message.get("password") or ""),
            transport=str(message.get("transport") or ""),
            encryption=encryption if encryption in ENCRYPTIONS else CLEAR,
            seconds=int(message.get("seconds") or 0),
        )
        async with self._turns[registration_id]:
            try:
                await self._stack.register(registration_id, wanted, self._told(registration_id))
            except StackError as error:
                self._told(registration_id)(error.reason)

    async def _unregister(self, registration_id: str) -> None:
        async with self._turns[registration_id]:
            await self._stack.unregister(registration_id)

    def _told(self, registration_id: str) -> Callable[[str], None]:
        def told(failure: str) -> None:
            state = FAILED if failure else REGISTERED
            self._gateway.send(GATEWAY, "registration", id=registration_id, state=state, reason=failure[:500])

        return told
