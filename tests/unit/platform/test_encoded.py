"""Encoded executions: what is kept, what is forgotten, and which tags a client knows."""

import pytest

from callwright.domain.limits import MAX_CACHED_BODIES
from callwright.platform.encoded import Encoded, EncodedExecutions, entity_tag, names_tag


def encoded(number: int) -> Encoded:
    return Encoded("agent", f"{number}".encode(), f'"{number}"', number)


def key(number: int) -> tuple[str, str, str]:
    return ("tenant", f"{number}", "https://calls.example")


def test_at_the_limit_all_are_kept_and_one_more_forgets_the_one_read_longest_ago():
    cache = EncodedExecutions()
    for number in range(MAX_CACHED_BODIES):
        cache.keep(key(number), encoded(number))
    assert all(cache.get(key(number)) == encoded(number) for number in range(MAX_CACHED_BODIES))
    cache.get(key(0))
    cache.keep(key(MAX_CACHED_BODIES), encoded(MAX_CACHED_BODIES))
    assert cache.get(key(1)) is None
    assert cache.get(key(0)) == encoded(0)
    assert cache.get(key(MAX_CACHED_BODIES)) == encoded(MAX_CACHED_BODIES)


def test_another_tenant_or_address_has_its_own():
    cache = EncodedExecutions()
    cache.keep(("a", "1", "https://calls.example"), encoded(1))
    assert cache.get(("b", "1", "https://calls.example")) is None
    assert cache.get(("a", "1", "https://other.example")) is None


def test_a_newer_version_takes_the_place():
    cache = EncodedExecutions(most=1)
    cache.keep(key(1), encoded(1))
    cache.keep(key(1), encoded(2))
    assert cache.get(key(1)) == encoded(2)


@pytest.mark.parametrize(
    ("given", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), (" * ", True), ('"b"', False), ("", False)],
)
def test_tags_a_client_names(given: str, known: bool):
    assert names_tag(given, '"a"') is known


def test_another_byte_is_another_tag():
    assert entity_tag(b"{}") != entity_tag(b"[]")
    assert entity_tag(b"{}") == entity_tag(b"{}")
