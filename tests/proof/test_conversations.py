"""The simulator itself: the same seed, honest audits, short reproductions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from proof.__main__ import main as prove
from proof.audit import audit, same_effects
from proof.conversations import CHUNK, MOST_SHOWN, Broken, Report, converse, describe, examine, main, run
from proof.shrink import shrink

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.lab.arguments import UNDECIDED, from_zero
from callwright.lab.trace import Trace, run_core
from proof import conversations

STARTED = ev.Started(0, CallPlan(), (), 0)
ENDED = ev.LegEnded(9_000_000, "answered", "Callee", "hung up", 4000)


def trace_of(*steps: tuple[ev.Event, tuple[fx.Effect, ...]], ended: bool = True) -> Trace:
    return Trace(steps=[(STARTED, ()), (ev.Answered(1_000), ()), *steps], ended=ended)


def test_a_seed_is_one_conversation() -> None:
    first, second = converse(11), converse(11)
    assert first.log() == second.log()
    assert converse(12).log() != first.log()


def test_a_run_counts_what_it_saw() -> None:
    report = run(40, 1)
    assert report.conversations == 40
    assert report.replayed == 2
    assert report.mean_events > 20
    assert report.rate > 0
    assert not report.broken
    assert sum(report.coverage.values()) == report.events
    assert sum(report.endings.values()) == 40


def test_two_processes_find_the_same_as_one() -> None:
    # One share of a process, and a part of another.
    one, two = run(CHUNK + 20, 5, jobs=1), run(CHUNK + 20, 5, jobs=2)
    assert (one.events, one.coverage, one.endings) == (two.events, two.coverage, two.endings)


def interrupted_at(seed: int) -> Callable[[int], Trace]:
    def conversation(one: int) -> Trace:
        if one == seed:
            raise KeyboardInterrupt
        return converse(one)

    return conversation


def test_a_run_that_is_stopped_tells_what_it_has_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(conversations, "converse", interrupted_at(3))
    monkeypatch.setattr(
        conversations, "examine", lambda trace, whole: "a rule: x" if trace.inputs()[0].seed == 2 else ""
    )
    monkeypatch.setattr(conversations, "shrink", lambda trace, rule: [])
    assert main(["--count", "9"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("stopped after 2 of 9; 2 conversations, ")
    assert "broken: 1\nseed 2: a rule: x" in printed.out
    assert printed.err == "seed 2: a rule: x\n", "it is told at once, too"


def test_a_run_that_is_stopped_before_anything_broke_has_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "converse", interrupted_at(3))
    monkeypatch.setattr(conversations, "examine", lambda trace, whole: "")
    assert main(["--count", "9"]) == UNDECIDED


def test_a_run_of_several_processes_tells_what_came_before_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def stopped(*_: object) -> Iterator[Iterator[Report]]:
        def parts() -> Iterator[Report]:
            yield Report(conversations=100, broken=[Broken(4, "a rule: x", [])])
            raise KeyboardInterrupt

        yield parts()

    monkeypatch.setattr(conversations, "shared_out", stopped)
    told: list[Broken] = []
    report = run(600, 1, jobs=2, tell=told.append)
    assert (report.conversations, report.stopped_of, report.broken) == (100, 600, told)
    assert [one.seed for one in told] == [4]


def test_an_empty_report_has_no_rates() -> None:
    assert (Report().rate, Report().mean_events) == (0.0, 0.0)


def test_the_command_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "3", "--seed", "1", "--coverage"]) == 0
    output = capsys.readouterr().out
    assert "3 conversations" in output
    assert "broken: 0" in output
    assert "never seen: " in output


def test_a_broken_seed_is_shown_with_the_command_that_repeats_it() -> None:
    report = Report(conversations=1, broken=[Broken(42, "a rule: x", ["an event"])])
    assert report.lines()[-3:] == [
        "seed 42: a rule: x",
        "  again: python -m proof conversations --count 1 --seed 42",
        "  an event",
    ]


def test_every_broken_seed_is_named_and_some_are_shown_with_their_events() -> None:
    lines = Report(conversations=9, broken=[Broken(seed, "a rule: x", ["an event"]) for seed in range(9)]).lines()
    assert [line for line in lines if line.startswith("seed")] == [f"seed {seed}: a rule: x" for seed in range(9)]
    assert lines.count("  an event") == MOST_SHOWN


@pytest.mark.parametrize("given", [("--count", "0"), ("--count", "-3"), ("--count", "many"), ("--jobs", "0")])
def test_a_run_of_nothing_is_refused(given: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(given)
    assert f"argument {given[0]}: {given[1]!r} is not a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["all", "conversations", "detection", "runs"])
@pytest.mark.parametrize("given", ["-5", "first"])
def test_a_seed_is_a_whole_number_from_0_on(kind: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``Random(-5)`` is ``Random(5)``: the same conversation under another name."""
    with pytest.raises(SystemExit):
        prove([kind, "--seed", given])
    assert f"argument --seed: {given!r} is not a whole number from 0 on" in capsys.readouterr().err


