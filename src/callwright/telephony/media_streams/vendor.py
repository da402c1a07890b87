"""What a carrier with a media websocket is told of its vendor: how it is asked, how it calls back, and how it names things."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.platform.executions.rules.causes import Cause
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.handover import RemoteFile, TalkEnd, TalkRecording
from callwright.telephony.media_streams.framing import Framing

CALL, HANDOVER, TOKEN = "call", "handover", "token"
"""The query of a callback's address: which call it is about, which of its handovers, and what proves it."""
LONGEST_CALL_SECONDS = 2 * MAX_CALL_SECONDS
"""When a vendor ends a call by itself, also one that every process here has lost: the longest call, and as long again with the target of a
transfer."""
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """Whose calls they are at the vendor. ``api`` is where its API is, without a slash at the end."""

    id: str
    api: str
    access: Access = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be placed. The vendor asks at ``instructions`` what to do with it once it is answered, and reports to ``status`` how it
    goes, and to ``machine`` who has answered; empty where nobody wants to know. Some connect ``stream`` at once instead. ``key`` is which
    call of ours it is."""

    to_number: str
    from_number: str
    ring_seconds: int
    instructions: str
    status: str
    machine: str = ""
    stream: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """A call that is to be connected with ``target``. A vendor that is not told at once asks at ``instructions`` whom to call. ``answered``
    hears that the target has answered, and of the recording of their talk; ``result``, which is asked how to go on, what became of the
    target. ``key`` and ``number``: which call of ours it is, and which of its handovers, from 1. ``conference``: the call is connected with
    another one, whose id ``target`` is, under this name, where the vendor needs one. Then ``answered`` hears that both are there, and how
    their talk ended."""

    target: str
    from_number: str
    ring_seconds: int
    instructions: str
    answered: str
    result: str
    key: str = ""
    number: int = 0
    conference: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """What the vendor reports of a call. ``progress``: offered (of a call that comes in), dialled, ringing, answered, ended, or nothing of
    these; with ``ended`` there is a ``cause``. ``words`` is what the vendor itself says of it. ``key``: which call of ours it is about,
    where the vendor repeats what it was given. ``handover``: then it is about the target of that one of its handovers; 0: the call itself.
    ``machine``: who has answered, where it says so (``ports.leg.LegListener.machine``). ``talk``: how the talk of a target that has taken
    the call ended. ``recording``: the vendor has recorded that talk, or could not.
    """

    call_id: str
    called: str = ""
    caller: str = ""
    progress: str = ""
    cause: Cause | None = None
    words: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    handover: int = 0
    machine: str = ""
    talk: TalkEnd | None = None
    recording: TalkRecording | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """What became of telling a vendor where to ask about calls to a number: see ``ports.leg.RoutedNumber``."""

    before: str = ""
    changed: bool = False
    by_hand: str = ""

    @classmethod
    def replacing(cls, replaced: Sequence[str], by_hand: str) -> Self:
        """What became of changes, each in the place of something else, or of nothing: then it is empty."""
        return cls(", ".join(filter(None, replaced)), changed=True, by_hand=by_hand)


class VendorCalls(Protocol):
    """The calls of one vendor. Its requests raise ProviderError. ``signature_header``: where its requests are signed, in small letters,
    empty where they are not. ``incoming_method``: how it asks about a call that comes in. ``keeps_stream``: a call stays in its stream
    while it is handed over, until the target has answered."""

    name: str
    framing: Framing
    signature_header: str
    incoming_method: str
    keeps_stream: bool

    def account(self, access: Access) -> VendorAccount:
        """The account whose keys these are. Raises ProviderError where some are missing."""
        ...

    def own_number(self, access: Access) -> str:
        """The number that is stored with the keys, empty where none is."""
        ...

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """What is added to the query of the addresses of a call, or of one of its handovers, where a signature does not cover the address.
        Nobody else can make it."""
        ...

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Whether a request is the vendor's, for this account and, where its address names a call, for this call."""
        ...

    def read(self, request: DoorRequest) -> Callback:
        """What a request says of its call. Raises BadInputError."""
        ...

    async def place(self, account: VendorAccount, order: Order) -> str:
        """Ask for a call once; its id."""
        ...

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """End a call. One that is over already is no failure. ``order_id``: what ``place`` returned, of a call that was not answered."""

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """Take a call out of its stream and connect it. The talk with the target is recorded."""

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """See ``ports.handover.RecordsTalks``."""
        ...

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """Have calls to a number asked about at ``address`` and, by vendors that tell the two apart, reported to ``events``."""
        ...


