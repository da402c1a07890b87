"""The last requests of a SIP dialog whose own stack is gone, or has dropped it: from what is known of the dialog to the bytes of an ACK, a
BYE or a CANCEL (RFC 3261).

The gateway tells the server what they need (``dialog`` messages of ``wire.py``). When the gateway has died, or the whole server
and another one settles its calls, this is enough to tell the phone that the call is over; so it is for an answer that comes after the
stack has dropped its INVITE (``late_answers``). Pure: it sends nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_FIELD_CHARACTERS = 1_024
MAX_ROUTES = 16
BRANCH_COOKIE = "z9hG4bK"
"""How the branch of a transaction begins (RFC 3261 8.1.1.7)."""
_MAX_CSEQ = 2**31 - 2
# An address is written between angle brackets and a tag behind a semicolon: what could end either, or a line, is in none of them.
_URI = re.compile(r"sips?:[\x21-\x7e]+", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_CALL_ID = re.compile(r"[\x21-\x7e]+")
_VIA = re.compile(r"SIP/2\.0/UDP [\x21-\x7e]+(?: ?; ?[\x21-\x7e]+)*", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch=([A-Za-z0-9\-.!%*_+`'~]+)", re.IGNORECASE)
_ANGLE = re.compile(r"<([^<>]*)>")
# RFC 3261 19.1.1, table 1: what a Request-URI must not carry.
_NOT_IN_REQUEST_URI = frozenset({"method"})


class DialogError(ValueError):
    """These values are no dialog that a BYE can be made for. The message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """An established dialog as its local side knows it.

    ``local_uri`` and ``remote_uri`` are addresses without name and brackets, ``target`` is the remote target (the Contact of the far
    end), ``routes`` the route set in the order in which requests of ours take it, ``cseq`` the number of our last request, ``peer``
    the IPv4 address and UDP port the far end's messages came from. ``via`` is that of our INVITE while it is not answered, else empty;
    then ``target`` is where it went, and ``remote_tag`` may be empty: the far end has not said anything yet.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    local_uri: str
    remote_uri: str
    target: str
    routes: tuple[str, ...]
    cseq: int
    peer: tuple[str, int]
    via: str = ""


@dataclass(frozen=True, slots=True)
class LastRequest:
    """A request as it is sent, and what its answers carry."""

    datagram: bytes
    method: str
    cseq: int
    branch: str


def read_dialog(values: Mapping[str, Any]) -> Dialog:
    """A dialog from the values of a ``dialog`` message. Raises DialogError for values no BYE can be made of, also hostile ones."""
    transport = values.get("transport", "udp")
    if not isinstance(transport, str) or transport.lower() != "udp":
        raise DialogError(f"the transport {transport!r} is not UDP")
    cseq = values.get("cseq")
    if not isinstance(cseq, int) or isinstance(cseq, bool) or not 0 <= cseq <= _MAX_CSEQ:
        raise DialogError(f"cseq is {cseq!r}")
    remote_uri = _uri(values, "remote_uri")
    via = _via(values)
    return Dialog(
        call_id=_matching(values, "call_id", _CALL_ID),
        local_tag=_matching(values, "local_tag", _TOKEN),
        remote_tag="" if via and not values.get("remote_tag") else _matching(values, "remote_tag", _TOKEN),
        local_uri=_uri(values, "local_uri"),
        remote_uri=remote_uri,
        target=_uri(values, "target") if values.get("target") else remote_uri,
        routes=_routes(values.get("routes") or ()),
        cseq=cseq,
        peer=_peer(values.get("peer")),
        via=via,
    )


def last_requests(dialog: Dialog, source: tuple[str, int], branch: str) -> tuple[LastRequest, ...]:
    """What ends the call for the far end, one after the other: a CANCEL while our INVITE is not answered, then a BYE where the far end has
    named its side of the dialog; it may have answered in the moment before. ``source``: the address and port they are sent from;
    ``branch``: of the BYE's transaction, not used before."""
    return (
        *((cancel(dialog),) if dialog.via else ()),
        *((bye(dialog, source, branch),) if dialog.remote_tag else ()),
    )


def bye(dialog: Dialog, source: tuple[str, int], branch: str) -> LastRequest:
    """The BYE of a dialog.

    RFC 3261 12.2.1.1: the number after our last one, the tags of the dialog, the request to the remote target over the route set, with
    a strict router (one without ``lr``) in the old way. RFC 3581: ``rport``, so that the answer comes back to where this left from.
    """
    request_uri, routes = _way(dialog)
    lines = (
        f"BYE {request_uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {source[0]}:{source[1]};rport;branch={branch}",
        "Max-Forwards: 70",
        *(f"Route: <{route}>" for route in routes),
        f"To: <{dialog.remote_uri}>;tag={dialog.remote_tag}",
        f"From: <{dialog.local_uri}>;tag={dialog.local_tag}",
        f"Call-ID: {dialog.call_id}",
        f"CSeq: {dialog.cseq + 1} BYE",
        "Content-Length: 0",
    )
    return LastRequest(_bytes(lines), "BYE", dialog.cseq + 1, branch)


