"""`make conformance CONTRACT=path`: start a server, ask every operation of the contract that is not beta, and print a table of verdicts.

Without a contract file the compact table of this folder is the contract. Exits with 1 when an operation fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
from tests.conformance.cases import all_cases
from tests.conformance.contract import read_contract, read_table, write_table
from tests.conformance.judged import Judge
from tests.conformance.server import calls, served
from tests.conformance.table import UNSERVED, lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contract", type=Path, help="the contract's OpenAPI file")
    parser.add_argument("--write-table", action="store_true", help="only write the compact table of the contract")
    options = parser.parse_args(argv)
    operations = read_contract(options.contract) if options.contract else read_table()
    if options.write_table:
        write_table(operations, options.contract)
        return 0
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (address, key):
        client = httpx.Client(base_url=address, timeout=60)
        judge = Judge(client.request, key)
        judge.known.update(calls(client, key, Path(folder) / "data"))
        verdicts = judge.try_all(operations, all_cases())
        sys.stdout.write("\n".join(lines(verdicts)) + "\n")
    return int(any(one.wrong for one in verdicts if one.operation.name not in UNSERVED))


if __name__ == "__main__":
    sys.exit(main())
