"""Port of telephony: one leg of a call, whatever carries it.

Audio is G.711 mu-law at 8,000 Hz in frames of 20 ms (160 bytes), both ways. A leg delivers the caller's frames in order and
without gaps (what is lost on the line is filled with silence and counted), and takes the agent's frames when they are due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

LEG_FRAME_BYTES = 160
SILENCE_FRAME = b"\xff" * LEG_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class LegClosed:
    """Why a leg ended.

    ``outcome``: answered (the call had been answered), busy, no-answer, failed, canceled, error. ``by`` and ``reason`` are in the
    contract's words (chapter 8: Callee, Caller, Carrier, API Request, Error, Unknown; "Call recipient was busy", ...); ``code`` is the
    hang-up cause number. ``provider_code`` is what the carrier itself said (a SIP status, a cause name).
    """

    outcome: str
    by: str
    reason: str
    code: int
    provider_code: str = ""


class LegListener(Protocol):
    """What a leg reports, in this order: ringing? early_media? answered? (audio, key)* closed. Called from the event loop."""

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

    def closed(self, closed: LegClosed) -> None:
        """The leg is over; nothing follows."""


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

    async def transfer(self, target: str) -> None:
        """Hand the far end to ``target``. Raises ProviderError(BAD_REQUEST) when the carrier cannot."""

    async def send_keys(self, keys: str) -> None:
        """Play DTMF keys to the far end."""

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms, at most ``ahead_ms`` early."""

    def clear(self) -> None:
        """Drop what was written and not yet played."""


@dataclass(frozen=True, slots=True)
class DialRequest:
    """An outbound call. ``callback_id`` (execution and attempt) travels in every callback address of the carrier."""

    callback_id: str
    to_number: str
    from_number: str
    ring_seconds: int
    options: Mapping[str, Any] = field(default_factory=dict)


class Carrier(Protocol):
    """A telephony carrier."""

    name: str

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Ask for the call once. Raises ProviderError when the carrier refused to try; outcomes come through ``closed``."""
        ...

    async def aclose(self) -> None:
        """End every leg."""
