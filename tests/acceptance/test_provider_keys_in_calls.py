"""Provider keys in use: which key an endpoint gets, when it is changed, and where it never shows. The calls are chats: the same attempt,
without sound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_api_providers import everything_in
from tests.call_world import CallWorld, agent_body, call_world
from tests.contract.test_openai_compatible import DONE, USAGE, chunk, streaming
from tests.database import run_sql
from tests.http_server import LocalServer, serving

from callwright.call.live.deps import RuntimeSettings
from callwright.call.live.equipment import LocalEars
from callwright.ops.master_key import MASTER_KEY_FILE, MasterKeys
from callwright.ops.vault import SealedVault
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.custom_models.actions import put_custom_model
from callwright.platform.provider_keys.actions.keys import NamedSecret, delete_provider_key, put_provider_key
from callwright.platform.services import CallPolicy, Services
from callwright.ports.chat import NewChat

pytestmark = pytest.mark.real_time

OURS = Principal(DEFAULT_TENANT_ID, "k", "ours")
OTHERS = Principal("00000000-0000-4000-8000-0000000000ff", "k", "others")
BRANCH = Principal("00000000-0000-4000-8000-0000000000fe", "k", "branch", parent_id=DEFAULT_TENANT_ID)
FIRST, SECOND, THIRD = "canary-first-1a2b3c4d", "canary-second-5e6f7a8b", "canary-of-others-9c0d"
SPOKEN = streaming(chunk({"content": "Monday is free."}, "stop"), USAGE, DONE)


@dataclass(slots=True)
class World:
    """A runtime whose calls use provider keys, and an endpoint."""

    calls: CallWorld
    services: Services
    endpoint: LocalServer
    dsn: str
    folder: Path

    async def put(self, principal: Principal, name: str, value: str) -> None:
        await put_provider_key(self.services, principal, NamedSecret(name, value))

    async def chat(self, principal: Principal, **model: Any) -> str:
        """A chat of an agent of the tenant, of one line, with such a model; its execution's id."""
        body = agent_body()
        body["tasks"][0]["tools_config"]["llm_agent"] = {"llm_config": {"max_tokens": 50, **model}}
        body["tasks"] = body["tasks"][:1]
        now = self.calls.clock.now()
        agent = StoredAgent(self.calls.ids.uuid(), principal.tenant_id, "Desk", body, 1, now, now)
        async with self.calls.ledger.unit() as unit:
            await unit.agents.insert(agent)
        chats = self.calls.runtime.chats
        execution_id, reply = await chats.open(NewChat(agent, silence_s=60, most_s=60), 10)
        if not reply.ended:
            await chats.say(execution_id, "Is Monday free?", 10)
            chats.end(execution_id)
        await self.calls.until(execution_id, "completed", "error", "failed")
        return execution_id

    def asked(self) -> list[tuple[str, str]]:
        """The key and the model of every question so far; and forget them."""
        found = [
            (request.headers.get("authorization", ""), str(request.json()["model"]))
            for request in self.endpoint.requests
        ]
        self.endpoint.requests.clear()
        return found


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(dsn, tmp_path) as found:
        yield found


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[World]:
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, max_concurrency, created_at)"
        f" values ('{OTHERS.tenant_id}', 'Others', 'others@example.org', 2, now())",
    )
    vault = SealedVault(MasterKeys("", folder))
    settings = RuntimeSettings(
        ears=LocalEars("energy", "none"), defaults=ProviderDefaults("scripted", "scripted", "scripted")
    )
    async with serving(SPOKEN) as endpoint, call_world(dsn, folder, settings=settings, vault=vault) as calls:
        services = Services(
            ledger=calls.ledger,
            clock=calls.clock,
            ids=calls.ids,
            publisher=calls.publisher,
            control=calls.runtime.control,
            recordings=calls.deps.recordings,
            names=lambda kind: (),
            policy=CallPolicy(),
            key_secrets=lambda: (b"k" * 32,),
            vault=vault,
        )
        yield World(calls, services, endpoint, dsn, folder)


