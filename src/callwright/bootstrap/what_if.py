"""A recorded call up to a turn, and then with another agent: what the command and the API compute alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from callwright.bootstrap.plugins import PluginInstances
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.chat import in_writing
from callwright.call.live.equipment import may_speculate, model_settings, need
from callwright.call.live.think import Thinker, says_yes, yes_no_request
from callwright.conversation.effects import AskClassifier, AskModel
from callwright.conversation.plan import CallPlan, plan_for
from callwright.domain.errors import BadInputError
from callwright.domain.limits import CLASSIFIER_SECONDS, MAX_CALL_SECONDS, MODEL_ANSWER_SECONDS
from callwright.insight.provider_failures import failures_of
from callwright.insight.provision import stand_ins_in_call
from callwright.insight.readable_log import view_in
from callwright.insight.usage import used
from callwright.insight.view import CallView
from callwright.insight.wholeness import Wholeness, wholeness
from callwright.lab.whatif import WhatIf, what_if
from callwright.lab.whatif_answers import Answers, RecordedAnswers
from callwright.platform.agents.rules.availability import MODEL, model_in_place
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.path import with_changes
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice, ProviderDefaults
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, RemoteModel

AGENTS_OWN, RECORDED = "agent", "recorded"


@dataclass(frozen=True, slots=True)
class WhatIfOrder:
    """What is asked: from which turn on, with which values of the agent (``agent.path=value``), and who answers for the model: AGENTS_OWN,
    RECORDED or a provider's name. ``keep_going``: the caller says the recorded words even when they fit no more."""

    from_turn: int
    changes: Sequence[str] = ()
    model: str = RECORDED
    keep_going: bool = False


@dataclass(frozen=True, slots=True)
class WhatIfResult:
    """How it went on, what has to be said of it, and what the log lacks. ``model_asked``: which model answered, and whether another one did
    in the call; empty where the answers are the recorded ones."""

    found: WhatIf
    model_asked: str
    remarks: tuple[str, ...]
    lacks: Wholeness


Asking = Callable[[Thinker, ModelRequest, float], Sequence[ModelDelta]]
"""Asks a model and waits for its whole answer, so many seconds at most. Raises ProviderError."""


class AskedAnswers:
    """``lab.whatif_answers.Answers`` from a model that is really asked, as a call asks it."""

    def __init__(self, thinker: Thinker, ask: Asking) -> None:
        self.thinker = thinker
        self.names: tuple[str, str] | None = None
        """Provider and model of the last reply, None before."""
        self._ask = ask

    def reply(self, ask: AskModel) -> Sequence[ModelDelta]:
        """The whole answer. Raises ProviderError."""
        thinker = self.thinker
        request = ModelRequest(ask.messages, thinker.settings, ask.purpose, ask.tools, context=thinker.variables)
        deltas = self._ask(thinker, request, MODEL_ANSWER_SECONDS)
        for amount in filter(None, (delta.usage for delta in deltas)):
            self.names = amount.provider, amount.model
        return deltas

    def judge(self, ask: AskClassifier) -> bool:
        """Yes or no. Raises ProviderError."""
        deltas = self._ask(self.thinker, yes_no_request(self.thinker, ask), CLASSIFIER_SECONDS)
        return says_yes("".join(delta.text for delta in deltas))


async def ask_here(thinker: Thinker, request: ModelRequest, seconds: float) -> Sequence[ModelDelta]:
    """The whole answer of a model of this process. Raises ProviderError."""
    failures: list[tuple[FailureKind, str]] = []
    deltas: list[ModelDelta] = []
    with plugin_boundary(thinker.provider, lambda kind, message: failures.append((kind, message))):
        async with asyncio.timeout(seconds):
            deltas = [delta async for delta in thinker.model.answer(request)]
    if failures:
        raise ProviderError(failures[0][0], thinker.provider, failures[0][1])
    return deltas


def compute(
    view: CallView, order: WhatIfOrder, defaults: ProviderDefaults, plugins: PluginInstances, ask: Asking
) -> WhatIfResult:
    """Run on. ``ask`` is used where the answers are not the recorded ones. Raises BadInputError: no such turn, a wrong path or value, or a
    log today's core does not repeat that far."""
    lacks = wholeness(view)
    missing = [] if lacks.has_all else [f"the log is not whole: {lacks.missing()}"]
    try:
        change, spec = _changed(view, order.changes, defaults, plugins)
        answers = _answers(view, order, spec, plugins, ask)
        found = what_if(view, order.from_turn, change, answers, keep_going=order.keep_going)
    except BadInputError as error:
        raise BadInputError("; ".join([error.message, *missing])) from error
    remarks = [*lacks.told(), *_without_effect(view, order, defaults), *found.remarks, *_new_failures(view, found)]
    return WhatIfResult(found, _model_asked(answers, spec, view), tuple(dict.fromkeys(remarks)), lacks)


def _answers(
    view: CallView, order: WhatIfOrder, spec: AgentSpec | None, plugins: PluginInstances, ask: Asking
) -> Answers:
    if order.model == RECORDED:
        return RecordedAnswers(view, order.from_turn)
    if spec is None:
        raise BadInputError(f"this log has no agent whose model could be asked; use --model {RECORDED}")
    own = order.model == AGENTS_OWN
    choice = _as_in_the_call(spec.model, view) if own else replace(spec.model, provider=order.model)
    model = need(plugins, "model", choice.provider)
    return AskedAnswers(Thinker(model, choice.provider, model_settings(choice), view.header.variables), ask)


