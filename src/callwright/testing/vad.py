"""The contract of a voice activity detector (``ports.speech.Vad``)."""

from __future__ import annotations

import asyncio
from statistics import median

from callwright.domain.limits import VAD_GATHER_SECONDS
from callwright.ops.clock import SystemClock
from callwright.ports.speech import GatheringVadStream, Vad, VadStream
from callwright.testing.contract import SpeechContract, frames_of, must, silence, with_plugin

_SPEECH = 127
"""Above it a probability counts as speech."""
_LONGEST_FRAME_US = 5_000
_SILENCE_MS = 1_000
_CALLS = 3
_FRAMES = 100
_LONGEST_WAIT_SECONDS = 0.5


class VadContract(SpeechContract):
    """What a detector owes: a probability for each frame, speech told from silence, streams apart, and hardly any time."""

    kind = "vad"

    def _probabilities(self, stream: VadStream, pcm: bytes) -> list[int]:
        return [stream.feed(frame) for frame in frames_of(pcm)]

    @with_plugin
    async def test_a_frame_has_a_probability(self, vad: Vad) -> None:
        """``feed`` returns a whole number from 0 to 255 for every frame of 20 ms."""
        must(vad.name == self.plugin.name, f"the detector's name is {vad.name!r}, its plugin's {self.plugin.name!r}")
        for probability in self._probabilities(vad.open(), silence(_SILENCE_MS) + self.speech()):
            must(
                isinstance(probability, int) and 0 <= probability <= 255,
                f"feed() returns {probability!r}, which is no whole number from 0 to 255",
            )

    @with_plugin
    async def test_speech_is_told_from_silence(self, vad: Vad) -> None:
        """No frame of silence counts as speech, and most frames of the recording do."""
        stream = vad.open()
        quiet = self._probabilities(stream, silence(_SILENCE_MS))
        loud = self._probabilities(stream, self.speech())
        must(max(quiet) <= _SPEECH, f"silence has a probability of speech of {max(quiet)} of 255")
        heard = sum(probability > _SPEECH for probability in loud)
        must(heard * 2 > len(loud), f"of {len(loud)} frames of speech only {heard} count as speech")

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, vad: Vad) -> None:
        """A stream that hears silence says so while another hears speech."""
        speaking, quiet = vad.open(), vad.open()
        told = []
        for frame in frames_of(self.speech()):
            speaking.feed(frame)
            told.append(quiet.feed(bytes(len(frame))))
        must(max(told) <= _SPEECH, "a stream of silence hears the speech of another stream: streams share their state")

    @with_plugin
    async def test_sound_judged_together_is_judged_the_same(self, vad: Vad) -> None:
        """Where a stream has ``submit``, every frame's probability comes, in order, and is what ``feed`` says of the same sound."""
        streams = [vad.open() for _ in range(_CALLS)]
        gathering = [stream for stream in streams if isinstance(stream, GatheringVadStream)]
        if not gathering:
            return
        frames = frames_of(self.speech())[:_FRAMES]
        told: list[list[int]] = [[] for _ in gathering]
        for at in range(len(frames)):
            for late, stream in enumerate(gathering):
                stream.submit(frames[at - late], told[late].append)
            await asyncio.sleep(VAD_GATHER_SECONDS / 4)
        await asyncio.sleep(_LONGEST_WAIT_SECONDS)
        must(
            all(len(one) == len(frames) for one in told),
            f"frames are not judged {_LONGEST_WAIT_SECONDS} s after they were submitted",
        )
        for late, one in enumerate(told):
            alone = vad.open()
            fed = [alone.feed(frames[at - late]) for at in range(len(frames))]
            must(
                all(abs(mine - other) <= 1 for mine, other in zip(one, fed, strict=True)),
                "sound that was submitted has other probabilities than the same sound that was fed",
            )

    @with_plugin
    async def test_a_frame_takes_hardly_any_time(self, vad: Vad) -> None:
        """The median frame takes at most 5 ms: the detector runs in the call's own process."""
        clock, stream = SystemClock(), vad.open()
        took_us = []
        for frame in frames_of(self.speech()):
            began_us = clock.monotonic_us()
            stream.feed(frame)
            took_us.append(clock.monotonic_us() - began_us)
        must(
            median(took_us) <= _LONGEST_FRAME_US,
            f"a frame of 20 ms takes {median(took_us) / 1000:.1f} ms; it blocks the event loop for so long",
        )
