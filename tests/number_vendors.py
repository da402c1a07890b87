"""Stand-ins of the carriers that rent numbers: small servers on loopback that answer as the vendors' pages say, with a stock of numbers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_server import Exchange, LocalServer, serving

from callwright.media.wav import write_wav

SID = "AC" + "0123456789abcdef" * 2
AUTH_ID = "MA" + "0123456789ABCDEFGH"
TOKEN = "t0ken-of-the-carrier-account"
TALK_SECONDS = 3
"""How long the target of a transfer talked, as a stand-in reports."""
TALK_WAV = write_wav(bytes(range(256)) * (TALK_SECONDS * 125), channels=2)
"""A vendor's recording of such a talk."""


async def at_once() -> None:
    """A target that hangs up at once."""


@dataclass
class Vendor:
    """What a stand-in has and how it behaves. ``fail``: method -> what happens instead of a good answer: a status and nothing done, or it
    is done and then the connection breaks off (``lose``) or nothing more comes (``silent``), or it was done just before (``late``).
    ``unlisted``: what the list of numbers lacks; ``goes``: what is given back at the vendor once a page of the list was read;
    ``wait``: method -> where its requests meet before they are answered."""

    stock: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    fail: dict[str, Any] = field(default_factory=dict)
    server: LocalServer | None = None
    page: int = 2
    unlisted: list[str] = field(default_factory=list)
    goes: list[str] = field(default_factory=list)
    wait: dict[str, asyncio.Barrier] = field(default_factory=dict)
    silenced: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def rent(self, number: str) -> str:
        """The id of a number that was just rented."""
        self.stock.remove(number)
        sid = f"PN{len(self.held):032x}"
        self.held[number] = sid
        return sid

    def asked(self, method: str) -> list[str]:
        """The targets of the requests of a method."""
        assert self.server is not None
        return [request.target for request in self.server.requests if request.method == method]

    async def refused(self, exchange: Exchange, user: str) -> bool:
        """Whether the request was answered with an error already."""
        method = exchange.request.method
        if method in self.wait:
            await self.wait[method].wait()
        good = "Basic " + base64.b64encode(f"{user}:{TOKEN}".encode()).decode()
        if exchange.request.headers.get("authorization") != good:
            await say(exchange, 401, {"code": 20003, "message": f"Authenticate {user}", "status": 401})
        elif isinstance(self.fail.get(method), int):
            await say(exchange, self.fail[method], {"message": f"no luck for {user}", "error": f"no luck for {user}"})
        else:
            return False
        return True

    async def answer(self, exchange: Exchange, status: int, body: Any) -> None:
        """A good answer, unless it is to be lost."""
        if self.fail.get(exchange.request.method) == "lose":
            await exchange.break_off()
        elif self.fail.get(exchange.request.method) == "silent":
            self.silenced.set()
            await asyncio.sleep(60)
        else:
            await say(exchange, status, body)


