"""Webhook endpoints that fail: when one is paused, what is sent to it then, and how it is resumed."""

from __future__ import annotations

import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, agent_row, entry_row, execution_row, place

from callwright.domain.limits import PAUSE_AFTER_FAILURES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.address import endpoint_of
from callwright.platform.webhooks.rules.deliveries import FailingEndpoint
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry, WebhookShare

DEAD, OTHER = "https://dead.example/hook", "https://other.example/hook"
ENDPOINT = endpoint_of(DEAD)


async def fails(ledger: Ledger, times: int = 1, endpoint: str = ENDPOINT) -> bool:
    """Whether the endpoint is paused after so many more failures."""
    async with ledger.unit() as unit:
        for _ in range(times):
            assert not await unit.endpoints.failed(DEFAULT_TENANT_ID, endpoint, "HTTP 503")
    async with ledger.unit() as unit:
        return bool(await unit.endpoints.pause())


async def since(dsn: str, hours: float) -> None:
    await run_sql(dsn, f"update webhook_endpoint set failing_since = now() - interval '{hours} hours'")


async def paused(ledger: Ledger, dsn: str) -> None:
    """An endpoint that failed for so long."""
    await fails(ledger, PAUSE_AFTER_FAILURES - 1)
    await since(dsn, 12.01)
    assert await fails(ledger)


async def listed(ledger: Ledger, tenant_id: str = DEFAULT_TENANT_ID) -> list[FailingEndpoint]:
    async with ledger.reading() as unit:
        return list(await unit.endpoints.listed(DEFAULT_TENANT_ID, tenant_id))


async def add(ledger: Ledger, execution_id: str, url: str = DEAD, *names: str) -> None:
    async with ledger.unit() as unit:
        for name in names:
            await unit.outbox.add(entry_row(execution_id, url=url, id=name))


async def lease(ledger: Ledger, share: WebhookShare | None = None) -> list[OutboxEntry]:
    async with ledger.unit() as unit:
        return sorted(await unit.outbox.lease("w", 25, 50, 180, share), key=lambda entry: entry.id)


def ids(entries: list[OutboxEntry]) -> list[str]:
    return [entry.id for entry in entries]


async def test_an_endpoint_is_paused_after_five_failures_in_twelve_hours(ledger: Ledger, dsn: str) -> None:
    assert not await fails(ledger, PAUSE_AFTER_FAILURES - 1)
    await since(dsn, 11.99)
    assert not await fails(ledger)
    await since(dsn, 12.01)
    assert await fails(ledger)
    assert not await fails(ledger), "it is paused once"
    (one,) = await listed(ledger)
    expected = ("paused", PAUSE_AFTER_FAILURES + 2, "HTTP 503", ENDPOINT)
    assert (one.state, one.failures, one.reason, one.endpoint) == expected


async def test_few_failures_pause_nothing_however_long_ago_the_first_was(ledger: Ledger, dsn: str) -> None:
    await fails(ledger)
    await since(dsn, 200)
    assert not await fails(ledger, PAUSE_AFTER_FAILURES - 2)
    assert await fails(ledger)


async def test_an_answer_begins_the_count_anew_but_ends_no_pause(ledger: Ledger, dsn: str) -> None:
    await fails(ledger, PAUSE_AFTER_FAILURES - 1)
    await since(dsn, 20)
    async with ledger.unit() as unit:
        await unit.endpoints.answered(DEFAULT_TENANT_ID, ENDPOINT)
    assert await listed(ledger) == []
    assert not await fails(ledger)
    await since(dsn, 20)
    assert await fails(ledger, PAUSE_AFTER_FAILURES)
    async with ledger.unit() as unit:
        await unit.endpoints.answered(DEFAULT_TENANT_ID, ENDPOINT)
        assert await unit.endpoints.paused() == 1


