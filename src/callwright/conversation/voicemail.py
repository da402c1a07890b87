"""Has a machine answered? Cadence, beep, words and a model's opinion become one decision, and what follows from it.

Cadence alone only makes the agent listen instead of talk; words, a beep or the carrier decide. A person who was taken for a machine and
calls out is talked to.
"""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.agent_turn import WELCOME, AgentTurn
from callwright.conversation.bounds import (
    VOICEMAIL_ANSWER_MS,
    VOICEMAIL_BEEP_MS,
    VOICEMAIL_QUIET_MS,
    VOICEMAIL_REPEATED_MS,
)
from callwright.conversation.ending import AGENT, Ending
from callwright.conversation.greetings import calls_out, is_machine_greeting, machine_hints, tells_of_tone
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.turn import CallerTurn
from callwright.conversation.words import spoken_words
from callwright.ports.model import Message

MOVES: Mapping[str, Mapping[str, str]] = {
    # state -> {what happens -> next state}; docs/explanation/conversation.md shows this table.
    "off": {"answer": "watching"},
    "watching": {"suspect": "suspecting", "find": "found", "over": "off"},
    "suspecting": {"relent": "watching", "find": "found", "over": "off"},
    "found": {"leave": "leaving", "take_back": "off"},
    "leaving": {},
}
"""``suspect``: a voice speaks on right after the answer; ``relent``: it stopped to listen; ``find``: a machine, for sure enough;
``take_back``: a person calls out; ``leave``: the beep is over, or nothing has been heard for long; ``over``: the window has passed."""

PURPOSE = "voicemail"
"""Of the question to a model whether a machine has answered."""

DETECTED = "voicemail_detected"
FOUND, TAKEN_BACK = "voicemail_found", "voicemail_taken_back"
"""Kinds of the notes that tell the record."""

WORDS_BEFORE_BEEP = 3
"""A beep is a machine's when the far end has said so much before it: headsets and offices beep when they answer, too."""
TURNS_BEFORE_BEEP = 1
"""Somebody who has been talked with for longer is no machine for a beep alone."""
ANSWER_WORDS = 4
"""Whoever has listened to a reply of so many words to its end is no machine for words alone: a greeting does not pause for as long.
Nor, but for words of a tone, is who answers a welcome of as many: "the person you're calling doesn't live here any more"."""
HINTS = 2

QUESTION = (
    "Below are the first words that were heard after a phone call was answered. Did a machine say them: a voicemail greeting, an answering"
    " machine, or an automatic announcement that the person cannot be reached? Somebody who says who they are or asks who is calling is a"
    " person, not a machine."
)


