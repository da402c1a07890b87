"""Contract suites for plugins: what a voice, a recogniser, a model, a detector, a turn model, a carrier and a number market owe.

Subclass a suite in a test module, name your plugin, and run pytest::

    from callwright.testing import VoiceContract
    from my_voice import MY_VOICE

    class TestMyVoice(VoiceContract):
        plugin = MY_VOICE

The suites are plain classes of synchronous test methods, so they need neither fixtures nor plugins of pytest.
Callwright's own providers and carriers pass them.
"""

from __future__ import annotations

from callwright.testing.carrier import CarrierContract
from callwright.testing.contract import PluginContract
from callwright.testing.faults import Fault, FaultContract
from callwright.testing.hosted_model import HostedModelContract
from callwright.testing.market import MarketContract
from callwright.testing.model import ModelContract
from callwright.testing.transcriber import TranscriberContract
from callwright.testing.turn import TurnContract
from callwright.testing.vad import VadContract
from callwright.testing.voice import VoiceContract

__all__ = [
    "CarrierContract",
    "Fault",
    "FaultContract",
    "HostedModelContract",
    "MarketContract",
    "ModelContract",
    "PluginContract",
    "TranscriberContract",
    "TurnContract",
    "VadContract",
    "VoiceContract",
]
