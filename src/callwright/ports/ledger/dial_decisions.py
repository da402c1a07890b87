"""Port of storage: the decisions whether calls may be dialled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callwright.domain.dialling.decision import Decision
from callwright.domain.dialling.policy import StoredPolicy
from callwright.domain.execution import Execution
from callwright.domain.pace.policy import Limit

ADMISSION, DIALLING, TRANSFER = "admission", "dialling", "transfer"
"""Steps at which a decision is made: before a process takes the call, in the unit that writes the intent to dial, before a transfer."""


@dataclass(frozen=True, slots=True)
class DialDecision:
    """A decision about an execution. ``called`` is the number that was asked about, in one form for all of its spellings."""

    tenant_id: str
    execution_id: str
    batch_id: str | None
    attempt: int
    step: str
    at: datetime
    called: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class DialFacts:
    """What a decision about one call depends on, as it is at one moment."""

    stored: StoredPolicy
    """The policy that binds the call's tenant."""
    guardrails: Mapping[str, Any]
    """``calling_guardrails`` of its agent by id, as ``CallingPolicies.guardrails`` returns them."""
    suppressed: bool
    """Whether its number is on the list of its tenant or organisation."""
    batch_limit: Limit
    """The limit of its batch."""
    batch_paused: bool
    """Whether its batch is paused."""
    batch_over: bool
    """Whether its batch was stopped or deleted."""
    has_wallet: bool
    """Whether its organisation has a wallet, switched on or off."""


class DialDecisions(Protocol):
    """Decisions. They are added and read, never changed. They go with their execution; that a number was dialled stays and counts for the
    longest period of a policy."""

    async def add(self, rows: Sequence[DialDecision]) -> None:
        """Write decisions."""
        ...

    async def of_execution(self, tenant_id: str, execution_id: str, count: int) -> list[DialDecision]:
        """The newest ``count`` decisions about an execution of the tenant, oldest first."""
        ...

    async def facts(self, execution: Execution) -> DialFacts:
        """What the decision about a call depends on. Raises BadInputError for a policy that cannot be read."""
        ...

    async def attempts(
        self, organisation_id: str, called: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[datetime]]:
        """When each number was dialled by an organisation and its sub-accounts after ``since``, oldest first."""
        ...

    async def lock_called(self, organisation_id: str, called: str) -> None:
        """Nobody else of the organisation who locks the number counts its attempts until the unit ends."""
        ...

    async def rules_of_batch(self, batch_id: str) -> Mapping[str, int]:
        """By rule, how many executions of a batch it has decided."""
        ...
