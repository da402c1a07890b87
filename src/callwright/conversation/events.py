"""Everything that can happen to a call: the closed set of the core's inputs.

Every event has ``at_us``, microseconds since the call's attempt began (monotonic, assigned by the runner). Events about the
caller's audio also have ``audio_ms``, the position in the caller's audio; carriers batch 20-200 ms, so endpointing counts audio
and not arrival. ``generation`` numbers the agent's utterances, ``request`` numbers questions to models, tools and classifiers; both
start at 1 and 0 means none.
"""

from __future__ import annotations

from dataclasses import dataclass

from callwright.conversation.plan import CallPlan


@dataclass(frozen=True, slots=True)
class Started:
    """The attempt begins. Carries all the core will ever know from outside: the plan, rendered variables and a seed."""

    at_us: int
    plan: CallPlan
    variables: tuple[tuple[str, str], ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end rings."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end took the call; the caller's audio position is 0 here."""

    at_us: int


@dataclass(frozen=True, slots=True)
class ActivityBegan:
    """Voice activity: the caller makes speech-like sound since ``audio_ms``."""

    at_us: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    """Voice activity: the last voiced audio ended at ``audio_ms`` (earlier than now by the detector's hangover)."""

    at_us: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptPartial:
    """Words so far of recogniser segment ``segment``; may change."""

    at_us: int
    audio_ms: int
    segment: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptFinal:
    """Words of ``segment`` covering the caller's audio up to ``audio_ms``. The same segment again replaces the text."""

    at_us: int
    audio_ms: int
    segment: int
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class RecogniserEager:
    """The recogniser thinks the caller may have finished."""

    at_us: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class RecogniserResumed:
    """The caller went on after an eager end."""

    at_us: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class RecogniserEnd:
    """The recogniser's own endpointing says the turn is over."""

    at_us: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class TurnVerdict:
    """The turn model's answer to request ``request``: probability in parts per million that the caller has finished."""

    at_us: int
    request: int
    probability_ppm: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key (0-9 * # A-D)."""

    at_us: int
    key: str


@dataclass(frozen=True, slots=True)
class ReplyText:
    """Words of the model's answer to ``request``, for ``generation``."""

    at_us: int
    generation: int
    request: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyTool:
    """The model asks for a tool. ``arguments`` is the JSON text the model wrote."""

    at_us: int
    generation: int
    request: int
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The model's answer is complete. ``reason``: stop, length, tool, refused or error."""

    at_us: int
    generation: int
    request: int
    reason: str


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What a request used (see ``ports.speech.UsageAmount``). ``purpose``: reply, welcome, silence, goodbye, hangup, hearing, ..."""

    at_us: int
    kind: str
    provider: str
    model: str
    purpose: str
    generation: int
    request: int
    amount: int
    amount_output: int = 0
    amount_cached: int = 0
    amount_reasoning: int = 0
    amount_cache_written: int = 0


@dataclass(frozen=True, slots=True)
class VoiceReady:
    """The first audio of clause ``index`` of ``generation`` is there."""

    at_us: int
    generation: int
    index: int


@dataclass(frozen=True, slots=True)
class VoiceFinished:
    """Clause ``index`` is fully synthesised: its length, and its words as (text, start_ms, end_ms) within the clause."""

    at_us: int
    generation: int
    index: int
    audio_ms: int
    words: tuple[tuple[str, int, int], ...] = ()
    estimated: bool = True


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The first frame of ``generation`` went out on the wire."""

    at_us: int
    generation: int


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """Clause ``index`` of ``generation`` was played to its end."""

    at_us: int
    generation: int
    index: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """The answer to ``Clear``: ``played_ms`` of the generation's audio had been played when the clear was sent."""

    at_us: int
    generation: int
    played_ms: int


@dataclass(frozen=True, slots=True)
class AssetPlayed:
    """A sound of ``PlayAsset`` is over: ``played_ms`` of it were heard, 0 when it was never there; ``whole``: to its end."""

    at_us: int
    asset: str
    lane: str
    played_ms: int
    whole: bool


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool answered (or failed). Never dropped because its generation is old: the booking happened."""

    at_us: int
    request: int
    ok: bool
    result: str


@dataclass(frozen=True, slots=True)
class ClassifierVerdict:
    """The answer of a yes/no question to a model (``purpose``: hangup, voicemail, ...)."""

    at_us: int
    request: int
    purpose: str
    verdict: bool


@dataclass(frozen=True, slots=True)
class MachineDetected:
    """The far end is a machine or a person. ``kind``: machine, human, beep, unknown, or likely (a voice that speaks on, as machines do, and
    some people); ``source``: carrier or local. A beep is told when it is over."""

    at_us: int
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """A transfer moved on. ``state``: dialling, ringing, early_media (what the target sounds reaches the caller), answered, bridged,
    failed, completed; the last three end it.

    ``detail`` says why in words. ``outcome`` and ``code`` of a target that did not take the call: busy, no-answer, failed or canceled, and
    the hang-up cause number.
    """

    at_us: int
    request: int
    state: str
    detail: str = ""
    outcome: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class LineHeld:
    """The far end put the line on hold, or took it back."""

    at_us: int
    on: bool


@dataclass(frozen=True, slots=True)
class ProviderSwitched:
    """A provider of ``kind`` was replaced in mid-call."""

    at_us: int
    kind: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """A provider failed. ``kind``: transcriber, model, voice, turn, tool; ``failure``: one of the five kinds; numbers if any.
    ``index``: the clause of ``generation`` at which a voice failed, behind those that it has made; -1 where that is not known."""

    at_us: int
    kind: str
    provider: str
    failure: str
    message: str
    generation: int = 0
    request: int = 0
    index: int = -1


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """An event sent to the call from outside. ``properties`` is JSON text."""

    at_us: int
    name: str
    properties: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Somebody wants the call to end. ``by`` and ``reason`` in the contract's words."""

    at_us: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is over (see ``ports.leg.LegClosed``). After this the core emits nothing but facts and notes.

    ``played_ms`` of ``generation``, the last that was released, had been played then, also where it was cleared before; -1: not known, as
    in logs from before it was told.
    """

    at_us: int
    outcome: str
    by: str
    reason: str
    code: int
    generation: int = 0
    played_ms: int = -1


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """Time has come to the core's own next deadline."""

    at_us: int


Event = (
    Started
    | Ringing
    | Answered
    | ActivityBegan
    | ActivityEnded
    | TranscriptPartial
    | TranscriptFinal
    | RecogniserEager
    | RecogniserResumed
    | RecogniserEnd
    | TurnVerdict
    | KeyPressed
    | ReplyText
    | ReplyTool
    | ReplyEnded
    | UsageReported
    | VoiceReady
    | VoiceFinished
    | PlayoutStarted
    | MarkPlayed
    | Cleared
    | AssetPlayed
    | ToolResult
    | ClassifierVerdict
    | MachineDetected
    | TransferProgress
    | LineHeld
    | ProviderSwitched
    | ProviderFailed
    | ExternalEvent
    | StopRequested
    | LegEnded
    | DeadlineReached
)
