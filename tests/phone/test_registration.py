"""A trunk that registers at its carrier: what its read says, and calls that come over the registration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.registrar import Registrar
from tests.phone.agents import WELCOME
from tests.phone.calls import final, goodbye, hears
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp
from tests.phone.softphones import baresip
from tests.phone.sound import silence
from tests.phone.test_trunks import PASSWORD, make_trunk, trunk_agent
from tests.waiting import until

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    made = await Registrar("u1", PASSWORD).open()
    yield made
    made.close()


async def becomes(server: Server, trunk: dict[str, Any], state: str) -> dict[str, Any]:
    """Wait until the trunk's registration is so; what its read says of it then."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        async with server.api() as api:
            read = (await api.get(f"/sip-trunks/trunks/{trunk['id']}")).json()
        found.update(read["callwright"]["registration"] or {})
        return bool(found.get("state") == state)

    await until(there, 10)
    return found


async def answered_by(server: Server, trunk: dict[str, Any]) -> str:
    """Give the trunk's number to a new agent; its id."""
    agent_id = await server.agent(**trunk_agent())
    mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
    async with server.api() as api:
        assert (await api.post("/inbound/setup", json=mapping)).status_code == 200
    return agent_id


async def test_a_call_over_the_registration_reaches_the_agent_of_the_number(
    server: Server, sipp: Phones, rtp: Lines, registrar: Registrar
) -> None:
    trunk = await make_trunk(server, "+15550100501", registrar.port, register=True, inbound_enabled=True)
    assert (await becomes(server, trunk, "registered"))["reason"] is None
    agent_id = await answered_by(server, trunk)
    line = rtp()
    phone = await sipp(
        "calls", target=server.sip_port, called=registrar.bound[0], dialled="+15550100501", rtp_port=line.port
    )
    await hears(line, WELCOME)
    await goodbye(line, phone)
    record = await final(server, await server.inbound(agent_id))
    assert (record["status"], record["provider"], record["agent_number"]) == ("completed", "sip-trunk", "+15550100501")

    stranger = await sipp("is_refused", target=server.sip_port, called="u1", rtp_port=rtp().port, status_code=404)
    await stranger.ended(10)

    async with server.api() as api:
        await api.delete(f"/sip-trunks/trunks/{trunk['id']}")
    await until(lambda: registrar.bound == [], 10)


async def test_a_registration_that_fails_says_why_and_a_change_mends_it(server: Server, registrar: Registrar) -> None:
    trunk = await make_trunk(server, "+15550100502", registrar.port, register=True, auth_password="wrong")
    assert (await becomes(server, trunk, "failed"))["reason"].startswith("403")
    async with server.api() as api:
        changed = await api.patch(f"/sip-trunks/trunks/{trunk['id']}", json={"auth_password": PASSWORD})
        assert changed.status_code == 200
        await becomes(server, trunk, "registered")
        await api.patch(f"/sip-trunks/trunks/{trunk['id']}", json={"is_active": False})
    await until(lambda: registrar.bound == [], 10)


async def test_a_gateway_that_does_not_answer_options_is_passed_over(
    server: Server, registrar: Registrar, tmp_path: Path, ports: Ports
) -> None:
    registrar.silent = True
    port = ports.sip()
    async with baresip(tmp_path / "phone", port, ports.media(), silence(20_000), answers=True):
        trunk = await make_trunk(server, "+15550100503", registrar.port, port, qualify_frequency=10)
        states: dict[str, str] = {}

        async def known() -> bool:
            async with server.api() as api:
                read = (await api.get(f"/sip-trunks/trunks/{trunk['id']}")).json()
            states.update((one["gateway"], one["state"]) for one in read["callwright"]["gateways"])
            return len(states) == 2

        await until(known, 15)
        assert states == {f"127.0.0.1:{registrar.port}": "unreachable", f"127.0.0.1:{port}": "reachable"}
        agent_id = await server.agent(**trunk_agent())
        execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100503")
        await server.until(execution_id, "in-progress", seconds=5)
        assert registrar.of("INVITE") == []
        await server.hang_up(execution_id)
        await final(server, execution_id)
    (noted,) = await server.events(execution_id, "trunk_gateway_failed")
    assert "is asked last" in noted.values["why"]