def _as_in_the_call(own: ProviderChoice, view: CallView) -> ProviderChoice:
    """The agent's own model, or what stood in for its provider in the call. Of an agent that names none, the server of the call chose one,
    which need not be the choice of this one."""
    replied = _models_of_call(view)
    if not own.path and replied and replied[0][0] != own.provider:
        return model_in_place(own, replied[0][0])
    stood = stand_ins_in_call(view)
    stand_in = next((one["used"] for one in stood if (one["leg"], one["wanted"]) == (MODEL, own.provider)), "")
    return model_in_place(own, stand_in) if stand_in else own


def _models_of_call(view: CallView) -> list[tuple[str, str]]:
    """Provider and model of those that replied in the call, in order."""
    replies = (one for one in used(view) if one.kind == "model" and one.category == "conversation")
    return list(dict.fromkeys((one.provider, one.model) for one in replies))


def _model_asked(answers: Answers, spec: AgentSpec | None, view: CallView) -> str:
    """See WhatIfResult."""
    if not isinstance(answers, AskedAnswers):
        return ""
    thinker = answers.thinker
    model, settings = thinker.model, thinker.settings
    host = model.host(settings) if isinstance(model, RemoteModel) else ""
    asked = answers.names or (thinker.provider, settings.model)
    own = "" if spec is None or spec.model.provider == thinker.provider else f", in place of {spec.model.provider}"
    replied = _models_of_call(view)
    # Which model a provider has is known once it has answered.
    is_other = asked not in replied if answers.names else asked[0] not in {provider for provider, _ in replied}
    others = " and ".join(map(_name, replied))
    differs = (
        f"; in the call it was {others}, so that other words may come of the model" if replied and is_other else ""
    )
    return f"the model asked was {_name(asked)}" + (f" at {host}" if host else "") + own + differs


def _name(model: tuple[str, str]) -> str:
    return " ".join(dict.fromkeys(filter(None, model)))


def _new_failures(view: CallView, found: WhatIf) -> list[str]:
    """What providers failed at in the what-if and not in the call."""
    before = {group.sentence for group in failures_of(view).groups.values()}
    after = [group.sentence for group in failures_of(view_in(found.log)).groups.values()]
    return [sentence for sentence in after if sentence not in before]


def _changed(
    view: CallView, changes: Sequence[str], defaults: ProviderDefaults, plugins: PluginInstances
) -> tuple[Callable[[CallPlan], CallPlan], AgentSpec | None]:
    """What the changes mean for the plan of this call, and the changed agent. What stays the same stays as recorded."""
    agent: Mapping[str, Any] = view.header.agent
    if not agent:
        if changes:
            raise BadInputError("this log has no agent that could be changed")
        return (lambda plan: plan), None
    written = _is_chat(view)
    old, new = (_read(body, defaults, written) for body in (agent, with_changes(agent, changes)))
    before, after = plan_for(old, view.header.variables), plan_for(new, view.header.variables)
    other = {
        f.name: getattr(after, f.name) for f in fields(CallPlan) if getattr(before, f.name) != getattr(after, f.name)
    }
    if _speculation(old) != _speculation(new):
        # The recorded plan has what that model allowed, which the agent's body does not tell.
        other["speculate"] = _may_speculate(new, plugins)
    return (lambda plan: replace(plan, **other)), new


def _read(body: Mapping[str, Any], defaults: ProviderDefaults, written: bool) -> AgentSpec:
    """The agent as calls, or chats, have it."""
    spec = parse_agent(body, defaults=defaults)
    return in_writing(spec, 0, MAX_CALL_SECONDS) if written else spec


def _is_chat(view: CallView) -> bool:
    started = view.first("Started")
    return started is not None and bool(started.values["plan"].get("written"))


def _speculation(spec: AgentSpec) -> tuple[bool | None, str]:
    """What decides whether the model may be asked in vain."""
    wanted = spec.settings.speculative_replies
    return wanted, spec.model.provider if wanted is None else ""


def _may_speculate(spec: AgentSpec, plugins: PluginInstances) -> bool:
    wanted = spec.settings.speculative_replies
    return wanted if wanted is not None else may_speculate(need(plugins, "model", spec.model.provider), None)


def _without_effect(view: CallView, order: WhatIfOrder, defaults: ProviderDefaults) -> list[str]:
    """Which changes are of what a what-if has not (sound, what comes after the call, and with recorded answers the model), or are none."""
    agent, written = view.header.agent, _is_chat(view)
    told: list[str] = []
    for change in order.changes:
        try:
            old, new = (_read(body, defaults, written) for body in (agent, with_changes(agent, [change])))
        except BadInputError:
            continue  # it can only be with the other changes
        before, after = (plan_for(spec, view.header.variables) for spec in (old, new))
        asked = order.model != RECORDED and old.model != new.model
        if order.model == RECORDED:
            after = replace(after, system_prompt=before.system_prompt)  # nobody reads it
        if before == after and _speculation(old) == _speculation(new) and not asked:
            told.append(f"{change} changes nothing here: {_why_nothing(old, new)}")
    return told


def _why_nothing(old: AgentSpec, new: AgentSpec) -> str:
    """Why a change that is in no plan changes nothing; of the model's it is told only where that is not asked."""
    if old == new:
        return "the agent does with it as it did without"
    if old.model != new.model or old.system_prompt != new.system_prompt:
        return "the model answers as recorded"
    return "a what-if has the times of the recording, no sound, no tool that is called, and nothing that comes after the call"