def cancel(dialog: Dialog) -> LastRequest:
    """The CANCEL of an INVITE that is not answered. RFC 3261 9.1: everything as in the INVITE, its number and its only Via among them; that
    is how the far end knows which one is meant."""
    lines = (
        f"CANCEL {dialog.target} SIP/2.0",
        f"Via: {dialog.via}",
        "Max-Forwards: 70",
        f"To: <{dialog.remote_uri}>",
        f"From: <{dialog.local_uri}>;tag={dialog.local_tag}",
        f"Call-ID: {dialog.call_id}",
        f"CSeq: {dialog.cseq} CANCEL",
        "Content-Length: 0",
    )
    match = _BRANCH.search(dialog.via)
    return LastRequest(_bytes(lines), "CANCEL", dialog.cseq, match[1] if match is not None else "")


def acknowledgement(
    dialog: Dialog, source: tuple[str, int], branch: str, credentials: Sequence[tuple[str, str]] = ()
) -> bytes:
    """The ACK of a 2xx to the INVITE number ``cseq`` of the dialog. RFC 3261 13.2.2.4: a transaction of its own over the route set, with
    the ``credentials`` (names and values of headers) that the INVITE carried."""
    request_uri, routes = _way(dialog)
    lines = (
        f"ACK {request_uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {source[0]}:{source[1]};rport;branch={branch}",
        "Max-Forwards: 70",
        *(f"Route: <{route}>" for route in routes),
        f"To: <{dialog.remote_uri}>;tag={dialog.remote_tag}",
        f"From: <{dialog.local_uri}>;tag={dialog.local_tag}",
        f"Call-ID: {dialog.call_id}",
        f"CSeq: {dialog.cseq} ACK",
        *(f"{name}: {value}" for name, value in credentials),
        "Content-Length: 0",
    )
    return _bytes(lines)


def acknowledgement_of_refusal(dialog: Dialog) -> bytes:
    """The ACK of a final answer from 300 on. RFC 3261 17.1.1.3: part of the INVITE's own transaction, so it goes where that went, with its
    only Via, and with the tag of the answer."""
    tag = f";tag={dialog.remote_tag}" if dialog.remote_tag else ""
    lines = (
        f"ACK {dialog.target} SIP/2.0",
        f"Via: {dialog.via}",
        "Max-Forwards: 70",
        f"To: <{dialog.remote_uri}>{tag}",
        f"From: <{dialog.local_uri}>;tag={dialog.local_tag}",
        f"Call-ID: {dialog.call_id}",
        f"CSeq: {dialog.cseq} ACK",
        "Content-Length: 0",
    )
    return _bytes(lines)


def _bytes(lines: tuple[str, ...]) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("ascii", "replace")


def status_of_answer(datagram: bytes, dialog: Dialog, request: LastRequest) -> int | None:
    """The status of an answer to that request; None for anything else that comes in. It must name the call, the request and the branch."""
    head, _, _ = datagram[:65_536].partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"SIP/2\.0 ([1-6][0-9]{2})(?: .*)?", first)
    if match is None:
        return None
    fields: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            short = name.strip().lower()
            fields.setdefault({"i": "call-id", "v": "via"}.get(short, short), value.strip())
    ours = (
        fields.get("call-id") == dialog.call_id
        and fields.get("cseq", "").split() == [str(request.cseq), request.method]
        and f"branch={request.branch}" in re.split(r"[;,\s]+", fields.get("via", ""))
    )
    return int(match[1]) if ours else None


def _way(dialog: Dialog) -> tuple[str, tuple[str, ...]]:
    """Where the request goes and the Route fields it carries."""
    if not dialog.routes or _is_loose(dialog.routes[0]):
        return dialog.target, dialog.routes
    first, *others = dialog.routes
    return _bare(first), (*others, dialog.target)


def _parameters(uri: str) -> list[str]:
    return uri.partition("?")[0].split(";")[1:]


def _is_loose(uri: str) -> bool:
    return any(parameter.partition("=")[0].lower() == "lr" for parameter in _parameters(uri))


def _bare(uri: str) -> str:
    """A Route's address as a Request-URI may be: without headers and method."""
    address, *parameters = uri.partition("?")[0].split(";")
    kept = [one for one in parameters if one.partition("=")[0].lower() not in _NOT_IN_REQUEST_URI]
    return ";".join((address, *kept))


def _matching(values: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > MAX_FIELD_CHARACTERS or not form.fullmatch(value):
        raise DialogError(f"{name} is {str(value)[:80]!r}")
    return value


def _uri(values: Mapping[str, Any], name: str) -> str:
    """An address out of ``Name <sip:...>;parameters`` or as it is."""
    value = values.get(name)
    if isinstance(value, str) and (match := _ANGLE.search(value)):
        value = match[1]
    found = _matching({name: value}, name, _URI)
    if "<" in found or ">" in found or '"' in found:
        raise DialogError(f"{name} is {found[:80]!r}")
    return found


def _via(values: Mapping[str, Any]) -> str:
    if not values.get("via"):
        return ""
    via = _matching(values, "via", _VIA)
    if _BRANCH.search(via) is None:
        raise DialogError(f"via has no branch: {via[:80]!r}")
    return via


def _routes(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or len(values) > MAX_ROUTES:
        raise DialogError(f"routes are not a list of at most {MAX_ROUTES} addresses")
    return tuple(_uri({"a route": value}, "a route") for value in values)


def _peer(value: Any) -> tuple[str, int]:
    address, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise DialogError(f"the peer is {str(value)[:80]!r}, not an address and a port")
    try:
        return str(ipaddress.IPv4Address(address)), int(port)
    except ValueError as error:
        raise DialogError(f"the peer is {value[:80]!r}, not an IPv4 address and a port") from error
