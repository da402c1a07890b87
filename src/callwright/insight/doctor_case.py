"""What every rule of the call doctor looks at: the log, its sounds, and the plan the call had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from callwright.conversation.log import Entry
from callwright.conversation.stops import normalised
from callwright.insight.cost import CallCost
from callwright.insight.provider_failures import ProviderFailures, failures_of
from callwright.insight.timeline import AgentSpeech, CallerSpeech, Span, Timeline, timeline
from callwright.insight.view import CallView
from callwright.insight.waterfall import TurnLatency, waterfall
from callwright.insight.wording import words_of


@dataclass(frozen=True)
class Case:
    """One call under examination. ``cost`` is None where nobody knows the prices. ``over``: nobody goes on with its log;
    None where nobody knows."""

    view: CallView
    cost: CallCost | None = None
    over: bool | None = False

    @cached_property
    def line(self) -> Timeline:
        """The sounds of both sides."""
        return timeline(self.view)

    @cached_property
    def failures(self) -> ProviderFailures:
        """What providers and tools failed at."""
        return failures_of(self.view)

    @cached_property
    def latencies(self) -> list[TurnLatency]:
        """The latency of every answered turn."""
        return waterfall(self.view)

    @cached_property
    def speech(self) -> tuple[CallerSpeech, ...]:
        """The caller's sounds that count as speech: no short noise, and not the agent's own words that came back."""
        return tuple(one for one in self.line.caller if not (one.is_noise or self._is_echo(one)))

    @cached_property
    def _notes(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, list[str]] = {}
        for entry in self.view.of("Note"):
            found.setdefault(str(entry.values["kind"]), []).append(normalised(str(entry.values["text"])))
        return {kind: frozenset(texts) for kind, texts in found.items()}

    def noted(self, kind: str) -> frozenset[str]:
        """The texts of the core's notes of a kind, normalised."""
        return self._notes.get(kind, frozenset())

    def wants_answer(self, text: str) -> bool:
        """Whether words of the caller are more than a sign of listening, by the core's own judgement."""
        return bool(text) and normalised(text) not in self.noted("back_channel")

    @cached_property
    def _spoken(self) -> Mapping[int, str]:
        found: dict[int, list[str]] = {}
        for entry in self.view.of("Speak"):
            found.setdefault(int(entry.values["generation"]), []).append(str(entry.values["text"]))
        return {generation: " ".join(texts) for generation, texts in found.items()}

    def spoken(self, generation: int) -> str:
        """All that was given to the voice for a generation."""
        return self._spoken.get(generation, "")

    def is_said_again(self, speech: AgentSpeech, text: str, least: int = 3) -> bool:
        """Whether ``text`` is the agent's own, come back: at least so many words, all of them in its sentence in this order."""
        theirs = words_of(text)
        ours = iter(words_of(self.spoken(speech.generation)))
        return len(theirs) >= least and all(word in ours for word in theirs)

    def over_agent_us(self, heard: CallerSpeech) -> int:
        """How much of a sound of the caller came while the agent could be heard."""
        return sum(heard.span.shared_us(sound) for one in self.line.agent for sound in one.sounds)

    def _is_echo(self, heard: CallerSpeech) -> bool:
        over = [one for one in self.line.agent if one.span.shared_us(heard.span)]
        return bool(over and heard.text) and (
            normalised(heard.text) in self.noted("echo") or any(self.is_said_again(one, heard.text, 2) for one in over)
        )

    @cached_property
    def tools(self) -> list[tuple[Entry, Entry | None]]:
        """Every call of a tool and its first result, if it had one."""
        results: dict[int, Entry] = {}
        for entry in self.view.of("ToolResult"):
            results.setdefault(int(entry.values["request"]), entry)
        return [(call, results.get(int(call.values["request"]))) for call in self.view.of("CallTool")]

    def plan(self, name: str) -> Any:
        """A setting the call had; of an older log the default."""
        return self.view.plan(name)

    def tool_in(self, span: Span) -> Entry | None:
        """The tool whose work takes at least half of ``span``, the longest of them."""
        found = [
            (shared, call)
            for call, result in self.tools
            if (shared := span.shared_us(Span(call.at_us, self.line.ended_us if result is None else result.at_us)))
        ]
        longest = max(found, key=lambda pair: pair[0], default=None)
        return None if longest is None or longest[0] * 2 < span.lasted_us else longest[1]

    def turn_of(self, entry: Entry) -> int | None:
        """The turn an entry belongs to: its own, that of the tool it answers, else the newest one until then; None before the first."""
        if "turn" in entry.values:
            return int(entry.values["turn"])
        asked = entry.values.get("request") if entry.type != "Note" else None
        calls = (call for call, _ in self.tools if call.values["request"] == asked)
        call = next(calls, None)
        if call is not None:
            return int(call.values["turn"])
        begun = [e for e in self.view.of("AskModel", "UserSaid") if e.seq < entry.seq]
        return int(begun[-1].values["turn"]) if begun else None

    def turn_at(self, at_us: int) -> int | None:
        """The newest turn the agent spoke in until then, None before the first."""
        spoken = [one.turn for one in self.line.agent if one.span.from_us <= at_us]
        return spoken[-1] if spoken else None
