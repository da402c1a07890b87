"""The book that the accounts share: what is certain of how the recogniser tells words."""

from proof.accounts.book import Reading

from callwright.conversation import events as ev


def partial(text: str, segment: int = 1) -> ev.TranscriptPartial:
    return ev.TranscriptPartial(0, 500, segment, text)


def final(text: str, segment: int = 1) -> ev.TranscriptFinal:
    return ev.TranscriptFinal(0, 500, segment, text)


def test_words_told_as_they_are_spoken_settle_with_their_final() -> None:
    reading = Reading()
    reading.told(partial("w1"), alone=True)
    assert not reading.settled
    reading.told(final("w1"), alone=True)
    assert reading.settled


def test_words_that_are_told_again_when_the_agent_is_silent_were_told_over_it() -> None:
    reading = Reading()
    reading.told(partial("w1"), alone=False)
    reading.told(partial("w1"), alone=True)
    reading.told(final("w1"), alone=True)
    assert not reading.settled
    assert reading.perhaps


def test_more_words_than_were_told_over_the_agent_settle() -> None:
    reading = Reading()
    reading.told(partial("w1"), alone=False)
    reading.told(partial("w1 w2"), alone=True)
    reading.told(final("w1 w2"), alone=True)
    assert reading.settled


def test_a_final_of_words_that_are_in_a_turn_stands_for_nothing() -> None:
    reading = Reading()
    reading.told(partial("w1 w2"), alone=True)
    reading.close()
    reading.told(final("w1 w2"), alone=False)
    assert not reading.settled


def test_a_late_final_takes_nothing_from_the_words_of_the_next_turn() -> None:
    reading = Reading()
    reading.told(partial("w1"), alone=True)
    reading.close()
    reading.told(partial("w2", 2), alone=True)
    reading.told(final("w2", 2), alone=True)
    reading.told(final("w1"), alone=True)
    assert reading.settled


def test_words_behind_those_of_a_turn_settle() -> None:
    reading = Reading()
    reading.told(partial("w1"), alone=True)
    reading.close()
    reading.told(partial("w1 w2"), alone=True)
    reading.told(final("w1 w2"), alone=True)
    assert reading.settled
