"""Answers to an INVITE that the stack has dropped (RFC 3261 9.1, 13.2.2.4, 17.1.1.3). Pure.

A call that is hung up before its far end has said anything cannot be cancelled yet: a CANCEL waits for a provisional answer. The stack
(0.5.2a3) forgets such an INVITE instead, at once; so it does 32 seconds after one that nothing came for. A phone that rings after all
would ring on, and one that is taken would stay off the hook, with an answer it repeats for 32 seconds. Therefore the gateway remembers the
INVITEs it sent and gives what is missing itself: a CANCEL after a provisional answer, an ACK after a final one, and after a 2xx a BYE too,
as RFC 3261 wants of each that is not wanted. That counts for the second 2xx of an INVITE that was forked on its way as well, also while
the call goes on with the first.

What the stack does itself is in its trace, and then nothing is done here: every answer waits for ``WAIT_ROUNDS`` before it is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from callwright.domain.limits import MAX_SIP_INVITES_KEPT
from callwright.domain.sip_message import SipMessage, Traced, addresses, tag_of, uri_of
from callwright.telephony.sip.datagram import Datagram
from callwright.telephony.sip.dialog import (
    Dialog,
    DialogError,
    acknowledgement,
    acknowledgement_of_refusal,
    bye,
    cancel,
    read_dialog,
)

WAIT_ROUNDS = 5
"""Rounds of the gateway's pump (at least 20 ms each) in which the stack may do itself what an answer asks for."""
FIRST_PAUSE_TICKS, LONGEST_PAUSE_TICKS, REPEATED_FOR_TICKS = 25, 200, 1_600
"""RFC 3261 17.1.2.2 in ticks of 20 ms: a request is repeated after T1, then after twice as long each time up to T2, for 64 T1."""
MAX_FORKS = 16
"""Most answers with tags of their own to one INVITE that are acted upon."""
_CREDENTIALS = ("Authorization", "Proxy-Authorization")
_SIP_PORT = 5060


@dataclass(slots=True)
class _Placed:
    """An INVITE of ours that began a call. ``dropped``: the stack is done with the call; ``cancelled``: somebody sent a CANCEL;
    ``acknowledged``: the tags whose answers the stack acknowledged; ``ours``: the ACKs we sent, by tag."""

    invite: SipMessage
    peer: str
    dropped: bool = False
    cancelled: bool = False
    acknowledged: set[str] = field(default_factory=set)
    ours: dict[str, Datagram] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    """An answer that nothing was done about yet."""

    record: Traced
    rounds: int = WAIT_ROUNDS


@dataclass(slots=True)
class _Repeated:
    """A request of ours that is not answered yet."""

    datagram: Datagram
    left: int = REPEATED_FOR_TICKS
    pause: int = FIRST_PAUSE_TICKS
    due: int = FIRST_PAUSE_TICKS


