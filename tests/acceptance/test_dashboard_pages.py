"""The pages of the dashboard as a browser gets them, and the link that opens a session."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.api_world import OTHER_TENANT_ID, PUBLIC_URL, ApiWorld
from tests.database import fetch

from callwright.api.app import build_app
from callwright.api.rates import RateLimits
from callwright.dashboard.site import DashboardSite
from callwright.domain.errors import NotFoundError
from callwright.ops.ids import RandomIds
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.keys.actions.keys import revoke_key
from callwright.platform.sessions.actions import KEY_NAME, new_code
from callwright.platform.sub_accounts.actions.sub_accounts import delete_sub_account

INDEX = '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><script src="/dashboard/assets/app-1a2b.js"></script>'
SESSION = "/v1/callwright/session"
CANARY = "canary-51c7"
MISSING = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build of the front end, with a file beside it that nobody may read."""
    folder = tmp_path / "site" / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / ".hidden").write_text(CANARY)
    (folder / "assets" / "app-1a2b.js").write_text("whole")
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"small")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(b"middle")
    (folder / "assets" / "inter-9f.woff2").write_bytes(b"font")
    (folder / "widget").mkdir()
    (folder / "widget" / "widget.js").write_text("button")
    (folder.parent / "secret.txt").write_text(CANARY)
    return folder


