"""A web call over a websocket in memory, on a virtual clock: frames, marks, clear, gaps, breaks and every end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import numpy as np
import pytest
from tests.contract.line import Watcher
from tests.door_socket import PageSocket

from callwright.domain.errors import CapacityError
from callwright.domain.limits import (
    MAX_WEB_CALL_SESSIONS_OF_ONE,
    MAX_WEB_CALL_USER_DATA_BYTES,
    WEB_CALL_RESUME_SECONDS,
    WEB_CALL_SESSION_SECONDS,
    WEB_CALL_SILENT_SECONDS,
)
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.media.intake import MOST_AT_ONCE
from callwright.media.wav import read_wav
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import ArrangedCall, DialRequest, InboundOffer, Leg, LegListener, closed_by
from callwright.ports.web_call import WebCall, WebProtocol
from callwright.telephony.browser.agent_sound import HELD_SECONDS
from callwright.telephony.browser.carrier import BrowserCarrier
from callwright.telephony.browser.wire import MOST_FRAMES, Close

FRAME = b"\x01\x02" * 320
TONE = b"\x10" * 160
PAGE = "https://www.example.org"


class Doorkeeper:
    """Gives addresses that say what they are for."""

    def __init__(self) -> None:
        self.issued: dict[str, float] = {}
        self.revoked: list[str] = []

    def address(self, carrier: str, path: str) -> str:
        return f"wss://here/{carrier}{path}"

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        address = f"wss://here/{carrier}{path}/{bound_to}-{len(self.issued)}"
        self.issued[address] = seconds
        return address

    def revoke(self, address: str) -> None:
        self.revoked.append(address)


class Desk:
    """Takes calls as the test wants: answers, refuses with a status, or lets them ring."""

    def __init__(self, does: str | int = "answer") -> None:
        self.does = does
        self.offers: list[InboundOffer] = []
        self.legs: list[Any] = []
        self.watchers: list[Watcher] = []
        self._tasks: list[asyncio.Task[None]] = []

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        self.offers.append(offer)
        self.legs.append(leg)
        watcher = Watcher()
        self.watchers.append(watcher)
        work = leg.answer() if self.does == "answer" else leg.reject(self.does) if isinstance(self.does, int) else None
        if work is not None:
            self._tasks.append(asyncio.get_running_loop().create_task(work))
        return watcher


class World:
    """A carrier, its desk, and the calls that are served."""

    def __init__(self, does: str | int = "answer") -> None:
        self.doors = Doorkeeper()
        self.desk = Desk(does)
        self.carrier = BrowserCarrier(self.doors)
        self._served: list[asyncio.Task[None]] = []

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        self._served.append(asyncio.get_running_loop().create_task(work))

    async def call(self, protocol: WebProtocol = WebProtocol.FRAMES, first: Any = None, **more: Any) -> PageSocket:
        """A page that has begun a call."""
        socket = PageSocket()
        await self.carrier.open(self.desk)
        self.serve(self.carrier.serve(WebCall(arranged("e1"), **more), socket, protocol, "192.0.2.1"))
        await asyncio.sleep(0)
        socket.say(first or {"type": "start" if protocol is WebProtocol.FRAMES else "init"})
        await passed(0.01)
        return socket

    async def at_door(self, bound_to: str, origin: str = PAGE) -> PageSocket:
        """A page that came with the address of a session, or of a call that goes on."""
        socket = PageSocket()
        door, _ = self.carrier.doors()
        headers = {"origin": origin} if origin else {}
        self.serve(door.serve(DoorRequest("GET", "", headers, bound_to=bound_to), socket))  # type: ignore[union-attr, arg-type]
        await asyncio.sleep(0)
        socket.say({"type": "start"})
        await passed(0.01)
        return socket

    @property
    def leg(self) -> Any:
        return self.desk.legs[-1]

    @property
    def watcher(self) -> Watcher:
        return self.desk.watchers[-1]

    def cause(self) -> str:
        return self.watcher.closed_as.cause  # type: ignore[union-attr]


def arranged(execution_id: str, tenant_id: str = "t") -> ArrangedCall:
    return ArrangedCall(execution_id, tenant_id, "a", {"name": "Ann"})


def virtually(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a clock that jumps."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


async def passed(seconds: float) -> None:
    """So much time on the clock that jumps."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    await VirtualClock(loop).sleep(seconds)


async def talk(socket: PageSocket, seconds: float) -> None:
    """The page sends its sound in real time."""
    for _ in range(round(seconds * 50)):
        socket.say(FRAME)
        await passed(0.02)