class Voicemail:
    """The watch over the first seconds of a call. ``state`` is one of MOVES. ``greet_again``: the welcome was cut for a suspicion.
    ``answered``: a reply of ANSWER_WORDS or more was heard to its end."""

    __slots__ = (
        "_agent",
        "_asked_text",
        "_asked_turn",
        "_asked_us",
        "_beeped",
        "_ending",
        "_greeted_us",
        "_request",
        "_shared",
        "_turn",
        "_words",
        "answered",
        "greet_again",
        "state",
    )

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn, ending: Ending) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn
        self._ending = ending
        self._request = 0
        self._asked_us = -1
        self._asked_turn = 0
        self._asked_text = ""
        self._beeped = False
        self._words = 0  # the most of one utterance
        self._greeted_us = -1  # when a welcome of ANSWER_WORDS or more had been heard to its end
        self.state = "off"
        self.greet_again = False
        self.answered = False

    @property
    def suspects(self) -> bool:
        """Whether the agent listens for now, because a voice speaks on."""
        return self.state == "suspecting"

    @property
    def holds(self) -> bool:
        """Whether a machine was found and nothing is said but the message."""
        return self.state in ("found", "leaving")

    def answer(self) -> None:
        """The call was answered: watch, if the agent wants it."""
        plan = self._shared.plan
        if not plan.voicemail:
            return
        self._move("answer")
        self._shared.emit(fx.ListenForMachine(True))
        self._shared.after_ms("voicemail", plan.voicemail_window_ms)

    def sensed(self, event: ev.MachineDetected) -> None:
        """Cadence, a beep, or what the carrier thinks."""
        if event.kind == "machine":
            self._find(event.source)
        elif event.kind == "human":
            self._relent()
        elif event.kind == "likely":
            self._suspect()
        elif event.kind == "beep":
            self._hear_beep(event.source)

    def heard(self, event: ev.TranscriptPartial | ev.TranscriptFinal, final: bool) -> None:
        """Words of the far end."""
        if self.state in ("watching", "suspecting"):
            self._words = max(self._words, self._said)
            self._weigh(final)
        elif self.state == "found" and final and calls_out(event.text):
            self._take_back()

    def delivered(self, generation: Generation) -> None:
        """An utterance of ours was heard to its end."""
        # With what was heard of it before a sound that cut it and was none.
        whole = "" if generation.said is None else generation.said.content
        if generation.purpose == "reply":
            self.answered = self.answered or generation.heard_words >= ANSWER_WORDS
        elif generation.purpose == WELCOME and len(whole.split()) >= ANSWER_WORDS and self._words < WORDS_BEFORE_BEEP:
            # Who has said more than "hello" by then may be a machine that spoke over it.
            self._greeted_us = self._agent.silent_us

    def judged(self, event: ev.ClassifierVerdict) -> None:
        """A model's opinion. One on words that were answered, and the answer replied to, is too old."""
        if not self._request or event.request != self._request:
            return
        self._request = 0
        if not event.verdict:
            self._ask_if_due(False)
        elif self._agent.turn_number > self._asked_turn + 1:
            self._shared.note("voicemail_voided")
        else:
            self._find("model")

    def forget_question(self, request: int) -> bool:
        """The question ``request`` will not be answered; returns whether it was ours."""
        ours = request != 0 and request == self._request
        if ours:
            self._request = 0
        return ours

    def check(self) -> None:
        """The deadline of the next question."""
        self._ask_if_due(False)

    def expire(self) -> None:
        """The window has passed: whoever is there is talked to."""
        if self.state in ("watching", "suspecting"):
            self._move("over")
            self._stop_listening()

    def give_up_beep(self) -> None:
        """The machine does not beep, or we did not hear it: leave the message now."""
        if self.state == "found":
            self._leave()

    def expire_quiet(self) -> None:
        """The far end has been silent for long: a machine records, and anybody else waits for us."""
        self._relent()
        self.give_up_beep()

    def settle(self) -> None:
        """A machine was found: wait for its beep, leave the message, hang up."""
        shared, agent = self._shared, self._agent
        if self.state in ("found", "suspecting"):
            self._wait_for_quiet()
        elif self.state == "leaving" and agent.audible is None:
            rest, agent.owed.rest = agent.owed.rest, None
            if rest is not None and agent.resume(rest):
                return  # the voice failed in the middle of the message
            lost, agent.owed.again = agent.owed.again, None
            text = self._message() if self._beeped else "" if lost is None else lost.speech.text
            self._beeped = False
            if not (text and agent.say("voicemail", text, agent.turn_number)):
                self._ending.close(DETECTED, "", AGENT)
            shared.timers.cancel("voicemail_beep")

    def close(self) -> None:
        """The call's time is over while the machine is being talked to."""
        self._ending.close(DETECTED, "", AGENT, cut=True)

    def _move(self, verb: str) -> None:
        self.state = MOVES[self.state].get(verb, self.state)

    def _message(self) -> str:
        return self._shared.rendered(self._shared.plan.voicemail_message).strip()

    def _suspect(self) -> None:
        """A voice speaks on: the welcome waits, or is broken off. Once it was heard, a long answer to it is no reason."""
        agent = self._agent
        greeting = any(one is not None and one.purpose == WELCOME for one in (agent.audible, agent.pending))
        if self.state != "watching" or agent.turn_number or not (greeting or self._shared.timers.armed("welcome")):
            return
        self._move("suspect")
        self._shared.timers.cancel("welcome")
        self.greet_again = True
        agent.withdraw("machine_suspected")
        agent.interrupt("machine_suspected")
        if agent.audible is not None:
            # Also of one that a failing voice had cut already the rest is not said: all of it is said again.
            agent.audible.cut_for = "machine_suspected"
        agent.owed.greeting = False
        agent.owed.again = None

    def _relent(self) -> None:
        if self.state == "suspecting":
            self._move("relent")
            self._shared.timers.cancel("voicemail_quiet")
        elif self.state == "watching" and self._shared.timers.armed("welcome"):
            # Somebody has spoken and listens now: no need to wait any longer before the greeting.
            least_us = self._shared.answered_us + self._shared.plan.welcome_delay_ms * 1000
            self._shared.timers.arm_sooner("welcome", max(least_us, self._shared.now_us))

    def _hear_beep(self, source: str) -> None:
        if self.state == "found":
            self._leave()
        elif self.state == "suspecting" or source == "carrier":
            self._find("beep")
        elif self.state == "watching":
            if self._agent.turn_number <= TURNS_BEFORE_BEEP and self._words >= WORDS_BEFORE_BEEP:
                self._find("beep")
            else:
                self._shared.note("beep")
                self._ask("[a beep]")

    def _weigh(self, final: bool) -> None:
        text = self._turn.words.text()
        certain = is_machine_greeting(text)
        likely = self.state == "suspecting" and machine_hints(text) >= HINTS
        if (certain and self._proves(text)) or likely:
            self._find("words")
        else:
            self._ask_if_due(final, certain)

    def _proves(self, text: str) -> bool:
        """Whether words of a machine prove one: not of whoever has listened to an answer, and of who has listened to the welcome alone,
        and begun to speak behind it, only those of a tone."""
        if self.answered:
            return False
        listened = self._greeted_us >= 0 and not self._turn.onset.before(self._greeted_us, self._shared.call_us)
        return not listened or tells_of_tone(text)

    def _ask_if_due(self, final: bool, certain: bool = False) -> None:
        """Ask a model about enough words, or those that would be ``certain`` of whoever has not been talked with: final ones at once,
        others every ``voicemail_check_ms``."""
        if self.state not in ("watching", "suspecting"):
            return
        shared, plan, words = self._shared, self._shared.plan, self._turn.words
        if (self._said < max(plan.voicemail_words, 1) and not certain) or words.text() == self._asked_text:
            return
        due_us = shared.now_us if final or self._asked_us < 0 else self._asked_us + plan.voicemail_check_ms * 1000
        if due_us <= shared.now_us:
            self._ask("")
        else:
            shared.timers.arm_sooner("voicemail_check", due_us)

    @property
    def _said(self) -> int:
        words = self._turn.words
        return spoken_words(words.text(), words.count)

    def _ask(self, more: str) -> None:
        shared, agent = self._shared, self._agent
        if self._request and shared.now_us - self._asked_us < VOICEMAIL_ANSWER_MS * 1000:
            return
        self._asked_text = self._turn.words.text()
        heard = f"{agent.history.transcript()}\nuser: {self._asked_text} {more}".strip()
        self._request = shared.next_request()
        self._asked_us = shared.now_us
        self._asked_turn = agent.turn_number
        messages = (Message("system", QUESTION), Message("user", heard))
        shared.emit(fx.AskClassifier(self._request, PURPOSE, messages))

    def _find(self, why: str) -> None:
        """It is a machine."""
        shared, agent = self._shared, self._agent
        if self.state not in ("watching", "suspecting"):
            return
        if agent.transfers.busy:
            shared.note("voicemail_voided")
            return
        self._move("find")
        shared.note(FOUND, why)
        self.greet_again = self.greet_again or shared.timers.armed("welcome")
        # The silence that a suspicion waited for is none in which a machine may yet begin to beep.
        for name in ("voicemail", "voicemail_check", "voicemail_quiet", "welcome"):
            shared.timers.cancel(name)
        if not self._message():
            self._ending.close(DETECTED, "", AGENT, cut=True)
            return
        agent.withdraw(FOUND)
        agent.owed.reply = agent.owed.apology = agent.owed.greeting = False
        agent.owed.again = agent.owed.rest = None
        agent.lanes.hush()
        agent.interrupt(FOUND)
        if agent.audible is not None:
            # Also what the machine's words had cut, or the call was to end with: nobody hears the rest, and the message comes first.
            agent.audible.cut_for, agent.audible.farewell = FOUND, False
        shared.after_ms("voicemail_beep", VOICEMAIL_BEEP_MS)
        if why == "beep":
            self._leave()

    def _wait_for_quiet(self) -> None:
        """A machine that has stopped speaking records, beep or none; and a suspicion does not outlast the voice that gave rise to it."""
        shared, turn = self._shared, self._turn
        if turn.state == "talking":
            shared.timers.cancel("voicemail_quiet")
            return
        if not shared.timers.armed("voicemail_quiet"):
            shared.after_ms("voicemail_quiet", VOICEMAIL_REPEATED_MS)
        # Each time anew: a late report of the detector moves the end of the voice without another word being said.
        shared.timers.arm_later("voicemail_quiet", shared.call_us(turn.voiced_end_ms) + VOICEMAIL_QUIET_MS * 1000)

    def _leave(self) -> None:
        self._move("leave")
        self._beeped = True
        if self._turn.words.count or self._turn.typing:
            self._shared.emit(fx.CloseUtterance(self._turn.voiced_end_ms))
        self._agent.take_words()
        self._shared.timers.cancel("voicemail_quiet")
        self._stop_listening()

    def _take_back(self) -> None:
        """A person waits on the line."""
        shared = self._shared
        self._move("take_back")
        shared.note(TAKEN_BACK)
        shared.timers.cancel("voicemail_beep")
        shared.timers.cancel("voicemail_quiet")
        self._stop_listening()

    def _stop_listening(self) -> None:
        self._shared.timers.cancel("voicemail_check")
        self._shared.emit(fx.ListenForMachine(False))