@asynccontextmanager
async def browser(world: ApiWorld, folder: Path, base: str = PUBLIC_URL) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a key, which follows no redirect by itself."""
    app = build_app(world.services, dashboard=DashboardSite(RandomIds(), folder))
    headers = {"Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers) as client:
        yield client


@pytest.mark.parametrize("path", ["", "/", "/calls", "/calls/7?turn=3", "/agents/a.b/versions", "/index.html"])
async def test_every_page_is_the_index_with_a_fresh_nonce(world: ApiWorld, built: Path, path: str) -> None:
    async with browser(world, built) as client:
        first, second = [await client.get(f"/dashboard{path}") for _ in range(2)]
    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    found = re.fullmatch(INDEX.replace("__CSP_NONCE__", "([0-9a-f]{32})"), first.text)
    assert found is not None
    assert found[1] not in second.text
    assert first.headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{found[1]}'; connect-src 'self'; img-src 'self' data:;"
        " font-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    assert first.headers["cache-control"] == "no-store"


async def test_the_widget_is_for_pages_of_others_and_nothing_else_is(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        widget = await client.get("/dashboard/widget/widget.js", headers={"Origin": "https://shop.example.org"})
        others = [
            await client.get(f"/dashboard/{name}") for name in ("", "assets/app-1a2b.js", "favicon.svg", "widget")
        ]
    assert widget.headers["access-control-allow-origin"] == "*"
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert widget.headers["cache-control"] == "public, max-age=300"
    assert [other.headers.get("access-control-allow-origin") for other in others] == [None] * 4
    assert {other.headers["cross-origin-resource-policy"] for other in others} == {"same-origin"}


@pytest.mark.parametrize("path", ["/", "/assets/app-1a2b.js", "/favicon.svg", "/enter?code=x"])
async def test_every_answer_has_the_headers_that_keep_others_out(world: ApiWorld, built: Path, path: str) -> None:
    async with browser(world, built) as client:
        headers = (await client.get(f"/dashboard{path}")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"].startswith("microphone=(self), ")


@pytest.mark.parametrize(
    ("accepts", "body", "encoding"),
    [("gzip, br", b"small", "br"), ("gzip", b"middle", "gzip"), ("br;q=0, identity", b"whole", None)],
)
async def test_assets_are_kept_for_a_year_and_sent_compressed(
    world: ApiWorld, built: Path, accepts: str, body: bytes, encoding: str | None
) -> None:
    async with browser(world, built) as client:
        request = client.build_request("GET", "/dashboard/assets/app-1a2b.js", headers={"Accept-Encoding": accepts})
        answer = await client.send(request, stream=True)
        assert b"".join([piece async for piece in answer.aiter_raw()]) == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_has_no_hash_in_its_name_is_not_kept(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        icon = await client.get("/dashboard/favicon.svg")
        assert (icon.text, icon.headers["content-type"]) == ("<svg/>", "image/svg+xml")
        assert icon.headers["cache-control"] == "no-store"
        font = await client.get("/dashboard/assets/inter-9f.woff2")
        assert (font.content, font.headers["content-type"]) == (b"font", "font/woff2")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "//secret.txt",
        "/.hidden",
        "/assets/app-1a2b.js/../../../secret.txt",
        "/assets/app-1a2b.js.br",
    ],
)
async def test_no_path_leads_out_of_the_build(world: ApiWorld, built: Path, path: str) -> None:
    async with browser(world, built) as client:
        url = httpx.URL(PUBLIC_URL).copy_with(raw_path=b"/dashboard" + path.encode())
        answer = await client.get(url)
    assert CANARY not in answer.text
    assert answer.status_code in (401, 404) or "csp-nonce" in answer.text


async def test_an_asset_of_a_former_build_is_missing_and_no_page(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        assert (await client.get("/dashboard/assets/app-0000.js")).status_code == 404
        assert (await client.get("/dashboard/assets")).status_code == 200


async def test_a_new_build_is_served_without_a_restart(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        assert (await client.get("/dashboard/assets/app-1a2b.js")).text != ""
        (built / "assets" / "app-3c4d.js").write_text("newer")
        (built / "index.new").write_text("the next")
        (built / "index.new").replace(built / "index.html")
        assert (await client.get("/dashboard/")).text == "the next"
        assert (await client.get("/dashboard/assets/app-3c4d.js")).text == "newer"


async def test_without_a_build_a_page_says_how_to_make_one(world: ApiWorld, tmp_path: Path) -> None:
    async with browser(world, tmp_path / "nothing") as client:
        for path in ("/dashboard", "/dashboard/calls/7", "/dashboard/assets/app.js"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert "<code>make dashboard</code>" in answer.text
            assert "style-src 'sha256-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_a_page_is_only_read(world: ApiWorld, built: Path, method: str) -> None:
    async with browser(world, built) as client:
        answer = await client.request(method, "/dashboard/calls")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        head = await client.head("/dashboard/calls")
        assert (head.status_code, head.content) == (200, b"")


async def test_what_the_pages_ask_the_api_for_needs_a_session(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        for path in ("/v2/agent/all", "/dashboards", "/dashboard2"):
            assert (await client.get(path)).status_code == 401, path
        assert (await client.get(SESSION)).status_code == 204


async def test_the_front_page_leads_to_the_dashboard_and_to_the_reference(world: ApiWorld, built: Path) -> None:
    async with browser(world, built) as client:
        page = (await client.get("/")).text
        for link in ("dashboard", "docs"):
            assert f'href="{link}"' in page
            assert (await client.get(f"/{link}")).status_code == 200


# The link that opens a session


async def test_a_link_signs_an_administrator_in_and_leads_to_its_page(
    world: ApiWorld, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = await new_code(world.services.actions, DEFAULT_TENANT_ID)
    async with browser(world, built) as client:
        answer = await client.get("/dashboard/enter", params={"code": code, "to": "/dashboard/calls/7"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/calls/7")
        assert answer.headers["cache-control"] == "no-store"
        found = (await client.get(SESSION)).json()
    assert found["account"]["id"] == DEFAULT_TENANT_ID
    assert (found["key"]["name"], found["key"]["role"], found["key"]["scope"]) == (KEY_NAME, "admin", "full")
    assert code not in "".join(one.getMessage() for one in caplog.records if one.name.startswith("callwright"))
    assert code not in str(await fetch(world.dsn, "select * from sign_in_code"))


async def test_links_share_one_key_and_revoking_it_ends_their_sessions(world: ApiWorld, built: Path) -> None:
    actions = world.services.actions
    async with browser(world, built) as one, browser(world, built) as two:
        for client in (one, two):
            await client.get("/dashboard/enter", params={"code": await new_code(actions, DEFAULT_TENANT_ID)})
        (key,) = await fetch(world.dsn, f"select id from api_key where name = '{KEY_NAME}'")
        await revoke_key(actions, DEFAULT_TENANT_ID, key["id"])
        assert [(await client.get(SESSION)).status_code for client in (one, two)] == [401, 401]
        await one.get("/dashboard/enter", params={"code": await new_code(actions, DEFAULT_TENANT_ID)})
        assert (await one.get(SESSION)).status_code == 200


async def test_a_link_is_good_once_and_its_reader_stays_signed_in(world: ApiWorld, built: Path) -> None:
    asked = {"code": await new_code(world.services.actions, DEFAULT_TENANT_ID)}
    async with browser(world, built) as first, browser(world, built) as second:
        assert (await first.get("/dashboard/enter", params=asked)).status_code == 303
        again = await second.get("/dashboard/enter", params=asked)
        assert again.status_code == 403
        assert "<code>callwright dashboard</code>" in again.text
        assert "set-cookie" not in again.headers
        assert (await first.get("/dashboard/enter", params=asked)).status_code == 303


async def test_a_link_is_good_for_ten_minutes(world: ApiWorld, built: Path) -> None:
    codes = [await new_code(world.services.actions, DEFAULT_TENANT_ID) for _ in range(2)]
    async with browser(world, built) as client:
        world.clock.ahead = timedelta(minutes=9, seconds=50)
        assert (await client.get("/dashboard/enter", params={"code": codes[0]})).status_code == 303
        client.cookies.clear()
        world.clock.ahead = timedelta(minutes=10, seconds=1)
        assert (await client.get("/dashboard/enter", params={"code": codes[1]})).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}]
)
async def test_a_link_that_is_only_looked_at_stays_good(world: ApiWorld, built: Path, headers: dict[str, str]) -> None:
    asked = {"code": await new_code(world.services.actions, DEFAULT_TENANT_ID)}
    async with browser(world, built) as client:
        assert (await client.get("/dashboard/enter", params=asked, headers=headers)).status_code == 204
        assert (await client.head("/dashboard/enter", params=asked)).status_code == 204
        assert await fetch(world.dsn, "select from dashboard_session") == []
        assert (await client.get("/dashboard/enter", params=asked)).status_code == 303


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/dashboard/../v2/agent/all",
        "/docs",
        "/\\evil.example",
        "javascript:x",
    ],
)
async def test_a_link_leads_to_no_other_place(world: ApiWorld, built: Path, to: str) -> None:
    asked = {"code": await new_code(world.services.actions, DEFAULT_TENANT_ID), "to": to}
    async with browser(world, built) as client:
        answer = await client.get("/dashboard/enter", params=asked)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/")


async def test_guessed_codes_count_as_bad_keys(world: ApiWorld, built: Path) -> None:
    services = replace(world.services, rates=RateLimits({"bad_key": 3}, lambda: 0))
    async with browser(replace(world, services=services), built) as client:
        asked = [{"code": "0" * 64}, {}, {"code": "x" * 101}, {"code": "1" * 64}]
        assert [(await client.get("/dashboard/enter", params=one)).status_code for one in asked] == [403, 403, 403, 429]


async def test_a_link_of_a_sub_account_opens_its_session_and_none_when_it_is_gone(world: ApiWorld, built: Path) -> None:
    actions = world.services.actions
    (row,) = await fetch(
        world.dsn, f"select id from tenant where parent_id = '{OTHER_TENANT_ID}' and deleted_at is null"
    )
    codes = [await new_code(actions, row["id"]) for _ in range(2)]
    async with browser(world, built) as client:
        await client.get("/dashboard/enter", params={"code": codes[0]})
        found = (await client.get(SESSION)).json()
        assert found["account"] == {"id": row["id"], "name": "branch", "kind": "sub_account"}
        assert (await client.get("/sub-accounts/all")).status_code == 403
        await delete_sub_account(actions, Principal(OTHER_TENANT_ID, "cli", ""), row["id"])
        assert (await client.get("/dashboard/enter", params={"code": codes[1]})).status_code == 404
        assert (await client.get(SESSION)).status_code == 401
    for account in (row["id"], MISSING):
        with pytest.raises(NotFoundError):
            await new_code(actions, account)


async def test_under_https_the_link_sets_the_cookie_of_this_host(world: ApiWorld, built: Path) -> None:
    asked = {"code": await new_code(world.services.actions, DEFAULT_TENANT_ID)}
    async with browser(world, built, "https://voice.test") as client:
        answer = await client.get("/dashboard/enter", params=asked)
        assert answer.headers["set-cookie"].startswith("__Host-callwright_session=")
        assert answer.headers["location"] == "/dashboard/"
