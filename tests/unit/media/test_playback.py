"""What a page has played: positions, the delay they show, and reports that cannot be."""

from callwright.media.playback import MOST_DELAY_MS, Playback


def wrote(playback: Playback, frames: int, from_s: float = 0.0) -> None:
    """Frames in real time, after a first hundred milliseconds at once."""
    for number in range(frames):
        playback.wrote(from_s + max(0, number - 5) * 0.02)


def test_reports_show_how_late_the_page_plays():
    playback = Playback()
    wrote(playback, 50)
    assert playback.report(20, 0.4 + 0.15)
    assert playback.delay_ms == 150
    assert (playback.waiting, playback.played) == (30, 20)


def test_one_late_report_moves_the_delay_by_a_quarter():
    playback = Playback()
    wrote(playback, 50)
    playback.report(10, 0.2 + 0.1)
    playback.report(20, 0.4 + 0.3)
    assert playback.delay_ms == 150


def test_a_report_of_what_was_written_before_a_pause_is_no_delay():
    playback = Playback()
    wrote(playback, 10)
    wrote(playback, 10, from_s=5.0)
    playback.report(10, 5.1)
    assert playback.delay_ms == 0
    playback.report(15, 5.1 + 0.08)
    assert playback.delay_ms == 80


def test_a_frame_after_a_pause_is_waited_for():
    playback = Playback()
    assert [playback.wrote(at) for at in (1.0, 1.0, 1.02, 5.0, 5.01)] == [True, False, False, True, False]


def test_the_delay_has_a_bound():
    playback = Playback()
    wrote(playback, 50)
    playback.report(10, 60.0)
    assert playback.delay_ms == MOST_DELAY_MS


def test_what_was_dropped_waits_no_more_and_is_no_delay():
    playback = Playback()
    wrote(playback, 50)
    playback.clear(0.5, unsent=2)
    assert not playback.dropped(50)
    assert playback.dropped(48)
    assert (playback.waiting, playback.delay_ms) == (0, 0)
    wrote(playback, 10, from_s=0.6)
    assert playback.report(53, 0.7 + 0.06)
    assert playback.delay_ms == 60


def test_positions_that_cannot_be_are_refused():
    playback = Playback()
    wrote(playback, 10)
    assert playback.report(5, 0.1)
    assert not playback.report(4, 0.1)
    assert not playback.report(11, 0.1)
    assert not playback.dropped(11)
    assert not playback.dropped(4)


def test_the_rest_takes_as_long_as_it_is_and_as_late_as_the_page_plays():
    playback = Playback(delay_ms=100)
    wrote(playback, 10)
    assert round(playback.rest_s(0.05), 3) == 0.25
    assert round(playback.rest_s(9.0), 3) == 0.1
