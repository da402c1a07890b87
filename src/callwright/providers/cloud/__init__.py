"""Recognisers and voices of vendors, most of them over the clients of LiveKit Agents' plugin packages. ``make cloud`` installs those.

Nothing of the clients is imported by a server that uses none: it is at the start where somebody has a vendor's key, else by the first call.
"""

from __future__ import annotations

from functools import partial

from callwright.ports.registry import Plugin, PluginContext
from callwright.providers.cloud import library
from callwright.providers.cloud.hearing import CloudTranscriber
from callwright.providers.cloud.http_voice import HttpVoice
from callwright.providers.cloud.provider_table import VENDORS
from callwright.providers.cloud.provider_table_catalogues import CATALOGUES, STATIC
from callwright.providers.cloud.speaking import CloudVoice
from callwright.providers.cloud.vendor import TRANSCRIBER, VOICE, Vendor


def _plugin(vendor: Vendor) -> Plugin:
    def make(context: PluginContext) -> CloudTranscriber | CloudVoice | HttpVoice:
        if vendor.kind == TRANSCRIBER:
            return CloudTranscriber(vendor, context)
        return HttpVoice(vendor, context) if vendor.clients[0].own else CloudVoice(vendor, context)

    voices = STATIC.get(vendor.name, ()) if vendor.kind == VOICE else ()
    lists = vendor.kind == VOICE and vendor.name in CATALOGUES
    return Plugin(
        vendor.kind,
        vendor.name,
        vendor.summary,
        make,
        keys=vendor.all_keys,
        needed_keys=(vendor.address_key,) if vendor.address_key else (),
        options=vendor.options,
        voices=voices,
        lists_voices=lists,
        imports_voices=lists and bool(CATALOGUES[vendor.name].one),
        preload=None if vendor.clients[0].own else partial(library.preload, vendor.clients[0].name),
    )


PLUGINS = tuple(_plugin(vendor) for vendor in VENDORS)
