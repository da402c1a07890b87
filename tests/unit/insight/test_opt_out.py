"""What the log says of a caller who does not want to be called."""

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import Header, entry_line, header_line, values_of
from callwright.conversation.plan import CORE_VERSION, CallPlan
from callwright.insight.opt_out import opt_out
from callwright.insight.view import CallView, view_of


def log(*items: object, language: str = "en") -> CallView:
    header = Header("e1", 1, "2026-01-01T00:00:00+00:00", {}, 1, {}, CORE_VERSION)
    started = ev.Started(0, CallPlan(language=language), (), 1)
    lines = [header_line(header)]
    for seq, item in enumerate((started, *items), 1):
        lines.append(entry_line(seq, seq, "core", "in", type(item).__name__, values_of(item)))  # type: ignore[arg-type]
    return view_of("".join(lines))


ENDED = ev.LegEnded(9, "answered", "Callee", "bye", 4000)


def test_what_the_conversation_noticed_stays() -> None:
    view = log(
        fx.UserSaid(1, "stop calling", 0, 1),
        fx.OptedOut(1, "stop calling"),
        fx.UserSaid(1, "stop falling", 0, 1),
        ENDED,
    )
    assert opt_out(view) == {"turn": 1, "said": "stop calling"}


def test_a_goodbye_of_the_agent_parts_no_wish() -> None:
    first, rest = fx.UserSaid(1, "please do not", 0, 1), fx.UserSaid(2, "call me again", 2, 3)
    goodbye, reply = (fx.AgentSaid(1, 1, purpose, "Goodbye.", False, False, 500) for purpose in ("goodbye", "reply"))
    assert opt_out(log(first, goodbye, ENDED, rest)) == {"turn": 2, "said": "please do not call me again"}
    assert opt_out(log(first, goodbye, rest, ENDED)) is None
    assert opt_out(log(first, reply, ENDED, rest)) is None


def test_words_of_the_end_count_too_in_their_last_form() -> None:
    assert opt_out(log(fx.UserSaid(1, "bye", 0, 1), fx.UserSaid(2, "never call me again", 0, 1), ENDED)) == {
        "turn": 2,
        "said": "never call me again",
    }
    assert opt_out(log(fx.UserSaid(1, "stop calling", 0, 1), fx.UserSaid(1, "stop falling", 0, 1), ENDED)) is None


def test_a_log_that_breaks_off_before_the_turn_was_taken_is_enough() -> None:
    finals = (ev.TranscriptFinal(1, 0, 1, "hello"), fx.UserSaid(1, "hello", 0, 1))
    cut = (ev.TranscriptFinal(2, 0, 2, "stop calling"), ev.TranscriptFinal(3, 0, 3, "this number"))
    assert opt_out(log(*finals, *cut)) == {"turn": 2, "said": "stop calling this number"}
    assert opt_out(log(*finals, *cut, ENDED)) is None
    assert opt_out(log(ev.TranscriptFinal(2, 0, 2, "never call me again"))) == {
        "turn": 1,
        "said": "never call me again",
    }


def test_it_is_read_in_the_language_of_the_call() -> None:
    said = fx.UserSaid(1, "Rufen Sie mich nicht mehr an", 0, 1)
    assert opt_out(log(said, ENDED, language="de")) is not None
    assert opt_out(log(said, ENDED)) is None
    assert opt_out(CallView(log(ENDED).header, log(ENDED).entries[1:])) is None
