"""What a hostile or broken client may send: it gets one clear error, and never a trace, a hang or a stored surprise."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from tests.api_world import PUBLIC_URL, ApiWorld, create, place

from callwright.api.app import build_app
from callwright.domain.limits import MAX_BODY_BYTES, MAX_DISCARDED_BYTES, MAX_JSON_DEPTH

JSON = {"Content-Type": "application/json"}


async def test_broken_bodies_are_400_with_the_reason(world: ApiWorld) -> None:
    broken = [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1} {"b": 2}', "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": 99999999999999999999999999}', "64 bits"),
        (b'{"a":' * 100_000, "nested deeper"),
    ]
    async with world.client() as client:
        for method, path in (
            ("POST", "/v2/agent"),
            ("POST", "/call"),
            ("PATCH", "/v2/agent/x"),
            ("PUT", "/v2/agent/x"),
        ):
            for body, message in broken:
                answer = await client.request(method, path, content=body, headers=JSON)
                assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json"), body[:40]
                assert message in answer.json()["message"], body[:40]


async def test_nesting_is_allowed_up_to_its_limit(world: ApiWorld) -> None:
    def nested(levels: int) -> bytes:
        return b'{"agent_config":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    async with world.client() as client:
        allowed = await client.post("/v2/agent", content=nested(MAX_JSON_DEPTH), headers=JSON)
        refused = await client.post("/v2/agent", content=nested(MAX_JSON_DEPTH + 1), headers=JSON)
    assert allowed.json()["message"] == "agent_name is required"
    assert "nested deeper" in refused.json()["message"]


async def test_a_body_over_the_limit_is_413_without_reading_it_all(world: ApiWorld) -> None:
    taken: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            taken.append(1)
            yield b" " * 65_536

    async with world.client() as client:
        at_limit = await client.post("/call", content=b"{}".ljust(MAX_BODY_BYTES), headers=JSON)
        assert at_limit.json()["message"] == "agent_id is required"
        over = await client.post("/call", content=b"{}".ljust(MAX_BODY_BYTES + 1), headers=JSON)
        assert (over.status_code, over.json()["error"], over.json()["code"]) == (413, 413, "too_large")
        streamed = await client.post("/call", content=endless(), headers=JSON)
    assert streamed.status_code == 413
    assert sum(taken) <= MAX_DISCARDED_BYTES // 65_536 + 2


async def test_unknown_paths_and_methods_have_the_same_shape_as_every_error(world: ApiWorld) -> None:
    async with world.client() as client:
        missing = await client.get("/v2/agents")
        assert missing.status_code == missing.json()["error"] == 404
        assert missing.json()["message"] == missing.json()["detail"]
        method = await client.post("/user/me")
        assert (method.status_code, method.json()["error"], method.headers["allow"]) == (405, 405, "GET, HEAD")
        assert method.json()["message"].endswith("; use GET, HEAD")
        agent = await client.post("/v2/agent/0")
        assert (agent.status_code, agent.headers["allow"]) == (405, "GET, HEAD, PUT, PATCH, DELETE")
        for path in (
            "/v2//agent",
            "/call/../../etc/passwd",
            "/v2/agent/%2e%2e%2f",
            "/%00",
            "/recordings/call/..%2f..%2fsecret",
        ):
            answer = await client.get(path)
            assert answer.status_code in (404, 405), path
            assert answer.json()["code"] in ("not_found", "method_not_allowed")


async def test_a_defect_is_a_plain_500_with_a_request_id_and_no_trace(world: ApiWorld) -> None:
    app = build_app(world.services)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the password is hunter2")

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=PUBLIC_URL, headers={"Authorization": f"Bearer {world.key}"}
    ) as client:
        answer = await client.get("/broken", headers={"X-Request-Id": "mine-7"})
    assert answer.status_code == 500
    assert answer.json()["message"] == "Internal server error"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-7"
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


async def test_request_ids_of_others_are_taken_only_when_they_are_harmless(world: ApiWorld) -> None:
    async with world.client() as client:
        for given in (b"a b", b"x" * 65, b"<script>", b"\xe9"):
            answer = await client.get("/user/me", headers=[(b"X-Request-Id", given)])
            assert answer.headers["x-request-id"].encode() != given
            assert len(answer.headers["x-request-id"]) == 16


async def test_answers_are_not_cached_and_not_sniffed(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.get("/user/me")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_signed_recording_links_cannot_be_bent(world: ApiWorld) -> None:
    async with world.client() as client, world.client(None) as anybody:
        agent_id = await create(client)
        ours, other = await place(client, agent_id), await place(client, agent_id)
        for execution_id in (ours, other):
            world.recordings.write(execution_id, "call.wav", b"RIFF")
        link = (await client.get(f"/recordings/call/{ours}")).headers["location"]
        expires = link.split("expires=")[1].split("&")[0]
        bent = [
            link.replace(ours, other),
            link.replace(expires, str(int(expires) + 1)),
            link.replace(f"expires={expires}", "expires="),
            link.replace(f"expires={expires}", "expires=-1"),
            link.replace(f"expires={expires}", f"expires={expires}&expires=9999999999"),
            link.replace("signature=", "signature=\u00e9"),
            link.replace("call.wav", "..%2fcall.wav"),
        ]
        for one in bent:
            answer = await anybody.get(one)
            assert answer.status_code in (403, 404), one
            assert b"RIFF" not in answer.content


async def test_cors_is_off_unless_an_origin_is_named(world: ApiWorld) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    async with world.client(None) as client:
        answer = await client.options("/call", headers=asked)
    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers
