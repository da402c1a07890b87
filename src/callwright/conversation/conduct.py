"""What happens next, decided anew after every event from what is now the case and not from how it came about."""

from __future__ import annotations

from callwright.conversation import opt_out
from callwright.conversation.board import Board
from callwright.conversation.bounds import (
    DOUBT_MOST_MS,
    FINAL_WAIT_MS,
    RESUME_MS,
    SPECULATIONS_MOST,
    STILL_READ_MS,
    WELCOME_YIELDS_MS,
)
from callwright.conversation.doubt import is_bounded, is_settled, only_waits
from callwright.conversation.effects import CloseUtterance, OptedOut
from callwright.conversation.ending import ERROR, Ending
from callwright.conversation.handover import Handover
from callwright.conversation.invariants import require
from callwright.conversation.lanes import FILLER
from callwright.conversation.overlap import Echoes, Nods
from callwright.conversation.reply import Generation
from callwright.conversation.resuming import Resuming
from callwright.conversation.silence import Silence
from callwright.conversation.stage import WELCOME, Stage
from callwright.conversation.stops import normalised
from callwright.conversation.thinking import Thinking
from callwright.conversation.turn import CallerTurn
from callwright.conversation.voicemail import Voicemail
from callwright.conversation.waiting import PURPOSE, Waiting

MOST_SETTLES = 50
"""What follows from one event follows in fewer rounds; more mean that something is begun and taken back for ever."""


