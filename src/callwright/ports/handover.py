"""Ports of calls that a carrier has handed over to the target of a transfer: the carrier reports later how the two ended their talk, and
where its recording is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from callwright.platform.provider_keys.rules.access import Access


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """Names a call: by the ``callback_id`` of its dial, or, where it came in, by the carrier's ``account`` and ``provider_call_id``.
    ``request``: it is about the call to the target of that transfer, which was made for this one; 0: about the call itself."""

    callback_id: str = ""
    account: str = ""
    provider_call_id: str = ""
    request: int = 0


@dataclass(frozen=True, slots=True)
class TalkEnd:
    """The end of the talk with the target, as far as the carrier reports it. ``call_id``: the carrier's id of the call to the target.
    ``seconds``: how long they talked; or ``ended_at`` (ISO 8601), where it reports only when they ended. ``cause``: a key of
    ``platform.executions.rules.causes.CAUSES``, empty where it does not report who hung up."""

    call_id: str = ""
    seconds: int | None = None
    ended_at: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class TalkRecording:
    """The carrier's recording of the talk: ``name`` is what the carrier finds it by. Without one there is none, and ``lost`` says why."""

    name: str = ""
    lost: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Where a carrier's file is. ``headers`` say who asks, and are for the host of ``url`` alone."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@runtime_checkable
class RecordsTalks(Protocol):
    """A carrier that records the talks of calls which it has handed over."""

    async def recording(self, access: Access, name: str) -> RemoteFile:
        """Where the recording of that name is, a WAV file. Raises ProviderError, UNAVAILABLE for one that is not there yet."""
        ...


class HandedCalls(Protocol):
    """Finds such calls, also those of a process that is gone, and takes the reports."""

    async def access(self, carrier: str, call: CarrierCall) -> Access | None:
        """The provider keys of the call's organisation; None where there is no such call. Raises UnavailableError and
        VaultLockedError."""
        ...

    async def talk_ended(self, carrier: str, call: CarrierCall, proven: Access, handover: int, end: TalkEnd) -> None:
        """Takes a report about the handover of that number, from 1, of a call that has the keys which it is signed with. Safe to repeat.
        Raises as ``access``."""

    async def talk_recorded(
        self, carrier: str, call: CarrierCall, proven: Access, handover: int, recording: TalkRecording
    ) -> None:
        """The same for a report about the recording of the talk."""


class NoHandedCalls:
    """``HandedCalls`` of a process without a ledger."""

    async def access(self, carrier: str, call: CarrierCall) -> Access | None:
        """None."""
        return None

    async def talk_ended(self, carrier: str, call: CarrierCall, proven: Access, handover: int, end: TalkEnd) -> None:
        """Forgets the report."""

    async def talk_recorded(
        self, carrier: str, call: CarrierCall, proven: Access, handover: int, recording: TalkRecording
    ) -> None:
        """Forgets the report."""
