"""What if the agent had been another from a turn on? A recorded call up to there, then the real core under a virtual clock.

The recorded inputs before the turn go through the core as they were, and must do what they did. Then the plan is changed, and the run goes
on: the model is asked anew, the caller says what they said in the recording for as long as it fits, tools answer as recorded and are never
called, nobody is transferred. Everything is text: voice, line and ears take the time they took in the recording. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import event_from_wire
from callwright.conversation.plan import CallPlan
from callwright.domain.errors import BadInputError
from callwright.insight.difference import report
from callwright.insight.side_by_side import Line
from callwright.insight.view import CallView, view_of
from callwright.insight.waterfall import waterfall
from callwright.ports.model import ModelDelta
from callwright.simulation.trace import Step
from callwright.simulation.weather import Weather
from callwright.simulation.whatif_caller import WhatIfCaller
from callwright.simulation.whatif_recording import Recording, difference_before, recording_of, wire_of, wire_of_effect
from callwright.simulation.whatif_services import WhatIfModel, WhatIfTools, WhatIfVoice
from callwright.simulation.world import World


class Answers(Protocol):
    """Who answers for the model. Both calls block until the whole answer is there; a ProviderError is an event of the run."""

    def reply(self, ask: fx.AskModel) -> Sequence[ModelDelta]:
        """The answer, piece by piece."""
        ...

    def judge(self, ask: fx.AskClassifier) -> bool:
        """Yes or no."""
        ...


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How it went on. ``before`` and ``after`` are the conversations from the turn on, as recorded and as run; ``ended``: why it is over.

    ``lasted_ms`` are the milliseconds from the answer to the end, as recorded and as run. ``remarks``: what could not be as in a call.
    ``log`` is the run as a log, which is never a call's: it may be asked what if again.
    """

    from_turn: int
    before: tuple[Line, ...]
    after: tuple[Line, ...]
    ended: str
    lasted_ms: tuple[int, int]
    remarks: tuple[str, ...]
    log: str


def what_if(
    view: CallView,
    from_turn: int,
    change: Callable[[CallPlan], CallPlan],
    answers: Answers,
    *,
    keep_going: bool = False,
) -> WhatIf:
    """Run on from ``from_turn`` (0: from the beginning) with the plan that ``change`` makes of the recorded one.

    The caller's later words are said while each reply has at least half of its words in common with the recorded one they answered, or,
    with ``keep_going``, whatever the agent says. Raises BadInputError: no such turn, or a log today's core does not repeat that far.
    """
    recording = recording_of(view, from_turn)
    world = World(Random(view.header.seed), Weather("none"))
    _repeat(world, recording, change)
    caller = WhatIfCaller(world, recording, keep_going=keep_going)
    voice = WhatIfVoice(world, recording, caller.released)
    WhatIfModel(world, recording, answers)
    tools = WhatIfTools(world, recording)
    voice.take_over(world.trace.steps)
    for event in recording.under_way():
        world.after_ms(max(0, (event.at_us - world.now_us) // 1000), voice.unless_called_off, event)
    caller.begin()
    trace = world.run()
    if trace.broken:
        raise BadInputError(f"the what-if breaks a rule of the conversation: {trace.broken}")
    log = trace.log()
    run = view_of(log)
    remarks = (*caller.remarks, *tools.remarks)
    lasted_ms = (view.conversation_ms, run.conversation_ms)
    sides = _lines(view, from_turn), _lines(run, from_turn)
    return WhatIf(from_turn, *sides, _ending(trace.steps, caller), lasted_ms, remarks, log)


def _repeat(world: World, recording: Recording, change: Callable[[CallPlan], CallPlan]) -> None:
    """The recorded inputs before the cut, each of which must do what it did; then the other plan."""
    if recording.cut_us == 0:
        started = recording.started
        world.take(ev.Started(started.at_us, change(started.plan), started.variables, started.seed))
        return
    waiting: list[str] = []
    for entry in recording.before():
        if entry.direction == "out":
            now = waiting.pop(0) if waiting else ""
            if now != wire_of(entry.type, entry.values):
                raise _unlike(report(difference_before(recording, entry, now)))
            continue
        if waiting:
            raise _unlike([f"today's core also has {waiting[0]} before entry {entry.seq}"])
        world.take(event_from_wire(entry.type, entry.at_us, entry.values))
        waiting = [wire_of_effect(effect) for effect in world.trace.steps[-1][1]]
    world.conversation.revise(change(recording.started.plan))


def _unlike(lines: Sequence[str]) -> BadInputError:
    told = " ".join(line.strip() for line in lines)
    return BadInputError(f"today's core does not repeat this call up to that turn ({told}); take an earlier turn, or 0")


def _lines(view: CallView, from_turn: int) -> tuple[Line, ...]:
    """What both said from a turn on, in order, each first answer of a turn with the time the caller waited for it."""
    waits = {one.turn: one.total_us // 1000 for one in waterfall(view)}
    lines: list[Line] = []
    for entry in view.of("UserSaid", "AgentSaid"):
        turn, agents = int(entry.values["turn"]), entry.type == "AgentSaid"
        if turn < from_turn:
            continue
        wait_ms = waits.pop(turn, None) if agents else None
        cut = bool(entry.values.get("cut"))
        lines.append(Line("agent" if agents else "caller", turn, str(entry.values["text"]), cut, wait_ms))
    return tuple(lines)


def _ending(steps: Sequence[Step], caller: WhatIfCaller) -> str:
    """Why the run is over: the agent hung up or handed the caller over, or the caller had no more to say."""
    for _, effects in steps:
        for effect in effects:
            if isinstance(effect, fx.HangUp):
                return f"the agent ended the call ({effect.reason})"
            if isinstance(effect, fx.TransferSettled) and effect.transferred:
                return "the agent handed the caller over (in the what-if to nobody)"
    return caller.left or "the call was over"
