"""HTTP tools against a real web server that is slow, huge, redirecting, broken, or talks nonsense."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.http_server import Exchange, LocalServer, serving
from tests.unit.domain.injections import ATTACKS

from callwright.call.live import web_tools
from callwright.call.live.tools import ToolOutcome
from callwright.call.live.web_tools import WebDesk, WebTools
from callwright.domain.errors import UnavailableError, VaultLockedError
from callwright.domain.limits import MAX_TOOL_RESULT_CHARACTERS, MAX_WEB_ANSWER_BYTES
from callwright.insight.record import execution_body
from callwright.insight.wire import wire_time
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.outbox.sign import signature_headers
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.executions.rules.execution import Execution, Phase, Status

NOW = datetime(2026, 3, 18, tzinfo=UTC)
SECRET = b"webhook secret"
EXECUTION = Execution(
    "e1", "t", "a1", Status.IN_PROGRESS, Phase.LIVE, "", 1, "outbound", "loopback", "+15550199", "+15550100", NOW, NOW,
    user_data={"customer": {"id": 7}, "city": "Ulm", "age": "41", "vip": True},
)  # fmt: skip
VARIABLES = {
    "execution_id": "e1", "agent_id": "a1", "call_sid": "", "from_number": "+15550100", "to_number": "+15550199", "city": "Ulm",
    "current_date": "Wednesday, March 18, 2026",
}  # fmt: skip


def agent(tool: Mapping[str, Any], params: Mapping[str, Any], **changes: Any) -> AgentSpec:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    whole = {"name": "lookup", "description": "Look it up", "key": "custom_task", "parameters": schema, **tool}
    api_tools = {"tools": [whole], "tools_params": {whole["name"]: params}}
    task = {"task_type": "conversation", "tools_config": {"api_tools": api_tools}}
    return parse_agent({"agent_name": "A", "tasks": [task], **changes})


class Office:
    """A desk over a guarded client; ``row`` is what the ledger says of the execution."""

    def __init__(self, client: GuardedClient) -> None:
        self.row: Execution | None = replace(EXECUTION, provider_call_id="CA1")
        self.asked = 0
        self.hangs = False
        self.locked = False
        self.desk = WebDesk(
            client, SystemClock(), self._row, lambda one: execution_body(one, public_url="https://c"), self._sign
        )

    def tools(self, spec: AgentSpec) -> WebTools:
        return self.desk.tools(EXECUTION, spec, VARIABLES)

    async def _row(self, execution_id: str) -> Execution | None:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.row is None:
            raise UnavailableError("away")
        return self.row

    async def _sign(self, tenant_id: str, body: bytes) -> Mapping[str, str]:
        assert tenant_id == EXECUTION.tenant_id
        if self.locked:
            raise VaultLockedError("no master key")
        return signature_headers(SECRET, "id", 5, body)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with GuardedClient(allow_private=True) as client:
        yield Office(client)


@asynccontextmanager
async def answering(status: int = 200, body: bytes = b"{}", **headers: str) -> AsyncIterator[LocalServer]:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(status, body, **headers)

    async with serving(handler) as server:
        yield server


async def run(
    office: Office, server: LocalServer, arguments: Mapping[str, Any] | None = None, **params: Any
) -> ToolOutcome:
    spec = agent({}, {"method": "POST", "url": f"{server.url}/lookup", **params})
    return await office.tools(spec).run("lookup", json.dumps(arguments or {}))


@pytest.mark.proves("tool_params.method", "tool_params.param", "tool_params.api_token", "tool_params.headers")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_methods_with_a_body(office: Office, method: str) -> None:
    async with answering(201, b'{"ok": true}') as server:
        outcome = await run(
            office, server, {"name": "Zoë"}, method=method, api_token="Bearer s3cret", headers={"X-Call": "%(execution_id)s"},
            param={"who": "%(name)s", "age": {"$var": "age"}, "customer": {"$var": "customer"}, "id": "%(execution_id)s"},
        )  # fmt: skip
        (request,) = server.requests
    assert (outcome.ok, outcome.text) == (True, '{"ok": true}')
    assert (request.method, request.target) == (method, "/lookup")
    assert request.json() == {"who": "Zoë", "age": 41, "customer": {"id": 7}, "id": "e1"}
    assert request.headers["authorization"] == "Bearer s3cret"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-call"] == "e1"
    assert outcome.facts["host"] == "127.0.0.1"
    assert (outcome.facts["method"], outcome.facts["status"]) == (method, 201)
    assert "s3cret" not in json.dumps(outcome.facts)


@pytest.mark.proves("tool_params.method", "tool_params.url")
async def test_get_and_places_in_the_address(office: Office) -> None:
    async with answering() as server:
        await run(
            office, server, {"name": "A & B/"}, method="GET", url=f"{server.url}/people/%(age)s/{{city}}?a=%(name)s",
            param={"q": "%(name)s"}
        )  # fmt: skip
        (request,) = server.requests
    assert request.target == "/people/41/Ulm?a=A%20%26%20B%2F&q=A%20%26%20B%2F"
    assert request.body == b""


@pytest.mark.proves("tool_params.param", "tool_params.headers")
async def test_a_form(office: Office) -> None:
    async with answering() as server:
        await run(
            office, server, {"name": "A & B"}, headers={"Content-Type": "application/x-www-form-urlencoded"}, param={"q": "%(name)s"}
        )  # fmt: skip
        (request,) = server.requests
    assert request.body == b"q=A+%26+B"


async def test_a_forged_execution_id_is_replaced_and_the_call_sid_is_the_carriers(office: Office) -> None:
    param = {"execution_id": "%(execution_id)s", "call_sid": "%(call_sid)s"}
    async with answering() as server:
        await run(office, server, {"execution_id": "forged", "call_sid": "forged"}, param=param)
        office.row = None
        await run(office, server, param=param)
        first, second = server.requests
    assert first.json() == {"execution_id": "e1", "call_sid": "CA1"}
    assert second.json() == {"execution_id": "e1", "call_sid": ""}


async def test_a_database_that_hangs_does_not_keep_a_tool_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_tools, "ROW_SECONDS", 0.05)
    office.hangs = True
    async with answering() as server:
        outcome = await run(office, server, param={"call_sid": "%(call_sid)s"})
        (request,) = server.requests
    assert outcome.ok
    assert request.json() == {"call_sid": ""}


@pytest.mark.parametrize("said", ATTACKS)
async def test_no_attack_reaches_another_place(office: Office, said: str) -> None:
    async with answering() as server:
        outcome = await run(
            office, server, {"name": said}, url=f"{server.url}/people/%(name)s/notes", headers={"X-Safe": "1"},
            param={"note": "%(name)s", "admin": False},
        )  # fmt: skip
        requests = list(server.requests)
    if not requests:
        assert outcome.text.startswith("The tool was not called: ")
        return
    (request,) = requests
    parts = request.target.split("/")
    assert (parts[:2], parts[3:]) == (["", "people"], ["notes"])
    assert request.json().keys() == {"note", "admin"}
    assert request.json()["admin"] is False
    assert set(request.headers) <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length", "x-safe",
    }  # fmt: skip


async def test_what_a_tool_answered_fills_places_of_the_next(office: Office) -> None:
    async with answering(body=b'{"slot": {"id": 12}, "city": "Elsewhere"}') as server:
        spec = agent({}, {"url": f"{server.url}/x", "param": {"id": {"$var": "slot.id"}, "city": "%(city)s"}})
        tools = office.tools(spec)
        await tools.run("lookup", "{}")
        await tools.run("lookup", "{}")
        first, second = (request.json() for request in server.requests)
    assert first == {"id": None, "city": "Ulm"}
    assert second == {"id": 12, "city": "Ulm"}, "what the call was given is not replaced by an answer"


async def test_values_inside_of_what_the_call_was_given_fill_places_by_their_way(office: Office) -> None:
    async with answering(body=b'{"customer": {"id": 9}}') as server:
        params = {
            "param": {"id": {"$var": "customer.id"}, "all": "%(customer)s"},
            "headers": {"X-Id": "%(customer.id)s"},
        }
        spec = agent({}, {"method": "POST", "url": f"{server.url}/{{customer.id}}", **params})
        tools = office.tools(spec)
        await tools.run("lookup", "{}")
        await tools.run("lookup", "{}")
        requests = server.requests
    for request in requests:
        assert (request.target, request.headers["x-id"]) == ("/7", "7")
        assert request.json() == {"id": 7, "all": '{"id":7}'}


# -- servers that misbehave --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (404, b'{"error": "no such booking"}', {}, 'ERROR CALLING API: the API answered 404: {"error": "no such booking"}'),
        (500, b"<html>oops</html>", {"content_type": "text/html"}, "ERROR CALLING API: the API answered 500: <html>oops</html>"),
        (302, b"", {"location": "http://169.254.169.254/"}, "ERROR CALLING API: the API answered 302, a redirect, which is not followed"),
        (200, b"\x89PNG", {"content_type": "image/png"}, "ERROR CALLING API: the API answered with image/png, which is no text"),
    ],
)  # fmt: skip
async def test_errors_are_told(
    office: Office, status: int, body: bytes, headers: dict[str, str], expected: str
) -> None:
    async with answering(status, body, **headers) as server:
        outcome = await run(office, server)
        assert len(server.requests) == 1
    assert (outcome.ok, outcome.text) == (False, expected)


async def test_an_answer_that_is_no_json_is_told_as_it_is(office: Office) -> None:
    async with answering(200, b"It is free at nine.", content_type="text/plain") as server:
        outcome = await run(office, server)
    assert (outcome.ok, outcome.text) == (True, "It is free at nine.")


async def test_an_answer_that_is_packed_unasked_is_unpacked(office: Office) -> None:
    async with answering(200, gzip.compress(b'{"slot": 9}'), content_encoding="gzip") as server:
        assert (await run(office, server)).text == '{"slot": 9}'
    async with answering(200, b"packed", content_encoding="br") as server:
        assert (await run(office, server)).text.endswith("the API answered packed as 'br', which cannot be unpacked")


async def test_blanks_around_a_token_keep_no_tool_from_its_service(office: Office) -> None:
    async with answering() as server:
        outcome = await run(office, server, api_token="Bearer s3cret \t", headers={"X-City": " %(from_number)s "})
        (request,) = server.requests
    assert outcome.ok
    assert (request.headers["authorization"], request.headers["x-city"]) == ("Bearer s3cret", "+15550100")


async def test_secrets_of_a_param_are_not_in_the_log(office: Office) -> None:
    async with answering() as server:
        outcome = await run(office, server, param={"key": "s3cret", "app_key": "s3cret", "name": "%(name)s"})
        (request,) = server.requests
    assert request.json()["key"] == "s3cret"
    assert outcome.facts["sent"] == {"key": "***", "app_key": "***", "name": ""}


async def test_a_long_answer_fills_places_of_the_next(office: Office) -> None:
    async with answering(200, json.dumps({"rows": ["x"] * 5_000, "slot": {"id": 12}}).encode()) as server:
        spec = agent({}, {"method": "POST", "url": f"{server.url}/%(slot.id)s/", "param": {"id": {"$var": "slot.id"}}})
        spec = replace(spec, tools=(*spec.tools, replace(spec.tools[0], name="first", params={"url": server.url})))
        tools = office.tools(spec)
        await tools.run("first", "{}")
        await tools.run("lookup", "{}")
        assert server.requests[1].target == "/12/"
        assert server.requests[1].json() == {"id": 12}


async def test_a_huge_answer_is_cut(office: Office) -> None:
    sent = 0

    async def handler(exchange: Exchange) -> None:
        nonlocal sent
        exchange.head(200, content_type="text/plain")
        for _ in range(1_000):
            await exchange.write(b"x" * 65_536)
            sent += 65_536

    async with serving(handler) as server:
        outcome = await run(office, server)
    assert outcome.ok
    assert outcome.text.startswith("x" * MAX_TOOL_RESULT_CHARACTERS + "…[")
    assert sent < 20 * MAX_WEB_ANSWER_BYTES


async def test_a_slow_server_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_tools, "TOOL_REQUEST_SECONDS", 0.3)

    async def handler(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/plain")
        while True:
            await exchange.write(b".")
            await asyncio.sleep(0.05)

    async with serving(handler) as server:
        outcome = await run(office, server, url=f"{server.url}/secret-path?key=s3cret")
    assert (outcome.ok, outcome.text) == (
        False,
        "ERROR CALLING API: Request to 127.0.0.1: no answer within 0.3 seconds",
    )
    assert outcome.facts["ms"] >= 250


async def test_a_broken_server_and_one_that_is_not_there(office: Office) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.break_off()

    async with serving(handler) as server:
        outcome = await run(office, server, url=f"{server.url}/secret-path?key=s3cret")
    gone = await run(office, server, url=f"{server.url}/secret-path?key=s3cret")
    for one in (outcome, gone):
        assert not one.ok
        assert one.text.startswith("ERROR CALLING API: Request to 127.0.0.1: the request failed")
        assert "secret" not in one.text
        assert "s3cret" not in json.dumps(one.facts)


async def test_private_addresses_are_refused_unless_the_setting_allows_them() -> None:
    async with GuardedClient(allow_private=False) as client, answering() as server:
        outcome = await run(Office(client), server)
        assert server.requests == []
    assert (outcome.ok, outcome.facts["blocked"]) == (False, True)
    assert outcome.text.startswith("Not called, blocked by the outbound policy: 127.0.0.1 is a private or reserved")
    assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" in outcome.text


async def test_tools_that_cannot_be_called_say_so(office: Office) -> None:
    spec = agent({"name": "switch_language", "key": "switch_language"}, {})
    for name in ("switch_language", "nothing"):
        outcome = await office.tools(spec).run(name, "{}")
        assert (outcome.ok, outcome.text) == (False, f"the tool {name} is not available: it has no url")
    async with answering() as server:
        outcome = await run(office, server, {"name": "x"}, param={"n": "%(name)i"})
        assert server.requests == []
    assert outcome.text == 'The tool was not called: name must be a whole number, not "x"'


# -- transfers by request ------------------------------------------------------------------------------------------------------------


@pytest.mark.proves("tool_params.url")
async def test_a_transfer_tool_with_a_url_sends_the_control_request(office: Office) -> None:
    async with answering() as server:
        spec = agent(
            {"name": "transfer_call_desk", "key": "transfer_call"},
            {"url": f"{server.url}/transfer", "param": {"call_transfer_number": "+15550177", "note": "%(reason)s"}},
        )
        outcome = await office.tools(spec).run("transfer_call_desk", '{"reason": "angry"}')
        (request,) = server.requests
    assert outcome.ok
    assert request.json() == {
        "call_sid": "CA1",
        "provider": "loopback",
        "stream_sid": "",
        "from_number": "+15550100",
        "execution_id": "e1",
        "call_transfer_number": "+15550177",
        "reason": "angry",
        "note": "angry",
    }


# -- the webhook before a tool -------------------------------------------------------------------------------------------------------


@pytest.mark.proves("tool_params.pre_call_webhook_param")
async def test_a_webhook_tells_of_the_tool_with_the_execution_and_the_rendered_parameters(office: Office) -> None:
    async with answering(204) as server:
        spec = agent(
            {},
            {
                "url": "http://127.0.0.1:1/unused",
                "pre_call_webhook_param": '{"reason": "%(name)s", "summary": "%(summary)s", "age": %(age)i}',
            },
            webhook_url=f"{server.url}/hook/{{execution_id}}?of={{customer.id}}&vip={{vip}}",
            webhook_headers={"X-Own": "yes", "Content-Type": "text/x"},
        )
        fact = await office.tools(spec).before("lookup", '{"name": "an invoice"}')
        (request,) = server.requests
    body = request.json()
    assert fact is not None
    assert request.target == "/hook/e1?of=7&vip=true"
    assert (fact["tool"], fact["ok"], fact["status"]) == ("lookup", True, 204)
    assert (body["id"], body["status"], body["reason"], body["summary"], body["age"]) == (
        "e1",
        "in-progress",
        "an invoice",
        "",
        41,
    )
    assert body["telephony_data"]["provider_call_id"] == "CA1"
    assert (request.headers["x-own"], request.headers["content-type"]) == ("yes", "application/json")
    digest = base64.b64encode(hmac.new(SECRET, b"id.5." + request.body, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"


@pytest.mark.proves("tool_params.pre_call_webhook_param")
async def test_a_webhook_before_a_tool_has_the_execution_as_it_is_at_that_moment(office: Office) -> None:
    ringing = replace(EXECUTION, status=Status.RINGING, phase=Phase.DIALLING, provider_call_id="CA1")
    answered, later = NOW + timedelta(seconds=9), NOW + timedelta(seconds=20)
    async with answering(204) as server:
        spec = agent({}, {"url": "http://127.0.0.1:1/", "pre_call_webhook_param": {}}, webhook_url=f"{server.url}/hook")
        # An inbound call knows its carrier's id before it is answered.
        tools = office.desk.tools(ringing, spec, {**VARIABLES, "call_sid": "CA1"})
        for row in (replace(ringing, status=Status.IN_PROGRESS, answered_at=answered, updated_at=later), None, ringing):
            office.row = row
            await tools.before("lookup", "{}")
        bodies = [request.json() for request in server.requests]
    assert [(body["status"], body["smart_status"]) for body in bodies] == [("in-progress", "in-progress")] * 3
    assert [body["callwright"]["answered_at"] for body in bodies] == [*[wire_time(answered)] * 2, None]
    assert bodies[0]["updated_at"] == wire_time(later)


@pytest.mark.proves("tool_params.pre_call_webhook_url")
async def test_a_tools_own_webhook_address_does_not_get_the_agents_headers(office: Office) -> None:
    async with answering(500) as server:
        spec = agent(
            {},
            {"url": "http://127.0.0.1:1/", "pre_call_webhook_url": f"{server.url}/own", "pre_call_webhook_param": {}},
            webhook_url="https://elsewhere.example/hook",
            webhook_headers={"X-Own": "secret"},
        )
        fact = await office.tools(spec).before("lookup", "{}")
        (request,) = server.requests
    assert fact is not None
    assert (fact["ok"], fact["status"]) == (False, 500)
    assert "x-own" not in request.headers


@pytest.mark.proves("tool_params.pre_call_webhook_param")
async def test_nobody_is_told_without_parameters_for_the_webhook(office: Office) -> None:
    spec = agent({}, {"url": "http://127.0.0.1:1/", "pre_call_webhook_url": "http://127.0.0.1:1/"})
    assert await office.tools(spec).before("lookup", "{}") is None
    assert await office.tools(spec).before("nothing", "{}") is None
    assert office.asked == 0


async def test_a_webhook_that_cannot_be_sent_is_a_fact_and_nothing_else(office: Office) -> None:
    wanting = {"url": "http://127.0.0.1:1/", "pre_call_webhook_param": {"n": "%(name)i"}}
    nowhere = await office.tools(agent({}, wanting)).before("lookup", "{}")
    unfit = await office.tools(agent({}, wanting, webhook_url="http://127.0.0.1:1/")).before("lookup", '{"name": "x"}')
    assert nowhere is not None
    assert unfit is not None
    assert "webhook URL" in nowhere["reason"]
    assert "whole number" in unfit["reason"]


async def test_a_webhook_whose_secret_cannot_be_opened_is_not_sent_unsigned(office: Office) -> None:
    office.locked = True
    async with answering(204) as server:
        spec = agent({}, {"url": "http://127.0.0.1:1/", "pre_call_webhook_param": {}}, webhook_url=f"{server.url}/hook")
        fact = await office.tools(spec).before("lookup", "{}")
        assert server.requests == []
    assert fact == {"tool": "lookup", "ok": False, "reason": "the webhook's secret cannot be read now"}
