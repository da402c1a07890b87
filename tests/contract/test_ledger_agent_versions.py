"""Versions of agents, against the real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, THEN, agent_row

from callwright.domain.limits import MAX_AGENT_VERSIONS
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.versions import AgentVersion
from callwright.platform.ledger import Ledger
from callwright.storage.migrations.following import agent_versions

VERSION = AgentVersion("agent-1", DEFAULT_TENANT_ID, 1, "Reception", {"zz": [1]}, THEN, "key-1", "laptop")


async def test_a_version_is_kept_whole_and_listed_without_its_body(ledger: Ledger) -> None:
    second = replace(VERSION, revision=2, name="Desk", saved_at=THEN + timedelta(hours=1))
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        for one in (VERSION, second):
            await unit.agents.versions.insert(one)
        assert await unit.agents.versions.get(DEFAULT_TENANT_ID, "agent-1", 1) == VERSION
        listed = await unit.agents.versions.of_agent(DEFAULT_TENANT_ID, "agent-1")
        assert listed == [replace(second, body={}), replace(VERSION, body={})]
        assert await unit.agents.versions.get(DEFAULT_TENANT_ID, "agent-1", 3) is None
        assert await unit.agents.versions.get(OTHER_TENANT_ID, "agent-1", 1) is None
        assert await unit.agents.versions.of_agent(OTHER_TENANT_ID, "agent-1") == []


async def test_the_oldest_version_goes_when_there_are_too_many(ledger: Ledger) -> None:
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        for revision in range(1, MAX_AGENT_VERSIONS + 1):
            await unit.agents.versions.insert(replace(VERSION, revision=revision))
        assert await unit.agents.versions.get(DEFAULT_TENANT_ID, "agent-1", 1) is not None
        await unit.agents.versions.insert(replace(VERSION, revision=MAX_AGENT_VERSIONS + 1))
        assert await unit.agents.versions.get(DEFAULT_TENANT_ID, "agent-1", 1) is None
        assert len(await unit.agents.versions.of_agent(DEFAULT_TENANT_ID, "agent-1")) == MAX_AGENT_VERSIONS


async def test_versions_go_with_their_agent(ledger: Ledger, dsn: str) -> None:
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        await unit.agents.versions.insert(VERSION)
        await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    assert await fetch(dsn, "select from agent_version") == []


async def test_agents_of_before_begin_with_the_version_that_they_are(ledger: Ledger, dsn: str) -> None:
    body = {"agent_name": "Reception", "tasks": []}
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row(revision=7, body=body))
    await run_sql(dsn, "drop table agent_version", *agent_versions.STATEMENTS)
    async with ledger.unit() as unit:
        found = await unit.agents.versions.get(DEFAULT_TENANT_ID, "agent-1", 7)
    assert found == AgentVersion("agent-1", DEFAULT_TENANT_ID, 7, "Reception", body, THEN, "", "")
