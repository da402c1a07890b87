"""What the messages of a call tell beyond the stack's own events: who was called, what a BYE needs, what ended the call. Pure.

Fed with every message the stack traces. Bounded: at most ``MAX_TRACED_CALLS`` calls that are none of ours are
remembered, the oldest go first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from callwright.domain.sip_message import (
    SipMessage,
    Traced,
    addresses,
    codec_of,
    has_srtp_keys,
    media_of,
    q850_of,
    referral_of,
    tag_of,
    uri_of,
)

MAX_TRACED_CALLS = 1_024
MOST_KEPT_MESSAGES, MOST_KEPT_CHARACTERS = 16, 4_096


@dataclass(slots=True)
class DialogFacts:
    """What a request inside a call's dialog needs.

    ``cseq`` is the highest number we have used so far (0: none), so a BYE must carry a higher one. ``routes`` is the route set in the
    order of Route headers. ``local`` and ``remote`` are as the dialog has them: ours first, whoever called. ``peer`` is where its
    last message came from or went to. ``via`` is that of our INVITE while it is not answered: what a CANCEL needs.
    """

    call_id: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    local_uri: str = ""
    remote_uri: str = ""
    target: str = ""
    routes: tuple[str, ...] = ()
    cseq: int = 0
    transport: str = ""
    peer: str = ""
    via: str = ""

    def values(self) -> dict[str, Any]:
        """As the wire's ``dialog`` message."""
        return {**asdict(self), "routes": list(self.routes)}


@dataclass(slots=True)
class TracedCall:
    """One call, as its messages tell it.

    ``status`` is the final answer to its first INVITE, ``ended_by`` who sent the BYE or CANCEL (``us``, ``them``), ``q850`` the last cause
    given. ``media_port`` is where we take the sound, ``key_types`` are the payload types of keys that either side named. ``invite`` is the
    INVITE of a call that came in, ``provisional`` our last provisional answer to it; ``heard``: an INVITE of ours was answered with
    anything at all; ``referral``: the last status a NOTIFY told of the target that the far end was sent to. ``local`` is our address in its
    last message, ``messages`` are its last ones, with the time of day in microseconds, for a capture that begins later.
    """

    dialog: DialogFacts = field(default_factory=DialogFacts)
    local: str = ""
    inbound: bool = False
    confirmed: bool = False
    status: int = 0
    reason: str = ""
    q850: int | None = None
    ended_by: str = ""
    bye_answered: bool = False
    heard: bool = False
    referral: int = 0
    codec: str = ""
    media_port: int = 0
    key_types: frozenset[int] = frozenset()
    offers_keys_of_srtp: bool = False
    takes_keys_of_srtp: bool = False
    invite: SipMessage | None = None
    provisional: SipMessage | None = None
    told: tuple[Any, ...] = ()
    messages: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT_MESSAGES), repr=False)

    def keep(self, at_us: int, text: str) -> None:
        """Keep a copy of a message, its beginning at least."""
        self.messages.append((at_us, text[:MOST_KEPT_CHARACTERS]))

    @property
    def is_encrypted(self) -> bool:
        """Whether its audio is: both sides have named their keys (RFC 4568)."""
        return self.offers_keys_of_srtp and self.takes_keys_of_srtp


class Trace:
    """Calls by Call-ID. A call of ours claims what is known of it; what nobody claims (INVITEs that the stack refused by itself, those of
    strangers) is forgotten when there is too much of it, and never crowds out what is claimed."""

    def __init__(self) -> None:
        self._unclaimed: dict[str, TracedCall] = {}
        self._claimed: dict[str, TracedCall] = {}

    def __len__(self) -> int:
        return len(self._unclaimed) + len(self._claimed)

    def call(self, call_id: str) -> TracedCall | None:
        """What is known about a call."""
        return self._unclaimed.get(call_id) or self._claimed.get(call_id)

    def claim(self, call_id: str) -> TracedCall | None:
        """What is known about a call that begins, for this one alone: the second try of a caller that was asked for a password has the same
        Call-ID as its first, and its INVITE may be read later than the call is known."""
        call = self._unclaimed.pop(call_id, None)
        if call is not None:
            self._claimed[call_id] = call
        return call

    def forget(self, call_id: str, call: TracedCall | None) -> None:
        """``call`` is over and told. Another one with its Call-ID stays."""
        for calls in (self._unclaimed, self._claimed):
            if calls.get(call_id) is call:
                calls.pop(call_id, None)

    def feed(self, record: Traced) -> str:
        """Take one message. Returns the Call-ID when it changed what is known of a call, else nothing."""
        message = record.message
        call_id = message.call_id
        call = self.call(call_id)
        if call is not None and _is_second_try(call, record):
            call = None
        if call is not None and _answers_first_try(call, record):
            return ""
        if call is None:
            # Only an INVITE outside of a dialog begins a call; registrations, options and stray requests leave no trace here.
            if message.method != "INVITE" or message.status or tag_of(message.first("to")) or not call_id:
                return ""
            call = self._begin(record)
        dialog = call.dialog
        dialog.transport, dialog.peer, call.local = record.transport, record.peer, record.local
        if message.body:
            _described(call, record)
        if message.status:
            _response(call, record)
        else:
            _request(call, record)
        return call_id

    def _begin(self, record: Traced) -> TracedCall:
        message = record.message
        ours, theirs = ("from", "to") if record.sent else ("to", "from")
        call = TracedCall(inbound=not record.sent, invite=None if record.sent else message)
        call.dialog = DialogFacts(
            call_id=message.call_id,
            local_tag=tag_of(message.first(ours)),
            remote_tag=tag_of(message.first(theirs)),
            local_uri=uri_of(message.first(ours)),
            remote_uri=uri_of(message.first(theirs)),
            target=message.uri if record.sent else uri_of(message.first("contact")),
            routes=() if record.sent else addresses(message.headers.get("record-route", ())),
        )
        while len(self._unclaimed) >= MAX_TRACED_CALLS:
            self._unclaimed.pop(next(iter(self._unclaimed)))
        self._unclaimed[message.call_id] = call
        return call


