"""The price book over HTTP, what it makes calls cost, and the estimate that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.api_world import ApiWorld, create, place

from callwright.platform.agents.rules.spec import ProviderChoice
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.prices.actions import refresh_prices, unused_prices
from callwright.platform.prices.rules import DatedPrices, Price, PriceRow

PRICES = "/v1/callwright/prices"
NOBODY = "00000000-0000-4000-8000-00000000dead"
VOICE: dict[str, Any] = {"kind": "voice", "provider": "acme", "model": "m", "cents": 1.5, "per": 1_000}


async def test_the_operator_writes_the_price_book_and_every_key_reads_it(world: ApiWorld) -> None:
    async with world.client(world.operator_key) as operator:
        added = await operator.post(PRICES, json={**VOICE, "source": "our contract"})
        assert added.status_code == 201, added.text
        row = added.json()
        assert {**VOICE, "increment": 1, "source": "our contract", "origin": "api"}.items() <= row.items()
        assert row["valid_from"] is not None
        assert (await operator.get(PRICES)).json()["prices"] == [row]
        for key in (world.key, world.read_key, world.sub_key, world.other_key):
            async with world.client(key) as client:
                assert (await client.get(PRICES)).json() == {"prices": [{**row, "source": ""}]}
                for refused in (
                    await client.post(PRICES, json=VOICE),
                    await client.delete(f"{PRICES}/{row['id']}"),
                ):
                    message = "Forbidden: only the operator of the platform can do this"
                    assert (refused.status_code, refused.json()["message"]) == (403, message)
        assert (await operator.delete(f"{PRICES}/{row['id']}")).json()["state"] == "deleted"
        assert (await operator.get(PRICES)).json() == {"prices": []}
        assert (await operator.delete(f"{PRICES}/{NOBODY}")).status_code == 404
    async with world.client() as ours:
        rows = (await ours.get("/v1/callwright/audit", params={"object_type": "price"})).json()["data"]
    assert sorted(row["action"] for row in rows) == ["price.created", "price.deleted"]


async def test_a_price_is_added_once_and_what_is_none_is_refused(world: ApiWorld) -> None:
    async with world.client(world.operator_key) as operator:
        dated = {**VOICE, "valid_from": "2026-12-01T00:00:00Z"}
        once: dict[str, Any] = {"json": dated, "headers": {"Idempotency-Key": "first"}}
        first, again = [await operator.post(PRICES, **once) for _ in range(2)]
        assert (first.status_code, again.json()) == (201, first.json())
        assert (await operator.post(PRICES, json=dated)).status_code == 409
        for wrong, field in (
            ({}, "kind"),
            ({**VOICE, "kind": "coffee"}, "kind"),
            ({"kind": "voice"}, "cents"),
            ({**VOICE, "cents": -1}, "cents"),
            ({**VOICE, "per": 0}, "per"),
            ({**VOICE, "valid_from": "soon"}, "valid_from"),
            ({**VOICE, "valid_from": "2026-12-01T00:00:00"}, "valid_from"),
            ({"kind": "voice", "model": "m", "cents": 1}, "provider"),
        ):
            refused = await operator.post(PRICES, json=wrong)
            assert (refused.status_code, refused.json()["field"]) == (400, field), refused.text


async def test_what_another_process_was_told_is_known_after_the_next_look(world: ApiWorld) -> None:
    row = PriceRow("voice", "acme", "*", Price(7), world.clock.now() - timedelta(days=1), "", NOBODY)
    async with world.ledger.unit() as unit:
        assert await unit.wallets.prices.insert(row)
        assert not await unit.wallets.prices.insert(row)
    prices: DatedPrices = world.services.actions.prices
    assert prices.at(world.clock.now()).price("voice", "acme", "m") == Price(0)
    await refresh_prices(world.services.actions)
    assert prices.at(world.clock.now()).price("voice", "acme", "m") == Price(7)
    async with world.ledger.unit() as unit:
        assert await unit.wallets.prices.delete(NOBODY) == row
    await refresh_prices(world.services.actions)
    assert prices.at(world.clock.now()).price("voice", "acme", "m") == Price(0)


async def test_an_estimate_looks_prices_up_by_the_names_that_calls_are_billed_by(world: ApiWorld) -> None:
    actions = replace(world.services.actions, billed_as=lambda kind, _: ("acme", kind))
    world.services = replace(world.services, actions=actions)
    async with world.client(world.operator_key) as operator, world.client() as ours:
        agent_id = await create(ours)
        before = (await ours.get(f"/v2/agent/{agent_id}/estimate")).json()
        row = {"kind": "voice", "provider": "acme", "model": "voice", "cents": 1, "per": 100}
        assert (await operator.post(PRICES, json=row)).status_code == 201
        after = (await ours.get(f"/v2/agent/{agent_id}/estimate")).json()
    assert "synthesizer" in before["unpriced"]
    assert "synthesizer" not in after["unpriced"]
    assert after["cents_per_minute"]["synthesizer"] > 0


async def test_an_agents_calls_are_estimated_from_its_prompt_and_todays_prices(world: ApiWorld) -> None:
    async with world.client(world.operator_key) as operator:
        for kind in ("transcriber", "platform"):
            await operator.post(PRICES, json={"kind": kind, "cents": 2, "per": 60_000})
        tomorrow = (world.clock.now() + timedelta(days=1)).isoformat()
        await operator.post(PRICES, json={"kind": "platform", "cents": 200, "per": 60_000, "valid_from": tomorrow})
    async with world.client() as ours, world.client(world.other_key) as others:
        agent_id = await create(ours)
        answer = await ours.get(f"/v2/agent/{agent_id}/estimate")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        by_minute = found["cents_per_minute"]
        assert (by_minute["transcriber"], by_minute["platform"], by_minute["total"]) == (2, 2, 4)
        assert found["cents_per_call"]["total"] == 12
        assert found["unpriced"] == ["llm", "synthesizer", "network"]
        assert (found["assumptions"]["based_on"], found["assumptions"]["call_seconds"]) == ("defaults", 180)
        line = {"provider": "p", "model": "m", "amount_output": 0, "cost": 0}
        lines = [{**line, "leg": "transcriber", "amount": 90_000}, {**line, "leg": "synthesizer", "amount": 400}]
        for record in ({"conversation_ms": 60_000, "usage_lines": lines}, {"conversation_ms": 0}):
            call_id = await place(ours, agent_id)
            async with world.ledger.unit() as unit:
                await unit.executions.change(call_id, Change(Phase.DONE, "stopped", record=record))
        measured = (await ours.get(f"/v2/agent/{agent_id}/estimate")).json()
        assert (measured["assumptions"]["based_on"], measured["assumptions"]["calls"]) == ("calls", 1)
        assert (measured["cents_per_minute"]["transcriber"], measured["assumptions"]["characters"]) == (3, 400)
        assert (await others.get(f"/v2/agent/{agent_id}/estimate")).status_code == 404
        assert (await ours.get(f"/v2/agent/{NOBODY}/estimate")).status_code == 404


async def test_a_price_under_another_spelling_is_refused_and_one_of_the_file_is_named(world: ApiWorld) -> None:
    def billed_as(kind: str, choice: ProviderChoice) -> tuple[str, str]:
        return {"azure": "azure-openai"}.get(choice.provider, choice.provider), choice.model or choice.voice

    of_file = DatedPrices([PriceRow("model_input", "azure", "*", Price(5))])
    actions = replace(world.services.actions, billed_as=billed_as, prices=of_file)
    async with replace(world, services=replace(world.services, actions=actions)).client(world.operator_key) as operator:
        body = {"kind": "model_input", "provider": "azure", "cents": 1}
        refused = await operator.post(PRICES, json=body)
        assert (refused.status_code, refused.json()["field"]) == (400, "provider")
        assert refused.json()["message"] == "provider: 'azure' is billed as 'azure-openai'; name that"
        assert (await operator.post(PRICES, json={**body, "provider": "azure-openai"})).status_code == 201
    (unused,) = unused_prices(actions)
    assert unused.startswith("the price of model_input, azure, * is never used: ")