def bearer(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [(f"Bearer {key}", model) for key, model in pairs]


@pytest.mark.parametrize("name", ["openai", "groq"])
async def test_a_call_asks_a_vendor_at_the_gateway_that_the_organisation_stored(world: World, name: str) -> None:
    await world.put(OURS, f"{name.upper()}_API_KEY", FIRST)
    await world.put(OURS, f"{name.upper()}_API_BASE", f"{world.endpoint.url}/openai/v1")
    await world.chat(OURS, provider=name, model="gpt-4.1-mini")
    assert world.asked() == bearer((FIRST, "gpt-4.1-mini"))


async def test_a_call_uses_its_tenants_key_the_next_one_the_new_key_and_another_tenant_neither(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    model = {"provider": "azure", "model": "gpt-4.1-mini"}
    for principal in (OURS, OTHERS):
        await world.put(principal, "AZURE_OPENAI_API_BASE", world.endpoint.url)
    await world.put(OURS, "AZURE_OPENAI_API_KEY", FIRST)
    first = await world.chat(OURS, **model)
    assert world.asked() == bearer((FIRST, "gpt-4.1-mini"))
    await world.put(OURS, "AZURE_OPENAI_API_KEY", SECOND)
    await world.chat(OURS, **model)
    assert world.asked() == bearer((SECOND, "gpt-4.1-mini"))

    lost = await world.chat(OTHERS, **model)
    assert world.asked() == []
    row = await world.calls.row(lost)
    assert row.status == "error"
    assert '"AZURE_OPENAI_API_KEY"' in str(row.error_message)

    await world.put(OTHERS, "AZURE_OPENAI_API_KEY", THIRD)
    await world.chat(OTHERS, **model)
    assert world.asked() == bearer((THIRD, "gpt-4.1-mini"))
    await delete_provider_key(world.services, OURS, "azure_openai_api_key")
    await world.chat(OURS, **model)
    assert world.asked() == []

    # Nowhere in clear: not in the database with its logs, records and audit trail, not in the files, not in the server's log.
    said = (await world.calls.log(first)) + str(world.calls.body(await world.calls.row(first)))
    assert "Monday is free." in said
    files = b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())
    stored = await everything_in(world.dsn)
    for key in (FIRST, SECOND, THIRD):
        assert key not in said
        assert key not in stored
        assert key.encode().hex() not in stored
        assert key.encode() not in files
        assert key not in caplog.text


async def test_a_model_of_ones_own_is_reached_by_its_name_in_two_ways(world: World) -> None:
    await put_custom_model(world.services, OURS, "house-llm", f"{world.endpoint.url}/v1", "llama-70b")
    await world.chat(OURS, provider="custom", model="house-llm")
    await world.put(OURS, "HOUSE_LLM", FIRST)
    await world.chat(OURS, provider="house-llm", model="whatever")
    assert world.asked() == bearer(("none", "llama-70b"), (FIRST, "llama-70b"))

    lost = await world.calls.row(await world.chat(OTHERS, provider="house-llm", model="whatever"))
    assert world.asked() == []
    assert "house-llm" in str(lost.error_message)


async def branch(world: World) -> Principal:
    """A sub-account of ours."""
    await run_sql(
        world.dsn,
        "insert into tenant (id, name, email, max_concurrency, created_at, parent_id, min_concurrency)"
        f" values ('{BRANCH.tenant_id}', 'Branch', '', 2, now(), '{OURS.tenant_id}', 0)",
    )
    return BRANCH


@pytest.mark.parametrize("principal", [OURS, BRANCH], ids=["organisation", "sub-account"])
async def test_an_agent_that_names_an_address_beside_a_vendor_does_not_learn_the_vendors_key(
    world: World, principal: Principal
) -> None:
    await branch(world)
    await world.put(OURS, "OPENAI", FIRST)
    model = {"provider": "openai", "model": "gpt-4.1-mini", "base_url": f"{world.endpoint.url}/v1"}
    lost = await world.calls.row(await world.chat(principal, **model))
    assert world.asked() == []
    assert lost.status == "error"
    assert "use the provider custom with the provider key CUSTOM" in str(lost.error_message)


@pytest.mark.proves("llm_agent.base_url")
@pytest.mark.parametrize("provider", ["custom", "ollama"])
async def test_the_key_for_any_endpoint_goes_to_the_address_of_the_organisations_agent_and_of_no_sub_accounts(
    world: World, provider: str
) -> None:
    their = await branch(world)
    await world.put(OURS, "CUSTOM", FIRST)
    model = {"provider": provider, "model": "m-1", "base_url": f"{world.endpoint.url}/v1"}
    await world.chat(OURS, **model)
    assert world.asked() == bearer((FIRST, "m-1"))
    await world.chat(their, **model)
    assert world.asked() == bearer(("none", "m-1"))


async def test_a_sub_account_uses_the_key_at_an_address_an_administrator_named(world: World) -> None:
    their = await branch(world)
    await world.put(OURS, "CUSTOM", FIRST)
    address = f"{world.endpoint.url}/v1"
    await put_custom_model(world.services, OURS, "house-llm", address, "llama-70b")
    await world.chat(their, provider="custom", model="house-llm")
    await world.chat(their, provider="custom", model="m-1", base_url=address)
    await world.chat(their, provider="custom", model="m-1", base_url=f"{address}/elsewhere/..")
    await world.chat(their, provider="house-llm", model="m-1", base_url="https://llm.elsewhere.example/v1")
    assert world.asked() == bearer((FIRST, "llama-70b"), (FIRST, "m-1"), ("none", "m-1"), (FIRST, "llama-70b"))


async def test_a_call_whose_key_cannot_be_opened_says_why_before_anybody_is_called(world: World) -> None:
    await world.put(OURS, "CUSTOM", FIRST)
    master = world.folder / MASTER_KEY_FILE
    kept = master.read_text()
    master.write_text("0" * 64)
    model = {"provider": "custom", "model": "gpt-4.1-mini", "base_url": f"{world.endpoint.url}/v1"}
    lost = await world.calls.row(await world.chat(OURS, **model))
    assert lost.status == "error"
    assert "sealed under the master key" in str(lost.error_message)
    # An agent that needs no key is served all the same.
    assert (await world.calls.row(await world.chat(OURS, provider="scripted", model="x"))).status == "completed"
    master.write_text(kept)
    await world.chat(OURS, **model)
    assert world.asked() == bearer((FIRST, "gpt-4.1-mini"))


async def test_what_is_asked_after_the_call_uses_the_key_too(world: World) -> None:
    await world.put(OURS, "CUSTOM", FIRST)
    where: Mapping[str, Any] = {"provider": "custom", "model": "gpt-4.1-mini", "base_url": f"{world.endpoint.url}/v1"}
    body = agent_body()
    body["tasks"][0]["tools_config"]["llm_agent"] = {"llm_config": dict(where)}
    body["tasks"][1] = {"task_type": "summarization", "tools_config": {"llm_agent": {"llm_config": dict(where)}}}
    now = world.calls.clock.now()
    agent = StoredAgent(world.calls.ids.uuid(), OURS.tenant_id, "Desk", body, 1, now, now)
    async with world.calls.ledger.unit() as unit:
        await unit.agents.insert(agent)
    chats = world.calls.runtime.chats
    execution_id, _ = await chats.open(NewChat(agent, silence_s=60, most_s=60), 10)
    await chats.say(execution_id, "Is Monday free?", 10)
    chats.end(execution_id)
    row = await world.calls.until(execution_id, "completed", "error")
    assert row.record["summary"] == "Monday is free."
    assert world.asked() == bearer((FIRST, "gpt-4.1-mini"), (FIRST, "gpt-4.1-mini"))
