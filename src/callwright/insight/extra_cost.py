"""What is spent on a call later on, by questions or by the talk after its transfer: added to what the call cost, which keeps the prices of
its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from callwright.domain.money import allocate, rate
from callwright.insight.cost import CostLine, last_part
from callwright.insight.usage import POST_CALL, category_of
from callwright.insight.view import CallView
from callwright.platform.prices.rules import PriceBook, Tokens, sum_of
from callwright.platform.usage.rules import usage_lines

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
    changed = _with_leg(record, LEG, POST_CALL, extra.cost_nano)
    cost = changed["cost_nano"]
    categories = {name: dict(shares) for name, shares in (cost.get("categories") or {}).items()}
    of_models = categories.setdefault(LEG, {})
    for name, amount in extra.categories.items():
        of_models[name] = int(of_models.get(name, 0)) + amount
    return {
        **changed,
        "cost_nano": {**cost, "categories": categories},
        "usage_lines": _with_lines(usage_lines(record), extra.lines),
    }


def with_target(record: Mapping[str, Any], view: CallView, cost_nano: int) -> dict[str, Any]:
    """The keys of a record that change when the call to the target of a transfer costs so much more."""
    changed = _with_leg(record, "network", last_part(view), cost_nano)
    cost = changed["cost_nano"]
    return {**changed, "cost_nano": {**cost, "transfer": int(cost.get("transfer") or 0) + cost_nano}}


def _with_leg(record: Mapping[str, Any], leg: str, part: str, cost_nano: int) -> dict[str, Any]:
    """``cost_nano`` and ``turns`` of a record with so much more spent on a leg in a part of the call."""
    cost = record.get("cost_nano") or {}
    legs = dict(cost.get("legs") or {})
    legs[leg] = int(legs.get(leg, 0)) + cost_nano
    parts = {name: dict(shares) for name, shares in (cost.get("parts") or {}).items()}
    after = parts.setdefault(part, {})
    after[leg] = int(after.get(leg, 0)) + cost_nano
    turns = [
        {**row, "cost_nano": {**(row.get("cost_nano") or {}), leg: after[leg]}} if _part_of(row) == part else row
        for row in record.get("turns") or []
    ]
    return {"cost_nano": {**cost, "legs": legs, "parts": parts}, "turns": turns}


def _part_of(row: Mapping[str, Any]) -> str:
    name = str(row.get("part"))
    return f"{name}:{row['turn']}" if name == "turn" else name


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
