"""The agent's turn: what the agent is saying and about to say. At most one generation is audible and one prepared behind it."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.conversation import effects as fx
from callwright.conversation.bounds import (
    CLEARED_WAIT_MS,
    PLAYOUT_SLACK_MS,
    SPECULATIVE_WORDS,
    VOICE_WAIT_MS,
    WELCOME_MORE_MS,
    WELCOME_WAIT_MS,
)
from callwright.conversation.clauses import clauses_of
from callwright.conversation.heard import Clause, heard_of, length_ms, most_played_ms
from callwright.conversation.history import History
from callwright.conversation.invariants import require
from callwright.conversation.lanes import FILLER, Lanes
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.stops import normalised
from callwright.conversation.tools import Toolbox
from callwright.conversation.transfer import Transfers
from callwright.conversation.turn import CallerTurn
from callwright.domain.limits import MAX_MODEL_TOOL_LOOPS
from callwright.ports.model import Message

WELCOME = "welcome"
WELCOME_PROMPT = "(The call has just been answered. Say your greeting now, in one or two short sentences.)"

INTERRUPTIONS = frozenset({"caller_interrupted", "caller_continued", "caller_pressed_keys"})
"""Reasons of a cut that was the caller's doing."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What was not heard of ``generation``, and whether the model had more to say after it."""

    generation: Generation
    text: str
    unfinished: bool


class Owed:
    """What the agent still has to say, whatever the caller does next.

    ``reply``: the model has to speak again without new words of the caller (a tool answered, a voice failed). ``retried``: the
    present turn was asked again after a failure. ``apology``: the model failed for good, at the words ``unanswered``. ``again``: words
    whose voice failed unheard. ``greeting``: the model did not write the welcome. ``rest``: what an interruption left unsaid, until it is
    known whether the caller said anything (``resuming``).
    """

    __slots__ = ("again", "apology", "greeting", "reply", "rest", "retried", "unanswered")

    def __init__(self) -> None:
        self.reply = False
        self.retried = False
        self.apology = False
        self.unanswered = ""
        self.greeting = False
        self.again: Generation | None = None
        self.rest: Unsaid | None = None


