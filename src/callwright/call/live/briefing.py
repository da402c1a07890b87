"""What the target of a warm transfer is told before it hears the caller: the words, and the call's voice that says them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.clause_spoken import ClauseSpoken, PieceLimit
from callwright.call.live.metering import metered, usage_reported
from callwright.call.live.runner import CallRunner
from callwright.call.live.say import Speaker
from callwright.call.live.think import Thinker
from callwright.conversation.effects import Speak
from callwright.conversation.own_words import own_words
from callwright.conversation.plan import in_language
from callwright.domain.limits import BRIEFING_SECONDS, MAX_BRIEFING_CHARACTERS
from callwright.platform.agents.rules.transfers import WarmHandover, filled_target
from callwright.platform.tools.rules.template import value_text
from callwright.ports.model import Message, ModelRequest
from callwright.ports.speech import UsageAmount

BRIEFING = "briefing"
"""Purpose of the question to the model, and of what model and voice used."""

_TASK = (
    "You hand this phone call over to a colleague, who hears your words before the caller is connected. Say in at most two short sentences"
    " who calls, what they want, and what was done so far. Use only what was said, in the language of the conversation, and give nothing"
    " but the sentences."
)
_MOST_TOKENS = 120


@dataclass(frozen=True, slots=True)
class Briefer:
    """The parts of a call that brief. ``conversation`` gives the messages that the model was asked with last, ``learned`` what the answers
    of tools have taught."""

    runner: CallRunner
    thinker: Thinker
    speaker: Speaker
    conversation: Callable[[], Sequence[Message]]
    learned: Callable[[], Mapping[str, Any]]

    async def text(self, how: WarmHandover, arguments: str) -> str:
        """The words: the agent's own with their places filled, by ``arguments`` of the model too, or else the model's summary; and how to
        accept. A model that fails or is slow leaves the platform's sentence alone."""
        language = self.speaker.settings.language or "en"
        ours = own_words(language)
        given = self.thinker.variables
        variables = {**{name: value_text(value) for name, value in self.learned().items()}, **given}
        told = filled_target(in_language(how.briefing, language), variables, given, arguments)
        if not told:
            told = f"{ours.briefing} {await self._summary()}".strip()
        told = told[:MAX_BRIEFING_CHARACTERS].rstrip()
        return f"{told} {ours.confirm}" if how.confirm else told

    async def say(self, text: str, take: Callable[[bytes], None]) -> str:
        """Have the voice say ``text``; ``take`` gets its mu-law as it comes. Returns why it could not, or nothing."""
        speaker = self.speaker
        clause = ClauseSpoken(Speak(0, 0, 0, BRIEFING, text), asked=True)
        asked = plugin_boundary(speaker.provider)
        with asked, clause.billed(speaker.billed_as, lambda _, amount: self._used(amount, False)):
            async with (
                PieceLimit() as limit,
                aclosing(speaker.voice.speak(text, speaker.settings)) as pieces,  # type: ignore[type-var]
            ):
                async for chunk in pieces:
                    limit.came()
                    clause.add(chunk)
                    if chunk.pcm:
                        take(clause.mulaw())
        return "" if asked.failure is None else asked.failure.message

    async def _summary(self) -> str:
        thinker = self.thinker
        said = [one for one in self.conversation() if one.role in ("user", "assistant") and one.content]
        if not said:
            return ""
        task = "\n".join([_TASK, "", *(f"{one.role}: {one.content}" for one in said)])
        settings = replace(thinker.settings, max_tokens=_MOST_TOKENS)
        question = ModelRequest((Message("user", task),), settings, BRIEFING, context=thinker.variables)
        text = ""
        asked = plugin_boundary(thinker.provider)
        with asked, metered(thinker.model, question, self._used) as meter:
            async with asyncio.timeout(BRIEFING_SECONDS):
                async for delta in thinker.model.answer(question):
                    text += delta.text
                    meter.take(delta)
        if asked.failure is not None:
            self.runner.fact(
                "core", "briefing_failed", {"kind": asked.failure.kind.value, "message": asked.failure.message}
            )
            return ""
        return text.rpartition("</think>")[2].strip()

    def _used(self, amount: UsageAmount, estimated: bool) -> None:
        if estimated:
            self.runner.fact("core", "usage_estimated", {"kind": "model", "request": 0})
        self.runner.post(usage_reported(self.runner.now_us(), amount, BRIEFING))
