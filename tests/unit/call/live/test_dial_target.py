"""How the target of a warm transfer is called: over which carrier, with which number, trunk and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from tests.unit.call.live.test_transfer import THEN
from tests.unit.insight.test_record import execution

from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.dialling import dial_target
from callwright.call.live.warm_transfer import TargetCall
from callwright.domain.errors import ConfigurationError
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.dialling.actions import transfer_decision
from callwright.platform.dialling.rules import Rules
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegListener
from callwright.ports.registry import UnknownPluginError

SPEC = parse_agent({"agent_name": "Ada", "tasks": [{"task_type": "conversation", "tools_config": {}}]})
KEYS = Access(keys={"token": "t"})


@dataclass
class Office:
    """What the dialling of a target asks of its surroundings, and the order that came of it."""

    trunk: Mapping[str, Any] | None = None
    orders: list[tuple[str, DialRequest]] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    @property
    def trunks(self) -> Office:
        return self

    @property
    def access(self) -> Office:
        return self

    def plugin(self, kind: str, name: str) -> Any:
        if name == "missing":
            raise UnknownPluginError(f"there is no {kind} {name}")
        return Carrier(name, self)

    async def route(self, execution: Execution) -> Mapping[str, Any]:
        self.asked_for.append(execution.from_number)
        if self.trunk is None:
            raise ConfigurationError("no number of an active SIP trunk")
        return self.trunk

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        return KEYS


@dataclass
class Carrier:
    name: str
    office: Office

    async def dial(self, request: DialRequest, listener: LegListener) -> str:
        self.office.orders.append((self.name, request))
        return "leg"


async def called(office: Office, target: str, **changes: Any) -> tuple[str, DialRequest]:
    call = TargetCall(target, 7, 25, transfer_decision(target, THEN, Rules()))
    listener = cast(LegListener, None)
    await dial_target(cast(RuntimeDeps, office), execution(**changes), SPEC, call, listener)
    return office.orders[-1]


async def test_a_number_is_called_over_the_carrier_of_the_call_with_its_keys() -> None:
    carrier, request = await called(Office(), "+15550177", carrier="streams")
    assert (carrier, request.to_number, request.from_number) == ("streams", "+15550177", "+15550100")
    assert (request.callback_id, request.ring_seconds, request.access) == ("call-1.1.7", 25, KEYS)
    assert request.decision is not None
    assert request.decision.dials


async def test_a_call_that_came_in_shows_the_number_that_was_called() -> None:
    changes = {"direction": "inbound", "from_number": "+15550123", "to_number": "+15550100", "carrier": "sip-trunk"}
    office = Office(trunk={"id": "trunk-1"})
    carrier, request = await called(office, "+15550177", **changes)
    assert (carrier, request.from_number, request.options["trunk"]) == ("sip-trunk", "+15550100", {"id": "trunk-1"})
    assert office.asked_for == ["+15550100"]


async def test_a_sip_address_needs_no_trunk() -> None:
    office = Office()
    carrier, request = await called(office, "sip:desk@10.0.0.7", carrier="sip-trunk")
    assert (carrier, request.options["trunk"], office.asked_for) == ("sip", None, [])


@pytest.mark.parametrize(("carrier", "says"), [("missing", "not installed"), ("sip-trunk", "active SIP trunk")])
async def test_what_the_call_lacks_is_a_failure_of_its_carrier(carrier: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as failed:
        await called(Office(), "+15550177", carrier=carrier)
    assert failed.value.kind is FailureKind.UNAVAILABLE