class AgentTurn:
    """Generations and what becomes of them. ``finished`` is a generation whose end nobody has looked at yet; ``lately`` was heard last,
    and since when it is silent. The agent says nothing since ``silent_us``. ``given_up``: the last reply that was asked for was
    withdrawn, and nothing was asked or said since. ``interrupted_us``: when the caller last silenced the agent, which has said nothing
    since; else -1."""

    __slots__ = (
        "_clear_us",
        "_greeted_again",
        "_greeting_late",
        "_shared",
        "_turn",
        "audible",
        "finished",
        "given_up",
        "guesses",
        "history",
        "interrupted_us",
        "lanes",
        "lately",
        "owed",
        "pending",
        "silent_us",
        "tools",
        "transfers",
        "turn_number",
    )

    def __init__(self, shared: SharedState, turn: CallerTurn, history: History) -> None:
        self._shared = shared
        self._turn = turn
        self._clear_us = 0
        self._greeted_again = False
        self._greeting_late = False  # there is no other welcome, and it is waited for once more
        self.history = history
        self.lanes = Lanes(shared)
        self.transfers = Transfers(shared, history)
        self.tools = Toolbox(shared, history, self.transfers)
        self.audible: Generation | None = None
        self.pending: Generation | None = None
        self.finished: Generation | None = None
        self.given_up = False
        self.lately: tuple[Generation, int] | None = None
        self.silent_us = 0
        self.interrupted_us = -1
        self.owed = Owed()
        self.guesses = 0  # speculative questions in the present turn
        self.turn_number = 0

    @property
    def backs_off_until_us(self) -> int:
        """Until when an agent whom the caller has silenced makes no sound: its backoff period after that and after the caller's last sound.
        -1 when nobody has."""
        if self.interrupted_us < 0:
            return -1
        shared = self._shared
        since_us = max(shared.call_us(self._turn.voiced_end_ms), self.interrupted_us)
        return since_us + shared.plan.backoff_ms * 1000

    @property
    def is_taken_back(self) -> bool:
        """Whether the caller's words take the prepared reply back: not one to a tool's answer while the agent is heard, nor a welcome
        before which no words count, as long as it is not late."""
        pending = self.pending
        if pending is None:
            return False
        if pending.purpose == WELCOME and self._shared.plan.discard_pre_welcome and not self._greeting_late:
            return False
        return bool(pending.asked) or self.audible is None

    def by_number(self, number: int) -> Generation | None:
        """The prepared or audible generation ``number``; None for one that is over."""
        for generation in (self.audible, self.pending):
            if generation is not None and generation.number == number:
                return generation
        return None

    def resume(self, rest: Unsaid) -> bool:
        """Go on with what was not heard, as part of the same message. False when that holds no words."""
        return self.say(rest.generation.purpose, rest.text, rest.generation.turn, rest)

    def say(self, purpose: str, text: str, turn: int, rest: Unsaid | None = None) -> bool:
        """Speak prepared words at once. Nothing else may be audible. False when ``text`` holds no words."""
        clauses = clauses_of(text)
        if not clauses:
            return False
        generation = Generation(self._shared.next_generation(), turn, purpose, 0, "")
        if rest is not None:
            generation.follow(rest.generation, rest.unfinished)
        generation.move("commit")
        for clause in clauses:
            self.speak(generation, clause)
        self.end_speech(generation)
        self._release(generation)
        return True

    def ask(self, certain: bool = True) -> None:
        """Ask the model, for the caller's pending words or because a reply is owed. Nothing is audible of it before ``perform``.

        Not ``certain``: the caller may go on, and the reply is speculative until ``commit``.
        """
        shared, turn = self._shared, self._turn
        words = turn.words.text()
        if words and certain:
            shared.emit(fx.CloseUtterance(turn.voiced_end_ms))
        if words or not self.owed.reply:
            self.tools.loops = 0
        number = self.turn_number + 1 if words else self.turn_number
        request = shared.next_request()
        generation = Generation(shared.next_generation(), number, "reply", request, words)
        if self.tools.loops >= MAX_MODEL_TOOL_LOOPS:
            generation.calls_left = 0  # it is offered none
        if certain:
            generation.move("commit")
        else:
            self.guesses += 1
            shared.emit(fx.Speculative(generation.number, number))
        shared.emit(
            fx.AskModel(request, generation.number, number, "reply", self.history.messages(words), self.tools.offered())
        )
        shared.after_ms("answer", shared.plan.reply_timeout_ms)
        self.pending = generation
        self.given_up = False

    def ask_welcome(self) -> None:
        """Ask the model for the first words of the call, in bounded time and without tools. When it has none, ``owed.greeting``."""
        shared = self._shared
        request = shared.next_request()
        generation = Generation(shared.next_generation(), self.turn_number, WELCOME, request, "")
        generation.move("commit")
        messages = (*self.history.messages(), Message("user", WELCOME_PROMPT))
        shared.emit(fx.AskModel(request, generation.number, self.turn_number, WELCOME, messages))
        shared.after_ms("answer", shared.plan.reply_timeout_ms)
        shared.after_ms("greeting", WELCOME_WAIT_MS)
        self.pending = generation
        self.owed.greeting = False

    def claim_second_welcome(self) -> bool:
        """Whether the model's welcome, at which it or the voice failed, may be asked for once more. The claim is granted once."""
        if self._greeted_again or not self._greets_alone:
            return False
        self._greeted_again = True
        return True

    @property
    def _greets_alone(self) -> bool:
        """Whether nothing takes the place of the welcome that the model writes: there is none to say instead, and nobody has spoken."""
        instead = clauses_of(self._shared.rendered(self._shared.plan.welcome_message)) or self._turn.words.count
        return self._shared.phase == "live" and not instead

    def greeting_late(self) -> None:
        """The welcome the model writes has no sound yet. It is waited for once more where nothing takes its place."""
        if self.pending is None or self.pending.purpose != WELCOME:
            return
        if self._greeting_late or not self._greets_alone:
            self.withdraw("welcome_late")
        else:
            self._greeting_late = True
            self._shared.after_ms("greeting", WELCOME_MORE_MS)

    def speak(self, generation: Generation, text: str) -> None:
        """Give the voice another clause, unless it has failed at one before. Of a speculative reply it gets the first few words, which are
        enough to begin with."""
        speech = generation.speech
        if generation.state == "speculative" and len(speech.text.split()) >= SPECULATIVE_WORDS:
            speech.held.append(text)
            return
        if speech.lost:
            speech.lost.append(Clause(text))
            return
        self._shared.emit(fx.Speak(generation.number, len(speech.clauses), generation.turn, generation.purpose, text))
        speech.clauses.append(Clause(text))
        if not speech.ready:
            self.expect_voice()

    def end_speech(self, generation: Generation) -> None:
        """No clause will follow."""
        speech = generation.speech
        if generation.state == "speculative":
            speech.held_complete = True
            return
        if speech.lost:
            speech.lost_complete = True
            return
        speech.complete = True
        self._shared.emit(fx.EndSpeech(generation.number, len(speech.clauses)))
        self.expect_end()

    def break_off(self, generation: Generation, index: int) -> None:
        """The voice failed at the clause ``index`` of what is audible, which is not heard yet: those before it are heard to their end."""
        self.withdraw("voice_failed")  # what is prepared takes for granted that all of it is heard
        generation.speech.lose(index)
        self._shared.emit(fx.EndSpeech(generation.number, index))
        self.expect_end()

    def expect_voice(self) -> None:
        """Bound the wait for the first audio of whatever was given to the voice."""
        if self.awaiting_voice() is None:
            self._shared.timers.cancel("voice")
        else:
            self._shared.timers.arm_sooner("voice", self._shared.now_us + VOICE_WAIT_MS * 1000)

    def awaiting_voice(self) -> Generation | None:
        """The generation that was given to the voice and has no audio yet."""
        for generation in (self.audible, self.pending):
            if generation is not None and generation.speech.clauses and not generation.speech.ready:
                return generation
        return None

    def expect_end(self) -> None:
        """Bound the playout of the audible generation, once it has audio, by what is known of its length."""
        generation = self.audible
        if generation is not None and generation.speech.complete and generation.speech.ready:
            self._shared.after_ms("playout", generation.speech.rest_ms() + PLAYOUT_SLACK_MS)

    def commit(self) -> None:
        """The caller has finished: the speculative reply answers what was said, and the voice gets the rest of it."""
        generation = self.pending
        assert generation is not None
        words = self._turn.words.text()
        require(normalised(words) == normalised(generation.asked), "a reply answers what was said", generation.number)
        generation.move("commit")
        self._shared.emit(fx.CloseUtterance(self._turn.voiced_end_ms))
        self._shared.emit(fx.Committed(generation.number, generation.turn))
        held, generation.speech.held = generation.speech.held, []
        for clause in held:
            self.speak(generation, clause)
        if generation.speech.held_complete:
            self.end_speech(generation)

    def perform(self) -> None:
        """The committed reply is the answer: the caller's words are taken, its words may be heard, its tools are called."""
        generation = self.pending
        assert generation is not None
        self.pending = None
        self.owed.retried = False
        if generation.asked:
            self.take_words()
            generation.turn = self.turn_number
        self.owed.reply = False
        self._shared.timers.cancel("gate")
        self._shared.timers.cancel("resume")
        if generation.speech.clauses:
            self._release(generation)
        else:
            generation.move("act")
            self.interrupted_us = -1
        if generation.calls:
            generation.said = self.history.calls(generation.speech.text, tuple(generation.calls))
            for call in generation.calls:
                self.owed.reply = self.tools.start(call, generation.turn) or self.owed.reply
        if generation.farewell and not generation.speech.clauses:
            self.finished = generation

    def take_words(self) -> None:
        """The caller's pending words become a turn of the record and of the history."""
        self.guesses = 0
        self.owed.rest = None
        taken = self._turn.take()
        if taken.text:
            self.transfers.hear(taken.to_ms)
            self.turn_number += 1
            self._shared.emit(fx.UserSaid(self.turn_number, taken.text, taken.from_ms, taken.to_ms))
            self.history.user(taken.text)

    def withdraw(self, reason: str, cancel: bool = True) -> None:
        """Give the prepared reply up; the caller's words stay pending. ``cancel`` false: the call is over, nothing needs stopping."""
        generation = self.pending
        if generation is None:
            return
        self.pending = None
        self.given_up = True
        if cancel:
            self.stop_answer(generation)
            if generation.speech.clauses:
                self._shared.emit(fx.CancelVoice(generation.number))
        self._shared.timers.cancel("gate")
        self._shared.timers.cancel("resume")
        self.expect_voice()
        generation.move("withdraw")
        self.owed.greeting = generation.purpose == WELCOME
        self._shared.emit(fx.Withdrawn(generation.number, generation.turn, reason))

    def doubt(self) -> None:
        """The caller speaks, and may say more than the prepared reply answers: it goes on being made, and waits until that is known."""
        if self.pending is not None:
            self.pending.doubt(self._shared.now_us)
            self.lanes.stop(FILLER)

    def stop_answer(self, generation: Generation) -> None:
        """The model need not go on with ``generation``."""
        if generation.answering:
            generation.answering = False
            self._shared.timers.cancel("answer")
            self._shared.emit(fx.CancelModel(generation.request))

    def interrupt(self, reason: str) -> None:
        """Silence the agent. What was heard is settled when the shell says how far it got."""
        generation = self.audible
        if generation is None or generation.state == "clearing":
            return
        self.withdraw(reason)
        generation.move("clear")
        generation.cut_for = reason
        self._clear_us = self._shared.now_us
        if reason in INTERRUPTIONS:
            self.interrupted_us = self._clear_us
        self._shared.emit(fx.Clear(generation.number))
        self.stop_answer(generation)
        self._shared.emit(fx.CancelVoice(generation.number))
        self._shared.after_ms("cleared", CLEARED_WAIT_MS)

    def settle_played(self) -> None:
        """The audible generation was played to its end."""
        generation = self.audible
        assert generation is not None
        speech = generation.speech
        heard_ms = sum(length_ms(clause) for clause in speech.clauses)
        # Every mark came: the words are certain even where a length is not.
        estimated = speech.guessed
        text = " ".join(clause.text for clause in speech.clauses)
        if speech.lost:
            self.stop_answer(generation)  # it is asked to go on when the rest has been said
        self._end(generation, text, not speech.complete or bool(speech.lost), estimated, heard_ms)

    def settle_cut(self, played_ms: int, estimated: bool) -> None:
        """The audible generation ended after ``played_ms``, or never was heard at all."""
        generation = self.audible
        assert generation is not None
        speech = generation.speech
        heard = heard_of(speech.clauses, played_ms, speech.played)
        cut = not (heard.whole and speech.complete) or bool(speech.lost)
        self._end(generation, heard.text, cut, estimated or heard.estimated, played_ms)

    def settle_by_time(self) -> None:
        """The audible generation ended and nobody says how far it got: as far as what is known of its sound allows."""
        generation = self.audible
        if generation is None:
            return
        until_us = self._clear_us if generation.state == "clearing" else self._shared.now_us
        speech = generation.speech
        self.settle_cut(most_played_ms(speech.clauses, speech.playout_us, until_us, speech.played), True)

    def settle_last(self, number: int, played_ms: int) -> None:
        """The call is over, and so is what is audible: after ``played_ms`` where the pacer says so of it (not below 0)."""
        generation = self.audible
        if generation is not None and generation.number == number and played_ms >= 0:
            self.settle_cut(played_ms, False)
        else:
            self.settle_by_time()

    def _end(self, generation: Generation, text: str, cut: bool, estimated: bool, heard_ms: int) -> None:
        self.audible = None
        self.silent_us = self._clear_us if generation.state == "clearing" else self._shared.now_us
        if generation.speech.playout_us >= 0:  # of what nobody heard there is no echo
            self.lately = (generation, self.silent_us)
        self._shared.timers.cancel("cleared")
        self._shared.timers.cancel("playout")
        self.expect_voice()
        generation.heard_words = len(text.split())
        if generation.said is not None:
            generation.said.content = f"{generation.said.lead} {text}".strip()
        else:
            generation.said = self.history.agent(text)
        self.finished = generation
        if self.owed.again is generation and not cut:
            self.owed.again = None  # the line was put on hold at its last word, or nobody told that it was played
        # The rest of a sentence asks for what the whole of it asks for: "how can I help you?" is no "can I help you?".
        whole = generation.said if generation.resumes and text else None
        broken_off = generation.cut_for in INTERRUPTIONS
        said = text if whole is None else whole.content
        turn = self._turn
        # Words that were told before answer it as well.
        answers, checks = generation.purpose == "reply", generation.purpose == "silence"
        turn.weigh(turn.patience.expect(said, turn.words, broken_off, answers, checks))
        if text:
            self.given_up = False
            generation.move("heard")
            self._shared.emit(
                fx.AgentSaid(
                    generation.turn,
                    generation.number,
                    generation.purpose,
                    text,
                    cut,
                    estimated,
                    heard_ms,
                    generation.resumes,
                )
            )
        else:
            generation.move("withdraw")
            self._shared.emit(fx.Withdrawn(generation.number, generation.turn, "unheard"))

    def _release(self, generation: Generation) -> None:
        generation.move("release")
        self.audible = generation
        self.given_up = False
        self.interrupted_us = -1
        self.owed.rest = None  # what was left unsaid is out of date when anything else is said
        self.expect_voice()
        self._shared.emit(fx.Release(generation.number, generation.turn, generation.resumes))
        self.expect_end()
