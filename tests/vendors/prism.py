"""Our requests to Twilio, judged by Twilio's own OpenAPI behind Prism, which refuses what the description does not have.

    make prism

Prism and the description come from npm. Left out are StatusCallbackEvent, because Prism misreads fields that are sent several times, and
empty ids, which take an application or a trunk off a number: Twilio's page has them, its description has not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2 as httpx
from tests.number_vendors import SID, TOKEN
from tests.waiting import until

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import ProviderError
from callwright.telephony.media_streams.vendor import Handover, Order, VendorAccount
from callwright.telephony.number_markets.twilio import TwilioMarket
from callwright.telephony.twilio.vendor import TwilioCalls

HOST = "127.0.0.1"
_START_SECONDS = 60
_CALL, _OTHER_CALL = "CA" + "1" * 32, "CA" + "2" * 32
_NUMBER, _NUMBER_SID = "+15550100", "PN" + "1" * 32
_PRICING = "/v1/PhoneNumbers/Countries/"
_PRICES = b'{"price_unit": "USD", "phone_number_prices": [{"number_type": "local", "current_price": "1.00"}]}'


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Prism."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """``ports.registry.HttpClient`` that keeps what was asked and how it was answered."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, str]] = []
        self.last = b""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Send a request, without the fields that are not judged."""
        if _PRICING in url:
            return Answer(200, {}, _PRICES)
        form = [one for one in parse_qsl(body.decode()) if one[0] != "StatusCallbackEvent"]
        once = urlencode(form).encode()
        async with httpx.AsyncClient(trust_env=False, timeout=timeout_s) as client:
            got = await client.request(method, url, headers=dict(headers), content=once)
        fault = "" if got.is_success else got.text[:500]
        self.last = got.content
        self.told.append((f"{method} {urlsplit(url).path}", got.status_code, fault))
        return Answer(got.status_code, dict(got.headers), got.content)


async def judged(port: int) -> list[tuple[str, int, str]]:
    """Every request that carrier and market make, but for that of prices, and one that must be refused."""
    client = Client()
    access = Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN})
    calls, account = TwilioCalls(client), VendorAccount(SID, f"http://{HOST}:{port}", access)
    order = Order("+15550155", _NUMBER, 25, "https://a.example/i", "https://a.example/s", "https://a.example/m")
    handover = Handover("+15550155", _NUMBER, 25, "", "https://a.example/t", "https://a.example/r")
    await calls.place(account, order)
    await calls.hang_up(account, _CALL)
    await calls.hand_over(account, _CALL, handover)
    await calls.bridge(account, _CALL, replace(handover, target=_OTHER_CALL, conference="0" * 64))
    # Its list has the number of an example, which is not ours.
    with suppress(ProviderError):
        await calls.route_number(account, _NUMBER, "https://a.example/incoming", "https://a.example/events")
    listed = json.loads(client.last)["incoming_phone_numbers"][0]["phone_number"]
    with suppress(ProviderError):
        await calls.route_number(account, listed, "https://a.example/incoming", "https://a.example/events")
    market = TwilioMarket(client, account.api)
    for asked in (
        market.search(access, "US", "415"),
        market.search(access, "US", "41"),
        market.rent(access, _NUMBER),
        market.find(access, _NUMBER),
        anext(market.held(access)),
        market.give_back(access, _NUMBER_SID),
    ):
        with suppress(ProviderError):
            await asked
    url = f"{account.api}/2010-04-01/Accounts/{SID}/Calls/{_CALL}.json"
    headers = {"authorization": "Basic eDp5", "content-type": "application/x-www-form-urlencoded"}
    await client.send("POST", url, headers=headers, body=b"Status=finished", timeout_s=10)
    return client.told


async def main(prism: Path, description: Path) -> int:
    """0 when the requests were taken and the wrong one was not."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    command = [str(prism), "mock", str(description), "--host", HOST, "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    try:
        await until(lambda: _answers(process, port), _START_SECONDS)
        told = await judged(port)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    lines = [f"{status} {asked} {fault}".rstrip() for asked, status, fault in told]
    *ours, wrong = (status for _, status, _ in told)
    well = all(status < 300 for status in ours) and wrong == 422
    sys.stdout.write("\n".join((*lines, "accepted" if well else "NOT ACCEPTED", "")))
    return 0 if well else 1


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    if process.returncode is not None:
        raise ChildProcessError(f"Prism ended with {process.returncode}: its own words are above")
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]))))
