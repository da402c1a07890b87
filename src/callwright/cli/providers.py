"""``callwright providers``: which providers are installed, who has keys for them, how many agents use them, and how they do."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from callwright.bootstrap.foundation import Foundation, NoCallControl, open_foundation, services_over
from callwright.bootstrap.plugins import setting_texts
from callwright.call.live.access import Fitting
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.equipment import model_settings
from callwright.domain.errors import BadInputError, NotFoundError, VaultLockedError
from callwright.domain.limits import MODEL_LIST_SECONDS
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.spec import ProviderChoice
from callwright.platform.provider_keys.actions.states import ProviderState, provider_states
from callwright.ports.model import RemoteModel
from callwright.ports.registry import PluginContext
from callwright.providers.cloud import library

_ERROR_CHARACTERS = 120


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.add_argument(
        "--probe",
        action="store_true",
        help="ask each model, with the account's key, whether it can be reached, which costs nothing",
    )
    parser.add_argument(
        "--requirements", action="store_true", help="print the file that lists the clients of cloud speech, for pip"
    )
    parser.add_argument("--account", default=DEFAULT_TENANT_ID, help="the organisation or sub-account; else the first")


def run(arguments: argparse.Namespace) -> int:
    """Print the providers, or the file that pip installs the clients of cloud speech from."""
    if arguments.requirements:
        if not library.REQUIREMENTS.is_file():
            raise BadInputError("only an installed wheel has that file; in a checkout, run make cloud")
        print(library.REQUIREMENTS)
        return 0
    states = asyncio.run(_states(arguments))
    if arguments.json:
        print(json.dumps([asdict(state) for state in states], ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(states)))
    return 0


async def _states(arguments: argparse.Namespace) -> list[ProviderState]:
    settings = load_settings(os.environ, data=arguments.data)
    async with open_foundation(settings) as foundation:
        context = PluginContext(setting_texts(settings), settings.models.expanduser(), foundation.plugins)
        foundation.plugins.use(context)
        services = services_over(foundation, foundation.publisher(settings.public_url), NoCallControl())
        async with foundation.ledger.reading() as unit:
            account = await unit.accounts.tenant(arguments.account)
        if account is None:
            raise NotFoundError(f"there is no account {arguments.account}")
        states = await provider_states(services, account.id)
        if not arguments.probe:
            return states
        fitting = await foundation.access().fitting(account.id)
        return [replace(state, reach=await _reach(foundation, fitting, state, account.name)) for state in states]


async def _reach(foundation: Foundation, fitting: Fitting, state: ProviderState, account: str) -> str:
    """What a model on another machine says with the account's key; empty for anything else."""
    if state.kind != "model" or not state.installed or state.lack or not (state.keys or not state.asks_for):
        return ""
    model = foundation.plugins("model", state.name)
    if not isinstance(model, RemoteModel):
        return ""
    told: list[str] = []
    with plugin_boundary(state.name, lambda _, message: told.append(f"not reachable: {message}")):
        try:
            choice = fitting(ProviderChoice(state.name, state.model))
        except VaultLockedError as error:
            return f"not asked: {error.message}"
        if state.asks_for and not choice.access.keys:
            return f"not asked: {account} has no key of it"
        async with asyncio.timeout(MODEL_LIST_SECONDS):
            told.append(f"reachable: {await model.probe(model_settings(choice))}")
    return f"with the key of {account}: {told[-1]}" if state.asks_for else told[-1]


def _lines(states: Sequence[ProviderState]) -> Iterator[str]:
    yield _line("KIND", "NAME", "INSTALLED", "AGENTS", "MEDIAN_MS", "KEYS")
    for state in states:
        agents = "-" if state.agents is None else str(state.agents)
        median = state.figures.median_ms
        shown = "-" if median is None else str(median)
        yield _line(state.kind, state.name, "yes" if state.installed else "no", agents, shown, _keys(state))
        if state.lack:
            yield f"  {state.lack}"
        if state.reach:
            yield f"  {state.reach}"
        if state.figures.last_error:
            often = f"{state.figures.failures} failures in {state.figures.calls} calls, the last at"
            yield f"  {often} {state.figures.last_error_at}: {state.figures.last_error[:_ERROR_CHARACTERS]}"


def _line(kind: str, name: str, installed: str, agents: str, median: str, keys: str) -> str:
    return f"{kind:11}  {name:18}  {installed:9}  {agents:>6}  {median:>9}  {keys}"


def _keys(state: ProviderState) -> str:
    """The stored keys and who has them, and those that are missing beside them; else those it asks for."""
    if state.keys:
        stored = ", ".join(f"{name} ({', '.join(owners)})" for name, owners in state.keys.items())
        return f"{stored}; lacks {', '.join(state.lacks_keys)}" if state.lacks_keys else stored
    return f"none of {', '.join(state.asks_for)}" if state.asks_for else "-"
