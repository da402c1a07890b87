"""What all tests share: a rule on skipping, a real database for every test that asks for one, and coverage of the processes they start."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from tests.database import database_maker, database_template, dsn, ledger, postgres_server
from tests.never_skipped import pytest_runtest_makereport

pytest_plugins = ["tests.time_spent", "tests.shares"]

IN_REAL_TIME = ("tests/phone/", "tests/browser/")

__all__ = ["database_maker", "database_template", "dsn", "ledger", "postgres_server", "pytest_runtest_makereport"]

IN_MEMORY = Path("/dev/shm")
LEAST_FREE_BYTES = 4 * 1024**3

# A database is made ten times faster in memory than on a disk, and every other test makes one.
if (
    "TMPDIR" not in os.environ
    and os.access(IN_MEMORY, os.W_OK)
    and shutil.disk_usage(IN_MEMORY).free >= LEAST_FREE_BYTES
):
    os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)

# A busy machine is no failure: how long one example takes is not what property tests are about.
settings.register_profile("callwright", deadline=None)
settings.load_profile("callwright")


# Nothing of nineteen thousand collected tests is ever garbage, and a look through all of them takes half a second.
gc.disable()


def pytest_collection_finish() -> None:
    """Takes what was collected out of the collector's sight, and lets it work again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets tests in real time be tried a second time: a machine that stands still for a moment is no defect of ours."""
    for item in items:
        if item.get_closest_marker("real_time") or item.nodeid.startswith(IN_REAL_TIME):
            item.add_marker(pytest.mark.real_time)
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1))


# `make coverage` measures. This process is measured already; those that begin from here on find the setting, wherever they run.
if os.environ.get("COVERAGE_FILE"):
    os.environ["COVERAGE_FILE"] = str(Path(os.environ["COVERAGE_FILE"]).absolute())
    os.environ["COVERAGE_PROCESS_START"] = str(Path(__file__).parents[1] / "tools" / "child_coverage.ini")
