"""Sessions of the dashboard: opened with a key or with the code of a link, and ended. A session may do what its key may."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callwright.domain.errors import (
    CallwrightError,
    EndedSessionError,
    NotAllowedError,
    UnavailableError,
    UnknownKeyError,
    UsedCodeError,
)
from callwright.domain.limits import MAX_SESSION_CLIENT_CHARACTERS, SESSION_USE_SECONDS, SIGN_IN_CODE_SECONDS
from callwright.platform.accounts.rules import ADMIN, FULL, MEMBER, ApiKey, Principal, Tenant
from callwright.platform.audit.actions.record import audit
from callwright.platform.keys.actions.keys import ACCESS_DENIED, KeyWish, holder_of, insert_key, rights_of
from callwright.platform.services import Services, missing, object_id
from callwright.platform.sessions.rules import OpenSession, Session, expiry_of_session
from callwright.platform.unit import Unit

_TOKEN_BYTES = 32
KEY_NAME = "dashboard"
"""The key of the sessions that begin with a link. Nobody knows the key itself; revoking it ends them all."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened. ``token`` is nowhere else."""

    token: str
    session: Session
    principal: Principal


def digest_of_token(token: str) -> bytes:
    """The hash under which a token or a code is stored. Both are random and long, so that it needs no secret."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(services: Services, principal: Principal, client: str) -> NewSession:
    """Open a session for whoever has shown the key of ``principal``. ``client`` is how the browser names itself."""
    async with services.ledger.unit() as unit:
        return await _insert(services, unit, principal, client)


async def _insert(services: Services, unit: Unit, principal: Principal, client: str) -> NewSession:
    token, now = services.ids.token(_TOKEN_BYTES), services.clock.now()
    shown = "".join(character for character in client if character.isprintable())
    session = Session(
        id=services.ids.uuid(),
        tenant_id=principal.tenant_id,
        key_id=principal.key_id,
        digest=digest_of_token(token),
        client=shown[:MAX_SESSION_CLIENT_CHARACTERS],
        created_at=now,
        used_at=now,
        expires_at=expiry_of_session(now, principal.expires_at),
    )
    if session.expires_at <= now:
        raise UnknownKeyError(ACCESS_DENIED)
    await unit.keys.sessions.insert(session)
    await audit(unit, principal, "session.opened", session.id, after={"client": session.client})
    return NewSession(token, session, replace(principal, session_id=session.id))


async def new_code(services: Services, tenant_id: str) -> str:
    """Make a code that opens one session of an administrator of an account, within SIGN_IN_CODE_SECONDS. Raises NotFoundError."""
    code, now = services.ids.token(_TOKEN_BYTES), services.clock.now()
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
        if tenant is None or tenant.deleted_at is not None:
            raise missing("account")
        until = now + timedelta(seconds=SIGN_IN_CODE_SECONDS)
        await unit.keys.sessions.insert_code(digest_of_token(code), tenant_id, now, until)
    return code


async def enter(
    services: Services, code: str, client: str, looking_up: AbstractAsyncContextManager[None] | None = None
) -> NewSession:
    """Open a session with the code of a link, which is used up by it. Raises UsedCodeError for one that is not known, used or expired."""
    async with looking_up or nullcontext(), services.ledger.unit() as unit:
        tenant_id = await unit.keys.sessions.take_code(digest_of_token(code), services.clock.now())
        if tenant_id is None:
            raise UsedCodeError("this link was used already, has expired or was never made")
        key = await _key_of_links(services, unit, tenant_id)
        return await _insert(services, unit, holder_of(key), client)


async def _key_of_links(services: Services, unit: Unit, tenant_id: str) -> ApiKey:
    """The account's key of sessions that begin with a link, made with the first of them."""
    tenant = await unit.accounts.tenant(tenant_id)
    if tenant is None or tenant.deleted_at is not None:
        raise missing("account")
    now = services.clock.now()
    for key in await unit.keys.all(tenant_id):
        if key.name == KEY_NAME and (key.scope, key.role) == (FULL, ADMIN) and key.is_good(now):
            return replace(key, parent_id=tenant.parent_id)
    by = Principal(tenant_id, KEY_NAME, KEY_NAME, parent_id=tenant.parent_id)
    made = await insert_key(services, unit, by, KeyWish(tenant_id, KEY_NAME, of_sub_account=by.parent_id is not None))
    return made.stored