@virtually
async def test_a_call_is_offered_with_what_was_arranged_and_answered():
    world = World()
    socket = await world.call()
    (offer,) = world.desk.offers
    assert offer.arranged == arranged("e1")
    assert (offer.carrier, offer.provider_call_id, offer.source) == ("web-call", "e1", "192.0.2.1")
    (ready,) = socket.told
    assert ready["type"] == "ready"
    assert ready["execution_id"] == "e1"
    assert world.doors.issued[ready["resume"]] > WEB_CALL_RESUME_SECONDS
    assert world.watcher.events == ["answered"]


@virtually
async def test_frames_go_both_ways():
    world = World()
    socket = await world.call()
    await talk(socket, 1.0)
    assert len(world.watcher.frames) == 50
    assert {len(frame) for frame in world.watcher.frames} == {160}
    for _ in range(10):
        world.leg.write(TONE)
    assert socket.frames == []
    await passed(0)
    assert [len(frame) for frame in socket.frames] == [640] * 10


@virtually
async def test_frames_of_the_page_in_one_message_are_heard_as_one_by_one():
    one_by_one, together = World(), World()
    first, second = await one_by_one.call(), await together.call()
    tone = (8_000 * np.sin(np.arange(320 * 50) / 3)).astype("<i2").tobytes()
    frames = [tone[at : at + 640] for at in range(0, len(tone), 640)]
    held: list[bytes] = []
    for number, frame in enumerate(frames):
        first.say(frame)
        held.append(frame)
        if number < 10 or len(held) == 4:
            second.say(b"".join(held))
            held.clear()
        await passed(0.02)
    assert together.watcher.frames == one_by_one.watcher.frames
    assert len(together.watcher.frames) == 50


@virtually
async def test_silence_that_a_page_holds_back_is_neither_lost_nor_late():
    world = World()
    socket = await world.call()
    await talk(socket, 1.0)
    for _ in range(13):
        await passed(0.08)
        socket.say(FRAME * 4)
    await world.leg.hang_up("")
    assert len(world.watcher.frames) == 102
    quality = world.watcher.last_facts["quality"]
    assert (quality["jbuf_lost"], quality["jbuf_late"], quality["rx_packets"]) == (0, 0, 102)
    assert quality["rx_jitter_ms"] < 5


@virtually
async def test_frames_are_sent_together_while_the_page_has_others_to_play():
    world = World()
    socket = await world.call()
    for number in range(10):
        world.leg.write(TONE)
        if number >= 4:
            await passed(0.001)
    # Five at once, then four together, and the rest before it is missed.
    assert len(socket.frames) == 9
    await passed(0.1)
    assert len(socket.frames) == 10
    world.leg.write(TONE)
    world.leg.clear()
    socket.say({"type": "cleared", "frames": 10})
    assert socket.closed_with is None
    assert len(socket.frames) == 10


@virtually
async def test_frames_at_their_pace_are_sent_four_at_a_time_and_the_last_one_soon():
    world = World()
    socket = await world.call()
    for _ in range(10):
        world.leg.write(TONE)
    await passed(0)
    sent = []
    for _ in range(20):
        before = len(socket.frames)
        world.leg.write(TONE)
        await passed(0.02)
        sent.append(len(socket.frames) - before)
    assert sent == [0, 0, 0, 4] * 5
    world.leg.write(TONE)
    await passed(HELD_SECONDS - 0.001)
    assert len(socket.frames) == 30
    await passed(0.002)
    assert len(socket.frames) == 31


@virtually
async def test_a_page_that_sends_no_sound_is_filled_up_and_given_up():
    world = World()
    socket = await world.call()
    await talk(socket, 1.0)
    await passed(2.0)
    assert abs(len(world.watcher.frames) - 150 + 10) <= 5
    await passed(WEB_CALL_SILENT_SECONDS)
    assert world.cause() == "media_timeout"
    assert socket.closed_with == Close.NORMAL


@virtually
async def test_an_interruption_is_cut_where_the_page_was_heard():
    world = World()
    socket = await world.call()
    for _ in range(10):
        world.leg.write(TONE)
    await passed(0.3)
    socket.say({"type": "played", "frames": 5})
    # Five frames are 100 ms; they were played by 300 ms.
    assert world.leg.delay_ms == 200
    world.leg.clear()
    assert socket.kinds()[-1] == "clear"
    socket.say({"type": "cleared", "frames": 10})
    world.leg.write(TONE)
    await passed(0.1)
    socket.say({"type": "played", "frames": 11})
    # A quarter of 80 ms and three quarters of 200 ms.
    assert world.leg.delay_ms == 170


