"""Bodies and queries that their models refuse: which text, and which path."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from callwright.api.reading import MOMENT, Asked, AskedQuery, reads, refusal, validated
from callwright.domain.errors import BadInputError, TooLargeError, UnprocessableError
from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import sentences, text, whole
from callwright.domain.settings.setting import Kind


class Part(Asked):
    size: Annotated[int, reads(whole(1, 3))]


class Whole(Asked):
    name: Annotated[str, reads(text(5))]
    note: Annotated[str | None, reads(text(5))] = None
    count: Annotated[int, reads(whole(0, 9))] = Field(default=2, description="How many.")
    words: Annotated[tuple[str, ...] | None, reads(sentences(2, 4))] = None
    pace: Literal["fast", "slow"] = "fast"
    at: Annotated[Any, reads(MOMENT)] = Field(default=None, alias="from")
    parts: tuple[Part, ...] = ()
    data: dict[str, Any] | None = None


def _odd(given: Fields, name: str) -> str:
    if given.text(name) == "long":
        raise TooLargeError("too long", field=name)
    raise UnprocessableError("at the top", field=name)


class Odd(Asked):
    first: Annotated[str, reads(text())] = ""
    odd: Annotated[str, reads(Kind("a text", {"type": "string"}, _odd))] = ""
    count: Annotated[int, reads(whole(0, 9))] = 2


class Page(AskedQuery):
    number: Annotated[int, reads(whole(1, 9))] = 1


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({}, "name is required", "name"),
        ({"name": None}, "name is required", "name"),
        ({"name": ""}, "name is required", "name"),
        ({"name": 5}, "name must be a string, not a number", "name"),
        ({"name": "longer"}, "name has 6 characters, at most 5 are allowed", "name"),
        ({"name": "a", "count": "12"}, 'count must be a whole number from 0 to 9, not "12"', "count"),
        ({"name": "a", "pace": "slwo"}, 'pace must be one of fast, slow, not "slwo"', "pace"),
        ({"name": "a", "pace": 1}, "pace must be one of fast, slow, not a number", "pace"),
        ({"name": "a", "words": ["a", "longer"]}, "words[1] must be a sentence of at most 4 characters", "words[1]"),
        ({"name": "a", "parts": {}}, "parts must be an array, not an object", "parts"),
        ({"name": "a", "parts": [3]}, "parts[0] must be an object, not a number", "parts[0]"),
        ({"name": "a", "parts": [{"size": 1}, {"size": 4}]}, "parts[1].size must be a whole number", "parts[1].size"),
        ({"name": "a", "data": []}, "data must be an object, not an array", "data"),
        ({"name": "a", "from": "soon"}, "from must be an ISO 8601 time", "from"),
    ],
)
def test_an_error_names_its_path_and_what_is_expected(body: dict[str, Any], message: str, field: str) -> None:
    with pytest.raises(ValidationError) as found:
        Whole.model_validate(body)
    error = refusal(found.value.errors(include_url=False))
    assert error.message.startswith(message)
    assert error.field == field


def test_an_error_of_its_own_keeps_its_status_and_its_place_among_the_others() -> None:
    with pytest.raises(UnprocessableError, match="at the top"):
        validated(Odd, {"odd": "x", "count": "x"})
    with pytest.raises(TooLargeError):
        validated(Odd, {"odd": "long", "count": "x"})
    with pytest.raises(BadInputError, match="first must be") as found:
        validated(Odd, {"first": 5, "odd": "x"})
    assert type(found.value) is BadInputError


def test_what_is_null_or_empty_counts_as_missing() -> None:
    found = Whole.model_validate({"name": "a", "note": "", "count": None, "more": 1})
    assert (found.note, found.count, found.at) == (None, 2, None)
    assert Page.model_validate({"number": " "}).number == 1
    assert Page.model_validate({"number": " 3 ", "other": "x"}).number == 3


def test_a_field_is_described_as_it_is_read() -> None:
    schema = Whole.model_json_schema()
    assert schema["required"] == ["name"]
    count = schema["properties"]["count"]
    assert (count["type"], count["minimum"], count["maximum"], count["default"]) == ("integer", 0, 9, 2)