def test_the_first_seed_may_be_0() -> None:
    assert from_zero("0") == 0


def test_an_event_is_shown_with_its_settings_only_where_they_differ() -> None:
    assert describe(ev.Started(1_500, CallPlan(words_to_interrupt=7), (), 0)) == (
        '       1.500 ms  Started {"plan":{"words_to_interrupt":7}}'
    )
    assert describe(ev.Answered(2_000)) == "       2.000 ms  Answered {}"


def _without_what_was_heard(trace: Trace) -> Trace:
    trace.steps = [
        (event, tuple(e for e in effects if not isinstance(e, fx.AgentSaid))) for event, effects in trace.steps
    ]
    return trace


def test_the_audit_misses_what_the_record_leaves_out() -> None:
    rules = {audit(_without_what_was_heard(converse(seed))).partition(":")[0] for seed in range(5, 15)}
    assert "what was heard is in the record" in rules


def test_two_traces_differ_at_their_first_different_effect() -> None:
    one = trace_of((ENDED, (fx.Note("a", ""), fx.Note("b", ""))))
    other = trace_of((ENDED, (fx.Note("a", ""), fx.Note("c", ""))))
    shorter = trace_of((ENDED, (fx.Note("a", ""),)))
    assert same_effects(one, one) == ""
    assert same_effects(one, other).startswith("effect 1: ")
    assert same_effects(one, shorter) == "2 effects and 1"


def test_a_log_that_does_not_replay_is_found() -> None:
    trace = converse(11)
    trace.steps[1] = (trace.steps[1][0], (*trace.steps[1][1], fx.Note("planted", "")))
    assert examine(trace, whole=False) == ""
    assert examine(trace, whole=True).startswith("a log replays to the same effects: ")


def test_a_failure_shrinks_to_few_events() -> None:
    """Stray events lie about what was played: without them the world's account would be right."""
    trace, heard = next(
        (trace, effect)
        for trace in map(converse, range(11, 60))
        for _, effects in trace.steps
        for effect in effects
        if isinstance(effect, fx.AgentSaid) and not effect.estimated and len(trace.steps) > 60
    )
    trace.heard = {heard.generation: frozenset()}
    rule = audit(trace)
    assert rule.startswith("nobody is said to have heard")
    shown = shrink(trace, rule)
    assert len(shown) < len(trace.steps) // 5
    assert isinstance(shown[0], ev.Started)


def test_what_stops_the_core_and_how_a_call_ends_is_shown_by_its_end() -> None:
    trace = converse(11)
    assert shrink(trace, "a call ends: too late") == trace.inputs()[-30:]
    trace.broken = "invariant: something: 1"
    assert shrink(trace, "invariant: something: 1") == trace.inputs()[-30:]


def test_a_crash_of_the_core_is_a_broken_rule() -> None:
    trace = run_core([STARTED, ev.Answered("noon"), ENDED])  # type: ignore[arg-type]
    assert trace.broken.startswith("TypeError")
    assert len(trace.steps) == 2
