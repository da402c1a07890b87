"""API keys from the command line, on an installation of their own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.database import make_data_folder
from tests.rows import agent_row

from callwright.bootstrap.foundation import open_actions
from callwright.cli import main
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.ops.secret import SECRET_FILE
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.provider_keys.actions.keys import NamedSecret, put_provider_key


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a database, as a first start leaves it."""
    monkeypatch.delenv("DATABASE_URL", raising=False)

    make_data_folder(tmp_path / "data")
    return tmp_path / "data"


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The data folder may be named before the action and behind it.
    assert main(["keys", "create", "--name", "the shop", "--data", str(data)]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("bn-")

    assert main(["keys", "--data", str(data), "list"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert listed.split()[1] == "active"
    assert listed.rstrip().endswith("the shop")

    assert main(["keys", "revoke", listed.split()[0], "--data", str(data)]) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--data", str(data)]) == 0
    assert capsys.readouterr().out.split()[1] == "revoked"


def test_a_key_without_a_name_has_that_of_its_scope(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--scope", "operator", "--data", str(data)]) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--data", str(data)]) == 0
    assert capsys.readouterr().out.rstrip().endswith("  operator")


def test_a_key_is_not_made_with_another_secret_than_the_servers(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server had CALLWRIGHT_SECRET, and left no file."""
    secret = (data / SECRET_FILE).read_text()
    (data / SECRET_FILE).unlink()
    assert main(["keys", "create", "--data", str(data)]) == 1
    assert "CALLWRIGHT_SECRET of the server" in capsys.readouterr().err
    assert not (data / SECRET_FILE).exists()
    monkeypatch.setenv("CALLWRIGHT_SECRET", secret)
    assert main(["keys", "create", "--data", str(data)]) == 0


def test_wrong_usage_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", "revoke"])
    assert ended.value.code == 2
    assert "required: id" in capsys.readouterr().err


def test_the_master_key_is_changed_and_every_provider_key_still_opens(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate() -> str:
        assert main(["keys", "rotate-master", "--data", str(data)]) == 0
        return capsys.readouterr().out

    assert "no master key yet" in rotate()
    master = data / MASTER_KEY_FILE
    with_key = asyncio.run(_store(data, "sk-canary-5f1e77b0c4"))
    before = master.read_text()
    assert rotate().startswith("1 data keys")
    assert master.read_text() != before
    assert len(master.read_text().split()) == 1
    assert asyncio.run(_opened(data)) == with_key

    # A master key that is not there changes nothing, and says which one it is.
    kept = master.read_text()
    master.write_text(before)
    assert main(["keys", "rotate-master", "--data", str(data)]) == 1
    assert "sealed under the master key" in capsys.readouterr().err
    master.write_text(kept)
    assert asyncio.run(_opened(data)) == with_key

    # From the file to the setting, which takes the present key along.
    monkeypatch.setenv("CALLWRIGHT_MASTER_KEY", f"{'a' * 64},{kept.strip()}")
    assert "take the others out" in rotate()
    monkeypatch.setenv("CALLWRIGHT_MASTER_KEY", "a" * 64)
    assert asyncio.run(_opened(data)) == with_key


def test_the_servers_secret_is_changed_and_the_former_one_forgotten(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate(*more: str) -> tuple[int, str]:
        status = main(["keys", "rotate-secret", *more, "--data", str(data)])
        told = capsys.readouterr()
        return status, told.out + told.err

    (before,) = (data / SECRET_FILE).read_text().split()
    status, told = rotate()
    assert (status, "rotate-secret --end" in told) == (0, True)
    present, former = (data / SECRET_FILE).read_text().split()
    assert (former, present != before) == (before, True)
    assert present not in told
    assert rotate("--end")[1].startswith("1 former secrets are forgotten")
    assert (data / SECRET_FILE).read_text().split() == [present]

    monkeypatch.setenv("CALLWRIGHT_SECRET", present)
    status, told = rotate()
    assert (status, "CALLWRIGHT_SECRET holds the secret" in told) == (1, True)


async def _store(data: Path, value: str) -> str:
    async with open_actions(load_settings(os.environ, data=data)) as services:
        await put_provider_key(services, operator(DEFAULT_TENANT_ID), NamedSecret("A", value))
    return value


async def _opened(data: Path) -> str:
    async with open_actions(load_settings(os.environ, data=data)) as services:
        async with services.ledger.unit() as unit:
            data_key = await unit.provider_keys.data_key(DEFAULT_TENANT_ID)
            key = await unit.provider_keys.get(DEFAULT_TENANT_ID, "A")
        assert data_key is not None
        assert key is not None
        return services.vault.open(data_key, "A", key.sealed)


def test_credentials_that_an_earlier_version_stored_in_clear_are_sealed(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"agent_name": "A", "tasks": [], "webhook_headers": {"X-Key": "canary"}}

    async def stored(row: StoredAgent | None = None) -> str:
        async with open_actions(load_settings(os.environ, data=data)) as services, services.ledger.unit() as unit:
            if row is not None:
                await unit.agents.insert(row)
            found = await unit.agents.get(DEFAULT_TENANT_ID, "agent-1")
        return str(found)

    assert "canary" in asyncio.run(stored(agent_row(body=body)))
    assert main(["keys", "seal-agents", "--data", str(data)]) == 0
    assert capsys.readouterr().out == "sealed the credentials of 1 agents, 0 calls and 0 webhooks\n"
    assert "canary" not in asyncio.run(stored())
