"""Vonage's APIs for the applications and numbers of an account, as their pages and its Python client say (read in 2026):

- https://developer.vonage.com/en/api/application.v2: where the calls of an application are asked about
- https://developer.vonage.com/en/api/numbers: the numbers of an account, and which application each has

They ask for the account's key and secret. They have no regions: those of the API for calls are at addresses of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.registry import HttpClient
from callwright.telephony.media_streams.vendor import Route
from callwright.telephony.number_markets.rest import CarrierApi

NAME = "vonage"
API_URL = "VONAGE_API_URL"
API, NUMBERS_API = "https://api.nexmo.com", "https://rest.nexmo.com"
KEYS = ("VONAGE_API_KEY", "VONAGE_API_SECRET")

_KEY = "[A-Za-z0-9]{1,64}"
REGIONS = (".nexmo.com", ".vonage.com")
_FORWARDS = ("sip", "tel")
"""Ways of a number that its application does not come before."""
_FORWARDED = "in Vonage's dashboard, remove the forwarding of {number} to {target}: its calls go there, and not to the application"


def without_region(access: Access, otherwise: str) -> str:
    """Where an API without regions is: at VONAGE_API_URL unless that is a region, since a stand-in answers for all APIs."""
    stored = access.keys.get(API_URL, "")
    host = urlsplit(stored).hostname or ""
    return stored if host and not host.endswith(REGIONS) else otherwise


def account_api(sender: HttpClient, otherwise: str = NUMBERS_API) -> CarrierApi:
    """Requests with the account's key and secret."""
    return CarrierApi(sender, NAME, KEYS, _KEY, partial(without_region, otherwise=otherwise))


class VonageRoutes:
    """Has calls to numbers asked about at an application's webhooks."""

    def __init__(self, sender: HttpClient) -> None:
        self._numbers = account_api(sender)
        self._applications = account_api(sender, API)

    async def route(self, access: Access, application_id: str, number: str, address: str, events: str) -> Route:
        """Give the application its webhooks, and the number the application. Raises ProviderError."""
        found = await self._number(access, number)
        account = self._applications.account(access)
        url = f"{account.api}/v2/applications/{application_id}"
        application = await self._applications.ask(account, "GET", url, missing=True)
        if application is None:
            why = "VONAGE_APPLICATION_ID is the id of no application of the account of VONAGE_API_KEY"
            raise self._applications.error(FailureKind.BAD_REQUEST, why)
        wanted, replaced = _with_webhooks(application, address, events), []
        if _inside(wanted, "capabilities", "voice") != _inside(application, "capabilities", "voice"):
            await self._applications.ask(account, "PUT", url, json=wanted)
            replaced.append(_answer_url(application))
        if found.get("app_id") != application_id or _forwarded_to(found):
            replaced.append(_forwarded_to(found) or str(found.get("app_id") or ""))
            await self._link(access, found, application_id)
            found = await self._number(access, number)
        target = _forwarded_to(found)
        by_hand = _FORWARDED.format(number=number, target=target) if target else ""
        return Route.replacing(replaced, by_hand) if replaced else Route(address, by_hand=by_hand)

    async def _number(self, access: Access, number: str) -> Mapping[str, Any]:
        account, digits = self._numbers.account(access), number.removeprefix("+")
        query = urlencode({"pattern": digits, "search_pattern": "0"})
        listed = await self._numbers.ask(account, "GET", f"{account.api}/account/numbers?{query}") or {}
        # A list without numbers has no member of that name.
        numbers = self._numbers.objects({"numbers": [], **listed}, "numbers")
        found = next((one for one in numbers if one.get("msisdn") == digits), None)
        if found is None:
            raise self._numbers.error(FailureKind.BAD_REQUEST, f"the account does not have the number {number}")
        return found

    async def _link(self, access: Access, number: Mapping[str, Any], application_id: str) -> None:
        """What is not given again is taken off the number: a forwarding is to go, a webhook for messages is to stay."""
        form = {"country": str(number.get("country")), "msisdn": str(number["msisdn"]), "app_id": application_id}
        if isinstance(number.get("moHttpUrl"), str):
            form["moHttpUrl"] = number["moHttpUrl"]
        account = self._numbers.account(access)
        await self._numbers.ask(account, "POST", f"{account.api}/number/update", form)


def _forwarded_to(number: Mapping[str, Any]) -> str:
    """The telephone or SIP address that calls to a number go to, empty where its application has them."""
    return str(number.get("voiceCallbackValue") or "") if number.get("voiceCallbackType") in _FORWARDS else ""


def _inside(found: Any, *names: str) -> Mapping[str, Any]:
    """An object within an object, empty where there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _answer_url(application: Mapping[str, Any]) -> str:
    return str(_inside(application, "capabilities", "voice", "webhooks", "answer_url").get("address") or "")


def _with_webhooks(application: Mapping[str, Any], address: str, events: str) -> dict[str, Any]:
    """The whole application as it is to be, since what is left out is lost: with our webhooks, which are signed, and its own key."""
    capabilities = dict(_inside(application, "capabilities"))
    if "verify" in capabilities:
        # It shows a version that it does not take back.
        capabilities["verify"] = {name: at for name, at in _inside(capabilities, "verify").items() if name != "version"}
    voice = _inside(capabilities, "voice")
    webhooks = dict(_inside(voice, "webhooks"))
    for name, at in (("answer_url", address), ("event_url", events)):
        webhooks[name] = {**_inside(webhooks, name), "address": at, "http_method": "POST"}
    wanted = {name: application[name] for name in ("name", "privacy") if name in application}
    key = _inside(application, "keys").get("public_key")
    if key:
        wanted["keys"] = {"public_key": key}
    return {
        "name": NAME,
        **wanted,
        "capabilities": {**capabilities, "voice": {**voice, "webhooks": webhooks, "signed_callbacks": True}},
    }
