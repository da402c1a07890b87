"""The carrier contract over media websockets: real doors and websockets on loopback, and a stand-in of the vendor at the other end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.contract.test_plugins import TESTED
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.plivo_vendor import PlivoVendor, plivo_vendor
from tests.twilio_vendor import TwilioVendor, twilio_vendor

from callwright.api.doors import Doors
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.provider_access import Access
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.ports.leg import DialRequest, Leg, LegListener
from callwright.ports.registry import PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.plivo import PLUGINS as PLIVO
from callwright.telephony.twilio import PLUGINS as TWILIO
from callwright.testing import CarrierContract


def to(number: str, call: str = "e1.1") -> DialRequest:
    return DialRequest(call, number, "", 20)


class AtStandIn:
    """A carrier whose calls have an account at the stand-in."""

    def __init__(self, carrier: StreamCarrier, keys: Mapping[str, str]) -> None:
        self.name, self.doors, self.open, self.aclose = carrier.name, carrier.doors, carrier.open, carrier.aclose
        self._carrier = carrier
        self._access = Access(keys)

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        return await self._carrier.dial(replace(request, access=self._access), listener)


class StreamContract(CarrierContract):
    """The suite with the calls that every stand-in knows."""

    answers, second = to("+15550199"), to("+15550199", "e2.1")
    rings, refused, impossible = to("+15550111"), to("+15550122"), to("+15550000")

    def opened(self) -> AbstractAsyncContextManager[AtStandIn]:
        return self._at_stand_in()

    @abstractmethod
    def stand_in(self) -> AbstractAsyncContextManager[Any]:
        """The vendor."""

    @abstractmethod
    def keys(self, url: str) -> Mapping[str, str]:
        """The keys of an account there."""

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[AtStandIn]:
        listener = bind("127.0.0.1", 0)
        doors = Doors(url_of(listener), RandomIds(), SystemClock())
        async with (
            self.stand_in() as vendor,
            GuardedClient(allow_private=True) as client,
            http_server(doors, listener),
        ):
            context = PluginContext({}, self.models_folder, http=client, doors=doors)
            carrier = AtStandIn(self.plugin.factory(context), self.keys(vendor.url))
            doors.mount(self.plugin.name, carrier.doors())
            yield carrier
            await carrier.aclose()


class TestTwilio(StreamContract):
    plugin = TWILIO[0]

    def stand_in(self) -> AbstractAsyncContextManager[TwilioVendor]:
        return twilio_vendor(TwilioVendor(outcomes={"+15550111": "rings", "+15550122": "busy"}))

    def keys(self, url: str) -> Mapping[str, str]:
        account = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}
        return {**account, "TWILIO_PHONE_NUMBER": "+15550100", "TWILIO_API_URL": url}


class TestPlivo(StreamContract):
    plugin = PLIVO[0]

    def stand_in(self) -> AbstractAsyncContextManager[PlivoVendor]:
        return plivo_vendor(PlivoVendor(outcomes={"15550111": "rings", "15550122": "busy"}))

    def keys(self, url: str) -> Mapping[str, str]:
        account = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}
        return {**account, "PLIVO_PHONE_NUMBER": "+15550100", "PLIVO_API_URL": url}


def test_the_suite_of_plugins_counts_these() -> None:
    assert {("carrier", "twilio"), ("carrier", "plivo")} <= TESTED
