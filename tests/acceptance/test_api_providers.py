"""Provider keys and models of one's own over the API: sealed, masked, replaced, forgotten, one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.api_world import AGENT, ApiWorld
from tests.database import fetch

from callwright.domain.limits import (
    MAX_CUSTOM_MODELS,
    MAX_PROVIDER_KEY_CHARACTERS,
    MAX_PROVIDER_KEYS,
    MIN_WEBHOOK_SECRET_BYTES,
)
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID

VALUE = "sk-canary-5f1e77b0c4az"


async def everything_in(dsn: str) -> str:
    """Every row of every table as text."""
    tables = await fetch(dsn, "select tablename from pg_tables where schemaname = 'public' order by 1")
    found = [await fetch(dsn, f'select t::text as row from "{table["tablename"]}" t') for table in tables]
    return "\n".join(row["row"] for rows in found for row in rows)


async def test_a_name_that_no_provider_reads_is_stored_and_said_so(world: ApiWorld) -> None:
    said = []
    async with world.client() as client:
        for name in ("OPENAI_KEY", "OPENIA", "openai", "CALENDAR_TOKEN"):
            answer = await client.post("/providers", json={"provider_name": name, "provider_value": VALUE})
            assert answer.status_code == 200
            found = answer.json().get("callwright", {"warnings": []})["warnings"]
            said.append([one["message"] for one in found])
    assert len(said[0]) == 1
    assert said[0][0].startswith("Nothing installed reads OPENAI_KEY. Known names: OPENAI")
    assert said[1:] == [["Nothing installed reads OPENIA. Known names: OPENAI."], [], []]


async def test_a_key_is_stored_sealed_and_shown_masked(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": f" {VALUE}\n"})
        assert (answer.status_code, answer.json()) == (200, {"message": "successful", "status": "added"})
        listed = (await client.get("/providers/")).json()
    assert [(row["provider_name"], row["provider_value"]) for row in listed] == [("OPENAI", "xxxxxxxaz")]
    assert listed[0]["humanized_created_at"] == "just now"
    assert set(listed[0]) == {
        "provider_id", "provider_name", "provider_value", "humanized_created_at", "created_at", "updated_at",
    }  # fmt: skip
    stored = await everything_in(world.dsn)
    assert VALUE not in stored
    assert VALUE.encode().hex() not in stored
    async with world.ledger.unit() as unit:
        data_key = await unit.provider_keys.data_key(DEFAULT_TENANT_ID)
        key = await unit.provider_keys.get(DEFAULT_TENANT_ID, "openai")
    assert data_key is not None
    assert key is not None
    assert world.services.actions.vault.open(data_key, "OPENAI", key.sealed) == VALUE


async def test_a_key_is_replaced_under_its_name_whatever_its_capitals(world: ApiWorld) -> None:
    async with world.client() as client:
        await client.post("/providers", json={"provider_name": "OpenAI", "provider_value": VALUE})
        (first,) = (await client.get("/providers")).json()
        await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": "another-long-value-q7"})
        (second,) = (await client.get("/providers")).json()
        assert second["provider_id"] == first["provider_id"]
        assert (second["provider_name"], second["provider_value"]) == ("OPENAI", "xxxxxxxq7")
        assert (await client.delete("/providers/openai")).json() == {"message": "successful", "status": "removed"}
        assert (await client.delete("/providers/openai")).status_code == 404
        assert (await client.get("/providers")).json() == []
    trail = await fetch(
        world.dsn, "select action, before, after from audit where object_type = 'provider_key' order by id"
    )
    assert [row["action"] for row in trail] == ["provider_key.created", "provider_key.replaced", "provider_key.deleted"]
    assert VALUE not in str(trail)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "provider_name"),
        ({"provider_name": "OPENAI"}, "provider_value"),
        ({"provider_name": "OPENAI", "provider_value": " "}, "provider_value"),
        ({"provider_name": "OPENAI", "provider_value": {"key": VALUE}}, "provider_value"),
        ({"provider_name": "OPENAI", "provider_value": [VALUE]}, "provider_value"),
        ({"provider_name": "OPENAI", "provider_value": VALUE * MAX_PROVIDER_KEY_CHARACTERS}, "provider_value"),
        ({"provider_name": "a/b", "provider_value": VALUE}, "provider_name"),
        ({"provider_name": 7, "provider_value": VALUE}, "provider_name"),
    ],
)
async def test_a_wrong_key_is_refused_without_repeating_it(
    world: ApiWorld, caplog: pytest.LogCaptureFixture, body: dict[str, Any], field: str
) -> None:
    async with world.client() as client:
        answer = await client.post("/providers", json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
        assert VALUE not in answer.text
        assert (await client.get("/providers")).json() == []
    assert VALUE not in caplog.text


async def test_a_body_that_breaks_off_does_not_repeat_the_key(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post("/providers", content=f'{{"provider_name": "OPENAI", "provider_value": "{VALUE}')
    assert answer.status_code == 400
    assert VALUE not in answer.text


async def test_another_organisation_neither_sees_nor_deletes_a_key(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as others:
        await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": VALUE})
        assert (await others.get("/providers")).json() == []
        foreign, missing = await others.delete("/providers/OPENAI"), await others.delete("/providers/NOBODY")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json()["message"] == missing.json()["message"]
        await others.post("/providers", json={"provider_name": "OPENAI", "provider_value": "the-value-of-others-zz"})
        assert [row["provider_value"] for row in (await client.get("/providers")).json()] == ["xxxxxxxaz"]


async def test_no_more_keys_are_kept_than_allowed(world: ApiWorld) -> None:
    async with world.client() as client:
        for number in range(MAX_PROVIDER_KEYS):
            await client.post("/providers", json={"provider_name": f"K{number}", "provider_value": "v"})
        answer = await client.post("/providers", json={"provider_name": "ONE_MORE", "provider_value": "v"})
        assert answer.status_code == 409
        again = await client.post("/providers", json={"provider_name": "K0", "provider_value": "w"})
        assert again.status_code == 200


async def test_without_its_master_key_a_key_is_neither_lost_nor_replaced(world: ApiWorld) -> None:
    master = world.recordings.folder / MASTER_KEY_FILE
    async with world.client() as client, world.client(world.other_key) as others:
        await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": VALUE})
        kept = master.read_text()
        master.unlink()
        for asking in (client, others):
            answer = await asking.post(
                "/providers", json={"provider_name": "OPENAI", "provider_value": "another-value"}
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "vault_locked")
            assert "master-key" in answer.json()["message"]
            assert VALUE not in answer.text
        assert [row["provider_value"] for row in (await client.get("/providers")).json()] == ["xxxxxxxaz"]
        assert not master.exists()
        master.touch(0o600)
        master.write_text(kept)
        answer = await client.post("/providers", json={"provider_name": "OPENAI", "provider_value": "another-value-q7"})
        assert answer.status_code == 200


async def test_a_model_of_ones_own_is_named_listed_and_may_stand_for_a_provider(world: ApiWorld) -> None:
    body = json.loads(json.dumps(AGENT))
    body["agent_config"]["tasks"][0]["tools_config"] = {
        "llm_agent": {"llm_config": {"provider": "house-llm", "model": "x"}}
    }
    model = {"custom_model_name": "house-llm", "custom_model_url": "https://llm.example.org/v1/"}
    async with world.client() as client, world.client(world.other_key) as others:
        assert (await client.post("/v2/agent", json=body)).status_code == 400
        answer = await client.post("/user/model/custom", json=model)
        assert (answer.status_code, answer.json()) == (200, {"message": "model added successfully", "status": "added"})
        assert (await client.post("/v2/agent", json=body)).status_code == 201
        assert (await others.post("/v2/agent", json=body)).status_code == 400
        listed = (await client.get("/user/model/all")).json()["llmModels"]
        own = [row for row in listed if row["custom"]]
        assert [(row["provider"], row["model"], row["base_url"]) for row in own] == [
            ("custom", "house-llm", "https://llm.example.org/v1")
        ]
        assert {"gpt-4.1-mini", "gpt-5.4-mini"} <= {row["model"] for row in listed if row["provider"] == "openai"}
        foreign = (await others.get("/user/model/all")).json()["llmModels"]
        assert not [row for row in foreign if row["custom"]]
        assert (await others.delete("/v1/callwright/models/house-llm")).status_code == 404
        await client.post("/user/model/custom", json={**model, "custom_model_url": "https://other.example.org/v1"})
        assert (await client.delete("/v1/callwright/models/house-llm")).json()["state"] == "deleted"
        assert not [row for row in (await client.get("/user/model/all")).json()["llmModels"] if row["custom"]]
    trail = await fetch(world.dsn, "select action from audit where object_type = 'custom_model' order by id")
    assert [row["action"] for row in trail] == ["custom_model.created", "custom_model.changed", "custom_model.deleted"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "custom_model_name"),
        ({"custom_model_name": "openai", "custom_model_url": "https://x.example"}, "custom_model_name"),
        ({"custom_model_name": "custom", "custom_model_url": "https://x.example"}, "custom_model_name"),
        ({"custom_model_name": "mine"}, "custom_model_url"),
        ({"custom_model_name": "mine", "custom_model_url": "file:///etc/passwd"}, "custom_model_url"),
        ({"custom_model_name": "mine", "custom_model_url": 7}, "custom_model_url"),
        ({"custom_model_name": "mine", "custom_model_url": "https://x.example", "model": {}}, "model"),
    ],
)
async def test_a_model_that_could_not_be_reached_is_refused(world: ApiWorld, body: dict[str, Any], field: str) -> None:
    async with world.client() as client:
        answer = await client.post("/user/model/custom", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_no_more_models_are_named_than_allowed(world: ApiWorld) -> None:
    async with world.client() as client:
        for number in range(MAX_CUSTOM_MODELS):
            body = {"custom_model_name": f"m{number}", "custom_model_url": "https://x.example"}
            assert (await client.post("/user/model/custom", json=body)).status_code == 200
        body = {"custom_model_name": "more", "custom_model_url": "https://x.example"}
        assert (await client.post("/user/model/custom", json=body)).status_code == 409


@pytest.mark.parametrize(
    ("value", "status"), [("x" * 23, 400), ("x" * 24, 200), ("whsec_" + "A" * 32, 200), ("whsec_not~base64" * 9, 400)]
)
async def test_a_webhook_secret_must_be_able_to_sign(world: ApiWorld, value: str, status: int) -> None:
    assert MIN_WEBHOOK_SECRET_BYTES == 24
    for name in ("callwright_webhook_secret", "CALLWRIGHT_WEBHOOK_SECRET_FORMER"):
        async with world.client() as client:
            answer = await client.post("/providers", json={"provider_name": name, "provider_value": value})
        assert answer.status_code == status, answer.text
        assert value not in answer.text
