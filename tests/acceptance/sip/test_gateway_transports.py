"""TCP, TLS and SRTP between two gateway processes: who is let in, what is offered, and what is heard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.gateway_world import Server, carried, gateway, needs_stack, tone
from tests.phone.certificates import Certificates, make_certificates

pytestmark = [pytest.mark.real_time, *needs_stack]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def files(made: Certificates) -> dict[str, Any]:
    """The settings of a gateway that speaks TLS."""
    return {"certificate": str(made.ours), "authorities": str(made.authority)}


def address(server: Server, transport: str) -> str:
    """Where a gateway is called over a transport."""
    host, port = server.listen.split(":")
    return f"sip:4711@{host}:{int(port) + (transport == 'tls')};transport={transport}"


async def taken(ours: Server, phone: Server, transport: str, **values: Any) -> tuple[int, int]:
    """A call over a transport that was answered: its numbers on either side."""
    there = ours.dial(address(phone, transport), **values)
    here, _ = await phone.wait(None, "incoming")
    phone.send(here, "answer")
    await ours.wait(there, "answered")
    await phone.wait(here, "answered")
    return there, here


@pytest.mark.parametrize(
    ("transport", "encryption"), [("tcp", "clear"), ("tls", "clear"), ("tls", "optional"), ("tls", "required")]
)
async def test_a_call_is_heard_on_both_sides(transport: str, encryption: str, certificates: Certificates) -> None:
    async with gateway(**files(certificates)) as ours, gateway(**files(certificates)) as phone:
        there, here = await taken(ours, phone, transport, encryption=encryption, tell_trying=True)
        _, incoming = await phone.wait(here, "incoming")
        assert (incoming["called"], incoming["peer"].split(":")[0]) == ("4711", "127.0.0.1")
        assert ours.of(there, "trying")
        assert incoming["encrypted"] is (encryption != "clear")
        await asyncio.gather(
            carried(ours.speak(there, tone(440, 10)), lambda: phone.heard(here), 440),
            carried(phone.speak(here, tone(1_000, 10)), lambda: ours.heard(there), 1_000),
        )
        ours.send(there, "keys", keys="12#")
        phone.send(here, "keys", keys="*9")
        await phone.wait(here, "key", count=3)
        await ours.wait(there, "key", count=2)
        assert [message["key"] for message in phone.of(here, "key")] == ["1", "2", "#"]
        ours.send(there, "hang_up", drain=True)
        _, closed = await ours.wait(there, "closed")
        assert (closed["by"], closed["sip_status"]) == ("us", 200)
        _, closed = await phone.wait(here, "closed")
        assert (closed["by"], closed["sip_status"]) == ("them", 200)


async def test_without_a_certificate_no_call_comes_in_over_tls(certificates: Certificates) -> None:
    async with gateway(**files(certificates)) as ours, gateway() as phone:
        there = ours.dial(address(phone, "tls"), ring_seconds=5)
        _, closed = await ours.wait(there, "closed")
        assert closed["by"] == "line"
        assert phone.of(None, "incoming") == []


async def test_a_certificate_of_somebody_else_is_not_trusted(certificates: Certificates, tmp_path: Path) -> None:
    other = make_certificates(tmp_path)
    trusts_others = {**files(certificates), "authorities": str(other.authority)}
    async with gateway(**trusts_others) as ours, gateway(**files(certificates)) as phone:
        there = ours.dial(address(phone, "tls"))
        _, closed = await ours.wait(there, "closed")
        assert "CALLWRIGHT_SIP_AUTHORITIES" in closed["reason"]
        assert phone.of(None, "incoming") == []


async def test_only_allowed_networks_reach_the_port_of_tls(certificates: Certificates) -> None:
    async with gateway(**files(certificates)) as ours, gateway(**files(certificates), allow=["10.0.0.0/8"]) as phone:
        # The address of the gateway itself is always let in: our own stack comes from it too.
        host, port = phone.listen.split(":")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.open_connection(host, int(port) + 1, local_addr=("127.0.0.2", 0))
        assert ours.of(None, "incoming") == []


async def test_a_call_that_must_be_encrypted_is_refused_over_a_way_that_is_not(certificates: Certificates) -> None:
    async with gateway(**files(certificates)) as ours, gateway(**files(certificates)) as phone:
        there = ours.dial(address(phone, "tcp"), encryption="required")
        _, closed = await ours.wait(there, "closed")
        assert closed["sip_status"] == 488
        assert phone.of(None, "incoming") == []