async def test_one_that_is_gone_is_paused_at_once_and_not_probed(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", DEAD, "a1")
    async with ledger.unit() as unit:
        assert await unit.endpoints.failed(DEFAULT_TENANT_ID, ENDPOINT, "HTTP 410", is_gone=True)
    await run_sql(dsn, "update webhook_endpoint set paused_at = now() - interval '1 year'")
    assert await lease(ledger) == []
    (one,) = await listed(ledger)
    assert (one.state, one.probe_at, one.waiting) == ("gone", None, 1)
    async with ledger.unit() as unit:
        assert await unit.endpoints.resume(DEFAULT_TENANT_ID, ENDPOINT)
        assert not await unit.endpoints.resume(DEFAULT_TENANT_ID, ENDPOINT)
    assert ids(await lease(ledger)) == ["a1"]


async def test_while_it_is_paused_one_webhook_goes_at_each_probe_and_costs_no_try(ledger: Ledger, dsn: str) -> None:
    await place(ledger, *(execution_row(name) for name in "abc"))
    for name in "ab":
        await add(ledger, name, DEAD, f"{name}1", f"{name}2")
    await add(ledger, "c", OTHER, "c1")
    await paused(ledger, dsn)
    assert ids(await lease(ledger)) == ["c1"], "only that one is paused"
    await run_sql(dsn, "update webhook_endpoint set probe_at = now()")
    (probe,) = await lease(ledger)
    assert (probe.is_probe, probe.is_failing, probe.hurried, probe.execution_id) == (True, True, True, "a")
    assert await lease(ledger) == [], "the next probe comes later"
    async with ledger.unit() as unit:
        assert await unit.outbox.failed(probe.id, "w", 28_800, 503, "")
    (row,) = await fetch(dsn, f"select tries, state, hurried from outbox where id = '{probe.id}'")
    assert dict(row) == {"tries": 0, "state": "waiting", "hurried": False}
    await run_sql(dsn, "update webhook_endpoint set probe_at = now()")
    assert len(await lease(ledger)) == 1


async def test_webhooks_that_failed_before_the_pause_wait_in_order_with_all_their_tries(
    ledger: Ledger, dsn: str
) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", DEAD, "a1", "a2", "a3")
    for _ in range(3):
        for entry in await lease(ledger):
            async with ledger.unit() as unit:
                await unit.outbox.failed(entry.id, "w", 14_400, 503, "")
        await run_sql(
            dsn, "update outbox set failing_since = now() - interval '1 hour' where failing_since is not null"
        )
    assert [row["passed"] for row in await fetch(dsn, "select passed from outbox order by id")] == [True, True, False]
    await paused(ledger, dsn)
    async with ledger.unit() as unit:
        assert await unit.endpoints.order(DEFAULT_TENANT_ID, ENDPOINT, 10) == 1
        assert await unit.endpoints.order(DEFAULT_TENANT_ID, ENDPOINT, 10) == 0
        await unit.endpoints.resume(DEFAULT_TENANT_ID, ENDPOINT)
    sent = []
    while taken := await lease(ledger):
        (entry,) = taken
        assert (entry.tries, entry.gap) == (0, False)
        sent.append(entry.id)
        async with ledger.unit() as unit:
            await unit.outbox.delivered("w", Answered(entry.id, 200, ""))
    assert sent == ["a1", "a2", "a3"]


async def test_endpoints_that_fail_get_one_at_a_time_and_half_of_the_places(ledger: Ledger) -> None:
    await place(ledger, *(execution_row(f"call-{n}") for n in range(20)))
    for number in range(8):
        url = f"https://dead-{number}.example/"
        await add(ledger, f"call-{number}", url, f"dead-{number}-1")
        await add(ledger, f"call-{number + 8}", url, f"dead-{number}-2")
        await fails(ledger, endpoint=endpoint_of(url))
    for number in range(16, 20):
        await add(ledger, f"call-{number}", OTHER, f"well-{number}")
    share = WebhookShare(6, 6)
    first = await lease(ledger, share)
    assert [entry.is_failing for entry in first].count(True) == 2, "what answers is first"
    assert ids(first)[-4:] == [f"well-{number}" for number in range(16, 20)]
    failing = tuple(entry for entry in first if entry.is_failing)
    second = await lease(ledger, WebhookShare(6, 6, failing))
    assert len(second) == 1, "three of six places"
    assert second[0].endpoint not in {entry.endpoint for entry in failing}
    assert await lease(ledger, WebhookShare(6, 6, (*failing, *second))) == []
    assert len(await lease(ledger, WebhookShare(6, 6, (), 2))) == 2, "no more than the sender has for all of them"


async def test_a_dead_endpoint_with_a_long_queue_hides_no_other_of_its_account(ledger: Ledger, dsn: str) -> None:
    await place(ledger, *(execution_row(f"call-{n}") for n in range(301)))
    await run_sql(
        dsn,
        "insert into outbox (id, tenant_id, execution_id, sequence, status, url, headers, body, created_at, endpoint)"
        f" select e.id, e.tenant_id, e.id, 1, 's', '{DEAD}', '{{}}', '', now(), '{ENDPOINT}' from execution e where e.id <> 'call-300'",
    )
    await add(ledger, "call-300", OTHER, "well")
    share = WebhookShare(12, 8)
    taken = await lease(ledger, share)
    assert "well" in ids(taken)
    assert len(taken) == 9


async def test_a_sub_account_sees_the_endpoints_of_its_own_webhooks(ledger: Ledger, dsn: str) -> None:
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, parent_id, min_concurrency)"
        f" values ('sub', 'Sub', '', '{DEFAULT_TENANT_ID}', 0), ('sub-2', 'Sub', '', '{DEFAULT_TENANT_ID}', 0)",
    )
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    await place(ledger, execution_row("own"))
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id="sub"))
        await unit.executions.insert(execution_row("of-sub", tenant_id="sub", agent_id="agent-2"))
        await unit.outbox.add(entry_row("of-sub", tenant_id="sub", url=DEAD))
    await add(ledger, "own", OTHER, "own1")
    await fails(ledger)
    await fails(ledger, endpoint=endpoint_of(OTHER))
    assert {(one.endpoint, one.waiting) for one in await listed(ledger)} == {(ENDPOINT, 1), (endpoint_of(OTHER), 1)}
    assert [one.endpoint for one in await listed(ledger, "sub")] == [ENDPOINT]
    assert await listed(ledger, "sub-2") == []
    async with ledger.reading() as unit:
        assert await unit.endpoints.listed(OTHER_TENANT_ID, OTHER_TENANT_ID) == []
        assert len(await unit.endpoints.listed("", "")) == 2
    assert {entry.organisation_id for entry in await lease(ledger)} == {DEFAULT_TENANT_ID}


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://Hooks.Example:8443", "https://hooks.example:8443"),
        ("https://hooks.example/", "https://hooks.example"),
    ],
)
def test_an_endpoint_without_a_path_is_its_host(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint


async def test_one_that_nobody_has_webhooks_for_any_more_is_forgotten_in_the_end(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", DEAD, "a1")
    await fails(ledger)
    await fails(ledger, endpoint=endpoint_of(OTHER))
    await ledger.prune()
    assert len(await listed(ledger)) == 2
    await run_sql(dsn, "update webhook_endpoint set failed_at = now() - interval '8 days'")
    await ledger.prune()
    assert [one.endpoint for one in await listed(ledger)] == [ENDPOINT], "one waits for it"
