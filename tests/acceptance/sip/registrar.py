"""A registrar over UDP that asks for a password (RFC 3261 10.3, RFC 2617), and answers OPTIONS. It can also stay silent."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any, cast

from callwright.domain.sip_message import SipMessage, parsed, uri_of, user_of

HOST = "127.0.0.1"
REALM, NONCE = "carrier.example", "dcd98b7102dd2f0e8b11d0f600bfb0c0"


class Registrar(asyncio.DatagramProtocol):
    """Takes ``user`` with ``password``. ``bound``: the users of the contacts that are registered now; ``refuses``: the status of all its
    answers to REGISTER and OPTIONS, 0 for none."""

    def __init__(self, user: str = "u1", password: str = "p1") -> None:
        self.user, self.password = user, password
        self.bound: list[str] = []
        self.seen: list[SipMessage] = []
        self.refuses = 0
        self.silent = False
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> Registrar:
        """Take a free port."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (HOST, 0))
        return self

    def close(self) -> None:
        """Give it back."""
        if self._transport is not None:
            self._transport.close()

    def of(self, method: str) -> list[SipMessage]:
        """The requests of a kind."""
        return [one for one in self.seen if one.method == method]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The port is open."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A request."""
        request = parsed(data.decode())
        if request is None or request.status:
            return
        self.seen.append(request)
        if self.silent or self._transport is None:
            return
        more: list[str] = []
        status = self.refuses or 200
        if not self.refuses and request.method == "REGISTER":
            status, more = self._registered(request)
        self._transport.sendto(_answer(request, status, more), addr)

    def _registered(self, request: SipMessage) -> tuple[int, list[str]]:
        given = request.first("authorization")
        if not given:
            return 401, [f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5, qop="auth"']
        if not _proves(given, "REGISTER", self.user, self.password):
            return 403, []
        contact = request.first("contact")
        user = user_of(uri_of(contact))
        self.bound = [one for one in self.bound if one != user]
        expires = request.first("expires") or (re.findall(r"expires=(\d+)", contact) or ["60"])[0]
        if expires != "0":
            self.bound.append(user)
        return 200, [f"Contact: <{uri_of(contact)}>;expires={expires}"]


def _answer(request: SipMessage, status: int, more: list[str]) -> bytes:
    lines = [f"SIP/2.0 {status} {'OK' if status == 200 else 'Refused'}"]
    lines += [f"Via: {via}" for via in request.headers.get("via", ())]
    lines += [f"From: {request.first('from')}", f"To: {request.first('to')};tag=registrar"]
    lines += [f"Call-ID: {request.call_id}", f"CSeq: {request.first('cseq')}", *more, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def _proves(given: str, method: str, user: str, password: str) -> bool:
    values = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)}
    if values.get("username") != user or values.get("nonce") != NONCE:
        return False
    one, two = _md5(f"{user}:{REALM}:{password}"), _md5(f"{method}:{values['uri']}")
    middle = f"{values['nc']}:{values['cnonce']}:{values['qop']}:" if "qop" in values else ""
    return bool(values["response"] == _md5(f"{one}:{NONCE}:{middle}{two}"))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
