"""The cost of questions that are asked of a call later on: added to what the call cost, which keeps the prices of its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from callwright.domain.money import allocate, rate
from callwright.domain.pricing import PriceBook, Tokens, sum_of
from callwright.domain.usage import usage_lines
from callwright.insight.cost import CostLine
from callwright.insight.usage import POST_CALL, category_of

LEG = "llm"


@dataclass(frozen=True, slots=True)
class Extra:
    """What was spent, told twice over: ``categories`` in nano-cents by the contract's sub-leg, and ``lines`` by who did the work. Both sum
    to ``cost_nano``."""

    categories: dict[str, int] = field(default_factory=dict)
    lines: list[CostLine] = field(default_factory=list)

    @property
    def cost_nano(self) -> int:
        """The whole, in nano-cents."""
        return sum(self.categories.values())


def rated(usages: Iterable[Mapping[str, Any]], book: PriceBook) -> Extra:
    """What reported model usage costs. Each model is rated once on its whole usage and then shared out."""
    models: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in usages:
        models[(str(one["provider"]), str(one["model"]))].append(one)
    found: dict[str, int] = {}
    lines: list[CostLine] = []
    for (provider, model), ones in models.items():
        whole = 0
        prices = book.of_tokens(provider, model)
        billed = [_tokens_of(one).of_kinds(prices) for one in ones]
        for kind, price in prices.items():
            amounts = [by_kind[kind] for by_kind in billed]
            cost = rate(sum(amounts), price.nano_cents, price.per, round_up_to=price.increment)
            whole += cost
            for one, share in zip(ones, allocate(cost, amounts), strict=True):
                category = category_of("model", str(one["purpose"]))
                found[category] = found.get(category, 0) + share
        done = sum_of(_tokens_of(one) for one in ones)
        parts = (done.cached, done.reasoning, done.cache_written)
        lines.append(CostLine(LEG, provider, model, done.read, done.written, whole, *parts))
    return Extra(found, lines)


def _tokens_of(usage: Mapping[str, Any]) -> Tokens:
    return Tokens(*(int(usage.get(key, 0)) for key in _AMOUNTS))


_AMOUNTS = ("amount", "amount_output", "amount_cached", "amount_reasoning", "amount_cache_written")


def with_extra(record: Mapping[str, Any], extra: Extra) -> dict[str, Any]:
    """The keys of a record that change when ``extra`` is spent on its call: everything still sums to the whole."""
    spent = extra.cost_nano
    cost = record.get("cost_nano") or {}
    legs = dict(cost.get("legs") or {})
    legs[LEG] = int(legs.get(LEG, 0)) + spent
    parts = {name: dict(shares) for name, shares in (cost.get("parts") or {}).items()}
    after = parts.setdefault(POST_CALL, {})
    after[LEG] = int(after.get(LEG, 0)) + spent
    categories = {name: dict(shares) for name, shares in (cost.get("categories") or {}).items()}
    of_models = categories.setdefault(LEG, {})
    for name, amount in extra.categories.items():
        of_models[name] = int(of_models.get(name, 0)) + amount
    turns = [
        {**row, "cost_nano": {**(row.get("cost_nano") or {}), LEG: after[LEG]}} if row.get("part") == POST_CALL else row
        for row in record.get("turns") or []
    ]
    whole = {**cost, "legs": legs, "parts": parts, "categories": categories}
    return {
        "cost_nano": whole,
        "turns": turns,
        "usage_lines": _with_lines(usage_lines(record), extra.lines),
    }


def _with_lines(before: Iterable[Mapping[str, Any]], extra: Iterable[CostLine]) -> list[dict[str, Any]]:
    """The lines of a record and ``extra``, one for each that did work: the usage of the account is summed from them."""
    found = {(line["leg"], line["provider"], line["model"]): dict(line) for line in before}
    for line in extra:
        there = found.setdefault(
            (line.leg, line.provider, line.model), asdict(CostLine(LEG, line.provider, line.model, 0, 0, 0))
        )
        for name in _AMOUNTS:
            there[name] = there.get(name, 0) + getattr(line, name)
        there["cost"] += line.cost
    return list(found.values())
