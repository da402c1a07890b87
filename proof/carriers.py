"""``python -m proof carriers``: mutants at every vendor's doors and streams, in virtual time (``carrier_attacks``)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from callwright.lab.arguments import at_least_one, from_zero
from proof.carrier_attacks import attacked
from proof.carrier_messages import SIDES

MUTANTS = 12_000
_SHOWN = 5


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m proof carriers", description=__doc__)
    parser.add_argument("--mutants", type=at_least_one, default=MUTANTS, help="how many, of all vendors together")
    parser.add_argument("--seed", type=from_zero, default=1, help="what chooses them")
    options = parser.parse_args(argv)
    failed = False
    for side in SIDES:
        outcome = attacked(side, -(-options.mutants // len(SIDES)), options.seed)
        answers = ", ".join(f"{name} {count}" for name, count in sorted(outcome.answers.items()))
        told = [f"{one.rule} after {one.after}" for one in outcome.broken[:_SHOWN]]
        told.append(
            f"{side.name}: {outcome.mutants} mutants with seed {options.seed}, {len(outcome.broken)} broken rules; {answers}"
        )
        sys.stdout.write("\n".join(told) + "\n")
        sys.stdout.flush()
        failed = failed or bool(outcome.broken)
    return int(failed)
