"""The gateway process: SIP phones on one side, the server's socket on the other (``wire.py``).

Started by the server with one end of a socket pair: ``python -m callwright.telephony.sip.gateway --fd N``. The first message on it is
``settings``; nothing is on the command line, because a password is among them. When the socket ends, the server is gone: every call
gets its BYE, CANCEL or refusal and the process ends within two seconds. Exit status: 0 in order, 2 it cannot listen, 70 the stack's own
thread died or does not answer, 71 a defect, 75 the stack shall begin anew, because it has called under so many names or left so much behind
(only without calls; a process that holds too much that is nobody's takes no new ones meanwhile: 503).
Whatever it is, the server settles the calls and starts another gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, cast

from callwright.domain.sip_digest import Digest
from callwright.domain.sip_message import SipMessage, parsed, traced
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.ops.logging import configure_logging
from callwright.telephony.sip.acknowledge import Acknowledgements
from callwright.telephony.sip.allow import AllowError, allow_only, sockets_on
from callwright.telephony.sip.baresip_stack import BaresipStack
from callwright.telephony.sip.capture import now_us
from callwright.telephony.sip.checks import address_of
from callwright.telephony.sip.datagram import Datagram, send
from callwright.telephony.sip.dialog import BRANCH_COOKIE
from callwright.telephony.sip.exchange import NumberedCall
from callwright.telephony.sip.gateway_call import BUSY, GatewayCall, turn_away, unacknowledged
from callwright.telephony.sip.late_answers import LateAnswers
from callwright.telephony.sip.leftovers import Leftovers
from callwright.telephony.sip.refusal import refusal
from callwright.telephony.sip.registration import Registrations
from callwright.telephony.sip.stack import SipStack, StackCall, StackError, StackSettings
from callwright.telephony.sip.trace import Trace, TracedCall
from callwright.telephony.sip.wire import EXIT_USED_UP, GATEWAY, Reader, WireError, audio, bounded, control

TICK_US = 20_000
MOST_TICKS_AT_ONCE = 25
"""A loop that was stopped for longer than half a second does not make up for it in one go."""
GOODBYE_SECONDS = 1.4
CLOSE_SECONDS = 0.4
SETTINGS_SECONDS = 10.0
CHECK_SECONDS, REST_CHECK_SECONDS = 2.0, 4.0
"""Between two checks of the stack, and without calls."""
UNAVAILABLE = 503
RENEWING = "the SIP gateway renews itself when its calls are over; try again then"
BACKLOG_BYTES = 4_194_304
EXIT_REFUSED, EXIT_STACK, EXIT_DEFECT = 2, 70, 71

_log = logging.getLogger("callwright.telephony.sip.gateway")


class Gateway(asyncio.Protocol):
    """Everything of the process: the socket, the stack, the calls, the pump. ``ended`` is done with the exit status."""

    def __init__(self, stack: SipStack) -> None:
        loop = asyncio.get_running_loop()
        self.stack = stack
        self.trace = Trace()
        self.ended: asyncio.Future[int] = loop.create_future()
        self.settings: asyncio.Future[Mapping[str, Any]] = loop.create_future()
        self._calls: dict[int, GatewayCall] = {}
        self._next_number = 2
        self._reader = Reader()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._works: set[asyncio.Task[None]] = set()
        self._listen = ("", 0)
        self._empty = asyncio.Event()
        self._begun = asyncio.Event()
        self._digest: Digest | None = None
        self._acks = Acknowledgements()
        self._late = LateAnswers(lambda: f"{BRANCH_COOKIE}-{RandomIds().token(16)}")
        self._registrations = Registrations(stack, self)
        self._leftovers = Leftovers(0)
        self._max_calls = self._max_unacknowledged = 0

    # -- asyncio.Protocol -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Messages of the server. One that is none ends the process: from there on nothing can be understood."""
        try:
            for number, message in self._reader.feed(data):
                if isinstance(message, bytes):
                    call = self._calls.get(number)
                    if call is not None:
                        call.write(message)
                elif number == GATEWAY:
                    self._own(message)
                else:
                    self._of_call(number, message)
        except WireError as error:
            self._end(EXIT_DEFECT, f"the server sent what is no message: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The server is gone."""
        self._end(0, "the server is gone")

    # -- of the server ----------------------------------------------------------------------------------------------------------

    def _own(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "settings" and not self.settings.done():
            self.settings.set_result(message)
        elif kind == "ping":
            self.send(GATEWAY, "pong", at=message.get("at"), calls=len(self._calls))
        elif kind == "register":
            self._registrations.ask(message)
        elif kind == "unregister":
            self._registrations.end(message)
        elif kind == "stop":
            self._end(0, "the server asked for it")

    def _of_call(self, number: int, message: Mapping[str, Any]) -> None:
        call = self._calls.get(number)
        if call is not None:
            call.asked(message)
        elif message["type"] == "dial" and number % 2 == 1 and not self.ended.done():
            if self._is_full:
                self.send(number, "closed", by="line", sip_status=0, q850=None, reason=RENEWING)
                return
            self._begin(number, str(message.get("from_user") or "")).dial(message)

    def _begin(self, number: int, from_user: str) -> GatewayCall:
        call = self._calls[number] = GatewayCall(self, number, from_user)
        self._begun.set()
        return call

    # -- gateway_call.Exchange --------------------------------------------------------------------------------------------------

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message to the server, with everything else of this turn of the loop. One that is too long would end all calls."""
        self._put(control(call, kind, **bounded(values)))

    def audio(self, call: int, frames: bytes) -> None:
        """Audio of a caller to the server."""
        self._put(audio(call, frames))

    def _put(self, message: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(message)

    def _flush(self) -> None:
        data = b"".join(self._out)
        self._out.clear()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > BACKLOG_BYTES:
            self._end(EXIT_DEFECT, "the server does not read what it is sent")

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something of a call."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._worked)
        return task

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.critical("a defect; the gateway ends", exc_info=task.exception())
            self._end(EXIT_DEFECT, "a defect")

    def read_messages(self) -> None:
        """Bring the trace up to date."""
        for text in self.stack.messages():
            record = traced(text)
            if record is not None:
                self.trace.feed(record)
                call = self.trace.call(record.message.call_id)
                if call is not None:
                    call.keep(now_us(), text)
                self._registrations.feed(record)
                for again in (self._acks.feed(record, text), self._late.feed(record)):
                    if again is not None:
                        self._send(again)

    @property
    def asks_password(self) -> bool:
        """Whether callers must give a password."""
        return self._digest is not None

    def registration_of(self, line: StackCall, invite: SipMessage | None) -> str:
        """The id of the registration over which a call came, empty for any other call."""
        return self._registrations.of(line, invite)

    def refuse_with(self, call: TracedCall, code: int, *extra: str) -> bool:
        """Answer an INVITE ourselves. See refusal.py."""
        answer = refusal(call, code, extra)
        return answer is not None and self._send(answer)

    def admits(self, call: TracedCall | None, registration: str) -> bool:
        """Whether the caller gave user and password, where they are asked for, and its address has few enough calls that it did not
        acknowledge. A call over a registration is not asked for them. The stack has settings for passwords (``uas_user``), but they count
        for MESSAGE only, not for INVITE."""
        if self._digest is not None and not registration and not _proves(call, self._digest, self.refuse_with):
            return False
        host = address_of(call.dialog.peer) if call is not None else ""
        held = sum(unacknowledged(one) == host for one in self._calls.values()) if host else 0
        if held > self._max_unacknowledged:
            _log.info("a call of %s is refused: it has not acknowledged %d others", host, self._max_unacknowledged)
        return held <= self._max_unacknowledged

    def over(self, call: NumberedCall) -> None:
        """Forget a call."""
        gone = self._calls.pop(call.number, None)
        if gone is not None:
            self.trace.forget(gone.call_id, gone.traced)
        if self._calls:
            return
        if self.ended.done():
            self._empty.set()
        else:
            self._renew()

    @property
    def _is_full(self) -> bool:
        """Whether so much is here that is nobody's that no new call shall begin before the stack does."""
        return self.stack.overfull or self._leftovers.too_many

    def _renew(self) -> None:
        """End without calls when the stack shall begin anew; the server starts the next process."""
        if not self._calls and (self.stack.used_up or self._is_full):
            self._end(EXIT_USED_UP, "the stack shall begin anew: it has used up its names or left too much behind")

    def terminate(self) -> None:
        """SIGTERM: end in order."""
        self._end(0, "SIGTERM")

    # -- the life of the process ------------------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Serve until the end; returns the exit status."""
        try:
            settings = await asyncio.wait_for(asyncio.shield(self.settings), SETTINGS_SECONDS)
            await self._open(settings)
        except TimeoutError:
            return EXIT_REFUSED
        except (StackError, AllowError) as error:
            self.send(GATEWAY, "refused", reason=str(error))
            await asyncio.sleep(0.05)
            return EXIT_REFUSED
        pump = self.start(self._pump())
        check = self.start(self._check())
        status = await self.ended
        check.cancel()
        if status != EXIT_STACK:
            await self._say_goodbye()
        pump.cancel()
        return status

    async def _open(self, settings: Mapping[str, Any]) -> None:
        configure_logging(str(settings.get("log_level") or "info"), str(settings.get("log_format") or "text"))
        listen = str(settings["listen"])
        host, _, port = listen.partition(":")
        self._listen = (host, int(port))
        over_tls = (host, int(port) + 1)
        _check_free(self._listen)
        _check_free(over_tls, socket.SOCK_STREAM)
        if settings.get("user"):
            self._digest = Digest(str(settings["user"]), str(settings.get("password") or ""), RandomIds().token(16))
        allow = tuple(str(network) for network in settings.get("allow") or ())

        def bound() -> None:
            for address in (self._listen, over_tls):
                found = sockets_on(address)
                for one in found:
                    one.close()
                if not found:
                    raise StackError(f"{address[0]}:{address[1]} could not be opened")
                if allow:
                    allow_only((*allow, f"{host}/32"), address)

        self._max_calls = int(settings["max_calls"])
        self._max_unacknowledged = int(settings["max_unacknowledged"])
        await self.stack.open(
            StackSettings(
                listen=listen,
                certificate=str(settings.get("certificate") or ""),
                authorities=str(settings.get("authorities") or ""),
                rtp_ports=str(settings["rtp_ports"]),
                max_calls=self._max_calls,
                codecs=tuple(settings.get("codecs") or ("pcmu", "pcma")),
                headers=tuple(settings.get("headers") or ()),
            ),
            self._incoming,
            lambda: self._end(EXIT_STACK, "the stack's thread died"),
            bound,
        )
        self._leftovers = Leftovers(_open_sockets())
        self.send(
            GATEWAY,
            "ready",
            listen=listen,
            rtp_ports=settings["rtp_ports"],
            max_calls=settings["max_calls"],
            pid=os.getpid(),
        )

    def _incoming(self, line: StackCall) -> None:
        call = self._begin(self._next_number, "")
        self._next_number += 2
        if self._is_full:
            turn_away(call, line, UNAVAILABLE)
            return
        if len(self._calls) > self._max_calls:
            turn_away(call, line, BUSY)
            return
        call.take(line)
        if self.ended.done():
            call.hang_up({})

    async def _pump(self) -> None:
        """One round every 20 ms for all calls, with one write to the socket. Without calls the next round waits for a call or a message."""
        clock = SystemClock()
        due_us = clock.monotonic_us() + TICK_US
        while True:
            await clock.sleep(max(0.0, (due_us - clock.monotonic_us()) / 1e6))
            ticks = max(1, (clock.monotonic_us() - due_us) // TICK_US + 1)
            due_us += ticks * TICK_US
            self.read_messages()
            for call in tuple(self._calls.values()):
                call.tick(min(ticks, MOST_TICKS_AT_ONCE))
            for call_id in self.stack.closed_calls():
                self._late.closed(call_id)
            for datagram in self._late.round(ticks):
                self._send(datagram)
            if not self._calls and self._late.is_done:
                self._begun.clear()
                await _first_of(self._begun.wait(), self.stack.news())
                # Not at once: a flood of stray messages must not be a flood of rounds.
                due_us = clock.monotonic_us() + TICK_US

    def _send(self, datagram: Datagram) -> bool:
        """Send a message of ours past the stack. Its copies of messages lack this one, so the call keeps it here."""
        if not send(datagram, self._listen):
            return False
        text = datagram.data.decode("utf-8", "surrogateescape")
        message = parsed(text)
        call = self.trace.call(message.call_id) if message is not None else None
        if call is not None:
            call.keep(now_us(), f"TX {datagram.transport.upper()} {call.local} -> {datagram.peer}\n{text}")
        return True

    async def _check(self) -> None:
        """End the process when the stack's own thread no longer answers: its calls are deaf and dumb, whatever this loop says."""
        while True:
            await asyncio.sleep(CHECK_SECONDS if self._calls else REST_CHECK_SECONDS)
            try:
                await self.stack.check()
            except StackError as error:
                self._end(EXIT_STACK, f"the stack does not answer: {error.reason}")
                return
            self._leftovers.look(_open_sockets(), len(self._calls))
            self._renew()

    def _end(self, status: int, why: str) -> None:
        if not self.settings.done():
            self.settings.cancel()
        if not self.ended.done():
            (_log.info if status in (0, EXIT_USED_UP) else _log.error)("the gateway ends: %s", why)
            self.ended.set_result(status)

    async def _say_goodbye(self) -> None:
        """BYE, CANCEL or a refusal for every call; the pump goes on meanwhile."""
        for call in tuple(self._calls.values()):
            call.hang_up({})
        try:
            await asyncio.wait_for(self._empty.wait(), GOODBYE_SECONDS if self._calls else 0.0)
        except TimeoutError:
            _log.debug("%d far ends did not answer a BYE in time", len(self._calls))
        try:
            await asyncio.wait_for(self.stack.close(), CLOSE_SECONDS)
        except (TimeoutError, StackError) as error:
            _log.debug("the stack was left as it is: %s", error)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Until one of them is over; the others are given up."""
    tasks = [asyncio.get_running_loop().create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _proves(call: TracedCall | None, digest: Digest, refuse: Callable[[TracedCall, int, str], bool]) -> bool:
    """Whether the caller gave user and password. One that did not is asked for them."""
    invite = call.invite if call is not None else None
    if call is None or invite is None:
        return False
    now_s = SystemClock().monotonic_us() // 1_000_000
    if digest.accepts(invite, now_s):
        return True
    refuse(call, 401, f"WWW-Authenticate: {digest.challenge(invite.call_id, now_s)}")
    return False


def _open_sockets() -> int:
    """How many sockets for datagrams this process holds. Connections are not counted: their far ends keep them as long as they like."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(name))) as one:
                    count += one.type == socket.SOCK_DGRAM
        except OSError:
            # Closed since it was listed: the listing's own descriptor always is.
            continue
    return count


def _check_free(listen: tuple[str, int], *kinds: socket.SocketKind) -> None:
    """Raises StackError when the address is taken: the stack itself would not say which. ``kinds``: of sockets, both without any."""
    for kind in kinds or (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(listen)
            except OSError as error:
                raise StackError(f"{listen[0]}:{listen[1]}: {error.strerror}") from None


async def serve(descriptor: int) -> None:
    """Be the gateway on an open socket. Does not return: threads of the stack that hang must not keep the process."""
    loop = asyncio.get_running_loop()
    gateway = Gateway(BaresipStack())
    await loop.create_unix_connection(lambda: gateway, sock=socket.socket(fileno=descriptor))
    # Ctrl-C in a terminal is meant for the server, which lets its calls come to their end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loop.add_signal_handler(signal.SIGTERM, gateway.terminate)
    status = await gateway.run()
    sys.stderr.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> None:
    """The process."""
    parser = argparse.ArgumentParser(
        prog="callwright gateway", description="SIP for one callwright server, which starts it."
    )
    parser.add_argument("--fd", type=int, required=True, help="descriptor of the socket to the server")
    asyncio.run(serve(parser.parse_args(arguments).fd))


if __name__ == "__main__":
    main()
