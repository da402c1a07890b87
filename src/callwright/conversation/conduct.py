"""What happens next, decided anew after every event from what is now the case and not from how it came about."""

from __future__ import annotations

from callwright.conversation import opt_out
from callwright.conversation.agent_turn import WELCOME, AgentTurn
from callwright.conversation.bounds import (
    DOUBT_MOST_MS,
    FINAL_WAIT_MS,
    RESUME_MS,
    SPECULATIONS_MOST,
    STILL_READ_MS,
    WELCOME_YIELDS_MS,
)
from callwright.conversation.effects import CloseUtterance, OptedOut
from callwright.conversation.ending import ERROR, Ending
from callwright.conversation.handover import Handover
from callwright.conversation.hearing import only_waits
from callwright.conversation.invariants import require
from callwright.conversation.lanes import FILLER
from callwright.conversation.overlap import Echoes, Nods
from callwright.conversation.reply import Generation
from callwright.conversation.resuming import Resuming
from callwright.conversation.shared_state import SharedState
from callwright.conversation.silence import Silence
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
        "_agent",
        "_backoff",
        "_echoes",
        "_ending",
        "_handover",
        "_held",
        "_no_opt_out",
        "_nods",
        "_resuming",
        "_shared",
        "_silence",
        "_thinking",
        "_turn",
        "_voicemail",
        "_waiting",
        "_yields_until_us",
        "greeted",
    )

    def __init__(
        self,
        shared: SharedState,
        agent: AgentTurn,
        turn: CallerTurn,
        ending: Ending,
        silence: Silence,
        thinking: Thinking,
        voicemail: Voicemail,
        echoes: Echoes,
    ) -> None:
        self._shared = shared
        self._agent = agent
        self._turn = turn
        self._ending = ending
        self._silence = silence
        self._thinking = thinking
        self._echoes = echoes
        self._nods = Nods(shared, agent, turn)
        self._resuming = Resuming(shared, agent, turn)
        self._voicemail = voicemail
        self._handover = Handover(shared, agent, turn)
        self._waiting = Waiting(shared, agent, turn)
        self._backoff = (0, 0)  # a generation, and until when it is held back behind an interruption
        self._held = (0, 0)  # a generation, and since when only the floor time keeps it
        self._no_opt_out = ""  # words that were judged already: they stay pending while the model thinks
        self._yields_until_us = -1  # while the caller speaks over the moment of the welcome
        self.greeted = False

    def settle(self) -> None:
        """Do all that can be done now: settling again would change nothing, so that it does not matter when the next event comes."""
        effects = self._shared.effects
        for _ in range(MOST_SETTLES):
            before = len(effects)
            self._settle_once()
            if len(effects) == before:
                return
        require(False, "what follows from an event comes to an end", before)

    def _settle_once(self) -> None:
        agent = self._agent
        audible = agent.audible
        if audible is not None and audible.speech.all_played and audible.state != "clearing":
            agent.settle_played()
        if agent.finished is not None:
            finished, agent.finished = agent.finished, None
            self._look_back(finished)
        if self._shared.phase == "live" and self._voicemail.state != "off":
            self._voicemail.settle()
        if self._shared.deaf and self._shared.phase == "live" and not self._needs_no_ears:
            self._ending.close("transcriber_error", self._shared.plan.failure_message, ERROR)
        if self._shared.phase == "live" and not self._voicemail.holds:
            self._ending.settle_over()
        if self._shared.phase == "live":
            if self._voicemail.greet_again:
                self._greet_again()
            self._greet_in_the_pause()
            self._go_on()
        if self._shared.phase == "closing":
            # Also when the call began to end just now: the next event may come much later than this deadline.
            self._ending.settle()

    def greet(self) -> None:
        """Speak the welcome, or wait for the caller. It has its delay, and whoever speaks when it is due is let finish, in bounded time."""
        shared = self._shared
        least_us = shared.answered_us + shared.plan.welcome_delay_ms * 1000
        if shared.now_us < least_us:
            shared.timers.arm("welcome", least_us)
            return
        if self._turn.state == "talking" and shared.plan.welcome_message and not shared.plan.welcome_by_model:
            if self._yields_until_us < 0:
                self._yields_until_us = shared.now_us + WELCOME_YIELDS_MS * 1000
            if shared.now_us < self._yields_until_us:
                shared.timers.arm("welcome", self._yields_until_us)
                return
        self.greeted = True
        if self._shared.plan.welcome_by_model:
            self._agent.ask_welcome()
        else:
            self._welcome()

    def _welcome(self) -> None:
        self._agent.owed.greeting = False
        self._agent.say(WELCOME, self._shared.rendered(self._shared.plan.welcome_message), 0)

    def _greet_in_the_pause(self) -> None:
        """Whoever spoke when the welcome was due has stopped."""
        timers = self._shared.timers
        if self._yields_until_us >= 0 and timers.armed("welcome") and self._turn.state != "talking":
            timers.cancel("welcome")
            self.greet()

    def _greet_again(self) -> None:
        """The welcome waited, or was broken off, because a voice spoke on."""
        voicemail = self._voicemail
        if voicemail.suspects or voicemail.holds:
            self.greeted = False
        elif self._agent.audible is None and self._agent.pending is None:
            voicemail.greet_again = False
            self.greet()

    def check(self) -> None:
        """The rules that hold between two steps. Raises BrokenInvariantError."""
        shared = self._shared
        timers = shared.timers
        require(timers.next_us > shared.now_us, "a deadline that is due fires", timers.next_name)
        if shared.phase == "live":
            require(timers.armed("maximum"), "a live call has a maximum", shared.now_us)
            if self.idle and self._silence.limited and not shared.held:
                require(timers.armed("silence"), "silence has a limit", shared.now_us)
            self._check_waits()
        elif shared.phase == "closing":
            require(timers.armed("goodbye"), "a goodbye has a limit", shared.now_us)
        elif shared.phase == "leaving":
            require(timers.armed("leave") or timers.armed("handed"), "leaving has a limit", shared.now_us)

    def _check_waits(self) -> None:
        """Whatever the agent is silent for ends by itself."""
        shared, agent, timers = self._shared, self._agent, self._shared.timers
        transfers = agent.transfers
        if transfers.state == "requested":
            require(timers.armed("transfer"), "a transfer has a limit", shared.now_us)
        elif transfers.coming and agent.audible is None and not (agent.tools.busy or shared.held or agent.owed.rest):
            require(timers.armed("caller_first"), "a wanted transfer goes ahead", shared.now_us)
        if transfers.connecting:
            require(timers.armed("connecting"), "a transfer that was taken on has a limit", shared.now_us)
        if agent.tools.running:
            require(timers.armed("tool"), "a tool has a limit", shared.now_us)
        if shared.held:
            require(timers.armed("hold"), "a hold has a limit", shared.now_us)
        if self._voicemail.holds:
            waits = timers.armed("voicemail_beep") or agent.audible is not None
            require(waits, "a machine is left its message or hung up on", shared.now_us)
        elif not self.greeted:
            waits = timers.armed("welcome") or timers.armed("voicemail") or agent.audible is not None
            require(waits, "a greeting goes ahead", shared.now_us)
        if agent.pending is not None and agent.pending.doubted:
            require(_is_bounded(shared, self._turn), "a doubt has a limit", shared.now_us)
        if self._turn.state not in ("quiet", "talking") and not self._turn.words.count:
            require(timers.armed("words"), "words have a limit", shared.now_us)
        if self._turn.typing:
            require(timers.armed("keys"), "typing has a limit", shared.now_us)
        elif agent.owed.rest is not None and agent.audible is None and not self._turn.words.count and not shared.held:
            require(timers.armed("backoff"), "what was left unsaid is said", shared.now_us)

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, types, thinks or waits for a tool, or for somebody who is being rung."""
        agent = self._agent
        return (
            agent.audible is None
            and agent.pending is None
            and self._turn.state == "quiet"
            and not self._turn.typing
            and self.greeted
            and not agent.owed.reply
            and agent.owed.rest is None
            and not agent.tools.busy
            and not agent.transfers.connecting
            and not self._voicemail.holds
        )

    def _wants_answer(self) -> bool:
        """Whether the caller has said, over what just ended, more than an "okay, thank you", or what the line brings back of it."""
        shared, words = self._shared, self._turn.words
        thanks = shared.book.agrees(words.read()) and not self._turn.patience.answers(words.text())
        if not words.count or thanks:
            return False
        return not self._echoes.hears_agent(words.text(), shared.audio_now_ms(), False)

    @property
    def _needs_no_ears(self) -> bool:
        """Whether the call can do without a recogniser: somebody else is being rung for the caller, or a machine is left its message."""
        transfers = self._agent.transfers
        return self._voicemail.holds or transfers.state == "requested" or transfers.connecting

    def _look_back(self, generation: Generation) -> None:
        """A generation is over."""
        shared, agent, turn = self._shared, self._agent, self._turn
        if shared.phase == "closing" and generation.broken_off:
            self._resuming.leave(generation)
            return
        if generation.farewell:
            if shared.phase == "live":
                # Words the model said with the call were its goodbye.
                self._farewell(generation, "" if generation.speech.clauses else shared.plan.hangup_message)
                if generation.broken_off and generation is not agent.owed.again:
                    self._resuming.leave(generation)
            return
        if shared.phase != "live":
            return
        if agent.pending is not None and turn.state == "talking":
            # It began over what was said, and goes on in the silence in which the reply is waited for.
            shared.after_ms("resume", RESUME_MS)
        pending = agent.pending
        if pending is not None and pending.purpose == "reply" and not pending.asked and self._wants_answer():
            # Nothing was said when it was asked for, and now the caller waits for an answer to this as well.
            pending.doubt(shared.now_us)
        over_welcome = generation.state == "done" and generation.purpose == WELCOME and turn.words.count
        if (
            over_welcome
            and shared.plan.discard_pre_welcome
            and not (self._is_midway() or self._asks_not_to_be_called())
        ):
            # Also where a failing voice has left a rest of it.
            shared.note("discarded_words", turn.take(answers=False).text)
        if generation.state != "done" or generation.speech.lost:
            self._resuming.remember(generation)
            return
        if generation.unfinished:
            agent.owed.reply = True
        self._voicemail.delivered(generation)
        if generation.purpose == "reply":
            self._thinking.delivered(generation)
            if shared.plan.hangup_by_prompt and not (agent.owed.reply or agent.tools.busy or agent.pending):
                self._ending.ask_whether_over()

    def _go_on(self) -> None:
        agent = self._agent
        if self._voicemail.holds:
            self._silence.update(False)
            return
        self._resuming.doubt()
        self._nods.settle()
        audible = agent.audible
        if audible is None or (audible.state != "clearing" and not audible.answering):
            if audible is not None and audible.farewell:
                self._farewell(audible, "")
                return
            if audible is None and self._opted_out():
                return
            self._commit()
            self._decide()
            if agent.pending is not None:
                if self._release(agent.pending) and self._shared.phase == "live" and self._is_not_over():
                    self._go_on()
                    return
            else:
                self._proceed(audible is None)
        if self._shared.phase == "live":
            self._silence.update(self.idle and not self._shared.held)
            if self._shared.plan.fillers or self._shared.plan.backchannels:
                self._use_lanes()

    def _use_lanes(self) -> None:
        """Sounds beside speech: while the caller waits, and while the caller speaks long."""
        shared, agent, turn = self._shared, self._agent, self._turn
        free = agent.audible is None and not shared.held and not turn.typing and not agent.transfers.busy
        pending = agent.pending
        if shared.plan.fillers:
            waits = False
            if free and turn.state != "talking" and pending is not None and pending.purpose != WELCOME:
                waits = pending.state == "committed" and not pending.speech.ready and not pending.doubted
            since_us = shared.call_us(turn.voiced_end_ms) if pending is not None and pending.asked else shared.now_us
            agent.lanes.update_wait(waits, since_us, agent.backs_off_until_us)
            if pending is None and agent.audible is None and agent.given_up:
                # A reply that was performed without a word leaves it: nobody has taken the turn back.
                agent.lanes.stop(FILLER)
        if shared.plan.backchannels:
            listens = free and turn.state == "unfinished" and self.greeted
            agent.lanes.update_listening(
                listens and (pending is None or pending.state == "speculative"),
                turn.voiced_end_ms - max(turn.from_ms, 0),
                shared.now_us >= agent.backs_off_until_us,
            )

    def _proceed(self, silent: bool) -> None:
        """Nothing is prepared. What was left unsaid, and what tools, keys and transfers wait for, comes before anything new."""
        agent = self._agent
        if silent and self._resuming.go_on():
            return
        if silent and not self._shared.held:
            agent.tools.press()
        if agent.tools.slow:
            if silent:
                self._waiting.go_on()
        elif not agent.transfers.coming:
            self._begin(silent)
        elif silent:
            self._handover.go_on()

    def _farewell(self, generation: Generation, message: str) -> None:
        """The model ends the call."""
        if generation.why:
            self._shared.note("end_call_reason", generation.why)
        self._ending.close("end_call_tool", message)

    def _opted_out(self) -> bool:
        """Whether the caller has just asked not to be called any more: that is answered at once, by us and not by the model."""
        shared, agent, turn = self._shared, self._agent, self._turn
        plan = shared.plan
        if not turn.ready or not self.greeted or turn.typing or shared.held or agent.transfers.busy:
            return False
        if not self._asks_not_to_be_called():
            return False
        text = turn.words.text()
        agent.withdraw("opted_out")
        agent.take_words()
        shared.emit(OptedOut(agent.turn_number, text))
        self._ending.close("opted_out", plan.opt_out_message)
        return True

    def _asks_not_to_be_called(self) -> bool:
        """Whether the words so far say so, where the agent heeds it."""
        text, plan = self._turn.words.text(), self._shared.plan
        if not plan.opt_out or text == self._no_opt_out:
            return False
        if opt_out.said(text, plan.language):
            return True
        self._no_opt_out = text
        return False

    def _is_not_over(self) -> bool:
        """Whether a reply that was just released leaves something to do at once: one of tools alone, or a transfer that was refused."""
        agent = self._agent
        return agent.audible is None or (agent.owed.reply and not agent.tools.running)

    def _begin(self, silent: bool) -> None:
        """Nothing is prepared: ask the model if there is something to answer."""
        agent, turn = self._agent, self._turn
        if agent.tools.busy or agent.transfers.busy or not self.greeted or turn.typing or self._shared.held:
            return
        if silent:
            if agent.owed.again is not None and (self._say_again(agent.owed.again) or self._resuming.go_on()):
                return
            if agent.owed.apology and self._apologise():
                return
            if agent.owed.greeting and not agent.turn_number and turn.state == "quiet" and not turn.words.count:
                # A caller who has spoken meanwhile is answered instead.
                self._welcome()
                return
            if turn.ready:
                agent.ask()
                return
            if self._shared.plan.speculate and turn.likely and agent.guesses < SPECULATIONS_MOST:
                agent.ask(certain=False)
                return
        lost = agent.audible is not None and agent.audible.speech.lost  # which is said before anything else
        calm = turn.state == "quiet" or (turn.state != "talking" and not turn.words.count and turn.wordless.outwaited)
        if agent.owed.reply and not lost and not agent.owed.apology and calm:
            turn.wordless.spent = turn.wordless.spent or turn.wordless.outwaited
            agent.ask()

    def _apologise(self) -> bool:
        """No answer could be had: say so, unless the caller goes on, or has said something else, and will be answered anyway. Returns
        whether the agent is occupied with it, or with what it stood before."""
        agent, turn, plan = self._agent, self._turn, self._shared.plan
        agent.owed.apology = False
        new = turn.words.count and normalised(turn.words.text()) != normalised(agent.owed.unanswered)
        if turn.state == "talking" or new:
            return self._resuming.go_on()
        agent.take_words()
        agent.owed.reply = False
        agent.owed.retried = False
        return agent.say("apology", self._shared.rendered(plan.apology_message), agent.turn_number)

    def _say_again(self, generation: Generation) -> bool:
        """Words whose voice failed: prepared ones are said again, for the others the model is asked again; returns whether any are said."""
        agent = self._agent
        agent.owed.again = None
        if generation.purpose == PURPOSE:
            # The tool has answered meanwhile.
            return False
        if generation.request:
            agent.owed.reply = True
            return False
        if generation.purpose == "transfer":
            return False  # it was called off meanwhile
        return agent.say(generation.purpose, generation.speech.text, generation.turn)

    def _commit(self) -> None:
        """The caller of a speculative reply has finished."""
        pending = self._agent.pending
        if pending is not None and pending.state == "speculative" and self._turn.ready:
            self._agent.commit()

    def _decide(self) -> None:
        """What the caller said while a reply was prepared is known, or waited for in vain: the reply answers it all or is taken back."""
        pending, turn = self._agent.pending, self._turn
        if pending is None or not pending.doubted or turn.typing:
            return
        if not (_is_settled(turn) or self._is_outwaited(pending)):
            return
        pending.doubted_us = -1
        if self._answers_all(pending):
            turn.wordless.spent = turn.wordless.spent or turn.wordless.outwaited
            self._shared.emit(CloseUtterance(turn.voiced_end_ms))  # what is said from here on is the next turn
            # Behind a tool's answer there was nothing to answer: now there is this, which the reply has heard out.
            pending.asked = pending.asked or turn.words.text()
        else:
            self._agent.withdraw("caller_continued")

    def _answers_all(self, pending: Generation) -> bool:
        turn = self._turn
        if normalised(turn.words.text()) == normalised(pending.asked):
            return True
        return only_waits(self._shared, turn, pending.asked, certain=True)

    def _is_outwaited(self, pending: Generation) -> bool:
        """Whether sounds without words, one after the other, have held the reply back for long enough. Who has waited for a tool already
        waits no longer than the words of one sound take."""
        shared, turn = self._shared, self._turn
        if turn.state == "talking" or not turn.words.all_final or not self._answers_all(pending):
            return False
        wordless = turn.wordless
        # The words of one sound are always waited for, and longer where nothing was held back by these sounds before.
        least_ms = RESUME_MS + FINAL_WAIT_MS if wordless.spent else DOUBT_MOST_MS
        due_us = max(wordless.due_us, pending.doubted_us + least_ms * 1000)
        if not (pending.asked or turn.words.count):
            due_us = min(due_us, shared.call_us(turn.voiced_end_ms) + FINAL_WAIT_MS * 1000)
        if shared.now_us < due_us:
            shared.timers.arm("gate", due_us)
        return shared.now_us >= due_us

    def _release(self, generation: Generation) -> bool:
        """Perform the committed reply once it can be heard, the caller is silent and the floor time has passed; returns whether it was."""
        shared, agent, turn = self._shared, self._agent, self._turn
        speech = generation.speech
        if generation.state == "speculative" or turn.state == "talking" or turn.typing or shared.held:
            return False
        if agent.audible is not None:
            return False
        acts = not generation.answering and (generation.calls or (generation.farewell and not speech.clauses))
        if generation.doubted or not (speech.ready or acts):
            return False
        if generation.request:
            # Also where no new words are answered: whoever made a sound may be going to say some.
            plan = shared.plan
            voiced_end_us = shared.call_us(turn.voiced_end_ms)
            gate_us = voiced_end_us + plan.incremental_delay_ms * 1000
            if agent.interrupted_us >= 0:  # by words or by keys, whatever the agent was saying
                if self._backoff[0] != generation.number:
                    # Once for each: a noise in the meantime must not hold it back again and again. New words make a new one.
                    self._backoff = (generation.number, agent.backs_off_until_us)
                gate_us = max(gate_us, self._backoff[1])
            if self._held[0] != generation.number:
                self._held = (generation.number, shared.now_us)
            backoff_us = self._backoff[1] if self._backoff[0] == generation.number else 0
            most_us = turn.wordless.due_us if turn.wordless.spent else self._held[1] + DOUBT_MOST_MS * 1000
            gate_us = min(gate_us, max(most_us, backoff_us))
            if shared.now_us < gate_us:
                shared.timers.arm("gate", gate_us)
                return False
        agent.perform()
        if agent.finished is not None:
            finished, agent.finished = agent.finished, None
            self._look_back(finished)
        return True

    def _is_midway(self) -> bool:
        """Whether the caller speaks or types, or has just spoken and is still read: half of that ("please don't" - "cancel it") may say the
        opposite of it."""
        shared, turn = self._shared, self._turn
        if turn.state == "talking" or turn.typing:
            return True
        return not turn.words.all_final and shared.now_us < shared.call_us(turn.voiced_end_ms) + STILL_READ_MS * 1000


def _is_settled(turn: CallerTurn) -> bool:
    """Whether the turn waits for nothing: the agent should answer, or nobody has said anything."""
    return turn.ready or turn.state == "quiet"


def _is_bounded(shared: SharedState, turn: CallerTurn) -> bool:
    """Whether a deadline ends the wait for the end of the turn."""
    waits = ("stale", "still") if turn.state == "talking" else ("rest", "patience", "words", "least")
    return _is_settled(turn) or any(map(shared.timers.armed, waits))
