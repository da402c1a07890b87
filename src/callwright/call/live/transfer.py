"""A transfer the conversation asked for: given to the leg once, its outcome posted as an event whatever the call does by then."""

from __future__ import annotations

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.runner import CallRunner
from callwright.conversation.effects import Transfer
from callwright.conversation.events import TransferProgress
from callwright.domain.dialling import Decision
from callwright.ports.failures import FailureKind
from callwright.ports.leg import Leg, TransferFailedError


async def transfer(runner: CallRunner, leg: Leg | None, effect: Transfer, decision: Decision) -> None:
    """Hand the far end over, if ``decision`` allows the target. A carrier's defect counts as a failure; the far end then stays with us."""

    def failed(kind: FailureKind, message: str, outcome: str = "", code: int = 0) -> None:
        runner.post(TransferProgress(runner.now_us(), effect.request, "failed", message, outcome, code))

    if leg is None:
        failed(FailureKind.UNAVAILABLE, "there is no line to transfer")
        return
    if not decision.dials:
        failed(FailureKind.BAD_REQUEST, decision.reason)
        return
    with plugin_boundary("carrier", failed):
        try:
            await leg.transfer(effect.target, attended=effect.attended)
        except TransferFailedError as error:
            failed(error.kind, error.message, error.outcome, error.code)
        else:
            runner.post(TransferProgress(runner.now_us(), effect.request, "completed"))