@virtually
async def test_hanging_up_waits_for_what_was_written():
    world = World()
    socket = await world.call()
    for _ in range(10):
        world.leg.write(TONE)
    leaving = asyncio.create_task(world.leg.hang_up("goodbye"))
    await passed(0.2)
    world.leg.write(TONE)
    assert len(socket.frames) == 10
    assert not leaving.done()
    socket.say({"type": "played", "frames": 10})
    await leaving
    assert (world.watcher.closed_as.reason, world.cause()) == ("goodbye", "hung_up_by_us")  # type: ignore[union-attr]
    assert (socket.told[-1]["type"], socket.told[-1]["by"]) == ("ended", "API Request")
    await world.leg.hang_up("again")
    assert world.watcher.events.count("closed") == 1


@virtually
async def test_hanging_up_before_the_answer_refuses_the_call():
    world = World("ring")
    socket = await world.call()
    await world.leg.hang_up("")
    assert (world.cause(), socket.closed_with) == ("declined_by_us", Close.UNAVAILABLE)
    await world.leg.answer()
    world.leg.write(TONE)
    assert world.watcher.events == ["closed"]


@virtually
async def test_a_page_that_tells_nothing_does_not_keep_the_call():
    world = World()
    await world.call()
    for _ in range(10):
        world.leg.write(TONE)
    began = asyncio.get_running_loop().time()
    await world.leg.hang_up("")
    assert 1.1 < asyncio.get_running_loop().time() - began < 1.5


@pytest.mark.parametrize(
    ("leave", "cause"),
    [
        (lambda socket: socket.say({"type": "hangup"}), "caller_hung_up"),
        (lambda socket: socket.leave(1000), "caller_hung_up"),
        (lambda socket: socket.leave(1001), "caller_hung_up"),
    ],
)
@virtually
async def test_a_caller_who_leaves_has_hung_up(leave, cause):
    world = World()
    socket = await world.call()
    leave(socket)
    await passed(0.01)
    assert world.cause() == cause
    assert world.doors.revoked


@virtually
async def test_a_caller_who_leaves_while_it_rings_has_given_up():
    for leave in (lambda one: one.say({"type": "hangup"}), lambda one: one.leave(1001), lambda one: one.leave()):
        world = World("ring")
        socket = await world.call()
        leave(socket)
        await passed(0.01)
        assert world.cause() == "originator_cancel"


@pytest.mark.parametrize(
    ("status", "code"), [(404, Close.NO_AGENT), (486, Close.BUSY), (503, Close.UNAVAILABLE), (480, Close.UNAVAILABLE)]
)
@virtually
async def test_a_refusal_says_why(status, code):
    world = World(status)
    socket = await world.call()
    assert socket.closed_with == code
    assert socket.told[0]["code"] == code.name.lower()
    assert world.watcher.events == ["closed"]


@virtually
async def test_a_call_goes_on_over_a_new_connection():
    world = World()
    socket = await world.call()
    await talk(socket, 1.0)
    socket.leave()
    await passed(0.01)
    world.leg.write(TONE)
    assert world.watcher.events[-1] == "noted held"
    await passed(WEB_CALL_RESUME_SECONDS - 0.5)

    again = await world.at_door("e1", origin="")

    (ready,) = again.told
    assert ready["resume"] != socket.told[0]["resume"]
    heard = len(world.watcher.frames)
    assert world.watcher.events[-1] == "noted held"
    await talk(again, 1.0)
    assert abs(len(world.watcher.frames) - heard - 50) <= 2
    world.leg.write(TONE)
    await passed(0)
    assert len(again.frames) == 1
    again.say({"type": "played", "frames": 1})
    assert again.closed_with is None
    await passed(WEB_CALL_RESUME_SECONDS)
    assert world.watcher.closed_as is None
    await world.leg.hang_up("")
    assert "gone" not in world.watcher.last_facts


@virtually
async def test_a_page_that_does_not_come_back_in_time_has_lost_the_line():
    world = World()
    socket = await world.call()
    await talk(socket, 1.0)
    socket.leave()
    await passed(WEB_CALL_RESUME_SECONDS - 0.1)
    assert "closed" not in world.watcher.events
    await passed(0.2)
    assert world.watcher.closed_as == closed_by(CAUSES["media_timeout"])
    quality = world.watcher.last_facts["quality"]
    assert (quality["rx_packets"], quality["jbuf_lost"]) == (50, 0), "nothing was lost while it was connected"
    assert abs(world.watcher.last_facts["gone"]["ms"] - WEB_CALL_RESUME_SECONDS * 1000) < 50
    late = await world.at_door("e1", origin="")
    assert late.closed_with == Close.FOREIGN_ORIGIN