class Conductor:
    """Decides between listening, asking, releasing, calling it silence and ending. ``greeted``: the welcome was begun, or there is none."""

    __slots__ = (
        "_backoff",
        "_board",
        "_echoes",
        "_ending",
        "_handover",
        "_held",
        "_no_opt_out",
        "_nods",
        "_resuming",
        "_silence",
        "_stage",
        "_thinking",
        "_turn",
        "_voicemail",
        "_waiting",
        "_yields_until_us",
        "greeted",
    )

    def __init__(
        self,
        board: Board,
        stage: Stage,
        turn: CallerTurn,
        ending: Ending,
        silence: Silence,
        thinking: Thinking,
        voicemail: Voicemail,
        echoes: Echoes,
    ) -> None:
        self._board = board
        self._stage = stage
        self._turn = turn
        self._ending = ending
        self._silence = silence
        self._thinking = thinking
        self._echoes = echoes
        self._nods = Nods(board, stage, turn)
        self._resuming = Resuming(board, stage, turn)
        self._voicemail = voicemail
        self._handover = Handover(board, stage, turn)
        self._waiting = Waiting(board, stage, turn)
        self._backoff = (0, 0)  # a generation, and until when it is held back behind an interruption
        self._held = (0, 0)  # a generation, and since when only the floor time keeps it
        self._no_opt_out = ""  # words that were judged already: they stay pending while the model thinks
        self._yields_until_us = -1  # while the caller speaks over the moment of the welcome
        self.greeted = False

    def settle(self) -> None:
        """Do all that can be done now: settling again would change nothing, so that it does not matter when the next event comes."""
        effects = self._board.effects
        for _ in range(MOST_SETTLES):
            before = len(effects)
            self._settle_once()
            if len(effects) == before:
                return
        require(False, "what follows from an event comes to an end", before)

    def _settle_once(self) -> None:
        stage = self._stage
        audible = stage.audible
        if audible is not None and audible.speech.all_played and audible.state != "clearing":
            stage.settle_played()
        if stage.finished is not None:
            finished, stage.finished = stage.finished, None
            self._look_back(finished)
        if self._board.phase == "live" and self._voicemail.state != "off":
            self._voicemail.settle()
        if self._board.deaf and self._board.phase == "live" and not self._needs_no_ears:
            self._ending.close("transcriber_error", self._board.plan.failure_message, ERROR)
        if self._board.phase == "live" and not self._voicemail.holds:
            self._ending.settle_over()
        if self._board.phase == "live":
            if self._voicemail.greet_again:
                self._greet_again()
            self._greet_in_the_pause()
            self._go_on()
        if self._board.phase == "closing":
            # Also when the call began to end just now: the next event may come much later than this deadline.
            self._ending.settle()

    def greet(self) -> None:
        """Speak the welcome, or wait for the caller. It has its delay, and whoever speaks when it is due is let finish, in bounded time."""
        board = self._board
        least_us = board.answered_us + board.plan.welcome_delay_ms * 1000
        if board.now_us < least_us:
            board.timers.arm("welcome", least_us)
            return
        if self._turn.state == "talking" and board.plan.welcome_message and not board.plan.welcome_by_model:
            if self._yields_until_us < 0:
                self._yields_until_us = board.now_us + WELCOME_YIELDS_MS * 1000
            if board.now_us < self._yields_until_us:
                board.timers.arm("welcome", self._yields_until_us)
                return
        self.greeted = True
        if self._board.plan.welcome_by_model:
            self._stage.ask_welcome()
        else:
            self._welcome()

    def _welcome(self) -> None:
        self._stage.owed.greeting = False
        self._stage.say(WELCOME, self._board.rendered(self._board.plan.welcome_message), 0)

    def _greet_in_the_pause(self) -> None:
        """Whoever spoke when the welcome was due has stopped."""
        timers = self._board.timers
        if self._yields_until_us >= 0 and timers.armed("welcome") and self._turn.state != "talking":
            timers.cancel("welcome")
            self.greet()

    def _greet_again(self) -> None:
        """The welcome waited, or was broken off, because a voice spoke on."""
        voicemail = self._voicemail
        if voicemail.suspects or voicemail.holds:
            self.greeted = False
        elif self._stage.audible is None and self._stage.pending is None:
            voicemail.greet_again = False
            self.greet()

    def check(self) -> None:
        """The rules that hold between two steps. Raises BrokenInvariantError."""
        board = self._board
        timers = board.timers
        require(timers.next_us > board.now_us, "a deadline that is due fires", timers.next_name)
        if board.phase == "live":
            require(timers.armed("maximum"), "a live call has a maximum", board.now_us)
            if self.idle and self._silence.limited and not board.held:
                require(timers.armed("silence"), "silence has a limit", board.now_us)
            self._check_waits()
        elif board.phase == "closing":
            require(timers.armed("goodbye"), "a goodbye has a limit", board.now_us)
        elif board.phase == "leaving":
            require(timers.armed("leave") or timers.armed("handed"), "leaving has a limit", board.now_us)

    def _check_waits(self) -> None:
        """Whatever the agent is silent for ends by itself."""
        board, stage, timers = self._board, self._stage, self._board.timers
        transfers = stage.transfers
        if transfers.state == "requested":
            require(timers.armed("transfer"), "a transfer has a limit", board.now_us)
        elif transfers.coming and stage.audible is None and not (stage.tools.busy or board.held or stage.owed.rest):
            require(timers.armed("caller_first"), "a wanted transfer goes ahead", board.now_us)
        if transfers.connecting:
            require(timers.armed("connecting"), "a transfer that was taken on has a limit", board.now_us)
        if stage.tools.running:
            require(timers.armed("tool"), "a tool has a limit", board.now_us)
        if board.held:
            require(timers.armed("hold"), "a hold has a limit", board.now_us)
        if self._voicemail.holds:
            waits = timers.armed("voicemail_beep") or stage.audible is not None
            require(waits, "a machine is left its message or hung up on", board.now_us)
        elif not self.greeted:
            waits = timers.armed("welcome") or timers.armed("voicemail") or stage.audible is not None
            require(waits, "a greeting goes ahead", board.now_us)
        if stage.pending is not None and stage.pending.doubted:
            require(is_bounded(board, self._turn), "a doubt has a limit", board.now_us)
        if self._turn.state not in ("quiet", "talking") and not self._turn.words.count:
            require(timers.armed("words"), "words have a limit", board.now_us)
        if self._turn.typing:
            require(timers.armed("keys"), "typing has a limit", board.now_us)
        elif stage.owed.rest is not None and stage.audible is None and not self._turn.words.count and not board.held:
            require(timers.armed("backoff"), "what was left unsaid is said", board.now_us)

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, types, thinks or waits for a tool, or for somebody who is being rung."""
        stage = self._stage
        return (
            stage.audible is None
            and stage.pending is None
            and self._turn.state == "quiet"
            and not self._turn.typing
            and self.greeted
            and not stage.owed.reply
            and stage.owed.rest is None
            and not stage.tools.busy
            and not stage.transfers.connecting
            and not self._voicemail.holds
        )

    def _wants_answer(self) -> bool:
        """Whether the caller has said, over what just ended, more than an "okay, thank you", or what the line brings back of it."""
        board, words = self._board, self._turn.words
        thanks = board.book.agrees(words.read()) and not self._turn.patience.answers(words.text())
        if not words.count or thanks:
            return False
        return not self._echoes.hears_agent(words.text(), board.audio_now_ms(), False)

    @property
    def _needs_no_ears(self) -> bool:
        """Whether the call can do without a recogniser: somebody else is being rung for the caller, or a machine is left its message."""
        transfers = self._stage.transfers
        return self._voicemail.holds or transfers.state == "requested" or transfers.connecting

    def _look_back(self, generation: Generation) -> None:
        """A generation is over."""
        board, stage, turn = self._board, self._stage, self._turn
        if board.phase == "closing" and generation.broken_off:
            self._resuming.leave(generation)
            return
        if generation.farewell:
            if board.phase == "live":
                # Words the model said with the call were its goodbye.
                self._farewell(generation, "" if generation.speech.clauses else board.plan.hangup_message)
                if generation.broken_off and generation is not stage.owed.again:
                    self._resuming.leave(generation)
            return
        if board.phase != "live":
            return
        if stage.pending is not None and turn.state == "talking":
            # It began over what was said, and goes on in the silence in which the reply is waited for.
            board.after_ms("resume", RESUME_MS)
        pending = stage.pending
        if pending is not None and pending.purpose == "reply" and not pending.asked and self._wants_answer():
            # Nothing was said when it was asked for, and now the caller waits for an answer to this as well.
            pending.doubt(board.now_us)
        over_welcome = generation.state == "done" and generation.purpose == WELCOME and turn.words.count
        if over_welcome and board.plan.discard_pre_welcome and not (self._is_midway() or self._asks_not_to_be_called()):
            # Also where a failing voice has left a rest of it.
            board.note("discarded_words", turn.take(answers=False).text)
        if generation.state != "done" or generation.speech.lost:
            self._resuming.remember(generation)
            return
        if generation.unfinished:
            stage.owed.reply = True
        self._voicemail.delivered(generation)
        if generation.purpose == "reply":
            self._thinking.delivered(generation)
            if board.plan.hangup_by_prompt and not (stage.owed.reply or stage.tools.busy or stage.pending):
                self._ending.ask_whether_over()

    def _go_on(self) -> None:
        stage = self._stage
        if self._voicemail.holds:
            self._silence.update(False)
            return
        self._resuming.doubt()
        self._nods.settle()
        audible = stage.audible
        if audible is None or (audible.state != "clearing" and not audible.answering):
            if audible is not None and audible.farewell:
                self._farewell(audible, "")
                return
            if audible is None and self._opted_out():
                return
            self._commit()
            self._decide()
            if stage.pending is not None:
                if self._release(stage.pending) and self._board.phase == "live" and self._is_not_over():
                    self._go_on()
                    return
            else:
                self._proceed(audible is None)
        if self._board.phase == "live":
            self._silence.update(self.idle and not self._board.held)
            if self._board.plan.fillers or self._board.plan.backchannels:
                self._use_lanes()

    def _use_lanes(self) -> None:
        """Sounds beside speech: while the caller waits, and while the caller speaks long."""
        board, stage, turn = self._board, self._stage, self._turn
        free = stage.audible is None and not board.held and not turn.typing and not stage.transfers.busy
        pending = stage.pending
        if board.plan.fillers:
            waits = False
            if free and turn.state != "talking" and pending is not None and pending.purpose != WELCOME:
                waits = pending.state == "committed" and not pending.speech.ready and not pending.doubted
            since_us = board.call_us(turn.voiced_end_ms) if pending is not None and pending.asked else board.now_us
            stage.lanes.update_wait(waits, since_us, stage.backs_off_until_us)
            if pending is None and stage.audible is None and stage.given_up:
                # A reply that was performed without a word leaves it: nobody has taken the turn back.
                stage.lanes.stop(FILLER)
        if board.plan.backchannels:
            listens = free and turn.state == "unfinished" and self.greeted
            stage.lanes.update_listening(
                listens and (pending is None or pending.state == "speculative"),
                turn.voiced_end_ms - max(turn.from_ms, 0),
                board.now_us >= stage.backs_off_until_us,
            )

    def _proceed(self, silent: bool) -> None:
        """Nothing is prepared. What was left unsaid, and what tools, keys and transfers wait for, comes before anything new."""
        stage = self._stage
        if silent and self._resuming.go_on():
            return
        if silent and not self._board.held:
            stage.tools.press()
        if stage.tools.slow:
            if silent:
                self._waiting.go_on()
        elif not stage.transfers.coming:
            self._begin(silent)
        elif silent:
            self._handover.go_on()

    def _farewell(self, generation: Generation, message: str) -> None:
        """The model ends the call."""
        if generation.why:
            self._board.note("end_call_reason", generation.why)
        self._ending.close("end_call_tool", message)

    def _opted_out(self) -> bool:
        """Whether the caller has just asked not to be called any more: that is answered at once, by us and not by the model."""
        board, stage, turn = self._board, self._stage, self._turn
        plan = board.plan
        if not turn.ready or not self.greeted or turn.typing or board.held or stage.transfers.busy:
            return False
        if not self._asks_not_to_be_called():
            return False
        text = turn.words.text()
        stage.withdraw("opted_out")
        stage.take_words()
        board.emit(OptedOut(stage.turn_number, text))
        self._ending.close("opted_out", plan.opt_out_message)
        return True

    def _asks_not_to_be_called(self) -> bool:
        """Whether the words so far say so, where the agent heeds it."""
        text, plan = self._turn.words.text(), self._board.plan
        if not plan.opt_out or text == self._no_opt_out:
            return False
        if opt_out.said(text, plan.language):
            return True
        self._no_opt_out = text
        return False

    def _is_not_over(self) -> bool:
        """Whether a reply that was just released leaves something to do at once: one of tools alone, or a transfer that was refused."""
        stage = self._stage
        return stage.audible is None or (stage.owed.reply and not stage.tools.running)

    def _begin(self, silent: bool) -> None:
        """Nothing is prepared: ask the model if there is something to answer."""
        stage, turn = self._stage, self._turn
        if stage.tools.busy or stage.transfers.busy or not self.greeted or turn.typing or self._board.held:
            return
        if silent:
            if stage.owed.again is not None and (self._say_again(stage.owed.again) or self._resuming.go_on()):
                return
            if stage.owed.apology and self._apologise():
                return
            if stage.owed.greeting and not stage.turn_number and turn.state == "quiet" and not turn.words.count:
                # A caller who has spoken meanwhile is answered instead.
                self._welcome()
                return
            if turn.ready:
                stage.ask()
                return
            if self._board.plan.speculate and turn.likely and stage.guesses < SPECULATIONS_MOST:
                stage.ask(certain=False)
                return
        lost = stage.audible is not None and stage.audible.speech.lost  # which is said before anything else
        calm = turn.state == "quiet" or (turn.state != "talking" and not turn.words.count and turn.unread.outwaited)
        if stage.owed.reply and not lost and not stage.owed.apology and calm:
            turn.unread.spent = turn.unread.spent or turn.unread.outwaited
            stage.ask()

    def _apologise(self) -> bool:
        """No answer could be had: say so, unless the caller goes on, or has said something else, and will be answered anyway. Returns
        whether the agent is occupied with it, or with what it stood before."""
        stage, turn, plan = self._stage, self._turn, self._board.plan
        stage.owed.apology = False
        new = turn.words.count and normalised(turn.words.text()) != normalised(stage.owed.unanswered)
        if turn.state == "talking" or new:
            return self._resuming.go_on()
        stage.take_words()
        stage.owed.reply = False
        stage.owed.retried = False
        return stage.say("apology", self._board.rendered(plan.apology_message), stage.turn_number)

    def _say_again(self, generation: Generation) -> bool:
        """Words whose voice failed: prepared ones are said again, for the others the model is asked again; returns whether any are said."""
        stage = self._stage
        stage.owed.again = None
        if generation.purpose == PURPOSE:
            # The tool has answered meanwhile.
            return False
        if generation.request:
            stage.owed.reply = True
            return False
        if generation.purpose == "transfer":
            return False  # it was called off meanwhile
        return stage.say(generation.purpose, generation.speech.text, generation.turn)

    def _commit(self) -> None:
        """The caller of a speculative reply has finished."""
        pending = self._stage.pending
        if pending is not None and pending.state == "speculative" and self._turn.ready:
            self._stage.commit()

    def _decide(self) -> None:
        """What the caller said while a reply was prepared is known, or waited for in vain: the reply answers it all or is taken back."""
        pending, turn = self._stage.pending, self._turn
        if pending is None or not pending.doubted or turn.typing:
            return
        if not (is_settled(turn) or self._is_outwaited(pending)):
            return
        pending.doubted_us = -1
        if self._answers_all(pending):
            turn.unread.spent = turn.unread.spent or turn.unread.outwaited
            self._board.emit(CloseUtterance(turn.voiced_end_ms))  # what is said from here on is the next turn
            # Behind a tool's answer there was nothing to answer: now there is this, which the reply has heard out.
            pending.asked = pending.asked or turn.words.text()
        else:
            self._stage.withdraw("caller_continued")

    def _answers_all(self, pending: Generation) -> bool:
        turn = self._turn
        if normalised(turn.words.text()) == normalised(pending.asked):
            return True
        return only_waits(self._board, turn, pending.asked, certain=True)

    def _is_outwaited(self, pending: Generation) -> bool:
        """Whether sounds without words, one after the other, have held the reply back for long enough. Who has waited for a tool already
        waits no longer than the words of one sound take."""
        board, turn = self._board, self._turn
        if turn.state == "talking" or not turn.words.all_final or not self._answers_all(pending):
            return False
        unread = turn.unread
        # The words of one sound are always waited for, and longer where nothing was held back by these sounds before.
        least_ms = RESUME_MS + FINAL_WAIT_MS if unread.spent else DOUBT_MOST_MS
        due_us = max(unread.due_us, pending.doubted_us + least_ms * 1000)
        if not (pending.asked or turn.words.count):
            due_us = min(due_us, board.call_us(turn.voiced_end_ms) + FINAL_WAIT_MS * 1000)
        if board.now_us < due_us:
            board.timers.arm("gate", due_us)
        return board.now_us >= due_us

    def _release(self, generation: Generation) -> bool:
        """Perform the committed reply once it can be heard, the caller is silent and the floor time has passed; returns whether it was."""
        board, stage, turn = self._board, self._stage, self._turn
        speech = generation.speech
        if generation.state == "speculative" or turn.state == "talking" or turn.typing or board.held:
            return False
        if stage.audible is not None:
            return False
        acts = not generation.answering and (generation.calls or (generation.farewell and not speech.clauses))
        if generation.doubted or not (speech.ready or acts):
            return False
        if generation.request:
            # Also where no new words are answered: whoever made a sound may be going to say some.
            plan = board.plan
            voiced_end_us = board.call_us(turn.voiced_end_ms)
            gate_us = voiced_end_us + plan.incremental_delay_ms * 1000
            if stage.interrupted_us >= 0:  # by words or by keys, whatever the agent was saying
                if self._backoff[0] != generation.number:
                    # Once for each: a noise in the meantime must not hold it back again and again. New words make a new one.
                    self._backoff = (generation.number, stage.backs_off_until_us)
                gate_us = max(gate_us, self._backoff[1])
            if self._held[0] != generation.number:
                self._held = (generation.number, board.now_us)
            backoff_us = self._backoff[1] if self._backoff[0] == generation.number else 0
            most_us = turn.unread.due_us if turn.unread.spent else self._held[1] + DOUBT_MOST_MS * 1000
            gate_us = min(gate_us, max(most_us, backoff_us))
            if board.now_us < gate_us:
                board.timers.arm("gate", gate_us)
                return False
        stage.perform()
        if stage.finished is not None:
            finished, stage.finished = stage.finished, None
            self._look_back(finished)
        return True

    def _is_midway(self) -> bool:
        """Whether the caller speaks or types, or has just spoken and is still read: half of that ("please don't" - "cancel it") may say the
        opposite of it."""
        board, turn = self._board, self._turn
        if turn.state == "talking" or turn.typing:
            return True
        return not turn.words.all_final and board.now_us < board.call_us(turn.voiced_end_ms) + STILL_READ_MS * 1000