class LateAnswers:
    """Fed with what the stack traces and told which calls it is done with; says what to send. ``branch`` makes the branch of a transaction,
    another one each time. The oldest of ``MAX_SIP_INVITES_KEPT`` INVITEs is forgotten first."""

    def __init__(self, branch: Callable[[], str]) -> None:
        self._branch = branch
        self._placed: dict[str, _Placed] = {}
        self._waiting: dict[tuple[str, int, str, bool], _Waiting] = {}
        self._repeated: dict[tuple[str, str, str], _Repeated] = {}

    def feed(self, record: Traced) -> Datagram | None:
        """One message of the trace. Returns the ACK to send again for an answer that is repeated."""
        message = record.message
        if record.transport != "udp" or not message.call_id:
            return None
        placed = self._placed.get(message.call_id)
        if record.sent:
            if not message.status:
                self._sent(placed, record)
        elif placed is not None and message.status:
            if message.method == "INVITE":
                return self._answered(placed, record)
            if message.status >= 200:
                tag = tag_of(message.first("to")) if message.method == "BYE" else ""
                self._repeated.pop((message.call_id, message.method, tag), None)
        return None

    def closed(self, call_id: str) -> None:
        """The stack is done with a call."""
        placed = self._placed.get(call_id)
        if placed is not None:
            placed.dropped = True

    @property
    def is_done(self) -> bool:
        """Whether nothing is to be sent or judged in later rounds, unless something new comes."""
        return not self._waiting and not self._repeated

    def round(self, ticks: int) -> list[Datagram]:
        """``ticks`` times 20 ms have passed, and what the stack sent until now was fed. Returns what is to be sent."""
        return [*self._again(ticks), *self._judged()]

    def _sent(self, placed: _Placed | None, record: Traced) -> None:
        """A request of the stack."""
        message = record.message
        if message.method == "INVITE" and not tag_of(message.first("to")):
            if placed is None or placed.invite.cseq != message.cseq:
                # The second try of a challenged INVITE takes the place of the first.
                self._placed.pop(message.call_id, None)
                while len(self._placed) >= MAX_SIP_INVITES_KEPT:
                    self._placed.pop(next(iter(self._placed)))
                self._placed[message.call_id] = _Placed(message, record.peer)
        elif placed is not None and message.cseq == placed.invite.cseq:
            if message.method == "CANCEL":
                placed.cancelled = True
            elif message.method == "ACK" and len(placed.acknowledged) < MAX_FORKS:
                placed.acknowledged.add(tag_of(message.first("to")))

    def _answered(self, placed: _Placed, record: Traced) -> Datagram | None:
        message, invite = record.message, placed.invite
        if message.cseq != invite.cseq or tag_of(message.first("from")) != tag_of(invite.first("from")):
            return None
        tag, is_final = tag_of(message.first("to")), message.status >= 200
        if is_final:
            self._repeated.pop((message.call_id, "CANCEL", ""), None)
            if tag in placed.ours or tag in placed.acknowledged:
                return placed.ours.get(tag)
        elif placed.cancelled:
            return None
        key = (message.call_id, message.cseq, tag, is_final)
        if len(placed.ours) < MAX_FORKS and (key in self._waiting or len(self._waiting) < MAX_SIP_INVITES_KEPT):
            self._waiting.setdefault(key, _Waiting(record))
        return None

    def _judged(self) -> list[Datagram]:
        found = []
        for key, waiting in tuple(self._waiting.items()):
            waiting.rounds -= 1
            if waiting.rounds <= 0:
                del self._waiting[key]
                placed = self._placed.get(key[0])
                if placed is not None and placed.invite.cseq == key[1]:
                    found += self._missing(placed, waiting.record)
        return found

    def _missing(self, placed: _Placed, record: Traced) -> list[Datagram]:
        """What an answer asks for and the stack did not do."""
        message = record.message
        status, tag = message.status, tag_of(message.first("to"))
        is_fork = 200 <= status < 300 and bool(placed.acknowledged)
        if tag in placed.acknowledged or not (placed.dropped or is_fork):
            return []
        try:
            if status >= 300:
                placed.ours[tag] = Datagram(acknowledgement_of_refusal(_ringing(placed, tag)), placed.peer)
                return [placed.ours[tag]]
            if status >= 200:
                return self._unwanted(placed, record)
            if not placed.cancelled:
                placed.cancelled = True
                request = Datagram(cancel(_ringing(placed, tag)).datagram, placed.peer)
                return [self._repeat((message.call_id, "CANCEL", ""), request)]
        except DialogError:
            # Whoever answered made it so that nothing can be sent: its own timers end the call.
            return []
        return []

    def _unwanted(self, placed: _Placed, record: Traced) -> list[Datagram]:
        """The ACK and the BYE of a 2xx that nobody wants."""
        dialog, source = _established(placed, record), _sent_by(placed.invite)
        credentials = [(name, value) for name in _CREDENTIALS for value in placed.invite.headers.get(name.lower(), ())]
        ack = Datagram(acknowledgement(dialog, source, self._branch(), credentials), record.peer)
        placed.ours[dialog.remote_tag] = ack
        request = Datagram(bye(dialog, source, self._branch()).datagram, record.peer)
        return [ack, self._repeat((dialog.call_id, "BYE", dialog.remote_tag), request)]

    def _repeat(self, key: tuple[str, str, str], datagram: Datagram) -> Datagram:
        while len(self._repeated) >= MAX_SIP_INVITES_KEPT:
            self._repeated.pop(next(iter(self._repeated)))
        self._repeated[key] = _Repeated(datagram)
        return datagram

    def _again(self, ticks: int) -> list[Datagram]:
        due = []
        for key, request in tuple(self._repeated.items()):
            request.left -= ticks
            request.due -= ticks
            if request.left <= 0:
                del self._repeated[key]
            elif request.due <= 0:
                request.pause = min(request.pause * 2, LONGEST_PAUSE_TICKS)
                request.due = request.pause
                due.append(request.datagram)
        return due


def _ringing(placed: _Placed, tag: str) -> Dialog:
    """As CANCEL and the ACK of a refusal need it: where the INVITE went, with its Via."""
    invite = placed.invite
    return read_dialog(
        {
            "call_id": invite.call_id,
            "local_tag": tag_of(invite.first("from")),
            "remote_tag": tag,
            "local_uri": uri_of(invite.first("from")),
            "remote_uri": uri_of(invite.first("to")),
            "target": invite.uri,
            "cseq": invite.cseq,
            "peer": placed.peer,
            "via": invite.first("via"),
        }
    )


def _established(placed: _Placed, record: Traced) -> Dialog:
    """The dialog a 2xx made (RFC 3261 12.1.2): its Contact, and its Record-Route list backwards."""
    invite, message = placed.invite, record.message
    return read_dialog(
        {
            "call_id": invite.call_id,
            "local_tag": tag_of(invite.first("from")),
            "remote_tag": tag_of(message.first("to")),
            "local_uri": uri_of(invite.first("from")),
            "remote_uri": uri_of(invite.first("to")),
            "target": uri_of(message.first("contact")) or invite.uri,
            "routes": list(reversed(addresses(message.headers.get("record-route", ())))),
            "cseq": invite.cseq,
            "peer": record.peer,
        }
    )


def _sent_by(invite: SipMessage) -> tuple[str, int]:
    """Where the INVITE said that it came from (the sent-by of its Via)."""
    host, _, port = invite.first("via").partition(" ")[2].partition(";")[0].strip().partition(":")
    return host, int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else _SIP_PORT
