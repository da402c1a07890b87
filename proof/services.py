"""The simulated services: a model that streams, tools, a classifier, a voice, the loudspeaker, the leg and the odd stray event."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.world import NOT_TOLD
from proof.pace import Pace
from proof.random_world import RandomWorld
from proof.talker import Talker

_FAILURES = ("refused_credentials", "limit_reached", "bad_request", "unavailable", "broken_stream")


_ARGUMENTS = {
    "lookup": ('{"day":"Monday"}', '{"day":"monday","admin":true}', "{}", '{"day":"sunday"}', "{", ""),
    "press_keys": ('{"keys":"1"}', '{"keys":"1 2w3#"}', '{"keys":"x"}', "{}"),
    "transfer_call_sales": ('{"reason":"a"}', "{}", '{"reason":7,"name":"thief"}', '{"reason":"a', "[]"),
    "transfer_call_desk": (
        *(
            '{"desk":"front"}',
            '{"desk":"back"}',
            '{"desk":"Back","admin":true}',
            '{"desk":"FRONT"}',
            '{"desk":"front"}',
        ),
        *("{}", '{"desk":"thief"}', '{"desk":"front'),
    ),
    "end_call": ('{"reason":"done"}', "{}", "[", '{"reason":7}'),
}
"""What the model writes for tools, some of it wrong."""

_QUESTIONS = (
    *("what is your number?", "what is your four digit code?", "could you spell that?", "shall I book it?"),
    "bitte nennen Sie mir den Code.",
)


class Thinker:
    """The model, its tools and the classifier. Every word it says has a number of its own."""

    __slots__ = ("_cancelled", "_ends_late", "_failing", "_fond", "_said", "_several", "_tools", "_world")

    def __init__(self, world: RandomWorld) -> None:
        self._world = world
        self._said = 0
        greedy, fond = world.chance(30), world.chance(150)
        self._tools = 950 if greedy else 600 if fond else 300  # some models call one tool after the other
        self._several = (1, 2, 12) if greedy else (1, 1, 2)  # tools in one answer
        self._fond = world.random.random() if fond else -1.0  # of one of its tools, which it calls again and again
        self._failing = 950 if world.chance(15) else world.weather.failing  # some are down all the time
        self._ends_late = world.chance(200)  # some say late that they have finished, after a tool above all
        self._cancelled: set[int] = set()
        world.cast(self._ask, fx.AskModel)
        world.cast(self._cancel, fx.CancelModel)
        world.cast(self._call, fx.CallTool)
        world.cast(self._press, fx.SendKeys)
        world.cast(self._classify, fx.AskClassifier)

    def _cancel(self, effect: fx.CancelModel) -> None:
        self._cancelled.add(effect.request)

    def _ask(self, effect: fx.AskModel) -> None:
        world, weather = self._world, self._world.weather
        first_ms = world.random.choice((5, 200, 600, 2_500))
        if world.chance(weather.silent):
            return
        if world.chance(self._failing):
            failure = world.random.choice(_FAILURES)
            world.send(
                first_ms, ev.ProviderFailed, "model", "scripted", failure, "failed", effect.generation, effect.request
            )
            return
        words = world.random.choice((0, 1, 3, 6, 12, 25, 60)) if not world.chance(5) else 900
        if words == 0 and world.chance(800):
            words = 4
        world.after_ms(first_ms, self._go_on, effect, words, effect.tools != () and world.chance(self._tools))

    def _go_on(self, effect: fx.AskModel, words: int, tool: bool) -> None:
        world = self._world
        generation, request = effect.generation, effect.request
        if request in self._cancelled:
            world.send(20, ev.UsageReported, "model", "scripted", "m", "reply", generation, request, 50)
            return
        if words > 0:
            pieces = min(words, world.random.randint(1, 4))
            text = "".join(self._word() for _ in range(pieces))
            if pieces == words and world.chance(150):
                text += f"{world.random.choice(_QUESTIONS)} "
            if pieces == words and world.confirming and (question := world.confirming.question()):
                text = f"{text.rstrip()}. {question} "
            world.send(0, ev.ReplyText, generation, request, text)
            world.after_ms(world.random.choice((5, 40, 150)), self._go_on, effect, words - pieces, tool)
            return
        if tool:
            self._tool(effect)
        reason = "error" if world.chance(self._failing // 4) else "stop"
        late_ms = world.random.choice((0, 700, 3_000)) if tool and self._ends_late else 0
        world.send(late_ms + 2, ev.ReplyEnded, generation, request, reason)
        world.send(late_ms + 5, ev.UsageReported, "model", "scripted", "m", "reply", generation, request, 50, 20)

    def _word(self) -> str:
        self._said += 1
        if self._world.chance(20):
            return f"a{self._said} {self._world.random.choice(_QUESTIONS)} "
        return f"a{self._said}{self._world.random.choice(('', '', '', '', ',', '.', '?'))} "

    def _tool(self, effect: fx.AskModel) -> None:
        world = self._world
        for _ in range(world.random.choice(self._several)):
            name = "no_such_tool" if world.chance(30) else self._choose(effect)
            call_id = "" if world.chance(100) else f"c{world.random.randint(1, 50)}"
            arguments = world.random.choice(_ARGUMENTS.get(name, ("{}",)))
            world.send(0, ev.ReplyTool, effect.generation, effect.request, call_id, name, arguments)

    def _choose(self, effect: fx.AskModel) -> str:
        if self._fond >= 0 and not self._world.chance(200):
            return effect.tools[int(self._fond * len(effect.tools))].name
        return self._world.random.choice(effect.tools).name

    def _call(self, effect: fx.CallTool) -> None:
        world = self._world
        if world.chance(world.weather.silent):
            return
        delay_ms = world.random.choice((20, 500, 3_000, 12_000, 12_000, 40_000))
        if world.chance(world.weather.failing):
            world.send(delay_ms, ev.ProviderFailed, "tool", "scripted", "unavailable", "down", 0, effect.request)
            return
        # Every answer has a number of its own, and teaches the call something.
        answer = f'{{"booked":{effect.request},"name":"nobody","by":"{effect.name}"}}'
        for _ in range(2 if world.chance(50) else 1):
            world.send(delay_ms, ev.ToolResult, effect.request, not world.chance(200), answer)

    def _press(self, effect: fx.SendKeys) -> None:
        """The line takes the keys, refuses them, or does not say."""
        world = self._world
        if not world.chance(world.weather.silent):
            delay_ms = world.random.choice((0, 400, 4_000, 12_000))
            world.send(delay_ms, ev.ToolResult, effect.request, not world.chance(100), '{"pressed":"1"}')

    def _classify(self, effect: fx.AskClassifier) -> None:
        world = self._world
        if not world.chance(world.weather.silent):
            delay_ms = world.random.choice((100, 800, 3_000))
            world.send(delay_ms, ev.ClassifierVerdict, effect.request, effect.purpose, world.chance(300))


UNTOLD = 500
"""How many in a thousand legs end without a word of how far the agent got, as in logs from before they told it."""

NEVER_US = 1 << 62
"""When a clause is made of which the voice makes no sound."""


LIVE_AHEAD_MS = 60
"""A voice that delivers as it is heard has finished a clause so long before its end is played, at least."""


class Speaker:
    """The voice and the loudspeaker: clauses are synthesised one after the other and played in order once released."""

    __slots__ = (
        "_begun",
        "_breaks",
        "_clause_us",
        "_clauses",
        "_cleared",
        "_done_ms",
        "_due",
        "_failing",
        "_gone",
        "_loud",
        "_most_ms",
        "_pace",
        "_reports_again",
        "_talker",
        "_voice_free_us",
        "_voids_marks",
        "_work_ms",
        "_world",
    )

    def __init__(self, world: RandomWorld, talker: Talker, pace: Pace) -> None:
        self._world = world
        self._pace = pace
        self._work_ms = (20, 800, 2_500) if world.chance(300) else (20, 80, 300)  # some voices pause between clauses
        self._voids_marks = world.chance(300)  # some carriers return every open mark when they are told to clear
        self._reports_again = world.chance(100)  # some report a first frame once more, when the next is due
        self._failing = 900 if world.chance(15) else world.weather.failing // 4  # some are down nearly all the time
        self._breaks: dict[tuple[int, int], int] = {}  # clause -> how much of it sounds before the voice breaks off
        self._begun = 0  # the utterance whose first frame was played last
        self._talker = talker
        self._clauses: dict[int, list[tuple[str, int, int]]] = {}  # generation -> (text, length_ms, known at)
        self._gone: set[int] = set()
        self._loud = 0
        self._due = (0, 0)  # the clause that is to sound and has no sound yet
        self._done_ms = 0  # of the loud generation: clauses played to their end
        self._clause_us = 0  # when the clause being played began, 0 between two
        self._most_ms = 0  # how much of it there is
        self._voice_free_us = 0
        self._cleared: tuple[int, int] | None = None  # the last answer to a clear, which may come again
        world.cast(self._speak, fx.Speak)
        world.cast(self._end_speech, fx.EndSpeech)
        world.cast(self._release, fx.Release)
        world.cast(self._clear, fx.Clear)
        world.cast(self._drop, fx.CancelVoice)
        world.position = self._stop

    def _speak(self, effect: fx.Speak) -> None:
        world = self._world
        clauses = self._clauses.setdefault(effect.generation, [])
        work_ms = world.random.choice(self._work_ms)
        self._voice_free_us = max(self._voice_free_us, world.now_us) + work_ms * 1000
        length_ms = max(len(effect.text.split()) * world.random.randint(180, 350), 100) * self._pace.slower
        clauses.append((effect.text, length_ms, self._voice_free_us))
        if world.chance(world.weather.silent // 2):
            clauses[-1] = (effect.text, length_ms, NEVER_US)
            return
        wait_ms = (self._voice_free_us - world.now_us) // 1000
        if world.chance(self._failing):
            sounds_ms = world.random.randrange(length_ms) if world.chance(400) else 0
            if sounds_ms:
                self._breaks[effect.generation, effect.index] = sounds_ms
                world.after_ms(wait_ms, self._begin, effect, length_ms)
            else:
                clauses[-1] = (effect.text, length_ms, NEVER_US)
            failed = ("voice", "scripted", "broken_stream", "failed", effect.generation, 0, effect.index)
            world.send(wait_ms + sounds_ms // 2, ev.ProviderFailed, *failed)
            return
        world.after_ms(wait_ms, self._begin, effect, length_ms)
        if self._pace.live:
            self._voice_free_us += length_ms * 1000

    def _end_speech(self, effect: fx.EndSpeech) -> None:
        """What the voice failed at, and what is behind it, is not played."""
        del self._clauses[effect.generation][effect.clauses :]

    def _is_wanted(self, generation: int, index: int) -> bool:
        return generation not in self._gone and index < len(self._clauses[generation])

    def _begin(self, effect: fx.Speak, length_ms: int) -> None:
        """The first sound of a clause."""
        generation, index, world = effect.generation, effect.index, self._world
        if not self._is_wanted(generation, index):
            return
        self._clauses[generation][index] = (effect.text, length_ms, world.now_us)
        world.send(0, ev.VoiceReady, generation, index)
        if (generation, index) not in self._breaks:
            if self._pace.live:
                world.after_ms(length_ms - LIVE_AHEAD_MS, self._synthesised, effect, length_ms)
            else:
                self._synthesised(effect, length_ms)
        if self._due == (generation, index) and self._loud == generation and not world.conversation.ended:
            self._sound(generation, index)

    def _synthesised(self, effect: fx.Speak, length_ms: int) -> None:
        generation, index = effect.generation, effect.index
        if not self._is_wanted(generation, index):
            return
        world = self._world
        spoken, exact = effect.text.split(), world.chance(700)
        each_ms = length_ms // len(spoken)
        words = tuple((word, i * each_ms, (i + 1) * each_ms) for i, word in enumerate(spoken)) if exact else ()
        world.send(1, ev.VoiceFinished, generation, index, length_ms, words, not exact)

    def _release(self, effect: fx.Release) -> None:
        if self._reports_again and self._begun:
            self._world.after_ms(0, self._world.deliver, ev.PlayoutStarted, self._begun)
        self._loud = effect.generation
        self._done_ms = 0
        self._clause_us = 0
        self._play(effect.generation, 0)

    def _play(self, generation: int, index: int) -> None:
        world, clauses = self._world, self._clauses.get(generation, [])
        if self._loud != generation or world.conversation.ended or index > 400:
            return
        if index >= len(clauses) or clauses[index][2] > world.now_us:
            self._due = generation, index
        else:
            self._sound(generation, index)

    def _sound(self, generation: int, index: int) -> None:
        world, whole_ms = self._world, self._clauses[generation][index][1]
        self._due = (0, 0)
        self._clause_us, self._most_ms = world.now_us, self._breaks.get((generation, index), whole_ms)
        if index == 0:
            world.send(0, ev.PlayoutStarted, generation)
            self._begun = generation
            self._talker.hear_agent()
        if (generation, index) not in self._breaks:  # else its end never sounds
            world.after_ms(whole_ms, self._played, generation, index)

    def _played(self, generation: int, index: int) -> None:
        world = self._world
        if self._loud != generation:
            return
        self._done_ms += self._clauses[generation][index][1]
        self._clause_us = 0
        world.send(0, ev.MarkPlayed, generation, index)
        self._record(generation)
        if world.confirming:
            world.confirming.hear(self._clauses[generation][index][0])
        self._talker.echo(*self._clauses[generation][index][:2])
        self._play(generation, index + 1)
        if index + 1 >= len(self._clauses[generation]):
            self._talker.hear_silence()

    def _clear(self, effect: fx.Clear) -> None:
        world = self._world
        self._record(effect.generation)
        played_ms = self._played_ms()
        self._loud = 0
        for index in range(len(self._clauses.get(effect.generation, [])) if self._voids_marks else 0):
            world.after_ms(0, world.deliver, ev.MarkPlayed, effect.generation, index)
        if not world.chance(world.weather.lost):
            late_ms = world.random.choice((0, 0, 0, 300)) if world.weather.late else 0
            world.after_ms(late_ms, world.deliver, ev.Cleared, effect.generation, played_ms)
        if self._cleared and world.chance(world.weather.repeated):
            world.after_ms(0, world.deliver, ev.Cleared, *self._cleared)
        self._cleared = (effect.generation, played_ms)

    def _drop(self, effect: fx.CancelVoice) -> None:
        self._gone.add(effect.generation)

    def _stop(self) -> tuple[int, int]:
        """The leg is gone: which utterance was heard last and how far, unless it is one of those that nobody knows it of."""
        if not self._loud:
            told = self._cleared or (0, NOT_TOLD)
        else:
            self._record(self._loud)
            told = self._loud, self._played_ms()
            self._loud = 0
        return (0, NOT_TOLD) if self._world.chance(UNTOLD) else told

    def _played_ms(self) -> int:
        sounds_ms = (self._world.now_us - self._clause_us) // 1000 if self._clause_us else 0
        return self._done_ms + min(sounds_ms, self._most_ms)

    def _record(self, generation: int) -> None:
        """The words that have sounded until now."""
        if self._world.weather.junk:
            return  # stray events lie about what was played
        left_ms = self._played_ms()
        heard: set[str] = set()
        for text, length_ms, _ in self._clauses.get(generation, []):
            words = text.split()
            each_ms = length_ms // len(words)
            heard.update(word for i, word in enumerate(words) if (i + 1) * each_ms <= left_ms)
            left_ms -= length_ms
            if left_ms <= 0:
                break
        self._world.trace.heard[generation] = frozenset(heard)


class Line:
    """The leg, and whoever else may end or disturb the call."""

    __slots__ = ("_talker", "_world")

    def __init__(self, world: RandomWorld, talker: Talker) -> None:
        self._world = world
        self._talker = talker
        world.cast(self._hang_up, fx.HangUp)
        world.cast(self._transfer, fx.Transfer)
        world.cast(self._last_words, fx.Speak)

    def _transfer(self, effect: fx.Transfer) -> None:
        """The target takes the call, or does not; some carriers tell it late, in the wrong order, or never."""
        world, random = self._world, self._world.random
        if world.chance(60 + world.weather.silent):
            return
        rings_ms = random.choice((200, 3_000, 12_000, 40_000, 70_000))
        world.send(rings_ms // 2, ev.TransferProgress, effect.request, "ringing")
        if world.chance(450):
            outcome = random.choice(("busy", "no-answer", "failed"))
            world.send(rings_ms, ev.TransferProgress, effect.request, "failed", "nobody took it", outcome, 3010)
            return
        leaves_ms = rings_ms + random.choice((-100, 10, 400))
        if not world.chance(200 + world.weather.silent):
            world.after_ms(leaves_ms, world.end_leg, "answered", "API Request", "transferred", 4000)
        world.after_ms(rings_ms, world.deliver, ev.TransferProgress, effect.request, "completed")

    def ring(self) -> None:
        """The leg is dialled: mostly it is answered."""
        world = self._world
        if world.chance(900):
            world.send(300, ev.Ringing)
        if world.chance(20):
            world.after_ms(world.random.randint(0, 400), self._talker.mutter)
        if world.chance(30):
            outcome = world.random.choice(("busy", "no-answer", "failed"))
            world.after_ms(world.random.randint(200, 30_000), world.end_leg, outcome, "Carrier", outcome, 3010)
        elif not world.chance(5):
            world.after_ms(world.random.randint(400, 8_000), self._answer)
        if world.chance(40):
            wait_ms = world.random.randint(0, 60_000)
            world.after_ms(wait_ms, world.deliver, ev.StopRequested, "API Request", "stopped")
        if world.weather.junk:
            world.after_ms(world.random.randint(0, 5_000), self._disturb)

    def _answer(self) -> None:
        if not self._world.conversation.ended:
            self._world.deliver(ev.Answered)
            self._talker.answer()

    def _last_words(self, effect: fx.Speak) -> None:
        """Whoever stops calls does so while goodbye is said, too."""
        world = self._world
        if effect.purpose == "goodbye" and world.chance(20):
            world.after_ms(world.random.randint(0, 2_000), world.deliver, ev.StopRequested, "API Request", "stopped")
        if effect.purpose == "goodbye" and not effect.index and world.chance(300):
            world.after_ms(world.random.randint(0, 2_000), self._talker.hear_goodbye)

    def _hang_up(self, _effect: fx.HangUp) -> None:
        world = self._world
        if world.chance(20):
            world.after_ms(10, world.deliver, ev.StopRequested, "API Request", "stopped")
        if not world.chance(world.weather.silent):
            world.after_ms(world.random.randint(20, 1_500), world.end_leg, "answered", "Agent", "hung up", 4010)

    def _disturb(self) -> None:
        """Events that are stray, late, or of no use yet: the core must take any of them at any time."""
        world, random = self._world, self._world.random
        if world.conversation.ended and random.random() < 0.7:
            return
        number = random.randint(0, 12)
        event, *fields = random.choice(
            (
                (ev.Ringing,),
                (ev.UsageReported, "voice", "scripted", "v", "silence", 0, 0, 10),
                (ev.MachineDetected, random.choice(("human", "machine", "beep", "likely", "unknown")), "carrier"),
                (ev.AssetPlayed, "Hmm.", random.choice(("filler", "backchannel")), 200, True),
                (ev.TransferProgress, number, random.choice(("ringing", "failed", "completed"))),
                (ev.LineHeld, random.random() < 0.5),
                (ev.ProviderSwitched, "model", "a", "b", "limit"),
                (ev.ExternalEvent, "mood", "{}"),
                (ev.ExternalEvent, "note", "{}"),
                (ev.UsageReported, "voice", "scripted", "v", "reply", number, number, 10),
                (ev.ReplyText, number, number, "stray "),
                (ev.ReplyEnded, number, number, "stop"),
                (ev.ReplyTool, number, number, f"c{number}", "lookup", "{}"),
                (ev.ToolResult, number, True, "{}"),
                (ev.TurnVerdict, number, 900_000),
                (ev.MarkPlayed, number, random.randint(0, 5)),
                (ev.Cleared, number, random.randint(0, 200)),
                (ev.VoiceReady, number, 0),
                (ev.PlayoutStarted, number),
                (ev.ClassifierVerdict, number, "hangup", True),
                (ev.RecogniserEager, 0),
                (ev.RecogniserResumed, 0),
                (ev.KeyPressed, "5"),
                (
                    ev.ProviderFailed,
                    random.choice(("model", "voice", "turn", "tool", "retrieval")),
                    "x",
                    "unavailable",
                    "",
                    0,
                    number,
                ),
                (ev.DeadlineReached,),
            )
        )
        world.deliver(event, *fields)
        if world.chance(10):
            world.deliver(ev.ProviderFailed, "transcriber", "x", "broken_stream", "gone")
        world.after_ms(random.randint(100, 200_000 // world.weather.junk), self._disturb)
