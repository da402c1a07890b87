"""``callwright violations``: complaints the operator puts before accounts, and what becomes of them."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.domain.errors import BadInputError
from callwright.domain.fields import not_among
from callwright.domain.limits import MAX_PAGE_SIZE
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.services import Services
from callwright.platform.violations.actions import decide, file_of_violation, list_violations, put_before
from callwright.platform.violations.rules import ACCEPTED, REJECTED, STATUSES


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    common.add_argument("--account", default=DEFAULT_TENANT_ID, help="the organisation or sub-account; else the first")
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", parents=[common], help="put a complaint before an account")
    create.add_argument("--execution", default="", help="the call it is about; it is put before that call's account")
    create.add_argument("--note", default="", help="what the account shall know")
    listing = actions.add_parser("list", parents=[common], help="list an account's, newest first")
    listing.add_argument("--status", default="", help="pending, submitted, accepted or rejected")
    file = actions.add_parser("file", parents=[common], help="save the file with which the account answered")
    file.add_argument("id")
    file.add_argument("to", type=Path, help="a new file")
    for name, done in (("accept", ACCEPTED), ("reject", REJECTED)):
        one = actions.add_parser(name, parents=[common], help=f"it is {done}; nothing more can be answered")
        one.add_argument("id")


def run(arguments: argparse.Namespace) -> int:
    """Run one of create, list, file, accept and reject."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "create":
            print((await put_before(services, arguments.account, arguments.execution, arguments.note)).id)
        elif arguments.action == "list":
            await _list(services, arguments)
        elif arguments.action == "file":
            _, content = await file_of_violation(services, operator(arguments.account), arguments.id)
            await asyncio.to_thread(_write, arguments.to, content)
            print(f"{arguments.to}: {len(content)} bytes")
        else:
            status = ACCEPTED if arguments.action == "accept" else REJECTED
            print((await decide(services, arguments.id, status)).status)
    return 0


def _write(path: Path, content: bytes) -> None:
    """A new file for its owner's eyes. Raises BadInputError when there is one."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise BadInputError(f"{path} cannot be written: {error.strerror}") from None


async def _list(services: Services, arguments: argparse.Namespace) -> None:
    if arguments.status not in ("", *STATUSES):
        raise not_among("status", ("", *STATUSES), arguments.status, BadInputError)
    number = 1
    while True:
        page = await list_violations(services, operator(arguments.account), arguments.status, number, MAX_PAGE_SIZE)
        for row in page.rows:
            about = row.execution_id or "-"
            print(
                f"{row.id}  {row.status:9}  {row.created_at:%Y-%m-%d}  {about:36}  {row.file_name or '-'}  {row.note or ''}"
            )
        if number * page.size >= page.total:
            return
        number += 1
