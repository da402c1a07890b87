"""The model without a language model: the dialogue of ``dialogue`` behind the model port, with sentence meaning from the speech process."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from callwright.domain.limits import INTENT_SENTENCES_AT_ONCE
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, ToolCall
from callwright.ports.speech import UsageAmount
from callwright.providers.local import dialogue
from callwright.providers.local.dialogue import Meant, Script
from callwright.providers.local.dsp import Floats
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.pool import Priority
from callwright.providers.local.slots import collect
from callwright.providers.local.tooltags import END_CALL

_MODEL = "minilm-l6"
_DIMENSIONS = 384
_REMEMBERED = 4_000
_TOPIC_SHARE = 0.5
_SPOKEN_LINE = re.compile(r"^\s*(user|caller|customer|human|assistant|agent|bot)\s*:\s*(.+)$", re.IGNORECASE)
_AGENTS = frozenset({"assistant", "agent", "bot"})


class IntentModel:
    """``ports.model.Model`` by intents and templates.

    Options of the agent's model settings: ``intents`` (see ``dialogue.script_of``). Questions are answered with the nearest sentence of
    the agent's prompt, or honestly not at all. ``end_call`` is used when it is offered and the caller is done; other tools never are.
    """

    name = "intents"
    costs_nothing = True

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference
        self._vectors: OrderedDict[str, Floats] = OrderedDict()

    def check(self, settings: ModelSettings) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_speech("embed")

    def billed_model(self, settings: ModelSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return _MODEL

    def fixed_answers(self, settings: ModelSettings) -> Sequence[str]:
        """See ``ports.model.FixedAnswers``."""
        try:
            return tuple(self._script(settings).replies.values())
        except ProviderError:
            return ()  # the first reply will meet the same failure and report it

    async def answer(self, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        """Stream the answer in one piece. Raises ProviderError."""
        script = self._script(request.settings)
        if request.purpose in ("reply", "warm"):
            said = dialogue.reply(
                await self._understood(_turns(request.messages), _prompt(request.messages), script), script
            )
            text, is_end = said.text, said.is_end
        else:
            text, is_end = await self._after_the_fact(request, script), False
        yield ModelDelta(text=text)
        ends_call = is_end and any(tool.name == END_CALL for tool in request.tools)
        if ends_call:
            yield ModelDelta(tool_call=ToolCall("", END_CALL, "{}"))
        asked = sum(len(message.content.split()) for message in request.messages)
        usage = UsageAmount("model", self.name, _MODEL, asked, amount_output=len(text.split()))
        yield ModelDelta(ended="tool" if ends_call else "stop", usage=usage)

    async def warm(self, request: ModelRequest) -> None:
        """Learn the examples and the prompt's sentences."""
        try:
            script = self._script(request.settings)
            await self._learn([*_all_examples(script), *dialogue.facts_of(_prompt(request.messages))], Priority.SOON)
        except ProviderError:
            return  # the first reply will meet the same failure and report it

    def _script(self, settings: ModelSettings) -> Script:
        try:
            return dialogue.script_of(settings.options)
        except ValueError as error:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, str(error)) from error

    async def _after_the_fact(self, request: ModelRequest, script: Script) -> str:
        """Extraction, summary and yes/no questions about a transcript."""
        transcript = request.messages[-1].content if request.messages else ""
        turns = await self._understood(_transcript_turns(transcript), "", script)
        if request.purpose == "welcome":
            # Without a language model the agent's own message is the best there is.
            return ""
        if request.purpose == "summary":
            return dialogue.summary(turns)
        if request.purpose == "hangup":
            over = bool(turns) and turns[-1].intent in ("goodbye", "wrong_number", "not_interested")
            return _verdict(over, request.schema)
        goals = ("book", "reschedule", "cancel", "human", "question", "wrong_number", "not_interested")
        intent = next((turn.intent for turn in turns if turn.intent in goals), "")
        if not request.schema:
            return intent
        slots = collect([(turn.before, turn.text) for turn in turns])
        return json.dumps(dialogue.values_for(json.loads(request.schema), slots, intent))

    async def _understood(self, turns: Sequence[tuple[str, str]], prompt: str, script: Script) -> list[Meant]:
        facts, examples = dialogue.facts_of(prompt), _all_examples(script)
        await self._learn([*examples, *facts, *(said for _, said in turns)], Priority.LIVE)
        meant: list[Meant] = []
        for before, said in turns:
            topic = next((turn.text for turn in reversed(meant) if turn.intent in dialogue.GOALS), "")
            meant.append(self._meant(before, said, topic if dialogue.refers_back(said) else "", script, facts))
        return meant

    def _meant(self, before: str, said: str, topic: str, script: Script, facts: Sequence[str]) -> Meant:
        """What a turn means. ``topic``: an earlier turn that "it" may stand for; it tells like facts apart and no more."""
        vector = self._vectors[said]
        aim = vector + _TOPIC_SHARE * self._vectors[topic] if topic else vector
        fact = max(facts, key=lambda fact: float(self._vectors[fact] @ aim), default="")
        fact_similarity = max((float(self._vectors[one] @ vector) for one in facts), default=0.0)
        intent = dialogue.by_rule(said, before)
        if not intent:
            near = ((name, float(self._vectors[e] @ vector)) for name, es in script.examples.items() for e in es)
            name, similarity = max(near, key=lambda pair: pair[1])
            intent = name if similarity >= dialogue.SURE_ENOUGH else dialogue.UNCLEAR
            if intent in (dialogue.UNCLEAR, "greeting") and said.rstrip().endswith("?"):
                intent = "question"
        return Meant(said, before, intent, fact, fact_similarity)

    async def _learn(self, texts: Sequence[str], priority: Priority) -> None:
        """Have a vector for every text. Others may have those of their texts made, and ours forgotten, between two pieces."""
        wanted = dict.fromkeys(texts)
        while unknown := [text for text in wanted if text not in self._vectors]:
            self._inference.require("embed")
            piece = unknown[:INTENT_SENTENCES_AT_ONCE]
            result = await self._inference.speech.ask("embed", {"texts": piece}, priority)
            vectors = np.frombuffer(result["vectors"], np.float32).reshape(-1, _DIMENSIONS)
            self._vectors.update(zip(piece, vectors, strict=True))
        while len(self._vectors) > _REMEMBERED + len(texts):
            self._vectors.popitem(last=False)


