"""``stack.SipStack`` on baresip-python 0.5.2a3 (exact pin). Only this module imports the binding.

What the binding cannot do, and what follows from it:

- A call that comes in can only be refused with 486 (``refuse``); a user agent that was made cannot be freed before the process ends.
- An answer or a refusal that arrives before ``dial()`` returns is never delivered to the call: kept here by handle and told again.
- The address that was called and what ended a call are in no event: the copies of the SIP messages (``messages``) have them.
- An INVITE that the stack answers itself with 500 (a broken Contact) leaves a call and its two sockets behind, of which only the event
  for its SDP was told. It cannot be freed: hanging it up, or closing the stack, then breaks the heap. Such orphans are counted; the
  stack has room for some beside its calls, and the process is replaced when there are too many.
- One runtime per process; when its native thread dies, the process must end (``on_dead``).
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import baresip

from callwright.domain.limits import MAX_SIP_CALLS
from callwright.ops.clock import SystemClock
from callwright.telephony.sip.allow import ANY_ADDRESS, sockets_on
from callwright.telephony.sip.checks import CLEAR, OPTIONAL, REQUIRED, TCP, TLS, TRANSPORTS, UDP, transport_of
from callwright.telephony.sip.stack import (
    GoneError,
    Identity,
    Level,
    LineEvent,
    Registration,
    StackCall,
    StackError,
    StackSettings,
    UnansweredError,
)

FRAME_PCM_BYTES = 320
"""20 ms of 16-bit PCM at 8,000 Hz."""
MAX_KEPT_MESSAGES = 4_096
MAX_EARLY_CALLS = 512
MAX_EARLY_EVENTS = 32
MAX_IDENTITIES = 1_000
"""Most caller identities of one gateway process: each is a user agent of the stack, which cannot be freed."""
ORPHAN_SECONDS = 1.0
"""So long a call may be known by its SDP alone; the stack tells of a call that comes in at the same moment."""
FEW_ORPHANS = 16
"""From so many on the process is replaced when it has no calls and is ``RENEWED_AFTER_US`` old; for fewer, ``CLEANED_AFTER_US``."""
MOST_ORPHANS = 64
"""From so many on (fewer where the calls leave less room in the stack) it takes no new calls until then."""
RENEWED_AFTER_US = 10_000_000
CLEANED_AFTER_US = 30_000_000
"""Nothing that is nobody's is kept for good: between calls even one orphan is worth the second of a new process, but not more often."""
CAPACITY = 255
MOST_SUSPECTS = 256
UNREGISTER_SECONDS = 2.0
HOLD_TRIES = 20
HOLD_RETRY_S = 0.05
READ_BYTES = FRAME_PCM_BYTES * 10
OWN_USER = "callwright"

_log = logging.getLogger("callwright.telephony.sip.stack")


_KINDS = {
    baresip.Event.CALL_RINGING: "ringing",
    baresip.Event.CALL_PROGRESS: "early_media",
    baresip.Event.CALL_ESTABLISHED: "answered",
    baresip.Event.CALL_RTPESTAB: "rtp",
    baresip.Event.CALL_HOLD: "held",
    baresip.Event.CALL_RESUME: "resumed",
    baresip.Event.CALL_REMOTE_SDP: "media",
    # The start of a key, not its end: a caller waits for the effect of a key, and the packets that end one may be lost.
    baresip.Event.CALL_DTMF_START: "key",
    baresip.Event.CALL_RTCP: "statistics",
    baresip.Event.CALL_CLOSED: "closed",
}


_WORDS = {
    "Protocol error [71]": "TLS failed: is the far end's certificate one of its own name, by one of CALLWRIGHT_SIP_AUTHORITIES?"
}
_REGISTRATION_ENDS = (baresip.Event.REGISTER_OK, baresip.Event.REGISTER_FAIL)
_ENCRYPTED = {CLEAR: (), OPTIONAL: ("mediaenc=srtp",), REQUIRED: ("mediaenc=srtp-mand",)}


