"""The calling policy over the API: whose it is, what changes it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.acceptance.test_api_batches import batch_id_of, begin, read, rows
from tests.api_world import ApiWorld, create, place

from callwright.platform.dialling.actions import Decisions, change_for

PATH = "/v1/callwright/calling-policy"


async def test_the_policy_of_an_organisation_binds_its_sub_accounts_and_nobody_else(world: ApiWorld) -> None:
    async with world.client() as ours, world.client(world.sub_key) as sub, world.client(world.other_key) as other:
        first = (await ours.get(PATH)).json()
        assert (first["version"], first["updated_at"]) == (0, None)
        assert first["hours"] == {
            "start_hour": 0,
            "end_hour": 24,
            "days": first["hours"]["days"],
            "default_time_zone": "UTC",
        }
        answer = await ours.put(PATH, json={"hours": {"start_hour": 9, "end_hour": 17}})
        assert answer.status_code == 200, answer.text
        changed = answer.json()
        assert (changed["version"], changed["hours"]["start_hour"], changed["hours"]["end_hour"]) == (1, 9, 17)
        assert (await ours.get(PATH)).json() == changed == (await sub.get(PATH)).json()
        assert (await other.get(PATH)).json() == first
        assert (await sub.put(PATH, json={})).status_code == 403


async def test_each_change_is_a_version_and_a_row_of_the_audit_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        body = {"numbers": {"countries": ["GB"]}}
        versions = [(await client.put(PATH, json=one)).json()["version"] for one in (body, body, {}, {})]
        assert versions == [1, 1, 2, 2], "the same policy again changes nothing"
        trail = (await client.get("/v1/callwright/audit")).json()["data"]
        rows = [row for row in trail if row["action"] == "calling_policy.changed"]
        assert len(rows) == 2
        first = rows[-1]
        assert (first["before"]["numbers"]["countries"], first["after"]["numbers"]["countries"]) == (None, ["GB"])


async def test_a_policy_that_was_changed_since_it_was_read_stays(world: ApiWorld) -> None:
    async with world.client() as client:
        read_first = (await client.get(PATH)).json()
        changed = (await client.put(PATH, json={"consent": {"required": True}})).json()
        late = await client.put(PATH, json={**read_first, "numbers": {"countries": ["GB"]}})
        assert (late.status_code, late.json()["field"]) == (409, "version")
        assert (await client.get(PATH)).json() == changed
        again = await client.put(PATH, json={**changed, "numbers": {"countries": ["GB"]}})
        assert (again.status_code, again.json()["version"]) == (200, 2)


async def test_a_misspelt_rule_is_refused_and_changes_nothing(world: ApiWorld) -> None:
    async with world.client() as client:
        refused = await client.put(PATH, json={"hours": {"start": 9}})
        assert (refused.status_code, refused.json()["field"]) == (400, "hours.start")
        assert "start_hour" in refused.json()["message"]
        assert (await client.get(PATH)).json()["version"] == 0


async def test_a_call_that_waits_follows_its_agents_hours_and_the_policy_as_they_are_now(world: ApiWorld) -> None:
    night = datetime(2026, 1, 7, 2, tzinfo=UTC)

    async def rule() -> str:
        """Decide at night; what decided, or nothing where no call is due."""
        async with world.ledger.unit() as unit:
            candidates = await unit.executions.candidates(10)
            decided = await Decisions({}).of_candidates(unit, candidates, night)
            for execution_id, row in decided.items():
                if not row.decision.dials:
                    later = replace(row.decision, until=datetime.now(UTC) + timedelta(hours=6))
                    await unit.executions.change(execution_id, change_for(later, night))
        return next((row.decision.rule for row in decided.values()), "")

    async with world.client() as client:
        agent_id = await create(client)
        await place(client, agent_id)
        hours = {"agent_config": {"calling_guardrails": {"call_start_hour": 9, "call_end_hour": 17}}}
        assert (await client.patch(f"/v2/agent/{agent_id}", json=hours)).status_code == 200
        assert (await rule(), await rule()) == ("agent_hours", ""), "it waits for the opening"
        await client.put(PATH, json={"hours": {"start_hour": 4, "end_hour": 20}})
        assert (await rule(), await rule()) == ("policy_hours", "")
        await client.put(PATH, json={})
        assert await rule() == "agent_hours"
        always = {"agent_config": {"calling_guardrails": {"call_start_hour": 0, "call_end_hour": 23}}}
        await client.patch(f"/v2/agent/{agent_id}", json=always)
        assert await rule() == "allowed"


async def test_the_decisions_about_a_call_can_be_read(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as other:
        execution_id = await place(client, await create(client))
        path = f"/v1/callwright/executions/{execution_id}/decisions"
        assert (await client.get(path)).json() == {"execution_id": execution_id, "data": []}
        async with world.ledger.unit() as unit:
            candidates = await unit.executions.candidates(10)
            await Decisions({}).of_candidates(unit, candidates, world.clock.now())
        (told,) = (await client.get(path)).json()["data"]
        assert (told["step"], told["verdict"], told["rule"], told["until"]) == ("admission", "dial", "allowed", None)
        assert told["inputs"] == {"number_kind": "none", "country": None, "time_zones": ["UTC"]}
        assert (await other.get(path)).status_code == 404


async def test_a_batch_counts_its_contacts_by_the_rule_that_decided(world: ApiWorld) -> None:
    async with world.client() as client:
        await client.post("/v1/callwright/suppressions", json={"number": "loopback:gone"})
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\nloopback:demo\nloopback:gone\n")
        await begin(world, client, batch_id)
        assert (await read(client, batch_id))["callwright"]["decisions"] == {"suppressed": 1}
        gone = next(row for row in await rows(client, batch_id) if row["user_number"] == "loopback:gone")
        assert gone["callwright"]["decision"]["rule"] == "suppressed"


async def test_fallbacks_of_an_organisation_are_checked_and_kept(world: ApiWorld) -> None:
    fallbacks = {"transcriber": [], "voice": [{"provider": "local", "provider_config": {"voice": "v"}}], "model": []}
    async with world.client() as client:
        saved = await client.put(PATH, json={"fallbacks": fallbacks})
        assert saved.status_code == 200, saved.text
        assert (await client.get(PATH)).json()["fallbacks"] == fallbacks
        unknown = await client.put(PATH, json={"fallbacks": {"voice": [{"provider": "nobody"}]}})
        assert (unknown.status_code, unknown.json()["field"]) == (400, "fallbacks.voice[0].provider")
        secret = await client.put(PATH, json={"fallbacks": {"voice": [{"provider": "local", "api_key": "s-1"}]}})
        assert (secret.status_code, secret.json()["field"]) == (400, "fallbacks.voice")
        assert "s-1" not in secret.text
