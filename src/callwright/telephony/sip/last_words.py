"""Saying BYE for a call whose SIP stack is gone: one datagram, repeated until it is answered, only ever to the dialog's own peer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from callwright.domain.limits import SIP_LAST_WORDS_SECONDS
from callwright.ops.ids import RandomIds
from callwright.telephony.sip.dialog import Dialog, DialogError, bye, read_dialog, status_of_answer

_LOG = logging.getLogger(__name__)

# RFC 3261 17.1.2.2: an unanswered request is repeated after T1, then after twice as long each time up to T2.
T1_SECONDS = 0.5
T2_SECONDS = 4.0
_COOKIE = "z9hG4bK"


class _Answers(asyncio.DatagramProtocol):
    """Waits for the final answer to one BYE."""

    def __init__(self, dialog: Dialog, branch: str) -> None:
        self._dialog = dialog
        self._branch = branch
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A datagram of the peer: the socket is connected to it, so no other's arrives."""
        status = status_of_answer(data, self._dialog, self._branch)
        if status is not None and status >= 200 and not self.status.done():
            self.status.set_result(status)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there at this moment; the next repetition may find somebody."""


async def last_words(values: Mapping[str, Any]) -> int | None:
    """Say BYE in a dialog given by the values of a ``dialog`` message. Returns the status of the answer, None when none came within
    SIP_LAST_WORDS_SECONDS, when the values are no dialog, or when there is no way to the peer: nothing is raised, there is nobody to
    make it better."""
    try:
        dialog = read_dialog(values)
    except DialogError as error:
        _LOG.warning("no BYE can be said for a call that was cut off: %s", error)
        return None
    branch = f"{_COOKIE}-{RandomIds().uuid()}"
    loop = asyncio.get_running_loop()
    try:
        transport, answers = await loop.create_datagram_endpoint(
            lambda: _Answers(dialog, branch), remote_addr=dialog.peer
        )
    except OSError as error:
        _LOG.warning("no BYE can be sent to %s:%d: %s", *dialog.peer, error)
        return None
    try:
        return await _repeat(transport, answers, bye(dialog, transport.get_extra_info("sockname")[:2], branch))
    finally:
        transport.close()


async def _repeat(transport: asyncio.DatagramTransport, answers: _Answers, datagram: bytes) -> int | None:
    pause = T1_SECONDS
    try:
        async with asyncio.timeout(SIP_LAST_WORDS_SECONDS):
            while True:
                transport.sendto(datagram)
                done, _ = await asyncio.wait({answers.status}, timeout=pause)
                if done:
                    return answers.status.result()
                pause = min(pause * 2, T2_SECONDS)
    except TimeoutError:
        return None
