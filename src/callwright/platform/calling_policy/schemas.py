"""Shapes of the calling policy for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from callwright.api.schemas import Open, Timestamp, declared
from callwright.domain.settings.setting import declared_in
from callwright.platform.calling_policy.actions import VERSION
from callwright.platform.dialling.rules.policy import CallingPolicy, policy_wire

_SECTIONS = declared_in(CallingPolicy)


class CallingPolicyBody(BaseModel):
    """The whole policy: a section that is missing gets its defaults."""

    model_config = declared((*_SECTIONS, VERSION))


class CallingPolicyView(Open):
    """The policy of an organisation."""

    model_config = declared(
        _SECTIONS,
        answer={**policy_wire(CallingPolicy()), "version": 1, "updated_at": "2026-11-29T09:12:44.120318+00:00"},
    )

    version: int = Field(description="Counts the changes; 0 is the default policy.")
    updated_at: Timestamp | None


EXAMPLE: dict[str, Any] = {
    "hours": {"start_hour": 9, "end_hour": 20, "days": ["mon", "tue", "wed", "thu", "fri"]},
    "numbers": {"countries": ["US", "GB"]},
}
