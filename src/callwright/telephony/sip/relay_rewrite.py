"""How a relay between two SIP sides keeps them both on its path: it puts its own addresses in the place of theirs. Pure, text only.

A side that reads a message must find in it nothing but addresses of the relay; what it answers is turned back in the same way, so that
each side sees its own words again (Via, tags, Route). Credentials are left alone: they are computed over what their sender wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Address = tuple[str, int]
MediaAddress = Callable[[int, Address], Address | None]
"""(number of the media line, where its side wants the sound) -> where the relay wants it instead, or None to leave it."""

_ADDRESS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})(?!\d)")
_RPORT = re.compile(r";rport=(\d{1,5})", re.IGNORECASE)
_REQUEST = re.compile(r"([A-Z]{2,20}) \S+ SIP/2\.0$")
_UNTOUCHED = ("authorization:", "proxy-authorization:", "www-authenticate:", "proxy-authenticate:")
_LENGTH = re.compile(r"^(content-length|l)\s*:.*$", re.IGNORECASE)
_SDP = re.compile(r"^(content-type|c)\s*:\s*application/sdp", re.IGNORECASE)
_CONNECTION = "c=IN IP4 "
_CALL_ID = re.compile(r"^(?:call-id|i)\s*:\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """What a relay needs to know of a SIP message. ``method`` is empty for a response, ``status`` for a request."""

    head: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = ""
    status: str = ""

    @property
    def name(self) -> str:
        """The method or the status."""
        return self.method or self.status

    @property
    def call_id(self) -> str:
        """The Call-ID, or nothing."""
        return next((found[1] for line in self.head if (found := _CALL_ID.match(line))), "")

    @property
    def has_media(self) -> bool:
        """Whether the body describes media."""
        return bool(self.body) and any(_SDP.match(line) for line in self.head)


def read(datagram: bytes) -> Message | None:
    """The message in a datagram, or None when it is none (a keep-alive, rubbish): that is passed on as it is."""
    head, gap, body = datagram.partition(b"\r\n\r\n")
    if not gap:
        return None
    try:
        lines = tuple(head.decode().split("\r\n"))
    except UnicodeDecodeError:
        return None
    if lines[0].startswith("SIP/2.0 ") and lines[0][8:11].isdigit():
        return Message(lines, body, status=lines[0][8:11])
    request = _REQUEST.match(lines[0])
    return Message(lines, body, method=request[1]) if request else None


def rewritten(message: Message, names: Mapping[Address, Address], media: MediaAddress) -> bytes:
    """The message with ``names`` put in the place of the addresses they are for, and the relay's ports in its description of media."""
    ports = {old[1]: new[1] for old, new in names.items()}
    lines = [line if line.lower().startswith(_UNTOUCHED) else _renamed(line, names, ports) for line in message.head]
    body = message.body
    if message.has_media:
        body = _media(body, media)
        lines = [f"{line.partition(':')[0]}: {len(body)}" if _LENGTH.match(line) else line for line in lines]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _renamed(line: str, names: Mapping[Address, Address], ports: Mapping[int, int]) -> str:
    def name(found: re.Match[str]) -> str:
        host, port = names.get((found[1], int(found[2])), (found[1], int(found[2])))
        return f"{host}:{port}"

    def rport(found: re.Match[str]) -> str:
        return f";rport={ports.get(int(found[1]), int(found[1]))}"

    return _RPORT.sub(rport, _ADDRESS.sub(name, line))


def _media(body: bytes, media: MediaAddress) -> bytes:
    lines = body.decode(errors="surrogateescape").split("\r\n")
    before = list(lines)
    hosts: set[str] = set()
    relayed: Address | None = None
    number = 0
    for at, line in enumerate(before):
        if line.startswith("m="):
            kind, port, rest = (*line[2:].split(" ", 2), "", "")[:3]
            wanted = (_host(before, at), int(port)) if port.isdigit() and port != "0" else None
            relayed = media(number, wanted) if wanted is not None else None
            number += 1
            if wanted is not None and relayed is not None:
                hosts.add(wanted[0])
                lines[at] = f"m={kind} {relayed[1]} {rest}"
        elif relayed is not None and line.startswith("a=rtcp:"):
            lines[at] = f"a=rtcp:{relayed[1] + 1}"
        if relayed is not None:
            lines = [f"{_CONNECTION}{relayed[0]}" if _connects(each, hosts) else each for each in lines]
    return "\r\n".join(lines).encode(errors="surrogateescape")


def _connects(line: str, hosts: set[str]) -> bool:
    """A connection line to one of ``hosts``. 0.0.0.0 (the old way of a hold) means no place at all and stays."""
    host = line.removeprefix(_CONNECTION).strip()
    return line.startswith(_CONNECTION) and host in hosts and host != "0.0.0.0"


def _host(lines: list[str], at: int) -> str:
    """Where the media of the media line ``at`` go: its own connection line, else the one of the session."""
    own: list[str] = []
    for line in lines[at + 1 :]:
        if line.startswith("m="):
            break
        own.append(line)
    session = lines[: next(number for number, line in enumerate(lines) if line.startswith("m="))]
    for line in (*own, *session):
        if line.startswith(_CONNECTION):
            return line.removeprefix(_CONNECTION).strip()
    return ""
