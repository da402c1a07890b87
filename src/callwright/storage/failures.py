"""What went wrong in the database, in the platform's words: every error of asyncpg that can reach a caller becomes a domain error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import asyncpg

from callwright.domain.errors import (
    BadInputError,
    BrokenInvariantError,
    CallwrightError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    SuppressedError,
    UnavailableError,
)

_LOG = logging.getLogger(__name__)

_CANNOT_CONNECT: tuple[type[BaseException], ...] = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
)
_GONE: tuple[type[BaseException], ...] = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.exceptions.InternalClientError,
)
_RETRY: tuple[type[BaseException], ...] = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError)


def translate(error: BaseException) -> CallwrightError | None:
    """The domain error for ``error``, or None when it is not one of the database's."""
    if isinstance(error, _CANNOT_CONNECT):
        return ConfigurationError(f"the database refuses us: {_first_line(error)}; check DATABASE_URL")
    if isinstance(error, _GONE):
        return UnavailableError(f"the database cannot be reached ({type(error).__name__}: {_first_line(error)})")
    if isinstance(error, _RETRY):
        return UnavailableError("two changes got in each other's way and this one was undone; send it again")
    # A NUL in a text, a number out of range: PostgreSQL says so, or asyncpg before sending (an InterfaceError that is a ValueError).
    if isinstance(error, asyncpg.DataError) or (
        isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    ):
        return BadInputError(f"a value cannot be stored: {_first_line(error)}")
    if isinstance(error, asyncpg.UniqueViolationError):
        return ConflictError(f"there is already one like it ({error.constraint_name})")
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return _of_reference(error)
    if (
        isinstance(error, asyncpg.IntegrityConstraintViolationError)
        and error.constraint_name == "execution_not_suppressed"
    ):
        return SuppressedError(f"the number is not to be called any more ({_first_line(error)})")
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return BrokenInvariantError(f"the database refused a change: {_first_line(error)}")
    # Other interface errors are wrong use of a connection: a defect of ours, not an outage.
    if isinstance(error, asyncpg.InterfaceError) and "clos" in str(error):
        return UnavailableError(f"the connection to the database is closed ({_first_line(error)})")
    return None


class _Translated:
    """A block whose database errors leave as domain errors. It keeps nothing, so that one serves all: every statement is in one."""

    __slots__ = ("_connecting",)

    def __init__(self, *, connecting: bool) -> None:
        self._connecting = connecting

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        known = translate(error)
        if known is None and self._connecting and isinstance(error, OSError):
            known = UnavailableError(f"the database cannot be reached ({_first_line(error)})")
        if known is not None:
            raise known from error


_CONNECTING, _CONNECTED = _Translated(connecting=True), _Translated(connecting=False)


def translated(*, connecting: bool = False) -> AbstractContextManager[None]:
    """Raise the domain error in place of the database's; anything else passes as it is. With ``connecting`` every OSError (no such
    socket, no such host, no permission) means that the database cannot be reached."""
    return _CONNECTING if connecting else _CONNECTED


def _of_reference(error: asyncpg.ForeignKeyViolationError) -> CallwrightError:
    if error.constraint_name == "execution_state_exists":
        return BrokenInvariantError(f"the database refused a change: {_first_line(error)}")
    if "still referenced" in str(error.detail):
        return ConflictError(f"something still belongs to it ({error.constraint_name}); delete that first")
    return NotFoundError(f"what it belongs to does not exist ({error.constraint_name})")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@contextmanager
def ignored() -> Iterator[None]:
    """Let pass what the database says while something that already failed is cleaned up; other errors are raised."""
    try:
        with translated(connecting=True):
            yield
    except CallwrightError as error:
        _LOG.debug("while cleaning up after a failure: %s", error.message)