class BaresipCall:
    """A call of baresip-python."""

    def __init__(self, stack: BaresipStack, call: baresip.Call, registration: str = "") -> None:
        self._stack = stack
        self.native = call
        self.registration = registration
        self._listener: Callable[[LineEvent], None] | None = None
        self._kept: list[LineEvent] = []
        self._keys = asyncio.Lock()
        call.on_transfer_request(self._refer_asked)

    @property
    def call_id(self) -> str:
        """The SIP Call-ID."""
        return self.native.call_id or ""

    @property
    def caller(self) -> str:
        """The address of the far end."""
        return self.native.peer or ""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of its INVITE that are kept."""
        return dict(self.native.headers)

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        """See StackCall."""
        self._listener = listener
        kept, self._kept = self._kept, []
        for event in kept:
            listener(event)

    def happened(self, event: baresip.StackEvent) -> None:
        """An event of the stack about this call."""
        kind = _KINDS.get(event.event)
        if kind is not None:
            self._tell(LineEvent(kind, words_of(event.text or ""), _statistics(event.stats)))

    def _refer_asked(self, request: baresip.TransferRequest) -> None:
        self._tell(LineEvent("refer", request.target if request.method == "INVITE" else ""))

    def _tell(self, event: LineEvent) -> None:
        if self._listener is not None:
            self._listener(event)
        else:
            self._kept.append(event)

    async def answer(self) -> None:
        """See StackCall."""
        await _asked(self.native.answer())

    async def refuse(self) -> None:
        """See StackCall."""
        await _asked(self.native.reject())

    async def hang_up(self) -> None:
        """See StackCall."""
        await _asked(self.native.hangup())

    async def hold(self, on: bool) -> None:
        """See StackCall. Waits for another negotiation that is under way (the stack makes one itself right after an answer)."""
        for left in range(HOLD_TRIES, 0, -1):
            try:
                await _asked(self.native.hold() if on else self.native.resume())
                return
            except GoneError:
                raise
            except StackError as error:
                if left == 1 or "retry shortly" not in error.reason:
                    raise
            await asyncio.sleep(HOLD_RETRY_S)

    async def refer(self, target: str, seconds: float) -> None:
        """See StackCall. The binding's own timeout comes later: it looks like any other failure."""
        try:
            await asyncio.wait_for(_asked(self.native.transfer(target, timeout=2 * seconds)), seconds)
        except TimeoutError:
            raise UnansweredError(f"nothing was heard of the target within {seconds:g} s") from None

    async def refer_to_call(self, other: StackCall, seconds: float) -> None:
        """See StackCall."""
        if not isinstance(other, BaresipCall):
            raise StackError("both calls must be of this stack")
        await self.hold(True)
        await other.hold(True)
        await _asked(self.native.attended_transfer(other.native, timeout=seconds))

    async def accept_refer(self) -> StackCall:
        """See StackCall."""
        return self._stack.adopt(await _asked(self.native.accept_transfer()))

    async def refuse_refer(self, status: int) -> None:
        """See StackCall."""
        await _asked(self.native.reject_transfer(status))

    async def send_keys(self, keys: str) -> None:
        """See StackCall."""
        async with self._keys:
            await _asked(self.native.send_dtmf(keys))

    def read(self) -> bytes:
        """See StackCall."""
        try:
            return bytes(self.native.audio.read(READ_BYTES))
        except baresip.AudioRestarted:
            # Negotiated anew: what the old streams held is lost, the next read is of the new ones.
            return b""
        except baresip.AudioNotActive:
            return b""

    def write(self, pcm: bytes) -> int:
        """See StackCall."""
        for _ in range(2):
            try:
                return int(self.native.audio.write(pcm))
            except baresip.AudioRestarted:
                # Negotiated anew: the next write goes to the new streams.
                continue
            except baresip.AudioNotActive:
                break
        return 0

    def flush(self) -> None:
        """See StackCall."""
        try:
            self.native.audio.flush_tx()
        except (baresip.AudioNotActive, baresip.AudioRestarted):
            return

    def level(self) -> Level | None:
        """See StackCall."""
        try:
            stats = self.native.audio.stats()
        except baresip.AudioNotActive:
            return None
        return Level(stats.tx_buffered, stats.tx_high_water, stats.tx_starved_frames)


class _Messages(logging.Handler):
    """Keeps the stack's copies of SIP messages, and calls ``wake`` at the next one; called on the binding's log thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: deque[str] = deque(maxlen=MAX_KEPT_MESSAGES)
        self.wake: Callable[[], object] | None = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Keep one message. Not ``emit``: that would take a lock and format."""
        self.kept.append(str(record.args[0]) if isinstance(record.args, tuple) and record.args else str(record.msg))
        wake, self.wake = self.wake, None
        if wake is not None:
            wake()
        return True


