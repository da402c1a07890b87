"""The playout of one call: what goes on the line when, and what the caller had heard at any instant."""

from random import Random

import pytest

from callwright.media.framing import FRAME_US, MULAW_FRAME_BYTES, MULAW_SILENCE
from callwright.media.pacing import ClausePlayed, Playout, PlayoutBegan, UtterancePlayed

AHEAD_MS = 60


def sound(ms: int, value: int = 0x10) -> bytes:
    return bytes([value]) * (ms * 8)


def speaking(*clauses_ms: int, generation: int = 1) -> Playout:
    """A playout with one released generation whose clauses are all there."""
    playout = Playout()
    for index, ms in enumerate(clauses_ms):
        playout.add(generation, index, sound(ms, 0x10 + index))
        playout.end_clause(generation, index)
    playout.end_utterance(generation, len(clauses_ms))
    playout.release(generation)
    return playout


def run(playout: Playout, until_ms: int, from_ms: int = 0, step_ms: int = 20) -> list[bytes]:
    """Drive the playout by a perfect clock and collect what was written."""
    frames: list[bytes] = []
    for now_ms in range(from_ms, until_ms, step_ms):
        frames.extend(playout.due(now_ms * 1000, AHEAD_MS))
    return frames


def test_nothing_is_due_before_a_generation_is_released():
    playout = Playout()
    playout.add(1, 0, sound(100))
    assert list(playout.due(0, AHEAD_MS)) == []
    playout.release(1)
    assert len(playout.due(0, AHEAD_MS)) == 3


def test_the_line_is_kept_as_far_ahead_as_the_leg_allows_and_no_further():
    playout = speaking(1000)
    assert len(playout.due(0, AHEAD_MS)) == 3
    assert len(playout.due(0, AHEAD_MS)) == 0
    assert len(playout.due(20_000, AHEAD_MS)) == 1
    assert len(playout.due(60_000, AHEAD_MS)) == 2


def test_a_tick_that_comes_a_little_early_still_writes_its_frame():
    playout = speaking(1000)
    playout.due(0, AHEAD_MS)
    assert len(playout.due(12_000, AHEAD_MS)) == 1
    assert len(playout.due(21_000, AHEAD_MS)) == 0


def test_a_leg_without_a_buffer_gets_one_frame_at_a_time():
    playout = speaking(100)
    assert [len(playout.due(now, 0)) for now in (0, 20_000, 40_000)] == [1, 1, 1]


def test_what_is_written_is_the_audio_in_order_and_the_end_of_a_clause_is_filled_with_silence():
    playout = speaking(30, 20)
    frames = run(playout, 200)
    assert b"".join(frames) == sound(30, 0x10) + MULAW_SILENCE[:80] + sound(20, 0x11)
    assert {len(frame) for frame in frames} == {MULAW_FRAME_BYTES}


def test_pieces_of_any_size_make_the_same_audio():
    whole, pieces = Playout(), Playout()
    audio = bytes(range(256)) * 5
    whole.add(1, 0, audio)
    for at in range(0, len(audio), 37):
        pieces.add(1, 0, audio[at : at + 37])
    for playout in (whole, pieces):
        playout.end_clause(1, 0)
        playout.end_utterance(1, 1)
        playout.release(1)
    assert run(whole, 400) == run(pieces, 400)


def test_clauses_play_in_the_order_they_were_opened_whichever_audio_comes_first():
    playout = Playout()
    playout.open_clause(1, 0)
    playout.open_clause(1, 1)
    playout.add(1, 1, sound(20, 0x22))
    playout.end_clause(1, 1)
    playout.release(1)
    assert list(playout.due(0, AHEAD_MS)) == []
    playout.add(1, 0, sound(20, 0x11))
    playout.end_clause(1, 0)
    assert playout.due(20_000, AHEAD_MS) == [sound(20, 0x11), sound(20, 0x22)]


