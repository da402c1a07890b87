"""One generation: an utterance of the agent from the question to the model until it was heard or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation.bounds import REPLY_CALLS_MOST
from callwright.conversation.clauses import Segmenter
from callwright.conversation.heard import Clause, longest_ms
from callwright.conversation.history import Said
from callwright.conversation.spoken import SpokenWord, timeline
from callwright.domain.errors import BrokenInvariantError
from callwright.ports.model import ToolCall

MOVES: Mapping[str, Mapping[str, str]] = {
    # state -> {what happens -> next state}; docs/explanation/conversation.md shows this table.
    "speculative": {"commit": "committed", "withdraw": "withdrawn"},
    "committed": {"release": "released", "withdraw": "withdrawn", "act": "silent"},
    "released": {"play": "speaking", "clear": "clearing", "heard": "done", "withdraw": "withdrawn"},
    "speaking": {"play": "speaking", "clear": "clearing", "heard": "done", "withdraw": "withdrawn"},
    "clearing": {"play": "clearing", "heard": "cut", "withdraw": "withdrawn"},
    "silent": {},
    "withdrawn": {},
    "done": {},
    "cut": {},
}
"""``speculative``: the caller may not have finished; ``act``: a reply without words whose tools are called."""


class Speech:
    """The spoken side of a generation: its clauses and how far they got."""

    __slots__ = (
        "_spoken",
        "_spoken_of",
        "characters",
        "clauses",
        "complete",
        "guessed",
        "held",
        "held_complete",
        "lost",
        "lost_complete",
        "played",
        "playout_us",
        "ready",
        "segmenter",
    )

    def __init__(self) -> None:
        self.clauses: list[Clause] = []
        self.held: list[str] = []  # clauses the voice gets when the reply is committed
        self.held_complete = False  # and no more follow them
        self.lost: list[Clause] = []  # clauses behind the others: the voice failed at the first of them
        self.lost_complete = False  # and no more follow them
        self.segmenter = Segmenter()
        self.characters = 0
        self.complete = False  # EndSpeech was sent
        self.ready = False  # the voice has audio
        self.guessed = False  # the last mark never came, it only should have
        self.played = 0  # clauses known to have been played to their end
        self.playout_us = -1
        self._spoken: list[SpokenWord] = []
        self._spoken_of: tuple[int, ...] = ()

    def spoken(self) -> list[SpokenWord]:
        """When each word was or will be played (``spoken.timeline``), reckoned anew only when something is known better."""
        known = [self.playout_us]
        for clause in self.clauses:
            known += (clause.audio_ms, clause.ended_us)
        if (of := tuple(known)) != self._spoken_of:
            self._spoken_of, self._spoken = of, timeline(self.clauses, self.playout_us)
        return self._spoken

    @property
    def text(self) -> str:
        """All words given to the voice, and those lost for it."""
        return " ".join(clause.text for clause in (*self.clauses, *self.lost))

    def lose(self, index: int) -> None:
        """The voice failed at the clause ``index``: the speech ends before it, and what the model goes on to say is lost for it, too."""
        if not self.lost:
            self.complete, self.lost_complete = True, self.complete
        self.lost[:0] = self.clauses[index:]
        del self.clauses[index:]

    @property
    def all_played(self) -> bool:
        """Whether every clause was played and none will follow."""
        return self.complete and self.played >= len(self.clauses)

    def rest_ms(self) -> int:
        """The longest that the clauses not known to have been played may last."""
        return sum(longest_ms(clause) for clause in self.clauses[self.played :])


class Generation:
    """An utterance of the agent. ``request`` is the model's, 0 for prepared words; ``asked`` are the caller's words it answers."""

    __slots__ = (
        "answering",
        "asked",
        "calls",
        "calls_left",
        "cut_for",
        "doubted_us",
        "farewell",
        "hands_over",
        "heard_words",
        "number",
        "purpose",
        "request",
        "resumed",
        "resumes",
        "said",
        "speech",
        "state",
        "turn",
        "unfinished",
        "why",
    )

    def __init__(self, number: int, turn: int, purpose: str, request: int, asked: str) -> None:
        self.number = number
        self.turn = turn
        self.purpose = purpose
        self.request = request
        self.asked = asked
        self.state = "speculative"
        self.answering = request != 0  # the model may still add to it
        self.speech = Speech()
        self.calls: list[ToolCall] = []
        self.calls_left = REPLY_CALLS_MOST  # so many more of the model's are looked at
        self.farewell = False  # the model ends the call with it
        self.hands_over = False  # it wants a transfer, whether or not that can be made
        self.why = ""  # the model's reason for that
        self.said: Said | None = None  # its message in the history
        self.cut_for = ""  # why it was silenced
        self.doubted_us = -1  # since when it is not certain that it answers all that the caller says
        self.heard_words = 0
        self.resumes = 0  # the generation whose unheard words these are
        self.resumed = 0  # how often they were resumed
        self.unfinished = False  # the model had not finished what is resumed

    def move(self, verb: str) -> None:
        """Go on by the table. Raises BrokenInvariantError when the table has no such step."""
        after = MOVES[self.state].get(verb)
        if after is None:
            raise BrokenInvariantError(f"generation {self.number} is {self.state} and cannot {verb}")
        self.state = after

    def follow(self, cut: Generation, unfinished: bool) -> None:
        """These are the words of ``cut`` that were not heard: in the history they go on in its message."""
        self.resumes = cut.number
        self.resumed = cut.resumed + 1
        self.unfinished = unfinished
        self.said = cut.said
        if self.said is not None:
            self.said.lead = self.said.content

    @property
    def doubted(self) -> bool:
        """Whether it may not answer all that the caller says."""
        return self.doubted_us >= 0

    def doubt(self, now_us: int) -> None:
        """From now on it may not."""
        self.doubted_us = self.doubted_us if self.doubted else now_us

    @property
    def unheard(self) -> str:
        """The words behind the last that was heard, once it is over."""
        return " ".join(self.speech.text.split()[self.heard_words :])

    @property
    def broken_off(self) -> bool:
        """Whether its voice failed in the middle of it, and nothing else silenced it."""
        return self.cut_for == "voice_failed" or (bool(self.speech.lost) and not self.cut_for)

    @property
    def interruptible(self) -> bool:
        """Whether the caller's words may cut it."""
        return self.purpose not in ("goodbye", "voicemail") and not self.farewell
