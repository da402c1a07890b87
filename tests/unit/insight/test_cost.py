"""What a call cost: every fraction of a cent is in one part of one leg."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.call_log import CallLog, two_turns

from callwright.conversation import effects as fx
from callwright.domain.money import NANO_PER_CENT
from callwright.insight.cost import CATEGORIES, LEGS, CallCost, cost_of
from callwright.platform.prices.rules import DatedPrices, Price, PriceBook, PriceRow

KINDS = (
    *("transcriber", "model_input", "model_output", "voice"),
    *("model_cached_input", "model_cache_write", "model_reasoning"),
)
prices = st.builds(
    Price,
    st.integers(0, 10 * NANO_PER_CENT),
    st.integers(1, 1_000_000),
    st.sampled_from((1, 7, 100, 1_000, 60_000)),
)
amounts = st.tuples(
    st.sampled_from(("model", "voice", "transcriber", "turn")),
    st.integers(0, 4),
    st.sampled_from(("reply", "welcome", "hangup", "silence", "goodbye", "hearing", "analytics")),
    st.integers(0, 100_000),
    st.integers(0, 5_000),
    st.sampled_from(("p", "q")),
    st.tuples(st.integers(0, 120_000), st.integers(0, 6_000), st.integers(0, 120_000)),
)
turn_times = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)), max_size=4)


def book_of(**given: Price) -> PriceBook:
    """Prices of provider ``p`` by kind, for the carrier ``loopback`` and the platform."""
    providers = {"carrier": "loopback", "platform": "callwright"}
    return PriceBook({(kind, providers.get(kind, "p"), "*"): price for kind, price in given.items()})


def cents(number: int) -> int:
    return number * NANO_PER_CENT


def assert_adds_up(cost: CallCost) -> None:
    for leg in LEGS:
        assert sum(part[leg] for part in cost.parts.values()) == cost.legs[leg]
    for leg in CATEGORIES:
        assert sum(cost.categories[leg].values()) == cost.legs[leg]
        assert sum(line.cost for line in cost.lines if line.leg == leg) == cost.legs[leg]
    assert sum(sum(part.values()) for part in cost.parts.values()) == cost.total == sum(cost.legs.values())


@given(st.lists(prices, min_size=9, max_size=9), st.lists(amounts, max_size=12), turn_times, st.booleans())
def test_parts_sum_to_legs_and_legs_to_the_total(
    given_prices: list[Price],
    usage: list[tuple[str, int, str, int, int, str, tuple[int, int, int]]],
    times: list[tuple[int, int]],
    ended: bool,
):
    log = CallLog().at(700).answered().speaks(0, 1, "Hello.", "welcome").audible(1)
    for number, (from_ms, length_ms) in enumerate(times, 1):
        log.asked(number, number + 1).caller_said(number, "Well.", from_ms, from_ms + length_ms).audible(number + 1)
    for kind, generation, purpose, amount, output, provider, parts in usage:
        log.used(kind, generation, purpose, amount, output, provider=provider, parts=parts)
    log.at(21_234)
    if ended:
        log.leg_ended()
    log.used_after("extraction", 300, 40).used_after("summary", 10, 4)
    kinds = (*KINDS, "carrier", "platform")
    cost = cost_of(log.view, book_of(**dict(zip(kinds, given_prices, strict=True))), "loopback")
    assert_adds_up(cost)


def test_a_leg_is_rounded_once_by_the_carriers_minute():
    cost = cost_of(two_turns().view, book_of(carrier=Price(cents(1), 60_000, 60_000)), "loopback")
    assert cost.legs["network"] == cents(1)
    assert_adds_up(cost)


def test_a_line_that_begins_to_send_late_moves_the_turns_with_it():
    log = two_turns().fact("media", "recording", caller_from_us=1_000_000)
    cost = cost_of(log.view, book_of(platform=Price(cents(1), 1_000)), "loopback")
    by_part = {part: legs["platform"] // cents(1) for part, legs in cost.parts.items()}
    assert by_part == {"welcome": 4, "turn:1": 5, "turn:2": 3, "waste": 0, "post_call": 0}
    assert_adds_up(cost)


def test_time_belongs_to_the_turn_until_the_caller_speaks_again():
    cost = cost_of(two_turns().view, book_of(platform=Price(cents(1), 1_000)), "loopback")
    by_part = {part: legs["platform"] // cents(1) for part, legs in cost.parts.items()}
    assert by_part == {"welcome": 3, "turn:1": 5, "turn:2": 4, "waste": 0, "post_call": 0}


def test_tokens_are_rated_by_direction_and_listed_by_purpose():
    log = two_turns().used("model", 2, "reply", 1_000, 10).used("model", 0, "hangup", 500, 1)
    log.used("model", 0, "voicemail", 250, 1).used_after("extraction", 2_000, 100)
    cost = cost_of(log.view, book_of(model_input=Price(2, 1), model_output=Price(10, 1)), "loopback")
    assert cost.legs["llm"] == 3_750 * 2 + 112 * 10
    assert cost.categories["llm"] == {
        "conversation": 2_100,
        "hangup": 1_010,
        "extraction": 5_000,
        "summarization": 0,
        "analytics": 0,
        "routing": 0,
        "voicemail": 510,
    }
    assert cost.parts["turn:1"]["llm"] == 2_100
    assert cost.parts["post_call"]["llm"] == 5_000


def test_tokens_of_the_cache_and_of_thought_are_rated_apart_where_they_have_a_price():
    log = two_turns().used("model", 2, "reply", 1_000, 100, parts=(600, 40, 100))
    plain = book_of(model_input=Price(10), model_output=Price(50))
    assert cost_of(log.view, plain, "loopback").legs["llm"] == 1_000 * 10 + 100 * 50
    apart = book_of(
        model_input=Price(10),
        model_output=Price(50),
        model_cached_input=Price(1),
        model_cache_write=Price(13),
        model_reasoning=Price(60),
    )
    cost = cost_of(log.view, apart, "loopback")
    assert cost.legs["llm"] == 300 * 10 + 600 * 1 + 100 * 13 + 60 * 50 + 40 * 60
    (line,) = [line for line in cost.lines if line.leg == "llm"]
    assert (line.amount, line.amount_output, line.cost) == (1_000, 100, cost.legs["llm"])
    assert (line.amount_cached, line.amount_reasoning, line.amount_cache_written) == (600, 40, 100)
    assert_adds_up(cost)


def test_a_call_is_rated_at_the_prices_of_its_own_day():
    log = two_turns().used("voice", 2, "reply", 10)
    began = datetime.fromisoformat(log.view.header.started_at)
    rows = [
        PriceRow("voice", "p", "*", Price(7), began),
        PriceRow("voice", "p", "*", Price(1)),
        PriceRow("voice", "p", "*", Price(99), began + timedelta(microseconds=1)),
    ]
    assert cost_of(log.view, DatedPrices(rows), "loopback").legs["synthesizer"] == 70


def test_unheard_speech_is_paid_for_as_waste():
    log = (
        two_turns()
        .asked(3, 4)
        .speaks(3, 4, "Never heard.")
        .used("voice", 4, "reply", 12)
        .used("voice", 1, "welcome", 20)
    )
    cost = cost_of(log.view, book_of(voice=Price(1_000, 1)), "loopback")
    assert cost.parts["waste"]["synthesizer"] == 12_000
    assert cost.parts["welcome"]["synthesizer"] == 20_000
    assert cost.categories["synthesizer"] == {"conversation": 12_000, "welcome_message": 20_000}


def test_what_a_speculation_in_vain_used_is_waste_and_the_one_that_was_kept_belongs_to_its_turn():
    """The whole way: the core asks, withdraws, asks again, commits; the cost is a view of that log."""
    log = CallLog().answered()
    log.write(fx.Speculative(1, 1)).asked(1, 1).speaks(1, 1, "For how many guests?")
    log.used("model", 1, "reply", 100, 10).used("voice", 1, "reply", 20).write(fx.Withdrawn(1, 1, "caller_continued"))
    log.write(fx.Speculative(2, 1)).asked(1, 2).speaks(1, 2, "For two, gladly.").write(fx.Committed(2, 1))
    log.caller_said(1, "A table for two").released(1, 2).audible(2).agent_said(1, 2, "For two, gladly.")
    log.used("model", 2, "reply", 100, 5).used("voice", 2, "reply", 16)
    book = book_of(model_input=Price(10), model_output=Price(100), voice=Price(1_000))
    cost = cost_of(log.view, book, "loopback")
    assert (cost.parts["waste"]["llm"], cost.parts["waste"]["synthesizer"]) == (2_000, 20_000)
    assert (cost.parts["turn:1"]["llm"], cost.parts["turn:1"]["synthesizer"]) == (1_500, 16_000)
    assert_adds_up(cost)


def test_each_model_voice_and_recogniser_has_a_line_of_its_own():
    log = two_turns().used("model", 1, "reply", 100, 20, provider="q").used("model", 1, "reply", 7, 3, provider="q")
    cost = cost_of(log.view, book_of(), "loopback")
    (line,) = [line for line in cost.lines if line.provider == "q"]
    assert (line.leg, line.amount, line.amount_output) == ("llm", 107, 23)


def test_a_price_of_the_very_model_goes_before_the_providers():
    log = two_turns().used("voice", 2, "reply", 10, model="fine")
    book = PriceBook({("voice", "p", "*"): Price(1), ("voice", "p", "fine"): Price(7)})
    assert cost_of(log.view, book, "loopback").legs["synthesizer"] == 70


def test_an_unanswered_call_costs_nothing_and_has_no_turns():
    cost = cost_of(CallLog().leg_ended().view, book_of(platform=Price(cents(2), 60_000, 60_000)), "loopback")
    assert cost.total == 0
    assert list(cost.parts) == ["welcome", "waste", "post_call"]
