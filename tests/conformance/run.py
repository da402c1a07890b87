"""`make conformance CONTRACT=path`: start a server, ask every operation of the contract that is not beta, and print a table of verdicts;
then once more with the strict setting, which keeps the hosted limits.

Without a contract file the compact table of this folder is the contract. Exits with 1 when an operation fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
from tests.conformance.cases import all_cases
from tests.conformance.contract import Operation, read_contract, read_table, write_table
from tests.conformance.judged import Judge, Verdict
from tests.conformance.server import begun, served
from tests.conformance.table import UNSERVED, lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contract", type=Path, help="the contract's OpenAPI file")
    parser.add_argument("--mode", choices=("tolerant", "strict", "both"), default="both", help="of the server")
    parser.add_argument("--write-table", action="store_true", help="only write the compact table of the contract")
    options = parser.parse_args(argv)
    operations = read_contract(options.contract) if options.contract else read_table()
    if options.write_table:
        write_table(operations, options.contract)
        return 0
    failed = False
    for mode in ("tolerant", "strict") if options.mode == "both" else (options.mode,):
        verdicts = judged(operations, strict=mode == "strict")
        sys.stdout.write("\n".join([f"-- {mode}", *lines(verdicts)]) + "\n")
        sys.stdout.flush()
        failed |= any(one.wrong for one in verdicts if one.operation.name not in UNSERVED)
    return int(failed)


def judged(operations: Sequence[Operation], *, strict: bool) -> list[Verdict]:
    """What a new server answers; a strict one works beside a tolerant one over the same data, which has begun what it cannot begin."""
    with ExitStack() as both:
        folder = Path(both.enter_context(tempfile.TemporaryDirectory()))
        address, key = both.enter_context(served(folder))
        known = begun(httpx.Client(base_url=address, timeout=60), key, folder / "data")
        if strict:
            address, key = both.enter_context(served(folder, strict=True))
        judge = Judge(httpx.Client(base_url=address, timeout=60).request, key)
        judge.known.update(known)
        return judge.try_all(operations, all_cases(strict=strict))


if __name__ == "__main__":
    sys.exit(main())
