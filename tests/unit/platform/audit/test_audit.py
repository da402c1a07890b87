"""What the audit trail keeps: the differences, without secrets, within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.limits import MAX_AUDIT_BYTES, MAX_AUDIT_TEXT_CHARACTERS
from callwright.domain.redaction import CUT, REDACTED, redacted
from callwright.platform.audit.rules import bounded, differences

CANARY = "canary-7f3a"


@pytest.mark.parametrize(
    "value",
    [
        {"api_key": CANARY},
        {"db_password": CANARY},
        {"value": {"api_token": f"Bearer {CANARY}"}},
        {"tools": [{"secret": CANARY}]},
        {"tokens_of": [{"token": [CANARY]}]},
        {"webhook_headers": {"X-Anything": CANARY}},
        {"note": f"use Bearer {CANARY}"},
        {"note": f"the key is bn-{CANARY}"},
        {"webhook_url": f"https://hooks.example.org/?token={CANARY}&x=1"},
        {"webhook_url": f"https://user:{CANARY}@hooks.example.org/"},
        {"webhook_url": f"https://{CANARY}@hooks.example.org/"},
        {"provider_value": CANARY},
        {"llm_key": CANARY},
        {"subscription-key": CANARY},
        {"note": f"gsk_{CANARY}"},
        {"note": f"AIza{CANARY}"},
        {"ingest_source_config": f'{{"source_type": "api", "source_auth_token": "{CANARY}"}}'},
        {"tools": f'[{{"name": "book", "value": {{"api_token" : "x\\"{CANARY}"}}}}]'},
    ],
)
def test_a_secret_is_never_kept(value: dict[str, Any]) -> None:
    shown = repr(bounded(value))
    assert CANARY not in shown
    assert REDACTED in shown


def test_what_is_no_secret_is_kept_as_it_is() -> None:
    value = {"agent_name": "Desk", "max_tokens": 150, "tokens": True, "api_key": None, "list": [1, {"a": "b"}]}
    assert redacted(value) == value


TAIL = "0aB1cD2eF3gH4iJ5kL6mN7"


@pytest.mark.parametrize(
    "key",
    [
        f"ghp_{TAIL}", f"github_pat_{TAIL}", f"glpat-{TAIL}", f"hf_{TAIL}", f"r8_{TAIL}", f"AKIA{TAIL[:16].upper()}",
        f"SG.{TAIL}.{TAIL}", f"eyJhbGciOiJIUzI1NiJ9.{TAIL}", f"sk_live_{TAIL}", f"pk_test_{TAIL}",
    ],
)  # fmt: skip
def test_the_keys_of_well_known_services_are_known_by_their_form(key: str) -> None:
    shown = str(redacted(f"use {key} here"))
    assert shown.endswith(f"{REDACTED} here")
    assert TAIL[:12].lower() not in shown.lower()


@pytest.mark.parametrize(
    "text",
    [
        "https://sg.example.com/hooks", "sg.carrier.example", "SG.ACME.EXAMPLE", "Eyjolfsson", "eyJolfsson",
        "Akiapolaau Clinic", "hf_revenue", "r8_columns_of_this", "ghp_abc",
    ],
)  # fmt: skip
def test_names_that_begin_as_a_key_does_are_kept(text: str) -> None:
    assert redacted(text) == text


def test_long_texts_are_cut_and_marked() -> None:
    assert redacted("x" * MAX_AUDIT_TEXT_CHARACTERS) == "x" * MAX_AUDIT_TEXT_CHARACTERS
    assert redacted("x" * (MAX_AUDIT_TEXT_CHARACTERS + 1)) == "x" * MAX_AUDIT_TEXT_CHARACTERS + CUT


def test_of_too_much_only_the_names_are_kept() -> None:
    much = {f"key_{number:03}": "x" * 1_000 for number in range(MAX_AUDIT_BYTES // 1_000 + 1)}
    assert bounded(much) == {"too_large": True, "keys": sorted(much)[:100]}


def test_only_what_changed_is_kept() -> None:
    before = {"name": "A", "same": 1, "gone": 2, "config": {"a": 1, "b": 2}, "list": [1]}
    after = {"name": "B", "same": 1, "new": 3, "config": {"a": 1, "b": 3}, "list": [1, 2]}
    assert differences(before, after) == (
        {"name": "A", "gone": 2, "config": {"b": 2}, "list": [1]},
        {"name": "B", "config": {"b": 3}, "list": [1, 2], "new": 3},
    )
    assert differences(before, dict(before)) == ({}, {})
