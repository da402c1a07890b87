"""Port of telephony: one leg of a call, whatever carries it.

Audio is G.711 mu-law at 8,000 Hz in frames of 20 ms (160 bytes), both ways. A leg delivers the caller's frames in order and
without gaps (what is lost on the line is filled with silence and counted), and takes the agent's frames when they are due.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

from callwright.platform.dialling.rules import Decision
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError

LEG_FRAME_BYTES = 160
SILENCE_FRAME = b"\xff" * LEG_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class LegClosed:
    """Why a leg ended.

    ``outcome``: answered (the call had been answered), busy, no-answer, failed, canceled, error, or balance-low (nobody was called).
    ``by`` and ``reason`` are in the contract's words (chapter 8: Callee, Caller, Carrier, API Request, Error, Unknown; "Call recipient was
    busy", ...); ``code`` is the hang-up cause number. ``provider_code`` is what the carrier itself said (a SIP status, a cause name).
    ``cause`` is the key of the cause in ``platform.executions.rules.causes``, empty for an end that is none of them; it only names what the
    other fields say.
    """

    outcome: str
    by: str
    reason: str
    code: int
    provider_code: str = ""
    cause: str = field(default="", compare=False)


def closed_by(cause: Cause, provider_code: str = "") -> LegClosed:
    """The end of a leg by a cause of the one table. ``provider_code`` as the carrier said it; without one, the cause's key."""
    return LegClosed(cause.outcome, cause.by, cause.reason, cause.code, provider_code or cause.key, cause.key)


_CAUSE_OF_FAILURE = {
    FailureKind.REFUSED: "credentials_refused",
    FailureKind.LIMIT: "congestion",
    FailureKind.BAD_REQUEST: "invalid_number",
    FailureKind.UNAVAILABLE: "temporary_failure",
    FailureKind.BROKEN_STREAM: "carrier_error",
}


def closed_by_failure(error: ProviderError) -> LegClosed:
    """The end of a call that its carrier did not even try: by the cause that is nearest, with the carrier's own sentence as the reason."""
    return replace(closed_by(CAUSES[_CAUSE_OF_FAILURE[error.kind]], error.kind.value), reason=error.message)


class TransferFailedError(ProviderError):
    """The target of a transfer did not take the call; it goes on as before.

    ``outcome``: busy, no-answer, failed or canceled, as for a call that was not answered; ``code`` is the hang-up cause number.
    """

    def __init__(self, provider: str, message: str, outcome: str = "failed", code: int = 0) -> None:
        super().__init__(FailureKind.UNAVAILABLE, provider, message)
        self.outcome = outcome
        self.code = code


class LegListener(Protocol):
    """What a leg reports, in this order: ringing? early_media? answered? (audio, key, noted)* closed. Called from the event loop."""

    def ringing(self) -> None:
        """The far end rings."""

    def early_media(self) -> None:
        """Audio may come before the answer."""

    def answered(self) -> None:
        """The far end took the call."""

    def audio(self, frame: bytes) -> None:
        """The caller's next 20 ms."""

    def key(self, key: str) -> None:
        """The caller pressed one of 0-9 * # A-D."""

    def machine(self, kind: str) -> None:
        """The carrier's own detection: ``human``, ``machine``, ``beep`` or ``unknown``."""

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line for the call's log (docs/reference/telephony.md lists them: held, media, quality, ...). JSON values."""

    def closed(self, closed: LegClosed) -> None:
        """The leg is over; nothing follows."""


@runtime_checkable
class HearsEarlyMedia(Protocol):
    """A listener that wants the sound of whoever is called and has not answered: the far end of its leg, then the target of a transfer."""

    def early_sound(self, frame: bytes) -> None:
        """The next 20 ms."""


class Leg(Protocol):
    """A leg in progress."""

    provider_call_id: str
    ahead_ms: int
    """How far ahead of real time frames may be written; what was written but not played is dropped by ``clear``."""

    async def answer(self) -> None:
        """Take an inbound call."""

    async def reject(self, code: int) -> None:
        """Refuse an inbound call with a SIP status."""

    async def hang_up(self, reason: str) -> None:
        """End the leg after what was written has been played. ``closed`` follows. Safe to call twice."""

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Hand the far end to ``target``; ``attended``: only once the target has answered. Returns when the far end is handed over
        (``closed`` follows). Raises ProviderError when it was not: BAD_REQUEST when the carrier cannot, TransferFailedError when the
        target did not take it; the call then goes on as before. ``target`` is checked and in its normal form (``domain.number``)."""

    async def send_keys(self, keys: str) -> None:
        """Play DTMF keys to the far end."""

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms, at most ``ahead_ms`` early."""

    def clear(self) -> None:
        """Drop what was written and not yet played."""


@dataclass(frozen=True, slots=True)
class DialRequest:
    """An outbound call. ``callback_id`` (execution and attempt) travels in every callback address of the carrier. ``decision`` says
    that the number may be dialled; every request of the platform has one. ``access``: the provider keys that the carrier's plugin names.
    ``detect_machine``: a carrier that can tell whether a machine has answered is to do so (``LegListener.machine``)."""

    callback_id: str
    to_number: str
    from_number: str
    ring_seconds: int
    options: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    access: Access = field(default_factory=Access)
    detect_machine: bool = False


@runtime_checkable
class PlaysLater(Protocol):
    """A leg that learns from its far end how late it plays what is written."""

    @property
    def delay_ms(self) -> int:
        """How much later than it was written the far end plays a frame, lately: what somebody says now answers what was written then."""
        ...


@runtime_checkable
class PlaysPieces(Protocol):
    """A leg whose far end may play what is written in pieces with pauses between them, so that no sound can lie under the agent."""

    piecewise: bool


