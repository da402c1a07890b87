"""TCP, TLS and SRTP between two gateway processes: who is let in, what is offered, and what is heard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.gateway_world import Server, carried, gateway, needs_stack, tone
from tests.acceptance.sip.test_gateway_access import authorization
from tests.phone.certificates import Certificates, make_certificates

from callwright.domain.sip_message import parsed
from callwright.ops.ids import RandomIds
from callwright.telephony.sip.checks import TRANSPORTS
from callwright.telephony.sip.qualify import AskedGateway, GatewayQuestion

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


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_carrier_that_asks_with_options_is_answered(transport: str, certificates: Certificates) -> None:
    question = GatewayQuestion("127.0.0.1:5060", str(certificates.authority), RandomIds())
    async with gateway(**files(certificates)) as ours:
        host, port = ours.listen.split(":")
        assert await question.failure(AskedGateway(host, int(port) + (transport == "tls"), transport)) == ""


class TcpCaller:
    """A caller with one connection, which reads what comes on it."""

    def __init__(self, server: Server) -> None:
        self.host, _, self.port = server.listen.partition(":")
        self.number = 0

    async def open(self) -> TcpCaller:
        self._reader, self._writer = await asyncio.open_connection(self.host, int(self.port))
        self.at = "{}:{}".format(*self._writer.get_extra_info("sockname"))
        return self

    def close(self) -> None:
        self._writer.close()

    def invite(self, *more: str) -> None:
        """Call 4711, once more with each time."""
        self.number += 1
        sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
        lines = [
            f"INVITE sip:4711@{self.host}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/TCP {self.at};branch=z9hG4bK{self.number}",
            "From: <sip:me@phone.example>;tag=1",
            f"To: <sip:4711@{self.host}>",
            "Call-ID: c1",
            f"CSeq: {self.number} INVITE",
            f"Contact: <sip:me@{self.at};transport=tcp>",
            "Max-Forwards: 70",
            *more,
            "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        ]
        self._writer.write("\r\n".join([*lines, "", sdp]).encode())

    async def final(self) -> str:
        """The first final answer, acknowledged."""
        async with asyncio.timeout(8):
            while True:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                message = parsed(head)
                if message is not None and message.status >= 200 and message.cseq == self.number:
                    lines = [f"ACK sip:4711@{self.host}:{self.port} SIP/2.0", f"Via: {message.first('via')}"]
                    lines += [f"{name}: {message.first(name.lower())}" for name in ("From", "To", "Call-ID")]
                    lines += [f"CSeq: {self.number} ACK", "Content-Length: 0", "", ""]
                    self._writer.write("\r\n".join(lines).encode())
                    return head


async def test_over_tcp_a_call_is_refused_with_the_status_that_was_asked_for() -> None:
    async with gateway() as ours:
        caller = await TcpCaller(ours).open()
        caller.invite()
        here, _ = await ours.wait(None, "incoming")
        ours.send(here, "reject", code=404)
        assert (await caller.final()).startswith("SIP/2.0 404 ")
        _, closed = await ours.wait(here, "closed")
        assert (closed["by"], closed["sip_status"]) == ("us", 404)
        caller.close()


async def test_over_tcp_a_caller_is_asked_for_its_password() -> None:
    async with gateway(user="guest", password="open sesame") as ours:
        caller = await TcpCaller(ours).open()
        for password in ("wrong", "open sesame"):
            caller.invite()
            challenge = await caller.final()
            assert challenge.startswith("SIP/2.0 401 ")
            assert ours.of(None, "incoming") == []
            uri = f"sip:4711@{ours.listen}"
            caller.invite(authorization(challenge, "INVITE", uri, "guest", password))
            if password == "wrong":
                assert (await caller.final()).startswith("SIP/2.0 401 ")
        await ours.wait(None, "incoming")
        caller.close()
