"""Who may have a model asked anew about a call."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import NotAllowedError
from callwright.platform.accounts.rules import FULL, MEMBER, READ, Principal
from callwright.platform.replays.actions import WhatIfRequest, what_if
from callwright.ports.replays import ASK


@pytest.mark.parametrize(("scope", "role"), [(READ, "admin"), (FULL, MEMBER)])
async def test_who_may_not_change_an_agent_has_no_model_asked_with_settings_of_its_own(scope: str, role: str) -> None:
    whatever: Any = None
    principal = Principal("t", "key-1", "ours", scope=scope, role=role)
    with pytest.raises(NotAllowedError):
        await what_if(whatever, principal, whatever, WhatIfRequest(0, {}, ASK, False))