class _Seldom(logging.Filter):
    """Lets a line pass at most ``most`` times a minute: whoever sends nonsense to a SIP port must not fill a disk."""

    def __init__(self, most: int = 20) -> None:
        super().__init__()
        self._most = most
        self._minute = 0
        self._passed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        minute = int(record.created // 60)
        if minute != self._minute:
            self._minute, self._passed = minute, 0
        self._passed += 1
        return self._passed <= self._most


class BaresipStack:
    """SipStack on baresip-python."""

    def __init__(self) -> None:
        self._runtime = baresip.Runtime()
        self._settings = StackSettings("")
        self._agents: dict[Identity, baresip.UserAgent] = {}
        self._registered: dict[str, tuple[Registration, baresip.UserAgent]] = {}
        self._made = 0
        self._calls: dict[int, BaresipCall] = {}
        self._early: dict[int, list[baresip.StackEvent]] = {}
        self._suspects: set[int] = set()
        self._orphans = 0
        self._opened_us = 0
        self._messages = _Messages()
        self._closed: deque[str] = deque(maxlen=MAX_KEPT_MESSAGES)
        self._has_news = asyncio.Event()
        self._folder = ""
        self._domain = ""
        self._on_call: Callable[[StackCall], None] = lambda call: None

    async def open(
        self,
        settings: StackSettings,
        on_call: Callable[[StackCall], None],
        on_dead: Callable[[], None],
        on_bound: Callable[[], None] = lambda: None,
    ) -> None:
        """See SipStack."""
        self._settings = settings
        self._opened_us = SystemClock().monotonic_us()
        self._on_call = on_call
        self._runtime.on_dead = on_dead
        self._quiet_logs()
        # The stack makes a folder for itself and leaves it behind when the process ends without closing it: it gets one of ours.
        self._folder = tempfile.mkdtemp(prefix="callwright-sip-")
        before, tempfile.tempdir = tempfile.tempdir, self._folder
        try:
            await _asked(self._runtime.start(self._configuration()))
        finally:
            tempfile.tempdir = before
        on_bound()
        self._domain = _domain(settings.listen)
        self._runtime.subscribe(self._happened)
        # The stack gives a call that comes in only to an agent of its transport.
        for transport in TRANSPORTS if settings.certificate else (UDP, TCP):
            encryption = OPTIONAL if transport == TLS else CLEAR
            await self._agent(Identity(OWN_USER, transport=transport, encryption=encryption), catch_all=True)
        # Our own name is one, over however many transports.
        self._made = 1

    def _configuration(self) -> baresip.Config:
        settings = self._settings
        host = settings.listen.partition(":")[0]
        files = (("sip_certificate", settings.certificate), ("sip_cafile", settings.authorities))
        return baresip.Config(
            # The stack opens a socket for each address of the machine (without loopback) when it is told none.
            net_interface=None if host == ANY_ADDRESS else host,
            expose_headers=("To", *settings.headers),
            sip_trace=True,
            max_concurrent_calls=min(settings.max_calls, MAX_SIP_CALLS) + self._room,
            rtp_timeout=settings.rtp_timeout_seconds,
            extra_config_text=(
                f"sip_listen {settings.listen}\nrtp_ports {settings.rtp_ports}\nsip_verify_server yes\nsip_cuser_random yes\n"
                f"{''.join(f'{key} {path}' + chr(10) for key, path in files if path)}"
                "audio_jitter_buffer_type adaptive\naudio_jitter_buffer_ms 40-300\naudio_jitter_buffer_size 50\n"
            ),
        )

    def _quiet_logs(self) -> None:
        sip = logging.getLogger("baresip.native.sip")
        # The copies of SIP messages go to us only: they hold credentials of callers.
        sip.propagate = False
        sip.setLevel(logging.DEBUG)
        sip.handlers[:] = [self._messages]
        logging.getLogger("baresip.native").filters[:] = [_Seldom()]

    async def _agent(self, identity: Identity, *, catch_all: bool = False) -> baresip.UserAgent:
        agent = self._agents.get(identity)
        if agent is not None:
            return agent
        try:
            account = baresip.Account(
                user=identity.user,
                domain=identity.domain or self._domain,
                password=identity.auth_password,
                auth_user=identity.auth_user or None,
                reg_interval=0,
                transport=identity.transport,
                audio_codecs=self._settings.codecs,
                extra_params=(*_ENCRYPTED[identity.encryption], *(("catchall=yes",) if catch_all else ())),
            )
        except (ValueError, TypeError) as error:
            raise StackError(f"a caller cannot be called so: {error}") from None
        shown = re.sub(r"[^ -!#-\[\]-~\u00a0-\ud7ff]", "", identity.name)
        address = f'"{shown}" {account.aor()}' if shown else account.aor()
        agent = self._agents[identity] = await self._new_agent(address)
        agent.on_incoming(self._incoming)
        return agent

    async def _new_agent(self, address: str) -> baresip.UserAgent:
        if self._made >= MAX_IDENTITIES:
            raise StackError(f"this gateway process has used {MAX_IDENTITIES} caller identities; it takes no more")
        self._made += 1
        return await _asked(baresip.UserAgent.create(self._runtime, address))

    async def register(self, registration_id: str, wanted: Registration, told: Callable[[str], None]) -> None:
        """See SipStack."""
        known = self._registered.get(registration_id)
        if known is not None and known[0] == wanted:
            return
        await self.unregister(registration_id)
        try:
            account = baresip.Account(
                user=wanted.user,
                domain=wanted.domain,
                password=wanted.password,
                reg_interval=wanted.seconds,
                transport=wanted.transport,
                audio_codecs=self._settings.codecs,
                extra_params=_ENCRYPTED[wanted.encryption],
            )
        except (ValueError, TypeError) as error:
            raise StackError(f"a trunk cannot be registered so: {error}") from None
        agent = await self._new_agent(account.aor())
        known = self._registered[registration_id] = (wanted, agent)
        outcomes: list[str] = []

        def happened(event: baresip.StackEvent) -> None:
            # That it is taken back is an outcome too, of which nobody wants to hear.
            if self._registered.get(registration_id) is known and event.event in _REGISTRATION_ENDS:
                failed = event.event is baresip.Event.REGISTER_FAIL
                outcomes.append(words_of(event.text or "no answer") if failed else "")
                told(outcomes[-1])

        agent.on(happened)
        agent.on_incoming(lambda native: self._incoming(native, registration_id))
        try:
            await agent.register()
        except baresip.BaresipError as error:
            # The stack goes on trying, and its events tell of each outcome. There is none of a REGISTER that was not sent.
            if not outcomes:
                told(str(error))

    async def unregister(self, registration_id: str) -> None:
        """See SipStack."""
        known = self._registered.pop(registration_id, None)
        if known is None:
            return
        agent = known[1]
        # The binding ends only what it saw succeed; the stack would try again for ever.
        agent._registered = True
        try:
            await agent.unregister(timeout=UNREGISTER_SECONDS)
        except baresip.BaresipError as error:
            _log.info("a registration was not taken back: %s", error)

    async def dial(self, target: str, identity: Identity, headers: Mapping[str, str]) -> StackCall:
        """See SipStack."""
        if len(self._calls) >= self._settings.max_calls:
            raise StackError("the gateway is at its limit of calls")
        identity = replace(identity, user=identity.user or OWN_USER, transport=transport_of(target))
        agent = await self._agent(identity)
        return self.adopt(await _asked(agent.dial(target, dict(headers))))

    def adopt(self, native: baresip.Call) -> BaresipCall:
        """A call we began: make it ours, and tell it what happened before the binding knew it."""
        call = BaresipCall(self, native)
        self._calls[native.handle] = call
        for event in self._early.pop(native.handle, ()):
            # The binding's own object listens only from dial()'s return on: without this it would not know that it is answered or
            # over, refuse to hold or transfer, and never let go of its listener. Private, until the binding keeps early events itself.
            native._on_stack_event(event)
            self._tell(call, event)
        return call

    def _incoming(self, native: baresip.Call, registration: str = "") -> None:
        self._early.pop(native.handle, None)
        call = BaresipCall(self, native, registration)
        self._calls[native.handle] = call
        self._on_call(call)

    def _happened(self, event: baresip.StackEvent) -> None:
        if not event.call:
            return
        call = self._calls.get(event.call)
        if call is None:
            self._suspect(event)
            kept = self._early.setdefault(event.call, [])
            if len(kept) < MAX_EARLY_EVENTS:
                kept.append(event)
            while len(self._early) > MAX_EARLY_CALLS:
                self._early.pop(next(iter(self._early)))
            return
        self._tell(call, event)

    def _suspect(self, event: baresip.StackEvent) -> None:
        """The first that is told of a call that comes in is its offer; of one we place, that we place it."""
        if event.event is not baresip.Event.CALL_REMOTE_SDP or event.call in self._early:
            return
        if len(self._suspects) < MOST_SUSPECTS:
            self._suspects.add(event.call)
            asyncio.get_running_loop().call_later(ORPHAN_SECONDS, self._judge, event)

    def _judge(self, event: baresip.StackEvent) -> None:
        self._suspects.discard(event.call)
        told = [early.event for early in self._early.get(event.call, ())]
        if event.call in self._calls or told != [baresip.Event.CALL_REMOTE_SDP]:
            return
        self._early.pop(event.call, None)
        self._orphans += 1

    def _tell(self, call: BaresipCall, event: baresip.StackEvent) -> None:
        if event.event is baresip.Event.CALL_CLOSED:
            self._calls.pop(event.call, None)
            self._closed.append(call.call_id)
            self._has_news.set()
        call.happened(event)

    def messages(self) -> list[str]:
        """See SipStack."""
        kept = self._messages.kept
        return [kept.popleft() for _ in range(len(kept))]

    async def news(self) -> None:
        """See SipStack."""
        loop = asyncio.get_running_loop()
        self._has_news.clear()
        # Set before the look: a message in between is either seen or wakes.
        self._messages.wake = lambda: loop.call_soon_threadsafe(self._has_news.set)
        try:
            if not self._messages.kept and not self._closed:
                await self._has_news.wait()
        finally:
            self._messages.wake = None

    def closed_calls(self) -> list[str]:
        """See SipStack."""
        return [self._closed.popleft() for _ in range(len(self._closed))]

    @property
    def used_up(self) -> bool:
        """See SipStack. Nine of ten identities are used, or calls were left behind."""
        if self._made * 10 > MAX_IDENTITIES * 9:
            return True
        age_us = SystemClock().monotonic_us() - self._opened_us
        return self._orphans > 0 and age_us >= (
            RENEWED_AFTER_US if self._orphans >= min(FEW_ORPHANS, self._room) else CLEANED_AFTER_US
        )

    @property
    def overfull(self) -> bool:
        """See SipStack."""
        return self._orphans >= self._room

    @property
    def _room(self) -> int:
        """For so many orphans the stack has room beside its calls."""
        return min(MOST_ORPHANS, CAPACITY - min(self._settings.max_calls, MAX_SIP_CALLS))

    async def check(self) -> None:
        """See SipStack."""
        # Any command that does nothing: it goes to the native thread and back.
        await _asked(self._runtime.set_native_log_level("warning"))

    async def close(self) -> None:
        """See SipStack. With calls left the stack is left as it is: freeing them while their transactions wait breaks its heap, and freeing
        orphans always does."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        if not self._calls and not self._orphans:
            await _asked(self._runtime.close())


def words_of(text: str) -> str:
    """The stack's words for an end, or ours where they say too little."""
    return _WORDS.get(text, text)


def _domain(listen: str) -> str:
    """What our addresses name as their host: where we listen, or the first of the machine's addresses when that is all of them."""
    host, _, port = listen.partition(":")
    names = []
    for one in sockets_on((host, int(port))):
        with one:
            names.append(str(one.getsockname()[0]))
    return f"{sorted(names)[0]}:{port}" if host == ANY_ADDRESS and names else listen


def _statistics(stats: Mapping[str, Any]) -> dict[str, float]:
    if not stats:
        return {}
    rtcp, jitter_buffer = stats.get("rtcp", {}), stats.get("jbuf", {})
    return {
        "rx_packets": stats.get("rx", {}).get("packets", 0),
        "rx_lost": rtcp.get("rx_lost", 0),
        "rx_jitter_ms": rtcp.get("rx_jitter_us", 0) / 1000,
        "tx_packets": stats.get("tx", {}).get("packets", 0),
        "tx_lost": rtcp.get("tx_lost", 0),
        "tx_errors": stats.get("tx", {}).get("errors", 0),
        "tx_jitter_ms": rtcp.get("tx_jitter_us", 0) / 1000,
        "rtt_ms": rtcp.get("rtt_us", 0) / 1000,
        "jbuf_late": jitter_buffer.get("late", 0),
        "jbuf_lost": jitter_buffer.get("lost", 0),
        "jbuf_jitter_ms": jitter_buffer.get("jitter_ms", 0),
    }


async def _asked(answer: Any) -> Any:
    """Wait for the stack; its errors as ours."""
    try:
        return await answer
    except baresip.StaleHandleError as error:
        raise GoneError(str(error)) from None
    except baresip.TransferFailed as error:
        raise StackError(error.reason or str(error), error.status or 0) from None
    except (baresip.BaresipError, ValueError) as error:
        raise StackError(str(error)) from None
