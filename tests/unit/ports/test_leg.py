"""How a leg ends, by the one table of causes."""

from typing import Any

import pytest

from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import ArrangedCall, InboundOffer, TransferFailedError, closed_by, closed_by_failure


def test_a_leg_ends_by_a_cause_with_what_the_carrier_itself_said():
    busy = CAUSES["user_busy"]
    closed = closed_by(busy, "486")
    assert (closed.outcome, closed.by, closed.reason, closed.code) == (busy.outcome, busy.by, busy.reason, busy.code)
    assert closed.provider_code == "486"


def test_a_carrier_that_said_nothing_leaves_the_name_of_the_cause():
    assert closed_by(CAUSES["gateway_lost"]).provider_code == "gateway_lost"


@pytest.mark.parametrize("kind", FailureKind)
def test_a_call_the_carrier_did_not_try_ends_unanswered_with_the_carriers_sentence(kind):
    closed = closed_by_failure(ProviderError(kind, "north", "the trunk is full; raise its limit"))
    assert closed.reason == "the trunk is full; raise its limit"
    assert closed.provider_code == kind.value
    assert closed.outcome in {"failed", "error", "busy", "no-answer"}


def test_a_failed_transfer_is_a_failure_of_the_carrier_that_says_how_the_target_took_it():
    failed = TransferFailedError("north", "the desk is busy", "busy", 3010)
    assert (failed.kind, failed.provider, failed.message) == (FailureKind.UNAVAILABLE, "north", "the desk is busy")
    assert (failed.outcome, failed.code) == ("busy", 3010)
    assert (TransferFailedError("north", "it rang out").outcome, TransferFailedError("north", "x").code) == (
        "failed",
        0,
    )


def test_calls_of_one_account_one_trunk_or_one_address_are_counted_together() -> None:
    def counted_as(**more: Any) -> str:
        return InboundOffer("sip", "1800", "alice", "c1", source="192.0.2.1", **more).counted_as

    assert counted_as() == "sip 192.0.2.1"
    assert counted_as(trunk="t1") == "sip t1"
    assert counted_as(account="AC1") == "sip AC1"
    assert counted_as(arranged=ArrangedCall("e1", "tenant", "a1"), account="AC1") == "sip tenant"
