"""What N runs prove, and how it is told to people and to machines."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from callwright.lab.verdicts import RunResult, Verdict, as_json, as_junit, as_lines, overall, wilson


def verdict(passed: int, runs: int, required: float = 0.7, name: str = "case") -> Verdict:
    results = [
        RunResult(name, seed, () if seed < passed else (f"too late, but: {seed}",), 10.0, 0.5) for seed in range(runs)
    ]
    return Verdict(name, "a test", required, results)


@pytest.mark.parametrize(
    ("passed", "runs", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3: the score interval without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(passed: int, runs: int, low: float, high: float) -> None:
    assert list(wilson(passed, runs)) == pytest.approx([low, high], abs=5e-5)


def test_nothing_is_known_without_a_run() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert Verdict("case", "", 0.7).verdict == "inconclusive"
    assert Verdict("case", "", 0.7).more_runs == 0


@pytest.mark.parametrize(
    ("passed", "runs", "found"),
    [
        (10, 10, "pass"),
        (5, 5, "inconclusive"),
        (9, 10, "inconclusive"),
        (3, 10, "fail"),
        (0, 3, "fail"),
        (95, 100, "pass"),
    ],
)
def test_a_verdict_needs_certainty(passed: int, runs: int, found: str) -> None:
    assert verdict(passed, runs).verdict == found


@pytest.mark.parametrize("runs", [1, 10, 34, 100, 9_999])
def test_where_all_must_pass_these_runs_are_what_counts(runs: int) -> None:
    assert verdict(runs, runs, required=1.0).verdict == "pass"
    assert verdict(runs, runs, required=1.0).interval[1] == 1.0
    assert verdict(runs - 1, runs, required=1.0).verdict == "fail"
    assert verdict(0, runs).interval[0] == 0.0
    assert Verdict("case", "", 1.0).verdict == "inconclusive"


def test_what_is_undecided_says_how_many_runs_would_decide() -> None:
    assert 5 < verdict(5, 5).more_runs < 20
    assert verdict(10, 10).more_runs == 0
    assert verdict(7, 10).more_runs == 0, "a rate that is exactly the required one is never decided"


def test_one_failure_is_a_failure_of_all() -> None:
    assert overall([verdict(10, 10), verdict(5, 5), verdict(0, 5)]) == "fail"
    assert overall([verdict(10, 10), verdict(5, 5)]) == "inconclusive"
    assert overall([verdict(10, 10)]) == "pass"


def test_people_read_the_most_frequent_reasons_with_a_seed_and_where_to_listen() -> None:
    failed = verdict(0, 3)
    failed.results[1] = RunResult("case", 1, ("too late, but: 1", "rude"), 10.0, 0.5, ("x.log", "x.wav"))
    lines = as_lines([verdict(5, 5, name="other"), failed], 4.0)
    assert lines[0] == "inconclusive other  5/5 passed, 57% to 100%, 70% required; about 9 runs would decide"
    assert lines[1].startswith("fail         case   0/3 passed")
    assert lines[2].strip() == "3 x too late (seed 0)"
    assert lines[3].strip() == "1 x rude (seed 1)"
    assert lines[4].strip() == "seed 1: x.log, x.wav"
    assert lines[5] == "fail: 2 scenarios, 8 calls of 10 s in 4.0 s: 20.0 times real time"


def test_reasons_beyond_the_most_frequent_are_counted() -> None:
    failed = verdict(0, 1)
    failed.results[0] = RunResult("case", 0, tuple(f"reason {number}" for number in range(7)), 10.0)
    lines = as_lines([failed], 4.0)
    assert [line.strip() for line in lines[5:7]] == ["1 x reason 4 (seed 0)", "and 2 other reasons, which --json has"]


def test_programs_read_json() -> None:
    body = as_json([verdict(4, 5)], 2.0, seed=0)
    assert (body["verdict"], body["times_real_time"]) == ("inconclusive", 25.0)
    assert body["scenarios"][0]["rate"] == 0.8
    assert body["scenarios"][0]["failures"] == [{"seed": 4, "reasons": ["too late, but: 4"], "saved": []}]


def test_programs_read_of_each_run_its_seed_and_verdict_and_why() -> None:
    body = as_json([verdict(1, 2)], 2.0, seed=0)
    assert body["seed"] == 0
    assert body["scenarios"][0]["calls"] == [
        {"seed": 0, "verdict": "pass", "reasons": [], "seconds": 10.0},
        {"seed": 1, "verdict": "fail", "reasons": ["too late, but: 1"], "seconds": 10.0},
    ]


def test_junit_has_a_case_for_each_scenario() -> None:
    suite = fromstring(as_junit([verdict(10, 10, name="good"), verdict(0, 5, name="bad"), verdict(5, 5, name="open")]))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = {case.get("name"): case for case in suite}
    assert not list(cases["good"])
    assert cases["bad"][0].tag == "failure"
    assert cases["open"][0].tag == "error"
    assert "0 of 5 passed" in str(cases["bad"][0].get("message"))
    assert "seed 0: too late" in str(cases["bad"][0].text)


def test_junit_holds_no_character_that_xml_does_not_know() -> None:
    strange = Verdict("case", "", 0.7, [RunResult("case", 1, ("heard \x00\x1b and \ud800",))] * 9)
    assert "heard" in str(fromstring(as_junit([strange]))[0][0].text)
