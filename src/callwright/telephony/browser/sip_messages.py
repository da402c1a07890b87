"""SIP on a websocket (RFC 7118): which messages of a page are taken, and how ours are written. Pure.

One message of the websocket is one SIP message. What is wrong with a request is answered as RFC 3261 says where its headers allow an
answer; anything else closes the websocket.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callwright.domain.limits import MAX_SIP_SOCKET_HEADERS, MAX_SIP_SOCKET_MESSAGE_BYTES
from callwright.domain.sip_message import SipMessage, addresses, parsed, tag_of, uri_of
from callwright.platform.executions.rules.causes import SIP_CODES

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "REGISTER")
ALLOW = f"Allow: {', '.join(METHODS)}"
_REASONS = {100: "Trying", 180: "Ringing", 200: "OK", **{number: code.name for number, code in SIP_CODES.items()}}
_ONCE = ("from", "to", "call-id", "cseq")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_BRANCH = re.compile(r";\s*branch\s*=\s*(z9hG4bK[^\s;,]{1,200})")
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*([0-9*#A-D])\s*$", re.MULTILINE | re.IGNORECASE)
_KEYS = frozenset("0123456789*#ABCD")
KEY_MS = 160
PING, PONG = "\r\n\r\n", "\r\n"
"""Both ways of saying that the connection lives (RFC 5626 3.5.1)."""


class UnreadableMessageError(Exception):
    """A message that cannot even be answered. Its text says why."""


class WrongRequestError(Exception):
    """A request that is answered with ``status``. Its text goes into a Warning."""

    def __init__(self, request: SipMessage, status: int, why: str) -> None:
        super().__init__(why)
        self.request = request
        self.status = status


def read(message: str | bytes) -> SipMessage:
    """The SIP message in a message of the websocket. Raises UnreadableMessageError, or WrongRequestError for a request."""
    try:
        text = message if isinstance(message, str) else message.decode()
    except UnicodeDecodeError:
        raise UnreadableMessageError("the message is not UTF-8") from None
    size = len(text.encode())
    if size > MAX_SIP_SOCKET_MESSAGE_BYTES:
        raise UnreadableMessageError(f"the message has {size} bytes, at most {MAX_SIP_SOCKET_MESSAGE_BYTES} are taken")
    head, ends, body = text.partition("\r\n\r\n")
    found = None if not ends or _CONTROL.search(head) else parsed(text)
    if found is None or head.count("\r\n") > MAX_SIP_SOCKET_HEADERS:
        raise UnreadableMessageError("the message is no SIP message")
    if any(len(found.headers.get(name, ())) != 1 for name in _ONCE) or not branch_of(found):
        raise UnreadableMessageError(
            "the message lacks one of Via with a branch, From, To, Call-ID and CSeq, or has it twice"
        )
    if not found.status:
        _check(found, body)
    return found


def _check(request: SipMessage, body: str) -> None:
    if (
        not request.cseq
        or request.first("cseq").partition(" ")[2].strip() != request.method
        or not tag_of(request.first("from"))
    ):
        raise WrongRequestError(request, 400, "CSeq or the tag of From is wrong")
    length = request.first("content-length")
    if length and length != str(len(body.encode())):
        raise WrongRequestError(request, 400, "Content-Length is not the length of the body")
    if request.method not in METHODS:
        raise WrongRequestError(request, 405, "the method is not known here")
    if request.headers.get("require"):
        raise WrongRequestError(request, 420, "no extension is required here")


def branch_of(message: SipMessage) -> str:
    """The branch of its topmost Via: what its transaction is called. Empty where there is none of RFC 3261."""
    found = _BRANCH.search(message.first("via"))
    return found[1] if found is not None else ""


def answer(
    request: SipMessage, status: int, tag: str = "", headers: Sequence[str] = (), body: str = "", why: str = ""
) -> str:
    """A response. ``tag`` is ours, put to a To that has none; ``body`` is SDP; ``why`` goes into a Warning."""
    to = request.first("to")
    if tag and not tag_of(to):
        to = f"{to};tag={tag}"
    lines = [
        f"SIP/2.0 {status} {_REASONS.get(status, 'Refused')}",
        *(f"Via: {value}" for value in request.headers.get("via", ())),
        f"From: {request.first('from')}",
        f"To: {to}",
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.first('cseq')}",
        *headers,
    ]
    if status == 405:
        lines.append(ALLOW)
    if status == 420:
        lines += [f"Unsupported: {value}" for value in request.headers.get("require", ())]
    if why:
        lines.append(f'Warning: 399 callwright "{why}"')
    return _written(lines, body, "application/sdp")


@dataclass(slots=True)
class DialogAddresses:
    """Who speaks with whom in a call (RFC 3261 12.1.1): which requests belong to it, and what ours need. ``domain`` is ours."""

    call_id: str
    ours: str
    theirs: str
    target: str
    route: tuple[str, ...]
    domain: str
    number: int = 0

    @classmethod
    def of(cls, invite: SipMessage, tag: str, domain: str) -> DialogAddresses:
        """The dialog that our answer to an INVITE makes."""
        return cls(
            invite.call_id,
            f"{invite.first('to')};tag={tag}",
            invite.first("from"),
            uri_of(invite.first("contact")),
            addresses(invite.headers.get("record-route", ())),
            domain,
        )

    def have(self, request: SipMessage) -> bool:
        """Whether a request belongs to the dialog."""
        return (
            request.call_id == self.call_id
            and tag_of(request.first("to")) == tag_of(self.ours)
            and tag_of(request.first("from")) == tag_of(self.theirs)
        )

    def request(self, method: str, branch: str, body: str = "", kind: str = "") -> str:
        """The next request of ours."""
        self.number += 1
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/WS {self.domain};branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            *(f"Route: {value}" for value in self.route),
            f"From: {self.ours}",
            f"To: {self.theirs}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.number} {method}",
        ]
        return _written(lines, body, kind)


def keys_in(request: SipMessage) -> str | None:
    """The keys of an INFO; None when it has another content, which is not known here."""
    kind = request.first("content-type").partition(";")[0].strip().lower()
    if kind == "application/dtmf-relay":
        found = _SIGNAL.search(request.body)
        return found[1].upper() if found is not None else ""
    if kind == "application/dtmf":
        key = request.body.strip().upper()
        return key if key in _KEYS else ""
    return None if request.body else ""


def key_body(key: str) -> str:
    """The body of an INFO for a key of ours, of the kind ``application/dtmf-relay``."""
    return f"Signal={key}\r\nDuration={KEY_MS}\r\n"


def _written(lines: Sequence[str], body: str, kind: str) -> str:
    content = [f"Content-Type: {kind}"] if body else []
    return "\r\n".join([*lines, *content, f"Content-Length: {len(body.encode())}", "", body])
