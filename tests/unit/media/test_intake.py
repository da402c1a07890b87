"""The caller's frames of a web call: as they come, late, lost, and too many."""

from callwright.media.intake import LATE_MS, MOST_AT_ONCE, Intake
from callwright.ports.leg import SILENCE_FRAME


class Line:
    """An intake from second 10 on, and what it passed on."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.intake = Intake(10.0, self.heard.append)

    def send(self, numbers, first_ms=0, step_ms=20) -> bool:
        return all(
            self.intake.take(bytes([number]), 10 + (first_ms + at * step_ms) / 1000)
            for at, number in enumerate(numbers)
        )

    def look(self, from_ms, to_ms) -> None:
        for at in range(from_ms, to_ms + 1, 100):
            self.intake.fill(10 + at / 1000)

    @property
    def quality(self):
        return self.intake.quality


def test_frames_pass_as_they_come():
    line = Line()
    assert line.send(range(50))
    line.look(0, 1_000)
    assert line.heard == [bytes([number]) for number in range(50)]
    assert (line.quality.filled, line.quality.late) == (0, 0)


def test_frames_that_were_held_up_for_a_moment_all_count():
    line = Line()
    line.send(range(10))
    line.look(200, 300)
    line.send(range(10, 20), first_ms=380, step_ms=0)
    line.send(range(20, 30), first_ms=400)
    assert line.heard == [bytes([number]) for number in range(30)]


def test_silence_takes_the_place_of_frames_that_stay_away_and_late_ones_are_dropped():
    line = Line()
    line.send(range(10))
    line.look(210, 710)
    # 25 frames stayed away by 700 ms; up to LATE_MS they may still come.
    filled = 25 - LATE_MS // 20
    assert line.heard[10:] == [SILENCE_FRAME] * filled
    line.send(range(10, 36), first_ms=720, step_ms=0)
    assert line.heard[10 + filled :] == [bytes([number]) for number in range(10 + filled, 36)]
    assert (line.quality.filled, line.quality.late) == (filled, filled)


def test_frames_that_are_lost_for_good_leave_silence_and_the_rest_follows():
    line = Line()
    line.send(range(10))
    line.look(200, 1_000)
    line.send(range(50, 60), first_ms=1_000)
    heard = [frame for frame in line.heard if frame != SILENCE_FRAME]
    # The first one might have been the first of many that come late.
    assert heard == [bytes([number]) for number in [*range(10), *range(51, 60)]]
    assert line.quality.late == 1


def test_a_page_that_comes_back_is_heard_from_its_first_frame_and_nothing_was_lost_meanwhile():
    line = Line()
    line.send(range(10))
    line.intake.interrupted()
    line.look(210, 1_010)
    line.send(range(50, 60), first_ms=1_020)
    assert line.heard[10] == SILENCE_FRAME
    assert line.heard[-10:] == [bytes([number]) for number in range(50, 60)]
    assert (line.quality.filled, line.quality.late, round(line.quality.jitter_ms)) == (0, 0, 0)


def test_frames_that_stay_away_when_the_page_is_back_are_lost():
    line = Line()
    line.send(range(10))
    line.intake.interrupted()
    line.look(210, 1_010)
    line.send(range(10), first_ms=1_020)
    line.look(1_310, 2_010)
    assert line.quality.filled > 0


def test_a_microphone_that_begins_late_costs_no_frame():
    line = Line()
    line.look(0, 3_000)
    silent = len(line.heard)
    line.send(range(20), first_ms=3_000)
    assert line.heard[silent:] == [bytes([number]) for number in range(20)]
    assert line.quality.filled == 0


def test_a_first_frame_that_was_held_up_says_nothing_of_the_others():
    line = Line()
    line.send([0], first_ms=400)
    line.send(range(1, 21), first_ms=402, step_ms=2)
    line.send(range(21, 40), first_ms=440)
    assert line.heard == [bytes([number]) for number in range(40)]


def test_a_clock_that_is_a_little_fast_is_followed_and_one_that_is_not_live_is_refused():
    line = Line()
    assert line.send([1] * 3_000, step_ms=19)
    assert line.quality.late == 0
    fast = Line()
    assert fast.send([1] * MOST_AT_ONCE, step_ms=0)
    assert not fast.send([1], step_ms=0)
    assert len(fast.heard) == MOST_AT_ONCE


def test_even_frames_and_even_pieces_of_several_frames_have_no_jitter():
    line, pieces = Line(), Line()
    line.send(range(50))
    for at in range(10):
        pieces.send(range(5), first_ms=at * 100, step_ms=0)
    assert line.quality.jitter_ms < 0.1
    assert pieces.quality.jitter_ms < 0.1


def test_frames_that_come_by_turns_early_and_late_have_jitter():
    line = Line()
    for at in range(100):
        line.send([1], first_ms=at * 20 + (5 if at % 2 else 0))
    assert 4.5 < line.quality.jitter_ms < 5.1
