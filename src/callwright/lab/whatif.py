"""What if the agent had been another from a turn on? A recorded call up to there, then the real core under a virtual clock.

The recorded inputs before the turn go through the core as they were, and must do what they did. Then the plan is changed, and they go on as
they were for as long as the agent does what it did. From the turn on in which it first does otherwise the rest is simulated: the model is
asked anew, the caller says what they said in the recording for as long as it fits, tools answer as recorded and are never called, nobody is
transferred. Everything is text: voice, line and ears take the time they took in the recording. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from callwright.conversation import effects as fx
from callwright.conversation.log import entry_line, read_log
from callwright.conversation.plan import CallPlan
from callwright.conversation.replay import Difference
from callwright.domain.errors import BadInputError
from callwright.insight.difference import report
from callwright.insight.side_by_side import Line, first_difference
from callwright.insight.view import CallView, view_of
from callwright.insight.waterfall import waterfall
from callwright.lab.trace import Step, Trace
from callwright.lab.whatif_answers import Answers, RecordedAnswers
from callwright.lab.whatif_caller import NO_MORE, WhatIfCaller
from callwright.lab.whatif_following import Following, follow, revise
from callwright.lab.whatif_lines import untold
from callwright.lab.whatif_recording import Recording, cut_before, recording_of
from callwright.lab.whatif_services import (
    WhatIfModel,
    WhatIfTools,
    WhatIfVoice,
    answered_as_recorded,
    nobody_transferred,
)
from callwright.lab.world import Weather, World

END_OF_TURN = ("incremental_delay_ms", "endpointing_ms", "patience_ms", "turn_model", "turn_threshold_ppm")
"""Fields of a plan that decide when the caller has finished."""
INEXACT_MS = 500
"""A simulation with nothing changed that lasts so much longer or shorter than the call is said not to be exact."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How it went on. ``before`` and ``after`` are the conversations from the turn on, as recorded and as run; ``ended``: why it is over.

    ``simulated_from``: the turn from which it is no longer the recording, None where the agent did nothing otherwise to its end.
    ``lasted_ms`` are the milliseconds from the answer to the end, as recorded and as run. ``remarks``: what could not be as in a call.
    ``log`` is the run as a log, which is never a call's: it may be asked what if again.
    """

    from_turn: int
    simulated_from: int | None
    before: tuple[Line, ...]
    after: tuple[Line, ...]
    ended: str
    lasted_ms: tuple[int, int]
    remarks: tuple[str, ...]
    log: str


@dataclass(frozen=True, slots=True)
class _Course:
    """How a run went: the steps of the core, why it ended, and what was not as in a call."""

    trace: Trace
    ended: str
    remarks: tuple[str, ...] = ()


def what_if(
    view: CallView,
    from_turn: int,
    change: Callable[[CallPlan], CallPlan],
    answers: Answers,
    *,
    keep_going: bool = False,
) -> WhatIf:
    """Run on from ``from_turn`` (0: from the beginning) with the plan that ``change`` makes of the recorded one.

    What came in is what came in in the recording, to the turn in which the agent first does otherwise (or in which a model is asked that
    is not ``RecordedAnswers``); from there on it is simulated. The caller's later words are said while each reply has at least half of its
    words in common with the recorded one they answered, or, with ``keep_going``, whatever the agent says. Raises BadInputError: no such
    turn, or a log today's core does not repeat that far; LogFormatError: an entry that this version does not know.
    """
    cut_us = cut_before(view, from_turn)
    recorded = answers if isinstance(answers, RecordedAnswers) else None
    held = follow(view, cut_us, change, answers_recorded=recorded is not None)
    if held.parted is not None and held.parted.at_us < cut_us:
        raise _unlike(held.parted)
    simulated_from = None if held.until_us is None else _turn_at(view, from_turn, held.until_us)
    remarks = _as_recorded(held, cut_us, None if simulated_from is None else cut_before(view, simulated_from))
    if simulated_from is None:
        course = _Course(Trace(steps=list(held.steps)), _ending(held.steps, _left(view)))
    else:
        if recorded is not None:
            recorded.go_on_from(simulated_from)
        course = _simulated(view, simulated_from, held, _Change(cut_us, change), answers, keep_going=keep_going)
        remarks += (*_doubts(view, simulated_from, held), *course.remarks)
    log = _with_line(course.trace.log(), view)
    run = view_of(log)
    lasted_ms = (view.conversation_ms, run.conversation_ms if simulated_from is not None else view.conversation_ms)
    waits = {turn: ms for turn, ms in _waits(view).items() if simulated_from is None or turn < simulated_from}
    sides = _lines(view, from_turn, _waits(view)), _lines(run, from_turn, {**_waits(run), **waits})
    return WhatIf(from_turn, simulated_from, *sides, course.ended, lasted_ms, remarks, log)


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of the plan, and when (0: from the beginning)."""

    at_us: int
    plan: Callable[[CallPlan], CallPlan]


