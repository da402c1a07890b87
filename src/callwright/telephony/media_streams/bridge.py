"""Connecting two calls at their vendor: neither has a stream of ours any more, and our legs are over."""

from __future__ import annotations

from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import TransferFailedError
from callwright.telephony.media_streams.leg import StreamLeg


async def bridge(vendor: str, caller: StreamLeg, target: StreamLeg) -> None:
    """See ``ports.leg.Bridges``. The target is moved first: where that fails, the caller has noticed nothing."""
    legs, connected = (target, caller), False
    if not all(leg.streams and not leg.ended for leg in legs):
        raise ProviderError(FailureKind.BAD_REQUEST, vendor, "the calls cannot be connected now")
    try:
        target.transfers.begin(caller.call_id)
        try:
            await caller.transfers.bridge(caller.account, caller.call_id, target.call_id)
        except TransferFailedError:
            # The vendor's report may be lost: two who talk are not to be hung up.
            if caller.ended or target.ended or not await caller.transfers.is_bridged(caller.account):
                raise
        connected = not (caller.ended or target.ended)
    finally:
        if not connected:
            for leg in legs:
                _stray(leg)
    if not connected:
        raise ProviderError(FailureKind.UNAVAILABLE, vendor, "one of the two has hung up")
    # The vendor reports under this number how their talk ended, long after these legs.
    caller.listener.noted("handover", {"number": caller.transfers.number})
    for leg in legs:
        leg.transfers.target_answered()
        leg.handed_over, leg.goes_on = True, False
        leg.finish(CAUSES["transferred"])


def _stray(leg: StreamLeg) -> None:
    """The call was not connected with the other one. It may be moved all the same, now or soon: there it would wait in silence."""
    leg.transfers.may_be_bridged = True
    leg.transfers.end()
    if not leg.has_stream:
        leg.finish(CAUSES["media_timeout"])
