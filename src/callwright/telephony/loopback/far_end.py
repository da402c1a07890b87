"""The far end of a loopback call: a synthetic caller with ears, a mind and a mouth, 20 ms at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

from callwright.lab.caller import Act, Beep, CallerMind, Press, PutDown, Say
from callwright.lab.caller_scenario import Persona
from callwright.lab.line import FrameLine
from callwright.media import tones
from callwright.media.framing import FRAME_MS, MULAW_SILENCE, PCM_SILENCE
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.vad import Activity, ActivityGate, EnergyVad
from callwright.ports.failures import ProviderError
from callwright.ports.speech import TranscriberStream, UsageAmount
from callwright.telephony.loopback.earpiece import Earpiece
from callwright.telephony.loopback.mouth import Mouth

KEY_FRAMES = 10
"""Ticks from one key to the next."""
_NEAR_MS = 250
"""Words known up to this close to the end of the voice are all there are."""
_log = logging.getLogger(__name__)


class FarEnd:
    """The caller's side once the call is answered. It is the sink of its own ears (``ports.speech.TranscriberSink``).

    ``line``: what lies between it and us; None: a perfect line without delay. ``sound`` is given each frame of the caller as it comes to
    us, without the line's noise and echo (None: nobody asks). Both are to be set before the answer.
    """

    def __init__(self, persona: Persona, mouth: Mouth, notice: Callable[[str, str, int], None]) -> None:
        self.earpiece = Earpiece()
        self.line: FrameLine | None = None
        self.sound: Callable[[bytes], None] | None = None
        self._quiet_line: FrameLine | None = None
        self.hung_up = False
        self._mouth = mouth
        self._notice = notice
        self._mind = CallerMind(persona)
        self._ears: TranscriberStream | None = None
        self._vad = EnergyVad()
        self._gate = ActivityGate()
        self._keys: deque[str] = deque()
        self._key_wait = 0
        self._now_ms = 0
        self._speaking = False
        self._idle_ms = 0

    @property
    def now_ms(self) -> int:
        """Audio time since the answer."""
        return self._now_ms

    @property
    def unplayed_ms(self) -> int:
        """How long what was written to the far end still takes to be played."""
        under_way_ms = 0 if self.line is None else max(0, self.line.under_way_ms - self._idle_ms)
        return self.earpiece.waiting_ms + under_way_ms

    def attach(self, ears: TranscriberStream) -> None:
        """The ears' stream, opened with this object as its sink."""
        self._ears = ears

    def answered(self) -> None:
        """The caller takes the call."""
        if self.line is not None and self.sound is not None:
            self._quiet_line = FrameLine(self.line.conditions.without_room())
        self._perform(self._mind.answered(self._now_ms))

    def tick(self) -> tuple[bytes | None, str]:
        """Live 20 ms. Returns the caller's frame (None: silence) and the key pressed, if any."""
        frame = self.earpiece.play()
        self._idle_ms = self._idle_ms + FRAME_MS if frame is None else 0
        if self.line is not None:
            frame = self.line.out(frame)
        self._listen(PCM_SILENCE if frame is None else pcm_of_mulaw(frame))
        self._now_ms += FRAME_MS
        deadline_ms = self._mind.next_deadline_ms()
        if deadline_ms is not None and self._now_ms >= deadline_ms:
            self._perform(self._mind.tick(self._now_ms))
        out = self._mouth.frame()
        if self._speaking and not self._mouth.busy:
            self._speaking = False
            self._perform(self._mind.said(self._now_ms))
        self._tell(out)
        return out if self.line is None else self.line.back(out), self._next_key()

    def keys_heard(self, keys: str) -> None:
        """The agent pressed keys: to the caller they are the words ``keys 12``, which a rule may wait for."""
        self._perform(self._mind.heard(f"keys {keys}", self._now_ms))

    async def aclose(self) -> None:
        """End the ears and the mouth."""
        if self._ears is not None:
            await self._ears.aclose()
        await self._mouth.aclose()

    # -- hearing ---------------------------------------------------------------------------------------------------------------

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._perform(self._mind.hears(text, self._now_ms))

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words for good."""
        if text.strip():
            self._notice("heard", text.strip(), self._now_ms)
        to_the_end = not self._gate.active and audio_ms >= self._gate.last_voiced_ms - _NEAR_MS
        self._perform(self._mind.heard(text, self._now_ms, to_the_end=to_the_end))

    def eager_end(self, audio_ms: int) -> None:
        """The caller waits for the text itself."""

    def resumed(self, audio_ms: int) -> None:
        """The caller waits for the text itself."""

    def end_of_turn(self, audio_ms: int) -> None:
        """The caller waits for the text itself."""

    def usage(self, amount: UsageAmount) -> None:
        """The caller's own hearing is not billed to the call."""

    def failed(self, error: ProviderError) -> None:
        """The caller hears nothing any more."""
        _log.warning("the synthetic caller's ears failed: %s", error)
        self._ears = None

    # -- inside ----------------------------------------------------------------------------------------------------------------

    def _tell(self, frame: bytes | None) -> None:
        """Let who watches the line know the caller's sound. The quiet line loses and delays the same packets: its dice are the same."""
        if self.sound is None:
            return
        if self._quiet_line is not None:
            frame = self._quiet_line.back(frame)
        self.sound(frame or MULAW_SILENCE)

    def _listen(self, pcm: bytes) -> None:
        change = self._gate.push(self._vad.feed(pcm))
        if self._ears is not None:
            self._ears.feed(pcm)
        if change is not None:
            self._turn(change)

    def _turn(self, change: Activity) -> None:
        if self._ears is not None:
            self._ears.activity(change.began, change.audio_ms)
        self._perform(self._mind.agent_speaks(change.began, self._now_ms))

    def _perform(self, acts: Iterable[Act]) -> None:
        for act in acts:
            match act:
                case Say(text):
                    self._speaking = True
                    if self._ears is not None:
                        # It is the caller's turn: what the agent says next is an utterance of its own.
                        self._ears.close_utterance(self._gate.last_voiced_ms)
                    self._notice("said", text, self._now_ms)
                    self._mouth.say(text)
                case Beep():
                    self._speaking = True
                    self._mouth.sound(mulaw_of(tones.beep()))
                case Press(keys):
                    self._keys.extend(keys)
                case PutDown():
                    self.hung_up = True

    def _next_key(self) -> str:
        if self._key_wait:
            self._key_wait -= 1
        elif self._keys:
            self._key_wait = KEY_FRAMES
            key = self._keys.popleft()
            self._notice("key", key, self._now_ms)
            return key
        return ""
