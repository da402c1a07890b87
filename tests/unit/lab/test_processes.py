"""Work in several processes, and what Ctrl-C does to it."""

from __future__ import annotations

import signal
from multiprocessing import active_children

import pytest

from callwright.lab.processes import shared_out


def answer_to_interrupts(_: int) -> object:
    return signal.getsignal(signal.SIGINT)


def never(_: int) -> None:
    signal.pause()


def test_results_come_in_order() -> None:
    with shared_out(2, abs, [-3, 1, -2]) as results:
        assert list(results) == [3, 1, 2]


def test_an_interrupt_is_for_the_process_that_reports() -> None:
    before = signal.getsignal(signal.SIGINT)
    with shared_out(2, answer_to_interrupts, [1, 2]) as results:
        assert list(results) == [signal.SIG_IGN, signal.SIG_IGN]
    assert signal.getsignal(signal.SIGINT) is before


def test_who_is_interrupted_waits_for_nobody() -> None:
    others = active_children()
    with pytest.raises(KeyboardInterrupt), shared_out(2, never, range(9)):
        raise KeyboardInterrupt
    assert active_children() == others