@virtually
async def test_a_second_connection_takes_the_place_of_the_first():
    world = World()
    socket = await world.call()
    again = await world.at_door("e1", origin="")
    await passed(0.01)
    assert socket.closed_with == Close.REPLACED
    assert again.kinds() == ["ready"]
    await passed(WEB_CALL_RESUME_SECONDS + 1)
    assert world.watcher.closed_as is None


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"\x00" * 639, "640 bytes"),
        (b"", "640 bytes"),
        (b"\x00" * 640 * (MOST_FRAMES + 1), "1 to 10 frames"),
        ("{", "not JSON"),
        ("[1]", "JSON object"),
        ({"type": "shout"}, "no message 'shout'"),
        ({"type": "played", "frames": "1"}, "whole number"),
        ({"type": "played", "frames": 1}, "1 frames cannot"),
        ({"type": "cleared", "frames": -1}, "-1 frames cannot"),
        ({"type": "key", "key": "E"}, "0-9"),
        ({"type": "key"}, "0-9"),
    ],
)
@virtually
async def test_nonsense_ends_the_call_with_its_reason(message, says):
    world = World()
    socket = await world.call()
    socket.say(message)
    assert socket.closed_with == Close.BAD_MESSAGE
    assert says in socket.told[1]["message"]
    assert world.cause() == "protocol_error"


@virtually
async def test_a_page_that_sends_faster_than_anybody_speaks_is_closed():
    world = World()
    socket = await world.call()
    for _ in range(MOST_AT_ONCE + 1):
        socket.say(FRAME)
    assert socket.closed_with == Close.TOO_FAST
    assert world.cause() == "protocol_error"


@virtually
async def test_keys_go_both_ways():
    world = World()
    socket = await world.call()
    for key in "1*#":
        socket.say({"type": "key", "key": key})
    assert world.watcher.keys == "1*#"
    await world.leg.send_keys("42#")
    assert socket.told[-1] == {"type": "keys", "keys": "42#"}
    with pytest.raises(ProviderError, match="keys that are none"):
        await world.leg.send_keys("1x")


@virtually
async def test_what_a_page_cannot_do_is_a_bad_request():
    world = World()
    await world.call()
    for work in (world.leg.transfer("+15550177"), world.carrier.dial(DialRequest("e", "+1", "+2", 5), Watcher())):
        with pytest.raises(ProviderError) as refused:
            await work
        assert refused.value.kind is FailureKind.BAD_REQUEST


@virtually
async def test_a_defect_of_the_listener_ends_its_call(monkeypatch):
    world = World("ring")
    socket = await world.call()

    def fail(frame: bytes) -> None:
        raise LookupError("a defect")

    monkeypatch.setattr(world.watcher, "audio", fail)
    await world.leg.answer()
    with pytest.raises(LookupError):
        socket.say(FRAME)
    assert world.cause() == "crash"
    assert socket.closed_with == Close.FAILED


@virtually
async def test_a_connection_with_a_defect_does_not_keep_the_call(monkeypatch):
    world = World()
    socket = await world.call()

    def fail(*_: object) -> None:
        raise LookupError("a defect")

    monkeypatch.setattr(socket, "send", fail)
    with pytest.raises(LookupError):
        socket.say({"type": "hangup"})
    assert world.cause() == "caller_hung_up"


@virtually
async def test_the_counters_of_the_line_are_told():
    world = World()
    socket = await world.call()
    await talk(socket, 5.5)
    assert world.watcher.events.count("noted quality") == 1
    await world.leg.hang_up("")
    assert world.watcher.events.count("noted quality") == 2


