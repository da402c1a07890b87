"""The settings of ``task_config`` about answering machines and about sounds beside speech (contract 4.7)."""

from __future__ import annotations

import re

from callwright.domain.agent.spec import SoundSettings, VoicemailSettings
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_VOICEMAIL_LISTEN_SECONDS

VOICEMAIL_KEYS: tuple[str, ...] = (
    "voicemail",
    "voicemail_detection_duration",
    "voicemail_check_interval",
    "voicemail_min_transcript_length",
    "voicemail_detection_time",
    "voicemail_message",
)
SOUND_KEYS: tuple[str, ...] = (
    "use_fillers",
    "backchanneling",
    "backchanneling_message_gap",
    "backchanneling_start_delay",
    "ambient_noise",
    "ambient_noise_track",
)
DEFAULT_TRACK = "office-ambience"
_TRACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_voicemail(config: Fields) -> VoicemailSettings:
    """What the agent does about answering machines. Raises InvalidAgentError. The welcome waits at most MAX_VOICEMAIL_LISTEN_SECONDS."""
    listen_s = config.number("voicemail_detection_time", 0, 0, 3_600)
    return VoicemailSettings(
        enabled=config.switch("voicemail", False),
        detection_duration_s=config.number("voicemail_detection_duration", 30, 0, 3_600),
        check_interval_s=config.number("voicemail_check_interval", 7, 0, 3_600),
        min_transcript_length=config.whole("voicemail_min_transcript_length", 7, 0, 10_000),
        detection_time_s=min(listen_s, MAX_VOICEMAIL_LISTEN_SECONDS),
        message=config.message("voicemail_message", None) or None,
    )


def read_sounds(config: Fields) -> SoundSettings:
    """Fillers, sounds of a listener, and the track under the agent. Raises InvalidAgentError."""
    name = config.text("ambient_noise_track", longest=MAX_NAME_CHARACTERS)
    if name and not _TRACK.fullmatch(name):
        raise config.wrong("ambient_noise_track", "a track's name of letters, digits, dots, hyphens and underscores")
    return SoundSettings(
        fillers=config.switch("use_fillers", False),
        backchannels=config.switch("backchanneling", False),
        backchannel_gap_s=config.whole("backchanneling_message_gap", 5, 0, 3_600),
        backchannel_delay_s=config.whole("backchanneling_start_delay", 5, 0, 3_600),
        ambient=(name or DEFAULT_TRACK) if config.switch("ambient_noise", False) else "",
    )
