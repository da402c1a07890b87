"""``callwright keys``: API keys of the installation."""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import timedelta
from pathlib import Path

from callwright.bootstrap.foundation import NoCallControl, open_actions, open_foundation, services_over
from callwright.domain.errors import ConfigurationError
from callwright.ops.master_key import MASTER_KEY_FILE, VARIABLE
from callwright.ops.secret import SECRET_FILE
from callwright.ops.settings import Settings, load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.actions.credentials import seal_stored
from callwright.platform.agents.rules.stored import BodyKind
from callwright.platform.keys.actions.keys import ALL_SCOPES, ROLES, create_key, list_keys, revoke_key
from callwright.platform.provider_keys.actions.keys import check_vault, rewrap_data_keys
from callwright.platform.services import Services

_MOST_DAYS = 36_500


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    # Also behind the action: that is where people write it.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    common.add_argument("--account", default=DEFAULT_TENANT_ID, help="the organisation or sub-account; else the first")
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", parents=[common], help="make a key and show it once")
    create.add_argument("--name", help="what the key is for; else its scope")
    create.add_argument(
        "--scope",
        choices=ALL_SCOPES,
        default="full",
        help="read: the key may only read; call: only place and stop calls; operator: only top up wallets, of any organisation",
    )
    create.add_argument("--role", choices=ROLES, default="admin", help="member: reading, calls and own keys")
    create.add_argument("--member", default="", help="whose key it is, with --role member")
    create.add_argument("--expires-days", type=_days, help="the key is refused after so many days")
    actions.add_parser("list", parents=[common], help="list keys, never the keys themselves")
    revoke = actions.add_parser("revoke", parents=[common], help="refuse a key from now on")
    revoke.add_argument("id", help="the key's id, from `callwright keys list`")
    actions.add_parser(
        "rotate-master", parents=[common], help="wrap all provider keys under a new master key, while the server runs"
    )
    actions.add_parser(
        "seal-agents",
        parents=[common],
        help="seal credentials that earlier versions stored in clear, also in past calls",
    )
    secret = actions.add_parser(
        "rotate-secret",
        parents=[common],
        help="make a new server secret, while the server runs; keys and links stay good",
    )
    secret.add_argument("--end", action="store_true", help="forget the former secrets and all keys not used since")


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"use 1 to {_MOST_DAYS} days")
    return days


def run(arguments: argparse.Namespace) -> int:
    """Run one of create, list, revoke, seal-agents, rotate-master and rotate-secret."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    if arguments.action == "rotate-master":
        print(await _rotate(load_settings(os.environ, data=arguments.data)))
        return 0
    if arguments.action == "rotate-secret":
        print(await _rotate_secret(load_settings(os.environ, data=arguments.data), end=arguments.end))
        return 0
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "create":
            await _create(services, arguments)
        elif arguments.action == "revoke":
            await revoke_key(services, arguments.account, arguments.id)
            print("revoked")
        elif arguments.action == "seal-agents":
            agents, _, calls, past, hooks = [await seal_stored(services, kind) for kind in BodyKind]
            print(f"sealed the credentials of {agents} agents, {calls + past} calls and {hooks} webhooks")
        else:
            await _list(services, arguments.account)
    return 0


async def _create(services: Services, arguments: argparse.Namespace) -> None:
    days = arguments.expires_days
    made = await create_key(
        services,
        arguments.account,
        arguments.name or arguments.scope,
        scope=arguments.scope,
        role=arguments.role,
        holder=arguments.member,
        expires_at=None if days is None else services.clock.now() + timedelta(days=days),
    )
    print(made.secret)


async def _list(services: Services, account: str) -> None:
    now = services.clock.now()
    for key in await list_keys(services, account):
        expired = key.expires_at is not None and key.expires_at <= now
        state = "revoked" if key.revoked_at else "expired" if expired else "active"
        used = f"used {key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "not used"
        whose = f"  {key.holder}" if key.holder else ""
        print(
            f"{key.id}  {state:7}  {key.scope:4}  {key.role:6}  …{key.last4}  {key.created_at:%Y-%m-%d}  {used:21}"
            f"  {key.name}{whose}"
        )


async def _rotate(settings: Settings) -> str:
    """Wrap every data key anew; what the operator has to know of it. Whatever fails, every key can still be opened."""
    async with open_foundation(settings) as foundation:
        services = services_over(foundation, foundation.publisher(settings.public_url), NoCallControl())
        masters = foundation.masters
        async with services.ledger.unit() as unit:
            await unit.provider_keys.lock_data_keys()
            if masters.from_file:
                if not masters.all():
                    await check_vault(services)
                    return "there is no master key yet: it is made with the first provider key"
                # First the file, then the database: no data key is ever wrapped by a key that is nowhere.
                masters.begin_rotation()
            count = await rewrap_data_keys(unit, services)
        if masters.from_file:
            # Only what another rotation, begun meanwhile, does not need.
            async with services.ledger.unit() as unit:
                await unit.provider_keys.lock_data_keys()
                masters.end_rotation({data_key.master for data_key in await unit.provider_keys.data_keys()})
            place = foundation.folder.path / MASTER_KEY_FILE
            return f"{count} data keys are wrapped under the new master key in {place}"
        return f"{count} data keys are wrapped under the first key of {VARIABLE}; take the others out of it everywhere"


async def _rotate_secret(settings: Settings, *, end: bool) -> str:
    """Put a new server secret before the former ones, or forget those; what the operator has to know of it."""
    async with open_foundation(settings) as foundation:
        secrets = foundation.secrets
        if not secrets.from_file:
            raise ConfigurationError(
                "CALLWRIGHT_SECRET holds the secret: add a new one behind it with a comma, restart every process, put it"
                " first, restart again, and take the former one out when `callwright keys list` shows every key used since"
            )
        if end:
            return (
                f"{secrets.end_rotation()} former secrets are forgotten; keys not used since the rotation are refused"
            )
        secrets.begin_rotation()
        return (
            f"new keys and links are made with the new secret in {foundation.folder.path / SECRET_FILE}; a former key moves to it when it"
            " is used. When `callwright keys list` shows every key used since now, run `callwright keys rotate-secret --end`"
        )