def test_the_position_played_is_what_was_sent_minus_what_is_still_ahead():
    playout = speaking(1000)
    run(playout, 500)
    assert playout.played_ms(1, 480_000) == 480
    assert playout.played_ms(1, 487_000) == 487


def test_the_position_does_not_count_silence_that_filled_a_frame():
    playout = speaking(30, 30)
    run(playout, 100)
    assert playout.played_ms(1, 39_000) == 30
    assert playout.played_ms(1, 45_000) == 35


def test_the_position_of_a_finished_generation_stays_known():
    playout = speaking(100)
    run(playout, 300)
    assert playout.played_ms(1, 900_000) == 100
    assert playout.played_ms(7, 900_000) == 0


def test_the_beginning_and_the_ends_of_clauses_are_reported_when_they_were_played():
    playout = speaking(100, 50)
    run(playout, 300)
    assert playout.events(300_000) == [
        PlayoutBegan(0, 1),
        ClausePlayed(100_000, 1, 0),
        ClausePlayed(150_000, 1, 1),
        UtterancePlayed(150_000, 1),
    ]
    assert list(playout.events(400_000)) == []


def test_an_end_between_two_ticks_is_reported_all_the_same():
    playout = speaking(60)
    playout.due(0, AHEAD_MS)
    assert playout.events(100_000)[-1] == UtterancePlayed(60_000, 1)
    assert playout.idle(100_000)
    assert list(playout.due(100_000, AHEAD_MS)) == []


def test_no_clause_is_reported_before_its_last_sample_was_played():
    playout = speaking(100)
    run(playout, 100)
    assert not any(isinstance(event, ClausePlayed) for event in playout.events(99_000))


def test_an_end_that_is_announced_after_the_line_ran_dry_is_reported_then():
    playout = Playout()
    playout.add(1, 0, sound(40))
    playout.release(1)
    run(playout, 100)
    playout.end_clause(1, 0)
    playout.end_utterance(1, 1)
    playout.due(200_000, AHEAD_MS)
    assert playout.events(200_000)[1:] == [ClausePlayed(200_000, 1, 0), UtterancePlayed(200_000, 1)]
    assert playout.idle(200_000)


def test_a_clause_without_audio_and_an_utterance_without_clauses_end_at_once():
    playout = Playout()
    playout.end_clause(1, 0)
    playout.end_utterance(1, 1)
    playout.release(1)
    playout.end_utterance(2, 0)
    playout.release(2)
    playout.due(5_000, AHEAD_MS)
    assert playout.events(5_000) == [ClausePlayed(5_000, 1, 0), UtterancePlayed(5_000, 1), UtterancePlayed(5_000, 2)]


def test_a_second_generation_follows_the_first_without_a_gap():
    playout = speaking(40)
    playout.add(2, 0, sound(40, 0x33))
    playout.end_clause(2, 0)
    playout.end_utterance(2, 1)
    playout.release(2)
    playout.release(2)
    assert run(playout, 200) == [sound(20)] * 2 + [sound(20, 0x33)] * 2
    assert PlayoutBegan(0, 2) in playout.events(200_000)
    assert playout.quality.starved_frames == playout.quality.late_frames == 0


def test_clear_tells_how_much_was_played_and_drops_the_rest():
    playout = speaking(1000)
    run(playout, 220)
    assert playout.clear(215_000) == {1: 215}
    assert playout.idle(215_000)
    playout.add(1, 0, sound(500))
    playout.release(1)
    assert list(playout.due(240_000, AHEAD_MS)) == []
    assert playout.played_ms(1, 900_000) == 215
    assert not any(isinstance(event, ClausePlayed | UtterancePlayed) for event in playout.events(2_000_000))


def test_after_a_clear_the_next_generation_is_played_at_once():
    playout = speaking(1000)
    run(playout, 220)
    playout.clear(205_000)
    playout.add(2, 0, sound(100))
    playout.release(2)
    assert playout.write_at_us(206_000) == 206_000
    assert len(playout.due(206_000, AHEAD_MS)) == 3
    assert playout.played_ms(2, 216_000) == 10


