"""Looking a caller up while other calls go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from tests.rows import execution_row

from callwright.call.live.caller_lookup import CallerLookup, Found
from callwright.platform.agents.rules.callers import CallerSource
from callwright.platform.ledger import Ledger


@dataclass
class Sheet:
    """A web server's answer, and the server that gives it at once."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Sheet:
        return self


class Others:
    """The other calls of the process: they want a turn of the loop each."""

    def __init__(self) -> None:
        self.turns = 0

    async def go_on(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def test_other_calls_go_on_while_a_sheet_is_read() -> None:
    rows = "".join(f"+1555{n:07},somebody\n" for n in range(30_000))
    sheet = Sheet(f"contact_number,name\n{rows}+15550123,Ann\n".encode())
    others = Others()
    going_on = asyncio.create_task(others.go_on())

    source = CallerSource("google_sheet", "https://sheets.example/published.csv")
    found = await CallerLookup(sheet, cast(Ledger, None)).find(source, "+15550123", execution_row())

    going_on.cancel()
    assert found == Found({"contact_number": "+15550123", "name": "Ann"})
    assert others.turns > 0
