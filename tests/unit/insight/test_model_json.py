"""The object in a model's answer, however it is wrapped and wherever it breaks off."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.insight.model_json import object_in


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Sure! Here it is:\n```json\n{"a": 1}\n```\nAnything else?', {"a": 1}),
        ('{"a": 1, "b": [1, 2 , ], }', {"a": 1, "b": [1, 2]}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": "a \\"quoted\\" }, word", "b": 2}', {"a": 'a "quoted" }, word', "b": 2}),
        ('{"a": 1} and {"b": 2}', {"a": 1}),
        ('{"a": 1, "b": {"c": 2, "d": "broken o', {"a": 1, "b": {"c": 2}}),
        ('{"a": [1, 2, 3', {"a": [1, 2]}),
        ('{"a": 1, "b": ', {"a": 1}),
        ('{"a": 1e999}', {"a": "1e999"}),
        ('{"a": 1.5}', {"a": 1.5}),
    ],
)
def test_what_is_whole_is_read(answer: str, found: dict[str, Any]) -> None:
    assert object_in(answer) == found


@pytest.mark.parametrize(
    "answer",
    ["", "I do not know.", "[1, 2]", '{"a": NaN}', '{"a"', '{"a": 1]', "{" * 5_000, '{"a": ' * 100_000, "}{", "{a: 1}"],
)
def test_where_there_is_none_none_is_found(answer: str) -> None:
    assert object_in(answer) is None