def test_clear_covers_every_released_generation_and_keeps_held_ones():
    playout = speaking(100)
    playout.add(2, 0, sound(100))
    playout.release(2)
    playout.add(3, 0, sound(100))
    run(playout, 60)
    assert playout.clear(50_000) == {1: 50, 2: 0}
    playout.release(3)
    assert len(playout.due(60_000, AHEAD_MS)) == 3


def test_clear_of_a_quiet_line_cuts_nothing():
    playout = Playout()
    assert playout.clear(10_000) == {}


def test_a_withdrawn_generation_is_never_heard():
    playout = Playout()
    playout.add(1, 0, sound(100))
    playout.withdraw(1)
    playout.withdraw(2)
    for generation in (1, 2):
        playout.open_clause(generation, 1)
        playout.add(generation, 1, sound(100))
        playout.end_clause(generation, 1)
        playout.end_utterance(generation, 1)
        playout.release(generation)
    assert run(playout, 100) == []
    assert list(playout.events(100_000)) == []


def test_withdrawing_a_generation_in_mid_speech_lets_what_is_on_the_line_play_out():
    playout = speaking(1000)
    run(playout, 100)
    playout.withdraw(1)
    assert run(playout, 300, from_ms=100) == []
    assert playout.clear(300_000) == {1: 140}


def test_a_generation_withdrawn_before_the_clear_still_tells_what_was_played():
    playout = speaking(1000)
    run(playout, 100)
    playout.withdraw(1)
    assert playout.clear(90_000) == {1: 90}


def test_who_is_speaking_is_known_at_any_instant():
    playout = speaking(40)
    assert playout.speaking(0) == 0
    run(playout, 100)
    playout.add(2, 0, sound(20))
    playout.release(2)
    assert playout.speaking(100_000) == 0
    playout.due(100_000, AHEAD_MS)
    assert playout.speaking(110_000) == 2
    assert not playout.idle(110_000)


def test_a_voice_too_slow_for_its_own_clause_is_counted_as_starving():
    playout = Playout()
    playout.add(1, 0, sound(60))
    playout.release(1)
    run(playout, 160)
    playout.add(1, 0, sound(200))
    playout.due(160_000, AHEAD_MS)
    assert playout.quality.starved_frames == 5
    assert playout.quality.late_frames == 0
    assert playout.quality.written_frames == 6


def test_a_pause_between_clauses_is_not_starving():
    playout = Playout()
    playout.add(1, 0, sound(60))
    playout.end_clause(1, 0)
    playout.release(1)
    run(playout, 160)
    playout.add(1, 1, sound(60))
    run(playout, 300, from_ms=160)
    assert playout.quality.starved_frames == playout.quality.late_frames == 0


def test_a_clock_that_comes_too_late_is_counted_apart():
    playout = speaking(1000)
    playout.due(0, AHEAD_MS)
    playout.due(100_000, AHEAD_MS)
    assert playout.quality.late_frames == 2
    assert playout.quality.starved_frames == 0


def test_a_dry_line_delays_the_position_as_it_does_the_caller():
    playout = speaking(1000)
    playout.due(0, AHEAD_MS)
    playout.due(100_000, AHEAD_MS)
    assert playout.played_ms(1, 110_000) == 70


@pytest.mark.parametrize("at_ms", range(0, 400, 17))
def test_what_was_heard_never_exceeds_what_was_written(at_ms):
    playout = speaking(90, 70, 55)
    written = 0
    for now_ms in range(0, at_ms + 1, 20):
        written += len(playout.due(now_ms * 1000, AHEAD_MS)) * 20
    heard = playout.clear(at_ms * 1000).get(1, 215)
    assert heard <= min(written, at_ms, 215)
    assert heard >= min(at_ms - 40, 215)