@runtime_checkable
class PlaysKeys(Protocol):
    """A leg whose keys are sound among what is written: each takes so many frames (``key_frames``), and what follows comes later."""

    key_frames: int


@runtime_checkable
class TakesTogether(Protocol):
    """A leg that takes several frames in one call, which costs less than one call for each."""

    def write_together(self, frames: Sequence[bytes]) -> None:
        """The agent's next frames of 20 ms, as ``Leg.write``."""


@dataclass(frozen=True, slots=True)
class PacketCapture:
    """What to write of a call's packets: into the new file ``path`` of this machine, for at most so many ``seconds`` and ``bytes``.
    Credentials and keys are overwritten unless ``keep_secrets``."""

    path: str
    seconds: int
    bytes: int
    keep_secrets: bool


@runtime_checkable
class CapturesPackets(Protocol):
    """A leg that can write its packets into a pcap file."""

    def capture(self, wanted: PacketCapture) -> None:
        """Begin. What came of it is noted as ``capture``."""


class Carrier(Protocol):
    """A telephony carrier."""

    name: str

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ask for the call once. Raises ProviderError when the carrier refused to try; outcomes come through ``closed``."""
        ...

    async def aclose(self) -> None:
        """End every leg."""


@dataclass(frozen=True, slots=True)
class ArrangedCall:
    """A call that comes in by appointment: a program of the account asked for it, and so it is known whose it is.

    ``agent``: the body that the agent has in this call, where it is not the saved one.
    """

    execution_id: str
    tenant_id: str
    agent_id: str
    user_data: Mapping[str, Any] = field(default_factory=dict)
    agent: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class InboundOffer:
    """A call somebody makes to us, before it is answered.

    ``called`` and ``caller`` are what the carrier gave: for SIP the user part of the address that was dialled and the caller's address.
    ``headers`` are those headers that are kept of every call; ``others`` the rest of them, by lower-case name: an agent may ask for some by
    name. ``source`` is the IP address the call came from, empty where there is none. ``arranged``: what is known of the call where it was
    arranged; then nothing is looked up by ``called``, and the agent's rules for callers do not apply. ``trunk``: the id of the SIP trunk
    over whose registration it came, empty for any other call. ``encrypted``: the audio will be. ``account``: the account at the carrier,
    empty where it has none.
    """

    carrier: str
    called: str
    caller: str
    provider_call_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    arranged: ArrangedCall | None = None
    trunk: str = ""
    encrypted: bool = False
    account: str = ""

    @property
    def counted_as(self) -> str:
        """Calls with the same text are counted together where many come at once."""
        whose = self.arranged.tenant_id if self.arranged is not None else self.account or self.trunk or self.source
        return f"{self.carrier} {whose}"


class InboundDesk(Protocol):
    """Takes calls that come in."""

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        """A call comes in on ``leg``. Returns at once with the listener of the leg; the desk answers or rejects it afterwards."""
        ...


@runtime_checkable
class ListeningCarrier(Protocol):
    """A carrier that also takes calls."""

    async def open(self, desk: InboundDesk) -> None:
        """Start to listen; calls are offered to ``desk``. Raises ConfigurationError when the address cannot be used."""


@dataclass(frozen=True, slots=True)
class RoutedNumber:
    """``asks_at``: where the vendor asks about calls to a number, by the method ``asks_by``. ``before``: where it asked until now, empty
    for nowhere and where it does not say. ``changed``: whether its API was told anything new. ``by_hand``: what is to be done at the vendor
    that its API does not take, empty for nothing. ``streams_at``: the address below which the websockets of calls are."""

    asks_at: str
    asks_by: str
    streams_at: str
    before: str
    changed: bool
    by_hand: str


@runtime_checkable
class RoutesNumbers(Protocol):
    """A carrier whose vendor asks about calls to a number, and is told where over its API as far as that takes it. The methods raise
    ProviderError where keys are missing or refused, or the account does not have the number."""

    def own_number(self, access: Access) -> str:
        """The number that is stored with the keys, empty where none is."""
        ...

    async def route_number(self, access: Access, number: str) -> RoutedNumber:
        """Let calls to ``number`` (E.164) be offered here. Safe to repeat."""
        ...


@runtime_checkable
class Bridges(Protocol):
    """A carrier that can connect the far ends of two of its legs, so that they talk without us."""

    def can_bridge(self, caller: Leg, target: Leg) -> bool:
        """Whether it can connect these two."""
        ...

    async def bridge(self, caller: Leg, target: Leg) -> None:
        """Connect the two. Returns when they are: both legs are over, with the cause ``transferred``. Raises ProviderError when they are
        not: the target is to be hung up, and the caller is still there unless its leg is over. Nobody waits for somebody who is gone."""


@dataclass(frozen=True, slots=True)
class TrunkCall:
    """A call that came in through a trunk, to ``own_number`` from the IP address ``source``. ``trunk`` gives the option of that name of a
    dial. It raises CallwrightError where the trunk cannot be used."""

    callback_id: str
    own_number: str
    source: str
    trunk: Callable[[], Awaitable[Mapping[str, Any]]]


@runtime_checkable
class LendsTrunk(Protocol):
    """A carrier of trunks whose calls come in at another carrier."""

    def lend(self, leg: Leg, call: TrunkCall) -> None:
        """The call of ``leg`` is ``call``, and is to be transferred through its trunk."""


@runtime_checkable
class LastWords(Protocol):
    """A carrier that can end a call whose processes died, at the far end or at its vendor."""

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        """End the call that the values of its last ``dialog`` fact describe; ``access`` as of ``DialRequest``. Returns at once and raises
        nothing: it is a last courtesy to whoever is still on the line, repeated for a bounded time."""
