"""Which endpoint a call's model is at and with whose key: the organisation's own before the server's settings.

A key of the settings only ever goes to the endpoint of the settings, a vendor's key only to the vendor's address or to the one that is
stored beside it as a provider key: never to an address that an agent names. An endpoint that a tenant chose is reached through the guarded
client; the one of the settings is not: who may set it may reach it anyway.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2 as httpx

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_ENDPOINT_CLIENTS
from callwright.domain.provider_table import EFFORTS, MODEL_ADDRESSES, RESPONSES_MODELS, bare_model
from callwright.domain.settings.provider_option import read_options
from callwright.net.client import StreamClient
from callwright.platform.agents.rules.availability import LackKind
from callwright.ports.failures import FailureKind, MissingError, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ModelSettings
from callwright.ports.registry import PluginContext
from callwright.providers.openai_compatible.endpoint import NAME_SETTING, SETTING, URL_SETTING, Endpoint
from callwright.providers.openai_compatible.provider_table import CUSTOM, RESPONSES, Vendor

if TYPE_CHECKING:
    from callwright.providers.openai_compatible.model import OpenAICompatibleModel

_PLACE = "llm_config"
_MODEL_OF_AGENT = f"{_PLACE}.model of the agent"
_PRESENT_VERSIONS = ("", "v1", "latest", "preview")


class EndpointModels:
    """``ports.model.Model`` for one vendor: every call at its own endpoint, with its own key."""

    def __init__(self, vendor: Vendor, context: PluginContext, client: httpx.AsyncClient | None = None) -> None:
        """``client``: what every request goes through, instead of a guarded client of its own."""
        self.name = vendor.name
        self._vendor = vendor
        self._settings = context.settings
        self._http = StreamClient(context.settings, client)
        self._models: OrderedDict[Endpoint, OpenAICompatibleModel] = OrderedDict()

    def check(self, settings: ModelSettings) -> None:
        """Raises ProviderError when a call with these settings could not ask at all: it should not be placed then."""
        self.endpoint_of(settings)
        if importlib.util.find_spec("openai") is None:
            raise MissingError(
                LackKind.NO_EXTRA, self.name, "lacks the packages of the extra cloud", "pip install 'callwright[cloud]'"
            )

    def billed_model(self, settings: ModelSettings) -> str:
        """See ``ports.billing.NamesBilledModel``. Empty where the endpoint's only model is asked, whatever its name is."""
        base_url = self._own_address(settings) or self._vendor.base_url or self._operator
        default_model = self._settings.get("model_name", "") if base_url == self._operator else ""
        return self._model(settings) or default_model

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        asked = self._asked(request.settings)
        model = await self.client_for(request.settings)
        async for delta in model.answer(replace(request, settings=asked)):
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Load the client library, and learn the model's name where nobody gave one. Endpoints keep their own prompt caches; a request only
        to fill them would cost money."""
        if importlib.util.find_spec("openai") is not None:
            await _library()
            # What is wrong now may be right by the first question; if not, its answer says so.
            with suppress(ProviderError):
                model = await self.client_for(request.settings)
                await model.warm(request)

    async def probe(self, settings: ModelSettings) -> str:
        """Ask the endpoint of these settings for its list of models, which costs nothing (``ports.model.RemoteModel``)."""
        self.check(settings)
        model = await self.client_for(settings)
        return await model.probe(self._asked(settings).model)

    def host(self, settings: ModelSettings) -> str:
        """Host and port of the endpoint of these settings, without anything secret (``ports.model.RemoteModel``)."""
        try:
            parts = urlsplit(self.endpoint_of(settings).base_url)
            return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname or "")
        except (ProviderError, ValueError):
            return ""

    async def aclose(self) -> None:
        """Close all connections."""
        while self._models:
            await self._models.popitem()[1].aclose()
        await self._http.aclose()

    @property
    def _operator(self) -> str:
        """The endpoint of the settings."""
        return self._settings.get("model_base_url", "").rstrip("/")

    def endpoint_of(self, settings: ModelSettings) -> Endpoint:
        """Where a call with these settings asks, and with whose key. Raises ProviderError when it could not."""
        vendor, keys = self._vendor, settings.access.keys
        own = self._own_address(settings)
        base_url = own or vendor.base_url or self._operator
        if not base_url:
            raise self._nowhere()
        name = next((name for name in keys if name not in vendor.settings_keys), "")
        key, key_from = keys.get(name, ""), f"the provider key {name}" if name else _no_key(settings)
        default_model = keys.get(vendor.model_key, "")
        if base_url == self._operator:
            default_model = default_model or self._settings.get("model_name", "")
            if not key:
                key, key_from = self._settings.get("model_api_key", ""), SETTING
        elif not key and vendor is not CUSTOM:
            raise MissingError(LackKind.NO_KEY, self.name, "has no key", _store(vendor.keys[-1]))
        is_operators = base_url == self._operator
        return Endpoint(
            base_url,
            key,
            default_model,
            self.name,
            key_from,
            vendor.is_openai,
            URL_SETTING if is_operators else self._address_from(settings) if own else "",
            NAME_SETTING if is_operators else _MODEL_OF_AGENT,
            self._version(settings),
            vendor.lists_models,
        )

    def _version(self, settings: ModelSettings) -> str:
        """The version of the older addresses of a vendor that has them, empty for the present ones."""
        stored = settings.access.keys.get(self._vendor.version_key, "").strip()
        return "" if stored.lower() in _PRESENT_VERSIONS else stored

    def _own_address(self, settings: ModelSettings) -> str:
        """The endpoint the tenant chose. Agents of the hosted service carry another vendor's address as a default: that is no choice.
        Raises ProviderError for an address beside a vendor that is not one of a vendor."""
        vendor, access = self._vendor, settings.access
        address = access.keys.get(vendor.address_key, "").rstrip("/")
        if address:
            address = address.removesuffix(vendor.path)
            return address + (vendor.path.rpartition("/")[0] if self._version(settings) else vendor.path)
        if vendor is CUSTOM:
            return access.base_url.rstrip("/")
        chosen = (access.refused_url or access.base_url).rstrip("/")
        if chosen and chosen not in MODEL_ADDRESSES.values():
            raise self._wrong(self._not_there())
        return ""

    def _address_from(self, settings: ModelSettings) -> str:
        """In an error, where the tenant's own address is from."""
        stored = self._vendor.address_key
        return f"the provider key {stored}" if settings.access.keys.get(stored) else "base_url of the agent"

    def _not_there(self) -> str:
        stored = self._vendor.address_key
        other = f"store the address as the provider key {stored}" if stored else "leave base_url out"
        return (
            f"base_url of the agent is no address of {self.name}, whose key goes nowhere else; {other}, or use the provider custom"
            " with the provider key CUSTOM"
        )

    def _nowhere(self) -> MissingError:
        remedy = "name one in base_url of the agent or with POST /user/model/custom, or set CALLWRIGHT_MODEL_BASE_URL"
        if self._vendor.address_key:
            remedy = _store(self._vendor.address_key)
        return MissingError(LackKind.NO_ADDRESS, self.name, "has no endpoint", remedy)

    def _asked(self, settings: ModelSettings) -> ModelSettings:
        """The settings as the vendor wants them: a model that thinks first would think away the time of a call unless told not to, and
        what a vendor or model does not know it refuses with the whole request. Raises ProviderError."""
        vendor, model = self._vendor, self._model(settings)
        bare = bare_model(model)
        try:
            options = read_options(vendor.options, bare, Fields(settings.options, _PLACE))
        except InvalidAgentError as error:
            raise self._wrong(error.message) from None
        efforts = EFFORTS.get(bare) if vendor.lowest_effort else None
        if efforts:
            options.setdefault("reasoning_effort", efforts[0])
        if vendor.is_openai and bare.startswith(RESPONSES_MODELS):
            options[RESPONSES] = True
        return replace(settings, model=model, options=options)

    def _model(self, settings: ModelSettings) -> str:
        """The model by the vendor's own name, empty where neither the agent nor a provider key names one."""
        model = settings.model or settings.access.keys.get(self._vendor.model_key, "")
        return bare_model(model) if self._vendor.bare_models else model

    @property
    def clients(self) -> int:
        """How many clients of endpoints are kept."""
        return len(self._models)

    async def client_for(self, settings: ModelSettings) -> OpenAICompatibleModel:
        """The client of the endpoint and key of these settings, kept for the next call. Raises ProviderError."""
        endpoint = self.endpoint_of(settings)
        found = self._models.get(endpoint)
        if found is None:
            library = await _library()
            found = self._models.get(endpoint) or library.OpenAICompatibleModel(endpoint, self._client(endpoint))
            self._models[endpoint] = found
        self._models.move_to_end(endpoint)
        while len(self._models) > MAX_ENDPOINT_CLIENTS:
            # Nothing to close: all but the one of the settings share the guarded client.
            self._models.popitem(last=False)
        return found

    def _client(self, endpoint: Endpoint) -> httpx.AsyncClient | None:
        """None for the operator's own endpoint, which needs no guard."""
        return None if endpoint.base_url == self._operator and not self._http.is_given else self._http.client

    def _wrong(self, why: str) -> ProviderError:
        return ProviderError(FailureKind.BAD_REQUEST, self.name, why)


def _store(name: str) -> str:
    """The request that stores a provider key."""
    return f'POST /providers {{"provider_name": "{name}", "provider_value": "..."}}'


def _no_key(settings: ModelSettings) -> str:
    """In an error, what to check about a key that was not there."""
    if settings.access.withheld:
        return "the address: base_url of a sub-account's agent gets no key of the organisation, unless POST /user/model/custom names it"
    return "that one is stored with POST /providers"


async def _library() -> Any:
    """The module that needs the client library, which takes most of a second to import: in a thread, so that calls go on meanwhile."""
    return await asyncio.to_thread(importlib.import_module, "callwright.providers.openai_compatible.model")