def test_a_clause_whose_end_becomes_known_late_is_told_of_with_the_next_sound():
    playout = Playout()
    playout.add(1, 0, sound(20, 0x11))
    playout.release(1)
    playout.due(0, FAR_MS)
    playout.events(0)
    playout.due(20_000, FAR_MS)
    assert list(playout.events(20_000)) == []
    playout.end_clause(1, 0)
    playout.add(1, 1, sound(400, 0x22))
    playout.due(40_000, FAR_MS)
    assert list(playout.events(40_000)) == [ClausePlayed(40_000, 1, 0)]


def test_an_idle_call_costs_next_to_nothing():
    playout = Playout()
    assert playout.due(0, AHEAD_MS) is playout.due(FRAME_US, AHEAD_MS)


FAR_MS, TOGETHER, TICK_MS = 400, 10, 20


class Voiced:
    """A playout whose audio comes in pieces at times drawn from a seed, ticked as a call's is."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.playout = Playout()
        self.at_ms: list[tuple[int, int, int, int, bool]] = []
        at_ms = 0
        for generation in range(1, 4):
            for index in range(random.randint(1, 3)):
                for piece in range(random.randint(1, 6)):
                    at_ms += random.choice((0, 1, 20, 90, 500))
                    self.at_ms.append((at_ms, generation, index, random.choice((7, 20, 100, 130)), piece == 0))
        self.end_ms = at_ms + 6_000

    def run(self, together: int) -> tuple[list[bytes], list[object], int, list[int]]:
        """Frames written, events and when they were told, ticks at which something was written, and what was left ahead then in ms."""
        playout, frames, events, ahead = self.playout, list[bytes](), list[object](), list[int]()
        waiting, quiet_until_us, writes = list(self.at_ms), 0, 0
        for now_ms in range(0, self.end_ms, TICK_MS):
            now_us = now_ms * 1000
            released = False
            while waiting and waiting[0][0] <= now_ms:
                _, generation, index, ms, first = waiting.pop(0)
                playout.add(generation, index, sound(ms, generation * 16 + index))
                if first:
                    released = True
                    playout.release(generation)
                if not waiting or waiting[0][1:3] != (generation, index):
                    playout.end_clause(generation, index)
                if not waiting or waiting[0][1] != generation:
                    playout.end_utterance(generation, index + 1)
                    released = True
            if now_us < quiet_until_us and not released:
                continue
            left_ms = (playout.write_at_us(now_us) - now_us) // 1000
            due = playout.due(now_us, FAR_MS)
            if due:
                writes += 1
                ahead.append(left_ms)
            frames.extend(due)
            events.extend((now_ms, event) for event in playout.events(now_us))
            if together > 1:
                quiet_until_us = playout.quiet_until_us(now_us, FAR_MS, together)
        return frames, events, writes, ahead


@pytest.mark.parametrize("seed", range(40))
def test_frames_written_together_are_heard_as_before_and_told_of_at_the_same_ticks(seed: int) -> None:
    every, together = Voiced(seed), Voiced(seed)
    frames, events, writes, _ = every.run(1)
    assert frames
    same_frames, same_events, fewer_writes, _ = together.run(TOGETHER)
    assert same_frames == frames
    assert same_events == events
    assert together.playout.quality == every.playout.quality
    assert fewer_writes <= writes


def test_ten_frames_are_written_at_a_time_and_at_least_200_ms_stay_ahead() -> None:
    playout, writes, ahead, quiet_until_us = speaking(2_000), list[int](), list[int](), 0
    for now_us in range(0, 1_600_000, 20_000):
        if now_us >= quiet_until_us:
            ahead.append(playout.write_at_us(now_us) - now_us)
            writes.append(len(playout.due(now_us, FAR_MS)))
            playout.events(now_us)
            quiet_until_us = playout.quiet_until_us(now_us, FAR_MS, TOGETHER)
    assert writes == [20] + [10] * (len(writes) - 1)
    assert len(writes) == 8
    assert min(ahead[1:]) >= 200_000
