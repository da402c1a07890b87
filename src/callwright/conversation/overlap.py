"""Words of the caller over the agent that are no turn: the agent's own, heard again, and those that only say "go on"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callwright.conversation.agent_turn import AgentTurn
from callwright.conversation.bounds import ANSWER_LEFT_MS, ECHO_LAG_MS, STILL_READ_MS, WORD_LONGEST_MS
from callwright.conversation.effects import CloseUtterance
from callwright.conversation.reply import Generation
from callwright.conversation.shared_state import SharedState
from callwright.conversation.spoken import SpokenWord, is_echo, question_open
from callwright.conversation.turn import CallerTurn

RULES: Mapping[tuple[bool, bool], bool] = {
    # (a question was open, the agent had nearly finished): the words are the caller's turn
    (True, True): True,
    (True, False): True,
    (False, True): True,
    (False, False): False,
}
"""For back-channels that can be an answer, such as "yes". "Go ahead" and "got it" are one to a question only, however little of a statement
is left; those that cannot answer, such as "I see", are never a turn when said over the agent."""


class Echoes:
    """Tells the agent's own words, when the recogniser hears them. ``_read`` is the newest segment, how many words it has, and up to where
    in the caller's audio so many were first known: they end there at the latest, though the sound and the segment may go on."""

    __slots__ = ("_agent", "_read", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._read: tuple[int, int, int] = (0, 0, 0)
        self._agent = agent
        self._turn = turn

    def read(self, segment: int, text: str, audio_ms: int) -> None:
        """Words of ``segment``, known up to ``audio_ms``."""
        count = len(text.split())
        if segment != self._read[0] or count > self._read[1]:
            self._read = (segment, count, audio_ms)

    def hears_agent(self, text: str, audio_ms: int, final: bool) -> bool:
        """Whether these words, known up to ``audio_ms`` of the caller's audio, are the agent's. A sound that began when the agent was
        silent is the caller's, who may repeat what was said; so are words that go on for longer than an echo does behind the agent's."""
        shared = self._shared
        if shared.plan.written:
            return False
        count = text.count(" ") + 1
        began_us = shared.call_us(max(self._turn.began_ms, audio_ms - count * WORD_LONGEST_MS, 0))
        ended_us = shared.call_us(audio_ms)
        stops = shared.book.stops(text) or shared.book.refuses(text)
        said_us = min(ended_us, shared.call_us(max(self._said_ms(final), 0)))
        heard = [
            (spoken, silent_us)
            for one, spoken, silent_us in voices(self._agent, shared.now_us)
            if said_us <= self._echoes_until_us(one, silent_us, said_us)
        ]
        # A listener's "yes" and the caller's are the same word: asked yes or no, the caller's answer is not lost for it.
        beside = () if self._turn.patience.answers(text) else (self._agent.lanes.spoken(),)
        return any(
            began_us < silent_us and is_echo(text, spoken, began_us, min(ended_us, silent_us), stops)
            for spoken, silent_us in (*heard, *beside)
        )

    def _said_ms(self, final: bool) -> int:
        """Where the newest words end at the latest: the voice may be over since, or something else may sound on. A recogniser that reads
        on tells partial words a while behind their end, which the detector does not know yet either."""
        turn, read_ms = self._turn, self._read[2]
        if turn.state == "talking":
            return read_ms if final else read_ms - STILL_READ_MS
        return min(read_ms, turn.voiced_end_ms)

    def _echoes_until_us(self, one: Generation, silent_us: int, said_us: int) -> int:
        """Up to when words may be an echo of ``one``, which is silent since ``silent_us``: as long as the agent is heard, and its echo."""
        audible = self._agent.audible
        if audible is not None and audible is not one and 0 <= audible.speech.playout_us <= said_us:
            return said_us
        return silent_us + ECHO_LAG_MS * 1000

    def drop(self, segment: int, text: str, audio_ms: int) -> None:
        """A segment is over: of the agent's own words it is no turn, nor part of one."""
        if text and self.hears_agent(text, audio_ms, True):
            echo = self._turn.dismiss(segment)
            if echo:
                self._shared.note("echo", echo)
                self._turn.look_for_nothing()
                if not self._turn.words.text():
                    # What the caller says next is read by itself: behind the agent's words it is misheard, and read the longer.
                    self._shared.emit(CloseUtterance(audio_ms))


class Nods:
    """Takes back-channels out of the turn. ``_judged`` is what was judged last, so that nothing is judged twice."""

    __slots__ = ("_agent", "_judged", "_shared", "_turn")

    def __init__(self, shared: SharedState, agent: AgentTurn, turn: CallerTurn) -> None:
        self._shared = shared
        self._judged: tuple[str, int] = ("", 0)
        self._agent = agent
        self._turn = turn

    def settle(self) -> None:
        """The caller may have finished: words over the agent that only say "go on" are no turn. Where that depends on how the agent goes
        on, they are judged again when it has."""
        turn, agent = self._turn, self._agent
        if not turn.ready or turn.typing or agent.transfers.busy or self._shared.plan.written:
            return
        text, audible = turn.words.text(), agent.audible
        judged = (text, audible.number if audible is not None else 0)
        if judged == self._judged:
            return
        if self._is_no_turn(text):
            self._shared.note("back_channel", text)
            if agent.pending is not None and agent.pending.asked:
                agent.withdraw("nothing_said")
            turn.take(answers=False)
            agent.guesses = 0
        elif audible is None or audible.speech.complete:
            self._judged = judged

    def _is_no_turn(self, text: str) -> bool:
        turn, book = self._turn, self._shared.book
        if not book.is_backchannel(text):
            return False
        # The latest sound that has some of the words: an "okay" over a statement, or a cough, is no reason to lose the "yes" behind it.
        began_us = self._shared.call_us(max(turn.newest_ms, turn.from_ms, 0))
        heard = voices(self._agent, self._shared.now_us)
        over = next(
            ((one, spoken) for one, spoken, silent_us in heard if one.speech.playout_us <= began_us < silent_us),
            None,
        )
        if over is None:
            return False
        assents = book.assents(text)
        if not assents and not book.may_answer(text):
            return True
        generation, spoken = over
        complete = generation.speech.complete or generation is not self._agent.audible
        asked = question_open(spoken, began_us, complete)
        if asked is None:
            return False
        nearly_over = assents and complete and spoken[-1].to_us - began_us <= ANSWER_LEFT_MS * 1000
        return not RULES[asked, nearly_over]


def voices(agent: AgentTurn, now_us: int) -> Iterator[tuple[Generation, list[SpokenWord], int]]:
    """What was heard of the agent last: the utterance being heard, and the one before it. Each with its words, and since when it was silent
    (from now on, for the first)."""
    heard = () if agent.lately is None else (agent.lately,)
    for generation, silent_us in ((agent.audible, now_us + 1), *heard):
        if generation is not None and 0 <= generation.speech.playout_us < silent_us:
            yield generation, generation.speech.spoken(), silent_us
