"""Who answers the welcome is asked about before being taken for a machine."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx


def answering(words: str, before: str = "") -> Call:
    """A far end that has heard the welcome, and over it said ``before``, says ``words``."""
    call = Call(voicemail=True, welcome_message="Hello, this is the reception.", check_if_user_online=False)
    if before:
        call.starts_playing()
        call.finishes(before)
    call.plays()
    call.wait(500)
    call.begins()
    call.wait(2_000)
    call.finishes(words)
    return call


def test_who_answers_the_welcome_is_asked_about() -> None:
    call = answering("You can leave a message with me.")
    assert call.all(fx.AskClassifier)


def test_a_machine_tells_of_its_tone_also_behind_the_welcome() -> None:
    call = answering("Leave a message after the tone.")
    assert call.hung_up()
