"""Shapes of a call's timeline, entries and peaks. Times are milliseconds since the attempt began, with at most three digits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from callwright.api.reading import reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import (
    MAX_ENTRIES_LISTED,
    MAX_NAME_CHARACTERS,
    MAX_PAGE_NUMBER,
    MAX_PEAKS_PER_SECOND,
    MIN_PEAKS_PER_SECOND,
)
from callwright.domain.settings.kinds import text, whole
from callwright.platform.executions.schemas import AttemptQuery, DoctorAdvice
from callwright.platform.timeline.example import ENTRIES, PEAKS, TIMELINE

Ms = Annotated[float, Field(description="Milliseconds since the attempt began.")]


class SoundSpan(Open):
    """A stretch of sound."""

    from_ms: Ms
    to_ms: Ms


class TimelineWord(SoundSpan):
    """A word of the agent."""

    text: str


class CallerClip(SoundSpan):
    """A sound of the caller."""

    text: str = Field(description="Its words; empty for a sound that the recogniser gave no words for.")
    turn: int | None = Field(description="The turn that its words became; null where they became none.")


class AgentClip(SoundSpan):
    """A reply of the agent that was heard."""

    sounds: list[SoundSpan] = Field(description="Its clauses as they were played, without the pauses between them.")
    text: str = Field(description="What the caller heard of it. All that was to be said while it is still playing.")
    turn: int
    generation: int = Field(description="Number of the reply in the log.")
    purpose: str = Field(description="`welcome`, `reply`, `silence`, `goodbye`, `tool`, `transfer` and others.")
    cut: bool = Field(description="Whether it broke off.")
    words: list[TimelineWord] = Field(
        description="When each word was heard. Empty where the voice told no times and they were not estimated."
    )
    words_estimated: bool = Field(description="Whether the times of the words are by proportion.")


class WaitStep(Open):
    """A part of a wait."""

    part: str = Field(
        description="`end_of_turn`, `ask`, `model_failed`, `voice_failed`, `tool`, `first_token`, `first_clause`, `first_audio`, `hold`"
        " or `send`."
    )
    ms: float


class TurnWait(Open):
    """How long the caller waited for the agent: from their last voiced frame, or last key, to the agent's first frame."""

    from_ms: Ms
    total_ms: float = Field(description="The sum of the steps.")
    steps: list[WaitStep] = Field(
        description="The parts that took time, one after the other; a part may come twice, and none is 0."
    )


class LegCosts(Open):
    """Cents by leg, exact."""

    transcriber: float
    llm: float
    synthesizer: float
    network: float
    platform: float
    total: float


class TurnModel(Open):
    """The language model's work for the answer that was heard."""

    name: str
    provider: str
    first_ms: float | None = Field(description="From the question to the first words.")
    all_ms: float | None = Field(description="From the question to the end of the answer.")
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None


class TimelineTurn(Open):
    """A part of the call: the welcome, a turn with the answer to it, work that nobody heard, or work after the call."""

    part: str = Field(description="`welcome`, `turn`, `waste` (never heard) or `post_call`.")
    turn: int | None
    from_ms: float | None = Field(description="The first sound of it; null without one.")
    to_ms: float | None = Field(description="The last sound of it.")
    user: str | None
    assistant: str | None = Field(description="What the caller heard.")
    assistant_estimated: bool | None
    interrupted: bool = Field(description="Whether the caller cut the agent.")
    wait: TurnWait | None
    cost: LegCosts | None = Field(description="Null while it is not known: during the call.")
    model: TurnModel | None


class ToolHttp(Open):
    """The HTTP request of a tool."""

    method: str | None
    host: str | None
    status: int | None
    ms: float | None


class TimelineWork(Open):
    """Work for the call: a question to a model, a tool, a clause for the voice."""

    kind: Literal["model", "classifier", "tool", "voice", "turn_model"]
    name: str = Field(description="The model, tool or voice.")
    provider: str
    purpose: str = Field(description="Of a model or voice: `reply`, `welcome`, `hangup` and others; of a tool empty.")
    turn: int | None
    generation: int | None
    from_ms: Ms
    first_ms: float | None = Field(description="When the first token, or the first audio, came.")
    to_ms: float | None = Field(description="When it was over; null while it goes on, and where it never ended.")
    speculative: bool = Field(description="Whether it began before the caller was known to have finished.")
    withdrawn: bool = Field(description="Whether it came to nothing: given up before anybody heard it.")
    status: str | None = Field(
        description="Of a tool: `answered`, `failed`, `blocked`, `refused`, `repeated`, `late` or `unanswered`. Of a model: `stop`,"
        " `length`, `tool`, `refused`, `error` or `cancelled`. Of the turn model: the probability, as `0.93`."
    )
    arguments: str | None = Field(description="Of a tool: JSON text, at most 500 characters.")
    result: str | None = Field(description="Of a tool: its answer, at most 500 characters. Of a model: its words.")
    error: str | None
    http: ToolHttp | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None


