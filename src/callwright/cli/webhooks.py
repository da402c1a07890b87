"""``callwright webhooks``: how the deliveries of webhooks went, sending them again, endpoints that fail, and an organisation's secret."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from callwright.bootstrap.foundation import open_actions
from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_DELIVERIES_LISTED
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal, operator
from callwright.platform.batches.rules.batch import batch_id_in
from callwright.platform.executions.actions.schedule import moment
from callwright.platform.services import Services, object_id
from callwright.platform.webhooks.actions import (
    end_former_secret,
    list_deliveries,
    list_endpoints,
    replay,
    resend,
    resume_endpoint,
    rotate_webhook_secret,
)
from callwright.platform.webhooks.rules.deliveries import (
    DELIVERED,
    GIVEN_UP,
    STATES,
    WAITING,
    Delivery,
    FailingEndpoint,
    WantedDeliveries,
    WantedReplay,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")
    # Also behind the action: that is where people write it.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    common.add_argument("--execution", default="", metavar="ID", help="webhooks of this execution")
    common.add_argument("--batch", default="", metavar="ID", help="webhooks of this batch")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", parents=[common], help="list deliveries, newest first")
    listing.add_argument("--account", default="", metavar="ID", help="only of this organisation or sub-account")
    listing.add_argument("--state", choices=STATES, default="", help="only of this state")
    listing.add_argument("--limit", type=int, default=100, help="at most so many (100)")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    again = actions.add_parser("resend", parents=[common], help="send a webhook again, with the same id and body")
    again.add_argument(
        "id", nargs="?", default="", help="a webhook's id; else all given up ones of --execution, --batch or --from"
    )
    again.add_argument("--from", dest="since", default="", metavar="TIME", help="changes from then on (ISO 8601)")
    again.add_argument("--to", dest="until", default="", metavar="TIME", help="changes before then")
    again.add_argument("--status", action="append", help="only of this status; may be repeated")
    again.add_argument("--delivered", action="store_true", help="delivered ones too")
    again.add_argument("--account", default=DEFAULT_TENANT_ID, metavar="ID", help="with --from: whose; else the first")
    again.add_argument("--dry-run", action="store_true", help="only count")
    failing = actions.add_parser("endpoints", help="list endpoints that fail")
    failing.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    failing.add_argument("--json", action="store_true", help="print a JSON list")
    paused = actions.add_parser("resume", help="resume a paused endpoint: its webhooks are sent")
    paused.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    paused.add_argument("endpoint", help="as `callwright webhooks endpoints` shows it")
    paused.add_argument("--account", default=DEFAULT_TENANT_ID, metavar="ID", help="the organisation; else the first")
    secret = argparse.ArgumentParser(add_help=False)
    secret.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (CALLWRIGHT_DATA)")
    secret.add_argument("--account", default=DEFAULT_TENANT_ID, metavar="ID", help="the organisation; else the first")
    actions.add_parser(
        "rotate-secret", parents=[secret], help="make an organisation's secret and print it; the one before signs too"
    )
    actions.add_parser("end-former-secret", parents=[secret], help="sign with the present secret alone")


def run(arguments: argparse.Namespace) -> int:
    """Run one of list, resend, endpoints, resume, rotate-secret and end-former-secret."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    if arguments.action in ("rotate-secret", "end-former-secret"):
        async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
            if arguments.action == "rotate-secret":
                print(await rotate_webhook_secret(services, arguments.account))
            else:
                await end_former_secret(services, arguments.account)
                print("the former secret does not sign any more")
        return 0
    if arguments.action in ("endpoints", "resume"):
        async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
            if arguments.action == "endpoints":
                _show_endpoints(await list_endpoints(services, None), as_json=arguments.json)
            else:
                await resume_endpoint(services, operator(arguments.account), arguments.endpoint)
                print(f"{arguments.endpoint} is resumed; the running server sends its webhooks")
        return 0
    subject_id = _subject(arguments)
    async with open_actions(load_settings(os.environ, data=arguments.data)) as services:
        if arguments.action == "list":
            if not 1 <= arguments.limit <= MAX_DELIVERIES_LISTED:
                raise BadInputError(f"--limit must be from 1 to {MAX_DELIVERIES_LISTED}")
            wanted = WantedDeliveries("", subject_id, arguments.account, arguments.state, arguments.limit)
            _show(await list_deliveries(services, wanted), as_json=arguments.json)
            return 0
        is_range = bool(
            arguments.since or arguments.until or arguments.status or arguments.delivered or arguments.dry_run
        )
        if bool(arguments.id) == bool(subject_id or arguments.since) or (arguments.id and is_range):
            raise BadInputError("name one webhook, or a range with --execution ID, --batch ID or --from TIME")
        if is_range:
            done = await replay(services, *await _range(services, arguments, subject_id), dry_run=arguments.dry_run)
            what = "would be sent again" if arguments.dry_run else "due now; the running server sends them"
            print(f"{done.matched if arguments.dry_run else done.replayed} webhooks {what}")
            return 0
        for one in await resend(services, delivery_id=arguments.id, subject_id=subject_id):
            print(f"{one.id} {one.status} to {one.place}: due now; the running server sends it")
    return 0


