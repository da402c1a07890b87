"""Endpoints that speak the OpenAI chat protocol: the services of a table, and any other by base URL and key.

Keys are the organisation's provider keys; the endpoint of ``CALLWRIGHT_MODEL_BASE_URL`` has ``CALLWRIGHT_MODEL_API_KEY`` besides.
"""

from __future__ import annotations

from callwright.ports.catalogue import ModelOffer
from callwright.ports.registry import Plugin, PluginContext
from callwright.providers.openai_compatible.endpoints import EndpointModels
from callwright.providers.openai_compatible.provider_table import VENDORS, Vendor


def _plugin(vendor: Vendor) -> Plugin:
    def make(context: PluginContext) -> EndpointModels:
        return EndpointModels(vendor, context)

    return Plugin(
        "model",
        vendor.name,
        vendor.summary,
        make,
        vendor.aliases,
        keys=vendor.all_keys,
        beside=vendor.settings_keys,
        models=tuple(ModelOffer(name, name, vendor.name) for name in vendor.models),
        base_url=vendor.base_url,
        options=vendor.options,
    )


PLUGINS = tuple(_plugin(vendor) for vendor in VENDORS)
