"""The caller's turn: voice activity, words, and whether the caller has finished.

A turn is *ready* when the caller is silent, has said words, has finished by somebody's judgement (turn model, recogniser, or silence
alone), and the words are final up to the last voiced sound. Every one of these waits is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callwright.conversation.bounds import (
    ACTIVITY_STALE_MS,
    COVER_SLACK_MS,
    FINAL_WAIT_MS,
    MS_PER_CHARACTER,
    STRETCH_GAP_MS,
    VERDICT_WAIT_MS,
)
from callwright.conversation.caller_sounds import ContinuingSound, Voicing, WordlessSounds
from callwright.conversation.effects import AskTurnModel
from callwright.conversation.events import TranscriptFinal, TranscriptPartial
from callwright.conversation.patience import Patience
from callwright.conversation.shared_state import SharedState
from callwright.conversation.words import Stretch, Words

MOVES: Mapping[str, Mapping[str, str]] = {
    # state -> {what happens -> next state}; what is not listed changes nothing. docs/explanation/conversation.md shows this table.
    "quiet": {"began": "talking", "ended": "judging", "words": "judging", "keyed": "finished"},
    "talking": {"ended": "judging", "recogniser_end": "finished", "stale": "judging"},
    "judging": {
        "began": "talking",
        "ended": "judging",
        "yes": "finished",
        "no": "unfinished",
        "answered": "finished",
        "keyed": "finished",
        "rest": "finished",
        "patience": "finished",
        "recogniser_end": "finished",
        "taken": "quiet",
        "noise": "quiet",
    },
    "unfinished": {
        "began": "talking",
        "ended": "judging",
        "answered": "finished",
        "keyed": "finished",
        "patience": "finished",
        "recogniser_end": "finished",
        "taken": "quiet",
        "noise": "quiet",
    },
    "finished": {"began": "talking", "ended": "judging", "resumed": "judging", "taken": "quiet", "noise": "quiet"},
}
"""The state machine of the caller's turn.

- ``rest``: silence alone decides.
- ``patience``: the caller may not pause any longer.
- ``noise``: no words will come.
- ``keyed``: an entry by keys is complete.
- ``answered``: the words are the yes or no that was asked for.
"""


KEYED_AS = "dtmf_number:"
"""How an entry by the keys stands among the caller's words (contract 17.2)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Words that were taken, and where in the caller's audio they were spoken."""

    text: str
    """The words of the turn."""
    from_ms: int
    """Start of the first sound, in the caller's audio."""
    to_ms: int
    """End of the last voiced sound, in the caller's audio."""


