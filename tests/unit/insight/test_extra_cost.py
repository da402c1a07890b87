"""What is spent on a call later: rated with the prices of that day, and added so that everything still sums."""

from __future__ import annotations

from typing import Any

from callwright.insight.cost import CostLine
from callwright.insight.extra_cost import Extra, rated, with_extra
from callwright.platform.prices.rules import Price, PriceBook

BOOK = PriceBook({("model_input", "p", "m"): Price(1_000, per=100), ("model_output", "p", "m"): Price(3_000, per=100)})


def usage(amount: int, output: int, purpose: str = "extraction", model: str = "m") -> dict[str, Any]:
    return {"provider": "p", "model": model, "purpose": purpose, "amount": amount, "amount_output": output}


def test_each_purpose_gets_its_share() -> None:
    spent = rated([usage(150, 10), usage(50, 10, "summary"), usage(999, 9, model="free")], BOOK)
    assert spent.categories == {"extraction": 1_800, "summarization": 800}
    assert spent.cost_nano == 2_600


def test_each_model_gets_its_line_and_the_lines_sum_to_the_whole() -> None:
    spent = rated([usage(150, 10), usage(50, 10, "summary"), usage(999, 9, model="free")], BOOK)
    assert spent.lines == [CostLine("llm", "p", "m", 200, 20, 2_600), CostLine("llm", "p", "free", 999, 9, 0)]
    assert sum(line.cost for line in spent.lines) == spent.cost_nano


def test_tokens_of_the_cache_have_their_own_price() -> None:
    book = PriceBook({**BOOK.prices, ("model_cached_input", "p", "m"): Price(100, per=100)})
    spent = rated([{**usage(150, 10), "amount_cached": 50}], book)
    assert spent.cost_nano == 1_000 + 50 + 300
    assert [(line.amount, line.amount_cached) for line in spent.lines] == [(150, 50)]


def test_nothing_spent_costs_nothing() -> None:
    assert rated([], BOOK) == Extra()


def test_everything_still_sums_after_it_was_added() -> None:
    record: dict[str, Any] = {
        "cost_nano": {
            "legs": {"llm": 100, "network": 7},
            "parts": {"welcome": {"llm": 60, "network": 7}, "post_call": {"llm": 40, "network": 0}},
            "categories": {"llm": {"conversation": 60, "extraction": 40}, "synthesizer": {}},
        },
        "turns": [
            {"part": "welcome", "cost_nano": {"llm": 60, "network": 7}},
            {"part": "post_call", "cost_nano": {"llm": 40, "network": 0}},
        ],
    }
    found = with_extra(record, Extra({"extraction": 5, "summarization": 3}))
    assert found["cost_nano"]["legs"] == {"llm": 108, "network": 7}
    assert found["cost_nano"]["parts"]["post_call"] == {"llm": 48, "network": 0}
    assert found["cost_nano"]["categories"]["llm"] == {"conversation": 60, "extraction": 45, "summarization": 3}
    assert [row["cost_nano"]["llm"] for row in found["turns"]] == [60, 48]
    assert record["cost_nano"]["legs"] == {"llm": 100, "network": 7}, "the record itself stays as it is"


NO_PARTS = {"amount_cached": 0, "amount_reasoning": 0, "amount_cache_written": 0}


def test_a_record_without_a_cost_gets_one() -> None:
    found = with_extra({}, Extra({"extraction": 5}, [CostLine("llm", "p", "m", 9, 1, 5)]))
    assert found["cost_nano"]["legs"] == {"llm": 5}
    assert found["cost_nano"]["parts"] == {"post_call": {"llm": 5}}
    assert found["usage_lines"] == [
        {"leg": "llm", "provider": "p", "model": "m", "amount": 9, "amount_output": 1, "cost": 5, **NO_PARTS}
    ]


def test_the_usage_of_the_account_has_a_models_later_work_in_that_models_line() -> None:
    ears = {"leg": "transcriber", "provider": "p", "model": "m", "amount": 60_000, "amount_output": 0, "cost": 7}
    words = {"leg": "llm", "provider": "p", "model": "m", "amount": 500, "amount_output": 60, "cost": 100}
    later = [CostLine("llm", "p", "m", 9, 1, 5), CostLine("llm", "q", "m", 3, 2, 4)]
    record: dict[str, Any] = {"usage_lines": [ears, words]}
    assert with_extra(record, Extra({"extraction": 9}, later))["usage_lines"] == [
        ears,
        {**words, "amount": 509, "amount_output": 61, "cost": 105, **NO_PARTS},
        {"leg": "llm", "provider": "q", "model": "m", "amount": 3, "amount_output": 2, "cost": 4, **NO_PARTS},
    ]
    assert words["cost"] == 100, "the record itself stays as it is"
