"""Reading prices; the file itself is given as text by the test."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_PRICES
from callwright.ops.price_book import load_price_book
from callwright.platform.prices.rules import KINDS, Price, PriceBook, read_price

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def load(tmp_path: Path, document: Any, at: datetime = NOON) -> PriceBook:
    path = tmp_path / "prices.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return load_price_book(path).at(at)


def one(**changes: Any) -> dict[str, Any]:
    row = {"kind": "voice", "provider": "p", "model": "m", "cents": "1.5", "per": 1_000, "increment": 10, **changes}
    return {"prices": [{name: value for name, value in row.items() if value is not ...}]}


def test_without_a_file_everything_is_free():
    assert load_price_book(None).at(NOON).price("voice", "p", "m") == Price(0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_have_a_price(tmp_path: Path, kind: str):
    assert load(tmp_path, one(kind=kind)).price(kind, "p", "m") == Price(1_500_000_000, 1_000, 10)


def test_model_provider_and_steps_may_be_left_out(tmp_path: Path):
    book = load(tmp_path, one(model=..., per=..., increment=...))
    assert book.price("voice", "p", "any") == Price(1_500_000_000, 1, 1)
    assert book.price("voice", "q", "any") == Price(0)


def test_a_price_without_a_provider_is_that_of_every_other_provider(tmp_path: Path):
    everybody = one(provider=..., model=..., cents="9")["prices"]
    book = load(tmp_path, {"prices": [*one()["prices"], *everybody]})
    assert book.price("voice", "q", "any").nano_cents == 9_000_000_000
    assert book.price("voice", "p", "m").nano_cents == 1_500_000_000
    assert book.price("carrier", "q", "any") == Price(0)


def test_a_price_book_has_at_most_so_many_entries(tmp_path: Path):
    entries = [one(model=f"m{number}")["prices"][0] for number in range(MAX_PRICES + 1)]
    load(tmp_path, {"prices": entries[:-1]})
    with pytest.raises(ConfigurationError, match="at most 10000"):
        load(tmp_path, {"prices": entries})


@pytest.mark.parametrize(("cents", "nano"), [("0.000000001", 1), (0.1, 100_000_000), (2, 2_000_000_000), ("0", 0)])
def test_cents_are_exact(tmp_path: Path, cents: object, nano: int):
    assert load(tmp_path, one(cents=cents)).price("voice", "p", "m").nano_cents == nano


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{", "cannot be read"),
        ("[]", '"prices"'),
        ({}, '"prices"'),
        ({"prices": {}}, '"prices"'),
        ({"prices": [1]}, "price 1 of"),
        (one(kind="coffee"), "kind must be one of"),
        (one(kind=...), "kind must be one of"),
        (one(cents=...), "cents must be a decimal number"),
        (one(cents="free"), "cents must be a decimal number"),
        (one(cents="NaN"), "cents must be a decimal number"),
        (one(cents="Infinity"), "cents must be a decimal number"),
        (one(cents=None), "cents must be a decimal number"),
        (one(cents="-1"), "must not be negative"),
        (one(per=0), "whole numbers from 1"),
        (one(per=1.5), "whole numbers from 1"),
        (one(per="1000"), "whole numbers from 1"),
        (one(per=True), "whole numbers from 1"),
        (one(provider=...), "the model 'm' needs its provider"),
        (one(increment=-1), "whole numbers from 1"),
        (one(incremnt=10), "unknown incremnt"),
        (one(valid_from="tomorrow"), "valid_from must be a time with its offset"),
        (one(valid_from="2026-12-01T00:00:00"), "valid_from must be a time with its offset"),
        (one(source=7), "source must be a text"),
        (one(provider=["p"]), "provider must be a text"),
        ({"prices": one()["prices"] * 2}, "price 2 of .* has a price already"),
        ({"prices": one()["prices"] * 10_001}, "at most 10000"),
    ],
)
def test_a_wrong_price_book_says_which_entry_and_why(tmp_path: Path, document: Any, why: str):
    with pytest.raises(ConfigurationError, match=why):
        load(tmp_path, document)


def dated(*entries: tuple[str | None, str]) -> dict[str, Any]:
    """The price of one model from each of these times on."""
    return {"prices": [one(valid_from=time or ..., cents=cents)["prices"][0] for time, cents in entries]}


@pytest.mark.parametrize(
    ("at", "cents"),
    [
        (NOON - timedelta(days=1), 1),
        (NOON - timedelta(microseconds=1), 1),
        (NOON, 2),
        (NOON + timedelta(days=2), 3),
        (NOON + timedelta(days=900), 3),
    ],
)
def test_the_newest_price_that_is_valid_at_the_time_counts(tmp_path: Path, at: datetime, cents: int):
    book = dated(("2026-12-01T12:00:00+00:00", "3"), (None, "1"), ("2026-11-29T14:00:00+02:00", "2"))
    assert load(tmp_path, book, at).price("voice", "p", "m").nano_cents == cents * 1_000_000_000


def test_a_price_is_free_before_its_first_day_and_another_price_of_its_provider_counts(tmp_path: Path):
    later = dated(("2026-12-01T00:00:00Z", "3"))
    assert load(tmp_path, later).price("voice", "p", "m") == Price(0)
    whole_provider = {"prices": [*later["prices"], *one(model=..., cents="7")["prices"]]}
    assert load(tmp_path, whole_provider).price("voice", "p", "m").nano_cents == 7_000_000_000


def test_two_prices_from_the_same_time_on_are_refused(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"price 2 of .* has a price already from 2026-12-01"):
        load(tmp_path, dated(("2026-12-01T00:00:00Z", "3"), ("2026-12-01T01:00:00+01:00", "4")))


def test_a_row_of_the_ledger_counts_before_one_of_the_file_from_the_same_time_on(tmp_path: Path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(one()))
    prices = load_price_book(path)
    prices.take([read_price(one(cents="4")["prices"][0])])
    assert prices.at(NOON).price("voice", "p", "m").nano_cents == 4_000_000_000
    prices.take([])
    assert prices.at(NOON).price("voice", "p", "m").nano_cents == 1_500_000_000


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"prices\.json"):
        load_price_book(tmp_path / "prices.json")
