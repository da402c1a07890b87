"""Doing something once under an ``Idempotency-Key``: the first answer is kept with the work and given again to a repeated request."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from callwright.domain.errors import BadInputError, CallwrightError, ConflictError
from callwright.domain.limits import MAX_IDEMPOTENCY_KEY_CHARACTERS, WORK_UNDER_KEY_SECONDS
from callwright.platform.accounts.rules import Principal
from callwright.platform.idempotency.rules import HeldKey, Hold, IdempotentAnswer
from callwright.platform.services import Services

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.25
_LONGEST_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class OnceKey:
    """The key of a request and the digest of what it asks for."""

    key: str
    digest: str


def once_key(key: str, *asked: Any) -> OnceKey:
    """Check a key. ``asked`` is what the request asks for, as JSON: its route, its body, the hash of a file. Raises BadInputError."""
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not key.isprintable():
        raise BadInputError(
            f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} printable characters",
            field="Idempotency-Key",
        )
    given = asked[0] if len(asked) == 1 else asked
    text = json.dumps(given, sort_keys=True, separators=(",", ":"))
    return OnceKey(key, hashlib.sha256(text.encode()).hexdigest())


async def once(
    services: Services,
    principal: Principal,
    key: OnceKey,
    http_status: int,
    work: Callable[[Services], Awaitable[bytes]],
) -> tuple[int, bytes]:
    """:func:`once_with_status` of work that always has the same status."""

    async def made(joined: Services) -> tuple[int, bytes]:
        return http_status, await work(joined)

    return await once_with_status(services, principal, key, made)


async def once_with_status(
    services: Services, principal: Principal, key: OnceKey, work: Callable[[Services], Awaitable[tuple[int, bytes]]]
) -> tuple[int, bytes]:
    """Status and body of the answer: those kept under the key, else those of ``work``, kept in the same transaction as what it did.

    ``work`` gets services whose every unit is that one transaction. When it raises, nothing was done and nothing is kept. The same key with
    another request is a ConflictError.
    """
    async with services.ledger.slow_unit(principal.organisation_id) as unit:
        stored = await unit.idempotency.begin(principal.tenant_id, key.key, key.digest)
        if stored is not None:
            _check_same(key, stored)
        if isinstance(stored, HeldKey):
            raise _under_way()
        if stored is not None:
            return stored.http_status, stored.body
        http_status, body = await work(replace(services, ledger=services.ledger.joined(unit)))
        await unit.idempotency.store(principal.tenant_id, key.key, IdempotentAnswer(key.digest, http_status, body))
    return http_status, body


async def refuse_used(services: Services, principal: Principal, key: str) -> None:
    """Refuse a request that cannot be done if its key was used. Such a request has no answer under it, so another one used it. Raises
    ConflictError, or BadInputError for a key that is none."""
    checked = once_key(key)
    async with services.ledger.reading() as unit:
        if await unit.idempotency.find(principal.tenant_id, checked.key) is not None:
            raise _used()


async def once_outside(
    services: Services, principal: Principal, key: OnceKey, work: Callable[[], Awaitable[tuple[int, bytes]]]
) -> tuple[int, bytes]:
    """Status and body of the answer of ``work`` that is no transaction, because it waits for others for up to WORK_UNDER_KEY_SECONDS.

    The key is held meanwhile: the same request waits for the answer (one in this process; more are a ConflictError), another one is a
    ConflictError. When ``work`` raises, the key is let go. When the process dies, or the answer cannot be kept, the key is free again
    after WORK_UNDER_KEY_SECONDS.
    """
    hold = await _hold(services, principal.tenant_id, key)
    if isinstance(hold, IdempotentAnswer):
        return hold.http_status, hold.body
    try:
        http_status, body = await work()
    except BaseException:
        with suppress(CallwrightError):
            async with services.ledger.unit() as unit:
                await unit.idempotency.release(principal.tenant_id, key.key, hold)
        raise
    made = IdempotentAnswer(key.digest, http_status, body)
    # Kept or not: it is done, and whoever asked is told so.
    try:
        async with services.ledger.unit() as unit:
            kept = await unit.idempotency.keep(principal.tenant_id, key.key, made, hold)
    except CallwrightError as error:
        _LOG.warning("the answer under an Idempotency-Key could not be kept: %s", error.message)
    else:
        if not kept:
            _LOG.warning(
                "work under an Idempotency-Key took longer than %d s, and its answer is not kept",
                WORK_UNDER_KEY_SECONDS,
            )
    return http_status, body


async def _hold(services: Services, tenant_id: str, key: OnceKey) -> Hold | IdempotentAnswer:
    """The key, held from now on, or the answer of who had it."""
    found = await _try_to_hold(services, tenant_id, key)
    if not isinstance(found, HeldKey):
        return found
    place = (tenant_id, key.key)
    if place in services.key_waiters:
        raise _under_way()
    services.key_waiters.add(place)
    try:
        wait_s = _LOOK_SECONDS
        while isinstance(found, HeldKey):
            await services.clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_LOOK_SECONDS)
            # Only looked at, so that who works under the key never waits for the row.
            async with services.ledger.reading() as unit:
                seen = await unit.idempotency.find(tenant_id, key.key)
            if seen is not None:
                _check_same(key, seen)
            found = seen if seen is not None else await _try_to_hold(services, tenant_id, key)
    finally:
        services.key_waiters.discard(place)
    return found


async def _try_to_hold(services: Services, tenant_id: str, key: OnceKey) -> Hold | IdempotentAnswer | HeldKey:
    async with services.ledger.unit() as unit:
        found = await unit.idempotency.hold(tenant_id, key.key, key.digest, WORK_UNDER_KEY_SECONDS)
    if not isinstance(found, Hold):
        _check_same(key, found)
    return found


def _under_way() -> ConflictError:
    return ConflictError("a request with this Idempotency-Key is under way; ask again", field="Idempotency-Key")


def _check_same(key: OnceKey, found: IdempotentAnswer | HeldKey) -> None:
    if found.request_digest != key.digest:
        raise _used()


def _used() -> ConflictError:
    return ConflictError(
        "this Idempotency-Key was used for another request within the last 24 hours; use a new key for a new request",
        field="Idempotency-Key",
    )
