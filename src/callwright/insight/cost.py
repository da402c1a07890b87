"""What a call cost: each leg is rated once on its whole usage and then allocated to the parts of the call.

Legs are those of the contract (chapter 7): transcriber, llm, synthesizer, network, platform. Parts are the welcome, the turns, waste
(withdrawn or unheard work) and the post-call work. By construction the parts of a leg sum to the leg and the legs to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callwright.domain.money import allocate, rate
from callwright.insight.target_calls import target_calls
from callwright.insight.usage import POST_CALL, WASTE, WELCOME, Used, used
from callwright.insight.view import CallView
from callwright.platform.agents.rules.transfers import target_carrier
from callwright.platform.prices.rules import (
    MODEL_INPUT,
    PLATFORM,
    WRITTEN_KINDS,
    Price,
    PriceBook,
    Prices,
    Tokens,
    sum_of,
)

LEGS = ("transcriber", "llm", "synthesizer", "network", "platform")
CATEGORIES: dict[str, tuple[str, ...]] = {
    "llm": ("conversation", "extraction", "summarization", "hangup", "analytics", "routing", "voicemail"),
    "synthesizer": ("conversation", "welcome_message"),
    "transcriber": ("conversation", "analytics"),
}
"""The contract's sub-legs (chapter 7): they sum to their leg. No model is asked for a route (``routing``) yet."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one model, voice or recogniser did in a call and cost, in nano-cents. ``amount`` is in tokens read, characters or milliseconds
    heard, ``amount_output`` in tokens written; the rest are parts of the two (``ports.speech.UsageAmount``). The lines of a leg sum to
    it."""

    leg: str
    provider: str
    model: str
    amount: int
    amount_output: int
    cost: int
    amount_cached: int = 0
    amount_reasoning: int = 0
    amount_cache_written: int = 0


@dataclass(frozen=True, slots=True)
class CallCost:
    """Nano-cents: by leg, by part and leg, by the contract's sub-legs (``llm_breakdown`` and so on), and by who did the work."""

    legs: dict[str, int]
    parts: dict[str, dict[str, int]]
    categories: dict[str, dict[str, int]]
    lines: tuple[CostLine, ...] = ()
    targets: dict[int, int] = field(default_factory=dict)
    """Of the leg ``network``: what the call to the target of each transfer cost, by the request of the transfer."""

    @property
    def total(self) -> int:
        """The sum of the legs."""
        return sum(self.legs.values())


@dataclass(frozen=True, slots=True)
class _Item:
    """An amount to rate: ``weights`` pairs each part and sub-leg with its share of the quantity. ``written``: it is what came out of a
    model, not what went in. ``tokens``: all that the model did, at one of its items. ``target``: the transfer whose target was called."""

    leg: str
    price: Price
    quantity: int
    weights: Sequence[tuple[str, str, int]]
    provider: str = ""
    model: str = ""
    written: bool = False
    tokens: Tokens | None = None
    target: int = 0


def cost_of(view: CallView, prices: Prices, carrier: str) -> CallCost:
    """The cost of one attempt by its log, at the prices of the time at which it began."""
    book = prices.at(datetime.fromisoformat(view.header.started_at))
    windows = _windows(view)
    legs = dict.fromkeys(LEGS, 0)
    parts: dict[str, dict[str, int]] = {name: dict.fromkeys(LEGS, 0) for name in _part_names(view, windows)}
    categories = {leg: dict.fromkeys(names, 0) for leg, names in CATEGORIES.items()}
    lines: dict[tuple[str, str, str], CostLine] = {}
    targets: dict[int, int] = {}
    items = [*_usage_items(view, book, windows), *_time_items(view, book, carrier, windows)]
    for item in [*items, *_target_items(view, book, carrier, windows)]:
        amount = rate(item.quantity, item.price.nano_cents, item.price.per, round_up_to=item.price.increment)
        if item.target:
            targets[item.target] = amount
        legs[item.leg] += amount
        if item.provider:
            _add_line(lines, item, amount)
        shares = allocate(amount, [weight for _, _, weight in item.weights])
        for (part, category, _), share in zip(item.weights, shares, strict=True):
            parts[part][item.leg] += share
            if item.leg in categories:
                categories[item.leg][category] += share
    return CallCost(legs, parts, categories, tuple(lines.values()), targets)


