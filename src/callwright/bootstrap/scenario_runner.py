"""Where calls of scenarios are made: the plugins of this installation under a virtual clock, and what each call came to.

Two ways to speak. ``tones``: caller and agent speak two-tone text, which needs no model and carries every letter. ``local``: real speech
by the local voices, recogniser and detectors, whose work takes real time while virtual time stands still: how long anything takes *in the
call* is what the scenario's ``delays`` say, drawn by the seed, whatever machine this is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from callwright.bootstrap.operator_access import EXTRACTION, OperatorAccess, asked_models
from callwright.bootstrap.plugins import PluginInstances, installed_plugins, provider_defaults, setting_texts
from callwright.bootstrap.rehearsal import Cast, Rehearsal
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.equipment import LocalEars, Needs, equip, fitting, model_settings, need
from callwright.call.live.tools import ToolOutcome
from callwright.conversation.plan import plan_for
from callwright.conversation.replay import replay
from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_RING_SECONDS, MODEL_ANSWER_SECONDS
from callwright.insight.extraction import accept, extraction_request, wanted_by
from callwright.insight.record import build
from callwright.insight.transcript import transcript
from callwright.insight.view import CallView, view_of
from callwright.lab.call_scenario import CallScenario, ToolAnswer, dice_of
from callwright.lab.call_sound import longest_overlap_ms, longest_silence_ms
from callwright.lab.caller_scenario import BUILT_IN, Scenario
from callwright.lab.delayed_providers import DelayedModel, DelayedTranscriber, DelayedVoice, draw_between
from callwright.lab.outcomes import CallFacts, ToolUse
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.media.framing import MULAW_SILENCE
from callwright.ops.settings import Settings
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, PostCallTask, ProviderChoice
from callwright.platform.calls.rules import given_texts, moment_variables
from callwright.platform.dialling.actions import default_decision
from callwright.platform.prices.rules import PriceBook
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest
from callwright.ports.model import Message, Model, ModelDelta, ModelRequest, RemoteModel
from callwright.ports.registry import PluginContext, UnknownPluginError
from callwright.providers.local.inference import shared
from callwright.providers.local.pool import InferenceProcess
from callwright.providers.local.speaking import CALLER_VOICE
from callwright.telephony.loopback.carrier import LoopbackCarrier
from callwright.telephony.loopback.observer import LineMoment

TONES, LOCAL = "tones", "local"
SPEECH = (TONES, LOCAL)
_PROVIDER = {TONES: "scripted", LOCAL: "local"}
_HERE = frozenset({"scripted", "intents", "local"})
"""Models whose answers come from this process or from the inference processes, which tell when they are at work."""
NUMBER = "+15550123"
ANSWER_TOKENS = 400
_CHECK_TOKENS = 16
"""Of the answer that shows that a model can be had."""
_EXECUTION = "00000000-0000-4000-8000-{:012d}"


@dataclass(frozen=True, slots=True)
class CallMade:
    """A call of a scenario: what it came to, and what there is to keep of it."""

    facts: CallFacts
    log: str
    caller: bytes
    agent: bytes
    problems: tuple[str, ...] = ()


class _Props:
    """The tools of a scenario: each answers what the scenario says, after the time it says."""

    def __init__(self, answers: Mapping[str, ToolAnswer]) -> None:
        self._answers = answers

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """The scenario's answer."""
        answer = self._answers.get(name, ToolAnswer())
        await asyncio.sleep(answer.ms / 1000)
        return ToolOutcome(answer.ok, answer.text)

    async def before(self, name: str, arguments: str) -> None:
        """Nobody is told."""


@dataclass(slots=True)
class LineAccount:
    """What happened at the far end of a call (``telephony.loopback.observer.LineObserver``).

    ``caller``: raw mu-law from the answer on, the caller's sound as it came to us but without the noise and the echo of the line.
    """

    moments: list[LineMoment] = field(default_factory=list)
    caller: bytearray = field(default_factory=bytearray)

    def __call__(self, moment: LineMoment) -> None:
        """Take notice."""
        self.moments.append(moment)

    def sound(self, frame: bytes) -> None:
        """20 ms of the caller's own sound."""
        self.caller += frame

    def voice(self, length: int) -> bytes:
        """The caller's sound, as long as the recording is (``length`` bytes)."""
        return bytes(self.caller[:length]).ljust(length, MULAW_SILENCE[:1])


