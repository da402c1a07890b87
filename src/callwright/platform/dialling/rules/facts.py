"""The decisions whether calls may be dialled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.platform.dialling.rules.decision import Decision
from callwright.platform.dialling.rules.policy import StoredPolicy
from callwright.platform.pace.rules.policy import Limit

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
