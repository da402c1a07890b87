"""Voices that take long."""

from proof.pace import LIVE, MORE, SLOW, SLOWER, Pace

PACES = [Pace(seed) for seed in range(2_000)]


def test_few_voices_are_slow_and_few_deliver_as_they_are_heard() -> None:
    assert 0.5 * SLOW < sum(pace.slower > 1 for pace in PACES) / 2 < 1.5 * SLOW
    assert 0.5 * LIVE < sum(pace.live for pace in PACES) / 2 < 2 * LIVE
    assert {pace.slower for pace in PACES} == {1, *SLOWER}


def test_one_that_delivers_as_it_is_heard_is_no_slower_than_its_letters_allow() -> None:
    assert {pace.slower for pace in PACES if pace.live} == {1, 2, 3}


def test_a_slow_voice_has_a_long_goodbye() -> None:
    assert all((pace.goodbye("Bye.") == f"Bye. {MORE}") == (pace.slower > 1) for pace in PACES)
    assert all(pace.goodbye("") == "" for pace in PACES)


def test_a_seed_has_one_voice() -> None:
    assert [(pace.slower, pace.live) for pace in map(Pace, range(2_000))] == [(p.slower, p.live) for p in PACES]
