"""A SIP message as far as we must understand one: start line, headers, the audio line of its SDP. Pure.

The gateway reads copies of what its stack sent and received, for facts that the stack does not report (who was called, what ended a call,
what a BYE needs). Web calls over SIP read their own messages with it. Everything here came from the network: nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from callwright.domain.limits import MAX_SIP_HEADER_CHARACTERS

MAX_MESSAGE_CHARACTERS = 65_536
"""Longest message that is read; nothing longer fits a datagram."""

MAX_PASSED_CHARACTERS = 8_192
"""Most characters of a call's headers that are passed on: in six bytes each they fit one message to the server."""

_SECRET = frozenset({"authorization", "proxy-authorization"})
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_REQUEST = re.compile(r"([A-Z]{3,16}) (\S{1,1024}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.{0,256}))?")
_TRACED = re.compile(r"(TX|RX) (UDP|TCP|TLS|WS|WSS) (\S{1,64}) -> (\S{1,64})")
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,>]{1,256})", re.IGNORECASE)
_CAUSE = re.compile(r"Q\.850\s*;(?:[^,]*;)?\s*cause\s*=\s*\"?([0-9]{1,3})", re.IGNORECASE)
_MEDIA_PORT = re.compile(r"^m=audio ([0-9]{1,5}) ", re.MULTILINE)
_EVENTS = re.compile(r"^a=rtpmap:([0-9]{1,3}) telephone-event/", re.MULTILINE | re.IGNORECASE)
_SRTP_KEYS = re.compile(r"^a=crypto:", re.MULTILINE)
_DYNAMIC_TYPES = range(96, 128)
_STATIC_CODECS = {"0": "pcmu", "8": "pcma"}


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message. ``method`` is that of the request, or of the request a response answers (its CSeq); ``status`` is 0 for a request.

    ``headers``: lower-case full name -> values in order.
    """

    method: str
    status: int = 0
    reason: str = ""
    uri: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: str = ""

    def first(self, name: str) -> str:
        """The first value of a header, or nothing."""
        values = self.headers.get(name)
        return values[0] if values else ""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.first("call-id")

    @property
    def cseq(self) -> int:
        """The number of its CSeq; 0 when there is none."""
        number = self.first("cseq").partition(" ")[0]
        return int(number) if number.isascii() and number.isdigit() and len(number) <= 10 else 0


@dataclass(frozen=True, slots=True)
class Traced:
    """A message together with its way: ``sent`` by us or received, the transport, our address and the peer's (``host:port``)."""

    sent: bool
    transport: str
    local: str
    peer: str
    message: SipMessage


def traced(text: str) -> Traced | None:
    """One record of the stack's trace: a line ``TX UDP a:p -> b:p``, then the message. None when it is something else."""
    head, _, rest = text.partition("\n")
    match = _TRACED.fullmatch(head.strip())
    message = parsed(rest) if match else None
    if match is None or message is None:
        return None
    sent = match[1] == "TX"
    local, peer = (match[3], match[4]) if sent else (match[4], match[3])
    return Traced(sent, match[2].lower(), local, peer, message)


def parsed(text: str) -> SipMessage | None:
    """The message in ``text``, or None when it is none."""
    head, _, body = text[:MAX_MESSAGE_CHARACTERS].partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = _headers(lines)
    request = _REQUEST.fullmatch(start)
    if request:
        return SipMessage(request[1], uri=request[2], headers=headers, body=body)
    response = _RESPONSE.fullmatch(start)
    if response is None:
        return None
    method = headers.get("cseq", ("",))[0].partition(" ")[2].strip()
    return SipMessage(method, int(response[1]), (response[2] or "").strip(), headers=headers, body=body)


def _headers(lines: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in lines:
        if line[:1] in (" ", "\t"):
            # A folded line belongs to the header before it (RFC 3261 7.3.1).
            if last:
                last[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if not colon or not key:
            continue
        last = found.setdefault(_COMPACT.get(key, key), [])
        last.append(value.strip())
    return {name: tuple(values) for name, values in found.items()}


def passed_on(message: SipMessage) -> dict[str, str]:
    """The first value of each header of a call, by lower-case name, but no credentials. One that does not fit any more is left out."""
    found: dict[str, str] = {}
    room = MAX_PASSED_CHARACTERS
    for name, values in message.headers.items():
        value = values[0][:MAX_SIP_HEADER_CHARACTERS]
        size = len(name) + len(value)
        if name not in _SECRET and size <= room:
            found[name] = value
            room -= size
    return found


def uri_of(value: str) -> str:
    """The URI of a name-addr: ``"Ann" <sip:a@b;x>;tag=1`` gives ``sip:a@b;x``. Without brackets, parameters are the header's."""
    quoted_end = value.rfind('"')
    at = value.find("<", quoted_end + 1)
    if at >= 0:
        return value[at + 1 :].partition(">")[0].strip()
    return value[quoted_end + 1 :].partition(";")[0].strip()


def tag_of(value: str) -> str:
    """The tag of a From or To, or nothing."""
    at = value.rfind(">")
    match = _TAG.search(value, at + 1 if at >= 0 else 0)
    return match[1] if match else ""


def user_of(uri: str) -> str:
    """The user part of a URI; the host when it has none."""
    rest = uri.partition(":")[2] or uri
    # Of a host the port and the parameters go, of a user the password and the parameters.
    return rest.partition("@")[0].partition(":")[0].partition(";")[0]


def addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a header that may hold a list (Route, Record-Route), one by one, each with its brackets."""
    return tuple(part.strip() for value in values for part in _split(value))


def _split(value: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(value):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth <= 0:
            parts.append(value[start:at])
            start = at + 1
    parts.append(value[start:])
    return [part for part in parts if part.strip()]


def q850_of(message: SipMessage) -> int | None:
    """The Q.850 cause of its Reason headers (RFC 3326), or None."""
    for value in message.headers.get("reason", ()):
        match = _CAUSE.search(value)
        if match:
            return int(match[1])
    return None


def referral_of(message: SipMessage) -> int:
    """The status a NOTIFY tells of the call that a REFER asked for (RFC 3515 2.4.5: a message/sipfrag); 0 when it tells none."""
    if not message.first("content-type").lower().startswith("message/sipfrag"):
        return 0
    match = _RESPONSE.match(message.body.partition("\n")[0].strip())
    return int(match[1]) if match is not None else 0


def codec_of(sdp: str) -> str:
    """The codec an SDP puts first on its audio line: ``pcmu``, ``pcma``, else the name of its rtpmap; nothing without audio."""
    for line in sdp.splitlines():
        parts = line.split()
        if line.startswith("m=audio ") and len(parts) >= 4:
            if parts[1] == "0":
                return ""
            name = re.search(rf"^a=rtpmap:{re.escape(parts[3])}\s+([A-Za-z0-9.-]{{1,32}})", sdp, re.MULTILINE)
            return _STATIC_CODECS.get(parts[3]) or (name[1].lower() if name else "")
    return ""


def has_srtp_keys(sdp: str) -> bool:
    """Whether an SDP names keys for encrypted audio (RFC 4568)."""
    return _SRTP_KEYS.search(sdp) is not None


def media_of(sdp: str) -> tuple[int, frozenset[int]]:
    """Where an SDP wants its sound (the port of its audio line, 0 without one), and the payload types it names for keys."""
    port = _MEDIA_PORT.search(sdp)
    types = frozenset(int(found) for found in _EVENTS.findall(sdp) if int(found) in _DYNAMIC_TYPES)
    return (int(port[1]) if port is not None else 0), types
