"""The cost of questions that are asked of a call later on: added to what the call cost, which keeps the prices of its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from callwright.domain.money import allocate, rate
from callwright.domain.pricing import PriceBook
from callwright.insight.usage import POST_CALL, category_of

LEG = "llm"


def rated(usages: Iterable[Mapping[str, Any]], book: PriceBook) -> dict[str, int]:
    """Nano-cents of reported model usage by the contract's sub-leg. Each model is rated once on its whole usage and then shared out."""
    models: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in usages:
        models[(str(one["provider"]), str(one["model"]))].append(one)
    found: dict[str, int] = {}
    for (provider, model), ones in models.items():
        for kind, key in (("model_input", "amount"), ("model_output", "amount_output")):
            amounts = [int(one.get(key, 0)) for one in ones]
            price = book.price(kind, provider, model)
            cost = rate(sum(amounts), price.nano_cents, price.per, round_up_to=price.increment)
            for one, share in zip(ones, allocate(cost, amounts), strict=True):
                category = category_of("model", str(one["purpose"]))
                found[category] = found.get(category, 0) + share
    return found


def with_extra(record: Mapping[str, Any], extra: Mapping[str, int]) -> dict[str, Any]:
    """The keys of a record that change when ``extra`` is spent on its call: everything still sums to the whole."""
    spent = sum(extra.values())
    cost = record.get("cost_nano") or {}
    legs = dict(cost.get("legs") or {})
    legs[LEG] = int(legs.get(LEG, 0)) + spent
    parts = {name: dict(shares) for name, shares in (cost.get("parts") or {}).items()}
    after = parts.setdefault(POST_CALL, {})
    after[LEG] = int(after.get(LEG, 0)) + spent
    categories = {name: dict(shares) for name, shares in (cost.get("categories") or {}).items()}
    of_models = categories.setdefault(LEG, {})
    for name, amount in extra.items():
        of_models[name] = int(of_models.get(name, 0)) + amount
    turns = [
        {**row, "cost_nano": {**(row.get("cost_nano") or {}), LEG: after[LEG]}} if row.get("part") == POST_CALL else row
        for row in record.get("turns") or []
    ]
    return {"cost_nano": {**cost, "legs": legs, "parts": parts, "categories": categories}, "turns": turns}