class _OutsideModel:
    """A model somewhere on the network: no virtual time passes while it is asked."""

    def __init__(self, inner: Model) -> None:
        self._inner = inner
        self.name = inner.name
        self.pending = 0

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Its own answer."""
        deltas = self._inner.answer(request)
        while True:
            self.pending += 1
            try:
                delta = await anext(deltas, None)
            finally:
                self.pending -= 1
            if delta is None:
                return
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """As it does."""
        self.pending += 1
        try:
            await self._inner.warm(request)
        finally:
            self.pending -= 1


class ScenarioRunner:
    """Makes calls on one loop. :meth:`open` it before the first call and :meth:`aclose` it after the last.

    ``keys``: the provider keys of the agents' language models, by the names of their environment variables.
    """

    def __init__(
        self, settings: Settings, speech: str, loop: VirtualLoop, keys: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._speech = speech
        self._loop = loop
        self._clock = VirtualClock(loop)
        self._plugins = PluginInstances(installed_plugins())
        context = PluginContext(setting_texts(settings), settings.models.expanduser(), self._plugins)
        self._inference = shared(context)
        self._plugins.use(context)
        self._access = OperatorAccess(self._plugins.key_names_of, keys or {})
        self._outside: dict[str, _OutsideModel] = {}
        self._started: list[InferenceProcess] = []
        self._answering: list[tuple[ProviderChoice, str]] = []

    async def open(self) -> None:
        """Start the inference processes that calls will need; they take real time. Raises ProviderError."""
        if self._speech == LOCAL:
            await self._start(self._inference.speech)

    async def check(self, scenario: CallScenario) -> str:
        """Returns which model, voice and recogniser the calls of a scenario have.

        No call is made, but each model on another machine is asked one short question, once. Raises ConfigurationError, which says what to
        do, when an agent's model does not answer.
        """
        spec = self._spec(scenario)
        self._access.check(spec, self._plugins)
        for choice in asked_models(spec):
            await self._asked(choice)
        named = self._named(scenario)
        speech = "" if self._speech == LOCAL else f", in {self._speech}"
        voice, ears = self._ran(spec.voice, named.voice), self._ran(spec.transcriber, named.transcriber)
        return f"model {self._shown(spec.model)}, voice {voice}, recogniser {ears}{speech}"

    async def aclose(self) -> None:
        """End what was started."""
        self._loop.follows_real_time = True
        await self._plugins.aclose()
        await self._inference.aclose()
        self._loop.follows_real_time = False

    async def call(self, scenario: CallScenario, seed: int) -> CallMade:
        """The call of a scenario with a seed. What a provider fails at during or after it is among the problems of the call."""
        scenario = scenario.of_seed(seed)
        execution_id = _EXECUTION.format(seed % 10**12)
        spec = self._spec(scenario)
        await self._prepare_model(spec)
        variables = self._variables(scenario, execution_id)
        random = dice_of(scenario, seed)
        tools = _Props(scenario.tools)
        needs = Needs(
            spec, lambda kind, name: self._delayed(kind, name, scenario, random), self._ears(), clock=self._clock
        )
        equipment = equip(needs, variables, tools)
        line = LineAccount()
        carrier = self._carrier(scenario, line)
        provider = _PROVIDER[self._speech]
        request = DialRequest(
            f"{execution_id}.1",
            NUMBER,
            "",
            MAX_RING_SECONDS,
            {
                "user_data": {},
                "language": spec.transcriber.language,
                "agent_voice": provider,
                "agent_transcriber": provider,
            },
            decision=default_decision(NUMBER, self._clock.now()),
        )
        plan = fitting(plan_for(spec, variables), equipment, spec.settings.speculative_replies)
        rehearsal = Rehearsal(Cast(plan, equipment, carrier, request, variables, seed, scenario.agent), self._clock)
        began_us = self._loop.now_us
        await rehearsal.run()
        await carrier.aclose()
        log = rehearsal.shelf.log.decode()
        view = view_of(log)
        seconds = (self._loop.now_us - began_us) / 1e6
        problems = [*_problems(rehearsal, log), *_failures(view)]
        facts = facts_of(view, log, line, (rehearsal.shelf.caller, rehearsal.shelf.agent))
        facts = replace(facts, extracted=await self._extracted(spec, view, problems), seconds=seconds)
        return CallMade(facts, log, rehearsal.shelf.caller, rehearsal.shelf.agent, tuple(problems))

    # -- who takes part --------------------------------------------------------------------------------------------------------

    def _named(self, scenario: CallScenario) -> AgentSpec:
        """The agent. What it does not name is as the server's settings have it."""
        return parse_agent(scenario.agent, defaults=provider_defaults(self._settings))

    def _spec(self, scenario: CallScenario) -> AgentSpec:
        """The agent, speaking and hearing as calls of these scenarios do."""
        spec = self._named(scenario)
        provider = _PROVIDER[self._speech]
        heard, voice = spec.transcriber, spec.voice
        if heard.provider != provider:
            heard = replace(heard, provider=provider, model="", options={})
        if voice.provider != provider:
            voice = replace(voice, provider=provider, model="", voice="", options={})
        return self._access.fit(replace(spec, transcriber=heard, voice=voice))

    def _ears(self) -> LocalEars:
        return (
            LocalEars("energy", "scripted")
            if self._speech == TONES
            else LocalEars(self._settings.vad, self._settings.turn)
        )

    def _carrier(self, scenario: CallScenario, line: LineAccount) -> LoopbackCarrier:
        persona, provider = scenario.persona, _PROVIDER[self._speech]
        if self._speech == LOCAL and not persona.voice:
            persona = replace(persona, voice=CALLER_VOICE)
        persona = replace(persona, voice_provider=provider, ears=provider)
        people = {**BUILT_IN, **scenario.others, persona.name: persona}
        return LoopbackCarrier(
            self._plugins,
            Scenario(people, {}, persona.name),
            provider,
            provider,
            line,
            scenario.line,
        )

    def _variables(self, scenario: CallScenario, execution_id: str) -> dict[str, str]:
        given = given_texts(scenario.user_data)
        return {
            **given,
            "agent_id": "simulated",
            "execution_id": execution_id,
            "call_sid": "",
            "from_number": "",
            "to_number": NUMBER,
            **moment_variables(given, self._clock.now()),
        }

    # -- before the first call -------------------------------------------------------------------------------------------------

    async def _asked(self, choice: ProviderChoice) -> None:
        """Ask a model on another machine whether it answers, in real time. Raises ConfigurationError with its failure."""
        model: Model = self._plugins("model", choice.provider)
        if not isinstance(model, RemoteModel) or any(choice == asked for asked, _ in self._answering):
            return
        settings = replace(model_settings(choice), max_tokens=_CHECK_TOKENS)
        request = ModelRequest((Message("user", "Answer with the word yes."),), settings, purpose="check")
        failures: list[str] = []
        name = choice.model
        self._loop.follows_real_time = True
        try:
            with plugin_boundary(choice.provider, lambda _, message: failures.append(message)):
                async with asyncio.timeout(MODEL_ANSWER_SECONDS):
                    async for delta in model.answer(request):
                        name = delta.usage.model if delta.usage else name
        finally:
            self._loop.follows_real_time = False
        if failures:
            raise ConfigurationError(f"the model {choice.provider} failed: {failures[0]}")
        self._answering.append((choice, f"{choice.provider} {name} at {model.host(settings)}"))

    def _ran(self, used: ProviderChoice, named: ProviderChoice) -> str:
        """A voice or recogniser, and which other one it stands for. Tones stand for all of them."""
        instead = "" if self._speech == TONES or used.provider == named.provider else f" in place of {named.provider}"
        return _name_of(used) + instead

    def _shown(self, choice: ProviderChoice) -> str:
        return next((shown for asked, shown in self._answering if asked == choice), _name_of(choice))

    # -- providers -------------------------------------------------------------------------------------------------------------

    def _delayed(self, kind: str, name: str, scenario: CallScenario, random: Random) -> Any:
        """A plugin as the scenario wants it to be."""
        delays = scenario.delays
        if kind == "model":
            model = self._model(name)
            return DelayedModel(model, draw_between(random, delays.model_ms)) if any(delays.model_ms) else model
        plugin = self._plugins(kind, name)
        if kind == "voice" and any(delays.voice_ms):
            return DelayedVoice(plugin, draw_between(random, delays.voice_ms))
        if kind == "transcriber" and any(delays.transcriber_ms):
            return DelayedTranscriber(plugin, draw_between(random, delays.transcriber_ms))
        return plugin

    def _model(self, name: str) -> Model:
        model: Model = self._plugins("model", name)
        if name in _HERE:
            return model
        if name not in self._outside:
            outside = self._outside[name] = _OutsideModel(model)
            self._loop.stand_still_while(lambda: outside.pending > 0)
        return self._outside[name]

    async def _prepare_model(self, spec: AgentSpec) -> None:
        """The process of the agent's model is started by the first agent that needs it."""
        if spec.model.provider == "intents":
            await self._start(self._inference.speech)
        elif spec.model.provider == LOCAL:
            await self._start(self._inference.language)

    async def _start(self, process: InferenceProcess) -> None:
        """Once, in real time; from then on virtual time waits for its work."""
        if process in self._started:
            return
        self._loop.follows_real_time = True
        try:
            await process.ready()
        finally:
            self._loop.follows_real_time = False
        self._started.append(process)
        self._loop.stand_still_while(lambda: process.load > 0)

    async def _extracted(self, spec: AgentSpec, view: CallView, problems: list[str]) -> dict[str, Any]:
        """As the work after a call finds it: only what the transcript supports. Why there is no answer is added to ``problems``."""
        found: dict[str, Any] = {}
        heard = transcript(view)
        for task in spec.post_call:
            wanted = wanted_by(task) if task.kind == EXTRACTION else []
            if not wanted or not heard:
                continue
            try:
                answer = await self._answered(task, heard)
            except ProviderError as error:
                problems.append(f"the extraction could not be made: {error}")
                continue
            found.update(accept(answer, wanted, heard)[0])
        return found

    async def _answered(self, task: PostCallTask, heard: str) -> str:
        settings = replace(model_settings(task.model), max_tokens=ANSWER_TOKENS, temperature_milli=0)
        request = extraction_request(task, heard, settings)
        try:
            model = self._model(task.model.provider)
        except UnknownPluginError:
            need(self._plugins, "model", task.model.provider)
            raise
        return "".join([delta.text async for delta in model.answer(request)])


