"""Every route of the API description, asked by everybody who must not get an answer. A new route is in the matrix by existing.

What a new route may need here: an object of ours for a path parameter that is new (``prepared``), a body (``body_of``), and, when its path
names no object, a line in ``OWN``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from tests.api_world import AGENT, NILA, ApiWorld, create, place
from tests.database import fetch

from callwright.api.app import build_app
from callwright.api.gate import needs_key
from callwright.api.services import ApiServices
from callwright.media.wav import write_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.batches.rules.batch import Batch, BatchStatus
from callwright.platform.contact_files.rules import ContactFile, read_contacts
from callwright.platform.dispositions.rules import StoredDisposition
from callwright.platform.extraction_templates.rules import StoredTemplate
from callwright.platform.keys.rules import Right, right_of
from callwright.platform.phone_numbers.rules import CARRIER, PhoneNumber
from callwright.platform.violations.actions import put_before
from callwright.platform.voices.actions.voices import model_id_of, provider_id_of, voice_id_of
from callwright.platform.voices.rules import ImportedVoice

#: In every text of ours that somebody else could be shown.
CANARY = "canary-e91b7"
NOBODY = "00000000-0000-4000-8000-00000000dead"
TEMPLATE_ID = "00000000-0000-4000-8000-0000000e0001"
DISPOSITION_ID = "00000000-0000-4000-8000-0000000d0001"
NUMBER_ID = "00000000-0000-4000-8000-0000000d0002"
NUMBER = "+15550177"
BATCH_ID = "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d"

TRUNK: dict[str, Any] = {
    "name": "Line one",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u1",
    "auth_password": "p1",
    "gateways": [{"gateway_address": "sip.carrier.example"}],
}

#: Routes that act on no object of a path: what another organisation does there happens in its own.
OWN = {
    ("GET", "/extractions"),
    ("POST", "/extractions"),
    ("POST", "/v2/agent"),
    ("GET", "/v2/agent/all"),
    ("POST", "/agent"),
    ("GET", "/agent/all"),
    ("POST", "/call"),
    ("POST", "/v1/web-call/session"),
    ("POST", "/web-call/freeswitch-session"),
    ("POST", "/batches"),
    ("GET", "/user/me"),
    ("GET", "/v1/callwright/extensions"),
    ("GET", "/v1/callwright/suppressions"),
    ("POST", "/v1/callwright/suppressions"),
    ("GET", "/v1/callwright/calling-policy"),
    ("PUT", "/v1/callwright/calling-policy"),
    ("GET", "/v1/callwright/wallet"),
    ("GET", "/v1/callwright/wallet/entries"),
    ("GET", "/v1/callwright/prices"),
    ("POST", "/v1/callwright/prices"),
    ("GET", "/v1/callwright/keys"),
    ("POST", "/v1/callwright/keys"),
    ("GET", "/v1/callwright/agent-settings"),
    ("GET", "/v1/callwright/agent-settings/providers"),
    ("GET", "/v1/callwright/agents"),
    ("POST", "/v1/callwright/agents/validate"),
    ("GET", "/v1/callwright/session"),
    ("DELETE", "/v1/callwright/session"),
    ("GET", "/v1/callwright/sessions"),
    ("GET", "/v1/callwright/audit"),
    ("GET", "/v1/callwright/events"),
    ("GET", "/v1/callwright/executions"),
    ("GET", "/v1/callwright/live"),
    ("GET", "/v1/callwright/live/changes"),
    ("GET", "/v1/callwright/executions.csv"),
    ("GET", "/v1/callwright/webhooks/endpoints"),
    ("POST", "/v1/callwright/webhooks/endpoints/resume"),
    ("POST", "/v1/callwright/webhooks/replay"),
    ("GET", "/dispositions"),
    ("POST", "/dispositions"),
    ("POST", "/dispositions/bulk"),
    ("POST", "/sub-accounts/create"),
    ("GET", "/sub-accounts/all"),
    ("GET", "/sub-accounts/all/usage"),
    ("GET", "/v1/callwright/usage"),
    ("GET", "/phone-numbers/all"),
    ("GET", "/phone-numbers/search"),
    ("POST", "/phone-numbers/buy"),
    ("POST", "/inbound/setup"),
    ("POST", "/inbound/unlink"),
    ("GET", "/v1/callwright/contact-files"),
    ("GET", "/sip-trunks/trunks"),
    ("POST", "/sip-trunks/trunks"),
    ("GET", "/providers"),
    ("POST", "/providers"),
    ("GET", "/user/model/all"),
    ("POST", "/user/model/custom"),
    ("GET", "/me/voices"),
    ("POST", "/v1/callwright/voices"),
    ("GET", "/api/v1/voice-config/tts"),
    ("GET", "/api/v1/voice-config/tts/voices"),
    ("GET", "/ambient-sounds"),
    ("POST", "/ambient-sounds/custom"),
    ("POST", "/knowledgebase"),
    ("GET", "/knowledgebase/all"),
    ("GET", "/violations/list"),
    ("POST", "/violations/submit"),
}
#: Names of one's own choice: whoever puts one makes it their own.
OWN_NAMES = {("PUT", "/v1/callwright/contact-files/{name}")}
#: Objects of the server, which everybody may have. Those of a vendor's account are in tests/acceptance/test_api_voices.py.
EVERYBODYS = {("GET", "/voices/{voice_id}/sample"), ("POST", "/v1/callwright/carriers/{carrier}/connect")}
#: Of those, the ones whose body names an object: somebody else's is refused there as one that never was, with this status.
NAMES_OBJECT = {
    ("POST", "/call"): 404,
    ("POST", "/v1/web-call/session"): 404,
    ("POST", "/web-call/freeswitch-session"): 404,
    ("POST", "/batches"): 404,
    ("POST", "/dispositions"): 403,
    ("POST", "/dispositions/bulk"): 403,
    ("POST", "/inbound/setup"): 404,
    ("POST", "/inbound/unlink"): 404,
    ("POST", "/violations/submit"): 404,
    ("POST", "/v1/callwright/webhooks/endpoints/resume"): 404,
}

#: Routes about what an organisation shares: its sub-accounts know of it, and may not take it from one another.
SHARED = {("POST", "/inbound/unlink")}

#: Routes about a call that is over, and what they need; ours is not dialled: whoever may read is told so.
AFTER_A_CALL = {
    ("POST", "/v1/callwright/executions/{execution_id}/replay"),
    ("POST", "/v1/callwright/executions/{execution_id}/what-if"),
    ("GET", "/v1/callwright/executions/{execution_id}/scenario"),
}

#: Streams that end only with their key.
ENDLESS = {"/v1/callwright/live/changes"}

#: What a route must be asked with in its query.
PARAMETERS = {
    "/phone-numbers/search": {"country": "US"},
    "/api/v1/voice-config/tts/voices": {
        "provider_id": provider_id_of("scripted"),
        "model_id": model_id_of("scripted", "scripted"),
    },
}

#: What names nothing, by path parameter.
MISSING = {
    "revision": "1",
    "extension": "nobody",
    "number": "loopback:nobody",
    "name": "nobody",
    "sound_id": "nobody",
    "voice_id": "nobody",
    "carrier": "nobody",
    "provider_key_name": "NOBODY",
    "custom_model_name": "nobody",
}


class Nothing(dict[str, str]):
    """Ids that name nothing, for every path parameter there is."""

    def __missing__(self, name: str) -> str:
        return MISSING.get(name, NOBODY)


def body_of(method: str, path: str, ids: dict[str, str]) -> dict[str, Any] | None:
    """What a route needs to be asked properly; None: no body."""
    agent_id = ids["agent_id"]
    question = {"name": f"Mood {CANARY}", "question": "How was it?", "is_subjective": True}
    stolen = {"agent_config": {"agent_name": "stolen"}}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/v2/agent"): AGENT,
        ("PUT", "/v2/agent/{agent_id}"): AGENT,
        ("PATCH", "/v2/agent/{agent_id}"): stolen,
        ("POST", "/agent"): AGENT,
        ("POST", "/v1/callwright/agents/validate"): AGENT,
        ("PUT", "/agent/{agent_id}"): AGENT,
        ("PATCH", "/agent/{agent_id}"): stolen,
        ("POST", "/call"): {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"},
        ("POST", "/v1/web-call/session"): {"agent_id": agent_id},
        ("POST", "/web-call/freeswitch-session"): {"agent_id": agent_id},
        ("POST", "/batches/{batch_id}/schedule"): {"scheduled_at": "2027-01-15T09:30:00+00:00"},
        ("PATCH", "/v1/callwright/batches/{batch_id}"): {"max_concurrency": 3},
        ("POST", "/v1/call/{run_id}/events"): {"event": "note", "properties": {"said": CANARY}},
        ("POST", "/v1/callwright/agents/{agent_id}/chats"): {},
        ("POST", "/v1/callwright/agents/{agent_id}/drafts/chats"): {"draft": AGENT},
        ("POST", "/v1/callwright/agents/{agent_id}/drafts/calls"): {"draft": AGENT},
        ("POST", "/v1/callwright/agents/{agent_id}/drafts/web-calls"): {"draft": AGENT},
        ("POST", "/v1/callwright/agents/{agent_id}/drafts/tool-calls"): {"draft": AGENT, "tool": "book_visit"},
        ("POST", "/v1/callwright/chats/{execution_id}/messages"): {"text": "Hello?"},
        ("POST", "/v1/callwright/executions/{execution_id}/what-if"): {"from_turn": 0},
        ("PUT", "/v1/callwright/extensions/{extension}"): {"agent_id": agent_id},
        ("POST", "/v1/callwright/suppressions"): {"number": "loopback:other"},
        ("PUT", "/v1/callwright/calling-policy"): {"hours": {"start_hour": 9}},
        ("POST", "/v1/callwright/wallets/{organization_id}/top-ups"): {"cents": 500},
        ("POST", "/v1/callwright/prices"): {"kind": "voice", "cents": 5},
        ("POST", "/v1/callwright/keys"): {"name": "one more"},
        ("POST", "/dispositions"): {"agent_id": agent_id, **question},
        ("POST", "/dispositions/bulk"): {"agent_id": agent_id, "dispositions": [question]},
        ("PUT", "/dispositions/{disposition_id}"): {"name": "stolen"},
        ("POST", "/v2/agent/{agent_id}/dispositions/test"): {"transcript": "user: Hello."},
        ("POST", "/v1/callwright/agents/{agent_id}/extraction"): {"from": "2020-01-01", "to": "2100-01-01"},
        ("POST", "/extractions"): {"name": "Appointment", "json_schema": {"type": "object"}},
        ("PUT", "/extractions/{template_id}"): {"name": "stolen"},
        ("POST", "/sub-accounts/create"): {"name": "east", "min_concurrency": 0},
        ("PATCH", "/sub-accounts/{sub_account_id}"): {"name": "stolen"},
        ("POST", "/inbound/setup"): {"agent_id": agent_id, "phone_number_id": ids["phone_number_id"]},
        ("POST", "/sip-trunks/trunks"): TRUNK,
        ("PATCH", "/sip-trunks/trunks/{trunk_id}"): {"name": "stolen"},
        ("POST", "/sip-trunks/trunks/{trunk_id}/numbers"): {"phone_number": "4711"},
        ("POST", "/providers"): {"provider_name": "DEEPGRAM", "provider_value": "of-others-and-long"},
        ("POST", "/v1/callwright/voices"): {"provider": "sampled", "voice_id": "nila"},
        ("POST", "/user/model/custom"): {"custom_model_name": "other", "custom_model_url": "https://others.example"},
        ("POST", "/v1/callwright/webhooks/endpoints/resume"): {"endpoint": ids["endpoint"]},
        ("POST", "/v1/callwright/webhooks/replay"): {"from": "2020-01-01"},
        ("POST", "/inbound/unlink"): {"agent_id": agent_id, "phone_number_id": ids["phone_number_id"]},
    }
    return bodies.get((method, path))


async def prepared(world: ApiWorld) -> dict[str, str]:
    """One object of ours for every path parameter, with the canary in all it says; their ids by parameter."""
    async with world.client() as client:
        agent_id = await create(client, agent_name=f"Desk {CANARY}", agent_welcome_message=f"Hello {CANARY}.")
        execution_id = await place(client, agent_id, user_data={"name": CANARY})
        extension = f"{CANARY}.desk"
        await client.put(f"/v1/callwright/extensions/{extension}", json={"agent_id": agent_id})
        await client.post("/v1/callwright/suppressions", json={"number": NUMBER, "note": CANARY})
        key = (await client.post("/v1/callwright/keys", json={"name": f"Key {CANARY}"})).json()
        signing_in = {"X-Callwright-Csrf": "1", "User-Agent": CANARY}
        session = (await client.post("/v1/callwright/session", json={"key": key["key"]}, headers=signing_in)).json()
        account = {"name": f"Branch {CANARY}", "min_concurrency": 1, "max_concurrency": 3}
        sub_account = (await client.post("/sub-accounts/create", json=account)).json()
        await client.post("/providers", json={"provider_name": "DEEPGRAM", "provider_value": f"secret-{CANARY}"})
        # A password of the canary's form: no answer may hold it.
        trunk = (await client.post("/sip-trunks/trunks", json={**TRUNK, "auth_password": f"pass-{CANARY}"})).json()
        # Sub-accounts know of their organisation's models.
        model = {"custom_model_name": "house-llm", "custom_model_url": "https://llm.example.org/v1"}
        await client.post("/user/model/custom", json=model)
        sound = {"file": (f"{CANARY}.wav", write_wav(bytes([0, 8] * 400)))}
        sound_id = (await client.post("/ambient-sounds/custom", files=sound)).json()["id"]
        rag = (await client.post("/knowledgebase", data={"url": f"https://{CANARY}.example/"})).json()
        violation = await put_before(world.services.actions, "", execution_id, f"about {CANARY}")
        answered = {"violation_file": ("proof.png", CANARY.encode())}
        await client.post("/violations/submit", data={"violation_id": violation.id}, files=answered)
    async with world.client(world.operator_key) as operator:
        price = (await operator.post("/v1/callwright/prices", json={"kind": "carrier", "cents": 1})).json()
    now = world.clock.now()
    body = {"name": f"Mood {CANARY}", "question": f"How was {CANARY}?", "is_subjective": True}
    disposition = StoredDisposition(DISPOSITION_ID, DEFAULT_TENANT_ID, body, "ours", now, now, agent_ids=(agent_id,))
    batch = Batch(BATCH_ID, DEFAULT_TENANT_ID, agent_id, BatchStatus.PROCESSED, now, now, f"{CANARY}.csv")
    async with world.ledger.unit() as unit:
        await unit.dispositions.insert(disposition)
        await unit.dispositions.templates.insert(
            StoredTemplate(TEMPLATE_ID, DEFAULT_TENANT_ID, {"name": CANARY}, now, now)
        )

        await unit.provider_keys.voices.put(ImportedVoice(DEFAULT_TENANT_ID, "sampled", NILA, now))
        await unit.batches.insert(batch)
        number = PhoneNumber(NUMBER_ID, DEFAULT_TENANT_ID, "+15550188", CARRIER, "acme", now, now)
        await unit.numbers.add(number)
        await unit.numbers.link(replace(number, agent_tenant_id=DEFAULT_TENANT_ID, agent_id=agent_id))
        file = ContactFile(f"{CANARY}.csv", DEFAULT_TENANT_ID, ("contact_number",), 1, now, now)
        await unit.contact_files.put(file, read_contacts("contact_number\n+15550199\n"))
        endpoint = f"https://{CANARY}.example/~3f9a1c2b"
        assert await unit.endpoints.failed(DEFAULT_TENANT_ID, endpoint, "HTTP 410", is_gone=True)
    (webhook,) = await fetch(world.dsn, f"select id from outbox where execution_id = '{execution_id}'")
    for name in ("call.wav", "transfer.wav", "call.pcap"):
        world.recordings.write(execution_id, name, write_wav(CANARY.encode() * 4, channels=2))
    return {
        "agent_id": agent_id,
        "execution_id": execution_id,
        "run_id": execution_id,
        "extension": extension,
        "number": NUMBER,
        "batch_id": BATCH_ID,
        "disposition_id": DISPOSITION_ID,
        "template_id": TEMPLATE_ID,
        "key_id": key["id"],
        "session_id": session["id"],
        "revision": "1",
        "sub_account_id": sub_account["id"],
        "phone_number_id": NUMBER_ID,
        "name": f"{CANARY}.csv",
        "provider_key_name": "DEEPGRAM",
        "custom_model_name": "house-llm",
        "trunk_id": trunk["id"],
        "sound_id": sound_id,
        "voice_id": voice_id_of("sampled", NILA),
        "carrier": "twilio",
        "rag_id": rag["rag_id"],
        "violation_id": violation.id,
        "endpoint": endpoint,
        "webhook_id": webhook["id"],
        "price_id": price["id"],
        "organization_id": DEFAULT_TENANT_ID,
    }


@cache
def _described() -> tuple[tuple[str, str], ...]:
    described = build_app(cast(ApiServices, SimpleNamespace(version="", cors_origins=()))).openapi()["paths"]
    return tuple((method.upper(), path) for path, operations in described.items() for method in operations)


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path that needs a key."""
    for method, path in _described():
        if needs_key(path, method):
            yield method, path


