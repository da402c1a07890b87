"""What an agent says beside its replies, by language: fillers while the caller waits, and the sounds of a listener."""

from __future__ import annotations

from collections.abc import Mapping

FILLERS: Mapping[str, tuple[str, ...]] = {
    "en": ("Hmm.", "Let me see.", "One moment.", "Just a second.", "Well, let me think."),
    "de": ("Hm.", "Mal sehen.", "Einen Moment.", "Einen Augenblick.", "Lassen Sie mich überlegen."),
    "es": ("Mmm.", "Déjeme ver.", "Un momento.", "A ver."),
    "fr": ("Hum.", "Voyons.", "Un instant.", "Laissez-moi voir."),
    "it": ("Mmm.", "Vediamo.", "Un attimo.", "Mi lasci vedere."),
    "pt": ("Hum.", "Deixe-me ver.", "Um momento.", "Vamos ver."),
    "nl": ("Hm.", "Even kijken.", "Een moment.", "Eens kijken."),
    "pl": ("Hm.", "Zobaczmy.", "Chwileczkę.", "Już sprawdzam."),
    "hi": ("हम्म।", "देखते हैं।", "एक मिनट।", "ज़रा रुकिए।"),
}
BACK_CHANNELS: Mapping[str, tuple[str, ...]] = {
    "en": ("Mhm.", "Okay.", "I see."),
    "de": ("Mhm.", "Ja.", "Verstehe."),
    "es": ("Ajá.", "Sí.", "Entiendo."),
    "fr": ("Mhm.", "Oui.", "D'accord."),
    "it": ("Mhm.", "Sì.", "Capisco."),
    "pt": ("Aham.", "Sim.", "Entendo."),
    "nl": ("Mhm.", "Ja.", "Oké."),
    "pl": ("Mhm.", "Tak.", "Rozumiem."),
    "hi": ("हम्म।", "जी।", "अच्छा।"),
}
ANY_FILLER: tuple[str, ...] = ("Hmm.", "Mm.")
ANY_BACK_CHANNEL: tuple[str, ...] = ("Mhm.", "Mm.")
"""In a language without words of its own here."""


def fillers_in(language: str) -> tuple[str, ...]:
    """The fillers of ``language`` (``de`` or ``de-AT``); at least two."""
    return FILLERS.get(language.split("-")[0].lower(), ANY_FILLER)


def back_channels_in(language: str) -> tuple[str, ...]:
    """The listener's sounds of ``language``; at least two."""
    return BACK_CHANNELS.get(language.split("-")[0].lower(), ANY_BACK_CHANNEL)