class TimelineMark(Open):
    """A moment, or a stretch, of the call that is no speech."""

    kind: str = Field(
        description="`ringing`, `answered`, `key`, `filler`, `backchannel`, `ringing_tone`, `keys_sent`, `interruption`, `hold`, `machine`,"
        " `transfer`, `event`, `provider_failed`, `provider_switched`, `opt_out`, `hang_up` or `ended`."
    )
    at_ms: Ms
    to_ms: float | None = Field(description="Its end, of a stretch.")
    text: str


class TimelineFinding(Open):
    """A bad moment of the call."""

    rule: str
    title: str
    severity: Literal["bad", "warning", "note"]
    from_ms: Ms
    to_ms: Ms
    turn: int | None
    text: str
    advice: list[DoctorAdvice] = Field(description="What to change, the most promising first.")


class TimelineRecording(Open):
    """The recording of the attempt."""

    from_ms: Ms = Field(description="Where its first sample is on the axis of the call.")
    duration_ms: float
    url_path: str = Field(
        description="Path of the file on this server, for the same key or session. It answers ranges. The caller is left, the agent right."
    )


class TimelineView(Open):
    """Everything of a call on one axis. A call that goes on has what happened so far."""

    model_config = example(TIMELINE)

    execution_id: str
    attempt: int
    live: bool = Field(description="Whether the attempt goes on: ask again for what happens next.")
    written: bool = Field(description="Whether it is a chat: nothing of it sounds.")
    began_at: Timestamp | None = Field(description="Where the axis begins; null before the call was dialled.")
    answered_ms: float | None
    ended_ms: float | None = Field(description="Null while the call goes on.")
    until_ms: float = Field(description="How far the log goes: the end of the axis.")
    recording: TimelineRecording | None
    caller: list[CallerClip]
    agent: list[AgentClip]
    turns: list[TimelineTurn]
    work: list[TimelineWork]
    marks: list[TimelineMark]
    findings: list[TimelineFinding]
    findings_left_out: int = Field(description="How many more there were, none of them worse.")


class EntriesQuery(AttemptQuery):
    """Which entries of a log."""

    after: Annotated[int, reads(whole(0, MAX_PAGE_NUMBER))] = Field(
        default=0, description="`next_after` of the answer before; 0 begins at the first entry."
    )
    limit: Annotated[int, reads(whole(1, MAX_PAGE_NUMBER))] = Field(
        default=200, description=f"Larger than {MAX_ENTRIES_LISTED} is {MAX_ENTRIES_LISTED}."
    )
    type: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None,
        description="Only entries of these types, separated by commas.",
        examples=["UserSaid,AgentSaid"],
    )

    @property
    def size(self) -> int:
        """Entries of a page."""
        return min(MAX_ENTRIES_LISTED, self.limit)

    @property
    def types(self) -> frozenset[str]:
        """The types that are wanted; none for all."""
        return frozenset(filter(None, (one.strip() for one in (self.type or "").split(","))))


class CallEntryView(Open):
    """One entry of a call's log."""

    seq: int = Field(description="Its number: entries count from 1 through the whole log.")
    at_ms: Ms
    section: Literal["leg", "core", "post"]
    direction: Literal["in", "out", "fact"] = Field(
        description="`in`: an event for the conversation; `out`: an effect it wanted; `fact`: something that was measured."
    )
    type: str
    values: dict[str, Any]


class CallEntriesView(Open):
    """Entries of a call's log, in order."""

    model_config = example(ENTRIES)

    execution_id: str
    attempt: int
    live: bool
    items: list[CallEntryView]
    next_after: int | None = Field(
        description="`after` of the next request. Null at the end of the log; of a live call the newest entry."
    )
    total: int = Field(description="Entries of these types so far.")


class PeaksQuery(AttemptQuery):
    """How finely the recording is shown."""

    per_second: Annotated[int, reads(whole(MIN_PEAKS_PER_SECOND, MAX_PEAKS_PER_SECOND))] = Field(
        default=50, description="Values a second, of each side."
    )


class PeaksView(Open):
    """The loudness of both sides of a recording, for a waveform."""

    model_config = example(PEAKS)

    per_second: int
    from_ms: Ms = Field(description="Where the first value is on the axis of the call.")
    duration_ms: float
    caller: str = Field(
        description="Base64 of one byte per value: the largest amplitude in it, 0 to 255 of full scale."
    )
    agent: str = Field(description="The same, of the agent.")
