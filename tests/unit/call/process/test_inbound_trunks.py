"""Calls that come in through a trunk: their legs can be transferred through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callwright.call.live.deps import RuntimeDeps
from callwright.call.process.inbound import lend_trunk
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.ports.leg import InboundOffer, Leg, TrunkCall

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OFFER = InboundOffer("sip", "918000000002", "+15550001", "c1", source="192.0.2.7")
CALL = Execution(
    id="e1",
    tenant_id="t1",
    agent_id="a1",
    status=Status.RINGING,
    phase=Phase.DIALLING,
    detail="ringing",
    attempt=1,
    direction="inbound",
    carrier="sip-trunk",
    to_number="918000000002",
    from_number="+15550001",
    created_at=NOW,
    updated_at=NOW,
)


class Carrier:
    """Keeps what is lent."""

    def __init__(self) -> None:
        self.lent: list[tuple[Leg, TrunkCall]] = []

    def lend(self, leg: Leg, call: TrunkCall) -> None:
        self.lent.append((leg, call))


class Trunks:
    """Finds a trunk by the number that calls are made from."""

    async def route(self, execution: Execution) -> Mapping[str, Any]:
        return {"of": execution.from_number}


def runtime(carrier: object) -> RuntimeDeps:
    plugins = {("carrier", "sip-trunk"): carrier}
    return cast(RuntimeDeps, SimpleNamespace(trunks=Trunks(), plugin=lambda *name: plugins[name]))


async def test_a_call_of_a_trunk_is_lent_a_way_out_from_the_number_that_was_called() -> None:
    carrier, leg = Carrier(), cast(Leg, object())
    lend_trunk(runtime(carrier), OFFER, CALL, leg)
    ((lent, call),) = carrier.lent
    assert lent is leg
    assert (call.callback_id, call.own_number, call.source) == ("e1.1", "918000000002", "192.0.2.7")
    assert await call.trunk() == {"of": "918000000002"}


@pytest.mark.parametrize("carrier", ["sip", "sip-trunk"])
def test_other_calls_are_lent_none(carrier: str) -> None:
    lend_trunk(runtime(object()), OFFER, replace(CALL, carrier=carrier), cast(Leg, None))
