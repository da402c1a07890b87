"""``callwright providers``: which providers are installed, who has keys for them, and how many agents use them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from callwright.actions.provider_states import ProviderState, provider_states
from callwright.bootstrap.foundation import NoCallControl, open_foundation, services_over
from callwright.bootstrap.plugins import setting_texts
from callwright.ops.settings import load_settings
from callwright.ports.registry import PluginContext


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    parser.add_argument("--json", action="store_true", help="print a list of objects")


def run(arguments: argparse.Namespace) -> int:
    """Print the providers."""
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
        return await provider_states(services)


def _lines(states: Sequence[ProviderState]) -> Iterator[str]:
    yield _line("KIND", "NAME", "INSTALLED", "AGENTS", "KEYS")
    for state in states:
        agents = "-" if state.agents is None else str(state.agents)
        yield _line(state.kind, state.name, "yes" if state.installed else "no", agents, _keys(state))
        if state.lack:
            yield f"  {state.lack}"


def _line(kind: str, name: str, installed: str, agents: str, keys: str) -> str:
    return f"{kind:11}  {name:18}  {installed:9}  {agents:>6}  {keys}"


def _keys(state: ProviderState) -> str:
    """The stored keys and who has them; else those it asks for."""
    if state.keys:
        return ", ".join(f"{name} ({', '.join(owners)})" for name, owners in state.keys.items())
    return f"none of {', '.join(state.asks_for)}" if state.asks_for else "-"
