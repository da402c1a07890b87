"""Which names tell of a secret."""

from __future__ import annotations

import pytest

from callwright.domain.secret_names import is_secret


@pytest.mark.parametrize(
    "name", ["api_token", "X-API-Key", "accessToken", "userPin", "api_key_2", "source_auth_token", "llm_key"]
)
def test_names_of_secrets_are_known_in_every_spelling(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["monkey", "ingest_lookup_key", "max_tokens", "", "7"])
def test_names_that_only_look_alike_are_none(name: str) -> None:
    assert not is_secret(name, sent=True)


def test_key_alone_is_a_secret_only_in_what_is_sent() -> None:
    assert is_secret("key", sent=True)
    assert not is_secret("key")