def fresh_dialog(call: TracedCall) -> dict[str, Any] | None:
    """The dialog's facts when a BYE or a CANCEL could be sent in it and they changed since the last time, else None. A caller may cancel as
    soon as it has asked, and say BYE as soon as the far end rings (RFC 3261 9.1, 15), a callee only in a confirmed dialog."""
    if not (call.confirmed or (not call.inbound and call.status < 300)):
        return None
    dialog = call.dialog
    now = (
        dialog.local_tag,
        dialog.remote_tag,
        dialog.target,
        dialog.routes,
        dialog.cseq,
        dialog.peer,
        dialog.transport,
        dialog.via,
    )
    if now == call.told:
        return None
    call.told = now
    return dialog.values()


def _is_second_try(call: TracedCall, record: Traced) -> bool:
    """A caller's INVITE outside of a dialog that is no repetition of its first."""
    message, first = record.message, call.invite
    return (
        first is not None
        and not record.sent
        and message.method == "INVITE"
        and not message.status
        and not tag_of(message.first("to"))
        and message.cseq > first.cseq
    )


def _answers_first_try(call: TracedCall, record: Traced) -> bool:
    """Whether it is our answer to an INVITE before the one that ``call`` began with: the second try may be read before that answer is."""
    message, first = record.message, call.invite
    return first is not None and record.sent and message.status > 0 and message.cseq < first.cseq


def _request(call: TracedCall, record: Traced) -> None:
    message = record.message
    if record.sent:
        call.dialog.cseq = max(call.dialog.cseq, message.cseq)
        if message.method == "INVITE" and not call.inbound and not call.confirmed:
            call.dialog.via = message.first("via")
            # The answer to an earlier INVITE was a challenge.
            call.status, call.reason = 0, ""
    elif message.method in ("INVITE", "UPDATE") and call.confirmed and message.first("contact"):
        # The far end may move while the call lasts (RFC 3261 12.2.2).
        call.dialog.target = uri_of(message.first("contact"))
    if message.method == "NOTIFY" and not record.sent:
        call.referral = referral_of(message) or call.referral
    if message.method in ("BYE", "CANCEL"):
        call.ended_by = call.ended_by or ("us" if record.sent else "them")
        cause = q850_of(message)
        call.q850 = cause if cause is not None else call.q850


def _response(call: TracedCall, record: Traced) -> None:
    message = record.message
    if message.method == "BYE" and message.status >= 200:
        call.bye_answered = True
    if message.method == "INVITE" and not record.sent:
        call.heard = True
    if message.method != "INVITE" or message.status < 101:
        return
    dialog = call.dialog
    ours = record.sent == call.inbound
    if call.confirmed:
        if 200 <= message.status < 300:
            _negotiated(call, message)
            if not record.sent and message.first("contact"):
                dialog.target = uri_of(message.first("contact"))
        return
    if not ours:
        return
    tag = tag_of(message.first("to"))
    if call.inbound:
        dialog.local_tag = tag or dialog.local_tag
    else:
        dialog.remote_tag = tag or dialog.remote_tag
    if message.status >= 300:
        # A challenge is answered by the stack with a second INVITE: it decides nothing.
        if message.status not in (401, 407) or call.status == 0:
            call.status, call.reason = message.status, message.reason
            call.q850 = q850_of(message)
    elif message.status >= 200:
        call.confirmed, call.status, call.reason = True, message.status, message.reason
        dialog.via = ""
        if not call.inbound:
            dialog.target = uri_of(message.first("contact")) or dialog.target
            # The caller's route set is the Record-Route list backwards (RFC 3261 12.1.2).
            dialog.routes = tuple(reversed(addresses(message.headers.get("record-route", ()))))
        _negotiated(call, message)
    else:
        call.provisional = message if record.sent else None
        _negotiated(call, message)


def _described(call: TracedCall, record: Traced) -> None:
    """What a description of media tells beside the codec."""
    port, types = media_of(record.message.body)
    call.key_types |= types
    if record.sent:
        call.offers_keys_of_srtp = has_srtp_keys(record.message.body)
    else:
        call.takes_keys_of_srtp = has_srtp_keys(record.message.body)
    if record.sent and port:
        call.media_port = port


def _negotiated(call: TracedCall, message: SipMessage) -> None:
    call.codec = codec_of(message.body) or call.codec
