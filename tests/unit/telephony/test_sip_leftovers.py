"""When a gateway holds too much that belongs to no call."""

from callwright.telephony.sip.leftovers import LOOKS, MOST_LEFT_OVER, SOCKETS_OF_A_CALL, Leftovers

AT_REST = 5


def looked(leftovers, sockets, calls=0, times=LOOKS):
    for _ in range(times):
        leftovers.look(sockets, calls)
    return leftovers.too_many


def test_sockets_of_calls_are_somebodys():
    assert not looked(Leftovers(AT_REST), AT_REST + SOCKETS_OF_A_CALL * 200, calls=200)


def test_too_many_for_too_long_are_too_many():
    leftovers = Leftovers(AT_REST)
    assert not looked(leftovers, AT_REST + MOST_LEFT_OVER + 1, times=LOOKS - 1)
    assert looked(leftovers, AT_REST + MOST_LEFT_OVER + 1, times=1)


def test_as_many_as_may_be_are_not_too_many():
    assert not looked(Leftovers(AT_REST), AT_REST + MOST_LEFT_OVER)


def test_what_goes_away_in_between_was_only_late():
    leftovers = Leftovers(AT_REST)
    looked(leftovers, AT_REST + 1_000, times=LOOKS - 1)
    leftovers.look(AT_REST, 0)
    assert not looked(leftovers, AT_REST + 1_000, times=LOOKS - 1)
