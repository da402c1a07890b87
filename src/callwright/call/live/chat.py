"""A chat: a call that is written. Its leg, and the ear and the mouth that take the place of recogniser and voice.

A line somebody sends is an utterance of no length: activity begins and ends, its words are final, and the turn is over, all at once. What
the agent says is played as silence of the length it takes to be read (one frame when it is to come at once), so that whatever counts as
heard on a call counts as delivered here, clause by clause, and everything behind the leg is the same as on a call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from callwright.call.live.dialling import Connection
from callwright.call.live.equipment import NO_TURN_MODEL, LocalEars, Needs, without_call_backs
from callwright.call.live.hear import Words
from callwright.call.live.row import OwnedRow
from callwright.call.live.runner import CallRunner
from callwright.call.live.session import CallSession
from callwright.call.live.text_voice import READING_MS_PER_CHARACTER, TEXT, TextVoice
from callwright.conversation.events import ActivityBegan, ActivityEnded
from callwright.domain.limits import MAX_CHAT_SILENCE_SECONDS, WARM_BEFORE_ANSWER_SECONDS
from callwright.platform.agents.rules.availability import WRITTEN, Line
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import CHAT
from callwright.ports.chat import NewChat
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, LegListener, closed_by
from callwright.ports.registry import PluginGetter
from callwright.ports.speech import FRAME_MS, TranscriberSettings, TranscriberSink


class ChatLeg:
    """``ports.leg.Leg`` without a line. It is answered when asked and ends when either side says so."""

    ahead_ms = FRAME_MS

    def __init__(self, call_id: str) -> None:
        self.provider_call_id = call_id
        self.listener: LegListener | None = None
        self._answered = False
        self._closed = False

    async def answer(self) -> None:
        """From now on lines are taken."""
        if self.listener is not None and not self._closed:
            self._answered = True
            self.listener.answered()

    async def reject(self, code: int) -> None:
        """There is nobody to refuse it to: whoever opened the chat is told by its answer."""
        self.close(closed_by(CAUSES["originator_cancel"]))

    async def hang_up(self, reason: str) -> None:
        """The agent's side is done."""
        cause = closed_by(CAUSES["hung_up_by_us" if self._answered else "originator_cancel"])
        self.close(replace(cause, reason=reason) if reason and self._answered else cause)

    def close(self, closed: LegClosed) -> None:
        """The chat is over. Safe to call twice."""
        if not self._closed:
            self._closed = True
            if self.listener is not None:
                self.listener.closed(closed)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Raises ProviderError: there is no line to hand over."""
        raise ProviderError(
            FailureKind.BAD_REQUEST, CHAT, "a chat cannot be transferred: there is no line to hand over"
        )

    async def send_keys(self, keys: str) -> None:
        """Raises ProviderError: there is nothing to press."""
        raise ProviderError(FailureKind.BAD_REQUEST, CHAT, "keys cannot be sent in a chat")

    def write(self, frame: bytes) -> None:
        """Silence that only takes its time."""

    def clear(self) -> None:
        """Nothing lies on the line."""


class _NoStream:
    """``ports.speech.TranscriberStream`` without sound."""

    def feed(self, pcm: bytes) -> None:
        """There is no sound."""

    def activity(self, active: bool, audio_ms: int) -> None:
        """Lines are whole."""

    def close_utterance(self, audio_ms: int) -> None:
        """Lines are whole."""

    def set_patience(self, silence_ms: int) -> None:
        """Lines are whole."""

    def want_partials(self, wanted: bool) -> None:
        """Lines are whole."""

    async def aclose(self) -> None:
        """Nothing was used."""


class TextEar:
    """``ports.speech.Transcriber`` of a chat: lines do not come through it (:meth:`Chatting.say`)."""

    name = TEXT

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> _NoStream:
        """Nothing to open."""
        return _NoStream()


class NoVad:
    """``ports.speech.Vad`` that hears nothing."""

    name = TEXT

    def open(self) -> NoVad:
        """It is its own stream."""
        return self

    def feed(self, pcm: bytes) -> int:
        """Silence."""
        return 0


class Chatting(Connection):
    """How a chat gets its leg: it makes one itself. ``call.live.dialling.Connection``."""

    warm_seconds: float = WARM_BEFORE_ANSWER_SECONDS
    speech_seconds: float = WARM_BEFORE_ANSWER_SECONDS

    def __init__(self, chat: NewChat, call_id: str) -> None:
        self.leg = ChatLeg(call_id)
        self._chat = chat
        self._runner: CallRunner | None = None
        self._words: Words | None = None
        self._answered_us = 0
        self._lines = 0

    def line(self) -> Line:
        """None: it is written."""
        return WRITTEN

    def check(self) -> None:
        """Nothing is needed."""

    def fit(self, needs: Needs) -> Needs:
        """The agent without recogniser and voice, and with the patience of somebody who writes."""
        pace = READING_MS_PER_CHARACTER if self._chat.reading_pace else 0
        ears = LocalEars(TEXT, NO_TURN_MODEL)
        plugin = _with_text(needs.plugin, pace)
        return replace(needs, spec=self.held_as(needs.spec), plugin=plugin, ears=ears, sound=False)

    def held_as(self, spec: AgentSpec) -> AgentSpec:
        """The agent as this chat has it."""
        # A chat that somebody left open holds a place of the process.
        silence_s = min(self._chat.silence_s or MAX_CHAT_SILENCE_SECONDS, MAX_CHAT_SILENCE_SECONDS)
        return in_writing(spec, silence_s, self._chat.most_s)

    async def screen(self, row: OwnedRow) -> Change | None:
        """Whoever writes has a key."""
        return None

    def begin(self, session: CallSession, runner: CallRunner) -> None:
        """From here on the session hears of the leg."""
        self._runner, self._words = runner, Words(runner, TEXT)
        runner.fact("leg", "offered", {"carrier": CHAT, "provider_call_id": self.leg.provider_call_id})
        self.leg.listener = session
        session.take_leg(self.leg)

    async def connect(self, session: CallSession, runner: CallRunner, row: OwnedRow, spec: AgentSpec) -> None:
        """Open for lines, unless it is over already."""
        if session.end is None and session.hang_up_wanted is None:
            runner.flush()
            self._answered_us = runner.now_us()
            await self.leg.answer()

    async def give_up(self) -> None:
        """The agent cannot be had."""
        await self.leg.reject(0)

    def say(self, text: str) -> None:
        """Somebody sent a line."""
        runner, words = self._runner, self._words
        assert runner is not None
        assert words is not None
        self._lines += 1
        now_us = runner.now_us()
        audio_ms = (now_us - self._answered_us) // 1000
        runner.post(ActivityBegan(now_us, audio_ms))
        runner.fact("core", "voiced_end", {"audio_ms": audio_ms, "arrived_us": now_us})
        runner.post(ActivityEnded(runner.now_us(), audio_ms))
        words.final(self._lines, text, audio_ms, "")
        words.end_of_turn(audio_ms)


def in_writing(spec: AgentSpec, silence_s: float, most_s: float) -> AgentSpec:
    """The agent as chats have it, which end after ``silence_s`` without a word and after ``most_s`` in any case. It writes and answers
    without a delay: a line that is sent is no noise over a welcome, and nobody is talked over. Whoever writes has no number to be called
    back at."""
    spec = without_call_backs(spec)
    settings = replace(
        spec.settings,
        written=True,
        hangup_after_silence_s=silence_s,
        check_if_user_online=False,
        call_terminate_s=most_s,
        incremental_delay_ms=0,
        interruption_backoff_ms=0,
        welcome_message_delay_ms=0,
        discard_pre_welcome_utterance=False,
        speculative_replies=False,
    )
    ear = ProviderChoice(TEXT, model=TEXT, language=spec.transcriber.language)
    mouth = ProviderChoice(TEXT, model=TEXT, language=spec.voice.language)
    return replace(spec, settings=settings, transcriber=ear, voice=mouth)


def _with_text(plugin: PluginGetter, ms_per_character: int) -> PluginGetter:
    """The plugins, and those of a chat."""
    own: dict[str, Any] = {"transcriber": TextEar(), "voice": TextVoice(ms_per_character), "vad": NoVad()}

    def get(kind: str, name: str) -> Any:
        return own[kind] if name == TEXT and kind in own else plugin(kind, name)

    return get