def _name_of(choice: ProviderChoice) -> str:
    return " ".join(dict.fromkeys(filter(None, (choice.provider, choice.model or choice.voice))))


def facts_of(view: CallView, log: str, line: LineAccount, sides: tuple[bytes, bytes]) -> CallFacts:
    """What a call came to, from its log, the far end's account and the recording (caller, agent)."""
    built = build(log, PriceBook(), "loopback")
    said = view.of("AgentSaid")
    silenced = {entry.values["generation"] for entry in view.of("Clear")}
    latencies = [turn["latency_us"] for turn in built.record["turns"] if turn["latency_us"] is not None]
    heard = [moment.text for moment in line.moments if moment.kind == "heard"]
    voices = line.voice(len(sides[0])), sides[1]
    return CallFacts(
        agent_said=[str(entry.values["text"]) for entry in said],
        agent_heard=[str(entry.values["text"]) for entry in view.of("UserSaid")],
        far_end_heard=[text for text in heard if not text.startswith("keys ")],
        caller_said=[moment.text for moment in line.moments if moment.kind == "said"],
        tools=[_use(entry.values) for entry in view.of("CallTool", "Transfer", "SendKeys") if entry.values["name"]],
        keys="".join(text.removeprefix("keys ") for text in heard if text.startswith("keys ")),
        ended_by=str(built.record["ended_by"] or "nobody"),
        ended=str(built.columns.get("hangup_reason", "")),
        latency_ms=[{part: us / 1000 for part, us in one.items()} for one in latencies],
        turns=len({entry.values["turn"] for entry in view.of("UserSaid")}),
        cut=sum(bool(entry.values["cut"]) and entry.values["generation"] in silenced for entry in said),
        silence_ms=longest_silence_ms(*voices),
        overlap_ms=longest_overlap_ms(*voices),
        machine=bool(built.record["answered_by_voice_mail"]),
    )


