"""``callwright keys``: API keys of the installation."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from callwright.actions.keys import create_key, list_keys, revoke_key
from callwright.bootstrap import open_actions
from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.ops.settings import load_settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    # Also behind the action: that is where people write it.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", parents=[common], help="make a key and show it once")
    create.add_argument("--name", required=True, help="what the key is for")
    create.add_argument("--scope", choices=("full", "read"), default="full", help="read: the key may only read")
    actions.add_parser("list", parents=[common], help="list keys, never the keys themselves")
    revoke = actions.add_parser("revoke", parents=[common], help="refuse a key from now on")
    revoke.add_argument("id", help="the key's id, from `callwright keys list`")


def run(arguments: argparse.Namespace) -> int:
    """Run one of create, list and revoke."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "create":
            made = await create_key(services, DEFAULT_TENANT_ID, arguments.name, scope=arguments.scope)
            print(made.secret)
        elif arguments.action == "revoke":
            await revoke_key(services, DEFAULT_TENANT_ID, arguments.id)
            print("revoked")
        else:
            for key in await list_keys(services, DEFAULT_TENANT_ID):
                state = "revoked" if key.revoked_at else "active"
                print(f"{key.id}  {state:7}  {key.scope:4}  …{key.last4}  {key.created_at:%Y-%m-%d}  {key.name}")
    return 0
