"""The providers of an installation, from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.database import make_data_folder
from tests.rows import agent_row, execution_row

from callwright.bootstrap.foundation import open_actions
from callwright.cli import main
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.ops.settings import load_settings
from callwright.platform.accounts.actions import OrganisationWish, create_organisation
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.agents.actions.agents import create_agent
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.provider_keys.actions.keys import NamedSecret, put_provider_key
from callwright.platform.services import Services
from callwright.providers.cloud import library

SECRET = "sk-canary-93b1f6a0"


async def _save(services: Services, tenant_id: str, *tasks: dict[str, Any], **config: Any) -> None:
    wire = {"agent_config": {"agent_name": "Ada", "tasks": list(tasks), **config}}
    await create_agent(services, operator(tenant_id), wire)


async def _fill(data: Path) -> None:
    """Two organisations, two keys, two agents with a carrier of whom there is no plugin, and one that names nobody."""
    async with open_actions(load_settings({}, data=data)) as services:
        other = await create_organisation(services, OrganisationWish(name="Branch office"))
        for tenant_id, name in ((DEFAULT_TENANT_ID, "OPENAI"), (other.id, "OPENAI"), (other.id, "STYLETTS_API_KEY")):
            await put_provider_key(services, operator(tenant_id), NamedSecret(name, SECRET))
        voice = {"provider": "styletts", "provider_config": {"voice": "Nila"}}
        model = {"llm_config": {"provider": "openai", "model": "gpt-4.1-mini"}}
        talk = {"tools_config": {"synthesizer": voice, "llm_agent": model, "transcriber": {"provider": "whisper"}}}
        after = {"task_type": "extraction", "tools_config": {"llm_agent": model}}
        await _save(services, DEFAULT_TENANT_ID, talk, after, telephony_provider="freeswitch")
        await _save(services, other.id, talk)
        await _save(services, other.id, {})


def test_each_provider_is_shown_with_its_keys_and_how_many_agents_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    data = tmp_path / "data"
    make_data_folder(data)
    asyncio.run(_fill(data))

    assert main(["providers", "--data", str(data), "--json"]) == 0
    printed = capsys.readouterr().out
    assert SECRET not in printed
    rows = {(one["kind"], one["name"]): one for one in json.loads(printed)}
    both = ["Default", "Branch office"]
    assert rows["voice", "styletts"]["installed"] is True
    assert rows["voice", "styletts"]["agents"] == 2
    assert rows["voice", "styletts"]["keys"] == {"STYLETTS_API_KEY": ["Branch office"]}
    assert rows["model", "openai"]["installed"] is True
    # An agent that names it twice uses it once.
    assert rows["model", "openai"]["agents"] == 2
    assert rows["model", "openai"]["keys"] == {"OPENAI": both}
    assert (rows["carrier", "freeswitch"]["installed"], rows["carrier", "freeswitch"]["agents"]) == (False, 1)
    assert rows["carrier", "loopback"]["agents"] == 2
    # Another spelling of a provider is that provider.
    assert rows["transcriber", "local"]["agents"] == 3
    assert ("transcriber", "whisper") not in rows
    assert rows["vad", "energy"]["agents"] is None
    assert list(rows) == sorted(rows)

    # What is stored is named also while nobody can open it.
    (data / MASTER_KEY_FILE).write_text("b" * 64)
    assert main(["providers", "--data", str(data)]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["KIND", "NAME", "INSTALLED", "AGENTS", "MEDIAN_MS", "KEYS"]
    (line,) = (line for line in lines if line.split()[:2] == ["voice", "styletts"])
    assert line.split(maxsplit=5)[2:] == ["yes", "2", "-", "STYLETTS_API_KEY (Branch office); lacks STYLETTS_API_BASE"]
    (line,) = (line for line in lines if line.split()[:2] == ["carrier", "freeswitch"])
    assert line.split()[2:4] == ["no", "1"]
    (line,) = (line for line in lines if line.split()[:2] == ["model", "groq"])
    assert line.endswith("none of GROQ, GROQ_API_KEY")


async def _fill_with_half(data: Path) -> None:
    async with open_actions(load_settings({}, data=data)) as services:
        await put_provider_key(services, operator(DEFAULT_TENANT_ID), NamedSecret("TWILIO_ACCOUNT_SID", SECRET))


def test_a_carrier_with_one_of_its_two_keys_names_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    make_data_folder(tmp_path / "data")
    asyncio.run(_fill_with_half(tmp_path / "data"))
    assert main(["providers", "--data", str(tmp_path / "data")]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.split()[:2] == ["carrier", "twilio"])
    assert line.endswith("TWILIO_ACCOUNT_SID (Default); lacks TWILIO_AUTH_TOKEN")


def test_a_provider_without_its_model_files_says_which_command_adds_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CALLWRIGHT_MODELS", str(tmp_path / "none"))
    make_data_folder(tmp_path / "data")
    assert main(["providers", "--data", str(tmp_path / "data")]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(at for at, line in enumerate(lines) if line.split()[:2] == ["voice", "kokoro"])
    assert lines[at].split()[2] == "no"
    assert "callwright models install" in lines[at + 1]


async def _fill_with_calls(data: Path) -> None:
    """A key for a model at an address that no guarded request goes to, another organisation's key, and two calls that are over."""
    async with open_actions(load_settings({}, data=data)) as services:
        for name, value in (("AZURE_OPENAI_API_KEY", SECRET), ("AZURE_OPENAI_API_BASE", "http://127.0.0.1:9")):
            await put_provider_key(services, operator(DEFAULT_TENANT_ID), NamedSecret(name, value))
        other = await create_organisation(services, OrganisationWish(name="Branch office"))
        await put_provider_key(services, operator(other.id), NamedSecret("OPENAI", SECRET))
        figures = {"kind": "model", "provider": "azure-openai", "failures": 0, "last_error": "", "last_error_at": ""}
        failed = {
            **figures,
            "failures": 2,
            "last_error": "the endpoint failed",
            "last_error_at": "2026-11-29T16:00:00+00:00",
        }
        async with services.ledger.unit() as unit:
            await unit.agents.insert(agent_row())
            for number, one in enumerate(({**figures, "median_ms": 400}, {**failed, "median_ms": 600})):
                await unit.executions.insert(execution_row(f"call-{number}"))
                record = {"provider_figures": [one]}
                stopped = Change(Phase.DONE, "stopped", record=record)
                await unit.executions.change(f"call-{number}", stopped)


