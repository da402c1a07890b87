"""Models of vendors whose own protocol has what their OpenAI-compatible endpoint loses.

Decision 16 says what is lost. Both are reached over HTTP through the guarded client, with the organisation's provider keys.
"""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.providers.hosted_models import anthropic, gemini
from callwright.providers.hosted_models.anthropic import AnthropicModel
from callwright.providers.hosted_models.gemini import GeminiModel
from callwright.providers.hosted_models.vendor_endpoint import Vendor

VENDORS: tuple[tuple[Vendor, type[AnthropicModel] | type[GeminiModel]], ...] = (
    (anthropic.VENDOR, AnthropicModel),
    (gemini.VENDOR, GeminiModel),
)


def _plugin(vendor: Vendor, model: type[AnthropicModel] | type[GeminiModel]) -> Plugin:
    return Plugin(
        "model",
        vendor.name,
        vendor.summary,
        lambda context: model(vendor, context),
        keys=(*vendor.keys, vendor.address_key),
        beside=(vendor.address_key,),
        base_url=vendor.base_url,
        options=vendor.options,
    )


PLUGINS = tuple(_plugin(vendor, model) for vendor, model in VENDORS)
