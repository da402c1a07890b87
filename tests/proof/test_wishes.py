"""Wishes to be called back: drawn at random, understood as they are meant, and told apart where they are not."""

from proof.wishes import misunderstood, wish_of


def test_a_seed_is_one_wish() -> None:
    assert wish_of(5) == wish_of(5)
    assert wish_of(6) != wish_of(5)


def test_what_is_drawn_is_understood() -> None:
    assert [rule for seed in range(500) if (rule := misunderstood(seed, ()))] == []


def test_some_ask_and_some_do_not_and_not_every_time_can_be_kept() -> None:
    wishes = [wish_of(seed) for seed in range(100)]
    assert {wish.asked for wish in wishes} == {True, False}
    assert {wish.due_at is None for wish in wishes if wish.asked} == {True, False}
    assert all(wish.due_at > wish.now for wish in wishes if wish.due_at is not None)
