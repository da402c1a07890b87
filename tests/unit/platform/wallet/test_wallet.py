"""What calls reserve, who refuses it, and entries that sum to zero."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.money import NANO_PER_CENT
from callwright.domain.settings.setting import read_record
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.executions.rules.execution import CHAT
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.wallet.rules import (
    AVAILABLE,
    CORRECTION,
    EXTRA,
    LEAST_RESERVATION_NANO,
    NO_CAPS,
    POSTPAID,
    RESERVED,
    SETTLE,
    SPENT,
    TOP_UP,
    TOPPED_UP,
    Attempted,
    Caps,
    Charge,
    Committed,
    Posting,
    Wallet,
    cost_of_attempt,
    refusal,
    reservation,
    settlement,
    top_up,
    worst_price,
)

CHARGE = Charge("org", "call-1", 1, None, date(2026, 3, 1))
ON, OFF = Wallet("org", enabled=True), Wallet("org", enabled=False)
MINUTE = 60_000


def book(**prices: Price) -> PriceBook:
    return PriceBook({(kind, "*", "*"): price for kind, price in prices.items()})


def agent(seconds: float = 60, prompt: str = "", tasks: int = 0, **config: object):
    conversation = {"task_type": "conversation", "task_config": {"call_terminate": seconds}}
    after = [{"task_type": "summarization"}] * tasks
    body = {"agent_name": "A", "agent_welcome_message": "", "tasks": [conversation, *after], **config}
    return parse_agent({**body, "agent_prompts": {"task_1": {"system_prompt": prompt}}})


def test_an_agent_without_prices_reserves_the_least():
    assert worst_price(agent(), "loopback", PriceBook()) == LEAST_RESERVATION_NANO


@pytest.mark.parametrize("kind", ["carrier", "platform", "transcriber"])
def test_time_is_reserved_for_the_longest_call_in_the_steps_it_is_billed_in(kind):
    by_minute = book(**{kind: Price(2 * NANO_PER_CENT, MINUTE, MINUTE)})
    assert worst_price(agent(61), "loopback", by_minute) == 4 * NANO_PER_CENT


def test_a_voice_is_reserved_as_if_it_never_paused():
    by_character = book(voice=Price(NANO_PER_CENT))
    spoken = 60 * 15
    assert worst_price(agent(), "loopback", by_character) == spoken * NANO_PER_CENT
    greeting = agent(agent_welcome_message="Hello.")
    assert worst_price(greeting, "loopback", by_character) == (spoken + 6) * NANO_PER_CENT


def test_a_model_is_reserved_for_its_prompt_in_every_request_and_the_work_after_the_call():
    read = book(model_input=Price(NANO_PER_CENT))
    # 10 requests with 100 tokens of prompt and half of 240 tokens of talk; one question after the call.
    assert worst_price(agent(prompt="word" * 100), "loopback", read) == (10 * (100 + 120) + 1240) * NANO_PER_CENT
    written = book(model_output=Price(NANO_PER_CENT))
    assert worst_price(agent(tasks=2), "loopback", written) == (240 + 3 * 1000) * NANO_PER_CENT


def test_tokens_are_reserved_at_the_dearest_price_that_they_may_have():
    """From no cache, or all into it, and all of them thought."""
    plain = book(model_input=Price(NANO_PER_CENT), model_output=Price(NANO_PER_CENT))
    apart = {"model_cached_input": Price(1), "model_cache_write": Price(2 * NANO_PER_CENT)}
    more = PriceBook({**plain.prices, **book(**apart, model_reasoning=Price(3 * NANO_PER_CENT)).prices})
    reads, writes = book(model_input=Price(NANO_PER_CENT)), book(model_output=Price(NANO_PER_CENT))
    read, written = (worst_price(agent(), "loopback", one) for one in (reads, writes))
    assert worst_price(agent(), "loopback", plain) == read + written
    assert worst_price(agent(), "loopback", more) == 2 * read + 3 * written


@given(st.floats(1, 2400), st.floats(1, 2400))
def test_a_longer_call_never_reserves_less(one, other):
    prices = book(carrier=Price(7, 1000, 1000), voice=Price(3), model_input=Price(11), transcriber=Price(13, 100))
    short, long = sorted((one, other))
    assert worst_price(agent(short), "loopback", prices) <= worst_price(agent(long), "loopback", prices)


CENT = NANO_PER_CENT


@pytest.mark.parametrize(
    ("wallet", "committed", "caps", "rule"),
    [
        (ON, Committed(available_nano=10 * CENT), NO_CAPS, None),
        (ON, Committed(available_nano=10 * CENT - 1), NO_CAPS, "wallet"),
        (OFF, Committed(), NO_CAPS, None),
        (OFF, Committed(call_nano=5 * CENT), Caps(call_cents=15), None),
        (OFF, Committed(call_nano=5 * CENT + 1), Caps(call_cents=15), "cap.call"),
        (OFF, Committed(batch_nano=6 * CENT), Caps(batch_cents=15), "cap.batch"),
        (OFF, Committed(day_nano=6 * CENT), Caps(day_cents=15), "cap.day"),
        (OFF, Committed(account_nano=6 * CENT), Caps(account_cents=15), "cap.account"),
        (ON, Committed(available_nano=99 * CENT), Caps(call_cents=0), "cap.call"),
        (ON, Committed(day_nano=6 * CENT), Caps(day_cents=15), "wallet"),
    ],
)
def test_who_refuses_ten_cents(wallet, committed, caps, rule):
    refused = refusal(10 * CENT, wallet, committed, caps)
    assert (refused and refused.rule) == rule


def test_a_refusal_says_what_is_missing_and_what_to_do():
    refused = refusal(10 * CENT, ON, Committed(available_nano=25 * CENT // 10), NO_CAPS)
    assert refused is not None
    assert refused.reason == "the wallet has 2.5 cents and this call reserves 10; top it up"
    assert refused.lacks_nano == 75 * CENT // 10
    refused = refusal(10 * CENT, OFF, Committed(day_nano=8 * CENT), Caps(day_cents=15))
    assert refused is not None
    assert refused.reason == (
        "of the cap of 15 cents per day, 7 are left and this call reserves 10; raise caps.day_cents of the calling policy"
    )
    assert refused.lacks_nano == 3 * CENT


@pytest.mark.parametrize("source", [AVAILABLE, POSTPAID])
@given(reserved=st.integers(1, 10**15), cost=st.integers(0, 10**15), later=st.integers(0, 10**15))
def test_whatever_a_call_costs_its_entries_sum_to_zero_and_leave_what_it_cost(source, reserved, cost, later):
    settled = settlement(Attempted("org", CHARGE, source, reserved, 0), cost)
    assert settled is not None
    entries = [reservation(CHARGE, reserved, source), settled]
    extra = settlement(Attempted("org", CHARGE, source, 0, cost), later)
    assert (extra is None) == (cost == later)
    entries += [] if extra is None else [extra]
    assert [one.kind for one in entries[1:]] == [SETTLE, EXTRA][: len(entries) - 1]
    sums = dict.fromkeys((source, RESERVED, SPENT), 0)
    for entry in entries:
        assert sum(one.amount_nano for one in entry.postings) == 0
        for one in entry.postings:
            assert one.amount_nano
            sums[one.account] += one.amount_nano
    assert sums == {source: -later, RESERVED: 0, SPENT: later}


def test_money_comes_in_and_is_corrected_with_a_reason():
    assert top_up(5, None).postings == (Posting(AVAILABLE, 5), Posting(TOPPED_UP, -5))
    assert top_up(5, None).kind == TOP_UP
    assert top_up(-5, "typed twice").kind == CORRECTION
    with pytest.raises(BadInputError, match="note"):
        top_up(-5, None)
    with pytest.raises(BadInputError, match="not be 0"):
        top_up(0, "why not")


def test_caps_are_whole_cents_or_none():
    assert read_record(Caps, Fields({}, "caps")) == NO_CAPS
    assert not NO_CAPS.any
    read = read_record(Caps, Fields({"day_cents": 500, "call_cents": 0}, "caps", BadInputError))
    assert read == Caps(call_cents=0, day_cents=500)
    assert read.any
    assert parse_policy({"caps": {"batch_cents": 7}}).caps == Caps(batch_cents=7)
    with pytest.raises(BadInputError, match="day_cents"):
        read_record(Caps, Fields({"day_cents": -1}, "caps", BadInputError))


def test_a_chat_that_may_stay_open_for_long_reserves_a_few_minutes_of_talk():
    written = book(model_output=Price(NANO_PER_CENT))
    assert worst_price(agent(2400), CHAT, written) == worst_price(agent(300), "loopback", written)


def test_an_attempt_is_charged_what_no_other_was_since_the_first_reservation():
    def attempted(attempt: int, before: int, spent: int) -> Attempted:
        return Attempted("org", replace(CHARGE, attempt=attempt, before_nano=before), AVAILABLE, 0, spent)

    second, third = attempted(2, 5, 20), attempted(3, 25, 0)
    assert cost_of_attempt([second], second, 25) == 20
    assert cost_of_attempt([second, third], third, 32) == 7
    # What the work after the second attempt spent while the third was under way is charged with it.
    assert cost_of_attempt([second, third], third, 34) == 9
