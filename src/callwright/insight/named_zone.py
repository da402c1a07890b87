"""The time zone that is named beside a clock time, in English, by rules: "5 pm Pacific", "3 pm GMT", "two o'clock my time"."""

from __future__ import annotations

import re

from callwright.insight.day_words import DAYS, NUMBER_WORD

UNKNOWN_ZONE = "?"
"""A zone was spoken of, and which is not to be told."""

_ZONES = {
    "pacific": "America/Los_Angeles", "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "p": "America/Los_Angeles", "e": "America/New_York", "c": "America/Chicago", "m": "America/Denver", "gmt": "UTC", "utc": "UTC",
}  # fmt: skip
_TIME = rf"(?:\d ?[ap]m|{NUMBER_WORD}(?: [ap]m)?|o'?clock|[ap]m|noon|sharp|morning|afternoon|evening|today|tomorrow|{'|'.join(DAYS)})"
_ENDS = (
    r"(?= ?(?:$|[,.;:?!]|(?:please|thanks|thank|tomorrow|today|tonight|on|if|then|works|would|is|and|but|or|right)\b))"
)
_PLAIN = re.compile(
    r"\b(?:in |on )?(?:the )?(?P<long>pacific|eastern|central|mountain)(?: (?:standard|daylight))? time(?: zone)?\b"
    r"|\b(?P<universal>gmt|utc)\b(?! ?(?:\+|-|plus|minus) ?\w)|\b(?P<short>[pecm])[sd]t\b(?: time\b)?"
    rf"|(?<=[\w.]) (?:in )?(?P<bare>pacific|eastern|central|mountain)\b{_ENDS}|(?<=[\w.]) (?P<letters>[pecm])t\b{_ENDS}"
    r"|(?:^|(?<=[,.;:?!] ))(?:in )?(?P<alone>pacific|eastern|central|mountain)(?= ?(?:$|[,.;:?!]|please\b))"
)
_OTHER = re.compile(
    r"\b(?:gmt|utc) ?(?:\+|-|plus|minus) ?\w+|\b(?:cet|cest|ist|hst|akst|akdt|aest|aedt|jst|msk|sgt)\b|\btime ?zones?\b"
    rf"|\b{_TIME}\.?,? (?:in |on )?(?:my|your|our|the local|local) (?:local )?time\b(?! (?:is|was|to|off|has)\b)"
    rf"|\b{_TIME}\.?,? (?:in |on )?(?!(?:this|that|next|any|some|same|first|last|every|each|one|good|best|better|great|bad|right|long|short"
    r"|free|full|part|more|another|what|which|lunch|dinner|break|tea|school|bed|is|the|a|an|in|on|at|next|of|my|your|our|local)\b)"
    r"[a-z]+(?: (?:european|coast|standard|summer|daylight|american|african|australian))* time\b"
)
_AT_A_TIME = re.compile(rf"{_TIME}\.?$")


def without_zone(plain: str) -> tuple[str, str]:
    """A line in lower case without the zone that it names, and the zone: a name of the zone database, ``UNKNOWN_ZONE``, or nothing."""
    zones: set[str] = set()

    def known(found: re.Match[str]) -> str:
        bare = found["bare"] or found["letters"]
        if bare and not _AT_A_TIME.search(plain[: found.start()]):
            return found[0]
        zones.add(_ZONES[next(part for part in found.groups() if part)])
        return " "

    rest = _PLAIN.sub(known, plain)
    if _OTHER.search(rest):
        zones.add(UNKNOWN_ZONE)
    return rest, zones.pop() if len(zones) == 1 else UNKNOWN_ZONE if zones else ""
