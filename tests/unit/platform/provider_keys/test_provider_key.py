"""Names and masks of provider keys, and how long ago something was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.human_time import ago
from callwright.domain.limits import MAX_PROVIDER_KEY_NAME_CHARACTERS
from callwright.platform.provider_keys.rules.provider_key import ProviderKey, hint_of, masked, parse_key_name

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["OPENAI", " TWILIO_AUTH_TOKEN ", "my-key.v2", "9", "A" * MAX_PROVIDER_KEY_NAME_CHARACTERS]
)
def test_any_plain_name_is_accepted(name: str):
    assert parse_key_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "_X", "A B", "A/B", "Ä", "A" * (MAX_PROVIDER_KEY_NAME_CHARACTERS + 1), "A\nB"])
def test_a_name_that_could_not_stand_in_a_path_is_refused(name: str):
    with pytest.raises(BadInputError, match="provider_name") as refused:
        parse_key_name(name)
    assert refused.value.field == "provider_name"


@pytest.mark.parametrize(
    ("value", "shown"), [("sk-1234567890az", "xxxxxxxaz"), ("short", "xxxxxxx"), ("12345678901", "xxxxxxx")]
)
def test_of_a_key_its_end_is_shown_and_of_a_short_one_nothing(value: str, shown: str):
    assert masked(hint_of(value)) == shown


def test_what_is_sealed_is_not_in_the_text_of_a_key():
    assert "sealed-bytes" not in repr(ProviderKey("1", "t", "OPENAI", "az", b"sealed-bytes", NOW, NOW))


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "a minute ago"),
        (timedelta(minutes=5, seconds=59), "5 minutes ago"),
        (timedelta(hours=1), "an hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=7), "a week ago"),
        (timedelta(days=40), "a month ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_how_long_ago_it_was(passed: timedelta, words: str):
    assert ago(NOW - passed, NOW) == words
