"""Webhooks at the command line: listed without secrets, sent again, audited."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.database import fetch, run_sql
from tests.rows import entry_row, execution_row, place

from callwright.cli import main
from callwright.ops.master_key import MasterKeys
from callwright.ops.vault import SealedVault
from callwright.outbox.sign import decode_secret
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.actions import webhook_secrets
from callwright.platform.webhooks.rules.outbox import Answered

CALL = "00000000-0000-4000-8000-0000000000aa"
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command over the test's database; its status, output and errors."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path))

    async def command(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["webhooks", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return command


@pytest.fixture
async def given_up(ledger: Ledger) -> str:
    """The id of a webhook that was given up."""
    await place(ledger, execution_row(CALL))
    entry = entry_row(CALL, url="https://hooks.example/path-secret?token=query-secret")
    async with ledger.unit() as unit:
        await unit.outbox.add(entry)
    async with ledger.unit() as unit:
        (leased,) = await unit.outbox.lease("w", 25, 1, 180)
    async with ledger.unit() as unit:
        await unit.outbox.failed(leased.id, "w", None, 410, "words of the receiver")
    return entry.id


async def test_deliveries_are_listed_with_host_and_reason_and_without_secrets(run: Run, given_up: str) -> None:
    status, out, _ = await run("list", "--execution", CALL)
    assert status == 0
    assert f"{given_up}  execution {CALL}" in out
    assert "hooks.example  1 failed  given_up   HTTP 410" in out
    as_json = (await run("list", "--json", "--state", "given_up"))[1]
    (found,) = json.loads(as_json)
    assert (found["id"], found["execution_id"], found["host"]) == (given_up, CALL, "hooks.example")
    assert (found["state"], found["failed_tries"], found["last_reason"]) == ("given_up", 1, "HTTP 410")
    assert "secret" not in out + as_json
    assert "words of the receiver" not in out + as_json
    assert (await run("list", "--state", "waiting"))[1] == "no webhooks match\n"
    assert json.loads((await run("list", "--state", "waiting", "--json"))[1]) == []


async def test_a_webhook_is_sent_again_and_the_audit_trail_says_so(run: Run, given_up: str, dsn: str) -> None:
    status, out, _ = await run("resend", given_up)
    assert (status, out) == (
        0,
        f"{given_up} {(await _event(dsn))} to hooks.example: due now; the running server sends it\n",
    )
    (entry,) = await fetch(
        dsn, "select actor, action, object_id, before::text as was from audit where action like 'webhook%'"
    )
    assert (entry["actor"], entry["action"], entry["object_id"]) == ("cli", "webhook.resent", given_up)
    assert json.loads(entry["was"])["state"] == "given_up"
    assert [row["state"] for row in await fetch(dsn, "select state from outbox")] == ["waiting"]


async def _event(dsn: str) -> str:
    return str((await fetch(dsn, "select status from outbox"))[0]["status"])


async def test_all_given_up_ones_of_an_execution_are_sent_again_once(run: Run, given_up: str) -> None:
    assert given_up in (await run("resend", "--execution", CALL))[1]
    assert (await run("resend", "--execution", CALL))[:2] == (0, "")


async def test_what_cannot_be_sent_again_is_told(run: Run, given_up: str, ledger: Ledger) -> None:
    await run("resend", given_up)
    async with ledger.unit() as unit:
        await unit.outbox.lease("w", 25, 1, 180)
    status, _, error = await run("resend", given_up)
    assert (status, error.splitlines()[0]) == (1, "callwright: the webhook cannot be sent again: it is being sent now")
    for arguments, said in (
        (("resend", "nothing"), "there is no such webhook"),
        (("resend",), "name one webhook"),
        (("resend", given_up, "--execution", CALL), "name one webhook"),
        (("resend", "--execution", CALL.replace("aa", "bb")), "there is no webhook of that execution or batch"),
        (("list", "--execution", CALL, "--batch", "x"), "not both"),
        (("list", "--limit", "0"), "--limit must be from 1 to 1000"),
    ):
        status, _, error = await run(*arguments)
        assert status == 1
        assert said in error


async def test_a_range_is_counted_and_sent_again(run: Run, given_up: str, ledger: Ledger, dsn: str) -> None:
    await run("resend", given_up)
    async with ledger.unit() as unit:
        await unit.outbox.lease("w", 25, 1, 180)
        await unit.outbox.delivered("w", Answered(given_up, 200, ""))
    since = ("--from", "2026-02-01")
    assert (await run("resend", *since))[1] == "0 webhooks due now; the running server sends them\n"
    assert (await run("resend", *since, "--delivered", "--dry-run"))[1] == "1 webhooks would be sent again\n"
    assert (await run("resend", "--execution", CALL, "--delivered", "--status", "ringing"))[1].startswith("0 ")
    assert (await run("resend", *since, "--to", "2026-02-02", "--delivered"))[1].startswith("0 ")
    assert (await run("resend", "--execution", CALL, "--delivered"))[1].startswith("1 webhooks due now")
    assert [row["state"] for row in await fetch(dsn, "select state from outbox")] == ["waiting"]
    (entry,) = await fetch(dsn, "select actor, object_id, after::text from audit where action = 'webhook.replayed'")
    assert (entry["actor"], entry["object_id"], json.loads(entry["after"])["replayed"]) == ("cli", CALL, 1)
    status, _, error = await run("resend", given_up, "--dry-run")
    assert (status, "name one webhook, or a range" in error) == (1, True)


async def test_failing_endpoints_are_listed_without_secrets_and_resumed(
    run: Run, given_up: str, ledger: Ledger, dsn: str
) -> None:
    assert (await run("endpoints"))[1] == "no endpoint fails\n"
    (row,) = await fetch(dsn, "select endpoint from outbox")
    async with ledger.unit() as unit:
        await unit.endpoints.failed(DEFAULT_TENANT_ID, row["endpoint"], "HTTP 410", is_gone=True)
    told = (await run("endpoints"))[1]
    assert f"{row['endpoint']}  account {DEFAULT_TENANT_ID}  gone     1 failed since" in told
    assert "secret" not in told
    (found,) = json.loads((await run("endpoints", "--json"))[1])
    assert (found["state"], found["last_reason"], found["next_probe_at"]) == ("gone", "HTTP 410", None)
    assert (await run("resume", row["endpoint"]))[0] == 0
    assert (await run("endpoints"))[1] == "no endpoint fails\n"
    status, _, error = await run("resume", row["endpoint"])
    assert (status, "there is no such paused webhook endpoint" in error) == (1, True)
    assert [entry["action"] for entry in await fetch(dsn, "select action from audit")] == ["webhook_endpoint.resumed"]


async def test_an_organisation_has_a_secret_of_its_own_and_both_sign_while_it_is_changed(
    run: Run, ledger: Ledger, dsn: str, tmp_path: Path
) -> None:
    other, branch = "00000000-0000-4000-8000-0000000000ff", "00000000-0000-4000-8000-0000000000b1"
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, max_concurrency, min_concurrency, parent_id) values"
        f" ('{other}', 'Others', '', 2, null, null), ('{branch}', 'Branch', '', null, 0, '{DEFAULT_TENANT_ID}')",
    )
    vault = SealedVault(MasterKeys("", tmp_path))

    async def signing(tenant_id: str) -> tuple[bytes, ...]:
        return await webhook_secrets(ledger, vault, tenant_id, b"of the server")

    assert await signing(DEFAULT_TENANT_ID) == (b"of the server",)
    first, second = [(await run("rotate-secret"))[1].strip() for _ in range(2)]
    assert first.startswith("whsec_")
    assert await signing(DEFAULT_TENANT_ID) == (decode_secret(second), decode_secret(first))
    assert await signing(branch) == await signing(DEFAULT_TENANT_ID), "a sub-account uses its organisation's"
    assert await signing(other) == (b"of the server",)

    assert (await run("end-former-secret"))[0] == 0
    assert await signing(DEFAULT_TENANT_ID) == (decode_secret(second),)
    status, _, err = await run("end-former-secret")
    assert (status != 0, "no former webhook secret" in err) == (True, True)
    assert (await run("rotate-secret", "--account", branch))[0] != 0
    stored = str(await fetch(dsn, "select * from provider_key")) + str(await fetch(dsn, "select * from audit"))
    assert second not in stored


async def test_the_server_s_secret_signs_too_after_the_first_one_of_an_organisation(
    run: Run, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = "one secret of the whole server"
    monkeypatch.setenv("CALLWRIGHT_WEBHOOK_SECRET", shared)
    vault = SealedVault(MasterKeys("", tmp_path))
    own = decode_secret((await run("rotate-secret"))[1].strip())
    assert await webhook_secrets(ledger, vault, DEFAULT_TENANT_ID, shared.encode()) == (own, shared.encode())
    assert (await run("end-former-secret"))[0] == 0
    assert await webhook_secrets(ledger, vault, DEFAULT_TENANT_ID, shared.encode()) == (own,)