class CallerTurn:
    """Collects the caller's words since the last taken turn and decides whether the caller has finished.

    Positions are milliseconds in the caller's audio:

    - ``began_ms``: start of the latest sound.
    - ``from_ms``: start of this turn's first sound; -1: there is none.
    - ``newest_ms``: start of the latest sound that contains words; -1: there is none.
    - ``voiced_end_ms``: end of the caller's voice.
    - ``onset``: where the words of the present stretch began.

    The rest of the state:

    - ``state``: a row of :data:`MOVES`.
    - ``words``: the pending words, by recogniser segment.
    - ``patience``: how long the caller may pause.
    - ``wordless``: the present run of sounds without words.
    - ``entry``: keys pressed since the last complete entry.

    Without voice activity, word times stand in for sound. In endless sound, they bound it.
    """

    __slots__ = (
        "_answered",
        "_continuing",
        "_eager",
        "_gave_up",
        "_outwaited",
        "_read_ms",
        "_request",
        "_shared",
        "_stretch",
        "_told",
        "_voicing",
        "began_ms",
        "entry",
        "from_ms",
        "newest_ms",
        "onset",
        "patience",
        "state",
        "wordless",
        "words",
    )

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self.words = Words()
        self.patience = Patience(shared)
        self.state = "quiet"
        self.began_ms = 0
        self.from_ms = -1
        self.newest_ms = -1
        self._request = 0  # the open question to the turn model; 0: there is none
        self._gave_up = False  # final words did not come in time, and the known words are taken as they are
        self._told: set[float] = set()  # segments whose first words came after the latest sound began
        self._read_ms = -1  # end of the latest final text of these segments
        self._answered = False  # the words alone ended the turn: they are the yes or no that was asked for
        self._outwaited = False  # patience alone ended the turn, with the pause that the words allowed then
        self._voicing = Voicing()
        self.onset = self._voicing.onset
        self._eager = False  # the recogniser guesses that the caller has finished
        self._continuing = ContinuingSound(shared, self.words)
        self.wordless = WordlessSounds(shared, self._continuing)
        self._stretch = Stretch(self.words)
        self.entry = ""

    @property
    def voiced_end_ms(self) -> int:
        """Returns the end of the caller's voice, by the detector or by words that it missed."""
        return self._voicing.ended_ms

    @property
    def ready(self) -> bool:
        """Returns whether the agent should answer now."""
        words = self.words
        if self.state != "finished" or not words.count:
            return False
        return self._gave_up or (self._covered and self._shared.now_us >= self.patience.rested_us(self.voiced_end_ms))

    @property
    def likely(self) -> bool:
        """Returns whether the caller may have finished: by the recogniser's guess, or silent with words final up to the last sound."""
        if not self.words.count or self.state == "quiet":
            return False
        return self._eager or (self.state != "talking" and self._covered)

    @property
    def _covered(self) -> bool:
        return self.words.all_final and self.words.final_ms + COVER_SLACK_MS >= self.voiced_end_ms

    @property
    def unconfirmed(self) -> bool:
        """Returns whether the words are partial only, no final text came in time, and the detector heard no sound."""
        return self._gave_up and not self._voicing.sounded and not self.words.any_final

    @property
    def stretch_count(self) -> int:
        """Returns how many pending words belong to the present stretch of speech. A pause of STRETCH_GAP_MS begins a new stretch."""
        return self._stretch.count

    def begin_sound(self, audio_ms: int) -> bool:
        """Handles a sound that began at ``audio_ms``. Returns False if the sound is already known or over."""
        if self.state == "talking" or audio_ms < self._voicing.detected_ms:
            return False
        if audio_ms - self.voiced_end_ms > STRETCH_GAP_MS:
            self._stretch.begin()
            self.onset.begin_stretch(audio_ms, self.words.count > 0)
        self.wordless.begin(self.ready or self.state == "quiet")
        self.began_ms = audio_ms
        self._answered = False
        self._told.clear()
        self._read_ms = -1
        self._voicing.begin(audio_ms)
        if self.from_ms < 0:
            self.from_ms = audio_ms
        self._move("began")
        timers = self._shared.timers
        timers.cancel("rest")
        timers.cancel("patience")
        timers.cancel("words")
        self._gave_up = False
        self._eager = False
        self._request = 0
        self._shared.after_ms("stale", ACTIVITY_STALE_MS)
        self._continuing.begin()
        return True

    def end_sound(self, audio_ms: int) -> None:
        """Handles the end of voiced audio at ``audio_ms``."""
        if audio_ms < self.began_ms or (self.state != "talking" and audio_ms <= self.voiced_end_ms):
            return  # the end of a sound that was overtaken by a later one
        if self.from_ms < 0:
            self.from_ms = audio_ms
        sounded = self.state == "talking"
        if sounded:
            self.wordless.end(audio_ms - self.began_ms)
        else:  # nobody told of its beginning
            self.wordless.begin(self.ready or self.state == "quiet")
        self._voicing.end(audio_ms)
        self._pause("ended")
        if self.words.count and self.wordless.outwaited:
            # These are all the words.
            self.wordless.spent = True
            self._gave_up = True
            self._move("patience")
        if sounded and self._read_ms > self.began_ms:  # the recogniser was done with the sound before it was over
            self.look_for_nothing()

    def hear(self, event: TranscriptPartial | TranscriptFinal, final: bool, alone: bool) -> bool:
        """Handles words of a segment. Returns whether the pending words changed. ``alone``: the agent is silent."""
        words, before = self.words, self.words.count
        if final:
            words.final_ms = max(words.final_ms, event.audio_ms)
            _note_revision(self._shared, self.words, event)
        known, first = words.counted(event.segment), not words.knows(event.segment)
        if first:
            self._told.add(event.segment)
        if final and event.segment in self._told:
            self._read_ms = max(self._read_ms, event.audio_ms)
        changed = words.hear(event.segment, event.text, final, event.audio_ms)
        if changed:
            self._stretch.reread(event.segment, known)
        if alone and changed:
            self._continuing.hear(final, first)
        more = changed or words.lacks(event.segment, event.text)
        if self.state == "talking" and (more or not self._shared.timers.armed("still")):
            self._continuing.begin()
        if not words.count and (final or self._gave_up):
            self.look_for_nothing()
        if not changed:
            if final and words.count:
                self.weigh()
            return False
        self.wordless.read()
        self._eager = False
        ended_ms = self.voiced_end_ms
        missed = self._voicing.hear(event.audio_ms, self.state != "talking" and words.count > before)
        missed_ms = max(ended_ms, event.audio_ms - len(event.text) * MS_PER_CHARACTER)
        if missed and self.from_ms < 0:
            self.from_ms = missed_ms
        if words.count > before and event.audio_ms > self.began_ms:  # else they come late, and are of a sound before
            self.newest_ms = missed_ms if missed else self.began_ms
        if words.count:
            self.onset.hear(event.text, event.audio_ms, ended_ms, missed)
        else:
            self.onset.unsay()
        self.weigh()
        if self.state == "talking":
            self._shared.after_ms("stale", ACTIVITY_STALE_MS)
        elif words.count:
            self._hear_in_silence(event.audio_ms, final, missed)
        return True

    def _hear_in_silence(self, audio_ms: int, final: bool, missed: bool) -> None:
        """Handles words without voice activity: the detector missed the voice, or the words come late."""
        if self.from_ms < 0:
            self.from_ms = min(audio_ms, self.voiced_end_ms)
        if self.state == "quiet":
            self._pause("words")
        elif missed or (self._outwaited and self._shared.timers.armed("patience")):
            # The second case: sound without words lasted so long that the turn ended before the pause did, and now its words come.
            self._pause("ended")
        elif self._gave_up and not final:
            self._gave_up = False
            self._shared.after_ms("words", FINAL_WAIT_MS)

    def collect(self, event: TranscriptPartial | TranscriptFinal, final: bool) -> None:
        """Collects words that nobody will answer, for the record."""
        if final:
            _note_revision(self._shared, self.words, event)
        if self.words.hear(event.segment, event.text, final, event.audio_ms) and self.from_ms < 0:
            self.from_ms = event.audio_ms
        self._voicing.detected_ms = max(self._voicing.detected_ms, self.from_ms)

    def judge(self, request: int, probability_ppm: int) -> None:
        """Handles the turn model's answer. An answer to an older question is ignored."""
        if request != self._request or self.state != "judging":
            return
        self._request = 0
        self._shared.timers.cancel("rest")
        self._move("yes" if probability_ppm >= self._shared.plan.turn_threshold_ppm else "no")

    def judge_failed(self) -> None:
        """Handles a failure of the turn model: silence alone decides."""
        if self.state == "judging" and self._request:
            self._request = 0
            self._shared.timers.arm_sooner("rest", self._shared.now_us)

    def recogniser_ended(self, audio_ms: int) -> None:
        """Handles the recogniser's end of the turn at ``audio_ms``."""
        if audio_ms + COVER_SLACK_MS < max(self.voiced_end_ms, self.began_ms):
            return  # the caller has spoken again
        talking = self.state == "talking"
        self._voicing.hear_end(audio_ms, talking)
        if talking:
            self._arm_from_voice("words", self.patience.most_ms + FINAL_WAIT_MS)
        self._shared.timers.cancel("stale")
        self._shared.timers.cancel("still")
        self._move("recogniser_end")
        self._answered = False  # the recogniser has ended the turn, not the words alone
        self.weigh()  # the sound ends later, and that end starts no new pause

    @property
    def typing(self) -> bool:
        """Returns whether an entry by keys is incomplete."""
        return bool(self.entry)

    def press(self, key: str) -> None:
        """Adds a key to the entry."""
        if self.from_ms < 0:
            self.from_ms = self._shared.audio_now_ms()
        self.entry += key

    def enter(self) -> None:
        """Completes the entry: it becomes final words, and a caller who is not speaking has finished."""
        entry, self.entry = self.entry, ""
        if not entry:
            return
        self._shared.timers.cancel("keys")
        self.words.enter(f"{KEYED_AS} {entry}", self._shared.audio_now_ms())
        self._stretch.begin()
        self.patience.forget()  # nothing is missing from an entry
        if self.state == "quiet":
            self._gave_up = True  # no sound waits for its words
        elif self.state == "talking" and not self._shared.timers.armed("still"):
            self._continuing.begin()  # the sound may be a television's that went on while the caller typed
        self._move("keyed")

    def guess_end(self, audio_ms: int) -> None:
        """Handles the recogniser's guess that the caller finished at ``audio_ms``."""
        self._eager = audio_ms + COVER_SLACK_MS >= max(self.voiced_end_ms, self.began_ms)

    def resume(self) -> None:
        """Reopens the turn: the recogniser has withdrawn its end, so the turn waits for the next end or for patience."""
        self._eager = False
        if self.state == "finished":
            self._move("resumed")
            self._arm_patience()

    def expire(self, timer: str) -> None:
        """Handles one of the turn's deadlines: rest, patience, words, still or stale."""
        if timer in ("stale", "still"):
            if timer == "still" and not self._continuing.settled:
                return
            self.wordless.end(self._shared.audio_now_ms() - self.began_ms)
            self._voicing.go_stale(self.began_ms)
            self._pause("stale")
            if timer == "still":
                # The sound may be the caller's after all. If the turn model says no, the whole pause counts from here.
                self._shared.after_ms("patience", self.patience.most_ms)
        elif timer == "words":
            self._gave_up = True
            if not self.words.count:
                self._shared.note("noise")
                self.from_ms = self.from_ms if self.entry else -1  # keys that were pressed in it are words yet to come
                self._stretch.forget()
                self._voicing.close(0, False)
                self.patience.weigh(self.words)
                for waiting in ("rest", "patience", "words"):
                    self._shared.timers.cancel(waiting)
                self._move("noise")
        else:
            self._move(timer)

    def span(self) -> tuple[int, int]:
        """Returns where in the caller's audio the pending words were spoken: start and end in milliseconds."""
        from_ms = max(self.from_ms, 0)
        return from_ms, max(self.voiced_end_ms, from_ms)

    def take(self, answers: bool = True) -> Taken:
        """Returns the pending words and removes them.

        ``answers`` is false for words that are no turn: the agent's question stays open.
        """
        self.enter()
        from_ms, to_ms = self.span()
        taken = Taken(self.words.take(), from_ms, to_ms)
        self._voicing.close(to_ms, self.state == "talking")
        self.from_ms = self.began_ms if self.state == "talking" else -1
        self._stretch.forget()
        self._answered = False
        if answers:
            self.patience.forget()
        else:
            self.patience.weigh(self.words)
        self._gave_up = False
        self._eager = False
        timers = self._shared.timers
        timers.cancel("rest")
        timers.cancel("patience")
        timers.cancel("words")
        self._move("taken")
        return taken

    def dismiss(self, segment: int) -> str:
        """Removes the words of ``segment``, which are not the caller's, and returns them. They leave the present stretch, too."""
        before = self.words.before(segment)
        text = self.words.dismiss(segment)
        self.newest_ms = -1  # the newest were these
        self._stretch.dismiss(segment, before, len(text.split()))
        self.weigh()  # what is left says how long the caller may pause
        return text

    def weigh(self, asked: bool | None = None) -> None:
        """Sets the permitted pause from the words and the question. A yes or no that was asked for needs no pause.

        ``asked`` is None if the words changed. Otherwise the question changed, and ``asked`` says whether the pauses did. An answer then
        stays an answer.
        """
        patience, timers = self.patience, self._shared.timers
        if asked or patience.weigh(self.words):
            if timers.armed("patience"):
                self._arm_from_voice("patience", patience.most_ms)
                self._arm_from_voice("words", patience.most_ms + FINAL_WAIT_MS)
            elif self._outwaited:
                paused_us = self._shared.now_us - self._shared.call_us(self.voiced_end_ms)
                if paused_us < patience.most_ms * 1000:
                    # The recogniser now reads words that allow a longer pause.
                    self.resume()
        if self.state == "talking":
            return
        if patience.kind == "answer" and self._covered:
            self._answered = self._answered or self.state in ("judging", "unfinished")
            self._move("answered")
        elif self._answered and asked is None:
            # The recogniser now reads other words: they are no answer.
            self._answered = False
            self.resume()
        rested_us = patience.rested_us(self.voiced_end_ms)
        if rested_us > self._shared.now_us:
            timers.arm("least", rested_us)

    def look_for_nothing(self) -> None:
        """Ends the wait if no words are left and the recogniser has read everything, or did not read it in time."""
        if self.state not in ("quiet", "talking") and not self.words.count and (self._covered or self._gave_up):
            self.expire("words")

    def _move(self, verb: str) -> None:
        after = MOVES[self.state].get(verb, "")
        if verb != "answered":  # which may be read as other words yet
            self._outwaited = verb == "patience" and after != ""
        self.state = after or self.state

    def _pause(self, verb: str) -> None:
        shared = self._shared
        self._move(verb)
        shared.timers.cancel("stale")
        shared.timers.cancel("still")
        self._gave_up = False
        self._arm_patience()
        if shared.plan.turn_model:
            self._request = shared.next_request()
            shared.emit(AskTurnModel(self._request, max(self.from_ms, 0), self.voiced_end_ms))
            shared.after_ms("rest", VERDICT_WAIT_MS)
        else:
            self._arm_from_voice("rest", shared.plan.endpointing_ms)

    def _arm_patience(self) -> None:
        self._arm_from_voice("patience", self.patience.most_ms)
        self._arm_from_voice("words", self.patience.most_ms + FINAL_WAIT_MS)
        self.weigh()

    def _arm_from_voice(self, name: str, wait_ms: int) -> None:
        shared = self._shared
        shared.timers.arm(name, max(shared.call_us(self.voiced_end_ms) + wait_ms * 1000, shared.now_us))


def _note_revision(shared: SharedState, words: Words, event: TranscriptPartial | TranscriptFinal) -> None:
    if words.revises(event.segment, event.text):
        shared.note("words_revised", event.text)