async def authenticate_session(
    services: Services, token: str, looking_up: AbstractAsyncContextManager[None] | None = None
) -> Principal:
    """Who the session with that token belongs to: the holder of its key. It is looked up within ``looking_up``, which may wait or refuse.
    Raises EndedSessionError, in the same words for a session that never was, one that has ended and one whose key was revoked."""
    async with looking_up or nullcontext(), services.ledger.reading() as unit:
        session = await unit.keys.sessions.by_digest(digest_of_token(token))
        key = None if session is None else await unit.keys.by_id(session.key_id)
    now = services.clock.now()
    if session is None or key is None or session.ends_at <= now or not key.is_good(now):
        raise EndedSessionError(ACCESS_DENIED)
    if now - session.used_at >= timedelta(seconds=SESSION_USE_SECONDS):
        # Without the database it is done at a later request.
        with suppress(UnavailableError):
            async with services.ledger.unit() as unit:
                await unit.keys.sessions.used(session.id, now)
    services.key_used(key.id, now)
    return replace(holder_of(key), session_id=session.id)


async def lost_session(services: Services, opened: Principal) -> CallwrightError | None:
    """Why a request that came with the session of ``opened`` may not stay open: EndedSessionError when it has ended, NotAllowedError when
    its key may do something else now. None while it may. Raises UnavailableError when nobody can tell."""
    async with services.ledger.reading() as unit:
        session = await unit.keys.sessions.by_id(opened.session_id)
        key = None if session is None else await unit.keys.by_id(session.key_id)
    now = services.clock.now()
    if session is None or key is None or session.ends_at <= now or not key.is_good(now):
        return EndedSessionError("the session this was opened with has ended")
    if rights_of(holder_of(key)) != rights_of(opened):
        return NotAllowedError("what the key of this session may do has changed; ask again")
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is signed in: the account, the key and, unless the request came with the key itself, the session."""

    account: Tenant
    principal: Principal
    session: Session | None

    @property
    def ends_at(self) -> datetime | None:
        """When the session ends if it is not used again, or when the key expires; None: never."""
        return self.principal.expires_at if self.session is None else self.session.ends_at


async def standing_of(services: Services, principal: Principal) -> Standing:
    """Who is signed in. Raises NotFoundError for an account that was deleted in the meantime."""
    async with services.ledger.reading() as unit:
        account = await unit.accounts.tenant(principal.tenant_id)
        session = await unit.keys.sessions.by_id(principal.session_id) if principal.session_id else None
    if account is None:
        raise missing("account")
    return Standing(account, principal, session)


async def list_sessions(services: Services, principal: Principal) -> list[OpenSession]:
    """The sessions one may see, the last used first: an administrator those of the account, a member those of one's own keys."""
    async with services.ledger.reading() as unit:
        return await unit.keys.sessions.of_tenant(principal.tenant_id, _whose(principal), services.clock.now())


async def end_session(services: Services, principal: Principal, session_id: str) -> None:
    """End a session that one may see: the next request that comes with it is refused, by every process. Raises NotFoundError."""
    session_id = object_id(session_id, "session")
    async with services.ledger.unit() as unit:
        found = await unit.keys.sessions.one_of_tenant(principal.tenant_id, _whose(principal), session_id)
        if found is None or not await _ended(unit, principal, found.session):
            raise missing("session")


async def end_own(services: Services, principal: Principal) -> None:
    """End the session that a request came with. Raises NotFoundError for a request that came with a key."""
    if not principal.session_id:
        raise missing("session")
    async with services.ledger.unit() as unit:
        found = await unit.keys.sessions.by_id(principal.session_id)
        if found is not None:
            await _ended(unit, principal, found)


async def _ended(unit: Unit, principal: Principal, session: Session) -> bool:
    """End a session. False when somebody else has."""
    if not await unit.keys.sessions.delete(session.id):
        return False
    await audit(unit, principal, "session.ended", session.id, before={"client": session.client})
    return True


def _whose(principal: Principal) -> str | None:
    return principal.holder if principal.role == MEMBER else None
