"""Rules that must never break are in the database: every test here tries to break one by raw SQL, past all code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.rows import OTHER_TENANT_ID, agent_row, entry_row, execution_row, key_row, live_call, place

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.execution import PHASES, STATUS_OF, TERMINAL, TRANSITIONS, Phase, Status
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.outbox import Answered

TIMES = ["created_at", "initiated_at", "ringing_at", "answered_at", "ended_at", "completed_at"]


@pytest.fixture
async def sql(dsn: str) -> AsyncIterator[Any]:
    """A bare connection."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def refused(sql: Any, constraint: str, statement: str, *arguments: object) -> None:
    """The statement must fail on exactly that constraint."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await sql.execute(statement, *arguments)
    assert caught.value.constraint_name == constraint


async def force_state(sql: Any, phase: Phase, detail: str) -> None:
    """Put call-1 in any state, with the guard switched off for this once."""
    async with sql.transaction():
        await sql.execute("alter table execution disable trigger user")
        await sql.execute(
            "update execution set phase = $1, detail = $2, status = $3, attempt = 1, owner = $4, scheduled_at = now()",
            phase.value,
            detail,
            STATUS_OF[(phase, detail)].value,
            "node-a" if PHASES[phase][1] else None,
        )
        await sql.execute("alter table execution enable trigger user")


# Status, phase and detail


async def test_only_the_states_of_the_domain_exist(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    # Without the guard, so that it is the state itself that is refused and not the way to it.
    await sql.execute("alter table execution disable trigger execution_guard")
    for phase in Phase:
        for detail in {detail for _, detail in STATUS_OF}:
            for status in Status:
                if STATUS_OF.get((phase, detail)) is not status:
                    await refused(
                        sql,
                        "execution_state_exists",
                        "update execution set phase = $1, detail = $2, status = $3, owner = $4, attempt = 1, scheduled_at = now()",
                        phase.value,
                        detail,
                        status.value,
                        "node-a" if PHASES[phase][1] else None,
                    )


async def test_status_must_be_the_one_of_phase_and_detail(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    await refused(sql, "execution_state_exists", "update execution set detail = 'prepared'")
    await refused(sql, "execution_status_transition", "update execution set status = 'completed'")


async def test_exactly_the_transitions_of_the_domain_are_possible(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    for (phase, detail), status in STATUS_OF.items():
        for (next_phase, next_detail), next_status in STATUS_OF.items():
            await force_state(sql, phase, detail)
            allowed = (next_phase is phase or next_phase in PHASES[phase][0]) and (
                next_status is status or next_status in TRANSITIONS[status]
            )
            error = None
            try:
                async with sql.transaction():
                    await sql.execute(
                        "update execution set phase = $1, detail = $2, status = $3, owner = $4",
                        next_phase.value,
                        next_detail,
                        next_status.value,
                        "node-a" if PHASES[next_phase][1] else None,
                    )
            except asyncpg.CheckViolationError as refusal:
                error = refusal
            assert (error is None) == allowed, f"{phase}/{detail} -> {next_phase}/{next_detail}: {error}"


async def test_nothing_follows_a_terminal_status_but_scheduled(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    for status in TERMINAL:
        for after in Status:
            await force_state(sql, Phase.DONE, status.value)
            if after is status or after in TRANSITIONS[status]:
                assert after in {status, Status.SCHEDULED}
                continue
            await refused(sql, "execution_status_transition", "update execution set status = $1", after.value)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update execution set tenant_id = 'x'", "execution_identity"),
        ("update execution set id = 'x'", "execution_identity"),
        ("update execution set created_at = created_at - interval '1 s'", "execution_identity"),
        ("update execution set attempt = 7", "execution_attempt_sequence"),
        ("update execution set attempt = 0", "execution_attempt_sequence"),
        ("update execution set owner = 'thief'", "execution_owner_kept"),
        ("update execution set owner = null", "execution_state_exists"),
        ("update execution set total_cost_nano = -1", "execution_cost_not_negative"),
        ("update execution set retry_count = -1", "execution_retry_count_check"),
        ("update execution set direction = 'sideways'", "execution_identity"),
        ("update execution set updated_at = created_at - interval '1 s'", "execution_updated_after_creation"),
    ],
)
async def test_a_live_call_cannot_be_bent(ledger: Ledger, sql: Any, statement: str, constraint: str):
    await live_call(ledger)
    await refused(sql, constraint, statement)


async def test_an_owner_is_present_exactly_in_the_owned_phases(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    for (phase, detail), status in STATUS_OF.items():
        wrong_owner = None if PHASES[phase][1] else "node-a"
        await force_state(sql, phase, detail)
        await sql.execute("alter table execution disable trigger execution_guard")
        await refused(
            sql, "execution_state_exists", "update execution set owner = $1, status = $2", wrong_owner, status.value
        )
        await sql.execute("alter table execution enable trigger execution_guard")


async def test_a_dialled_execution_has_an_attempt_and_a_scheduled_one_a_time(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    await sql.execute("alter table execution disable trigger execution_guard")
    await refused(
        sql,
        "execution_attempted",
        "update execution set phase = 'claimed', detail = '', status = 'queued', owner = 'node-a'",
    )
    await refused(sql, "execution_scheduled", "update execution set detail = 'scheduled', status = 'scheduled'")


@pytest.mark.parametrize("later", range(1, len(TIMES)))
@pytest.mark.parametrize("earlier", range(len(TIMES) - 1))
async def test_times_stand_in_the_order_of_a_call(ledger: Ledger, sql: Any, earlier: int, later: int):
    if earlier >= later:
        return
    await place(ledger, execution_row())
    await sql.execute("alter table execution disable trigger execution_guard")
    base = {TIMES[earlier]: "timestamptz '2026-03-01 13:00Z'"}
    before = {**base, TIMES[later]: "timestamptz '2026-03-01 12:59Z'"}
    after = {**base, TIMES[later]: "timestamptz '2026-03-01 13:00Z'"}
    reset = ", ".join(f"{name} = null" for name in TIMES[1:])
    await sql.execute(f"update execution set {reset}, updated_at = timestamptz '2026-03-01 14:00Z'")
    await refused(
        sql,
        "execution_times_ordered",
        f"update execution set {', '.join(f'{name} = {value}' for name, value in before.items())}",
    )
    await sql.execute(f"update execution set {', '.join(f'{name} = {value}' for name, value in after.items())}")


async def test_an_executions_agent_belongs_to_its_tenant(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    await sql.execute(
        "insert into tenant (id, name, email, max_concurrency) values ($1, 'Other', '', 1)", OTHER_TENANT_ID
    )
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
    await refused(
        sql,
        "execution_agent_of_tenant",
        "insert into execution (id, tenant_id, agent_id, status, phase, detail, direction, carrier, to_number, from_number,"
        " created_at, updated_at, user_data, options, agent, record) values ('x', $1, 'agent-2', 'queued', 'waiting', 'queued',"
        " 'outbound', 'loopback', '1', '2', now(), now(), '{}', '{}', '{}', '{}')",
        DEFAULT_TENANT_ID,
    )
    await refused(sql, "execution_agent_of_tenant", "delete from agent where id = 'agent-1'")


# Attempts


async def test_an_attempt_number_is_used_once_and_one_attempt_is_open(ledger: Ledger, sql: Any):
    await live_call(ledger)
    await refused(
        sql,
        "attempt_pkey",
        "insert into attempt (execution_id, attempt, owner, closed_at, outcome) values ('call-1', 1, 'x', now(), 'busy')",
    )
    await refused(
        sql, "attempt_one_open", "insert into attempt (execution_id, attempt, owner) values ('call-1', 2, 'x')"
    )
    await refused(sql, "attempt_outcome_when_closed", "update attempt set closed_at = now()")
    await refused(sql, "attempt_outcome_when_closed", "update attempt set outcome = 'busy'")
    await refused(sql, "attempt_attempt_check", "update attempt set attempt = 0")


async def test_a_log_belongs_to_an_attempt(ledger: Ledger, sql: Any):
    await live_call(ledger)
    await refused(
        sql,
        "call_log_execution_id_attempt_fkey",
        "insert into call_log (execution_id, attempt, section, chunk, data) values ('call-1', 2, 'live', 0, '')",
    )
    await refused(
        sql,
        "call_log_section_check",
        "insert into call_log (execution_id, attempt, section, chunk, data) values ('call-1', 1, 'other', 0, '')",
    )


# Webhooks


async def test_a_webhook_number_is_given_by_the_database(ledger: Ledger, sql: Any):
    await place(ledger, execution_row())
    for number in (7, 7, 1):
        await sql.execute(
            "insert into outbox (id, tenant_id, execution_id, sequence, status, url, headers, body, created_at)"
            " values (gen_random_uuid()::text, $1, 'call-1', $2, 's', 'u', '{}', '', now())",
            DEFAULT_TENANT_ID,
            number,
        )
    assert [row["sequence"] for row in await sql.fetch("select sequence from outbox order by 1")] == [1, 2, 3]
    await refused(sql, "outbox_frozen", "update outbox set sequence = 9 where sequence = 2")


@pytest.mark.parametrize(
    "change", ["body = 'x'", "url = 'x'", "status = 'x'", "headers = '{}'", "execution_id = 'x'", "id = 'x'"]
)
async def test_a_webhooks_content_is_frozen(ledger: Ledger, sql: Any, change: str):
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        await unit.outbox.add(entry_row())
    await refused(sql, "outbox_frozen", f"update outbox set {change}")


@pytest.mark.parametrize(
    "change", ["state = 'waiting', settled_at = null", "tries = 0", "answer = 'x'", "http_status = 500"]
)
async def test_a_delivered_webhook_does_not_change_any_more(ledger: Ledger, sql: Any, change: str):
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        await unit.outbox.add(entry_row())
        (entry,) = await unit.outbox.lease("w", 30, 1, 180)
        assert await unit.outbox.delivered("w", Answered(entry.id, 200, "ok"))
    await refused(sql, "outbox_delivered_immutable", f"update outbox set {change}")
    await refused(sql, "outbox_no_delete", "delete from outbox")
    await sql.execute("delete from execution")
    assert await sql.fetchval("select count(*) from outbox") == 0, "it goes with its execution"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("leased_by = 'w'", "outbox_lease_whole"),
        ("state = 'delivered'", "outbox_settled_when_over"),
        ("state = 'given_up', settled_at = now(), leased_by = 'w', leased_until = now()", "outbox_no_lease_when_over"),
        ("state = 'lost', settled_at = now()", "outbox_state_check"),
        ("tries = -1", "outbox_tries_check"),
    ],
)
async def test_a_webhooks_state_is_whole(ledger: Ledger, sql: Any, change: str, constraint: str):
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        await unit.outbox.add(entry_row())
    await refused(sql, constraint, f"update outbox set {change}")


# Keys, answers, audit


async def test_a_key_is_stored_once_and_whole(ledger: Ledger, sql: Any):
    async with ledger.unit() as unit:
        await unit.keys.insert(key_row())
        await unit.keys.insert(key_row("key-2"))
    await refused(
        sql, "api_key_digest_key", "update api_key set digest = (select digest from api_key where id = 'key-2')"
    )
    await refused(sql, "api_key_digest_check", "update api_key set digest = 'short'")
    await refused(sql, "api_key_scope_check", "update api_key set scope = 'root'")
    await refused(sql, "api_key_expires_later", "update api_key set expires_at = created_at")
    await refused(sql, "api_key_tenant_id_fkey", "update api_key set tenant_id = 'x'")


async def test_an_answer_is_kept_whole(sql: Any):
    await refused(
        sql,
        "idempotency_answer_whole",
        "insert into idempotency (tenant_id, key, request_digest, http_status) values ($1, 'k', 'd', 200)",
        DEFAULT_TENANT_ID,
    )


async def test_the_audit_trail_is_only_added_to(ledger: Ledger, sql: Any):
    await sql.execute(
        "insert into audit (tenant_id, actor, action, object_type, object_id) values ($1, 'key-1', 'delete', 'agent', 'a')",
        DEFAULT_TENANT_ID,
    )
    await refused(sql, "audit_append_only", "update audit set actor = 'nobody'")
    await refused(sql, "audit_append_only", "delete from audit")
    await refused(sql, "audit_append_only", "truncate audit")


async def test_retention_cannot_take_what_is_young_from_the_audit_trail(ledger: Ledger, sql: Any):
    await sql.execute(
        "insert into audit (tenant_id, actor, action, object_type, object_id, at) select $1, 'key-1', 'delete', 'agent', 'a',"
        " now() - age * interval '1 day' from unnest(array[29, 31]) age",
        DEFAULT_TENANT_ID,
    )
    await sql.execute("select set_config('callwright.audit_deleted_before', '2999-01-01', false)")
    await refused(sql, "audit_append_only", "delete from audit")
    await sql.execute("delete from audit where at < now() - interval '30 days'")
    assert await sql.fetchval("select count(*) from audit") == 1
    await sql.execute("select set_config('callwright.audit_deleted_before', '', false)")


# Prices


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"nano_cents": -1}, "price_not_negative"),
        ({"per": 0}, "price_per_positive"),
        ({"increment": 0}, "price_increment_positive"),
        ({"provider": "*"}, "price_of_a_model_has_a_provider"),
        ({"id": "p-2"}, "price_once"),
    ],
)
async def test_a_price_can_be_rated_and_has_one_row_from_a_time_on(sql: Any, changes: dict[str, Any], constraint: str):
    row = {"kind": "voice", "provider": "acme", "model": "m", "nano_cents": 1, "per": 1, "increment": 1, "source": ""}
    insert = (
        "insert into price (id, kind, provider, model, nano_cents, per, increment, source, valid_from)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, '2026-12-01T00:00:00Z')"
    )
    await sql.execute(insert, "p-1", *row.values())
    given = {"id": "p-3", **row, **changes}
    await refused(sql, constraint, insert, *given.values())
