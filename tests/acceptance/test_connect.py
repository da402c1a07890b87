"""``callwright connect`` for every carrier, on a real server: the vendors are stand-ins on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import exotel_vendor, telnyx_vendor, vonage_vendor
from tests.exotel_vendor import ExotelVendor
from tests.http_server import Exchange, serving
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.plivo_vendor import PlivoVendor, plivo_vendor
from tests.stream_place import OURS, THEIRS, Place, stream_place
from tests.telnyx_vendor import TelnyxVendor
from tests.twilio_vendor import TwilioVendor, twilio_vendor
from tests.vonage_vendor import VonageVendor

from callwright.cli import main
from callwright.ports.registry import Plugin
from callwright.telephony.exotel import PLUGINS as EXOTEL
from callwright.telephony.plivo import PLUGINS as PLIVO
from callwright.telephony.telnyx import PLUGINS as TELNYX
from callwright.telephony.twilio import PLUGINS as TWILIO
from callwright.telephony.vobiz import PLUGINS as VOBIZ
from callwright.telephony.vonage import PLUGINS as VONAGE

DIGITS, CALLED = OURS.removeprefix("+"), THEIRS.removeprefix("+")
VOBIZ_ID = "MA_0123ABCD"
PROFILE = {"outbound": {"outbound_voice_profile_id": "5"}, "application_name": "calls"}


@dataclass(frozen=True)
class Carrier:
    """A carrier, a stand-in whose account has the number and whose callees are busy, and the keys of the account."""

    plugins: tuple[Plugin, ...]
    vendor: Callable[[], AbstractAsyncContextManager[Any]]
    keys: Mapping[str, str]
    asked_at: Callable[[Any], str]
    """Where the stand-in would ask about a call to the number."""

    @property
    def name(self) -> str:
        return self.plugins[0].name

    def stored(self, url: str) -> dict[str, str]:
        prefix = self.name.upper()
        return {**self.keys, f"{prefix}_PHONE_NUMBER": OURS, f"{prefix}_API_URL": url}


def vobiz() -> PlivoVendor:
    return PlivoVendor(
        {CALLED: "busy"},
        account=VOBIZ_ID,
        credentials={"x-auth-id": VOBIZ_ID, "x-auth-token": TOKEN},
        header="X-Vobiz-Signature-V3",
        signs_address=True,
        numbers={DIGITS: ""},
    )


def application_of(vendor: PlivoVendor) -> str:
    return vendor.applications[vendor.numbers[DIGITS]]["answer_url"]


CARRIERS = {
    one.name: one
    for one in (
        Carrier(
            TWILIO, lambda: twilio_vendor(TwilioVendor(outcomes={THEIRS: "busy"}, numbers={OURS: {}})),
            {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}, lambda vendor: vendor.numbers[OURS]["voice_url"],
        ),
        Carrier(
            PLIVO, lambda: plivo_vendor(PlivoVendor({CALLED: "busy"}, numbers={DIGITS: ""})),
            {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}, application_of,
        ),
        Carrier(
            VOBIZ, lambda: plivo_vendor(vobiz()),
            {"VOBIZ_AUTH_ID": VOBIZ_ID, "VOBIZ_AUTH_TOKEN": TOKEN}, application_of,
        ),
        Carrier(
            TELNYX,
            lambda: telnyx_vendor.telnyx_vendor(
                TelnyxVendor(outcomes={THEIRS: "user_busy"}, numbers={OURS: ""}, application=dict(PROFILE))
            ),
            telnyx_vendor.KEYS, lambda vendor: vendor.application["webhook_event_url"],
        ),
        Carrier(
            EXOTEL, lambda: exotel_vendor.exotel_vendor(ExotelVendor(outcomes={THEIRS: "busy"}, numbers=[OURS])),
            exotel_vendor.KEYS, lambda vendor: "",
        ),
        Carrier(
            VONAGE, lambda: vonage_vendor.vonage_vendor(VonageVendor(outcomes={CALLED: "busy"}, numbers={DIGITS: {}})),
            {**vonage_vendor.KEYS, **vonage_vendor.ACCOUNT_KEYS},
            lambda vendor: vendor.application["capabilities"]["voice"]["webhooks"]["answer_url"]["address"],
        ),
    )
}  # fmt: skip


async def connected(place: Place, *more: str) -> int:
    """The command's exit code."""
    key = place.client.headers["Authorization"].removeprefix("Bearer ")
    return await asyncio.to_thread(main, ["connect", place.carrier, "--url", place.url, "--key", key, *more])


@pytest.mark.parametrize("name", CARRIERS)
async def test_a_carrier_is_connected_by_one_command(
    name: str, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier = CARRIERS[name]
    async with (
        carrier.vendor() as vendor,
        stream_place(dsn, tmp_path, carrier.plugins, carrier.stored(vendor.url)) as place,
    ):
        assert await connected(place) == 0
        told, asked_at = capsys.readouterr().out, carrier.asked_at(vendor)
        if name == "exotel":
            incoming = f"{place.url}/lines/exotel/incoming"
            assert (
                f"to do in Exotel's console, make a flow whose last step is a Voicebot applet, enter the URL {incoming}?"
                in told
            )
        else:
            assert f"ok    {name} asks about calls to {OURS} at {asked_at}" in told
            assert asked_at.startswith(f"{place.url}/lines/{name}/")
        assert "ok    this server answers at that address" in told
        assert "ok    a websocket reaches this server" in told
        assert f"ok    the agent {place.agent_id} answers {OURS}" in told
        # The test call is placed by the carrier, and its end is told.
        assert await connected(place, "--call", THEIRS, "--agent", place.agent_id) == 1
        assert len(vendor.phones) == 1
        assert "wrong the call ended as busy" in capsys.readouterr().out


@asynccontextmanager
async def proxy(upstream: list[str]) -> AsyncIterator[str]:
    """A proxy that passes on requests, and of a websocket's not what makes it one."""

    async def handler(exchange: Exchange) -> None:
        asked = exchange.request
        async with httpx.AsyncClient() as client:
            answer = await client.request(asked.method, upstream[0] + asked.target, content=asked.body)
        await exchange.answer(answer.status_code, answer.content)

    async with serving(handler) as server:
        yield server.url


async def test_a_proxy_that_does_not_pass_on_websockets_is_told(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier, upstream = CARRIERS["telnyx"], [""]
    async with (
        carrier.vendor() as vendor,
        proxy(upstream) as public_url,
        stream_place(dsn, tmp_path, carrier.plugins, carrier.stored(vendor.url), public_url) as place,
    ):
        upstream[0] = place.url
        assert await connected(place) == 1
        told = capsys.readouterr().out
    assert "ok    this server answers at that address" in told
    assert f"wrong a websocket to {public_url.replace('http', 'ws', 1)}/lines/telnyx/stream gets HTTP 4" in told
    assert "let the proxy pass on websockets" in told


async def test_a_test_call_by_another_carrier_is_no_test_of_this_one(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    carrier, other = CARRIERS["plivo"], CARRIERS["twilio"]
    async with carrier.vendor() as vendor, other.vendor() as others:
        keys = {**carrier.stored(vendor.url), **other.stored(others.url)}
        async with stream_place(dsn, tmp_path, (*other.plugins, *carrier.plugins), keys) as place:
            place.carrier = "plivo"
            assert await connected(place, "--call", THEIRS, "--agent", place.agent_id) == 1
    assert "wrong it went by twilio: give the agent the telephony_provider plivo" in capsys.readouterr().out