def _add_line(lines: dict[tuple[str, str, str], CostLine], item: _Item, cost: int) -> None:
    key = (item.leg, item.provider, item.model)
    there = lines.get(key, CostLine(*key, 0, 0, 0))
    lines[key] = CostLine(
        *key,
        amount=there.amount + (0 if item.written else item.quantity),
        amount_output=there.amount_output + (item.quantity if item.written else 0),
        cost=there.cost + cost,
        amount_cached=there.amount_cached + (item.tokens.cached if item.tokens else 0),
        amount_reasoning=there.amount_reasoning + (item.tokens.reasoning if item.tokens else 0),
        amount_cache_written=there.amount_cache_written + (item.tokens.cache_written if item.tokens else 0),
    )


def _windows(view: CallView) -> list[tuple[str, int]]:
    """Parts of the call by the time they took, in milliseconds: the welcome until the caller's first turn begins, then each turn with
    the agent's answer to it. They sum to the conversation."""
    whole = view.conversation_ms
    later_ms = (view.audio_began_us - (view.answered_us or 0)) // 1000
    windows: list[tuple[str, int]] = []
    part, began = WELCOME, 0
    for entry in view.of("UserSaid"):
        at = min(max(began, int(entry.values["from_ms"]) + later_ms), whole)
        windows.append((part, at - began))
        part, began = f"turn:{entry.values['turn']}", at
    return [*windows, (part, whole - began)]


def _part_names(view: CallView, windows: Sequence[tuple[str, int]]) -> list[str]:
    spoken = {int(e.values["turn"]) for e in view.of("AskModel", "Speak", "AgentSaid")} - {0}
    timed = [name for name, _ in windows]
    turns = sorted({*spoken, *(int(name.removeprefix("turn:")) for name in timed if name.startswith("turn:"))})
    return [WELCOME, *(f"turn:{turn}" for turn in turns), WASTE, POST_CALL]


def _usage_items(view: CallView, book: PriceBook, windows: Sequence[tuple[str, int]]) -> list[_Item]:
    groups: dict[tuple[str, str, str], list[Used]] = defaultdict(list)
    for one in used(view):
        groups[(one.kind, one.provider, one.model)].append(one)
    items: list[_Item] = []
    for (kind, provider, model), ones in groups.items():
        if kind == "model":
            prices = book.of_tokens(provider, model)
            billed = [one.tokens.of_kinds(prices) for one in ones]
            for name, price in prices.items():
                weights = [(one.part, one.category, by_kind[name]) for one, by_kind in zip(ones, billed, strict=True)]
                amount = sum(tokens for _, _, tokens in weights)
                done = sum_of(one.tokens for one in ones) if name == MODEL_INPUT else None
                items.append(_Item("llm", price, amount, weights, provider, model, name in WRITTEN_KINDS, done))
        elif kind == "voice":
            weights = [(one.part, one.category, one.amount) for one in ones]
            price = book.price("voice", provider, model)
            items.append(_Item("synthesizer", price, sum(o.amount for o in ones), weights, provider, model))
        elif kind == "transcriber":
            price = book.price("transcriber", provider, model)
            heard = sum(o.amount for o in ones)
            items.append(_Item("transcriber", price, heard, _by_time(windows), provider, model))
    return items


def _time_items(view: CallView, book: PriceBook, carrier: str, windows: Sequence[tuple[str, int]]) -> list[_Item]:
    duration = view.conversation_ms
    return [
        _Item("network", book.price("carrier", carrier, "*"), duration, _by_time(windows)),
        _Item("platform", book.price("platform", PLATFORM, "*"), duration, _by_time(windows)),
    ]


def _target_items(view: CallView, book: PriceBook, carrier: str, windows: Sequence[tuple[str, int]]) -> Iterator[_Item]:
    """The calls to the targets of transfers: each is a call of its own to its carrier. They belong to the part that was last."""
    weights = [(windows[-1][0], "conversation", 1)]
    for request, call in target_calls(view).items():
        price = book.price("carrier", carrier if call.handover else target_carrier(call.to, carrier), "*")
        if (call.handover or call.answered_us is not None) and call.duration_ms is not None:
            yield _Item("network", price, call.duration_ms, weights, target=request)


def last_part(view: CallView) -> str:
    """The part of the call that calls to the targets of transfers belong to."""
    return _windows(view)[-1][0]


def _by_time(windows: Sequence[tuple[str, int]]) -> list[tuple[str, str, int]]:
    return [(part, "conversation", length) for part, length in windows]
