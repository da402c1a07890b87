"""What a minute of an agent's calls is expected to cost, before one is made: its providers' prices times what its calls use.

What they use is measured on its last calls. An agent without calls is taken for the default one, whose figures are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.money import rate
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.prices.rules import MODEL_INPUT, PLATFORM, BilledAs, Price, PriceBook, Tokens, as_written
from callwright.platform.usage.rules import usage_lines
from callwright.platform.wallet.rules import CHARACTERS_PER_SECOND, CHARACTERS_PER_TOKEN, POST_CALL_TOKENS

MINUTE_MS = 60_000
DEFAULT_CALL_MS = 180_000
"""Length of a call of an agent that has none."""
DEFAULT_AGENT_TALK_PERCENT = 45
"""Share of the time in which the agent speaks."""
DEFAULT_CALLER_TALK_PERCENT = 35
"""Share of the time in which the caller speaks."""
DEFAULT_SECONDS_PER_TURN = 12
"""The model is asked for a reply once in this time."""
LEGS = ("transcriber", "llm", "synthesizer", "network", "platform")


@dataclass(frozen=True, slots=True)
class TypicalCall:
    """One call of the agent: how long it lasts and what it uses. ``calls``: how many it is the average of, 0 for the default call."""

    calls: int
    lasted_ms: int
    heard_ms: int
    characters: int
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Estimate:
    """Nano-cents of one typical call by leg, and the legs for which the book has no price."""

    call: TypicalCall
    legs: Mapping[str, int]
    unpriced: tuple[str, ...]

    def per_minute(self, nano: int) -> int:
        """An amount of the typical call by the minute."""
        return nano * MINUTE_MS // max(1, self.call.lasted_ms)


def default_call(spec: AgentSpec) -> TypicalCall:
    """The call of an agent that has none yet: what is said follows from the time, what is read from its prompt as well."""
    seconds = DEFAULT_CALL_MS // 1000
    said = seconds * DEFAULT_AGENT_TALK_PERCENT * CHARACTERS_PER_SECOND // 100
    heard = seconds * DEFAULT_CALLER_TALK_PERCENT * CHARACTERS_PER_SECOND // 100
    turns = seconds // DEFAULT_SECONDS_PER_TURN
    spoken = (said + heard) // CHARACTERS_PER_TOKEN
    # What was said grows from nothing to all of it: half of it on the average.
    read = turns * (_prompt_characters(spec) // CHARACTERS_PER_TOKEN + spoken // 2)
    read += len(spec.post_call) * (POST_CALL_TOKENS + spoken)
    written = said // CHARACTERS_PER_TOKEN + len(spec.post_call) * POST_CALL_TOKENS
    return TypicalCall(
        0, DEFAULT_CALL_MS, DEFAULT_CALL_MS, said + len(str(spec.welcome_message)), Tokens(read, written)
    )


def _prompt_characters(spec: AgentSpec) -> int:
    tools = sum(len(tool.name) + len(tool.description) + len(str(tool.parameters)) for tool in spec.tools)
    return len(spec.system_prompt) + tools


def average_call(records: Iterable[Mapping[str, Any]]) -> TypicalCall | None:
    """The average of calls by their records. Calls without a conversation do not count; None where no other is there."""
    talked = [record for record in records if int(record.get("conversation_ms") or 0) > 0]
    if not talked:
        return None
    sums = dict.fromkeys(("heard", "characters", *_TOKENS), 0)
    for line in (line for record in talked for line in usage_lines(record)):
        if line["leg"] == "transcriber":
            sums["heard"] += int(line["amount"])
        elif line["leg"] == "synthesizer":
            sums["characters"] += int(line["amount"])
        elif line["leg"] == "llm":
            for name in _TOKENS:
                sums[name] += int(line.get(name, 0))
    calls = len(talked)
    lasted = sum(int(record["conversation_ms"]) for record in talked) // calls
    tokens = Tokens(*(sums[name] // calls for name in _TOKENS))
    return TypicalCall(calls, max(1, lasted), sums["heard"] // calls, sums["characters"] // calls, tokens)


_TOKENS = ("amount", "amount_output", "amount_cached", "amount_reasoning", "amount_cache_written")


def estimate(
    spec: AgentSpec, carrier: str, book: PriceBook, call: TypicalCall, billed_as: BilledAs = as_written
) -> Estimate:
    """What ``call`` costs with the agent's providers of today."""
    ears, voice = billed_as("transcriber", spec.transcriber), billed_as("voice", spec.voice)
    model = billed_as("model", spec.model)
    prices = book.of_tokens(*model)
    tokens = call.tokens.of_kinds(prices)
    legs = {
        "transcriber": _rated(call.heard_ms, book.price("transcriber", *ears)),
        "llm": sum(_rated(tokens[kind], price) for kind, price in prices.items()),
        "synthesizer": _rated(call.characters, book.price("voice", *voice)),
        "network": _rated(call.lasted_ms, book.price("carrier", carrier, "*")),
        "platform": _rated(call.lasted_ms, book.price("platform", PLATFORM, "*")),
    }
    listed = {
        "transcriber": book.listed("transcriber", *ears),
        "llm": book.listed(MODEL_INPUT, *model),
        "synthesizer": book.listed("voice", *voice),
        "network": book.listed("carrier", carrier, "*"),
        "platform": book.listed("platform", PLATFORM, "*"),
    }
    return Estimate(call, legs, tuple(leg for leg in LEGS if listed[leg] is None))


def _rated(quantity: int, price: Price) -> int:
    return rate(quantity, price.nano_cents, price.per, round_up_to=price.increment)
