"""Recognisers and voices of vendors, over the clients of LiveKit Agents' plugin packages. ``make cloud`` installs those.

Nothing of them is imported before the first call that needs one.
"""

from __future__ import annotations

from callwright.ports.registry import Plugin, PluginContext
from callwright.providers.cloud.hearing import CloudTranscriber
from callwright.providers.cloud.provider_table import TRANSCRIBER, VENDORS, Vendor
from callwright.providers.cloud.speaking import CloudVoice


def _plugin(vendor: Vendor) -> Plugin:
    def make(context: PluginContext) -> CloudTranscriber | CloudVoice:
        return CloudTranscriber(vendor, context) if vendor.kind == TRANSCRIBER else CloudVoice(vendor, context)

    return Plugin(vendor.kind, vendor.name, vendor.summary, make, keys=vendor.all_keys, options=vendor.options)


PLUGINS = tuple(_plugin(vendor) for vendor in VENDORS)
