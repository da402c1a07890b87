"""Sub-accounts on the wire (contract 3.13)."""

from __future__ import annotations

from typing import Any

from callwright.actions.sub_accounts import SubAccount
from callwright.domain.tenant import SUB_ACCOUNT_PREFIX
from callwright.insight.record import wire_time

_MASKED_DIGITS = 28


def record(found: SubAccount) -> dict[str, Any]:
    """Every key of the hosted service's record. A key that is not shown has its form, so that clients that check it go on working."""
    tenant = found.tenant
    masked = found.secret is None
    last4 = "0000" if found.key is None else found.key.last4
    return {
        "id": tenant.id,
        "name": tenant.name,
        "user_id": tenant.id,
        "organization_id": tenant.parent_id,
        "api_key": f"{SUB_ACCOUNT_PREFIX}{'0' * _MASKED_DIGITS}{last4}" if masked else found.secret,
        "api_key_masked": masked,
        "min_concurrency": tenant.places.least,
        "max_concurrency": tenant.max_concurrency,
        "allow_concurrent_calls": tenant.max_concurrency,
        "multi_tenant": False,
        "db_host": None,
        "db_name": None,
        "db_port": None,
        "db_user": None,
        "db_password": None,
        "created_at": wire_time(tenant.created_at),
        "updated_at": wire_time(tenant.updated_at),
    }