async def ask(client: httpx.AsyncClient, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    """Ask a route about our objects, or about none, always under the same request id."""
    body = body_of(method, path, ids)
    params = PARAMETERS.get(path)
    url = path.format_map(ids)
    headers = {"X-Request-Id": "matrix"}
    if (method, path) == ("POST", "/batches"):
        files = {"file": ("list.csv", "contact_number\nloopback:demo\n")}
        return await client.post(url, data={"agent_id": ids["agent_id"]}, files=files, headers=headers)
    if (method, path) == ("POST", "/violations/submit"):
        form = {"violation_id": ids["violation_id"]}
        return await client.post(url, data=form, files={"violation_file": ("a.png", b"x")}, headers=headers)
    if path in ENDLESS:
        # Whoever may follow gets no end: that it goes on is the answer.
        try:
            return await asyncio.wait_for(client.request(method, url, headers=headers), 1)
        except TimeoutError:
            return httpx.Response(200, headers={"x-request-id": "matrix"}, json={})
    return await client.request(method, url, json=body, params=params, headers=headers)


async def rows_of_ours(world: ApiWorld, shown: str = "t") -> dict[str, str]:
    """A digest of everything our organisation and its sub-account have, table by table, to see that nothing was touched."""
    tables = await fetch(
        world.dsn,
        "select table_name as name from information_schema.columns"
        " where column_name = 'tenant_id' and table_schema = 'public' order by 1",
    )
    query = " union all ".join(
        f"select '{table['name']}' as name, md5(coalesce(string_agg(({shown})::text, '|' order by t::text), '')) as rows"
        f' from "{table["name"]}" t'
        f" where tenant_id in (select id from tenant where '{DEFAULT_TENANT_ID}' in (id, parent_id))"
        for table in tables
    )
    found = await fetch(
        world.dsn, f"{query} union all select 'tenant', md5(string_agg(t::text, '|' order by id)) from tenant t"
    )
    return {row["name"]: row["rows"] for row in found}


def answers_nothing(answer: httpx.Response) -> None:
    """Neither a text of ours nor a trace."""
    assert CANARY not in answer.text
    assert CANARY not in str(answer.headers)
    assert "Traceback" not in answer.text


def test_every_route_is_in_the_matrix() -> None:
    listed = set(routes())
    assert len(listed) >= 30
    assert {route for route in listed if "{" not in route[1]} == OWN


async def test_every_path_parameter_names_an_object_of_ours(world: ApiWorld) -> None:
    ids = await prepared(world)
    for method, path in routes():
        assert path.format_map(ids), (method, path)


async def test_without_a_key_every_route_is_401(world: ApiWorld) -> None:
    ids = await prepared(world)
    before = await rows_of_ours(world)
    key = world.key
    headers = (None, "", "Bearer", "Bearer ", "Basic YTpi", key, f"Token {key}", "Bearer ключ", f"Bearer {key} {key}")
    async with world.client(None) as client:
        for header in headers:
            client.headers = httpx.Headers([] if header is None else [(b"Authorization", header.encode())])
            for method, path in routes():
                answer = await ask(client, method, path, ids)
                if header is None and (method, path) == ("GET", "/v1/callwright/session"):
                    # The dashboard asks it at every visit: nobody is signed in.
                    assert (answer.status_code, answer.content) == (204, b"")
                    continue
                assert answer.status_code == 401, (header, method, path)
                assert answer.json()["error"] == 401
                assert answer.json()["message"] == answer.json()["detail"] == "Access denied"
                assert answer.headers["www-authenticate"] == "Bearer"
                answers_nothing(answer)
    assert await rows_of_ours(world) == before


async def test_two_keys_in_one_request_are_none(world: ApiWorld) -> None:
    async with world.client(None) as client:
        headers = [("Authorization", f"Bearer {world.key}"), ("Authorization", f"Bearer {world.other_key}")]
        assert (await client.get("/user/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("status", [401, 403])
async def test_with_a_bad_expired_or_revoked_key_every_route_answers_the_same(
    world: ApiWorld, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ids = await prepared(world)
    before = await rows_of_ours(world)
    answers: set[bytes] = set()
    unknown = ["bn-" + "0" * 48, "sa-" + "0" * 32, world.key[:-1], world.key.upper(), "x"]
    services = replace(world.services, bad_key_status=status)
    for key in (*unknown, world.revoked_key, world.expired_key, world.deleted_key):
        async with replace(world, services=services).client(key) as client:
            for method, path in routes():
                answer = await ask(client, method, path, ids)
                assert answer.status_code == status, (key, method, path)
                answers.add(answer.content)
                assert key not in answer.text or key == "x"
        assert key not in caplog.text or key == "x"
    assert len(answers) == 1
    assert (b"Access denied" if status == 401 else b"Unrecognized access token") in answers.pop()
    assert await rows_of_ours(world) == before


@pytest.mark.parametrize("who", ["other organisation", "its sub-account", "our sub-account"])
async def test_a_foreign_object_and_a_missing_one_are_the_same_to_the_byte(
    world: ApiWorld, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ids = await prepared(world)
    before = await rows_of_ours(world)
    keys = {
        "other organisation": world.other_key,
        "its sub-account": world.other_sub_key,
        "our sub-account": world.sub_key,
    }
    not_theirs = {Right.OPERATOR}
    if who != "other organisation":
        not_theirs |= {Right.SHARED, Right.ACCOUNTS, Right.PLACES}
    async with world.client(keys[who]) as client:
        for method, path in routes():
            if who == "our sub-account" and (method, path) in SHARED:
                shared = await ask(client, method, path, ids)
                assert shared.status_code == 409, shared.text
                answers_nothing(shared)
                continue
            if (method, path) in OWN_NAMES | EVERYBODYS or (
                (method, path) in OWN and (method, path) not in NAMES_OBJECT
            ):
                continue
            if who == "our sub-account" and path.startswith("/sip-trunks/") and method == "GET":
                # What an organisation shares: a sub-account may read it.
                answers_nothing(await ask(client, method, path, ids))
                continue
            foreign = await ask(client, method, path, ids)
            missing = await ask(client, method, path, Nothing())
            refused = right_of(method, path.format_map(ids)) in not_theirs
            expected = 403 if refused else NAMES_OBJECT.get((method, path), 404)
            assert foreign.status_code == missing.status_code == expected, (method, path, foreign.text)
            assert foreign.content == missing.content, (method, path)
            answers_nothing(foreign)
    assert await rows_of_ours(world) == before
    assert CANARY not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("callwright")
    )


@pytest.mark.parametrize("who", ["other organisation", "its sub-account", "our sub-account"])
async def test_what_is_ones_own_shows_nothing_of_ours(world: ApiWorld, who: str) -> None:
    await prepared(world)
    keys = {
        "other organisation": world.other_key,
        "its sub-account": world.other_sub_key,
        "our sub-account": world.sub_key,
    }
    async with world.client(keys[who]) as client:
        own = await create(client)
        for method, path in routes():
            if method == "GET" and (method, path) in OWN:
                answer = await ask(client, method, path, Nothing(agent_id=own))
                assert answer.status_code in (200, 403) or path == "/phone-numbers/search", (method, path)
                answers_nothing(answer)
        assert [agent["id"] for agent in (await client.get("/v2/agent/all")).json()] == [own]


async def test_whatever_we_change_leaves_a_row_in_the_audit_trail(world: ApiWorld) -> None:
    ids = await prepared(world)
    changing = [route for route in routes() if route[0] != "GET"]
    # What others need goes last: the agent with its calls, then the sub-account.
    changing.sort(key=lambda route: (route[0] == "DELETE", "agent" in route[1], "sub-account" in route[1]))
    changed: list[tuple[str, str]] = []
    async with world.client() as client:
        for method, path in changing:
            # To put what is there already writes a time anew and nothing else.
            before = await rows_of_ours(world, "to_jsonb(t) - 'updated_at'")
            answer = await ask(client, method, path, ids)
            after = await rows_of_ours(world, "to_jsonb(t) - 'updated_at'")
            kept = {table for table in after if after[table] != before[table]} - {"idempotency", "usage_entry"}
            if answer.status_code < 300 and kept:
                assert "audit" in kept, (method, path, kept)
                changed.append((method, path))
            assert answer.status_code < 300 or not kept, (method, path, kept)
    assert len(changed) >= 20, changed


async def test_a_reading_key_reads_and_does_nothing_else(world: ApiWorld) -> None:
    ids = await prepared(world)
    before = await rows_of_ours(world)
    async with world.client(world.read_key) as client:
        for method, path in routes():
            answer = await ask(client, method, path, ids)
            if (method, path) in AFTER_A_CALL:
                assert (answer.status_code, "not dialled" in answer.json()["message"]) == (400, True), path
            elif method == "GET" and right_of(method, path.format_map(ids)) is not Right.CALL:
                assert answer.status_code in (200, 302, 307) or path == "/phone-numbers/search", (
                    method,
                    path,
                    answer.text,
                )
            elif right_of(method, path) is Right.SESSION:
                # It came without a session, so that there is nothing to end.
                assert answer.status_code == 404, (method, path)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (method, path)
    assert await rows_of_ours(world) == before


async def test_a_calling_key_calls_and_reads_nothing(world: ApiWorld) -> None:
    ids = await prepared(world)
    before = await rows_of_ours(world)
    async with world.client(world.call_key) as client:
        for method, path in routes():
            if right_of(method, path.format_map(ids)) not in (Right.CALL, Right.SESSION):
                answer = await ask(client, method, path, ids)
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (method, path)
                answers_nothing(answer)
        assert await rows_of_ours(world) == before
        assert (await ask(client, "POST", "/call", ids)).status_code == 200
        assert (await ask(client, "POST", "/call/{execution_id}/stop", ids)).status_code == 200


async def test_a_newline_at_the_end_of_a_path_leads_nowhere(world: ApiWorld) -> None:
    """A route's pattern ends before it; what a key may do must not."""
    ids = await prepared(world)
    before = await rows_of_ours(world)
    for key in (world.member_key, world.sub_key, world.key):
        async with world.client(key) as client:
            for method, path in routes():
                answer = await client.request(method, path.format_map(ids) + "%0A", json={})
                assert answer.status_code in (403, 404), (method, path, answer.text)
    assert await rows_of_ours(world) == before


async def test_a_member_changes_nothing_and_sees_only_own_keys(world: ApiWorld) -> None:
    ids = await prepared(world)
    before = await rows_of_ours(world)
    async with world.client(world.member_key) as client:
        for method, path in routes():
            right = right_of(method, path.format_map(ids))
            if right in (Right.CALL, Right.KEYS, Right.SESSION):
                continue
            answer = await ask(client, method, path, ids)
            if (method, path) in AFTER_A_CALL:
                assert (answer.status_code, "not dialled" in answer.json()["message"]) == (400, True), path
            elif right in (Right.READ, Right.PRICES):
                expected = (404,) if "{key_id}" in path else (400,) if path == "/phone-numbers/search" else (200, 302)
                assert answer.status_code in expected, path
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (method, path)
        keys = (await client.get("/v1/callwright/keys")).json()
        assert [key["member"] for key in keys] == ["asha"]
        assert (await ask(client, "DELETE", "/v1/callwright/keys/{key_id}", ids)).status_code == 404
    assert await rows_of_ours(world) == before
