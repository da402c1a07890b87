"""Asks whether calls may be dialled: gathers what ``platform.dialling.rules`` is to know from the ledger, and writes each answer there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callwright.domain.dialled import named_number
from callwright.domain.errors import BadInputError, BalanceLowError
from callwright.insight.wire import wire_time
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.parsing import agent_hours
from callwright.platform.dialling.rules import Decision, Question, Rules, Verdict, decide
from callwright.platform.dialling.rules.country_rules import CountryRules
from callwright.platform.dialling.rules.facts import ADMISSION, DIALLING, TRANSFER, DialDecision, DialFacts
from callwright.platform.dialling.rules.number_plan import VERSION, number_facts
from callwright.platform.dialling.rules.policy import StoredPolicy
from callwright.platform.executions.rules.attempts import was_dialled
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.unit import Unit
from callwright.platform.wallet.rules import WALLET

_LOG = logging.getLogger(__name__)

BYPASS = "bypass_call_guardrails"
"""Key of an execution's options: whether it is dialled outside of its agent's hours too."""

DECISION = "decision"
"""Key of an execution's record: the last decision about it."""

MONEY_HELD = "money_held"
"""The rule of a decision: a batch's call waits for money that calls under way have reserved."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decides about calls. ``countries`` are the rule files by country."""

    countries: Mapping[str, CountryRules]

    async def rules(self, unit: Unit, tenant_id: str) -> Rules:
        """What binds the calls of a tenant: the policy of its organisation, and the rules of countries."""
        return self._rules(await unit.calling_policies.binding(tenant_id))

    async def of_candidates(
        self, unit: Unit, candidates: Sequence[Execution], now: datetime
    ) -> dict[str, DialDecision]:
        """Decide about executions that may be admitted, by id. Writes the decisions. An execution about which nothing can be decided is
        left out and keeps waiting."""
        found: dict[str, DialDecision] = {}
        for tenant_id in dict.fromkeys(one.tenant_id for one in candidates):
            try:
                stored = await unit.calling_policies.binding(tenant_id)
            except BadInputError as error:
                _LOG.error("the calling policy of %s cannot be read, its calls wait: %s", tenant_id, error.message)
                continue
            rules = self._rules(stored)
            own = [one for one in candidates if one.tenant_id == tenant_id]
            suppressed = await unit.suppressions.among(tenant_id, [one.to_number for one in own])
            attempts = await _attempts(unit, stored, [called_number(one.to_number) for one in own], now)
            guardrails = await unit.calling_policies.guardrails(tenant_id, {one.agent_id for one in own})
            for one in own:
                # Nothing is asked of the database here: one defect must not keep everybody else's calls from being dialled.
                with round_boundary(f"deciding about execution {one.id}"):
                    dialled = attempts.get(called_number(one.to_number), ())
                    question = question_of(one, now, one.to_number in suppressed, dialled, guardrails)
                    found[one.id] = _row(one, ADMISSION, now, decide(question, rules))
        await unit.dial_decisions.add(list(found.values()))
        return found

    async def of_intent(
        self, unit: Unit, execution: Execution, now: datetime, commit: Callable[[DialFacts], Awaitable[None]]
    ) -> Decision:
        """Decide about a call in the unit that writes the intent to dial it. Writes the decision. ``commit`` takes what the call needs once
        the rules allow it, such as its price; it raises BalanceLowError where that is not covered."""
        called = called_number(execution.to_number)
        facts = await unit.dial_decisions.facts(execution)
        stored = facts.stored
        if stored.policy.attempts.per_number:
            # Two calls to one number at once would each count the attempts without the other.
            await unit.dial_decisions.lock_called(stored.tenant_id, called)
        attempts = await _attempts(unit, stored, [called], now)
        question = question_of(execution, now, facts.suppressed, attempts.get(called, ()), facts.guardrails)
        # Such a call was stopped with its batch, or should have been.
        question = replace(question, stopped=facts.batch_over)
        rules = self._rules(stored)
        decision = decide(question, rules)
        if decision.dials:
            try:
                await commit(facts)
            except BalanceLowError as error:
                decision = decide(replace(question, cap=error.field or WALLET, cap_reason=error.message), rules)
        await unit.dial_decisions.add([_row(execution, DIALLING, now, decision)])
        return decision

    def _rules(self, stored: StoredPolicy) -> Rules:
        return Rules(stored.policy, stored.version, self.countries, VERSION)


def question_of(
    execution: Execution,
    now: datetime,
    suppressed: bool,
    attempts: Sequence[datetime] = (),
    guardrails: Mapping[str, Any] | None = None,
) -> Question:
    """What is asked about an outbound call. ``guardrails``: those of agents as they are now; an agent that is not there has those of the
    execution's copy."""
    return Question(
        now=now,
        number=number_facts(execution.to_number),
        user_data=execution.user_data,
        agent_hours=None if execution.options.get(BYPASS) else _hours_of(execution, guardrails or {}),
        suppressed=suppressed,
        attempts=tuple(attempts),
    )


def suppressed_row(execution: Execution, now: datetime) -> DialDecision:
    """The decision about a contact that is on the list before it is in the queue."""
    return _row(execution, ADMISSION, now, decide(question_of(execution, now, suppressed=True), Rules()))


def stopped_row(execution: Execution, now: datetime) -> DialDecision:
    """The decision about a call that is stopped before it is dialled, or dialled again. It asks for the number only: no defect in a
    contact's data keeps a list from being stopped."""
    dialled = was_dialled(execution.record)
    question = Question(now, number_facts(execution.to_number), stopped=True, dialled_before=dialled)
    step = DIALLING if execution.phase is Phase.CLAIMED else ADMISSION
    return _row(execution, step, now, decide(question, Rules()))


def held_row(execution: Execution, reason: str, now: datetime, until: datetime) -> DialDecision:
    """The decision about a batch's call that waits for money."""
    return _row(execution, DIALLING, now, Decision(Verdict.WAIT, MONEY_HELD, reason, "", until=until))


def default_decision(address: str, now: datetime) -> Decision:
    """Whether a call without a ledger may be dialled: by the default policy."""
    return decide(Question(now=now, number=number_facts(address)), Rules())


def transfer_decision(target: str, now: datetime, rules: Rules) -> Decision:
    """Whether a call that goes on may be handed to an address."""
    return decide(Question(now=now, number=number_facts(target), transfer=True), rules)


def transfer_row(execution: Execution, target: str, at: datetime, decision: Decision) -> DialDecision:
    """The decision about a transfer as it is written."""
    return replace(_row(execution, TRANSFER, at, decision), called=called_number(target))


def change_for(decision: Decision, now: datetime) -> Change:
    """The change of an execution that is not dialled: it waits, or it ends."""
    record = {DECISION: decision_wire(decision, now)}
    if decision.verdict is Verdict.WAIT:
        columns: dict[str, Any] = {"scheduled_at": decision.until, "rescheduled_at": now}
        return Change(Phase.WAITING, "rescheduled", columns=columns, record=record)
    cause = CAUSES[decision.cause]
    columns = {
        "hangup_by": cause.by,
        "hangup_reason": cause.reason,
        "hangup_code": cause.code,
        "error_message": decision.reason,
        "ended_at": now,
        "completed_at": now,
    }
    return Change(Phase.DONE, cause.outcome, columns=columns, record=record)


def decision_wire(decision: Decision, at: datetime) -> dict[str, Any]:
    """A decision as the execution shows its last one."""
    return {
        "at": wire_time(at),
        "verdict": str(decision.verdict),
        "rule": decision.rule,
        "reason": decision.reason,
        "until": wire_time(decision.until),
    }


def called_number(address: str) -> str:
    """The number that an address names, in one form for all of its spellings; else the address."""
    number = named_number(address)
    return number if number.startswith("+") else address


async def _attempts(
    unit: Unit, stored: StoredPolicy, called: Sequence[str], now: datetime
) -> Mapping[str, Sequence[datetime]]:
    limits = stored.policy.attempts
    if not limits.per_number:
        return {}
    since = now - timedelta(hours=limits.period_hours)
    return await unit.dial_decisions.attempts(stored.tenant_id, called, since)


def _hours_of(execution: Execution, guardrails: Mapping[str, Any]) -> tuple[int, int] | None:
    body = execution.agent
    if execution.agent_id in guardrails:
        body = {"calling_guardrails": guardrails[execution.agent_id]}
    try:
        return agent_hours(body)
    except BadInputError:
        # Such an agent cannot be parsed as a whole: the attempt ends with the reason.
        return None


def _row(execution: Execution, step: str, at: datetime, decision: Decision) -> DialDecision:
    return DialDecision(
        tenant_id=execution.tenant_id,
        execution_id=execution.id,
        batch_id=execution.batch_id,
        attempt=execution.attempt,
        step=step,
        at=at,
        called=called_number(execution.to_number),
        decision=decision,
    )
