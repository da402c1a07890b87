"""The conversation core: events with a time in, effects out. It opens nothing, reads no clock and draws no randomness.

    conversation = Conversation()
    effects = conversation.step(event)          # perform them in order
    due_us = conversation.next_deadline()       # step(DeadlineReached(due_us)) when it is reached

Deadlines due at or before an event's time fire before the event, each as of its own due time, so that a late runner cannot
change the result. `table.py` says what each event does in each phase, `conduct.py` what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import RING_GRACE_MS
from callwright.conversation.conduct import Conductor
from callwright.conversation.ending import AGENT, ERROR, MAXIMUM, Ending
from callwright.conversation.hearing import Hearing
from callwright.conversation.history import History, system_text
from callwright.conversation.hold import Hold
from callwright.conversation.invariants import require
from callwright.conversation.keys import Keys
from callwright.conversation.overlap import Echoes
from callwright.conversation.plan import CallPlan
from callwright.conversation.playing import Playing
from callwright.conversation.shared_state import SharedState
from callwright.conversation.silence import Silence
from callwright.conversation.stops import phrasebook
from callwright.conversation.table import ACTIONS, PHASES
from callwright.conversation.thinking import Thinking
from callwright.conversation.timers import FAR_US
from callwright.conversation.transfer import JOINED
from callwright.conversation.turn import CallerTurn
from callwright.conversation.voicemail import PURPOSE as VOICEMAIL
from callwright.conversation.voicemail import Voicemail
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_RING_SECONDS

Handler = Callable[[Any], None]

MAX_DEADLINES_PER_STEP = 10_000
"""More deadlines between two events mean that one re-arms itself in place."""


class Conversation:
    """One call. Raises BrokenInvariantError from ``step`` when a rule of ``invariants`` does not hold; the call must then be ended."""

    __slots__ = (
        "_agent",
        "_conductor",
        "_ending",
        "_handlers",
        "_hearing",
        "_hold",
        "_keys",
        "_playing",
        "_shared",
        "_silence",
        "_thinking",
        "_timers",
        "_turn",
        "_voicemail",
    )

    def __init__(self) -> None:
        self._shared = shared = SharedState()
        self._turn = turn = CallerTurn(shared)
        self._agent = agent = AgentTurn(shared, turn, History(""))
        self._ending = ending = Ending(shared, agent, turn)
        self._silence = Silence(shared, agent, ending)
        echoes = Echoes(shared, agent, turn)
        self._hearing = Hearing(shared, agent, turn, ending, echoes)
        self._keys = Keys(shared, agent, turn)
        self._hold = Hold(shared, agent)
        self._thinking = Thinking(shared, agent, ending)
        self._playing = Playing(shared, agent, ending)
        self._voicemail = Voicemail(shared, agent, turn, ending)
        self._conductor = Conductor(shared, agent, turn, ending, self._silence, self._thinking, self._voicemail, echoes)
        handlers = self._actions()
        self._handlers: Mapping[str, Mapping[type, Handler]] = {
            phase: {event: handlers[actions[column]] for event, actions in ACTIONS.items()}
            for column, phase in enumerate(PHASES)
        }
        self._timers = self._deadlines()

    def step(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        """Take ``event`` in; returns what to do, in order. An event older than the last one counts as of now."""
        shared = self._shared
        at_us = event.at_us
        if shared.timers.next_us <= at_us:
            self._fire_until(at_us)
        if at_us > shared.now_us:
            shared.now_us = at_us
        self._handlers[shared.phase][type(event)](event)
        self._conductor.settle()
        if shared.timers.next_us <= shared.now_us:
            self._fire_until(shared.now_us)
        self._conductor.check()
        if not shared.effects:
            return ()
        effects = tuple(shared.effects)
        shared.effects.clear()
        return effects

    def next_deadline(self) -> int | None:
        """When the core wants to be woken (call-relative microseconds), or None."""
        due_us = self._shared.timers.next_us
        return None if due_us == FAR_US else due_us

    def close(self) -> None:
        """No event follows. The tables of methods, which refer back to the conversation, are dropped: its memory is free as soon as nobody
        has it, without the garbage collector."""
        self._handlers = {}
        self._timers = {}

    def revise(self, plan: CallPlan) -> None:
        """Go on with other settings: for what-if runs alone (``lab.whatif``). A call keeps the plan it was started with."""
        shared = self._shared
        shared.plan = plan
        shared.book = phrasebook(plan.language)
        self._agent.history.begin(system_text(plan, shared.variables))
        self._silence.update(False)  # the next step begins the silence anew, by the new limits
        if shared.phase == "live":
            self._limit_duration()

    @property
    def ended(self) -> bool:
        """Whether the call is over: nothing but facts and notes follow."""
        return self._shared.phase == "ended"

    @property
    def state(self) -> str:
        """Where the conversation stands: a phase of ``table.PHASES``, and within ``live`` who does what."""
        phase, agent = self._shared.phase, self._agent
        if phase != "live":
            return phase
        if self._voicemail.holds:
            return "machine"
        if not self._conductor.greeted:
            return "greeting"
        if agent.audible is not None:
            if agent.audible.state == "clearing":
                return "clearing"
            return "welcoming" if agent.audible.purpose == "welcome" else "speaking"
        if agent.pending is not None:
            return "thinking"
        if agent.transfers.state == "requested":
            return "transferring"
        if agent.tools.busy or agent.transfers.busy:
            return "working"
        return "listening" if self._turn.state == "quiet" else "hearing"

    def _fire_until(self, at_us: int) -> None:
        shared = self._shared
        timers = shared.timers
        for _ in range(MAX_DEADLINES_PER_STEP):
            due_us, name = timers.next_us, timers.next_name
            if due_us > at_us:
                return
            shared.now_us = max(shared.now_us, due_us)
            timers.cancel(name)
            self._timers[name]()
            self._conductor.settle()
        require(False, "deadlines come to an end", timers.next_name)

    def _actions(self) -> dict[str, Handler]:
        hearing, thinking, playing = self._hearing, self._thinking, self._playing
        return {
            "keep": self._keep,
            "note": self._note,
            "start": self._start,
            "answer": self._answer,
            "stop": self._stop,
            "leg_ended": self._leg_ended,
            "failed": self._failed,
            "failed_early": self._failed_early,
            "failed_closing": self._failed_closing,
            "late_words": self._late_words,
            "began": hearing.began,
            "ended": hearing.ended,
            "partial": self._partial,
            "final": self._final,
            "goodbye_began": self._over_goodbye(hearing.began, self._keep),
            "goodbye_ended": self._over_goodbye(hearing.ended, self._keep),
            "goodbye_partial": self._over_goodbye(hearing.partial, hearing.collect_partial),
            "goodbye_final": self._over_goodbye(hearing.final, hearing.collect_final),
            "goodbye_recogniser_end": self._over_goodbye(hearing.recogniser_end, self._keep),
            "goodbye_verdict": self._over_goodbye(hearing.verdict, self._keep),
            "goodbye_held": self._over_goodbye(self._hold.change, self._keep),
            "collect_partial": hearing.collect_partial,
            "collect_final": hearing.collect_final,
            "early_words": hearing.early_words,
            "eager": hearing.eager,
            "recogniser_end": hearing.recogniser_end,
            "resumed": hearing.resumed,
            "verdict": hearing.verdict,
            "key": hearing.key,
            "press": self._keys.press,
            "held": self._hold.change,
            "transfer": self._transfer,
            "text": thinking.text,
            "tool": thinking.tool,
            "reply_ended": thinking.ended,
            "result": thinking.result,
            "classified": self._classified,
            "machine": self._voicemail.sensed,
            "asset_played": self._agent.lanes.ended,
            "voice_ready": playing.voice_ready,
            "voice_finished": playing.voice_finished,
            "playout": playing.playout,
            "mark": playing.mark,
            "cleared": playing.cleared,
        }

    def _deadlines(self) -> dict[str, Callable[[], None]]:
        turn = self._turn
        return {
            "ring": self._ring_out,
            "welcome": self._conductor.greet,
            "voicemail": self._voicemail.expire,
            "voicemail_check": self._voicemail.check,
            "voicemail_beep": self._voicemail.give_up_beep,
            "voicemail_quiet": self._voicemail.expire_quiet,
            "filler": self._agent.lanes.fill,
            "maximum": self._reach_maximum,
            "greeting": self._agent.greeting_late,
            "rest": lambda: turn.expire("rest"),
            "patience": lambda: turn.expire("patience"),
            "words": lambda: turn.expire("words"),
            "still": lambda: turn.expire("still"),
            "stale": lambda: turn.expire("stale"),
            "resume": self._hearing.expire_resume,
            "backoff": lambda: None,  # settling after it goes on with what was left unsaid
            "gate": lambda: None,  # settling after it releases the reply
            "caller_first": lambda: None,  # settling after it asks for the transfer
            "least": lambda: None,  # settling after it finds the turn ready
            "keys": turn.enter,
            "hold": self._hold.expire,
            "transfer": self._agent.transfers.expire,
            "connecting": self._agent.transfers.stop_connecting,
            "handed": self._ending.let_go,
            "answer": self._thinking.expire_answer,
            "tool": self._agent.tools.expire,
            "waiting": lambda: None,  # settling after it says the next waiting message
            "voice": self._playing.expire_voice,
            "playout": self._playing.expire_playout,
            "cleared": self._playing.expire_cleared,
            "silence": self._silence.expire,
            "goodbye": self._ending.cut_short,
            "leave": self._ending.give_up_leg,
        }

    def _over_goodbye(self, listen: Handler, otherwise: Handler) -> Handler:
        """The caller is listened to as ever over a goodbye that their words may take back."""
        return lambda event: listen(event) if self._ending.revocable else otherwise(event)

    def _keep(self, event: ev.Event) -> None:
        """The log holds it; nothing follows."""

    def _note(self, event: ev.Event) -> None:
        self._shared.note("unused_event", type(event).__name__)

    def _start(self, event: ev.Started) -> None:
        shared = self._shared
        shared.plan = event.plan
        shared.book = phrasebook(event.plan.language)
        self._turn.patience.begin()
        shared.given = shared.variables = dict(event.variables)
        shared.phase = "dialling"
        self._agent.history.begin(system_text(event.plan, shared.variables))
        self._agent.lanes.begin(event.seed)
        shared.after_ms("ring", MAX_RING_SECONDS * 1000 + RING_GRACE_MS)

    def _answer(self, _event: ev.Answered) -> None:
        shared = self._shared
        shared.phase = "live"
        shared.answered = True
        shared.answered_us = shared.now_us
        shared.timers.cancel("ring")
        self._limit_duration()
        shared.emit(fx.StartRecording())
        self._agent.lanes.answer()
        self._voicemail.answer()
        if shared.plan.voicemail and shared.plan.voicemail_listen_ms > 0:
            shared.after_ms("welcome", shared.plan.voicemail_listen_ms)
        else:
            self._conductor.greet()

    def _limit_duration(self) -> None:
        shared = self._shared
        wanted_ms, most_ms = shared.plan.call_terminate_ms, MAX_CALL_SECONDS * 1000
        lasts_ms = wanted_ms if 0 < wanted_ms < most_ms else most_ms
        shared.timers.arm("maximum", max(shared.answered_us + lasts_ms * 1000, shared.now_us + 1))

    def _partial(self, event: ev.TranscriptPartial) -> None:
        self._hearing.partial(event)
        self._voicemail.heard(event, False)

    def _final(self, event: ev.TranscriptFinal) -> None:
        self._hearing.final(event)
        self._voicemail.heard(event, True)

    def _classified(self, event: ev.ClassifierVerdict) -> None:
        if event.purpose == VOICEMAIL:
            self._voicemail.judged(event)
        elif not self._voicemail.holds:
            self._thinking.classified(event)

    def _stop(self, event: ev.StopRequested) -> None:
        self._ending.hang_up(event.by, event.reason)

    def _transfer(self, event: ev.TransferProgress) -> None:
        if self._agent.transfers.progress(event):
            self._ending.hand_over(stays=event.state == JOINED)

    def _leg_ended(self, event: ev.LegEnded) -> None:
        self._ending.finish(event.generation, event.played_ms)

    def _late_words(self, event: ev.TranscriptFinal) -> None:
        last_words = self._ending.last_words
        if last_words is not None:
            last_words.hear(event)
        elif event.text:
            self._shared.note("words_after_end", event.text)

    def _ring_out(self) -> None:
        self._shared.note("leg_silent")
        self._ending.hang_up(AGENT, "not_answered")

    def _reach_maximum(self) -> None:
        if self._shared.phase == "live":
            if self._voicemail.holds:
                self._voicemail.close()
            else:
                self._ending.close(MAXIMUM, self._shared.plan.hangup_message, cut=True)
        self._ending.hasten()

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "model":
            if not self._voicemail.forget_question(event.request):
                self._thinking.failed(event)
        elif event.kind == "voice":
            self._playing.failed(event)
        elif event.kind == "transcriber":
            self._shared.deaf = True
        elif event.kind == "turn":
            self._turn.judge_failed()
        elif event.kind == "tool" and event.request:
            self._thinking.result(ev.ToolResult(event.at_us, event.request, False, event.message))
        else:
            self._note(event)

    def _failed_early(self, event: ev.ProviderFailed) -> None:
        """Before the answer: a call that cannot be heard or spoken is not worth answering."""
        if event.kind == "transcriber":
            self._ending.hang_up(ERROR, "transcriber_error")
        else:
            self._note(event)

    def _failed_closing(self, event: ev.ProviderFailed) -> None:
        if event.kind in ("model", "voice", "tool", "transcriber"):
            self._failed(event)
