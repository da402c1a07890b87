"""How well the platform tells things apart, on labelled sets: `python -m proof detection [--seed S] [--seeds N]`.

The cases are synthetic: made from a seed, with their label, and decided by the real code. They show that the rules do what they say, and
how often the rules themselves are wrong; they are no measure of how people speak. Ends of turns, words over the agent and echoes are
decided from events: no sound, detector of speech or turn model is in them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from callwright.lab.arguments import at_least_one, from_zero
from callwright.lab.processes import shared_out
from proof import (
    answer_cases,
    held_out_cases,
    held_out_turns,
    opt_out_cases,
    overlap_cases,
    pause_cases,
    turn_cases,
)
from proof.measured import Measured, pooled

__all__ = ["EVALUATORS", "Measured", "main", "measure"]

EVALUATORS: tuple[Callable[[int], Measured], ...] = (
    turn_cases.numbers_cut,
    turn_cases.spellings_cut,
    turn_cases.number_words_cut,
    turn_cases.examples_cut,
    turn_cases.half_sentences_cut,
    turn_cases.pauses_cut,
    turn_cases.beginnings_cut,
    turn_cases.names_cut,
    turn_cases.answers_kept_waiting,
    turn_cases.sentences_kept_waiting,
    turn_cases.turns_not_taken_back,
    held_out_turns.numbers_cut,
    held_out_turns.spellings_cut,
    held_out_turns.names_cut,
    held_out_turns.half_sentences_cut,
    held_out_turns.pauses_cut,
    held_out_turns.answers_kept_waiting,
    held_out_turns.sentences_kept_waiting,
    overlap_cases.interruptions_missed,
    overlap_cases.stop_phrases_missed,
    overlap_cases.back_channels_that_interrupt,
    overlap_cases.false_interruptions_not_resumed,
    overlap_cases.interruptions_talked_over,
    overlap_cases.answers_lost,
    overlap_cases.back_channels_taken_as_turns,
    overlap_cases.echoes_taken_for_the_caller,
    overlap_cases.repetitions_taken_for_echoes,
    answer_cases.beeps_missed,
    answer_cases.other_sounds_taken_for_beeps,
    answer_cases.machines_talked_to,
    answer_cases.people_hung_up_on,
    held_out_cases.beeps_missed,
    held_out_cases.other_sounds_taken_for_beeps,
    held_out_cases.machines_talked_to,
    held_out_cases.people_hung_up_on,
    opt_out_cases.missed,
    opt_out_cases.taken,
    opt_out_cases.missed_held_out,
    opt_out_cases.taken_held_out,
    *pause_cases.BY_LENGTH,
)
"""Each is given the seed of its cases."""


SEEDS = 3
"""How many seeds are measured where nobody says: one seed may be a lucky one."""


def measure(seeds: Sequence[int], jobs: int = 1) -> list[Measured]:
    """All evaluators, in order, the cases of all seeds together, in ``jobs`` processes."""
    if jobs == 1:
        return [pooled([evaluate(seed) for seed in seeds]) for evaluate in EVALUATORS]
    with shared_out(jobs, _measure_seed, seeds) as by_seed:
        return [pooled(of_one) for of_one in zip(*by_seed, strict=True)]


def _measure_seed(seed: int) -> list[Measured]:
    return [evaluate(seed) for evaluate in EVALUATORS]


def lines(found: Sequence[Measured]) -> list[str]:
    """The result for people. Cuts by the length of the pause are a table of their own, without examples: long pauses have to be."""
    by_length = [one for one in found if one.name.startswith(pause_cases.TITLE)]
    others = [one for one in found if one not in by_length]
    shown = ["Synthetic cases, decided by the real code: error rates of the rules, not of human speech."]
    shown += ["End of turn, barge-in, overlap and echo are decided from events: no sound or turn model is in them."]
    shown += ["The interval (95 %) is of the independent cases: a greeting that is tried in many ways is one.", ""]
    shown += _table("", others)
    if by_length:
        shown += ["", *_table(pause_cases.TITLE, by_length)]
    wrong = [f"{one.name}: {one.detail}" for one in others if one.detail]
    return [*shown, *(["", *wrong] if wrong else [])]


def _table(title: str, found: Sequence[Measured]) -> list[str]:
    """``title`` heads the names, which begin with it."""
    names = [one.name.removeprefix(title) for one in found]
    heading = title.rstrip(": ")
    width = max(map(len, (heading, *names)))
    shown = [f"{heading:<{width}}  cases  wrong  error rate  independent          interval  wrong by seed"]
    return shown + [f"{name:<{width}}  {_figures(one)}" for name, one in zip(names, found, strict=True)]


def _figures(one: Measured) -> str:
    least, most = one.interval
    counts = f"{one.cases:>5}  {one.wrong:>5}  {one.rate:>10.2%}  {one.independent:>11}"
    return f"{counts}  {least:>7.2%} to {most:>6.2%}  {' '.join(map(str, one.by_seed or (one.wrong,)))}"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. It measures; the thresholds are held by a test."""
    parser = argparse.ArgumentParser(prog="python -m proof detection", description=__doc__)
    parser.add_argument(
        "--seed", type=from_zero, default=1, help="what the cases are drawn from: the first of the seeds"
    )
    parser.add_argument(
        "--seeds",
        type=at_least_one,
        default=SEEDS,
        help=f"how many seeds, {SEEDS} where nothing is said; each takes 20 to 40 s",
    )
    options = parser.parse_args(argv)
    seeds = range(options.seed, options.seed + options.seeds)
    sys.stdout.write("\n".join(lines(measure(seeds))) + "\n")
    return 0
