"""Everything the core can want: the closed set of its outputs. The shell performs them in order and logs them.

Generations gate sound: audio of a generation is audible only between ``Release`` and ``Clear`` / ``Withdraw``. Requests gate
facts: a result is matched by its request number and is never dropped for its generation. ``UserSaid``, ``AgentSaid``, ``Withdrawn``,
``TransferSettled`` and ``Note`` are facts for the record; the shell does nothing with them but log.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from callwright.ports.model import Message, Tool


@dataclass(frozen=True, slots=True)
class AskModel:
    """Ask the language model. ``messages`` is the whole history it shall see; the log keeps its digest and its last message."""

    request: int
    generation: int
    turn: int
    purpose: str
    messages: tuple[Message, ...] = field(metadata={"log": "digest"})
    tools: tuple[Tool, ...] = field(default=(), metadata={"log": "names"})


@dataclass(frozen=True, slots=True)
class CancelModel:
    """Stop the answer to ``request``; what it used is still reported."""

    request: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Synthesise clause ``index`` of ``generation``. A mark is due when the clause has been played."""

    generation: int
    index: int
    turn: int
    purpose: str
    text: str


@dataclass(frozen=True, slots=True)
class EndSpeech:
    """``generation`` has exactly ``clauses`` clauses; nothing more will be added. It has fewer than were given to the voice, and may come
    again with fewer, when the voice failed at clause ``clauses``: that one and those behind it are given up, those before it stay."""

    generation: int
    clauses: int


@dataclass(frozen=True, slots=True)
class Release:
    """The generation is committed: its audio may be heard from now on. ``resumes``: the generation whose unheard words these are, which was
    cut by nothing; 0 for none."""

    generation: int
    turn: int
    resumes: int = 0


@dataclass(frozen=True, slots=True)
class CancelVoice:
    """Stop synthesising ``generation`` and drop its audio that was never released or played."""

    generation: int


@dataclass(frozen=True, slots=True)
class PlayAsset:
    """Play prepared sound in a lane of its own. In the lanes ``filler`` and ``backchannel`` the asset is the words, which the call's voice
    has said before the call needs them; the shell answers with ``AssetPlayed``. In the lane ``ambient`` it is a track, mixed under
    everything until the call is over; in the lane ``ringing`` the tone a caller knows, until it is stopped, 50 s at most."""

    asset: str
    lane: str


@dataclass(frozen=True, slots=True)
class StopAsset:
    """Silence a filler, a listener's sound or the ringing tone now."""

    lane: str


@dataclass(frozen=True, slots=True)
class ListenForMachine:
    """Listen for an answering machine (cadence, beep), or no more; the shell reports ``MachineDetected``."""

    on: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """Silence the agent now. The shell answers with ``Cleared`` in the same step."""

    generation: int


@dataclass(frozen=True, slots=True)
class AskTurnModel:
    """Ask whether the caller's turn that began at ``from_ms`` is complete at ``audio_ms``."""

    request: int
    from_ms: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class AskClassifier:
    """Ask a model a yes/no question about the conversation."""

    request: int
    purpose: str
    messages: tuple[Message, ...] = field(metadata={"log": "digest"})


@dataclass(frozen=True, slots=True)
class CallTool:
    """Call a tool once. ``arguments`` is JSON text."""

    request: int
    turn: int
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CancelTool:
    """The result is no longer waited for; it is still taken when it comes."""

    request: int


@dataclass(frozen=True, slots=True)
class SendKeys:
    """Press ``keys`` on the line; pauses are among them (``platform.tools.rules.keypad``). The shell answers with ``ToolResult``.

    ``call_id`` and ``name`` are those of the model's tool call.
    """

    keys: str
    request: int = 0
    turn: int = 0
    call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller to ``target``, an address in its normal form. ``attended``: only once the target has answered.

    ``call_id``, ``name`` and ``arguments`` are those of the model's tool call.
    """

    request: int
    target: str
    attended: bool = False
    turn: int = 0
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class SetPatience:
    """How long a pause the caller may make in this turn."""

    silence_ms: int


@dataclass(frozen=True, slots=True)
class CloseUtterance:
    """The caller's turn was taken: later words belong to the next one."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Begin (or resume) the recording."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Pause the recording."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. ``by`` and ``reason`` go into the record."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class UserSaid:
    """Fact: the caller's words of ``turn``, spoken between the two positions of the caller's audio. The last turn may be told again
    after the call's end, when the recogniser has read it whole: then these words replace the earlier ones."""

    turn: int
    text: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """Fact: what the caller heard of ``generation``. ``cut``: interrupted; ``estimated``: by proportion and not by word times, or by the
    clock where nobody says how far it got; then ``heard_ms`` is the most that can have been played.
    ``resumes``: the generation these words follow in one sentence, as in ``Release``."""

    turn: int
    generation: int
    purpose: str
    text: str
    cut: bool
    estimated: bool
    heard_ms: int
    resumes: int = 0


@dataclass(frozen=True, slots=True)
class Speculative:
    """Fact: the question that follows is asked before the caller is known to have finished ``turn``. Nothing of ``generation`` is heard
    and none of its tools is called before ``Committed``."""

    generation: int
    turn: int


@dataclass(frozen=True, slots=True)
class Committed:
    """Fact: the caller has finished ``turn``, and the speculative ``generation`` answers what was said."""

    generation: int
    turn: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Fact: a generation was given up before anybody heard it. ``reason`` says why."""

    generation: int
    turn: int
    reason: str


@dataclass(frozen=True, slots=True)
class TransferSettled:
    """Fact: what became of a transfer, as far as known now: a late outcome may follow an unsuccessful end. ``reason`` in words."""

    request: int
    transferred: bool
    reason: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Fact: the caller asked in ``turn`` not to be called any more. Whatever becomes of this process, that must be known."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Fact for the record that nothing acts on (``kind`` is a stable name)."""

    kind: str
    text: str


Effect = (
    AskModel
    | CancelModel
    | Speak
    | EndSpeech
    | Release
    | CancelVoice
    | PlayAsset
    | StopAsset
    | ListenForMachine
    | Clear
    | AskTurnModel
    | AskClassifier
    | CallTool
    | CancelTool
    | SendKeys
    | Transfer
    | SetPatience
    | CloseUtterance
    | StartRecording
    | StopRecording
    | HangUp
    | UserSaid
    | AgentSaid
    | Speculative
    | Committed
    | Withdrawn
    | TransferSettled
    | OptedOut
    | Note
)

#: Effects that touch the world: the log is flushed before they are performed.
TOUCHES_WORLD: tuple[type, ...] = (CallTool, Transfer, HangUp, SendKeys, OptedOut)
