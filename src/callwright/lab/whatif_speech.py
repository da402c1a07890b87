"""The voice of the caller of a what-if, and who hears it: detector, recogniser and turn model, as fast as they were in the recording."""

from __future__ import annotations

from collections.abc import Callable

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.whatif_lines import CallerLine, Sound
from callwright.lab.whatif_recording import Recording
from callwright.lab.world import World

VERDICT_MS = 60
FINISHED_PPM, UNFINISHED_PPM = 950_000, 50_000


class WhatIfSpeech:
    """Says lines with the pauses they were said with. ``went_on`` is told when a sound behind a pause begins, ``said`` when a line is over.

    The turn model says behind a sound what it said behind it in the recording; where it said nothing there, whether more is to come.
    """

    def __init__(
        self, world: World, recording: Recording, said: Callable[[], None], went_on: Callable[[CallerLine], None]
    ) -> None:
        self._world = world
        self._recording = recording
        self._ears = recording.ears
        self._tell_said = said
        self._tell_went_on = went_on
        self._segment = recording.last_segment + 1
        self._words: list[str] = []  # of a segment that is not final
        self._words_ms = 0  # up to where in the audio the newest of them is
        self._sounding = False
        self._likely_ppm = FINISHED_PPM
        self._silence = 0  # the newest silence, which a recogniser may take for the end of a turn
        self._silent_us = 0  # when it began; 0 while there is a sound, and when its end was told
        self._told_ms = recording.silence_ms
        self.speaking = False
        world.cast(self._judge, fx.AskTurnModel)
        world.cast(self._wait_for, fx.SetPatience)
        world.cast(self._close, fx.CloseUtterance)

    def say(self, line: CallerLine) -> None:
        """Say ``line`` from now on."""
        self.speaking = True
        for number in range(1, len(line.sounds)):
            self._world.after_ms(line.sounds[number].from_ms, self._begin, line, number)
        self._begin(line, 0)

    def _position_ms(self) -> int:
        return max(0, (self._world.now_us - self._recording.audio_began_us) // 1000)

    def _begin(self, line: CallerLine, number: int) -> None:
        if self._world.conversation.ended:
            return
        if number:
            self._tell_went_on(line)
        sound = line.sounds[number]
        lasts_ms = max(1, sound.to_ms - sound.from_ms)
        self._sounding, self._silent_us = True, 0
        began_ms = min(self._ears.began_ms, lasts_ms)
        if began_ms:
            self._world.after_ms(began_ms, self._detect, self._position_ms())
        else:
            self._world.deliver(ev.ActivityBegan, self._position_ms())
        ends_with_words = len(sound.words) if sound.final else len(sound.words) + 1
        for said in range(1, ends_with_words):
            self._world.after_ms(lasts_ms * said // len(sound.words), self._word, sound.words[said - 1])
        self._world.after_ms(lasts_ms, self._end, line, number)

    def _detect(self, at_ms: int) -> None:
        if not self._world.conversation.ended:
            self._world.deliver(ev.ActivityBegan, at_ms)

    def _word(self, word: str) -> None:
        if self._world.conversation.ended:
            self._break_off()
            return
        self._words.append(word)
        self._words_ms = self._position_ms()
        self._world.deliver(ev.TranscriptPartial, self._words_ms, self._segment, " ".join(self._words))

    def _break_off(self) -> None:
        """The line is down: nothing more of what is being said is heard, and the recogniser finishes what it has."""
        if self._words:
            self._finish(self._words_ms)

    def _end(self, line: CallerLine, number: int) -> None:
        if self._world.conversation.ended:
            self._break_off()
            self.speaking = False
            return
        sound, at_ms = line.sounds[number], self._position_ms()
        last = number + 1 == len(line.sounds)
        self._sounding, self._silent_us = False, self._world.now_us
        self._likely_ppm = self._verdict(sound, last)
        self._world.after_ms(self._ears.ended_ms, self._world.deliver, ev.ActivityEnded, at_ms)
        if sound.words and sound.final:
            self._words.append(sound.words[-1])
            self._finish(at_ms)
        self._listen_on()
        if last:
            self.speaking = False
            self._tell_said()

    @staticmethod
    def _verdict(sound: Sound, last: bool) -> int:
        if sound.finished_ppm is not None:
            return sound.finished_ppm
        return FINISHED_PPM if last else UNFINISHED_PPM

    def _finish(self, at_ms: int) -> None:
        """The recogniser's segment is over."""
        text, segment = " ".join(self._words), self._segment
        self._words, self._segment = [], segment + 1
        self._world.after_ms(self._ears.final_ms, self._world.deliver, ev.TranscriptFinal, at_ms, segment, text)

    def _close(self, _effect: fx.CloseUtterance) -> None:
        if self._words and not self._sounding:
            self._finish(self._position_ms())

    # -- ends of turns -----------------------------------------------------------------------------------------------------------

    def _judge(self, effect: fx.AskTurnModel) -> None:
        likely = UNFINISHED_PPM if self._sounding else self._likely_ppm
        self._world.after_ms(VERDICT_MS, self._world.deliver, ev.TurnVerdict, effect.request, likely)

    def _wait_for(self, effect: fx.SetPatience) -> None:
        self._told_ms = effect.silence_ms
        self._listen_on()

    def _listen_on(self) -> None:
        """The recogniser ends the turn when the silence that it was told has passed, if it is such a one."""
        if not self._ears.ends_turns or not self._silent_us:
            return
        self._silence += 1
        silent_ms = (self._world.now_us - self._silent_us) // 1000
        # It knows all words of the turn by then.
        wait_ms = max(self._told_ms - silent_ms, self._ears.final_ms + 1 - silent_ms, 0)
        at_ms = self._position_ms() - silent_ms
        self._world.after_ms(wait_ms, self._end_turn, self._silence, at_ms)

    def _end_turn(self, silence: int, at_ms: int) -> None:
        if silence == self._silence and self._silent_us and not self._world.conversation.ended:
            self._silent_us = 0
            self._world.deliver(ev.RecogniserEnd, at_ms)
