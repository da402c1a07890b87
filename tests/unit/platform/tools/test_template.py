"""The body of a tool: read as a tree, filled value by value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.injections import ATTACKS

from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.template import BadTemplateError, filled, read_template

VALUES: dict[str, Any] = {
    "name": 'Ann "A" O\'Hara',
    "guests": 4,
    "price": 9.5,
    "list": [1, "b"],
    "yes": True,
    "none": None,
    "Prénom": "Zoë",
    "name (first)": "Lee",
    "1st": 1,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def fill(param: object, **values: Any) -> Any:
    return filled(read_template(param), {**VALUES, **values})


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ({"n": "%(name)s"}, {"n": 'Ann "A" O\'Hara'}),
        ('{"n": "%(name)s"}', {"n": 'Ann "A" O\'Hara'}),
        ({"n": "for %(guests)i of %(guests)s at %(price)f"}, {"n": "for 4 of 4 at 9.500000"}),
        ('{"n": %(guests)i, "p": %(price)f, "l": %(list)s, "s": %(name)s}', {"n": 4, "p": 9.5, "l": [1, "b"], "s": 'Ann "A" O\'Hara'}),
        ('{"n": %(guests)d, "t": "%(guests)d of %(1st)d", "m": %(missing)d}', {"n": 4, "t": "4 of 1", "m": None}),
        ({"n": "table for %(guests)d"}, {"n": "table for 4"}),
        ('{"n": %(missing)i, "t": "%(missing)s!", "q": "%(missing)i"}', {"n": None, "t": "!", "q": ""}),
        ({"a": [{"b": {"$var": "list"}}, {"$var": "missing"}]}, {"a": [{"b": [1, "b"]}, None]}),
        ({"t": "%(yes)s %(list)s %(none)s|"}, {"t": 'true [1,"b"] |'}),
        ({"t": "100%% of %d and %(broken"}, {"t": "100% of %d and %(broken"}),
        ('{"t": "a \\"quoted\\" %(guests)s", "u": 5}', {"t": 'a "quoted" 4', "u": 5}),
        ({"t": "%(Prénom)s %(name (first))s %(1st)i %(name )s"}, {"t": "Zoë Lee 1 Ann \"A\" O'Hara"}),
        ({"t": "%(Straße)s %(no name!)s|%(no name)s"}, {"t": "%(Straße)s %(no name!)s|"}),
        ('{"a": %(1st)s, "b": %(name (first))s, "c": %(Straße)s}', {"a": 1, "b": "Lee", "c": None}),
        ({"a": {"$var": "Prénom"}, "b": {"$var": "name (first)"}}, {"a": "Zoë", "b": "Lee"}),
        ({"$var": "guests"}, 4),
        ({"$var": "guests", "more": 1}, {"$var": "guests", "more": 1}),
        ({"%(name)s": 1}, {"%(name)s": 1}),
        ((1, None, True), [1, None, True]),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_places_are_filled(param: object, expected: Any) -> None:
    assert fill(param) == expected


@pytest.mark.parametrize("text", ['{"a": %}', "a=%(a)s&b=1", '{"a": "', "[1]", "5", "{" * 100_000])
def test_text_that_is_no_object_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(BadTemplateError, match="JSON"):
        read_template(text)


@pytest.mark.parametrize("param", ['{"n": %(huge)f}', {"n": "%(huge)f"}, {"n": "at %(huge)i"}])
def test_a_number_that_no_float_holds_is_refused(param: object) -> None:
    with pytest.raises(UnfitArgumentsError, match="huge is too large a number"):
        fill(param, huge=10**400)


@pytest.mark.parametrize("param", ['{"n": %(name)i}', '{"n": %(name)d}', {"n": "%(name)i"}, {"n": "%(name)f"}])
def test_a_number_that_is_none_is_told(param: object) -> None:
    with pytest.raises(UnfitArgumentsError, match="name must be a"):
        fill(param)
    assert fill('{"n": %(name)i, "d": %(name)d}', name="12") == {"n": 12, "d": 12}


TEMPLATES = (
    {"who": "%(said)s", "note": "said: %(said)s.", "admin": False, "inner": {"x": ["%(said)s", {"$var": "said"}]}},
    '{"who": "%(said)s", "raw": %(said)s, "admin": false}',
)


def shape(value: Any) -> Any:
    """A JSON value without its texts."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return "text" if isinstance(value, str) else value


def assert_contained(said: str) -> None:
    for template in TEMPLATES:
        node = read_template(template)
        found = filled(node, {"said": said, "secret": "s3cret", "api_token": "t0ken"})
        assert shape(found) == shape(filled(node, {"said": "harmless"}))
        assert found["who"] == said
        text = json.dumps(found, ensure_ascii=True)
        assert json.loads(text) == found
        assert "s3cret" not in text
        assert "t0ken" not in text


@pytest.mark.parametrize("said", ATTACKS)
def test_no_attack_leaves_its_text(said: str) -> None:
    assert_contained(said)


@given(st.text())
def test_nothing_said_leaves_its_text(said: str) -> None:
    assert_contained(said)


@given(JSON)
def test_a_value_keeps_its_type_whole_and_is_text_within_text(value: Any) -> None:
    found = filled(read_template({"whole": {"$var": "v"}, "text": "<%(v)s>"}), {"v": value})
    assert found["whole"] == value
    inner = found["text"][1:-1]
    assert inner == (value if isinstance(value, str) else "" if value is None else inner)
    if not isinstance(value, str) and value is not None:
        assert json.loads(inner) == value
