"""Looking up who calls: the data of a caller from the agent's own source (contract 12.1), in bounded time and size.

Whatever goes wrong is a note and no data: a caller is not made to wait for, or turned away because of, a list that cannot be read; only an
agent that takes known callers alone takes none then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

from callwright.call.live.web_tools import Reply, Sender
from callwright.domain.errors import BadInputError, BlockedUrlError, UnavailableError
from callwright.domain.limits import CALLER_LOOKUP_SECONDS, MAX_USER_DATA_BYTES, MAX_WEB_ANSWER_BYTES
from callwright.platform.agents.rules.callers import API, CSV, CallerSource
from callwright.platform.contact_files.rules import find_contact
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger

_SHEET_HOST = "docs.google.com"
_MOST_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_NOBODY = frozenset({204, 404})
_UNREADABLE = "its address, or the one it sends to, cannot be read"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a caller. ``data`` is empty when nothing is; ``problem`` says why nothing could be learnt, empty when the source
    was read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def known(self) -> bool:
        """Whether the source has this caller."""
        return bool(self.data)


class CallerLookup:
    """Looks callers up. ``sender`` is the guarded client."""

    def __init__(self, sender: Sender, ledger: Ledger) -> None:
        self._sender = sender
        self._ledger = ledger

    async def find(self, source: CallerSource, wanted: str, execution: Execution) -> Found:
        """What ``source`` knows of ``wanted``, the number of a caller or what stands for it. Raises nothing but cancellation."""
        try:
            async with asyncio.timeout(CALLER_LOOKUP_SECONDS):
                data = await self._find(source, wanted, execution)
        except TimeoutError:
            return Found(problem=f"no answer within {CALLER_LOOKUP_SECONDS} seconds")
        except (BadInputError, UnavailableError) as error:
            return Found(problem=error.message)
        size = len(msgspec.json.encode(data))
        if size > MAX_USER_DATA_BYTES:
            return Found(problem=f"what it knows of the caller is {size} bytes of JSON, at most {MAX_USER_DATA_BYTES}")
        return Found(data)

    async def _find(self, source: CallerSource, wanted: str, execution: Execution) -> Mapping[str, Any]:
        if source.kind == API:
            return await self._ask(source, wanted, execution)
        if source.kind == CSV and not source.url:
            return await self._in_file(source.name, wanted, execution.tenant_id)
        return await self._in_sheet(source, wanted)

    async def _in_file(self, name: str, wanted: str, tenant_id: str) -> Mapping[str, Any]:
        async with self._ledger.unit() as unit:
            if await unit.contact_files.get(tenant_id, name) is None:
                raise BadInputError(f"there is no file of contacts named {name!r}")
            return await unit.contact_files.find(tenant_id, name, wanted) or {}

    async def _ask(self, source: CallerSource, wanted: str, execution: Execution) -> Mapping[str, Any]:
        headers = {"accept": "application/json"}
        if source.token:
            headers["authorization"] = f"Bearer {source.token}"
        reply = await self._get(question(source.url, wanted, execution), headers)
        if reply.status in _NOBODY:
            return {}
        try:
            data = msgspec.json.decode(_whole(reply)) if reply.body.strip() else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadInputError("its answer is not JSON") from None
        if not isinstance(data, Mapping):
            raise BadInputError("its answer is not a JSON object")
        return data

    async def _in_sheet(self, source: CallerSource, wanted: str) -> Mapping[str, Any]:
        reply = await self._get(sheet_address(source.url, source.name), {"accept": "text/csv"})
        if "text/html" in reply.headers.get("content-type", ""):
            raise BadInputError(
                "it answers with a web page, not with CSV: share the sheet with everybody who has the link"
            )
        text = _whole(reply).decode("utf-8-sig", "replace")
        # A whole sheet takes long enough to read for every other call to be late.
        return await asyncio.to_thread(find_contact, text, wanted) or {}

    async def _get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """The answer, after a few redirects; the token goes only where it was meant for. Raises BadInputError or UnavailableError
        whose words hold nothing of the address."""
        meant = _parts(url)[:2]
        for _ in range(_MOST_REDIRECTS + 1):
            same = _parts(url)[:2] == meant
            sent = headers if same else {name: value for name, value in headers.items() if name != "authorization"}
            try:
                reply = await self._sender.send("GET", url, headers=sent, body=b"", timeout_s=CALLER_LOOKUP_SECONDS)
            except BlockedUrlError as error:
                raise BadInputError(f"its address is blocked by the policy for outbound URLs. {error.hint}") from None
            where = reply.headers.get("location", "")
            if reply.status not in _MOVED or not where:
                break
            url = _joined(url, where)
        if not (200 <= reply.status < 300 or reply.status in _NOBODY):
            raise BadInputError(f"it answers with HTTP {reply.status}")
        return reply


def _whole(reply: Reply) -> bytes:
    if len(reply.body) >= MAX_WEB_ANSWER_BYTES:
        raise BadInputError(f"its answer is larger than {MAX_WEB_ANSWER_BYTES} bytes")
    return reply.body


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise BadInputError(_UNREADABLE) from None


def _joined(url: str, where: str) -> str:
    """Where an answer sends to. What it says is its own: it need not be an address."""
    try:
        return urljoin(url, where)
    except ValueError:
        raise BadInputError(_UNREADABLE) from None


def question(url: str, wanted: str, execution: Execution) -> str:
    """``source_url`` with what is asked for; what it has of its own stays. Raises BadInputError for what is no address."""
    parts = _parts(url)
    asked = {"contact_number": wanted, "agent_id": execution.agent_id, "execution_id": execution.id}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in asked]
    return urlunsplit(parts._replace(query=urlencode([*kept, *asked.items()]), fragment=""))


def sheet_address(url: str, tab: str) -> str:
    """Where a sheet is read as CSV: a Google sheet by its own export, anything else is taken to be CSV itself. Raises BadInputError for
    what is no address."""
    parts = _parts(url)
    pieces = parts.path.split("/")
    if parts.hostname != _SHEET_HOST or pieces[1:3] != ["spreadsheets", "d"] or len(pieces) < 4 or pieces[3] == "e":
        return url
    address = f"https://{_SHEET_HOST}/spreadsheets/d/{pieces[3]}/gviz/tq?tqx=out:csv"
    return f"{address}&sheet={quote(tab, safe='')}" if tab else address