@runtime_checkable
class BridgesCalls(Protocol):
    """A vendor that can connect two calls. ``keeps_recording``: the recording of a handover that failed goes on until the call ends."""

    keeps_recording: bool

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        """Take the calls ``handover.target`` and ``call_id`` out of their streams, in this order, and connect them. When either hangs up,
        the vendor ends the other. Returns whether ``handover.answered`` hears that they are connected; else they are."""
        ...

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        """Ask whether the two are connected. False where the vendor cannot say."""
        ...


@runtime_checkable
class AsksTargets(Protocol):
    """A vendor that can be asked about the call to the target of a transfer."""

    async def has_answered(self, account: VendorAccount, call_id: str) -> bool:
        """Whether a target that can ring no more has answered, and is still there. Raises ProviderError."""
        ...


class Vendor(VendorCalls, Protocol):
    """A vendor that asks what to do with a call, and does what the answer says. ``streams_at_once``: it does not ask about a call that was
    placed, and connects the stream of the order."""

    streams_at_once: bool

    def read_target(self, request: DoorRequest) -> Callback:
        """What a request about a handover says of the target's call. Raises BadInputError."""
        ...

    def read_machine(self, request: DoorRequest) -> str:
        """Who has answered: human, machine or unknown, as ``ports.leg.LegListener.machine`` takes it."""
        ...

    def dial(self, handover: Handover) -> DoorAnswer:
        """The instruction to connect a call with a target."""
        ...

    def connect(self, stream: str, call_id: str) -> DoorAnswer:
        """The instruction to connect a call with a media websocket."""
        ...

    def refuse(self, code: int) -> DoorAnswer:
        """The instruction to refuse a call that came in, by a SIP status."""
        ...

    def end_call(self) -> DoorAnswer:
        """The instruction to end a call."""
        ...


class CommandVendor(VendorCalls, Protocol):
    """A vendor that only reports what happens to a call. What to do with it is a request to its API."""

    async def answer(self, account: VendorAccount, call_id: str, *, key: str, stream: str, status: str) -> None:
        """Take a call that came in, and connect it with a media websocket. From now on the vendor reports to ``status``, with ``key``. A
        call that is over already is no failure."""

    async def stream(self, account: VendorAccount, call_id: str, stream: str) -> None:
        """Connect a call that has no stream any more with a media websocket."""

    async def reject(self, account: VendorAccount, call_id: str, code: int) -> None:
        """Refuse a call that came in, by a SIP status."""


def conference_of(account: VendorAccount, key: str, number: int) -> str:
    """The name of the conference of a handover. Only the account can make it."""
    secret = "".join(value for _, value in sorted(account.access.keys.items()))
    return token_of(secret, f"conference {key}", number)[TOKEN]


def subject_of(url: str) -> tuple[str, int]:
    """The key of the call that a callback's address names, and the number of its handover; an empty key and 0 where it names none."""
    asked = dict(parse_qsl(urlsplit(url).query))
    return asked.get(CALL, ""), whole_number(asked.get(HANDOVER, "")) or 0


def whole_number(text: str) -> int | None:
    """A number of digits alone, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def token_of(secret: str, key: str, handover: int) -> Mapping[str, str]:
    """A ``VendorCalls.proof``: a token made with a secret of the account."""
    about = f"call {key}" + (f" handover {handover}" if handover else "")
    return {TOKEN: hmac.new(secret.encode(), about.encode(), hashlib.sha256).hexdigest()}


def is_proven(vendor: VendorCalls, account: VendorAccount, url: str) -> bool:
    """Whether an address holds the proof of the call that it names. One that names none has nothing to prove."""
    asked = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    wanted = vendor.proof(account, *subject_of(url)).get(TOKEN, "")
    return CALL not in asked or hmac.compare_digest(wanted.encode(), asked.get(TOKEN, "").encode())
