"""What all tests share: a rule on skipping, and a real database for every test that asks for one."""

from hypothesis import settings
from tests.database import database_template, dsn, ledger, postgres_server
from tests.never_skipped import pytest_runtest_makereport

__all__ = ["database_template", "dsn", "ledger", "postgres_server", "pytest_runtest_makereport"]

# A busy machine is no failure: how long one example takes is not what property tests are about.
settings.register_profile("callwright", deadline=None)
settings.load_profile("callwright")
