"""Query parameters that no route knows, in the bytes of an answer."""

from __future__ import annotations

import json

import pytest

from callwright.api.query_names import header_of, with_ignored


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", b'{"callwright":{"ignored":["statuss"]}}'),
        (b'{"a":1.10,"b":[2.50]}', b'{"a":1.10,"b":[2.50],"callwright":{"ignored":["statuss"]}}'),
        (b'{"callwright":{"revision":3},"a":1}', b'{"callwright":{"revision":3,"ignored":["statuss"]},"a":1}'),
        (b'{"callwright":{"ignored":["tasks"]}}', b'{"callwright":{"ignored":["tasks","statuss"]}}'),
        (b'{"callwright":null}', b'{"callwright":{"ignored":["statuss"]}}'),
        (b'[{"a":1}]', b'[{"a":1}]'),
        (b"", b""),
    ],
)
def test_an_object_names_what_was_ignored_and_keeps_every_other_byte(body: bytes, expected: bytes) -> None:
    assert with_ignored(body, ["statuss"]) == expected


def test_a_name_that_a_header_cannot_hold_is_encoded() -> None:
    name, value = header_of(["statuss", "sta,tus", "größe", "a\r\nx: y"])
    assert (name, value) == (b"callwright-ignored", b"statuss, sta%2Ctus, gr%C3%B6%C3%9Fe, a%0D%0Ax: y")


def test_names_are_written_as_json() -> None:
    assert json.loads(with_ignored(b"{}", ['a"b']))["callwright"]["ignored"] == ['a"b']
