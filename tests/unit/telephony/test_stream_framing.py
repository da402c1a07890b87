"""Sound on a media websocket as vendors want it: codecs, binary messages, sizes of messages, and pieces that come in another order."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME
from callwright.telephony.media_streams.call_sound import MOST_AHEAD, PieceOrder
from callwright.telephony.media_streams.framing import BadStreamError, Codec, Framing
from callwright.telephony.media_streams.speech_out import PAUSE_SECONDS, SpeechOut

TONE = bytes(range(160))


def framing(**more: Any) -> Framing:
    return Framing(
        stream_id=("id",),
        call_id=("id",),
        parameters=(),
        mark_name=("name",),
        media=lambda _, payload: {"event": "media", "payload": payload},
        mark=lambda _, name: {"event": "mark", "name": name},
        clear=lambda *_: {"event": "clear"},
        payload=("payload",),
        **more,
    )


@dataclass
class FarEnd:
    """What a message says."""

    sounds: list[tuple[bytes, int]] = field(default_factory=list)

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        raise AssertionError

    def sound(self, mulaw: bytes, number: int = 0) -> None:
        self.sounds.append((mulaw, number))

    def key(self, key: str) -> None:
        raise AssertionError

    def marked(self, name: str) -> None:
        raise AssertionError

    def stopped(self) -> None:
        raise AssertionError


@dataclass
class Socket:
    """Keeps what is sent."""

    sent: list[str | bytes] = field(default_factory=list)
    far_code: int = 0

    def listen(self, on_message: Any) -> None:
        raise AssertionError

    async def receive(self) -> str | bytes | None:
        raise AssertionError

    def send(self, *messages: str | bytes) -> None:
        self.sent += messages

    def end(self, code: int = 1000) -> None:
        raise AssertionError

    async def close(self, code: int = 1000) -> None:
        raise AssertionError


@pytest.mark.parametrize(("characters", "begins"), [(MAX_NAME_CHARACTERS, True), (MAX_NAME_CHARACTERS + 1, False)])
def test_the_id_of_a_stream_is_no_longer_than_a_name(characters: int, begins: bool):
    """It is repeated in every message of ours, and some hundreds of them may wait for a far end that does not read."""

    class Beginning(FarEnd):
        def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
            self.sounds.append((stream_id.encode(), 0))

    far_end, start = Beginning(), json.dumps({"event": "start", "id": "s" * characters})
    with nullcontext() if begins else pytest.raises(BadStreamError):
        framing().take(start, far_end)
    assert bool(far_end.sounds) == begins


def test_l16_is_pcm_with_the_low_byte_first():
    pcm = pcm_of_mulaw(TONE)
    assert Codec.L16.write(TONE) == pcm
    # Two codes of mu-law mean zero.
    assert Codec.L16.read(pcm) == mulaw_of(pcm)
    assert int.from_bytes(Codec.L16.write(b"\x00")[:2], "little", signed=True) == -32124
    with pytest.raises(BadStreamError):
        Codec.L16.read(pcm[:-1])


def test_sound_in_json_is_read_with_its_number():
    far_end, wire = FarEnd(), framing(codec=Codec.L16, number=("chunk",))
    payload = base64.b64encode(pcm_of_mulaw(SILENCE_FRAME)).decode()
    wire.take(json.dumps({"event": "media", "payload": payload, "chunk": "12"}), far_end)
    wire.take(json.dumps({"event": "media", "payload": payload, "chunk": 13}), far_end)
    wire.take(json.dumps({"event": "media", "payload": payload}), far_end)
    assert far_end.sounds == [(SILENCE_FRAME, 12), (SILENCE_FRAME, 13), (SILENCE_FRAME, 0)]
    wrong: list[Any] = ["", "-1", "x", [], True, 1.5, "9" * 40]
    for chunk in wrong:
        with pytest.raises(BadStreamError):
            wire.take(json.dumps({"event": "media", "payload": payload, "chunk": chunk}), far_end)


@pytest.mark.parametrize(
    "message",
    [
        {"event": "media", "media": {"payload": "AAECAw=="}},
        {"streamSid": "s", "media": {"track": "inbound", "payload": "AAECAw==", "chunk": "1"}, "event": "media"},
        # The last bits of the base64 are not of the sound.
        {"event": "media", "media": {"payload": "AAECAx=="}},
    ],
)
def test_sound_at_the_usual_place_is_found_whatever_is_beside_it(message: dict[str, Any]):
    far_end = FarEnd()
    usual = replace(framing(), payload=("media", "payload"))
    usual.take(json.dumps(message), far_end)
    usual.take(json.dumps(message).encode(), far_end)
    assert far_end.sounds == [(b"\0\1\2\3", 0)] * 2


def test_what_is_no_sound_is_not_heard():
    far_end = FarEnd()
    usual = replace(framing(), payload=("media", "payload"))
    for message in ({"media": {"payload": "AAEC"}}, {"event": "other", "media": {"payload": "AAEC"}}):
        usual.take(json.dumps(message), far_end)
    for media in ({}, {"payload": 1}, {"payload": "AAE"}, {"payload": "A*EC"}, "AAEC"):
        with pytest.raises(BadStreamError):
            usual.take(json.dumps({"event": "media", "media": media}), far_end)
    assert far_end.sounds == []


def test_binary_sound_has_no_json_and_a_frame_each_where_the_vendor_wants_that():
    far_end, wire = FarEnd(), framing(codec=Codec.L16, binary=True, most_frames=1)
    wire.take(pcm_of_mulaw(SILENCE_FRAME), far_end)
    assert far_end.sounds == [(SILENCE_FRAME, 0)]
    assert wire.sound_of("s", [TONE, SILENCE_FRAME]) == [pcm_of_mulaw(TONE), pcm_of_mulaw(SILENCE_FRAME)]
    assert len(framing().sound_of("s", [TONE] * 7)) == 1
    assert [len(part) for part in framing(binary=True, most_frames=3).sound_of("s", [TONE] * 7)] == [480, 480, 160]


@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_pieces_that_overtake_each_other_come_out_in_order(count: int, chance: random.Random):
    """Within the window nothing is lost, and everything comes out once."""
    order = PieceOrder()
    pieces = [(number, bytes([number])) for number in range(1, count + 1)]
    # The first one comes first; another is at most MOST_AHEAD - 1 places early.
    late = [number + chance.random() * (MOST_AHEAD - 1) for number, _ in pieces]
    late[0] = 0.0
    shuffled = [piece for _, piece in sorted(zip(late, pieces, strict=True))]
    heard = [part for number, piece in shuffled for part in order.take(piece, number)]
    assert heard == [piece for _, piece in pieces]
    assert order.take(b"again", count) == []


def test_a_piece_that_stays_away_is_not_waited_for_for_long():
    order = PieceOrder()
    assert order.take(b"1", 1) == [b"1"]
    waiting = [order.take(str(number).encode(), number) for number in range(3, 3 + MOST_AHEAD)]
    assert waiting == [[]] * MOST_AHEAD
    assert order.take(b"6", 3 + MOST_AHEAD) == [b"3", b"4", b"5", b"6"]
    assert order.take(b"2", 2) == []
    assert order.take(b"without a number", 0) == [b"without a number"]


async def test_a_message_that_is_too_short_waits_for_more_or_a_pause():
    socket = Socket()
    out = SpeechOut(framing(least_frames=5), socket, "s")
    for _ in range(7):
        out.write(TONE)
    await asyncio.sleep(0)
    out.flush()
    assert len(socket.sent) == 1
    assert sent_frames(socket) == [5]
    for _ in range(3):
        out.write(TONE)
    assert sent_frames(socket) == [5, 5]
    out.write(TONE)
    started = asyncio.get_running_loop().time()
    while len(sent_frames(socket)) < 3:  # noqa: ASYNC110 - the clock is the loop's
        await asyncio.sleep(0)
    assert PAUSE_SECONDS / 2 < asyncio.get_running_loop().time() - started < 1
    # The rest is filled up with silence, which is played too.
    assert sent_frames(socket) == [5, 5, 5]
    assert sound_of(socket)[-1] == TONE + SILENCE_FRAME * 4
    assert out.playback.written == 15


async def test_the_last_message_is_filled_up_at_once_and_marked():
    socket = Socket()
    out = SpeechOut(framing(least_frames=5), socket, "s")
    out.write(TONE)
    out.flush()
    assert socket.sent == []
    out.flush(last=True)
    assert sent_frames(socket) == [5]
    assert json.loads(socket.sent[-1]) == {"event": "mark", "name": "5"}
    out.write(TONE)
    out.clear()
    assert json.loads(socket.sent[-1]) == {"event": "clear"}
    out.flush(last=True)
    assert sent_frames(socket) == [5]


def sound_of(socket: Socket) -> list[bytes]:
    told = [json.loads(message) for message in socket.sent]
    return [base64.b64decode(one["payload"]) for one in told if one["event"] == "media"]


def sent_frames(socket: Socket) -> list[int]:
    return [len(sound) // LEG_FRAME_BYTES for sound in sound_of(socket)]
