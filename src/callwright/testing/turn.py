"""The contract of a turn model (``ports.speech.TurnModel``)."""

from __future__ import annotations

import asyncio

from callwright.media.tonetext import spoken
from callwright.ports.speech import TurnModel
from callwright.testing.contract import PluginContract, left_out, must, must_not_block, silence, with_plugin

CERTAIN_PPM = 1_000_000
_PAUSE_MS = 200
_LONGEST_MS = 8_000


class TurnContract(PluginContract):
    """What a turn model owes: a probability for any audio, a finished turn told from an unfinished one, and a free event loop."""

    kind = "turn"

    def finished(self) -> bytes:
        """A turn that is complete: 16-bit mono PCM at 8,000 Hz. By default two-tone text, which only the scripted model hears."""
        return spoken("That is all.") + silence(_PAUSE_MS)

    def unfinished(self) -> bytes | None:
        """A turn in whose middle the caller paused. None: that is not tested."""
        return spoken("My name is") + silence(_PAUSE_MS)

    async def _judged(self, turn: TurnModel, pcm: bytes) -> int:
        probability = await turn.judge(pcm)
        must(
            isinstance(probability, int) and 0 <= probability <= CERTAIN_PPM,
            f"judge() returns {probability!r}, which is no whole number of parts per million",
        )
        return probability

    @with_plugin
    async def test_any_audio_has_a_probability(self, turn: TurnModel) -> None:
        """No audio, a frame, the turn, and 8 seconds have a probability from 0 to 1,000,000."""
        must(turn.name == self.plugin.name, f"the turn model's name is {turn.name!r}, not {self.plugin.name!r}")
        for pcm in (b"", silence(20), self.finished(), silence(_LONGEST_MS)):
            await self._judged(turn, pcm)

    @with_plugin
    async def test_a_finished_turn_is_more_likely_to_be_finished(self, turn: TurnModel) -> None:
        """The finished turn is probably finished, and more so than the unfinished one."""
        finished, unfinished_pcm = await self._judged(turn, self.finished()), self.unfinished()
        must(finished >= CERTAIN_PPM // 2, f"a finished turn has a probability of {finished} parts per million only")
        if unfinished_pcm is None:
            raise left_out("unfinished")
        unfinished = await self._judged(turn, unfinished_pcm)
        must(
            unfinished < finished, f"an unfinished turn ({unfinished} ppm) is as likely as a finished one ({finished})"
        )

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, turn: TurnModel) -> None:
        """Judgements at the same time are those made one after the other."""
        turns = (self.finished(), silence(1_000))
        alone = [await self._judged(turn, pcm) for pcm in turns]
        together = list(await asyncio.gather(*(self._judged(turn, pcm) for pcm in turns)))
        must(alone == together, f"judged alone: {alone}; at the same time: {together}")

    @with_plugin
    async def test_judging_does_not_block_the_event_loop(self, turn: TurnModel) -> None:
        """While a turn is judged, other calls go on."""
        await turn.judge(self.finished())
        await must_not_block(lambda: turn.judge(self.finished()), "judge()")