def test_a_probe_says_whether_a_model_can_be_reached_and_calls_how_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    make_data_folder(tmp_path / "data")
    asyncio.run(_fill_with_calls(tmp_path / "data"))
    assert main(["providers", "--probe", "--data", str(tmp_path / "data")]) == 0
    printed = capsys.readouterr().out
    assert SECRET not in printed
    lines = printed.splitlines()
    at = next(at for at, line in enumerate(lines) if line.split()[:2] == ["model", "azure-openai"])
    assert lines[at].split()[4] == "400"
    assert lines[at + 1].startswith("  with the key of Default: not reachable: ")
    assert "private or reserved address" in lines[at + 1]
    assert lines[at + 2] == "  2 failures in 2 calls, the last at 2026-11-29T16:00:00+00:00: the endpoint failed"
    openai = next(at for at, line in enumerate(lines) if line.split()[:2] == ["model", "openai"])
    assert lines[openai].endswith("OPENAI (Branch office)")
    assert lines[openai + 1] == "  not asked: Default has no key of it"
    assert main(["providers", "--account", "nobody", "--data", str(tmp_path / "data")]) != 0
    assert "there is no account nobody" in capsys.readouterr().err
    groq = next(at for at, line in enumerate(lines) if line.split()[:2] == ["model", "groq"])
    assert lines[groq + 1].split()[0] == "model", "without a key nothing is asked"


def test_an_installed_wheel_prints_its_list_of_packages_and_a_checkout_says_what_to_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main(["providers", "--requirements"]) == 1
    assert "in a checkout, run make cloud" in capsys.readouterr().err
    monkeypatch.setattr(library, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").touch()
    assert main(["providers", "--requirements"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'requirements.txt'}\n"
