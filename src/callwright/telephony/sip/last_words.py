"""Ending a call whose SIP stack is gone: a BYE (or a CANCEL where it still rings), repeated until it is answered, only ever to the dialog's
own peer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from callwright.domain.limits import SIP_LAST_WORDS_SECONDS
from callwright.ops.ids import RandomIds
from callwright.telephony.sip.dialog import (
    BRANCH_COOKIE,
    Dialog,
    DialogError,
    LastRequest,
    last_requests,
    read_dialog,
    status_of_answer,
)

_LOG = logging.getLogger(__name__)

# RFC 3261 17.1.2.2: an unanswered request is repeated after T1, then after twice as long each time up to T2.
T1_SECONDS = 0.5
T2_SECONDS = 4.0


class _Answers(asyncio.DatagramProtocol):
    """Waits for the final answer to one request after the other."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._request: LastRequest | None = None
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def to(self, request: LastRequest) -> asyncio.Future[int]:
        """The status of the final answer to ``request``."""
        self._request = request
        self._status = asyncio.get_running_loop().create_future()
        return self._status

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A datagram of the peer: the socket is connected to it, so no other's arrives."""
        status = None if self._request is None else status_of_answer(data, self._dialog, self._request)
        if status is not None and status >= 200 and not self._status.done():
            self._status.set_result(status)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there at this moment; the next repetition may find somebody."""


async def last_words(values: Mapping[str, Any]) -> int | None:
    """End the call of a dialog given by the values of a ``dialog`` message. Returns the status of the last answer; None when it
    did not come within SIP_LAST_WORDS_SECONDS, when the values are no dialog, or when there is no way to the peer. Nothing is raised:
    there is nobody to make it better."""
    try:
        dialog = read_dialog(values)
    except DialogError as error:
        _LOG.warning("the far end of a call that was cut off cannot be told: %s", error)
        return None
    branch = f"{BRANCH_COOKIE}-{RandomIds().uuid()}"
    loop = asyncio.get_running_loop()
    try:
        transport, answers = await loop.create_datagram_endpoint(lambda: _Answers(dialog), remote_addr=dialog.peer)
    except OSError as error:
        _LOG.warning("no last word can be sent to %s:%d: %s", *dialog.peer, error)
        return None
    status: int | None = None
    try:
        async with asyncio.timeout(SIP_LAST_WORDS_SECONDS):
            for request in last_requests(dialog, transport.get_extra_info("sockname")[:2], branch):
                status = await _repeat(transport, answers.to(request), request.datagram)
    except TimeoutError:
        return None
    finally:
        transport.close()
    return status


async def _repeat(transport: asyncio.DatagramTransport, answer: asyncio.Future[int], datagram: bytes) -> int:
    """Send a request until it is answered; returns the status."""
    pause = T1_SECONDS
    while True:
        transport.sendto(datagram)
        done, _ = await asyncio.wait({answer}, timeout=pause)
        if done:
            return answer.result()
        pause = min(pause * 2, T2_SECONDS)
