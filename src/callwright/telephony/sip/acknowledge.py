"""Acknowledging an answer once more when it comes once more (RFC 3261 13.2.2.4), which the stack means to do and does not.

For a repeated 2xx to an INVITE the stack (0.5.2a3) sends its ACK again as a datagram of no bytes. When the first ACK was lost, the far end
would never get one: it repeats its answer for 32 seconds and then ends the call. So the gateway keeps the last ACK of each call, as the
stack traced it, and sends it again itself, from the stack's own socket. A far end that gets two ACKs ignores one.
"""

from __future__ import annotations

from callwright.domain.sip_message import Traced, tag_of
from callwright.telephony.sip.datagram import Datagram

MAX_KEPT = 1_024


class Acknowledgements:
    """The last ACK of each answer to an INVITE (a forked one has several, told apart by the tag of their To), the oldest forgotten first.
    Pure."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, str], Datagram] = {}

    def feed(self, record: Traced, text: str) -> Datagram | None:
        """One message of the trace with its text. Returns the ACK to send again when it is an answer that was acknowledged before."""
        message = record.message
        key = (message.call_id, message.cseq, tag_of(message.first("to")))
        if record.transport != "udp" or not message.call_id:
            return None
        if record.sent and message.method == "ACK" and not message.status:
            self._kept.pop(key, None)
            while len(self._kept) >= MAX_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = Datagram(_datagram(text.partition("\n")[2]), record.peer)
        elif not record.sent and message.method == "INVITE" and 200 <= message.status < 300:
            return self._kept.get(key)
        return None


def _datagram(text: str) -> bytes:
    """The message as it was on the wire: the stack's trace leaves out the line ends at its end."""
    head, gap, body = text.partition("\r\n\r\n")
    return (head.rstrip("\r\n") + "\r\n\r\n" + (body.rstrip("\r\n") + "\r\n" if gap and body else "")).encode()
