"""What the model gave a tool, checked against the tool's schema."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.limits import MAX_TOOL_VALUE_DEPTH
from callwright.platform.tools.rules.arguments import (
    UnfitArgumentsError,
    checked_arguments,
    fitted,
    fitting_arguments,
    read_object,
)

BOOKING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "guests": {"type": "integer", "minimum": 1, "maximum": 12},
        "terrace": {"type": "boolean"},
        "price": {"type": ["number", "null"]},
        "day": {"type": "string", "enum": ["Monday", "Tuesday"]},
        "extras": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 2},
        "address": {"type": "object", "properties": {"city": {"type": "string"}, "floor": {}}, "required": ["city"]},
    },
    "required": ["name"],
}

HUGE = "1" * 400
"""A whole number that no float holds."""

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**1000, 2**1100)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def checked(**given_values: Any) -> dict[str, Any]:
    return checked_arguments(BOOKING, json.dumps({"name": "Ann", **given_values}), {})


def refused(text: str, known: dict[str, Any] | None = None) -> str:
    with pytest.raises(UnfitArgumentsError) as caught:
        checked_arguments(BOOKING, text, known or {})
    return str(caught.value)


def test_arguments_that_fit_are_kept_as_they_are() -> None:
    whole = {
        "guests": 4,
        "terrace": True,
        "price": 9.5,
        "day": "Monday",
        "extras": ["cake"],
        "address": {"city": "Ulm"},
    }
    assert checked(**whole) == {"name": "Ann", **whole}


def test_types_that_lose_nothing_are_brought_into_shape() -> None:
    assert checked(guests="4", terrace="yes", price="9.5", name=12, day="monday") == {
        "name": "12", "guests": 4, "terrace": True, "price": 9.5, "day": "Monday",
    }  # fmt: skip
    assert checked(guests=4.0, price="7")["guests"] == 4
    assert fitted({"type": "string"}, True, "x") == "true"
    assert fitted({"type": "string"}, 1.5, "x") == "1.5"
    assert fitted({"type": "string"}, int(HUGE), "x") == HUGE


def test_what_the_schema_does_not_declare_is_dropped() -> None:
    assert checked(admin=True, address={"city": "Ulm", "street": "x"}) == {"name": "Ann", "address": {"city": "Ulm"}}


def test_what_the_call_knows_fills_what_the_model_left_out() -> None:
    known = {"name": "Eve", "guests": "3", "day": "", "other": "x"}
    assert checked_arguments(BOOKING, '{"guests": 2}', known) == {"name": "Eve", "guests": 2}
    assert checked_arguments(BOOKING, '{"guests": null, "name": ""}', known) == {"name": "Eve", "guests": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "name is missing: ask the caller for it unless it was said already, then call the tool again"),
        ('{"name": ""}', "name is missing"),
        ("[]", "the arguments must be a JSON object"),
        ("{name}", "the arguments are not JSON"),
        ('{"name": NaN}', "the arguments are not JSON"),
        ('{"name": 1e999}', "the arguments are not JSON"),
        ("[" * 100_000, "the arguments are not JSON"),
        ('{"name": {}}', "name must be a text, not {}"),
        ('{"name": "A", "guests": "many"}', 'guests must be a whole number, not "many"'),
        ('{"name": "A", "guests": 2.5}', "guests must be a whole number, not 2.5"),
        ('{"name": "A", "guests": true}', "guests must be a whole number, not true"),
        ('{"name": "A", "guests": "9e999"}', "guests must be a whole number"),
        ('{"name": "A", "guests": 0}', "guests must be at least 1, not 0"),
        ('{"name": "A", "guests": 12345678}', "guests must be at most 12, not 12345678"),
        ('{"name": "A", "guests": 13}', "guests must be at most 12, not 13"),
        ('{"name": "A", "terrace": "maybe"}', 'terrace must be true or false, not "maybe"'),
        ('{"name": "A", "price": "x"}', "price must be a number or null"),
        ('{"name": "A", "day": "Sunday"}', 'day must be one of "Monday", "Tuesday", not "Sunday"'),
        ('{"name": "A", "extras": "cake"}', "extras must be a list"),
        ('{"name": "A", "extras": ["a", "b", "c"]}', "extras must have a count of at most 2, not 3"),
        ('{"name": "A", "extras": ["longer"]}', "extras[0] must have a length of at most 5, not 6"),
        ('{"name": "A", "address": {}}', "address.city is missing"),
    ],
)  # fmt: skip
def test_the_model_is_told_precisely_what_does_not_fit(text: str, expected: str) -> None:
    assert expected in refused(text)


def test_several_missing_parameters_are_named_together() -> None:
    schema = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b", "undeclared"]}
    with pytest.raises(UnfitArgumentsError, match="a, b are missing: ask the caller for them"):
        checked_arguments(schema, "", {})


def test_choices_constants_and_unknown_kinds() -> None:
    optional = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert fitted(optional, "5", "x") == 5
    assert fitted(optional, None, "x") is None
    with pytest.raises(UnfitArgumentsError, match="x must be null"):
        fitted(optional, "five", "x")
    assert fitted({"const": 3}, "3", "x") == 3
    assert fitted({"enum": [True, 1]}, 1, "x") == 1
    assert fitted({"type": "money"}, "5", "x") == "5"
    assert fitted("anything", "5", "x") == "5"
    assert fitted({"type": "object"}, {"a": 1}, "x") == {"a": 1}
    assert fitted({"type": "array"}, [1], "x") == [1]
    assert fitted({"type": "boolean", "minimum": 5}, True, "x") is True
    with pytest.raises(UnfitArgumentsError, match=r"not \"a{39}\.\.\."):
        fitted({"type": "integer"}, "a" * 100, "x")


@pytest.mark.parametrize(
    ("name", "given_value", "told"),
    [
        ("guests", HUGE, "guests is too large a number: 1111"),
        ("guests", -int(HUGE), "guests is too large a number: -1111"),
        ("price", int(HUGE), "price is too large a number: 1111"),
        ("price", HUGE, "price is too large a number: 1111"),
        ("address", {"city": "Ulm", "floor": int(HUGE)}, "address.floor is too large a number: 1111"),
    ],
)
def test_a_number_that_no_float_holds_is_refused(name: str, given_value: Any, told: str) -> None:
    assert refused(json.dumps({"name": "A", name: given_value})).startswith(told)


def test_the_largest_number_is_the_largest_a_float_holds() -> None:
    largest = int(sys.float_info.max)
    assert fitted({"type": "integer", "minimum": 1}, str(largest), "x") == largest
    with pytest.raises(UnfitArgumentsError, match="x is too large a number"):
        fitted({"type": "integer"}, largest + 1, "x")


def test_a_bound_may_be_beyond_any_number_that_is_given() -> None:
    with pytest.raises(UnfitArgumentsError, match="x must be at least 1000"):
        fitted({"type": "integer", "minimum": 10**400}, 5, "x")


@pytest.mark.parametrize("rule", [{"enum": ["a", "b"]}, {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}])
def test_a_choice_is_one_of_those_named_whatever_it_is_called_with(rule: dict[str, Any]) -> None:
    schema = {"properties": {"desk": {"type": "string", **rule}, "desks": {"type": "array", "items": rule}}}
    assert checked_arguments(schema, '{"desk": "A", "desks": ["b"]}', {}) == {"desk": "a", "desks": ["b"]}
    for name, value in (("desk", "c"), ("desk", ["a"]), ("desk", {"a": "a"}), ("desks", ["a", "c"])):
        with pytest.raises(UnfitArgumentsError, match=name):
            checked_arguments(schema, json.dumps({name: value}), {})
    with pytest.raises(UnfitArgumentsError, match="desk"):
        checked_arguments(schema, "{}", {"desk": "c"})


def test_of_arguments_that_need_not_fit_what_fits_is_kept() -> None:
    text = '{"day": "Sunday", "guests": "4", "admin": true, "price": null}'
    assert fitting_arguments(BOOKING, text, {"name": "Eve", "terrace": "no idea"}) == {"name": "Eve", "guests": 4}
    for broken in ('{"name": "A', "[]", "7", '{"guests": NaN}', "{" * 100_000):
        assert fitting_arguments(BOOKING, broken, {}) == {}


def test_arguments_may_be_nested_so_deep_and_no_deeper() -> None:
    def nested(levels: int) -> str:
        return '{"floor": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"

    assert read_object(nested(MAX_TOOL_VALUE_DEPTH))
    with pytest.raises(UnfitArgumentsError, match="nested deeper than 32 levels"):
        read_object(nested(MAX_TOOL_VALUE_DEPTH + 1))
    # Some of these can just be read, and not be shown to the model again.
    for levels in range(900, 1_000):
        with pytest.raises(UnfitArgumentsError):
            checked_arguments({"properties": {"floor": {"type": "integer"}}}, nested(levels), {})


@given(JSON)
def test_whatever_the_model_writes_the_result_fits_or_is_refused(value: Any) -> None:
    for name in BOOKING["properties"]:
        try:
            found = checked_arguments(BOOKING, json.dumps({"name": "Ann", name: value}), {})
        except UnfitArgumentsError:
            continue
        assert set(found) <= set(BOOKING["properties"])
        assert isinstance(found.get("guests", 1), int)
        assert isinstance(found["name"], str)
        assert found.get("day", "Monday") in ("Monday", "Tuesday")
        json.dumps(found, allow_nan=False)
