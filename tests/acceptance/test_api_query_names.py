"""Query parameters that no route knows, through the public API."""

from __future__ import annotations

from tests.api_world import ApiWorld, create, place

from callwright.domain.limits import MAX_IGNORED_NAMES


async def test_an_unknown_parameter_is_named_in_the_answer(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        url = f"/v2/agent/{agent_id}/executions"
        plain = await client.get(url)
        answer = await client.get(url, params={"statuss": "completed", "page_size": 5, "zzz": ""})
        assert answer.status_code == 200
        assert answer.json()["callwright"]["ignored"] == ["statuss", "zzz"]
        assert answer.headers["callwright-ignored"] == "statuss, zzz"
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert "callwright" not in plain.json()
        assert "callwright-ignored" not in plain.headers


async def test_an_array_and_an_error_name_it_in_the_header_alone(world: ApiWorld) -> None:
    async with world.client() as client:
        plain = await client.get("/v2/agent/all")
        listed = await client.get("/v2/agent/all?page_size=5")
        assert (listed.json(), listed.headers["callwright-ignored"]) == (plain.json(), "page_size")
        missing = await client.get("/v2/agent/none?page=5")
        assert missing.status_code == 404
        assert missing.headers["callwright-ignored"] == "page"
        assert "callwright" not in missing.json()


async def test_an_object_that_has_the_block_keeps_what_is_in_it(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        named = (await client.get(f"/v2/agent/{agent_id}?expand=all")).json()
        assert named == {**read, "callwright": {**read["callwright"], "ignored": ["expand"]}}


async def test_a_polled_execution_with_an_unknown_parameter_has_a_tag_of_its_own(world: ApiWorld) -> None:
    async with world.client() as client:
        url = f"/executions/{await place(client, await create(client))}"
        plain = await client.get(url)
        named = await client.get(f"{url}?verbose=1")
        assert named.json()["callwright"]["ignored"] == ["verbose"]
        assert named.headers["etag"] != plain.headers["etag"]
        same = await client.get(f"{url}?verbose=1", headers={"If-None-Match": named.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["callwright-ignored"] == "verbose"
        other = await client.get(f"{url}?verbose=1", headers={"If-None-Match": plain.headers["etag"]})
        assert (other.status_code, other.json()) == (200, named.json())
        again = await client.get(url, headers={"If-None-Match": plain.headers["etag"]})
        assert again.status_code == 304


async def test_a_changing_request_names_it_too(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post(
            "/v2/agent?draft=1",
            json={"agent_config": {"agent_name": "Maya", "tasks": [{"task_type": "conversation"}]}},
        )
        assert answer.status_code == 201
        assert answer.json()["callwright"]["ignored"] == ["draft"]


async def test_at_most_so_many_are_named_and_a_secret_never(world: ApiWorld) -> None:
    async with world.client() as client:
        for count in (MAX_IGNORED_NAMES, MAX_IGNORED_NAMES + 1):
            given = {f"unknown_{number}": "" for number in range(count)}
            named = (await client.get("/user/me", params=given)).json()["callwright"]["ignored"]
            assert named == list(given)[:MAX_IGNORED_NAMES]
        secret = "sk-0123456789abcdef0123456789"
        answer = await client.get("/user/me", params={secret: "1"})
        assert secret not in answer.text + answer.headers["callwright-ignored"]


async def test_strict_refuses_it_and_names_the_nearest(world: ApiWorld) -> None:
    async with world.client(strict=True) as client:
        agent_id = await create(client)
        for url, told in (
            (f"/v2/agent/{agent_id}/executions", "did you mean status?"),
            ("/executions/0c62bce5-0900-4ba2-8d9b-fe63144a5017", "it takes none."),
        ):
            answer = await client.get(url, params={"statuss": "completed"})
            assert answer.status_code == 400, url
            assert answer.json()["field"] == "statuss"
            assert told in answer.json()["message"]
        assert (await client.get("/v2/agent/all")).status_code == 200
        body = {"agent_config": {"agent_name": "Maya", "tasks": [{"task_type": "conversation"}]}}
        assert (await client.post("/v2/agent?draft=1", json=body)).status_code == 400
        assert len((await client.get("/v2/agent/all")).json()) == 1


async def test_every_described_parameter_is_known(world: ApiWorld) -> None:
    """What the description offers is never called unknown; a signed recording link carries its permission so."""
    async with world.client() as client:
        described = (await client.get("/openapi.json")).json()["paths"]
        asked = 0
        for path, operations in described.items():
            names = [one["name"] for one in operations.get("get", {}).get("parameters", ()) if one["in"] == "query"]
            if names and not path.startswith("/lines/"):
                url = path.replace("{", "").replace("}", "")
                answer = await client.get(url, params=dict.fromkeys(names, "1"))
                assert "callwright-ignored" not in answer.headers, path
                asked += 1
        assert asked > 10
