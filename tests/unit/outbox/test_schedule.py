"""When a webhook is tried again."""

import pytest

from callwright.outbox.schedule import is_delivered, retry_in


def test_ten_tries_within_sixteen_hours():
    waits: list[int] = []
    while (wait := retry_in(len(waits) + 1, 500)) is not None:
        waits.append(wait)
    assert waits == [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800]
    assert 15 * 3_600 < sum(waits) < 16 * 3_600


def test_nobody_there_counts_like_a_failure():
    assert retry_in(1, None) == 5


def test_a_receiver_that_is_gone_is_not_asked_again():
    assert retry_in(1, 410) is None


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_receiver_gets_half_a_minute_at_least(status: int):
    assert [retry_in(tries, status) for tries in (1, 2, 3, 10)] == [30, 30, 120, None]


@pytest.mark.parametrize(
    ("status", "taken"), [(199, False), (200, True), (204, True), (299, True), (301, False), (404, False)]
)
def test_only_success_counts_as_taken(status: int, taken: bool):
    assert is_delivered(status) is taken
