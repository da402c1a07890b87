"""Port of billing: under which names a provider bills its work. Prices are looked up by them before a call, in it and after it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

from callwright.ports.failures import ProviderError
from callwright.ports.model import Model, ModelSettings
from callwright.ports.speech import Transcriber, TranscriberSettings, Voice, VoiceSettings

Billing = Transcriber | Voice | Model
"""A plugin whose work costs money."""
BillingSettings = TranscriberSettings | VoiceSettings | ModelSettings


@runtime_checkable
class NamesBilledModel(Protocol):
    """A recogniser, voice or model that reports its usage under another model than the agent's settings say."""

    def billed_model(self, settings: Any) -> str:
        """Returns the model of its usage (``ports.speech.UsageAmount``) for the settings of its port. Makes no connection. Raises
        ProviderError for settings that it refuses."""
        ...


def billed_as(plugin: Billing, settings: BillingSettings) -> tuple[str, str]:
    """Returns the provider and the model under which the plugin bills its work with these settings."""
    if isinstance(plugin, NamesBilledModel):
        # Settings that it refuses are never billed.
        with suppress(ProviderError):
            return plugin.name, plugin.billed_model(settings)
    voice = settings.voice if isinstance(settings, VoiceSettings) else ""
    return plugin.name, settings.model or voice or plugin.name
