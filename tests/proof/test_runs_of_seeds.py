"""Whole calls of the real shell in a test's time: the same seed is the same call, and what breaks a rule is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from proof.__main__ import main as prove
from proof.audit import audit
from proof.coverage import reachable
from proof.runs import BrokenRun, RunReport, again, examine, main, perform, run
from proof.shell_audit import Witness, audit_shell, audit_sound, trace_of_log, words_heard

from callwright.conversation import effects as fx
from callwright.lab.arguments import UNDECIDED
from proof import runs as simulated_runs

TALKED = 1
"""A seed whose call is answered and in which the agent is heard."""


def certain(effect: fx.Effect) -> bool:
    """Whether the record says for sure that words of the agent were heard."""
    return isinstance(effect, fx.AgentSaid) and not effect.estimated and bool(effect.text)


def talked() -> tuple[int, Witness]:
    """The first call on a perfect line in which the agent was heard to the end without a cut."""
    for seed in range(1, 200):
        one = perform(seed)
        if (
            one.answered
            and one.witness.perfect_line
            and '"Clear"' not in one.witness.log
            and '"PlayAsset"' not in one.witness.log  # fillers are words heard, too
            and '"starved_frames":0' in one.witness.log
            and '"late_frames":0' in one.witness.log
            and any(certain(effect) for _, effects in trace_of_log(one.witness.log).steps for effect in effects)
            and len(words_heard(one.witness.heard)) > 4
        ):
            return seed, one.witness
    raise AssertionError("no such call among the first")


def test_a_seed_is_one_call_to_the_byte() -> None:
    first = perform(7)
    assert again(7, first) == ""
    assert again(8, first).startswith("a seed is one call: ")


def test_a_few_calls_break_no_rule_and_are_faster_than_real_time() -> None:
    report = run(20, 1)
    assert not report.broken, "\n".join(report.lines())
    assert report.runs == 20
    assert report.answered > 10
    assert report.virtual_s > report.seconds
    assert report.replayed > 15
    assert report.twice == 1


def test_the_command_prints_its_figures_and_writes_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "call.log"
    assert main(["--count", "2", "--seed", "3", "--coverage", "--log", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "2 calls" in printed
    assert "times real time" in printed
    assert "seen: " in printed
    assert path.read_text().startswith('{"agent"')


def test_a_run_that_is_stopped_before_anything_broke_has_not_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> RunReport:
        return RunReport(runs=2, stopped_of=9)

    monkeypatch.setattr(simulated_runs, "run", stopped)
    assert main(["--count", "9"]) == UNDECIDED
    assert "stopped after 2 of 9 calls" in capsys.readouterr().out


def test_a_log_on_standard_output_is_all_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--count", "1", "--seed", "3", "--log", "-"]) == 0
    told = capsys.readouterr()
    assert trace_of_log(told.out).steps
    assert told.err.endswith("the log of seed 3 is on standard output\n")
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_told_before_the_first_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prove(["runs", "--count", "1", "--log", str(tmp_path / "nowhere" / "call.log")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "call.log cannot be written: No such file or directory" in printed.err


def test_a_broken_seed_is_shown_with_the_command_that_repeats_it() -> None:
    report = RunReport(runs=1, broken=[BrokenRun(42, "a rule: x")])
    assert report.lines()[-2:] == [
        "seed 42: a rule: x",
        "  again: python -m proof runs --count 1 --seed 42 --log call.log",
    ]


def test_the_pairs_that_could_be_seen_are_counted() -> None:
    assert f"state x event pairs seen: 0 of {len(reachable())}" in RunReport().lines()[1]


def test_every_broken_seed_is_named() -> None:
    lines = RunReport(runs=60, broken=[BrokenRun(seed, "a rule: x") for seed in range(60)]).lines()
    assert [line for line in lines if line.startswith("seed")] == [f"seed {seed}: a rule: x" for seed in range(60)]


@pytest.mark.parametrize("option", ["--count", "--jobs"])
def test_a_run_of_nothing_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option, "0"])
    assert f"argument {option}: '0' is not a whole number from 1 on" in capsys.readouterr().err


def test_the_recording_must_hold_what_was_said_and_heard() -> None:
    _, witness = talked()
    trace = trace_of_log(witness.log)
    assert audit(trace) == ""
    assert audit_sound(witness, trace) == ""
    whole = witness.agent
    witness.agent = whole[: len(whole) // 2]
    assert audit_sound(witness, trace).startswith("the recording holds what was heard")
    witness.agent = whole.replace(whole[whole.find(b"\x20") : whole.find(b"\x20") + 8], bytes(8), 1)
    assert audit_sound(witness, trace).startswith("the recording holds what was heard")
    witness.agent, witness.caller = whole, b""
    assert audit_sound(witness, trace).startswith("the recording holds what the caller said")


def test_nobody_may_be_said_to_have_heard_what_never_sounded() -> None:
    _, witness = talked()
    witness.heard, witness.agent, witness.recording_lost = (), b"", True
    trace = trace_of_log(witness.log)
    assert audit_sound(witness, trace).startswith("nobody is said to have heard what never sounded")
    witness.perfect_line = False
    assert audit_sound(witness, trace) == ""


@pytest.mark.parametrize(
    ("witness", "rule"),
    [
        (Witness(broken="some rule"), "invariants hold in production: some rule"),
        (Witness(defects=["TypeError: x"]), "no part of the shell raises: TypeError: x"),
        (Witness(overdue=True), "a call ends: it had to be ended by force"),
        (Witness(left_over=["<Task>"]), "nothing of a call is left: <Task>"),
    ],
)
def test_the_audit_of_the_shell_names_the_broken_rule(witness: Witness, rule: str) -> None:
    assert audit_shell(witness) == rule


def test_a_log_that_does_not_replay_is_found() -> None:
    one = perform(7)
    one.witness.log = one.witness.log.replace('"type":"StartRecording"', '"type":"StopRecording"')
    assert examine(one)[0].startswith("a log replays to the same effects: ")


def test_what_a_full_disk_left_of_a_log_must_replay_and_give_a_record() -> None:
    one = perform(7)
    one.witness.log_lost = True
    lines = one.witness.log.splitlines(keepends=True)
    for kept in (0, 1, 12, len(lines)):
        one.witness.log = "".join(lines[:kept])
        assert examine(one) == ("", None)
    one.witness.log = "".join(line for line in lines if '"type":"StartRecording"' not in line)
    assert examine(one)[0].startswith("what a full disk left of a log replays to the same effects: ")
    one.witness.log = "".join(lines[1:])
    assert examine(one)[0].startswith("what a full disk left of a log gives a record: ")


def test_a_report_counts_the_calls_whose_log_a_full_disk_cut_short() -> None:
    report = RunReport(runs=3, replayed=2, cut_short=1)
    report.add(RunReport(runs=2, replayed=1, cut_short=1))
    assert "replayed exactly: 3; as far as a full disk let them be written: 2;" in report.lines()[1]
