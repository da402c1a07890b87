"""``callwright wallet``: what organisations may spend: topping up, the balances, the switch, and the proof that all sums are right."""

from __future__ import annotations

import argparse
import asyncio
import os
from decimal import Decimal, InvalidOperation
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.domain.money import cents_from_nano, nano_from_cents
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.services import Services
from callwright.platform.wallet.actions.account import (
    WalletView,
    check_wallets,
    show_wallet,
    switch_wallet,
    top_up_wallet,
)
from callwright.platform.wallet.rules import ACCOUNTS, SOURCES

FAILED = 3
"""Exit status of a command that failed: 1 is the verdict of ``check``."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    account = argparse.ArgumentParser(add_help=False)
    account.add_argument("--account", default=DEFAULT_TENANT_ID, help="the organisation; else the first")
    actions = parser.add_subparsers(dest="action", required=True)
    top_up = actions.add_parser("top-up", parents=[common, account], help="add money; a negative amount corrects")
    top_up.add_argument("cents", type=_cents, help="how many cents")
    top_up.add_argument("--note", help="why, for the statement; a correction needs one")
    actions.add_parser("show", parents=[common, account], help="print the balances")
    actions.add_parser("on", parents=[common, account], help="from now on calls need money")
    actions.add_parser("off", parents=[common, account], help="from now on calls need none")
    check = actions.add_parser(
        "check", parents=[common], help="compare every sum with its postings and with what calls cost"
    )
    check.add_argument("--account", help="the organisation; else all")


def run(arguments: argparse.Namespace) -> int:
    """Run one of top-up, show, on, off and check. ``check`` exits with 1 where something is wrong."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "check":
            return await _check(services, arguments.account)
        by = operator(arguments.account)
        if arguments.action == "top-up":
            _, view = await top_up_wallet(services, by, by.tenant_id, nano_from_cents(arguments.cents), arguments.note)
        elif arguments.action == "show":
            view = await show_wallet(services, by)
        else:
            view = await switch_wallet(services, by, enabled=arguments.action == "on")
        print(_shown(view))
    return 0


async def _check(services: Services, organisation_id: str | None) -> int:
    wrong = await check_wallets(services, organisation_id)
    print("\n".join(wrong) or "every sum is right")
    return 1 if wrong else 0


def _shown(view: WalletView) -> str:
    state = "on" if view.wallet.enabled else "off"
    lines = [f"{name:10} {cents_from_nano(_amount(view, name)):>16f} cents" for name in ACCOUNTS]
    return "\n".join([f"{view.wallet.organisation_id}  {state}", *lines])


def _amount(view: WalletView, account: str) -> int:
    """Nano cents as people count them: in the books what money comes from is negative."""
    balance = view.balances.get(account, 0)
    return -balance if account in SOURCES else balance


def _cents(text: str) -> Decimal:
    try:
        cents = Decimal(text)
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite():
        raise argparse.ArgumentTypeError("use a number of cents, such as 500 or 12.5")
    return cents
