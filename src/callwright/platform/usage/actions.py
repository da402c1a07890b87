"""Usage of an account over a period (contract 3.13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_USAGE_DAYS
from callwright.platform.accounts.rules import Principal, Tenant
from callwright.platform.services import Services, missing, object_id
from callwright.platform.usage.rules import UsageKey, Used, quarter_after, quarter_of

TOO_LATE = "must be a time before the year 9999"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to before ``until``, both at quarters of an hour."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What an account used: the lines of calls that are done, and how many are not, by status."""

    tenant: Tenant
    period: Period
    lines: Mapping[UsageKey, Used]
    unfinished: Mapping[str, int]


def read_period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """From ``since`` (by default the first of this month) to ``until`` (the end of today) in UTC, both widened to quarters of an hour.
    Raises BadInputError: ``until`` before ``since``, or more than MAX_USAGE_DAYS apart."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = since or today.replace(day=1)
    until = until or today + timedelta(days=1)
    try:
        period = Period(quarter_of(since), quarter_after(until))
    except OverflowError:
        raise BadInputError(f"to {TOO_LATE}", field="to") from None
    if until < since:
        raise BadInputError("to must not be before from", field="to")
    if until - since > timedelta(days=MAX_USAGE_DAYS):
        raise BadInputError(f"from and to may be at most {MAX_USAGE_DAYS} days apart", field="to")
    return period


async def usage_of_own(services: Services, principal: Principal, period: Period) -> AccountUsage:
    """The usage of the account of the key: of an organisation, its own calls without those of its sub-accounts."""
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(principal.tenant_id)
    if tenant is None:
        raise missing("account")
    return (await _usage(services, [tenant], period))[0]


async def find_sub_account(services: Services, principal: Principal, account_id: str) -> Tenant:
    """A sub-account whose usage may be read, a deleted one too: by its organisation, and by itself. Raises NotFoundError."""
    account_id = object_id(account_id, "sub-account")
    if principal.parent_id is not None and account_id != principal.tenant_id:
        raise missing("sub-account")
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.sub_account(principal.organisation_id, account_id, deleted=True)
    if tenant is None:
        raise missing("sub-account")
    return tenant


async def usage_of_sub_account(services: Services, account: Tenant, period: Period) -> AccountUsage:
    """The usage of one sub-account."""
    return (await _usage(services, [account], period))[0]


async def usage_of_all(services: Services, principal: Principal, period: Period) -> list[AccountUsage]:
    """The usage of every sub-account of the organisation, newest first, and of deleted ones that used something in the period. Raises
    BadInputError."""
    async with services.ledger.unit() as unit:
        tenants = await unit.accounts.sub_accounts(principal.organisation_id, deleted=True)
    found = await _usage(services, tenants, period)
    return [one for one in found if one.tenant.deleted_at is None or one.lines or one.unfinished]


async def _usage(services: Services, tenants: list[Tenant], period: Period) -> list[AccountUsage]:
    ids = [tenant.id for tenant in tenants]
    async with services.ledger.unit() as unit:
        # Unfinished first: a call that ends in between is counted once too often rather than not at all, for the moment.
        unfinished = await unit.usage.unfinished(ids, period.since, period.until)
        lines = await unit.usage.total(ids, period.since, period.until)
    return [AccountUsage(tenant, period, lines[tenant.id], unfinished[tenant.id]) for tenant in tenants]
