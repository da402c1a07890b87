"""Refusing a call with another status than 486, which is all the stack can say (its command for it has no argument).

The answer is written here and sent from the stack's own UDP socket or on its TCP connection, just before the stack's 486 for the same
transaction. A caller's INVITE transaction is over with the first final answer; it acknowledges a second one and does not show it to anybody
(RFC 3261 17.1.1.2), and the stack's transaction ends with that acknowledgement. No private part of the binding is touched.
"""

from __future__ import annotations

from callwright.domain.sip_message import SipMessage
from callwright.telephony.sip.checks import TCP, UDP
from callwright.telephony.sip.datagram import Datagram
from callwright.telephony.sip.trace import TracedCall

_PHRASES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    410: "Gone",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
}


def refusal(call: TracedCall, code: int, extra: tuple[str, ...] = ()) -> Datagram | None:
    """The answer ``code`` to the INVITE of an inbound call over UDP or TCP. None when that is not possible, as over TLS: then 486 is all
    there is."""
    provisional, dialog = call.provisional, call.dialog
    if provisional is None or dialog.transport not in (UDP, TCP) or call.status:
        return None
    return Datagram(answer(provisional, code, extra), dialog.peer, dialog.transport)


def answer(provisional: SipMessage, code: int, extra: tuple[str, ...] = ()) -> bytes:
    """The final answer ``code`` after a provisional one of the same transaction: the same Via, From, To (with our tag), Call-ID, CSeq, and
    the header lines ``extra``."""
    lines = [f"SIP/2.0 {code} {_PHRASES.get(code, 'Refused')}"]
    lines += [f"Via: {via}" for via in provisional.headers.get("via", ())]
    lines += [f"{name}: {provisional.first(name.lower())}" for name in ("From", "To", "Call-ID", "CSeq")]
    return "\r\n".join([*lines, *extra, "Content-Length: 0", "", ""]).encode("utf-8", "replace")