def _subject(arguments: argparse.Namespace) -> str:
    """The execution or batch, empty where none is named."""
    if arguments.execution and arguments.batch:
        raise BadInputError("name an execution or a batch, not both")
    if arguments.execution:
        return object_id(arguments.execution, "execution")
    return batch_id_in(arguments.batch) or arguments.batch


async def _range(services: Services, arguments: argparse.Namespace, subject_id: str) -> tuple[Principal, WantedReplay]:
    """The range, and on whose behalf it is sent again."""
    account = arguments.account
    if subject_id:
        found = await list_deliveries(services, WantedDeliveries(subject_id=subject_id, limit=1))
        account = found[0].tenant_id if found else account
    wanted = WantedReplay(
        account,
        moment(arguments.since, "--from") if arguments.since else None,
        moment(arguments.until, "--to") if arguments.until else None,
        subject_id if arguments.execution else "",
        subject_id if arguments.batch else "",
        arguments.status,
        (GIVEN_UP, DELIVERED) if arguments.delivered else (GIVEN_UP,),
    )
    return operator(account), wanted


def _show_endpoints(endpoints: Sequence[FailingEndpoint], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_endpoint_wire(one) for one in endpoints], indent=2))
        return
    if not endpoints:
        print("no endpoint fails")
    for one in endpoints:
        probe = f"; next probe {one.probe_at:%Y-%m-%d %H:%M:%S}" if one.probe_at else ""
        print(
            f"{one.endpoint}  account {one.organisation_id}  {one.state:7}  {one.failures} failed since"
            f" {one.failing_since:%Y-%m-%d %H:%M:%S}  {one.waiting} wait  {one.reason}{probe}"
        )


def _endpoint_wire(one: FailingEndpoint) -> dict[str, Any]:
    return {
        "endpoint": one.endpoint,
        "account": one.organisation_id,
        "state": one.state,
        "failures": one.failures,
        "failing_since": _time(one.failing_since),
        "last_failed_at": _time(one.failed_at),
        "last_reason": one.reason,
        "paused_at": _time(one.paused_at),
        "next_probe_at": _time(one.probe_at),
        "waiting": one.waiting,
    }


def _show(deliveries: list[Delivery], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_wire(one) for one in deliveries], indent=2))
        return
    if not deliveries:
        print("no webhooks match")
    for one in deliveries:
        print(
            f"{one.id}  {one.about} {one.subject_id}  {one.status:17}  {one.place}  {one.tries} failed  {one.state:9}"
            f"  {_then(one)}".rstrip()
        )


def _then(one: Delivery) -> str:
    """The last result, and when the next try comes."""
    if one.state != WAITING:
        return one.reason
    due = "after the one before" if one.due_at is None else f"{one.due_at:%Y-%m-%d %H:%M:%S}"
    return f"{one.reason}{'; ' if one.reason else ''}next try {due}"


def _wire(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        f"{one.about}_id": one.subject_id,
        "account": one.tenant_id,
        "event": one.status,
        "sequence": one.sequence,
        "host": one.place,
        "state": one.state,
        "failed_tries": one.tries,
        "http_status": one.http_status,
        "last_reason": one.reason or None,
        "next_try_at": _time(one.due_at),
        "created_at": _time(one.created_at),
        "settled_at": _time(one.settled_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
