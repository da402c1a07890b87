"""The account of answering machines."""

from collections.abc import Iterable

from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def answering(words: str, before: str = "") -> AuditedCall:
    """A far end that has heard the welcome, and over it said ``before``, says ``words``."""
    call = AuditedCall(voicemail=True, welcome_message="Hello, this is the reception.", check_if_user_online=False)
    if before:
        call.starts_playing()
        call.finishes(before)
    call.plays()
    call.wait(500)
    call.begins()
    call.wait(2_000)
    call.finishes(words)
    return call


def found_instead(event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
    """The core takes the words for a machine's in place of asking about them."""
    del event
    yield fx.Note("voicemail_found", "words") if isinstance(effect, fx.AskClassifier) else effect


def test_who_answers_the_welcome_is_asked_about() -> None:
    call = answering("You can leave a message with me.")
    assert call.all(fx.AskClassifier)
    assert not call.audit()
    assert call.audit_with(found_instead).startswith("who answers the welcome is no machine for words")


def test_a_machine_tells_of_its_tone_also_behind_the_welcome() -> None:
    call = answering("Leave a message after the tone.")
    assert call.hung_up()
    assert not call.audit()


def test_who_has_spoken_before_the_welcome_was_over_may_be_a_machine_for_words_alone() -> None:
    call = answering("You can leave a message with me.", "Stone residence.")
    assert not call.audit_with(found_instead)