def _simulated(
    view: CallView, turn: int, held: Following, change: _Change, answers: Answers, *, keep_going: bool
) -> _Course:
    """The recording to a turn, and a simulation of the rest."""
    recording = recording_of(view, turn)
    world = World(Random(view.header.seed), Weather("none"))
    _repeat(world, recording, held, change)
    caller = WhatIfCaller(world, recording, keep_going=keep_going)
    voice = WhatIfVoice(world, recording, caller.released)
    model = WhatIfModel(world, recording, answers, caller.leave)
    tools = WhatIfTools(world, recording)
    voice.take_over(world.trace.steps)
    for event in recording.under_way():
        world.after_ms(max(0, (event.at_us - world.now_us) // 1000), voice.unless_called_off, event)
    caller.begin()
    trace = world.run()
    if trace.broken:
        raise BadInputError(f"the what-if breaks a rule of the conversation: {trace.broken}")
    ended = _ending(trace.steps, caller.left or "the call was over")
    old, new = recording.started.plan, change.plan(recording.started.plan)
    caveats: list[str] = []
    if any(getattr(new, name) != getattr(old, name) for name in END_OF_TURN):
        caveats = untold(recording.lines, recording.ears, asks_turn_model=new.turn_model)
    return _Course(trace, ended, (*caveats, *caller.remarks, *model.remarks, *tools.remarks))


def _repeat(world: World, recording: Recording, held: Following, change: _Change) -> None:
    """The recorded inputs before the cut, in which the agent did as it had; the other plan from when it is changed on."""
    started, plan = recording.started, recording.started.plan
    if recording.cut_us == 0:
        world.take(replace(started, plan=change.plan(plan)))
        return
    waits = change.at_us > 0
    for event, _ in held.steps:
        if event.at_us >= recording.cut_us:
            break
        if waits and event.at_us >= change.at_us:
            revise(world.conversation, plan, change.plan)
            waits = False
        world.take(event)
    if waits:
        revise(world.conversation, plan, change.plan)


def _turn_at(view: CallView, from_turn: int, at_us: int) -> int:
    """The last turn whose words had begun then; ``from_turn`` before all others."""
    turns = {int(entry.values["turn"]) for entry in view.of("UserSaid")}
    begun = [turn for turn in turns if turn > from_turn and cut_before(view, turn) <= at_us]
    return max(begun, default=from_turn)


def _as_recorded(held: Following, from_us: int, until_us: int | None) -> tuple[str, ...]:
    """What was done in the recorded part that a what-if does not do."""
    remarks: list[str] = []
    for event, effects in held.steps:
        if event.at_us < from_us or (until_us is not None and event.at_us >= until_us):
            continue
        for effect in effects:
            if isinstance(effect, fx.Transfer):
                remarks.append(nobody_transferred(effect))
            elif isinstance(effect, fx.CallTool | fx.SendKeys):
                remarks.append(answered_as_recorded(effect))
    return tuple(remarks)


def _doubts(view: CallView, turn: int, held: Following) -> list[str]:
    """Why the simulation of the rest may be another conversation than the recorded one, the change apart: it is run without it, too."""
    unchanged = follow(view, 0, _same)
    if unchanged.until_us is not None and held.until_us is not None and unchanged.until_us <= held.until_us:
        when = f"{max(0, unchanged.until_us - (view.answered_us or 0)) / 1e6:.1f} s after the answer"
        return [f"with nothing changed, too, today's core does otherwise than the recording, {when}"]
    try:
        course = _simulated(view, turn, unchanged, _Change(0, _same), RecordedAnswers(view, turn), keep_going=False)
    except BadInputError as error:
        return [f"a simulation of this call from turn {turn} on says little: {error.message}"]
    run = view_of(course.trace.log())
    told = first_difference(_lines(view, turn, {}), _lines(run, turn, {}))
    if not told and abs(run.conversation_ms - view.conversation_ms) >= INEXACT_MS:
        told = f"it lasts {run.conversation_ms:,} ms"
    exact = f"the simulation from turn {turn} on is not exact here: with nothing changed, too, it differs from the recording"
    return [f"{exact} ({told})"] if told else []


def _same(plan: CallPlan) -> CallPlan:
    return plan


def _with_line(log: str, view: CallView) -> str:
    """The run's log with the fact that tells when the caller's audio began, if that was not with the answer."""
    later_us = view.audio_began_us - (view.answered_us or 0)
    if not later_us:
        return log
    last = read_log(log)[1][-1]
    return log + entry_line(last.seq + 1, last.at_us, "leg", "fact", "recording", {"caller_from_us": later_us})


def _left(view: CallView) -> str:
    return NO_MORE if view.first("LegEnded") else "the recording breaks off"


def _unlike(parted: Difference) -> BadInputError:
    told = " ".join(line.strip() for line in report(parted))
    return BadInputError(f"today's core does not repeat this call up to that turn ({told}); take an earlier turn, or 0")


def _waits(view: CallView) -> dict[int, int]:
    """By turn, the milliseconds the caller waited for the first answer."""
    return {one.turn: one.total_us // 1000 for one in waterfall(view)}


def _lines(view: CallView, from_turn: int, waits: Mapping[int, int]) -> tuple[Line, ...]:
    """What both said from a turn on, in order, each first answer of a turn with the time the caller waited for it."""
    left = dict(waits)
    lines: list[Line] = []
    for entry in view.of("UserSaid", "AgentSaid"):
        turn, agents = int(entry.values["turn"]), entry.type == "AgentSaid"
        if turn < from_turn:
            continue
        wait_ms = left.pop(turn, None) if agents else None
        cut = bool(entry.values.get("cut"))
        lines.append(Line("agent" if agents else "caller", turn, str(entry.values["text"]), cut, wait_ms))
    return tuple(lines)


def _ending(steps: Sequence[Step], otherwise: str) -> str:
    """Why the run is over: the agent hung up or handed the caller over, or ``otherwise``."""
    for _, effects in steps:
        for effect in effects:
            if isinstance(effect, fx.HangUp):
                return f"the agent ended the call ({effect.reason})"
            if isinstance(effect, fx.TransferSettled) and effect.transferred:
                return "the agent handed the caller over (in the what-if to nobody)"
    return otherwise
