"""Calls that come in through a trunk: their legs can be transferred through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callwright.call.process.inbound import Desk
from callwright.call.process.incarnation import Incarnation
from callwright.call.process.worker import Worker
from callwright.domain.execution import Execution, Phase, Status
from callwright.ports.leg import DialRequest, InboundOffer, Leg

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
        self.lent: list[tuple[Leg, str, Callable[[], Awaitable[DialRequest]]]] = []

    def lend(self, leg: Leg, source: str, asked: Callable[[], Awaitable[DialRequest]]) -> None:
        self.lent.append((leg, source, asked))


class Trunks:
    """Finds a trunk by the number that calls are made from."""

    async def route(self, execution: Execution) -> Mapping[str, Any]:
        return {"of": execution.from_number}


def desk(plugins: Mapping[str, Any]) -> Desk:
    settings = SimpleNamespace(inbound_per_second=1)
    deps = SimpleNamespace(trunks=Trunks(), settings=settings, plugin=lambda kind, name: plugins[name])
    return Desk(cast(Any, SimpleNamespace(deps=deps)), cast(Worker, None), cast(Incarnation, None))


async def test_a_call_of_a_trunk_is_lent_a_way_out_from_the_number_that_was_called() -> None:
    carrier, leg = Carrier(), cast(Leg, object())
    desk({"sip-trunk": carrier})._lend_trunk(OFFER, CALL, leg)
    ((lent, source, asked),) = carrier.lent
    assert (lent, source) == (leg, "192.0.2.7")
    request = await asked()
    assert (request.callback_id, request.from_number, request.options) == (
        "e1.1",
        "918000000002",
        {"trunk": {"of": "918000000002"}},
    )


@pytest.mark.parametrize("carrier", ["sip", "sip-trunk"])
def test_other_calls_are_lent_none(carrier: str) -> None:
    desk({"sip-trunk": object()})._lend_trunk(OFFER, replace(CALL, carrier=carrier), cast(Leg, None))
