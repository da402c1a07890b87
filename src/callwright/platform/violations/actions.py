"""Violations: the operator puts a complaint before an account, the account answers with a file, the operator decides (contract 3.14)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callwright.domain.errors import BadInputError, NotFoundError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.platform.accounts.rules import Principal, operator
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing, object_id
from callwright.platform.uploads import check_quota, stored_before
from callwright.platform.violations.rules import PENDING, SUBMITTED, Violation, check_step


@dataclass(frozen=True, slots=True)
class ViolationPage:
    """One page of an account's, newest first."""

    number: int
    size: int
    rows: list[Violation]
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The file with which an account answers."""

    violation_id: str
    file_name: str
    content: bytes


async def list_violations(
    services: Services, principal: Principal, status: str, number: int, size: int
) -> ViolationPage:
    """A page of the account's, from 1: those of a ``status``, or all where it is empty."""
    async with services.ledger.unit() as unit:
        rows, total = await unit.violations.page(principal.tenant_id, status, number, size)
    return ViolationPage(number, size, rows, total)


async def answer_violation(services: Services, principal: Principal, given: Answer) -> Violation:
    """Keep the account's answer; it is ``submitted`` then. Raises BadInputError, NotFoundError, WrongStateError when it is decided."""
    violation_id = object_id(given.violation_id, "violation")
    if not given.content:
        raise BadInputError("violation_file is empty", field="violation_file")
    async with services.ledger.unit() as unit:
        stored = await stored_before(services, unit, principal)
        found = await unit.violations.get(principal.tenant_id, violation_id)
        if found is None:
            raise missing("violation")
        check_step(found, SUBMITTED)
        name = given.file_name[:MAX_NAME_CHARACTERS] or "answer"
        changed = replace(found, status=SUBMITTED, file_name=name, updated_at=services.clock.now())
        await unit.violations.update(changed, given.content)
        await check_quota(services, unit, principal, stored)
        told = {"status": SUBMITTED, "file_name": name, "bytes": len(given.content)}
        await audit(unit, principal, "violation.answered", violation_id, before={"status": found.status}, after=told)
    return changed


async def file_of_violation(services: Services, principal: Principal, violation_id: str) -> tuple[str, bytes]:
    """Name and content of the account's answer. Raises NotFoundError."""
    violation_id = object_id(violation_id, "violation")
    async with services.ledger.unit() as unit:
        found = await unit.violations.get(principal.tenant_id, violation_id)
        content = None if found is None else await unit.violations.content(principal.tenant_id, violation_id)
    if found is None or content is None:
        raise missing("file of a violation")
    return found.file_name or "answer", content


# -- the operator ------------------------------------------------------------------------------------------------------------------


async def put_before(services: Services, account: str, execution_id: str, note: str) -> Violation:
    """Put a complaint about a call before the account it is of. An empty ``execution_id``: about no single call, then ``account`` says
    whose. Raises NotFoundError, BadInputError."""
    if len(note) > MAX_NAME_CHARACTERS * 10 or (note and not note.isprintable()):
        raise BadInputError(f"the note must have at most {MAX_NAME_CHARACTERS * 10} printable characters", field="note")
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        call = None
        if execution_id:
            call = await unit.executions.get_any(object_id(execution_id, "execution"))
            if call is None:
                raise missing("execution")
        tenant = await unit.accounts.tenant(call.tenant_id if call is not None else account)
        if tenant is None:
            raise NotFoundError("there is no such account")
        violation = Violation(
            id=services.ids.uuid(),
            tenant_id=tenant.id,
            status=PENDING,
            created_at=now,
            updated_at=now,
            execution_id=None if call is None else call.id,
            agent_id=None if call is None else call.agent_id,
            from_number="" if call is None else call.from_number,
            to_number="" if call is None else call.to_number,
            date_of_call=None if call is None else call.created_at,
            email=tenant.email,
            note=note or None,
        )
        await unit.violations.insert(violation)
        told = {"execution_id": violation.execution_id, "note": violation.note}
        await audit(unit, operator(tenant.id), "violation.created", violation.id, after=told)
    return violation


async def decide(services: Services, violation_id: str, status: str) -> Violation:
    """Accept or reject what an account answered, or that it did not. Raises NotFoundError, WrongStateError."""
    violation_id = object_id(violation_id, "violation")
    async with services.ledger.unit() as unit:
        found = await unit.violations.get_any(violation_id)
        if found is None:
            raise missing("violation")
        check_step(found, status)
        changed = replace(found, status=status, updated_at=services.clock.now())
        await unit.violations.update(changed)
        before, after = {"status": found.status}, {"status": status}
        await audit(unit, operator(found.tenant_id), f"violation.{status}", violation_id, before=before, after=after)
    return changed
