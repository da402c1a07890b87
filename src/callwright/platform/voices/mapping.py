"""Voices as the wire has them."""

from __future__ import annotations

from typing import Any

from callwright.insight.wire import wire_time
from callwright.platform.voices.actions.voices import ListedProvider, ListedVoice


def account_voice(voice: ListedVoice) -> dict[str, Any]:
    """A row of the older list."""
    return {
        "id": voice.id,
        "voice_id": voice.offer.voice_id,
        "provider": voice.provider,
        "name": voice.offer.name,
        "model": voice.model,
        # Of the older list: a text always, as its clients expect.
        "accent": voice.offer.accent or "",
    }


def voice_view(voice: ListedVoice, language: str) -> dict[str, Any]:
    """A row of the newer list. A voice is native where it was made for the language, or nobody asked."""
    offer = voice.offer
    return {
        "id": voice.id,
        "provider_id": voice.provider_id,
        "voice_id": offer.voice_id,
        "name": offer.name,
        "gender": offer.gender,
        "accent": offer.accent,
        "age_range": offer.age_range,
        "use_case": list(offer.use_case),
        "is_native": not language or bool(offer.languages),
        "preview_url": offer.preview_url,
        "source": "custom" if offer.custom else "platform",
    }


def provider_view(provider: ListedProvider) -> dict[str, Any]:
    """A provider with its models; the first is its default."""
    listed = provider.listed
    ours = None if listed is None else {"listed_at": wire_time(listed.read_at), "failure": listed.failure or None}
    return {
        **({} if ours is None else {"callwright": ours}),
        "id": provider.id,
        "name": provider.name,
        "is_supported": provider.is_supported,
        "models": [
            {
                "id": model.id,
                "model_id": model.name,
                "display_name": model.name,
                "description": provider.summary,
                "display_order": order,
                "quality_tier": None,
                "is_supported": model.is_supported,
                "is_deprecated": False,
                "default": order == 0,
            }
            for order, model in enumerate(provider.models)
        ],
    }
