"""Two versions of a conversation side by side."""

import pytest

from callwright.insight.side_by_side import Line, columns, first_difference

ASK = Line("caller", 1, "A table for two.")
ANSWER = Line("agent", 1, "For when shall it be?", wait_ms=400)
OTHER = Line("agent", 1, "We are closed.", wait_ms=1_500)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([ASK, ANSWER], [ASK, Line("agent", 1, ANSWER.text, wait_ms=9)], ""),
        ([ASK, ANSWER], [ASK, OTHER], "turn 1: the agent says something else"),
        ([ASK, ANSWER], [ASK, Line("agent", 1, ANSWER.text, cut=True)], "turn 1: the agent breaks off"),
        ([ASK, Line("agent", 1, ANSWER.text, cut=True)], [ASK, ANSWER], "turn 1: the agent says it to the end"),
        ([ASK, ANSWER], [ANSWER], "turn 1: the agent speaks, where the caller did in turn 1"),
        ([ASK, ANSWER], [ASK], "turn 1: it is over before the agent says 'For when shall it be?'"),
        ([ASK], [ASK, ANSWER], "turn 1: it goes on with the agent, who says 'For when shall it be?'"),
    ],
)
def test_the_first_difference_is_told_in_words(before, after, told):
    assert first_difference(before, after) == told


def test_rows_that_differ_are_marked_and_long_lines_wrapped():
    rows = columns([ASK, ANSWER], [ASK, OTHER, Line("agent", 2, "Bye.", cut=True)], width=60)
    assert rows == [
        "turn   as it was                 | what if",
        "       ------------------------- | -------------------------",
        "   1   caller: A table for two.  | caller: A table for two.",
        "     * agent (400 ms): For when  | agent (1,500 ms): We are",
        "       shall it be?              | closed.",
        "   2 *                           | agent: Bye. --",
    ]
