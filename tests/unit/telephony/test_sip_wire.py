"""What the gateway tells of the network fits a message, whatever the network said."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from callwright.domain.limits import MAX_SIP_HEADERS_KEPT
from callwright.domain.sip_message import MAX_PASSED_CHARACTERS
from callwright.telephony.sip.gateway import Gateway
from callwright.telephony.sip.stack import SipStack
from callwright.telephony.sip.trace import DialogFacts
from callwright.telephony.sip.wire import Reader, bounded

LONG = "\U0001f600" * 60_000
"""Each takes twelve bytes in JSON."""


class Socket:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._reader = Reader()

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.messages += [message for _, message in self._reader.feed(data)]


async def test_fields_of_the_network_that_are_too_long_are_cut_before_they_are_sent() -> None:
    gateway, written = Gateway(cast(SipStack, None)), Socket()
    gateway.connection_made(cast(asyncio.Transport, written))
    addresses = {"local_uri": LONG, "remote_uri": LONG, "target": LONG, "routes": (LONG,) * 200, "via": LONG}
    dialog = DialogFacts(call_id=LONG, local_tag=LONG, remote_tag=LONG, cseq=7, **cast(Any, addresses))
    gateway.send(2, "dialog", **dialog.values())
    headers = {f"X-{at}": LONG for at in range(MAX_SIP_HEADERS_KEPT)}
    others = {str(at): LONG[: MAX_PASSED_CHARACTERS // 16] for at in range(16)}
    gateway.send(2, "incoming", called=LONG, caller=LONG, call_id=LONG, headers=headers, others=others, encrypted=True)
    await asyncio.sleep(0)
    told, incoming = written.messages
    assert (len(told["target"]), [len(route) for route in told["routes"]], told["cseq"]) == (1_024, [1_024] * 16, 7)
    assert [len(incoming[name]) for name in ("called", "caller", "call_id")] == [1_024] * 3
    assert {len(value) for value in incoming["headers"].values()} == {1_024}
    assert (incoming["others"], incoming["encrypted"]) == (others, True)


def test_what_is_short_enough_stays_as_it_is() -> None:
    values = {"call_id": "c1", "routes": ["sip:a"], "headers": {"X-A": "b"}, "cseq": 3, "q850": None, "rtt_ms": 1.5}
    assert bounded(values) == values
