"""Language models of an organisation's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_ADDRESS_CHARACTERS, MAX_NAME_CHARACTERS
from callwright.platform.custom_models.rules import CustomModel, key_names, named, parse_model_name, parse_model_url

HOUSE = CustomModel("1", "t", "house-llm", "https://llm.example.org/v1", "llama", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://llm.example.org/v1", "https://llm.example.org/v1"),
        (" http://10.0.0.7:8000/v1/ ", "http://10.0.0.7:8000/v1"),
        ("https://llm.example.org/v1/chat/completions", "https://llm.example.org/v1"),
    ],
)
def test_an_endpoint_is_kept_without_what_the_client_appends(given: str, kept: str):
    assert parse_model_url(given) == kept


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "is required"),
        ("llm.example.org", "must be an http or https URL"),
        ("ftp://llm.example.org", "must be an http or https URL"),
        ("https://", "must be an http or https URL"),
        ("https://llm.example.org:0/v1", "must be an http or https URL"),
        ("https://llm.example.org:99999/v1", "cannot be read"),
        ("https://llm example.org/v1", "must be an http or https URL"),
        ("https://key:secret@llm.example.org/v1", "must not hold a user name or password"),
        ("https://llm.example.org/v1?key=1", "must not have a query"),
        ("https://" + "a" * MAX_ADDRESS_CHARACTERS, "is longer than"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_the_reason(url: str, why: str):
    with pytest.raises(BadInputError, match=why) as refused:
        parse_model_url(url)
    assert refused.value.field == "custom_model_url"
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * (MAX_NAME_CHARACTERS + 1)])
def test_a_name_that_cannot_be_shown_is_refused(name: str):
    with pytest.raises(BadInputError, match="custom_model_name"):
        parse_model_name(name)


def test_a_name_is_kept_without_spaces_around_it():
    assert parse_model_name(" house-llm ") == "house-llm"


def test_an_agent_means_a_model_by_its_name_beside_custom_or_alone():
    models = {HOUSE.name: HOUSE}
    assert named(models, "custom", "house-llm") == HOUSE
    assert named(models, "house-llm", "anything") == HOUSE
    assert named(models, "custom", "other") is None


def test_a_model_has_a_key_of_its_own_before_the_general_ones():
    assert key_names("house-llm v2") == ("HOUSE_LLM_V2", "HOUSE_LLM_V2_API_KEY", "CUSTOM", "CUSTOM_API_KEY")
    assert key_names("模型") == ("CUSTOM", "CUSTOM_API_KEY")
