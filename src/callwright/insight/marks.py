"""Moments of a call that are no speech, from its log: keys, sounds, holds, transfers, failures and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callwright.conversation.log import Entry
from callwright.insight.doctor_case import Case
from callwright.insight.interruptions import silenced
from callwright.insight.view import CallView

_LANES = {"filler": "filler", "backchannel": "backchannel", "ringing": "ringing_tone"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, or with ``to_us`` a stretch, in microseconds since the attempt began."""

    kind: str
    at_us: int
    to_us: int | None = None
    text: str = ""


def marks(case: Case) -> list[Mark]:
    """All of them in order."""
    view = case.view
    found = [mark for entry in view.entries for mark in _of(entry)]
    found += [Mark("interruption", at_us) for _, at_us in silenced(case)]
    found += [Mark("hold", held.from_us, held.to_us) for held in case.line.held]
    found += [*_sounds(view), *_transfers(view)]
    return sorted(found, key=lambda mark: mark.at_us)


def _of(entry: Entry) -> Iterator[Mark]:
    v = entry.values
    match entry.type:
        case "Ringing":
            yield Mark("ringing", entry.at_us)
        case "Answered":
            yield Mark("answered", entry.at_us)
        case "KeyPressed":
            yield Mark("key", entry.at_us, text=str(v["key"]))
        case "SendKeys":
            yield Mark("keys_sent", entry.at_us, text=str(v["keys"]))
        case "MachineDetected":
            yield Mark("machine", entry.at_us, text=f"{v['kind']} ({v['source']})")
        case "ExternalEvent":
            yield Mark("event", entry.at_us, text=str(v["name"]))
        case "ProviderFailed":
            yield Mark(
                "provider_failed", entry.at_us, text=f"{v['kind']} {v['provider']}: {v['failure']}: {v['message']}"
            )
        case "ProviderSwitched":
            yield Mark("provider_switched", entry.at_us, text=f"{v['kind']}: {v['before']} replaced by {v['after']}")
        case "OptedOut":
            yield Mark("opt_out", entry.at_us, text=str(v["text"]))
        case "HangUp":
            yield Mark("hang_up", entry.at_us, text=f"{v['by']}: {v['reason']}")
        case "LegEnded":
            yield Mark("ended", entry.at_us, text=f"{v['by']}: {v['reason']}")


def _sounds(view: CallView) -> Iterator[Mark]:
    """Fillers, a listener's sounds and ringing tones that were heard."""
    for entry in view.of("AssetPlayed"):
        played_us = int(entry.values["played_ms"]) * 1_000
        lane = str(entry.values["lane"])
        if played_us and lane in _LANES:
            yield Mark(_LANES[lane], entry.at_us - played_us, entry.at_us, str(entry.values["asset"]))


def _transfers(view: CallView) -> Iterator[Mark]:
    settled = {int(e.values["request"]): e for e in view.of("TransferSettled")}
    for entry in view.of("Transfer"):
        end = settled.get(int(entry.values["request"]))
        if end is None:
            yield Mark("transfer", entry.at_us, text=f"to {entry.values['target']}")
        else:
            outcome = "transferred" if end.values["transferred"] else f"not transferred: {end.values['reason']}"
            yield Mark("transfer", entry.at_us, end.at_us, f"to {entry.values['target']}: {outcome}")
