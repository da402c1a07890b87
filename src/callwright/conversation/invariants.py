"""The rules that hold in every call, checked in production as the effects are emitted.

``Watch`` sees nothing but effects: it keeps its own small account of what they add up to, so that a mistake in the parts that emit
them cannot hide itself. A broken rule raises BrokenInvariantError; the call ends with an error and its log shows the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callwright.conversation import effects as fx
from callwright.domain.errors import BrokenInvariantError

FACTS: frozenset[type] = frozenset({fx.UserSaid, fx.AgentSaid, fx.Withdrawn, fx.TransferSettled, fx.OptedOut, fx.Note})
"""All that may follow the end of the leg."""

QUIETING: frozenset[type] = frozenset({fx.CancelModel, fx.CancelVoice, fx.CancelTool, fx.Clear, fx.StopRecording})
"""What besides facts may follow ``HangUp``."""


class Watch:
    """Account of the effects of one call."""

    __slots__ = (
        "audible",
        "broken_off",
        "cleared",
        "ended",
        "handed_over",
        "hung_up",
        "lanes",
        "open",
        "speculative",
        "spoken",
        "tools",
        "transfer",
        "transfers",
        "turn",
        "unsaid",
    )

    def __init__(self) -> None:
        self.audible = 0  # the released generation, until a fact says what was heard of it
        self.broken_off = 0  # the newest generation that ended where its voice failed
        self.cleared = 0  # the newest generation ever cleared
        self.open: dict[int, int] = {}  # generation -> clauses given to the voice; -1 - n once they are complete
        self.speculative: dict[int, int] = {}  # generation -> the turn it answers, which may not be finished
        self.spoken: dict[int, int] = {}  # generation -> words given to the voice
        self.tools: dict[str, int] = {}
        self.transfer = 0  # the request of the transfer in progress
        self.transfers: dict[int, bool] = {}  # request -> whether the caller was handed over
        self.handed_over = False
        self.turn = -1
        self.unsaid = (0, 0)  # the generation cut last, and how many of its words were not heard
        self.lanes: dict[str, str] = {}  # lane -> what was played in it last
        self.hung_up = False
        self.ended = False

    def check(self, effect: fx.Effect) -> None:
        """Account for ``effect``. Raises BrokenInvariantError."""
        cls = type(effect)
        if self.hung_up or self.ended or self.handed_over:
            self._check_late(cls)
        rule = _RULES.get(cls)
        if rule is not None:
            rule(self, effect)

    def _check_late(self, cls: type) -> None:
        if cls in FACTS:
            return
        require(not self.ended, "after the end nothing but facts", cls.__name__)
        if self.hung_up or cls is not fx.HangUp:
            require(cls in QUIETING, "after hanging up nothing is begun", cls.__name__)


def require(holds: bool, rule: str, what: object) -> None:
    """Raise BrokenInvariantError naming ``rule`` unless it holds."""
    if not holds:
        raise BrokenInvariantError(f"{rule}: {what}")


def _ask_model(watch: Watch, effect: fx.AskModel) -> None:
    require(not watch.transfer, "no turn is taken during a transfer", effect.generation)
    require(effect.generation not in watch.open, "a generation is asked once", effect.generation)
    watch.open[effect.generation] = 0


def _speculative(watch: Watch, effect: fx.Speculative) -> None:
    require(not watch.speculative, "one reply is speculative at a time", effect.generation)
    require(effect.generation not in watch.open, "what was asked is certain", effect.generation)
    watch.speculative[effect.generation] = effect.turn


def _committed(watch: Watch, effect: fx.Committed) -> None:
    turn = watch.speculative.pop(effect.generation, -1)
    require(turn == effect.turn, "what is committed was speculative", effect.generation)


def _certain(watch: Watch, turn: int) -> None:
    require(
        turn not in watch.speculative.values(), "nothing follows from a turn before the caller has finished it", turn
    )


def _speak(watch: Watch, effect: fx.Speak) -> None:
    require(not watch.transfer, "the agent is silent during a transfer", effect.generation)
    clauses = watch.open.setdefault(effect.generation, 0)
    require(
        effect.generation > watch.cleared, "nothing is said for an older generation after a clear", effect.generation
    )
    require(clauses == effect.index, "clauses follow each other", (effect.generation, effect.index))
    require(bool(effect.text), "a clause has words", effect.generation)
    watch.open[effect.generation] = clauses + 1
    watch.spoken[effect.generation] = watch.spoken.get(effect.generation, 0) + len(effect.text.split())


def _end_speech(watch: Watch, effect: fx.EndSpeech) -> None:
    given = watch.open.get(effect.generation, 0)
    # What is heard ends earlier where its voice has failed, also when it was complete.
    breaks_off = watch.audible == effect.generation and effect.clauses < max(given, -1 - given)
    if breaks_off:
        watch.broken_off = effect.generation
    require(
        effect.clauses > 0 and (effect.clauses == given or breaks_off),
        "speech ends with its clauses",
        effect.generation,
    )
    watch.open[effect.generation] = -1 - effect.clauses


def _release(watch: Watch, effect: fx.Release) -> None:
    require(watch.audible == 0, "one generation speaks at a time", (watch.audible, effect.generation))
    require(not watch.transfer, "the agent is silent during a transfer", effect.generation)
    require(effect.generation in watch.open, "a generation is released once", effect.generation)
    require(effect.generation not in watch.speculative, "nothing audible of a reply not committed", effect.generation)
    require(watch.open[effect.generation] != 0, "what is released has words", effect.generation)
    require(
        effect.generation > watch.cleared, "nothing audible for an older generation after a clear", effect.generation
    )
    if effect.resumes:
        words = watch.spoken[effect.generation]
        if effect.resumes == watch.broken_off:
            words = min(words, watch.unsaid[1])  # the model may have gone on behind what the voice was given
        left = (effect.resumes, words)
        require(watch.unsaid == left, "what is resumed is what was not heard, and the caller has said nothing", left)
    watch.unsaid = (0, 0)
    watch.audible = effect.generation


def _clear(watch: Watch, effect: fx.Clear) -> None:
    require(
        watch.audible == effect.generation != watch.cleared, "a clear is for the audible generation", effect.generation
    )
    watch.cleared = effect.generation


def _agent_said(watch: Watch, effect: fx.AgentSaid) -> None:
    require(watch.audible == effect.generation, "only what was audible was heard", effect.generation)
    words = len(effect.text.split())
    spoken = watch.spoken[effect.generation]
    require(0 < words <= spoken, "nobody heard more than was said", effect.generation)
    watch.unsaid = (effect.generation, spoken - words)
    _close(watch, effect.generation)


def _withdrawn(watch: Watch, effect: fx.Withdrawn) -> None:
    require(effect.generation in watch.open, "a generation ends once", effect.generation)
    if watch.audible == effect.generation:
        watch.unsaid = (effect.generation, watch.spoken[effect.generation])
    _close(watch, effect.generation)


def _close(watch: Watch, generation: int) -> None:
    del watch.open[generation]
    watch.speculative.pop(generation, None)
    watch.spoken.pop(generation, None)
    if watch.audible == generation:
        watch.audible = 0


def _call_tool(watch: Watch, effect: fx.CallTool) -> None:
    _certain(watch, effect.turn)
    require(effect.call_id not in watch.tools, "a tool is requested once", effect.call_id)
    watch.tools[effect.call_id] = effect.request


def _send_keys(watch: Watch, effect: fx.SendKeys) -> None:
    _certain(watch, effect.turn)
    require(effect.call_id not in watch.tools, "a tool is requested once", effect.call_id)
    require(not watch.audible, "keys are pressed when the words before them are over", watch.audible)
    require(bool(effect.keys), "a press has keys", effect.request)
    watch.tools[effect.call_id] = effect.request


def _transfer(watch: Watch, effect: fx.Transfer) -> None:
    _certain(watch, effect.turn)
    require(effect.request not in watch.transfers, "a transfer is requested once", effect.request)
    require(effect.call_id not in watch.tools, "a tool is requested once", effect.call_id)
    require(not watch.transfer, "one transfer at a time", (watch.transfer, effect.request))
    require(not watch.audible, "what the agent says before a transfer is said to its end", watch.audible)
    require(bool(effect.target), "a transfer has a target", effect.request)
    watch.tools[effect.call_id] = watch.transfer = effect.request
    watch.transfers[effect.request] = False


def _transfer_settled(watch: Watch, effect: fx.TransferSettled) -> None:
    require(watch.transfers.get(effect.request) is False, "a transfer succeeds once", effect.request)
    if watch.transfer == effect.request:
        watch.transfer = 0
    watch.transfers[effect.request] = effect.transferred
    watch.handed_over = watch.handed_over or effect.transferred


def _user_said(watch: Watch, effect: fx.UserSaid) -> None:
    _certain(watch, effect.turn)
    # After the end the recogniser may still change the last turn's words.
    follows = effect.turn > watch.turn or (watch.ended and effect.turn == watch.turn)
    require(follows, "turns follow each other", effect.turn)
    require(bool(effect.text), "a turn has words", effect.turn)
    require(effect.from_ms <= effect.to_ms, "a turn ends after it began", (effect.from_ms, effect.to_ms))
    watch.turn = effect.turn
    watch.unsaid = (0, 0)


def _play_asset(watch: Watch, effect: fx.PlayAsset) -> None:
    require(bool(effect.asset), "a sound has a name", effect.lane)
    if effect.lane == "ambient":
        require("ambient" not in watch.lanes, "one ambient track plays", effect.asset)
    elif effect.lane == "ringing":
        require(bool(watch.transfer), "it rings while a transfer is asked for", effect.asset)
    else:
        require(watch.audible == 0, "no sound of its own while the agent speaks", (watch.audible, effect.asset))
        require(not watch.transfer, "the agent is silent during a transfer", effect.asset)
        require(watch.lanes.get(effect.lane) != effect.asset, "no sound twice in a row", effect.asset)
    watch.lanes[effect.lane] = effect.asset


def _hang_up(watch: Watch, _effect: fx.HangUp) -> None:
    watch.hung_up = True


_RULES: dict[type, Callable[[Watch, Any], None]] = {
    fx.Speculative: _speculative,
    fx.Committed: _committed,
    fx.AskModel: _ask_model,
    fx.Speak: _speak,
    fx.EndSpeech: _end_speech,
    fx.Release: _release,
    fx.Clear: _clear,
    fx.AgentSaid: _agent_said,
    fx.Withdrawn: _withdrawn,
    fx.CallTool: _call_tool,
    fx.SendKeys: _send_keys,
    fx.Transfer: _transfer,
    fx.TransferSettled: _transfer_settled,
    fx.UserSaid: _user_said,
    fx.PlayAsset: _play_asset,
    fx.HangUp: _hang_up,
}
