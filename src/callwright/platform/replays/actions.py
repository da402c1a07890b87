"""Running finished calls again: the same, with a changed agent, and as a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import BadInputError, NotAllowedError
from callwright.insight.doctor import examined
from callwright.insight.view import view_of
from callwright.platform.accounts.rules import FULL, MEMBER, Principal
from callwright.platform.call_logs.actions import CallLog, call_log_of
from callwright.platform.keys.rules import FORBIDDEN, ONLY_READING, remedy
from callwright.platform.services import Services
from callwright.ports.replays import ASK, WhatIfWish


@dataclass(frozen=True, slots=True)
class WhatIfRequest:
    """A what-if as it is asked for; see ``ports.replays.WhatIfWish``."""

    from_turn: int
    settings: Mapping[str, Any]
    model: str
    keep_going: bool


async def replay(services: Services, call: CallLog) -> Mapping[str, Any]:
    """Whether today's core does what it did in the call. Raises BadInputError."""
    return await services.replays.replay(call.log)


async def what_if(services: Services, principal: Principal, call: CallLog, asked: WhatIfRequest) -> Mapping[str, Any]:
    """The call from a turn on with another agent. Raises BadInputError, and NotAllowedError for a key that may not let a model be asked."""
    if asked.model == ASK and principal.scope != FULL:
        raise NotAllowedError(f"{ONLY_READING}: asking the model anew is paid for", hint="Use a key of full scope.")
    if asked.model == ASK and principal.role == MEMBER:
        # The settings may name any address, and the organisation's key would go there.
        raise NotAllowedError(f"{FORBIDDEN}: a model is asked anew", hint=remedy(principal, FORBIDDEN))
    wish = WhatIfWish(principal.tenant_id, call.log, asked.from_turn, asked.settings, asked.model, asked.keep_going)
    return await services.replays.what_if(wish)


async def scenario(services: Services, call: CallLog) -> Mapping[str, Any]:
    """A scenario made from the call. Raises BadInputError."""
    found = call.record.get("doctor") or examined(view_of(call.log.decode()), over=True)
    return await services.replays.scenario(call.log, call.execution.user_data, found["findings"])


async def finished_call(services: Services, principal: Principal, execution_id: str, attempt: int | None) -> CallLog:
    """The log of an attempt that is over. Raises NotFoundError, or BadInputError where there is nothing to run again yet."""
    call = await call_log_of(services, principal, execution_id, attempt)
    if call.is_live:
        raise BadInputError("the call still goes on; run it again when it is over")
    if not call.log:
        raise BadInputError("nothing was written of this call: it was not dialled, or its log is gone")
    return call
