"""What a call reserves of its organisation's wallet before it begins, in the unit that commits to the call. The settlement is no use case:
the storage writes it with the change that makes the cost final, as it counts usage. Every attempt reserves and is settled for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from callwright.domain.errors import BalanceLowError
from callwright.ops.crash_points import point
from callwright.platform.dialling.rules.facts import DialFacts
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.unit import Unit
from callwright.platform.usage.rules import spent_by
from callwright.platform.wallet.rules import Caps, Charge, Wallet, refusal, reservation


async def reserve(
    unit: Unit,
    execution: Execution,
    price: Callable[[], int],
    now: datetime,
    *,
    refuse: bool = True,
    facts: DialFacts | None = None,
) -> None:
    """Set the ``price`` of an attempt aside, in the unit that commits to it. Nothing happens where the organisation has no wallet and its
    calls have no caps. Raises BalanceLowError when the wallet or a cap does not allow it: then nothing may be committed. With ``refuse``
    off the price is set aside all the same, and the balance may fall below zero. ``facts``: where this unit has read them. Of a batch's
    call the error says whether the money is only held (``is_held``)."""
    stored = await unit.calling_policies.binding(execution.tenant_id) if facts is None else facts.stored
    caps = stored.policy.caps
    if facts is not None and not facts.has_wallet and not caps.any:
        return
    wallet = await _wallet_of(unit, execution, caps)
    if wallet is None:
        return
    amount, day = price(), now.astimezone(UTC).date()
    committed = await unit.wallets.committed(wallet, execution, day)
    if committed.reserved:
        # The answer of the commit was lost with the connection, and the unit is written again.
        return
    refused = refusal(amount, wallet, committed, caps) if refuse else None
    rule, held = "", -1
    for _ in range(2):
        if refused is None or execution.batch_id is None or refused.rule == rule:
            break
        rule = refused.rule
        held = await unit.wallets.held(wallet, execution, rule)
        # A call that ended between the two looks has given its money back, and neither of them saw it.
        refused = refusal(amount, wallet, await unit.wallets.committed(wallet, execution, day), caps)
    if refused is not None:
        error = BalanceLowError(refused.reason, field=refused.rule)
        error.is_held = refused.rule == rule and held >= refused.lacks_nano
        raise error
    cost = spent_by(execution)["cost"]
    charge = Charge(execution.tenant_id, execution.id, execution.attempt, execution.batch_id, day, cost)
    await unit.wallets.add(wallet.organisation_id, reservation(charge, amount, wallet.source))
    point("wallet.reserving")


async def _wallet_of(unit: Unit, execution: Execution, caps: Caps) -> Wallet | None:
    """The wallet that the call is counted in, locked; None where nothing is counted."""
    wallet = await unit.wallets.lock(execution.tenant_id)
    if wallet is None and caps.any:
        tenant = await unit.accounts.tenant(execution.tenant_id)
        return None if tenant is None else await unit.wallets.put(tenant.parent_id or tenant.id)
    return wallet if wallet is not None and (wallet.enabled or caps.any) else None
