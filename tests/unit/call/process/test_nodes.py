"""Who is dead: judged by the watcher's own successful reads, never by clocks."""

from __future__ import annotations

from callwright.call.process.nodes import REST_BEAT_SECONDS, Watch
from callwright.platform.nodes.rules import NodeView

SECOND = 1_000_000


def _node(counter: int, *, stopped: bool = False, name: str = "a") -> NodeView:
    return NodeView(name, "node", counter, stopped)


def test_a_node_whose_counter_stands_still_for_twenty_seconds_of_reads_is_dead() -> None:
    watch = Watch()
    verdicts = [watch.read([_node(7)], second * SECOND) for second in range(22)]
    assert verdicts.index(["a"]) == 20
    assert not any(verdicts[:20])


def test_a_watcher_at_rest_reads_less_often_and_judges_as_soon() -> None:
    watch = Watch()
    reads_us = [round(read * REST_BEAT_SECONDS * SECOND) for read in range(20)]
    died_us = next(at_us for at_us in reads_us if watch.read([_node(7)], at_us))
    assert 20 * SECOND <= died_us <= (20 + REST_BEAT_SECONDS) * SECOND


def test_a_node_that_moves_within_its_time_lives() -> None:
    watch = Watch()
    assert not any(watch.read([_node(second // 19)], second * SECOND) for second in range(200))


def test_time_without_reads_does_not_count_so_an_outage_kills_nobody() -> None:
    watch = Watch()
    for second in range(10):
        assert watch.read([_node(7)], second * SECOND) == []
    after = 3_600
    assert watch.read([_node(7)], after * SECOND) == []
    assert watch.read([_node(8)], (after + 1) * SECOND) == []


def test_a_stopped_node_that_still_owns_something_is_settled_at_once() -> None:
    assert Watch().read([_node(1, stopped=True), _node(1, name="b")], 0) == ["a"]


def test_a_node_that_vanished_and_came_back_begins_anew() -> None:
    watch = Watch()
    for second in range(15):
        watch.read([_node(7)], second * SECOND)
    watch.read([], 15 * SECOND)
    assert not any(watch.read([_node(7)], second * SECOND) for second in range(16, 30))