def _use(values: Mapping[str, Any]) -> ToolUse:
    if "keys" in values:
        return ToolUse(str(values["name"]), {"keys": values["keys"]})
    try:
        arguments = json.loads(str(values["arguments"]) or "{}")
    except ValueError:
        arguments = {}
    return ToolUse(str(values["name"]), arguments if isinstance(arguments, Mapping) else {})


def _problems(rehearsal: Rehearsal, log: str) -> list[str]:
    """What no scenario need ask for: a call that does not end, breaks an invariant or does not replay is a defect of the platform."""
    found = [f"a rule of the conversation does not hold: {rehearsal.broken}"] if rehearsal.broken else []
    if rehearsal.overdue:
        found.append("the call had to be ended by force")
    replayed = replay(log)
    if not replayed.exact:
        found.append(f"the log does not replay: {replayed.difference}")
    return found


def _failures(view: CallView) -> list[str]:
    """What providers failed at, each once. The scripted ones fail where the scenario's own script says so: no defect of the run."""
    told = [
        f"the {entry.values['kind']} failed: {entry.values['provider']}: {entry.values['message']}"
        for entry in view.of("ProviderFailed")
        if entry.values["provider"] != _PROVIDER[TONES]
    ]
    return list(dict.fromkeys(told))


def save(made: CallMade, folder: Path, stem: str, wav: bytes) -> tuple[str, ...]:
    """Keep log and recording of a call. Blocking."""
    folder.mkdir(parents=True, exist_ok=True)
    log, sound = folder / f"{stem}.log", folder / f"{stem}.wav"
    log.write_text(made.log, encoding="utf-8")
    sound.write_bytes(wav)
    return str(log), str(sound)
