"""What N runs of a scenario prove: the pass rate with its confidence interval, a verdict, and reports for people and for machines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
Z_95 = 1.959964
"""Standard normal quantile of a two-sided confidence of 95 %."""
_MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run. ``failures``: why it did not pass; ``saved``: files of a run that failed; ``seconds`` of the call, ``took_s`` of work."""

    scenario: str
    seed: int
    failures: tuple[str, ...] = ()
    seconds: float = 0.0
    took_s: float = 0.0
    saved: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was missed."""
        return not self.failures


def wilson(passed: int, runs: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a rate: where it lies with 95 % confidence after so many of so many runs."""
    if runs == 0:
        return 0.0, 1.0
    rate, square = passed / runs, z * z
    middle = rate + square / (2 * runs)
    spread = z * sqrt(rate * (1 - rate) / runs + square / (4 * runs * runs))
    whole = 1 + square / runs
    # Of none or all the outer end is 0 or 1 itself, which the formula misses by its rounding.
    low = (middle - spread) / whole if passed else 0.0
    high = (middle + spread) / whole if passed < runs else 1.0
    return max(0.0, low), min(1.0, high)


@dataclass(slots=True)
class Verdict:
    """What the runs of one scenario prove about ``required``, the share that must pass. ``wanted``: how many runs there should be."""

    scenario: str
    about: str
    required: float
    results: list[RunResult] = field(default_factory=list)
    wanted: int = 0

    @property
    def passed(self) -> int:
        """Runs without a failure."""
        return sum(result.passed for result in self.results)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the pass rate lies with 95 % confidence."""
        return wilson(self.passed, len(self.results))

    @property
    def verdict(self) -> str:
        """``pass`` when the rate is certainly high enough, ``fail`` when it certainly is not, else ``inconclusive``.

        No number of runs makes certain that all would pass: where all must, ``pass`` says that these did, and one that did not is ``fail``.
        """
        if self.required >= 1 and self.results:
            if self.passed < len(self.results):
                return FAIL
            return PASS if len(self.results) >= self.wanted else INCONCLUSIVE
        low, high = self.interval
        if low >= self.required:
            return PASS
        return FAIL if high < self.required else INCONCLUSIVE

    @property
    def more_runs(self) -> int:
        """How many runs would decide if they went on as they have; 0 when it is decided, or cannot be."""
        if self.verdict != INCONCLUSIVE or not self.results:
            return 0
        rate, runs = self.passed / len(self.results), len(self.results)
        while runs < 100_000:
            runs = runs * 5 // 4 + 1
            low, high = wilson(round(rate * runs), runs)
            if low >= self.required or high < self.required:
                return runs
        return 0

    @property
    def reasons(self) -> list[tuple[str, int, int]]:
        """(failure, how often, a seed that shows it), the most frequent first."""
        seen: dict[str, tuple[int, int]] = {}
        for result in self.results:
            for failure in result.failures:
                times, seed = seen.get(failure.partition(", but: ")[0], (0, result.seed))
                seen[failure.partition(", but: ")[0]] = times + 1, seed
        # Of those as frequent the first of a run stand first: a provider that failed explains the others.
        return sorted(((why, times, seed) for why, (times, seed) in seen.items()), key=lambda one: -one[1])


def overall(verdicts: Sequence[Verdict]) -> str:
    """``fail`` if any scenario fails, else ``inconclusive`` if any is, else ``pass``."""
    found = {verdict.verdict for verdict in verdicts}
    return FAIL if FAIL in found else INCONCLUSIVE if INCONCLUSIVE in found else PASS


def stopped_of(verdicts: Sequence[Verdict]) -> int:
    """How many runs there should have been, if they were stopped before their end; 0 when all were made."""
    wanted = sum(verdict.wanted for verdict in verdicts)
    return wanted if sum(len(verdict.results) for verdict in verdicts) < wanted else 0


def as_lines(verdicts: Sequence[Verdict], seconds: float) -> list[str]:
    """For people. ``seconds``: how long all of it took."""
    width = max((len(verdict.scenario) for verdict in verdicts), default=0)
    lines: list[str] = []
    for verdict in verdicts:
        low, high = verdict.interval
        rate = (
            f"{verdict.passed}/{len(verdict.results)} passed, {low:.0%} to {high:.0%}, {verdict.required:.0%} required"
        )
        more = f"; about {verdict.more_runs} runs would decide" if verdict.more_runs else ""
        lines.append(f"{verdict.verdict:<12} {verdict.scenario:<{width}}  {rate}{more}")
        for why, times, seed in verdict.reasons[:_MOST_REASONS]:
            lines.append(f"             {times} x {why} (seed {seed})")
        others = len(verdict.reasons) - _MOST_REASONS
        if others > 0:
            lines.append(f"             and {others} other reasons, which --json has")
        for result in verdict.results:
            if result.saved:
                lines.append(f"             seed {result.seed}: {', '.join(result.saved)}")
                break
    calls = [result for verdict in verdicts for result in verdict.results]
    virtual_s = sum(result.seconds for result in calls)
    stopped = f"stopped after {len(calls)} of {stopped_of(verdicts)}; " if stopped_of(verdicts) else ""
    each_s, faster = virtual_s / max(len(calls), 1), virtual_s / max(seconds, 1e-3)
    size = f"{len(verdicts)} scenarios, {len(calls)} calls of {each_s:.0f} s in {seconds:.1f} s"
    lines.append(f"{stopped}{overall(verdicts)}: {size}: {faster:.1f} times real time")
    return lines


def as_json(
    verdicts: Sequence[Verdict], seconds: float, seed: int, providers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """For programs. ``seconds``: how long all of it took; ``seed``: of the first run of each scenario.

    ``providers``: which model, voice and recogniser the calls of each scenario had.
    """
    return {
        "verdict": overall(verdicts),
        "seed": seed,
        "stopped_of": stopped_of(verdicts),
        "seconds": round(seconds, 3),
        "times_real_time": round(sum(r.seconds for v in verdicts for r in v.results) / max(seconds, 1e-3), 2),
        "scenarios": [
            {
                "scenario": verdict.scenario,
                "about": verdict.about,
                "providers": (providers or {}).get(verdict.scenario, ""),
                "verdict": verdict.verdict,
                "runs": len(verdict.results),
                "passed": verdict.passed,
                "rate": round(verdict.passed / max(len(verdict.results), 1), 4),
                "interval_95": [round(bound, 4) for bound in verdict.interval],
                "required": verdict.required,
                "failures": [
                    {"seed": r.seed, "reasons": list(r.failures), "saved": list(r.saved)}
                    for r in verdict.results
                    if not r.passed
                ],
                "calls": [
                    {
                        "seed": r.seed,
                        "verdict": PASS if r.passed else FAIL,
                        "reasons": list(r.failures),
                        "seconds": round(r.seconds, 3),
                    }
                    for r in verdict.results
                ],
            }
            for verdict in verdicts
        ],
    }


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def as_junit(verdicts: Sequence[Verdict]) -> str:
    """As JUnit XML: a test case for each scenario. An inconclusive one counts as an error, for it shows nothing yet."""
    suite = Element("testsuite", name="callwright simulate", tests=str(len(verdicts)))
    counts = {FAIL: 0, INCONCLUSIVE: 0}
    took_s = 0.0
    for verdict in verdicts:
        case_s = sum(result.took_s for result in verdict.results)
        took_s += case_s
        case = SubElement(suite, "testcase", classname="scenario", name=verdict.scenario, time=f"{case_s:.3f}")
        if verdict.verdict == PASS:
            continue
        counts[verdict.verdict] += 1
        low, high = verdict.interval
        message = f"{verdict.passed} of {len(verdict.results)} passed ({low:.0%} to {high:.0%}), {verdict.required:.0%} required"
        found = SubElement(
            case, "failure" if verdict.verdict == FAIL else "error", message=message, type=verdict.verdict
        )
        found.text = "\n".join(f"seed {r.seed}: {_printable(why)}" for r in verdict.results for why in r.failures)
    suite.set("failures", str(counts[FAIL]))
    suite.set("errors", str(counts[INCONCLUSIVE]))
    suite.set("time", f"{took_s:.3f}")
    indent(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suite, encoding="unicode")}\n'
