"""Rows of ``setting_rows`` about answering machines and sounds beside speech."""

from __future__ import annotations

from callwright.domain.settings.setting import SWITCH

_MACHINES, _LANES = "tests/unit/conversation/test_voicemail.py::", "tests/unit/conversation/test_lanes.py::"
_SOUNDS = "tests/unit/call/live/test_beside.py::"
_LISTENER = f"{_LANES}test_a_listener_makes_a_sound_when_the_caller_has_spoken_long_and_pauses"

Row = tuple[str, object, str, str, float | None, float | None, str | None]

SOUND_ROWS: tuple[Row, ...] = (
    (
        "use_fillers",
        False,
        "A caller who waits longer than 1.3 s for a reply hears a short saying; not while a tool runs (`tool_waiting_messages`).",
        f"{_LANES}test_a_reply_that_takes_long_is_preceded_by_a_filler {_LANES}test_nothing_fills_the_time_a_tool_takes",
        None,
        None,
        SWITCH,
    ),
    (
        "backchanneling",
        False,
        "A listener's sound when a caller who speaks long pauses; needs a turn model.",
        _LISTENER,
        None,
        None,
        SWITCH,
    ),
    ("backchanneling_message_gap", 5, "Seconds between two of them.", _LISTENER, 0, 3_600, None),
    ("backchanneling_start_delay", 5, "Seconds of the caller's speech before the first.", _LISTENER, 0, 3_600, None),
    (
        "voicemail",
        False,
        "A machine that answers a call we placed is hung up on, or left a message.",
        f"{_MACHINES}test_a_machine_is_known_by_its_words_and_hung_up_on",
        None,
        None,
        SWITCH,
    ),
    (
        "voicemail_detection_duration",
        30,
        "Seconds from the answer in which machines are watched for.",
        f"{_MACHINES}test_a_suspicion_before_the_welcome_ends_with_the_window",
        0,
        3_600,
        None,
    ),
    (
        "voicemail_detection_time",
        None,
        "With `voicemail` only: seconds the welcome waits for whoever answers (10 at most); null: it begins at once.",
        (
            f"{_MACHINES}test_the_welcome_of_an_agent_that_listens_first_waits_no_longer_than_it_says"
            f" {_MACHINES}test_the_welcome_waits_for_nobody_where_machines_are_not_watched_for"
        ),
        0,
        3_600,
        None,
    ),
    (
        "voicemail_check_interval",
        7,
        "Seconds between two questions to the model about partial words; final ones are asked about at once.",
        f"{_MACHINES}test_partial_words_are_asked_about_at_the_interval_and_final_ones_at_once",
        0,
        3_600,
        None,
    ),
    (
        "voicemail_min_transcript_length",
        7,
        "Words before the model is asked.",
        f"{_MACHINES}test_a_model_is_shown_no_fewer_words_than_the_agent_says",
        0,
        10_000,
        None,
    ),
    (
        "voicemail_message",
        None,
        "Left after the beep; null: a machine is hung up on at once. Our own.",
        f"{_MACHINES}test_a_message_is_left_after_the_beep_and_then_the_call_ends",
        None,
        None,
        "a text, or a map of language to text",
    ),
    (
        "ambient_noise",
        False,
        "A track lies under the agent, from the answer to the end.",
        f"{_SOUNDS}test_ambient_sound_lies_under_silence_and_speech_until_the_end",
        None,
        None,
        SWITCH,
    ),
    (
        "ambient_noise_track",
        None,
        "Which: a synthesised one, one of the account's own, or a WAV file of `CALLWRIGHT_AMBIENT`; null: office-ambience.",
        "tests/acceptance/test_own_tracks.py::test_a_track_of_the_accounts_own_lies_under_its_call",
        None,
        None,
        "a track's name",
    ),
)
"""(name, default, what it does, proof, least, most, other values)."""
