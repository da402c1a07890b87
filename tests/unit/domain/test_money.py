"""Money is whole nano-cents: sums are exact and nothing is lost when an amount is split."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.money import NANO_PER_CENT, allocate, cents_from_nano, nano_from_cents, rate
from callwright.platform.prices.rules import FREE, Price, PriceBook

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("cents", "nano_cents"),
    [
        ("0.23", 230_000_000),
        (2, 2 * NANO_PER_CENT),
        (Decimal("-1.5"), -1_500_000_000),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
        ("0.0000000016", 2),
    ],
)
def test_cents_become_nano_cents_half_to_even(cents, nano_cents):
    assert nano_from_cents(cents) == nano_cents


@pytest.mark.parametrize(
    ("nano_cents", "shown"), [(230_000_000, "0.23"), (0, "0"), (100 * NANO_PER_CENT, "100"), (1, "1E-9"), (-5, "-5E-9")]
)
def test_an_amount_is_shown_in_cents_without_trailing_zeros(nano_cents, shown):
    assert str(cents_from_nano(nano_cents)) == shown


@given(st.integers(-(10**15), 10**15))
def test_no_amount_changes_on_its_way_out_and_back(nano_cents):
    assert nano_from_cents(cents_from_nano(nano_cents)) == nano_cents


def test_a_call_is_billed_by_the_vendors_increment():
    per_minute = nano_from_cents("1.2")
    assert rate(90_000, per_minute, MINUTE_MS) == nano_from_cents("1.8")
    assert rate(90_000, per_minute, MINUTE_MS, round_up_to=MINUTE_MS) == nano_from_cents("2.4")
    assert rate(120_000, per_minute, MINUTE_MS, round_up_to=MINUTE_MS) == nano_from_cents("2.4")
    assert rate(0, per_minute, MINUTE_MS, round_up_to=MINUTE_MS) == 0


def test_half_a_nano_cent_is_charged():
    assert [rate(quantity, 1, 4) for quantity in (1, 2, 3, 5, 6)] == [0, 1, 1, 1, 2]


@pytest.mark.parametrize("wrong", [(-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)])
def test_what_has_no_price_is_refused(wrong):
    quantity, price, per, increment = wrong
    with pytest.raises(ValueError, match="must"):
        rate(quantity, price, per, round_up_to=increment)


def test_an_amount_is_split_by_weight_and_the_rounding_falls_where_it_arises():
    assert allocate(100, [1, 1, 1]) == [33, 33, 34]
    assert allocate(10, [0, 5, 0, 5]) == [0, 5, 0, 5]


def test_without_any_weight_the_last_part_takes_all():
    assert allocate(7, [0, 0, 0]) == [0, 0, 7]
    assert allocate(0, []) == []
    with pytest.raises(ValueError, match="no parts"):
        allocate(7, [])


def test_a_weight_below_zero_is_refused():
    with pytest.raises(ValueError, match="not be negative"):
        allocate(7, [3, -1])


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_the_parts_of_a_leg_sum_to_the_leg(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert min(parts) >= 0


BOOK = PriceBook(
    {
        ("voice", "north", "nova"): Price(30, 1_000),
        ("voice", "north", "*"): Price(20, 1_000),
        ("voice", "*", "*"): Price(10, 1_000),
        ("carrier", "*", "*"): Price(600, MINUTE_MS, MINUTE_MS),
    }
)


@pytest.mark.parametrize(
    ("usage", "nano_cents"),
    [
        (("voice", "north", "nova"), 30),
        (("voice", "north", "luna"), 20),
        (("voice", "south", "nova"), 10),
        (("carrier", "south", ""), 600),
    ],
)
def test_the_most_exact_entry_of_the_price_book_counts(usage, nano_cents):
    assert BOOK.price(*usage).nano_cents == nano_cents


def test_what_the_price_book_does_not_list_is_free():
    assert BOOK.price("transcriber", "north", "nova") is FREE
    assert PriceBook().price("voice", "north", "nova") is FREE
    assert rate(10**9, FREE.nano_cents, FREE.per, round_up_to=FREE.increment) == 0
