"""Which short names an agent may have."""

from __future__ import annotations

import pytest

from callwright.domain.errors import BadInputError
from callwright.platform.extensions.rules import parse_extension


@pytest.mark.parametrize("name", ["0", "100", "reception", "front-desk", "a.b_c-9", "x" * 32])
def test_names_of_telephones_and_of_people_are_taken(name: str) -> None:
    assert parse_extension(name) == name


@pytest.mark.parametrize("name", ["", "x" * 33, "Reception", "front desk", "ünder", "a@b", "a/b", "a\x00", "100\n"])
def test_other_forms_are_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(BadInputError, match="1 to 32 characters of a-z") as caught:
        parse_extension(name)
    assert caught.value.field == "extension"


@pytest.mark.parametrize("name", ["112", "911"])
def test_an_emergency_number_is_nobodys_extension(name: str) -> None:
    with pytest.raises(BadInputError, match="emergency"):
        parse_extension(name)


def test_an_extension_cannot_be_taken_for_an_agent() -> None:
    with pytest.raises(BadInputError, match="id of an agent"):
        parse_extension("00000000000040008000000000000001")
    assert parse_extension("0000000000004000800000000000000g") != ""
