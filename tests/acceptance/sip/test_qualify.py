"""OPTIONS to a gateway over each transport: what counts as an answer, and why there is none."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.acceptance.sip.registrar import HOST, Registrar
from tests.phone.certificates import Certificates, make_certificates

from callwright.domain.sip_message import parsed
from callwright.ops.ids import RandomIds
from callwright.telephony.sip import qualify
from callwright.telephony.sip.qualify import AskedGateway, GatewayQuestion


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def question(authorities: Path | None = None) -> GatewayQuestion:
    return GatewayQuestion(f"{HOST}:5060", str(authorities or ""), RandomIds())


@asynccontextmanager
async def stream_gateway(answer: str, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A gateway over TCP or TLS that says ``answer`` (nothing: it closes) to each request; gives its port."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = parsed((await reader.readuntil(b"\r\n\r\n")).decode())
        assert request is not None
        head = f"SIP/2.0 {answer}\r\nCall-ID: {request.call_id}\r\nCSeq: 1 OPTIONS\r\n\r\n"
        writer.write(head.encode() if answer else b"")
        writer.close()

    server = await asyncio.start_server(served, HOST, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_over_udp_any_answer_counts_but_out_of_service() -> None:
    registrar = await Registrar().open()
    gateway = AskedGateway(HOST, registrar.port)
    try:
        assert await question().failure(gateway) == ""
        (asked,) = registrar.seen
        assert asked.uri == f"sip:{HOST}:{registrar.port}"
        registrar.refuses = 404
        assert await question().failure(gateway) == ""
        registrar.refuses = 503
        assert await question().failure(gateway) == "it answers OPTIONS with 503"
    finally:
        registrar.close()


async def test_a_gateway_that_says_nothing_is_asked_again_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qualify, "TRUNK_OPTIONS_SECONDS", 1.2)
    registrar = await Registrar().open()
    registrar.silent = True
    try:
        assert "no answer to OPTIONS" in await question().failure(AskedGateway(HOST, registrar.port))
        assert len(registrar.seen) >= 2
        assert len({one.call_id for one in registrar.seen}) == 1
    finally:
        registrar.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_port_where_nobody_listens_is_known_at_once(transport: str) -> None:
    async with stream_gateway("200 OK") as port:
        pass
    assert "refused" in (await question().failure(AskedGateway(HOST, port, transport))).lower()


@pytest.mark.parametrize(("answer", "failure"), [("200 OK", ""), ("503 Busy", "503"), ("", "without an answer")])
async def test_over_tcp(answer: str, failure: str) -> None:
    async with stream_gateway(answer) as port:
        found = await question().failure(AskedGateway(HOST, port, "tcp"))
    assert (failure in found) if failure else found == ""


async def test_over_tls_only_a_trusted_certificate_counts(certificates: Certificates, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.ours)
    async with stream_gateway("200 OK", context) as port:
        gateway = AskedGateway(HOST, port, "tls")
        assert await question(certificates.authority).failure(gateway) == ""
        assert "TLS failed" in await question(make_certificates(tmp_path).authority).failure(gateway)
