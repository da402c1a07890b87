"""The backoff period after sounds whose words were none."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx


def test_a_sound_whose_words_turn_out_to_be_none_makes_the_backoff_period_no_longer() -> None:
    call = Call(keys=True, keys_pause_ms=3_000, incremental_delay_ms=0, backoff_ms=2_500, words_to_interrupt=3)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6 a7 a8.")
    call.starts_playing()
    call.types("7")
    call.clears(200)
    call.begins()
    call.wait(1_500)
    call.tells("w3 w4 w5")
    call.pauses()
    call.finishes("")
    call.wait(1_600)
    call.model_says("a9.")
    call.voice_speaks()
    call.wait(2_000)
    assert len(call.all(fx.Release)) == 2
