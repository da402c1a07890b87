"""Beside the conversation: sounds that are no replies, and far ends that are machines, or seem to be."""

from __future__ import annotations

from random import Random
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.lanes import RINGING
from proof.random_world import RandomWorld

_GREETINGS = (
    "You have reached Ada. Please leave a message after the tone.",
    "Hi, you've reached Bob, I can't take your call right now.",
    "The person you are calling is not available.",
    "Good morning, this is the Hill Clinic, you are talking to Mary.",
    "Hello?",
)


def sounds_of(random: Random, written: bool) -> dict[str, Any]:
    """Settings of a plan about machines and sounds beside speech, drawn at random; a chat has none."""
    drawn = {
        "voicemail": random.random() < 0.4,
        "voicemail_window_ms": random.choice((0, 5_000, 30_000)),
        "voicemail_check_ms": random.choice((0, 2_000, 7_000)),
        "voicemail_words": random.choice((0, 3, 7)),
        "voicemail_listen_ms": random.choice((0, 0, 2_500)),
        "voicemail_message": random.choice(("", "Hello {name}, please call us back. Goodbye.")),
        "fillers": random.random() < 0.5,
        "backchannels": random.random() < 0.5,
        "backchannel_gap_ms": random.choice((0, 5_000)),
        "backchannel_delay_ms": random.choice((0, 1_000, 5_000)),
        "ambient": random.choice(("", "", "office-ambience")),
    }
    return {} if written else drawn


class Sounds:
    """Plays fillers and listener's sounds, of which some are not there yet and the end of some is never told, and the ringing tone."""

    __slots__ = ("_number", "_playing", "_world")

    def __init__(self, world: RandomWorld) -> None:
        self._world = world
        self._number = 0
        self._playing: dict[str, tuple[int, str]] = {}
        world.cast(self._play, fx.PlayAsset)
        world.cast(self._stop, fx.StopAsset)

    def _play(self, effect: fx.PlayAsset) -> None:
        world = self._world
        if effect.lane == RINGING:
            self._number += 1
            self._playing[RINGING] = (self._number, effect.asset)
            return
        if effect.lane == "ambient" or world.chance(world.weather.silent):
            return
        if world.chance(100):
            world.send(0, ev.AssetPlayed, effect.asset, effect.lane, 0, False)
            return
        self._number += 1
        self._playing[effect.lane] = (self._number, effect.asset)
        world.after_ms(world.random.randint(200, 1_500), self._end, effect.lane, self._number, True)

    def _stop(self, effect: fx.StopAsset) -> None:
        number, _ = self._playing.get(effect.lane, (0, ""))
        self._world.after_ms(0, self._end, effect.lane, number, False)

    def _end(self, lane: str, number: int, whole: bool) -> None:
        playing, asset = self._playing.get(lane, (0, ""))
        if playing == number and number:
            del self._playing[lane]
            self._world.send(0, ev.AssetPlayed, asset, lane, 400, whole)


class Answerer:
    """Whoever is listened for: a machine that greets and beeps, a person who takes a breath, or both at once."""

    __slots__ = ("_answered_us", "_world")

    def __init__(self, world: RandomWorld) -> None:
        self._world = world
        self._answered_us = 0
        world.cast(self._listen, fx.ListenForMachine)

    def _listen(self, effect: fx.ListenForMachine) -> None:
        if not effect.on:
            return
        world, random = self._world, self._world.random
        self._answered_us = world.now_us
        at_ms = random.choice((100, 800, 2_000))
        if world.chance(500):
            at_ms += random.randint(1_800, 3_000)
            world.send(at_ms, ev.MachineDetected, "likely", "local")
        for _ in range(random.choice((0, 1, 1, 2))):
            at_ms += random.randint(100, 4_000)
            world.after_ms(at_ms, self._say, random.choice(_GREETINGS))
        if world.chance(400):
            world.send(at_ms + random.randint(500, 2_000), ev.MachineDetected, "human", "local")
        if world.chance(300):
            world.send(at_ms + random.randint(200, 8_000), ev.MachineDetected, "beep", "local")
        if world.chance(100):
            world.send(random.randint(500, 6_000), ev.MachineDetected, "machine", "carrier")
        if world.chance(200):
            world.after_ms(at_ms + random.randint(500, 9_000), self._say, "Hello, are you there?")

    def _say(self, text: str) -> None:
        world = self._world
        if world.conversation.ended:
            return
        segment = world.next_segment()
        position_ms = (world.now_us - self._answered_us) // 1000
        length_ms = len(text.split()) * 250
        if world.chance(700):
            world.send(60, ev.ActivityBegan, position_ms)
            world.send(length_ms + 200, ev.ActivityEnded, position_ms + length_ms)
        if world.chance(300):
            world.send(length_ms // 2, ev.TranscriptPartial, position_ms, segment, " ".join(text.split()[:-2]))
        world.send(length_ms + 300, ev.TranscriptFinal, position_ms + length_ms, segment, text)
