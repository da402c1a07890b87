"""Orders the tests of a parallel run so that no worker is left with the slow ones at its end.

``--dist worksteal`` cuts the list into as many equal shares as there are workers; one that has finished takes tests from the end of another
share. Here each share begins with slow files and ends with quick ones, and a file, whose tests may use one server, is in one share.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain, groupby

import pytest

ORDER = ("tests/phone/", "tests/", "tests/unit/")
"""The slowest first. The longest beginning that fits counts."""


def _place(file: str) -> int:
    return max(range(len(ORDER)), key=lambda at: len(ORDER[at]) if file.startswith(ORDER[at]) else -1)


def shared_out(tests: Sequence[str], workers: int) -> list[int]:
    """Returns the positions of the tests, given by their node ids, in the order in which they are to be listed."""
    files = [list(group) for _, group in groupby(range(len(tests)), lambda at: tests[at].partition("::")[0])]
    shares: list[list[int]] = [[] for _ in range(workers)]
    for file in sorted(files, key=lambda file: _place(tests[file[0]])):
        min(shares, key=len).extend(file)
    return [*chain(*shares)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders what is left after the marks have chosen. Every worker comes to the same order."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = [items[at] for at in shared_out([item.nodeid for item in items], workers)]