async def send_recording(exchange: Exchange, wav: bytes, goes_on: Callable[[], Awaitable[object]] = at_once) -> None:
    """A sound file; the second half of it once ``goes_on`` returns. 404 for an empty one."""
    if not wav:
        await say(exchange, 404, {"message": "not found"})
        return
    exchange.head(200, content_length=str(len(wav)), content_type="audio/x-wav")
    await exchange.write(wav[: len(wav) // 2])
    await goes_on()
    await exchange.write(wav[len(wav) // 2 :])


async def say(exchange: Exchange, status: int, body: Any) -> None:
    """An answer in JSON; none for a body of None."""
    await exchange.answer(status, b"" if body is None else json.dumps(body).encode(), content_type="application/json")


@asynccontextmanager
async def twilio(vendor: Vendor) -> AsyncIterator[Vendor]:
    """A stand-in of Twilio: both its APIs on one port."""
    base = f"/2010-04-01/Accounts/{SID}"

    def resource(number: str, sid: str) -> dict[str, Any]:
        can = {"voice": number[-1] != "0", "sms": True}
        return {"sid": sid, "account_sid": SID, "phone_number": number, "friendly_name": number, "capabilities": can}

    async def handler(exchange: Exchange) -> None:
        if await vendor.refused(exchange, SID):
            return
        request, parts = exchange.request, urlsplit(exchange.request.target)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/v1/PhoneNumbers/Countries/"):
            prices = [
                {"number_type": kind, "base_price": "9.00", "current_price": price} for kind, price in PRICES.items()
            ]
            await say(exchange, 200, {"iso_country": "US", "price_unit": "USD", "phone_number_prices": prices})
        elif parts.path.startswith(f"{base}/AvailablePhoneNumbers/US/Local.json"):
            begin = "+1" + asked["AreaCode"] if "AreaCode" in asked else asked.get("Contains", "+")
            found = [
                {"phone_number": number, "friendly_name": f"({number[2:5]})", "region": "CA", "locality": "Oakland"}
                for number in vendor.stock
                if number.startswith(begin)
            ]
            await say(exchange, 200, {"available_phone_numbers": found})
        elif parts.path == f"{base}/IncomingPhoneNumbers.json" and request.method == "POST":
            number = parse_qs(request.body.decode())["PhoneNumber"][0]
            if vendor.fail.get("POST") == "late":
                vendor.rent(number)
            if number not in vendor.stock:
                await say(exchange, 400, {"code": 21422, "message": f"{number} is not available to {SID}"})
            else:
                await vendor.answer(exchange, 201, resource(number, vendor.rent(number)))
        elif parts.path == f"{base}/IncomingPhoneNumbers.json":
            wanted, page = asked.get("PhoneNumber"), int(asked.get("Page", "0"))
            found = [resource(*one) for one in vendor.held.items() if wanted in (None, one[0])]
            if wanted is None:
                found = [one for one in found if one["phone_number"] not in vendor.unlisted]
            shown = found[page * vendor.page : (page + 1) * vendor.page]
            following = f"{base}/IncomingPhoneNumbers.json?PageSize=2&Page={page + 1}&PageToken=x"
            more = following if len(found) > (page + 1) * vendor.page else None
            await say(exchange, 200, {"incoming_phone_numbers": shown, "next_page_uri": more})
        elif request.method == "DELETE" and parts.path.removesuffix(".json").rsplit("/", 1)[-1] in vendor.held.values():
            sid = parts.path.removesuffix(".json").rsplit("/", 1)[-1]
            vendor.held = {number: one for number, one in vendor.held.items() if one != sid}
            await vendor.answer(exchange, 204, None)
        else:
            await say(exchange, 404, {"code": 20404, "message": f"{parts.path} was not found", "status": 404})

    async with serving(handler) as vendor.server:
        yield vendor


PRICES = {"local": "1.15", "toll free": "2.15"}


@asynccontextmanager
async def plivo(vendor: Vendor) -> AsyncIterator[Vendor]:
    """A stand-in of Plivo."""
    base = f"/v1/Account/{AUTH_ID}"

    async def handler(exchange: Exchange) -> None:
        if await vendor.refused(exchange, AUTH_ID):
            return
        request, parts = exchange.request, urlsplit(exchange.request.target)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        last = "+" + parts.path.rstrip("/").rsplit("/", 1)[-1]
        if parts.path == f"{base}/PhoneNumber/":
            begin = {"US": "+1", "IN": "+91"}[asked["country_iso"]] + asked.get("pattern", "")
            found = [
                {"number": number[1:], "region": "Karnataka", "city": "BENGALURU", "monthly_rental_rate": "0.80500"}
                for number in vendor.stock
                if number.startswith(begin)
            ]
            await say(exchange, 200, {"meta": {}, "objects": found})
        elif parts.path.startswith(f"{base}/PhoneNumber/"):
            if last not in vendor.stock:
                await say(exchange, 400, {"error": f"{last} is not available"})
            else:
                vendor.rent(last)
                numbers = [{"number": last[1:], "status": vendor.fail.get("status", "Success")}]
                await vendor.answer(exchange, 201, {"message": "created", "numbers": numbers})
        elif parts.path == f"{base}/Number/":
            at = int(asked["offset"])
            found = [listed(number) for number in vendor.held]
            more = "more" if len(found) > at + int(asked["limit"]) else None
            meta = {"next": more, "total_count": len(found)}
            await say(exchange, 200, {"meta": meta, "objects": found[at : at + int(asked["limit"])]})
            for number in vendor.goes:
                vendor.held.pop(number, None)
        elif last not in vendor.held:
            await say(exchange, 404, {"error": "not found"})
        elif request.method == "GET":
            await say(exchange, 200, listed(last))
        else:
            del vendor.held[last]
            await vendor.answer(exchange, 204, None)

    def listed(number: str) -> dict[str, Any]:
        return {"number": number[1:], "alias": None, "monthly_rental_rate": "0.80000", "voice_enabled": True}

    async with serving(handler) as vendor.server:
        yield vendor