def _all_examples(script: Script) -> list[str]:
    return [example for examples in script.examples.values() for example in examples]


def _prompt(messages: Sequence[Message]) -> str:
    return "\n".join(message.content for message in messages if message.role == "system")


def _turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """(What the agent had said, what the caller said) for each caller turn; turns in a row are one."""
    turns: list[tuple[str, str]] = []
    before, previous = "", ""
    for message in messages:
        if message.role == "assistant" and message.content:
            before = f"{before} {message.content}".strip() if previous == "assistant" else message.content
        elif message.role == "user" and message.content.strip():
            if previous == "user" and turns:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]} {message.content}".strip())
            else:
                turns.append((before, message.content.strip()))
        previous = message.role
    return turns


def _transcript_turns(transcript: str) -> list[tuple[str, str]]:
    """The same from a transcript of ``user: ...`` and ``assistant: ...`` lines; after it and an empty line the question follows."""
    messages: list[Message] = []
    for line in transcript.splitlines():
        if messages and not line:
            break
        match = _SPOKEN_LINE.match(line)
        if match is not None:
            role = "assistant" if match.group(1).lower() in _AGENTS else "user"
            messages.append(Message(role, match.group(2).strip()))
    return _turns(messages)


def _verdict(is_so: bool, schema: str) -> str:
    """Yes or no, in the form the question asks for."""
    word = "yes" if is_so else "no"
    if not schema:
        return word
    properties = json.loads(schema).get("properties", {})
    return json.dumps({key: is_so if kind.get("type") == "boolean" else word for key, kind in properties.items()})
