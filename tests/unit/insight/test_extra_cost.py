"""What is spent on a call later: rated with the prices of that day, and added so that everything still sums."""

from __future__ import annotations

from typing import Any

from callwright.domain.pricing import Price, PriceBook
from callwright.insight.extra_cost import rated, with_extra

BOOK = PriceBook({("model_input", "p", "m"): Price(1_000, per=100), ("model_output", "p", "m"): Price(3_000, per=100)})


def usage(amount: int, output: int, purpose: str = "extraction", model: str = "m") -> dict[str, Any]:
    return {"provider": "p", "model": model, "purpose": purpose, "amount": amount, "amount_output": output}


def test_each_purpose_gets_its_share() -> None:
    spent = rated([usage(150, 10), usage(50, 10, "summary"), usage(999, 9, model="free")], BOOK)
    assert spent == {"extraction": 1_800, "summarization": 800}


def test_nothing_spent_costs_nothing() -> None:
    assert rated([], BOOK) == {}


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
    found = with_extra(record, {"extraction": 5, "summarization": 3})
    assert found["cost_nano"]["legs"] == {"llm": 108, "network": 7}
    assert found["cost_nano"]["parts"]["post_call"] == {"llm": 48, "network": 0}
    assert found["cost_nano"]["categories"]["llm"] == {"conversation": 60, "extraction": 45, "summarization": 3}
    assert [row["cost_nano"]["llm"] for row in found["turns"]] == [60, 48]
    assert record["cost_nano"]["legs"] == {"llm": 100, "network": 7}, "the record itself stays as it is"


def test_a_record_without_a_cost_gets_one() -> None:
    found = with_extra({}, {"extraction": 5})
    assert found["cost_nano"]["legs"] == {"llm": 5}
    assert found["cost_nano"]["parts"] == {"post_call": {"llm": 5}}
