"""A conversation in which everything but the caller is perfect."""

from proof.exchange import MODEL_MS, VOICE_MS, WORD_MS, Exchange

from callwright.conversation import effects as fx
from callwright.conversation.plan import CallPlan


def test_both_sides_are_heard_in_turn() -> None:
    exchange = Exchange(CallPlan(welcome_message="Hello there."), ["How many guests?"])
    exchange.say(2_000, "a table please")
    exchange.run(8_000)
    assert exchange.heard() == ["agent: Hello there.", "caller: a table please", "agent: How many guests?"]
    asked_ms = exchange.first_ms(fx.AskModel)
    assert exchange.first_ms(fx.Release, asked_ms) >= asked_ms + MODEL_MS + VOICE_MS


def test_an_interrupted_agent_is_heard_as_far_as_it_was_played() -> None:
    exchange = Exchange(CallPlan(welcome_message="One two three four five six seven eight nine ten."))
    exchange.say(4 * WORD_MS, "stop")
    exchange.run(4_000)
    assert exchange.heard()[0] == "agent: One two three four five"


def test_a_model_without_more_sentences_says_thanks_and_no_such_effect_is_no_time() -> None:
    exchange = Exchange(CallPlan())
    exchange.say(500, "hello")
    exchange.run(5_000)
    assert exchange.heard() == ["caller: hello", "agent: Thank you."]
    assert exchange.first_ms(fx.Clear) == -1
    assert exchange.notes() == []


def test_words_that_turn_out_to_be_nothing_are_a_noise() -> None:
    exchange = Exchange(CallPlan())
    exchange.say(500, "hum", final="")
    exchange.run(6_000)
    assert exchange.notes() == ["noise"]
