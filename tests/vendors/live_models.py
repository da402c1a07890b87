"""The contract suite of models against the real services. `make live-providers` runs it; CI never does, for its name is no test's.

Each service needs its key in the environment, under the name of its provider key, and is left out otherwise. A key costs a few cents.
``CALLWRIGHT_LIVE_<SERVICE>_MODEL`` names another model.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_plugins import CALLS_TOOL, held

from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.model import ModelSettings
from callwright.ports.registry import PluginContext
from callwright.providers.hosted_models import VENDORS as HOSTED
from callwright.providers.openai_compatible.endpoints import EndpointModels
from callwright.providers.openai_compatible.provider_table import CUSTOM, VENDORS
from callwright.testing import HostedModelContract
from callwright.testing.hosted_model import REFUSED

MODELS = {
    "openai": "gpt-4.1-mini",
    "azure-openai": "",
    "openrouter": "openai/gpt-4.1-mini",
    "groq": "llama-3.3-70b-versatile",
    "deepseek": "deepseek-chat",
    "cohere": "command-a-03-2025",
    "deepinfra": "meta-llama/Llama-3.3-70B-Instruct",
    "together": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "fireworks": "accounts/fireworks/models/llama-v3p3-70b-instruct",
    "perplexity": "sonar",
    "ola": "Krutrim-spectre-v2",
    "anyscale": "",
    "bolna": "",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
}
SERVICES = [*((one, EndpointModels) for one in VENDORS if one is not CUSTOM), *HOSTED]


class TestLiveModel(HostedModelContract):
    @pytest.fixture(autouse=True, params=SERVICES, ids=lambda service: service[0].name)
    def service(self, request: pytest.FixtureRequest) -> None:
        self.vendor, self.model_class = request.param
        found = {name: os.environ[name] for name in self.vendor.keys if os.environ.get(name)}
        if not found:
            pytest.skip(f"set {' or '.join(self.vendor.keys)} to have {self.vendor.name} tested")
        beside = getattr(self.vendor, "settings_keys", ())
        self.keys = found | {name: os.environ[name] for name in beside if os.environ.get(name)}
        self.plugin = held("model", self.vendor.name)
        self.secret = next(iter(found.values()))
        self.model_settings = self._settings(self.keys)
        if self.vendor.name != "perplexity":
            self.tool_request = replace(CALLS_TOOL, settings=self.model_settings)

    def _settings(self, keys: dict[str, str]) -> ModelSettings:
        variable = f"CALLWRIGHT_LIVE_{self.vendor.name.upper().replace('-', '_')}_MODEL"
        model = os.environ.get(variable) or MODELS[self.vendor.name]
        return ModelSettings(model, max_tokens=60, access=Access(keys))

    def settings_with(self, fault: str) -> ModelSettings | None:
        wrong = dict.fromkeys(self.vendor.keys[:1], "sk-nobody-has-this-key")
        return self._settings({**self.keys, **wrong}) if fault == REFUSED else None

    def opened(self) -> AbstractAsyncContextManager[Any]:
        return self._at_service()

    @asynccontextmanager
    async def _at_service(self) -> AsyncIterator[Any]:
        async with GuardedClient(allow_private=False) as client:
            settings = {"model_base_url": "", "model_api_key": "", "model_name": ""}
            model = self.model_class(self.vendor, PluginContext(settings, Path()), client.stream_client())
            try:
                yield model
            finally:
                await model.aclose()
