"""Port of storage: what accounts used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from callwright.domain.usage import UsageKey, Used


class Usage(Protocol):
    """What accounts used. It is counted by ``Executions.change``, in the unit in which a call is done or its record changes after that."""

    async def total(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[UsageKey, Used]]:
        """What calls of each tenant that were created from ``since`` to before ``until``, both at quarters of an hour, have added."""
        ...

    async def unfinished(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[str, int]]:
        """How many of each tenant's calls of that time are not done, by status."""
        ...

    async def captured(self, tenant_id: str) -> tuple[int, int]:
        """How many calls under way have a capture asked for: the tenant's, and all. Counted one after the other, until the unit ends."""
        ...