@virtually
async def test_the_older_protocol_has_its_audio_in_json():
    world = World()
    context = {"meta_data": {"context_data": {"from": "the page"}}}
    socket = await world.call(WebProtocol.LEGACY, {"type": "init", **context}, takes_user_data=True)
    assert world.desk.offers[0].arranged.user_data == {"from": "the page", "name": "Ann"}  # type: ignore[union-attr]
    assert socket.told == [{"type": "ack"}]
    # 30 ms each: pieces need not be frames.
    piece = {"type": "audio", "data": base64_of(b"\x01\x02" * 480)}
    for _ in range(20):
        socket.say(piece)
        await passed(0.03)
    assert len(world.watcher.frames) == 30
    for _ in range(10):
        world.leg.write(TONE)
    await passed(0.001)
    assert socket.kinds()[1:] == ["audio", "mark"]
    sound = read_wav(base64.b64decode(socket.told[1]["data"]))
    assert (sound.rate_hz, sound.channels, sound.duration_ms) == (16_000, 1, 200)
    socket.say({"type": "mark", "name": socket.told[-1]["name"]})
    world.leg.clear()
    assert socket.kinds()[-1] == "clear"
    socket.say({"type": "mark", "name": "of somebody else"})
    assert world.watcher.closed_as is None
    socket.leave()
    await passed(0.01)
    assert world.cause() == "caller_hung_up"


@pytest.mark.parametrize(
    "message", [{"type": "audio", "data": "*"}, {"type": "audio"}, {"type": "text"}, b"\x00" * 640]
)
@virtually
async def test_nonsense_in_the_older_protocol_ends_the_call(message):
    world = World()
    socket = await world.call(WebProtocol.LEGACY)
    socket.say(message)
    assert socket.closed_with == Close.BAD_MESSAGE


@pytest.mark.parametrize(
    ("protocol", "first"),
    [
        (WebProtocol.FRAMES, {"type": "init"}),
        (WebProtocol.FRAMES, FRAME),
        (WebProtocol.FRAMES, {"type": "start", "user_data": "Ann"}),
        (WebProtocol.LEGACY, {"type": "start"}),
    ],
)
@virtually
async def test_a_wrong_beginning_is_no_call(protocol, first):
    world = World()
    socket = await world.call(protocol, first, takes_user_data=True)
    assert socket.closed_with == Close.BAD_MESSAGE
    assert world.desk.offers == []


@virtually
async def test_variables_of_a_page_have_a_limit_and_need_leave():
    for size, taken in ((MAX_WEB_CALL_USER_DATA_BYTES, True), (MAX_WEB_CALL_USER_DATA_BYTES + 1, False)):
        world = World()
        data = {"k": "x" * (size - len('{"k":""}'))}
        await world.call(first={"type": "start", "user_data": data}, takes_user_data=True)
        assert bool(world.desk.offers) is taken
    world = World()
    await world.call(first={"type": "start", "user_data": {"name": "Eve", "role": "admin"}})
    assert world.desk.offers[0].arranged == arranged("e1")


@virtually
async def test_a_session_is_good_once_for_its_page():
    world = World()
    await world.carrier.open(world.desk)
    session = world.carrier.session(WebCall(arranged("e2"), PAGE))
    assert session.expires_in == WEB_CALL_SESSION_SECONDS == world.doors.issued[session.url]
    socket = await world.at_door("e2")
    assert socket.kinds() == ["ready"]
    foreign = world.carrier.session(WebCall(arranged("e3"), PAGE))
    assert foreign.url != session.url
    for bound_to, origin in (
        ("e3", "https://evil.example"),
        ("e3", PAGE),
        ("e4", PAGE),
        ("e2", "https://evil.example"),
    ):
        # Whoever came first with e3 has used it up.
        assert (await world.at_door(bound_to, origin)).closed_with == Close.FOREIGN_ORIGIN
    assert len(world.desk.offers) == 1


@virtually
async def test_unused_sessions_have_a_limit_and_an_end():
    world = World()
    with pytest.raises(CapacityError) as closed:
        world.carrier.session(WebCall(arranged("e")))
    assert closed.value.scope == "global"
    await world.carrier.open(world.desk)
    for number in range(MAX_WEB_CALL_SESSIONS_OF_ONE):
        world.carrier.session(WebCall(arranged(f"e{number}")))
    with pytest.raises(CapacityError) as full:
        world.carrier.session(WebCall(arranged("one more")))
    assert full.value.scope == "customer"
    world.carrier.session(WebCall(arranged("of others", "other")))
    await passed(WEB_CALL_SESSION_SECONDS + 1)
    world.carrier.session(WebCall(arranged("later")))


@virtually
async def test_closing_the_carrier_ends_its_calls():
    world = World()
    socket = await world.call()
    await world.carrier.aclose()
    await world.carrier.aclose()
    assert socket.closed_with == Close.NORMAL
    assert world.cause() == "hung_up_by_us"
    late = await world.at_door("e1")
    assert late.closed_with is not None


def base64_of(pcm: bytes) -> str:

    return base64.b64encode(pcm).decode()
