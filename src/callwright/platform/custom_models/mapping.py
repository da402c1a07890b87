"""Language models as the wire has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callwright.platform.custom_models.rules import CUSTOM, CustomModel
from callwright.ports.registry import Plugin


def models_view(plugins: Iterable[Plugin], own: Iterable[CustomModel]) -> dict[str, Any]:
    """The models that plugins offer, then the organisation's own."""
    offered = [
        _view(
            plugin.name, offer.model, offer.display_name, offer.family or plugin.name, plugin.base_url, offer.deprecated
        )
        for plugin in plugins
        if plugin.kind == "model"
        for offer in plugin.models
    ]
    return {"llmModels": [*offered, *(_own(model) for model in own)]}


def _own(model: CustomModel) -> dict[str, Any]:
    return {**_view(CUSTOM, model.name, model.name, CUSTOM, model.url, False), "custom": True}


def _view(provider: str, model: str, name: str, family: str, base_url: str, deprecated: bool) -> dict[str, Any]:
    return {
        "library": "callwright",
        "provider": provider,
        "deprecated": deprecated,
        "base_url": base_url or None,
        "model": model,
        "display_name": name,
        "family": family,
        "custom": False,
    }
