"""A gateway process registers at a carrier's registrar, keeps registered, and takes calls over the registration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.acceptance.sip.gateway_world import HOST, Server, gateway, needs_stack
from tests.acceptance.sip.registrar import Registrar
from tests.waiting import until

from callwright.telephony.sip.wire import GATEWAY

pytestmark = [pytest.mark.real_time, *needs_stack]


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    made = await Registrar().open()
    yield made
    made.close()


def register(server: Server, registrar: Registrar, **changes: Any) -> None:
    """Ask for a registration."""
    values = {
        "id": "t1",
        "domain": f"{HOST}:{registrar.port}",
        "user": "u1",
        "password": "p1",
        "transport": "udp",
        "encryption": "clear",
        "seconds": 60,
    }
    server.send(GATEWAY, "register", **{**values, **changes})


async def outcome(server: Server, number: int = 1) -> tuple[str, str]:
    """The state and the reason that were told last."""
    _, told = await server.wait(GATEWAY, "registration", count=number)
    assert told["id"] == "t1"
    return told["state"], told["reason"]


async def test_a_trunk_is_registered_by_digest_and_taken_back(registrar: Registrar) -> None:
    async with gateway() as ours:
        register(ours, registrar)
        assert await outcome(ours) == ("registered", "")
        assert len(registrar.bound) == 1
        register(ours, registrar)
        ours.send(GATEWAY, "unregister", id="t1")
        await until(lambda: registrar.bound == [], 5)


async def test_a_registration_is_repeated_before_it_ends(registrar: Registrar) -> None:
    async with gateway() as ours:
        register(ours, registrar, seconds=2)
        await outcome(ours, 3)
        assert len([one for one in registrar.of("REGISTER") if one.first("authorization")]) >= 3


async def test_a_wrong_password_is_told_and_the_right_one_takes_its_place(registrar: Registrar) -> None:
    async with gateway() as ours:
        register(ours, registrar, password="wrong")
        state, reason = await outcome(ours)
        assert (state, reason[:3]) == ("failed", "403")
        register(ours, registrar)
        await until(lambda: ours.of(GATEWAY, "registration")[-1]["state"] == "registered", 5)
        assert len(registrar.bound) == 1


async def test_a_process_that_ends_takes_its_registration_back(registrar: Registrar) -> None:
    async with gateway() as ours:
        register(ours, registrar)
        await outcome(ours)
    await until(lambda: registrar.bound == [], 5)


async def test_a_call_over_the_registration_names_it_and_its_number(registrar: Registrar) -> None:
    async with gateway(user="phones", password="secret") as ours, gateway() as carrier:
        register(ours, registrar)
        await outcome(ours)
        contact = registrar.bound[0]
        there = carrier.dial(f"sip:{contact}@{ours.listen}", from_user="+15550001")
        here, incoming = await ours.wait(None, "incoming")
        assert (incoming["registration"], incoming["caller"][:13]) == ("t1", "sip:+15550001")
        ours.send(here, "answer")
        await carrier.wait(there, "answered")
        ours.send(here, "hang_up")
        await carrier.wait(there, "closed")

        # The name of the account is known to everybody: a call to it is one like any other, and asked for the password.
        there = carrier.dial(f"sip:u1@{ours.listen}")
        _, closed = await carrier.wait(there, "closed")
        assert closed["sip_status"] >= 400
        assert len(ours.of(None, "incoming")) == 1
