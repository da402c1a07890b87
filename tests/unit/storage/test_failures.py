"""Database errors in the platform's words."""

from __future__ import annotations

import asyncpg
import pytest

from callwright.domain import errors
from callwright.storage.failures import ignored, translate, translated


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "refused"), errors.UnavailableError),
        (TimeoutError(), errors.UnavailableError),
        (asyncpg.AdminShutdownError("going down"), errors.UnavailableError),
        (asyncpg.CannotConnectNowError("starting up"), errors.UnavailableError),
        (asyncpg.TooManyConnectionsError("too many"), errors.UnavailableError),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle"), errors.UnavailableError),
        (asyncpg.DiskFullError("no space left"), errors.UnavailableError),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), errors.UnavailableError),
        (asyncpg.DeadlockDetectedError("deadlock"), errors.UnavailableError),
        (asyncpg.SerializationError("could not serialize"), errors.UnavailableError),
        (asyncpg.InterfaceError("pool is closed"), errors.UnavailableError),
        (asyncpg.InvalidPasswordError("wrong password"), errors.ConfigurationError),
        (asyncpg.InvalidCatalogNameError("no such database"), errors.ConfigurationError),
        (asyncpg.CharacterNotInRepertoireError("0x00"), errors.BadInputError),
        (asyncpg.NumericValueOutOfRangeError("too large"), errors.BadInputError),
        (asyncpg.UniqueViolationError("twice"), errors.ConflictError),
        (asyncpg.ForeignKeyViolationError("no parent"), errors.NotFoundError),
        (asyncpg.CheckViolationError("check"), errors.BrokenInvariantError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.__name__,
)
def test_each_kind_of_error_has_its_domain_error(error: BaseException, expected: type[errors.CallwrightError]):
    known = translate(error)
    assert type(known) is expected


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), asyncpg.InterfaceError("another operation is in progress")]
)
def test_defects_of_ours_are_not_taken_for_outages(error: BaseException):
    assert translate(error) is None


def test_the_domain_error_keeps_its_cause_and_others_pass():
    with pytest.raises(errors.UnavailableError) as caught, translated():
        raise ConnectionResetError("reset by peer")
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    with pytest.raises(errors.StaleOwnerError), translated():
        raise errors.StaleOwnerError("settled")
    with pytest.raises(asyncpg.InterfaceError), translated():
        raise asyncpg.InterfaceError("another operation is in progress")


def test_a_missing_file_is_an_outage_only_while_connecting():
    with pytest.raises(errors.UnavailableError), translated(connecting=True):
        raise FileNotFoundError(2, "no socket")
    with pytest.raises(FileNotFoundError), translated():
        raise FileNotFoundError(2, "no recording")


def test_cleaning_up_after_a_failure_hides_the_databases_complaints():
    with ignored():
        raise ConnectionResetError


def test_cleaning_up_after_a_failure_hides_nothing_of_ours():
    with pytest.raises(KeyError), ignored():
        raise KeyError("ours")
