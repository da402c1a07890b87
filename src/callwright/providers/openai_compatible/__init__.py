"""Any endpoint that speaks the OpenAI chat protocol, by base URL and key (``CALLWRIGHT_MODEL_BASE_URL``, ``CALLWRIGHT_MODEL_API_KEY``)."""

from __future__ import annotations

from typing import Any

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import Plugin, PluginContext


def _model(context: PluginContext) -> Any:
    # The client library is an extra and takes most of a second to import: only processes that use such an endpoint need it.
    try:
        from callwright.providers.openai_compatible.model import Endpoint, OpenAICompatibleModel
    except ImportError as error:
        raise ProviderError(
            FailureKind.BAD_REQUEST, "custom", "the client library is missing; pip install 'callwright[cloud]'"
        ) from error

    base_url = context.settings.get("model_base_url", "")
    if not base_url:
        raise ProviderError(
            FailureKind.BAD_REQUEST, "custom", "set CALLWRIGHT_MODEL_BASE_URL to the endpoint's base URL"
        )
    endpoint = Endpoint(
        base_url=base_url,
        api_key=context.settings.get("model_api_key", ""),
        default_model=context.settings.get("model_name", ""),
    )
    return OpenAICompatibleModel(endpoint, context.services.get("http_client"))


PLUGINS = (
    Plugin(
        "model", "custom", "Any OpenAI-compatible chat endpoint by base URL and key.", _model, ("openai_compatible",)
    ),
)
