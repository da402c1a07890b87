"""Sealed secrets as texts."""

from __future__ import annotations

import pytest

from callwright.platform.provider_keys.rules.sealing import is_mask, mask_of, sealed_bytes, sealed_text


def test_a_sealed_text_gives_its_bytes_back_and_shows_the_end_of_its_value() -> None:
    text = sealed_text("Bearer secret-value-é9", b"\x01\xff sealed")
    assert sealed_bytes(text) == b"\x01\xff sealed"
    assert mask_of(text) == mask_of("Bearer secret-value-é9") == "xxxxxxxé9"
    assert text.isascii()


def test_of_a_short_value_not_even_the_end_is_shown() -> None:
    assert mask_of(sealed_text("short", b"x")) == mask_of("short") == "xxxxxxx"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer abc",
        "callwright-sealed:1",
        "callwright-sealed:1::A",
        "callwright-sealed:1:A===:AAAA",
        "callwright-sealed:2::AAAA",
        "callwright-sealed:1::AA=A",
    ],
)
def test_any_other_text_is_not_sealed(text: str) -> None:
    assert sealed_bytes(text) is None


@pytest.mark.parametrize(
    ("text", "masked"), [("xxxxxxx", True), ("xxxxxxxab", True), ("xxxxxxxabc", False), ("xxxxxx", False)]
)
def test_masks_are_known(text: str, masked: bool) -> None:
    assert is_mask(text) is masked
