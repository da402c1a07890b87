"""Whether the gateway of a trunk answers: one OPTIONS (RFC 3261 11) from a socket of its own, over the transport of the trunk.

Any answer shows that it is there, but for 408 and 503, with which it says that it can do nothing now.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from callwright.domain.limits import TRUNK_OPTIONS_SECONDS
from callwright.domain.sip_message import parsed
from callwright.ports.world import Ids
from callwright.telephony.sip.allow import ANY_ADDRESS
from callwright.telephony.sip.checks import TLS, UDP
from callwright.telephony.sip.dialog import BRANCH_COOKIE

FIRST_PAUSE_SECONDS = 0.5
"""T1 of RFC 3261 17.1.2.2; each further one is twice as long."""
OUT_OF_SERVICE = frozenset({408, 503})
_LARGEST_HEAD_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class AskedGateway:
    """Whom to ask: ``transport`` is udp, tcp or tls."""

    host: str
    port: int
    transport: str = UDP


class GatewayQuestion:
    """Asks gateways. ``listen``: where this server takes SIP, ``authorities``: a PEM file with those that certify gateways."""

    def __init__(self, listen: str, authorities: str, ids: Ids) -> None:
        host = listen.partition(":")[0]
        self._from = None if host in ("", ANY_ADDRESS) else (host, 0)
        self._authorities = authorities
        self._ids = ids

    async def failure(self, gateway: AskedGateway) -> str:
        """Why a gateway does not answer; empty when it does. Returns within TRUNK_OPTIONS_SECONDS."""
        try:
            async with asyncio.timeout(TRUNK_OPTIONS_SECONDS):
                status = await (self._datagrams if gateway.transport == UDP else self._stream)(gateway)
        except TimeoutError:
            return f"no answer to OPTIONS within {TRUNK_OPTIONS_SECONDS} seconds"
        except ssl.SSLError as error:
            return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason}"
        except socket.gaierror as error:
            # Its numbers are not those of the system.
            return error.strerror or str(error)
        except OSError as error:
            return os.strerror(error.errno) if error.errno else str(error)
        return f"it answers OPTIONS with {status}" if status in OUT_OF_SERVICE else ""

    async def _datagrams(self, gateway: AskedGateway) -> int:
        loop = asyncio.get_running_loop()
        transport, answers = await loop.create_datagram_endpoint(
            _Answers, self._from, (gateway.host, gateway.port), family=socket.AF_INET
        )
        try:
            call_id = self._ids.token(16)
            request = self._request(gateway, call_id, transport.get_extra_info("sockname"))
            pause_s = FIRST_PAUSE_SECONDS
            while True:
                transport.sendto(request)
                loop_end_s = loop.time() + pause_s
                while (left_s := loop_end_s - loop.time()) > 0:
                    try:
                        async with asyncio.timeout(left_s):
                            status = _status(await answers.next(), call_id)
                    except TimeoutError:
                        break
                    if status:
                        return status
                pause_s *= 2
        finally:
            transport.close()

    async def _stream(self, gateway: AskedGateway) -> int:
        context = None
        if gateway.transport == TLS:
            context = ssl.create_default_context(cafile=self._authorities or None)
            # As the SIP stack judges: certificates of private authorities often name no key, which Python refuses from 3.13 on.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        reader, writer = await asyncio.open_connection(
            gateway.host,
            gateway.port,
            family=socket.AF_INET,
            ssl=context,
            local_addr=self._from,
            limit=_LARGEST_HEAD_BYTES,
        )
        try:
            call_id = self._ids.token(16)
            writer.write(self._request(gateway, call_id, writer.get_extra_info("sockname")))
            while True:
                status = _status(await reader.readuntil(b"\r\n\r\n"), call_id)
                if status:
                    return status
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise ConnectionError("the connection ended without an answer to OPTIONS") from None
        finally:
            writer.close()

    def _request(self, gateway: AskedGateway, call_id: str, source: tuple[str, int]) -> bytes:
        name, ours = gateway.transport.upper(), f"{source[0]}:{source[1]}"
        way = "" if gateway.transport == UDP else f";transport={gateway.transport}"
        target = f"sip:{gateway.host}:{gateway.port}{way}"
        lines = (
            f"OPTIONS {target} SIP/2.0",
            f"Via: SIP/2.0/{name} {ours};rport;branch={BRANCH_COOKIE}{self._ids.token(16)}",
            "Max-Forwards: 70",
            f"From: <sip:callwright@{ours}>;tag={self._ids.token(8)}",
            f"To: <{target}>",
            f"Call-ID: {call_id}",
            "CSeq: 1 OPTIONS",
            f"Contact: <sip:callwright@{ours}{way}>",
            "Accept: application/sdp",
            "Content-Length: 0",
        )
        return "\r\n".join((*lines, "", "")).encode("ascii", "replace")


class _Answers(asyncio.DatagramProtocol):
    """What comes back, or the error of the socket: it is connected, so no other's datagram arrives."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[bytes | Exception] = asyncio.Queue(8)

    async def next(self) -> bytes:
        """The next datagram. Raises OSError where nobody listens."""
        found = await self._came.get()
        if isinstance(found, Exception):
            raise found
        return found

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A datagram of the gateway."""
        if not self._came.full():
            self._came.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there at this moment."""
        if not self._came.full():
            self._came.put_nowait(exc)


def _status(message: bytes, call_id: str) -> int:
    """The status of a final answer to our OPTIONS; 0 for anything else."""
    found = parsed(message.decode("latin-1"))
    if found is None or found.call_id != call_id or found.method != "OPTIONS" or found.status < 200:
        return 0
    return found.status
