"""Looking callers up: against a real web server that is slow, huge, redirecting or talks nonsense, and in files of the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.http_server import Exchange, LocalServer, serving
from tests.rows import THEN, execution_row

from callwright.call.live import caller_lookup
from callwright.call.live.caller_lookup import CallerLookup, Found, sheet_address
from callwright.domain.limits import MAX_USER_DATA_BYTES, MAX_WEB_ANSWER_BYTES
from callwright.net.client import GuardedClient
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.callers import CallerSource
from callwright.platform.contact_files.rules import ContactFile, read_contacts
from callwright.platform.ledger import Ledger

NUMBER = "+15550123"
CALL = execution_row("e1", agent_id="a1")
SHEET = "contact_number,name\n+15550123,Ann\n"


@asynccontextmanager
async def looking(
    ledger: Ledger, handler: Any, *, private: bool = True
) -> AsyncIterator[tuple[CallerLookup, LocalServer]]:
    async with serving(handler) as server, GuardedClient(allow_private=private) as client:
        yield CallerLookup(client, ledger), server


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[Exchange], Any]:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(status, body, **headers)

    return handler


async def test_an_api_is_asked_with_its_token_and_knows_the_caller(ledger: Ledger) -> None:
    async with looking(ledger, says(200, b'{"name": "Ann", "visits": 3}')) as (lookup, server):
        source = CallerSource("api", f"{server.url}/who?team=a&contact_number=x", "t0ken")

        assert await lookup.find(source, NUMBER, CALL) == Found({"name": "Ann", "visits": 3})

        (request,) = server.requests
    assert request.method == "GET"
    assert request.target == "/who?team=a&contact_number=%2B15550123&agent_id=a1&execution_id=e1"
    assert request.headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"no such caller"), (204, b""), (200, b""), (200, b"{}")],
    ids=["404", "204", "empty", "{}"],
)
async def test_an_api_may_not_know_the_caller(ledger: Ledger, status: int, body: bytes) -> None:
    async with looking(ledger, says(status, body)) as (lookup, server):
        assert await lookup.find(CallerSource("api", server.url), NUMBER, CALL) == Found()


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (500, b"oops", "it answers with HTTP 500"),
        (401, b"", "it answers with HTTP 401"),
        (200, b"<html>", "its answer is not JSON"),
        (200, b'{"a": "\\ud800"}', "its answer is not JSON"),
        (200, b"[1]", "its answer is not a JSON object"),
        (200, b'{"a": "' + b"x" * MAX_USER_DATA_BYTES + b'"}', f"at most {MAX_USER_DATA_BYTES}"),
        (200, b"x" * (MAX_WEB_ANSWER_BYTES + 1), "larger than"),
    ],
)
async def test_nonsense_is_a_problem_and_no_data(ledger: Ledger, status: int, body: bytes, problem: str) -> None:
    async with looking(ledger, says(status, body)) as (lookup, server):
        found = await lookup.find(CallerSource("api", server.url, "t0ken"), NUMBER, CALL)
    assert not found.known
    assert problem in found.problem
    assert "t0ken" not in found.problem


async def test_a_slow_source_is_not_waited_for(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_lookup, "CALLER_LOOKUP_SECONDS", 0.2)

    async def never(exchange: Exchange) -> None:
        await asyncio.sleep(5)

    async with looking(ledger, never) as (lookup, server):
        found = await lookup.find(CallerSource("api", server.url), NUMBER, CALL)
    assert "no answer within 0.2 seconds" in found.problem


async def test_a_private_address_is_blocked(ledger: Ledger) -> None:
    async with looking(ledger, says(200, b"{}"), private=False) as (lookup, server):
        found = await lookup.find(CallerSource("api", server.url), NUMBER, CALL)
        assert server.requests == []
    assert "blocked" in found.problem
    assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" in found.problem


async def test_a_redirect_is_followed_and_the_token_stays_with_its_host(ledger: Ledger) -> None:
    async with serving(says(200, b'{"name": "Ann"}')) as other:
        async with looking(ledger, says(302, location=f"{other.url}/there")) as (lookup, server):
            found = await lookup.find(CallerSource("api", server.url, "t0ken"), NUMBER, CALL)
        (request,) = other.requests
    assert found.data == {"name": "Ann"}
    assert "authorization" not in request.headers


async def test_redirects_without_end_are_given_up(ledger: Ledger) -> None:
    async with looking(ledger, says(302, location="/again")) as (lookup, server):
        found = await lookup.find(CallerSource("api", server.url), NUMBER, CALL)
        assert len(server.requests) == 4
    assert "HTTP 302" in found.problem


@pytest.mark.parametrize("where", ["http://[bad", "http://[::1", "//[", "http://[1]:x/", "http://h:99999/", "ftp://h/"])
async def test_a_redirect_to_what_is_no_address_is_a_problem(ledger: Ledger, where: str) -> None:
    async with looking(ledger, says(302, location=where)) as (lookup, server):
        for kind in ("api", "google_sheet", "csv"):
            found = await lookup.find(CallerSource(kind, server.url, "t0ken", "Tab"), NUMBER, CALL)
            assert not found.known
            assert "cannot be read" in found.problem or "blocked" in found.problem


@pytest.mark.parametrize("kind", ["api", "google_sheet", "csv"])
async def test_an_address_that_cannot_be_read_is_a_problem(ledger: Ledger, kind: str) -> None:
    """Such as an agent from before they were checked may have."""
    async with looking(ledger, says(200)) as (lookup, _):
        for url in ("http://[bad", "http://[::1", "http://h:99999/"):
            found = await lookup.find(CallerSource(kind, url, name="Tab"), NUMBER, CALL)
            assert "cannot be read" in found.problem or "blocked" in found.problem


async def test_a_sheet_is_read_as_csv(ledger: Ledger) -> None:
    async with looking(ledger, says(200, SHEET.encode())) as (lookup, server):
        source = CallerSource("google_sheet", f"{server.url}/published.csv", name="Tab")
        assert (await lookup.find(source, NUMBER, CALL)).data == {"contact_number": NUMBER, "name": "Ann"}
        assert await lookup.find(source, "15550123", CALL) == Found()


async def test_a_sheet_that_is_not_shared_is_a_problem(ledger: Ledger) -> None:
    async with looking(ledger, says(200, b"<html>Sign in", content_type="text/html")) as (lookup, server):
        found = await lookup.find(CallerSource("google_sheet", server.url), NUMBER, CALL)
    assert "share the sheet" in found.problem


@pytest.mark.parametrize(
    ("url", "tab", "address"),
    [
        (
            "https://docs.google.com/spreadsheets/d/1AbC/edit#gid=0",
            "Tab 1",
            "/spreadsheets/d/1AbC/gviz/tq?tqx=out:csv&sheet=Tab%201",
        ),
        ("https://docs.google.com/spreadsheets/d/1AbC", "", "/spreadsheets/d/1AbC/gviz/tq?tqx=out:csv"),
    ],
)
def test_a_google_sheet_is_asked_for_its_csv(url: str, tab: str, address: str) -> None:
    assert sheet_address(url, tab) == f"https://docs.google.com{address}"


@pytest.mark.parametrize(
    "url",
    ["https://docs.google.com/spreadsheets/d/e/2PACX/pub?output=csv", "https://example.org/spreadsheets/d/1AbC/edit"],
)
def test_what_is_published_as_csv_is_taken_as_it_is(url: str) -> None:
    assert sheet_address(url, "Tab") == url


async def test_a_file_is_looked_up_in_its_own_organisation(ledger: Ledger) -> None:
    async with ledger.unit() as unit:
        file = ContactFile("customers.csv", DEFAULT_TENANT_ID, ("contact_number", "name"), 1, THEN, THEN)
        assert await unit.contact_files.put(file, read_contacts(SHEET))
        assert not await unit.contact_files.put(file, read_contacts(SHEET)), "it was there"
    source = CallerSource("csv", name="customers.csv")
    async with looking(ledger, says(500)) as (lookup, _):
        assert (await lookup.find(source, NUMBER, CALL)).data == {"contact_number": NUMBER, "name": "Ann"}
        assert await lookup.find(source, "+1", CALL) == Found()
        missing = await lookup.find(CallerSource("csv", name="others.csv"), NUMBER, CALL)
    assert "no file of contacts named 'others.csv'" in missing.problem
