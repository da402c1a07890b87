"""``callwright numbers``: which organisation a phone number belongs to."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.ops.settings import load_settings
from callwright.platform.phone_numbers.actions.owners import list_owned_numbers, prove_number, release_number


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    actions = parser.add_subparsers(dest="action", required=True)
    prove = actions.add_parser("prove", parents=[common], help="calls to the number reach this organisation only")
    prove.add_argument("organisation")
    prove.add_argument("number", help="as +15550100")
    release = actions.add_parser("release", parents=[common], help="the number belongs to nobody any more")
    release.add_argument("number")
    actions.add_parser("list", parents=[common], help="list numbers and their organisations")


def run(arguments: argparse.Namespace) -> int:
    """Run one of prove, release and list."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "prove":
            owned = await prove_number(services, arguments.organisation, arguments.number)
            print(f"{owned.number} belongs to {owned.tenant_id}")
        elif arguments.action == "release":
            await release_number(services, arguments.number)
            print("released")
        else:
            for one in await list_owned_numbers(services):
                print(f"{one.number}  {one.tenant_id}  {one.proved_at:%Y-%m-%d}")
    return 0
