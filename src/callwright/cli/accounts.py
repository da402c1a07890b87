"""``callwright accounts``: the organisations of the installation and their sub-accounts."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.ops.settings import load_settings
from callwright.platform.accounts.actions import (
    OrganisationWish,
    change_organisation,
    create_organisation,
    list_organisations,
)
from callwright.platform.accounts.rules import DEFAULT_CONCURRENCY, Tenant
from callwright.platform.services import Services


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    # Also behind the action: that is where people write it.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    wish = argparse.ArgumentParser(add_help=False)
    wish.add_argument("--email", help="its address, the `email` of `GET /user/me`; empty for none")
    most = f"calls at once, those of its sub-accounts included (a new one: {DEFAULT_CONCURRENCY})"
    wish.add_argument("--max-concurrency", type=int, help=most)
    wish.add_argument("--min-concurrency", type=int, help="of these, what its sub-accounts may be guaranteed; else all")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", parents=[common], help="list organisations and their sub-accounts")
    create = actions.add_parser("create", parents=[common, wish], help="make an organisation and print its id")
    create.add_argument("--name", required=True, help="its name")
    change = actions.add_parser("set", parents=[common, wish], help="change an organisation")
    change.add_argument("id", help="the organisation's id, from `callwright accounts list`")
    change.add_argument("--name", help="its name")


def run(arguments: argparse.Namespace) -> int:
    """Run one of list, create and set."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "list":
            await _list(services)
            return 0
        wish = OrganisationWish(arguments.name, arguments.email, arguments.max_concurrency, arguments.min_concurrency)
        if arguments.action == "create":
            print((await create_organisation(services, wish)).id)
        else:
            print(_line(await change_organisation(services, arguments.id, wish)))
    return 0


async def _list(services: Services) -> None:
    for organisation, accounts in await list_organisations(services):
        print(_line(organisation))
        for account in accounts:
            print(f"  {_line(account)}")


def _line(tenant: Tenant) -> str:
    places = tenant.places
    most = "elastic" if places.most is None else f"at most {places.most}"
    return f"{tenant.id}  {places.least} guaranteed, {most}  {tenant.name}"
