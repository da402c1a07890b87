"""The rules of the core, each broken once."""

import pytest

from callwright.conversation import effects as fx
from callwright.conversation.invariants import Watch
from callwright.conversation.shared_state import SharedState
from callwright.domain.errors import BrokenInvariantError

ASK = fx.AskModel(1, 1, 1, "reply", ())
SPEAK = fx.Speak(1, 0, 1, "reply", "one two")
SAID = fx.AgentSaid(1, 1, "reply", "one two", False, False, 400)


@pytest.mark.parametrize(
    ("effects", "rule"),
    [
        ((ASK, ASK), "a generation is asked once"),
        ((fx.Speak(1, 1, 1, "reply", "x"),), "clauses follow each other"),
        ((fx.Speak(1, 0, 1, "reply", ""),), "a clause has words"),
        ((SPEAK, fx.EndSpeech(1, 2)), "speech ends with its clauses"),
        ((SPEAK, fx.EndSpeech(1, 1), fx.Speak(1, 1, 1, "reply", "x")), "clauses follow each other"),
        ((fx.Release(1, 1),), "a generation is released once"),
        ((ASK, fx.Release(1, 1)), "what is released has words"),
        (
            (SPEAK, fx.Speak(2, 0, 1, "reply", "x"), fx.Release(1, 1), fx.Release(2, 1)),
            "one generation speaks at a time",
        ),
        ((fx.Clear(1),), "a clear is for the audible generation"),
        ((SPEAK, fx.Release(1, 1), fx.Clear(1), fx.Clear(1)), "a clear is for the audible generation"),
        ((SPEAK, fx.Release(1, 1), fx.Clear(1), SPEAK), "nothing is said for an older generation after a clear"),
        ((SPEAK, SAID), "only what was audible was heard"),
        (
            (SPEAK, fx.Release(1, 1), fx.AgentSaid(1, 1, "reply", "one two three", False, False, 1)),
            "nobody heard more than was said",
        ),
        ((fx.Withdrawn(1, 1, "x"),), "a generation ends once"),
        ((fx.CallTool(1, 1, "c", "n", ""), fx.CallTool(2, 1, "c", "n", "")), "a tool is requested once"),
        ((fx.UserSaid(1, "a", 0, 1), fx.UserSaid(1, "b", 2, 3)), "turns follow each other"),
        ((fx.UserSaid(1, "", 0, 1),), "a turn has words"),
        ((SPEAK, fx.Release(1, 1), fx.PlayAsset("Hmm.", "filler")), "no sound of its own while the agent speaks"),
        ((fx.PlayAsset("Hmm.", "filler"), fx.PlayAsset("Hmm.", "filler")), "no sound twice in a row"),
        ((fx.PlayAsset("street", "ambient"), fx.PlayAsset("street", "ambient")), "one ambient track plays"),
        ((fx.PlayAsset("", "filler"),), "a sound has a name"),
        ((fx.PlayAsset("ringing tone", "ringing"),), "it rings while a transfer is asked for"),
        ((fx.Transfer(1, "loopback:a"), fx.PlayAsset("Hmm.", "filler")), "the agent is silent during a transfer"),
        ((fx.UserSaid(1, "a", 2, 1),), "a turn ends after it began"),
        ((fx.HangUp("x", "y"), SPEAK), "after hanging up nothing is begun"),
        ((fx.HangUp("x", "y"), fx.HangUp("x", "y")), "after hanging up nothing is begun"),
    ],
)
def test_a_broken_rule_is_named(effects: tuple[fx.Effect, ...], rule: str) -> None:
    watch = Watch()
    for effect in effects[:-1]:
        watch.check(effect)
    with pytest.raises(BrokenInvariantError, match=rule):
        watch.check(effects[-1])


def test_nothing_older_than_a_cleared_generation_becomes_audible() -> None:
    watch = Watch()
    watch.check(SPEAK)
    watch.check(fx.Speak(2, 0, 1, "reply", "x"))
    watch.check(fx.Release(2, 1))
    watch.check(fx.Clear(2))
    watch.check(fx.AgentSaid(1, 2, "reply", "x", True, False, 1))
    with pytest.raises(BrokenInvariantError, match="older generation"):
        watch.check(fx.Release(1, 1))


def test_after_the_end_nothing_but_facts() -> None:
    shared = SharedState()
    shared.watch.ended = True
    shared.note("fine")
    with pytest.raises(BrokenInvariantError, match="nothing but facts"):
        shared.emit(fx.StopRecording())
