"""How far a recording holds for another agent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.lab.recorded_calls import Script, bare, header, written

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import Entry
from callwright.conversation.plan import CallPlan
from callwright.insight.view import CallView, view_of
from callwright.lab.trace import Trace
from callwright.lab.whatif import what_if
from callwright.lab.whatif_following import follow
from callwright.lab.whatif_recording import cut_before

PLAN = CallPlan(welcome_message="Hello, this is the bakery.", incremental_delay_ms=100, call_terminate_ms=0)


def recorded(plan: CallPlan = PLAN) -> CallView:
    seed = bare(plan, ["A table for two please.", "Tonight at eight."])
    return view_of(what_if(seed, 0, lambda _: plan, Script("For when?", "Done."), keep_going=True).log)


VIEW = recorded()


def same(plan: CallPlan) -> CallPlan:
    return plan


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_with_the_same_plan_it_holds_to_the_end(turn: int) -> None:
    held = follow(VIEW, cut_before(VIEW, turn), same)
    assert held.until_us is None
    assert len(held.steps) == len([entry for entry in VIEW.entries if entry.direction == "in"])


def test_it_holds_until_the_first_thing_that_is_done_otherwise() -> None:
    held = follow(VIEW, cut_before(VIEW, 2), lambda plan: replace(plan, incremental_delay_ms=3_000))
    assert held.parted is not None
    assert "UserSaid" in held.parted.logged, "the turn is taken when the reply is released"
    released = [entry for entry in VIEW.of("Release") if entry.at_us > cut_before(VIEW, 2)]
    assert held.until_us == released[0].at_us
    assert held.steps[-1][0].at_us <= released[0].at_us


def alone(plan: CallPlan) -> CallView:
    """A call in which nothing comes in behind the answer but what the core waits for, until somebody leaves at 14 s."""
    conversation, trace = Conversation(), Trace()
    for event in (
        ev.Started(0, plan, (), 3),
        ev.Answered(1_000_000),
        ev.LegEnded(14_000_000, "answered", "Callee", "", 0),
    ):
        while (due_us := conversation.next_deadline()) is not None and due_us < event.at_us:
            trace.steps.append((reached := ev.DeadlineReached(due_us), conversation.step(reached)))
        trace.steps.append((event, conversation.step(event)))
    return view_of(trace.log())


WAITS = recorded(replace(PLAN, incremental_delay_ms=3_000))
SILENT = alone(CallPlan())
LEFT = alone(CallPlan(check_if_user_online=False))


@pytest.mark.parametrize(
    ("view", "sooner", "done", "first"),
    [
        (WAITS, {"incremental_delay_ms": 2_000}, "Release", "UserSaid"),
        (SILENT, {"user_online_after_ms": 9_000}, "Speak", "Speak"),
        (LEFT, {"hangup_after_silence_ms": 9_000}, "HangUp", "HangUp"),
    ],
)
def test_a_shorter_wait_ends_it_where_the_agent_acts_sooner(
    view: CallView, sooner: dict[str, int], done: str, first: str
) -> None:
    held = follow(view, 0, lambda plan: replace(plan, **sooner))  # type: ignore[arg-type]
    was = next(entry for entry in view.of(done) if entry.at_us > (view.answered_us or 0))
    assert held.parted is not None
    assert held.until_us == pytest.approx(was.at_us - 1_000_000, abs=5_000), "as late as a simulated clock is"
    assert (held.parted.logged, held.parted.now.split()[0]) == ("", first)
    assert held.steps[-1][0].at_us < held.parted.at_us
    assert follow(view, 0, same).until_us is None


def test_what_is_changed_before_the_first_moment_holds_nothing() -> None:
    held = follow(VIEW, 0, lambda plan: replace(plan, welcome_message="Good day."))
    assert held.parted is not None
    assert held.until_us < cut_before(VIEW, 1)  # type: ignore[operator]


def test_what_a_recorded_model_is_told_does_not_matter() -> None:
    rude = lambda plan: replace(plan, system_prompt="Be rude.")  # noqa: E731
    assert follow(VIEW, cut_before(VIEW, 2), rude).until_us is None


@pytest.mark.parametrize("turn", [1, 2])
def test_a_model_that_is_asked_anew_ends_it(turn: int) -> None:
    held = follow(VIEW, cut_before(VIEW, turn), same, answers_recorded=False)
    assert held.parted is None
    asked = [entry.at_us for entry in VIEW.of("AskModel") if entry.at_us >= cut_before(VIEW, turn)]
    assert held.until_us == asked[0]
    assert all(event.at_us <= asked[0] for event, _ in held.steps)


def test_a_recording_of_another_core_holds_until_they_part() -> None:
    log = header() + written([(0, fx.Note("other", "")), (1, ev.Started(0, PLAN, (), 3))])
    held = follow(view_of(log), 0, same)
    assert held.parted is not None
    assert (held.steps, held.until_us, held.parted.now) == ((), 0, "")
    log = header() + written([(0, ev.Started(0, PLAN, (), 3)), (1, ev.Ringing(0)), (2, fx.Note("other", ""))])
    assert follow(view_of(log), 0, same).until_us == 2_000 - 1_000


def test_the_last_effects_of_a_log_that_breaks_off_are_missed_by_nobody() -> None:
    lines = header() + written([(0, ev.Started(0, PLAN, (), 3)), (5, ev.Answered(0))])
    assert follow(view_of(lines), 0, same).until_us is None
    ended = lines + written([(9, ev.LegEnded(0, "answered", "Callee", "", 0))], 3)
    held = follow(view_of(ended), 0, same)
    assert held.parted is not None, "those of the answer are not there"
    assert held.until_us == 5_000


def test_effects_that_follow_only_now_are_a_difference_at_the_end() -> None:
    speaking = VIEW.of("PlayoutStarted")[-1]
    values = {**VIEW.of("LegEnded")[0].values, "played_ms": 0}
    left = Entry(speaking.seq + 1, speaking.at_us, "leg", "in", "LegEnded", values)
    held = follow(replace(VIEW, entries=[*(e for e in VIEW.entries if e.seq <= speaking.seq), left]), 0, same)
    assert held.parted is not None
    assert (held.parted.logged, held.until_us) == ("", left.at_us)
    assert held.parted.now.startswith("Withdrawn"), "nothing of it was heard"


def test_a_step_that_fails_is_where_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Conversation.step

    def fails(self: Conversation, event: ev.Event) -> tuple[fx.Effect, ...]:
        if isinstance(event, ev.TranscriptFinal):
            raise ValueError("a defect")
        return step(self, event)

    monkeypatch.setattr(Conversation, "step", fails)
    held = follow(VIEW, 0, same)
    assert held.parted is not None
    assert held.parted.now == "a defect: ValueError: a defect"
    assert held.until_us == VIEW.of("TranscriptFinal")[0].at_us


def test_a_deadline_that_fails_is_where_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Conversation.step

    def fails(self: Conversation, event: ev.Event) -> tuple[fx.Effect, ...]:
        if event == ev.DeadlineReached(10_000_000):
            raise ValueError("a defect")
        return step(self, event)

    monkeypatch.setattr(Conversation, "step", fails)
    held = follow(SILENT, 0, lambda plan: replace(plan, user_online_after_ms=9_000))
    assert held.parted is not None
    assert held.until_us == 10_000_000
    assert held.parted.now == "a defect: ValueError: a defect"
