"""What an error tells of a value and of a name: enough to find the slip, and nothing that may be a secret."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, is_slip, named, nearest, number, plain_value, slip_of, word

HEX = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"
CARRIERS = ("plivo", "twilio", "completed", "elevenlabs")
SECRETS = (
    HEX,
    HEX[:32],
    f"AC{HEX[:32]}",
    "Bearer sk-live-abcdef123",
    "sk-live-abc1234",
    "ghp_abcdefghijklmnop",
    "pk_live_abcdefghij",
    "r8_abcdefghijkl",
    "SG.abcdefg.hijklmn",
    "eyJhbGciOi.e30.abc",
    "4111111111111111",
    "4111 1111 1111 1111",
    "Authorization: hunter",
    "https://u:hunter@h/x",
)


@pytest.mark.parametrize("secret", [*SECRETS, "hunter2", "elevenlabs-8f3a1c"])
def test_a_secret_in_the_place_of_a_word_is_told_by_its_kind(secret: str) -> None:
    for plain in (False, True):
        assert word(secret, CARRIERS, plain=plain) == f"a string of {len(secret)} characters"


@pytest.mark.parametrize("slip", ["plvio", "Plivo", "complete", "twillio", "XX"])
def test_a_misspelt_word_is_told(slip: str) -> None:
    assert word(slip, CARRIERS) == f'"{slip}"'


def test_a_word_of_letters_is_told_only_where_the_contract_prescribes_it_and_never_in_the_place_of_a_secret() -> None:
    assert word("pigeon", CARRIERS) == "a string of 6 characters"
    assert word("pigeon", CARRIERS, plain=True) == '"pigeon"'
    assert word("pigeon", CARRIERS, "task.api_token", plain=True) == "a string of 6 characters"
    assert word(["plivo"], CARRIERS, plain=True) == "an array"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_is_a_name_is_told_by_its_length_and_its_place(secret: str) -> None:
    assert named(secret) == f"(a name of {len(secret)} characters)"
    with pytest.raises(InvalidAgentError) as refused:
        Fields({"X-Mine": "x", secret: 5}, "webhook_headers").text(secret)
    path = f"webhook_headers.(name 2, of {len(secret)} characters)"
    assert (refused.value.field, refused.value.message) == (path, f"{path} must be a string, not a number")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "incremental_delay",
            "task_1",
            "X-Customer",
            "X-B3-TraceId",
            "X-Amz-Content-Sha256",
            "x-api-key",
            "getWeather2",
        ),
        *("check_availability_of_slots", "book appointment", "First Name (legal)", "Customer's name", "hi", "en-IN"),
        *("oauth2_token", "_private", "0", "1234", "\u0928\u093e\u092e_2", "Stra\u00dfe"),
    ],
)
def test_an_ordinary_name_is_told(name: str) -> None:
    assert Fields({name: 1}, "at").at(name) == f"at.{name}"


@pytest.mark.parametrize(
    ("value", "told"),
    [(5, "5"), (0.25, "0.25"), ("30", '"30"'), (10**12, "a number"), ("4111111111111111", "a string of 16 characters")],
)
def test_a_number_is_told_unless_it_is_as_long_as_that_of_a_card(value: Any, told: str) -> None:
    assert number(value) == told


@pytest.mark.parametrize("secret", SECRETS)
def test_a_plain_value_is_no_secret(secret: str) -> None:
    assert plain_value(secret) == f"a string of {len(secret)} characters"
    assert plain_value("hello", "agent_config.webhook_headers.X-Mine") == "a string of 5 characters"
    assert plain_value({secret: secret}) == "an object"
    assert plain_value([secret]) == "an array"


@pytest.mark.parametrize("value", ["hello", "en-IN", 5, 0.25, True, False, None])
def test_a_plain_value_stays_as_it_came(value: Any) -> None:
    assert plain_value(value) is value


def test_a_long_number_may_be_that_of_a_card() -> None:
    assert plain_value(4111111111111111) == "a number"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        *(("temprature", "temperature"), ("temperaturee", "temperature"), ("temparature", "temperature")),
        *(("langauge", "language"), ("voiceId", "voice_id"), ("Voice-ID", "voice_id"), ("dya", "day"), ("id", "ID")),
    ],
)
def test_one_slip_is_one(given: str, wanted: str) -> None:
    assert is_slip(given, wanted)
    assert slip_of(given, ["other", wanted]) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("temprture", "temperature"),
        ("language", "gauge"),
        ("top_a", "top_p"),
        ("id", "in"),
        ("", "day"),
        ("abcd", "badc"),
    ],
)
def test_two_slips_and_short_names_are_none(given: str, wanted: str) -> None:
    assert not is_slip(given, wanted, least=5)


def test_the_nearest_name_may_have_more_slips() -> None:
    known = {"hangup_after_silence", "hangup_after_LLMCall", "number_of_words_for_interruption"}
    assert nearest("hangup_after_silense", known) == "hangup_after_silence"
    assert nearest("number_of_word_for_interuption", known) == "number_of_words_for_interruption"
    assert nearest("hangup_after_llm_call", known) == "hangup_after_LLMCall"
    assert nearest("colour", known) is None
    assert nearest("x" * 10_000, known) is None


def test_of_very_many_names_only_the_first_are_compared() -> None:
    known = [f"name_{number}" for number in range(300)]
    assert slip_of("nmae_7", known) == "name_7"
    assert slip_of("nmae_250", known) is None
