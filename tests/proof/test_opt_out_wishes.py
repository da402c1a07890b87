"""Requests not to be called: drawn at random, understood as they are meant, and told apart where they are not."""

from proof.opt_out_wishes import misjudged, request_of


def test_a_seed_is_one_request() -> None:
    assert request_of(5) == request_of(5)
    assert request_of(6) != request_of(5)


def test_what_is_drawn_is_understood() -> None:
    assert [rule for seed in range(2_000) if (rule := misjudged(seed))] == []


def test_some_ask_for_no_more_calls_and_some_do_not() -> None:
    assert {request_of(seed).asks for seed in range(100)} == {True, False}
