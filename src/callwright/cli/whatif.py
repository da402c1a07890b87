"""``callwright replay CALL --from-turn N --set agent.path=value``: the recorded call up to a turn, and then with another agent."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from callwright.bootstrap.plugins import PluginInstances, installed_plugins, provider_defaults, setting_texts
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.chat import in_writing
from callwright.call.live.equipment import may_speculate, model_settings, need
from callwright.call.live.think import Thinker, says_yes, yes_no_request
from callwright.cli.call_log import readable, view_in
from callwright.conversation.effects import AskClassifier, AskModel
from callwright.conversation.plan import CallPlan, plan_for
from callwright.domain.agent.parsing import parse_agent
from callwright.domain.agent.path import with_changes
from callwright.domain.agent.spec import AgentSpec, ProviderChoice, ProviderDefaults
from callwright.domain.availability import MODEL, model_in_place
from callwright.domain.errors import BadInputError
from callwright.domain.limits import CLASSIFIER_SECONDS, MAX_CALL_SECONDS, MODEL_ANSWER_SECONDS
from callwright.insight.provider_failures import failures_of
from callwright.insight.provision import provision_of
from callwright.insight.side_by_side import columns, first_difference
from callwright.insight.view import CallView
from callwright.insight.wholeness import wholeness
from callwright.lab.whatif import WhatIf, what_if
from callwright.lab.whatif_answers import Answers, RecordedAnswers
from callwright.ops.settings import load_settings
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, RemoteModel
from callwright.ports.registry import PluginContext

AGENTS_OWN, RECORDED = "agent", "recorded"
WIDEST = 160


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of a what-if, beside those that name the call."""
    group = parser.add_argument_group("what if", "go on from a turn with a changed agent; nothing of it is written")
    group.add_argument(
        "--from-turn", type=int, metavar="N", help="the caller's N-th turn and everything after it; 0 for all"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="agent.PATH=VALUE",
        help="a value of the agent, as agent.tasks.0.task_config.incremental_delay=800; may be repeated",
    )
    group.add_argument(
        "--model",
        help=f"who answers: {AGENTS_OWN} (its own provider, or what stood in for it: the default), {RECORDED} (what was said in the call),"
        " or a provider's name, as scripted",
    )
    group.add_argument(
        "--keep-going", action="store_true", help="the caller says the recorded words even when they fit no more"
    )
    group.add_argument("--json", action="store_true", help="print the what-if as JSON")


def is_asked(arguments: argparse.Namespace) -> bool:
    """Whether the call shall be gone on with. Raises BadInputError for options of it without the turn."""
    if arguments.from_turn is not None:
        return True
    options = {"--set": "set", "--model": "model", "--keep-going": "keep_going", "--json": "json"}
    for option, name in options.items():
        if getattr(arguments, name):
            raise BadInputError(
                f"{option} is of a what-if, which goes on from a turn: say which with --from-turn N (0: the whole call)"
            )
    return False


def run(arguments: argparse.Namespace, text: str) -> int:
    """Run on and print both conversations side by side; 0 whatever comes of it, 1 where entries of the log are missing. Raises
    BadInputError, also for a log that cannot be read."""
    arguments.model = arguments.model or AGENTS_OWN
    with readable(arguments):
        found, remarks, has_all = _asked(arguments, text)
    _print(found, arguments, remarks)
    return 0 if has_all else 1


def _asked(arguments: argparse.Namespace, text: str) -> tuple[WhatIf, list[str], bool]:
    """The what-if, what has to be said of it, and whether the log has all its entries."""
    view = view_in(text)
    lacks = wholeness(view)
    missing = [] if lacks.has_all else [f"the log is not whole: {lacks.missing()}"]
    settings = load_settings(os.environ, data=arguments.data)
    defaults = provider_defaults(settings)
    plugins = PluginInstances(installed_plugins())
    # Without a data folder: local models would keep the prompts they read in it.
    texts = {**setting_texts(settings), "data": ""}
    plugins.use(PluginContext(texts, settings.models.expanduser(), plugins))
    with asyncio.Runner() as runner:
        try:
            change, spec = _changed(view, arguments.set, defaults, plugins)
            answers = _answers(runner, plugins, spec, arguments, view)
            found = what_if(view, arguments.from_turn, change, answers, keep_going=arguments.keep_going)
            told = [*_model_asked(answers, spec), *_new_failures(view, found)]
        except BadInputError as error:
            raise BadInputError("; ".join([error.message, *missing])) from error
        finally:
            runner.run(plugins.aclose())
    idle = _without_effect(view, arguments, defaults)
    return found, [*lacks.told(), *idle, *found.remarks, *told], lacks.has_all


def _new_failures(view: CallView, found: WhatIf) -> list[str]:
    """What providers failed at in the what-if and not in the call."""
    before = {group.sentence for group in failures_of(view).groups.values()}
    after = [group.sentence for group in failures_of(view_in(found.log)).groups.values()]
    return [sentence for sentence in after if sentence not in before]


def _model_asked(answers: Answers, spec: AgentSpec | None) -> list[str]:
    """Which model answered, if one was asked, and whether it is the agent's own."""
    if not isinstance(answers, AskedAnswers):
        return []
    thinker = answers.thinker
    model, settings = thinker.model, thinker.settings
    host = model.host(settings) if isinstance(model, RemoteModel) else ""
    name = " ".join(dict.fromkeys(filter(None, (thinker.provider, settings.model))))
    own = "" if spec is None or spec.model.provider == thinker.provider else f", in place of {spec.model.provider}"
    return [f"the model asked was {name}" + (f" at {host}" if host else "") + own]


def _answers(
    runner: asyncio.Runner,
    plugins: PluginInstances,
    spec: AgentSpec | None,
    arguments: argparse.Namespace,
    view: CallView,
) -> Answers:
    if arguments.model == RECORDED:
        return RecordedAnswers(view, arguments.from_turn)
    if spec is None:
        raise BadInputError(f"this log has no agent whose model could be asked; use --model {RECORDED}")
    return AskedAnswers(runner, _thinker(plugins, spec, arguments.model, view))


class AskedAnswers:
    """``lab.whatif_answers.Answers`` from a model that is really asked, as a call asks it."""

    def __init__(self, runner: asyncio.Runner, thinker: Thinker) -> None:
        self._runner = runner
        self.thinker = thinker

    def reply(self, ask: AskModel) -> Sequence[ModelDelta]:
        """The whole answer. Raises ProviderError."""
        thinker = self.thinker
        request = ModelRequest(ask.messages, thinker.settings, ask.purpose, ask.tools, context=thinker.variables)
        return self._runner.run(self._answer(request, MODEL_ANSWER_SECONDS))

    def judge(self, ask: AskClassifier) -> bool:
        """Yes or no. Raises ProviderError."""
        deltas = self._runner.run(self._answer(yes_no_request(self.thinker, ask), CLASSIFIER_SECONDS))
        return says_yes("".join(delta.text for delta in deltas))

    async def _answer(self, request: ModelRequest, seconds: float) -> list[ModelDelta]:
        failures: list[tuple[FailureKind, str]] = []
        deltas: list[ModelDelta] = []
        with plugin_boundary(self.thinker.provider, lambda kind, message: failures.append((kind, message))):
            async with asyncio.timeout(seconds):
                deltas = [delta async for delta in self.thinker.model.answer(request)]
        if failures:
            raise ProviderError(failures[0][0], self.thinker.provider, failures[0][1])
        return deltas


def _thinker(plugins: PluginInstances, spec: AgentSpec, wanted: str, view: CallView) -> Thinker:
    choice = _as_in_the_call(spec.model, view) if wanted == AGENTS_OWN else replace(spec.model, provider=wanted)
    model = need(plugins, "model", choice.provider)
    return Thinker(model, choice.provider, model_settings(choice), view.header.variables)


def _as_in_the_call(own: ProviderChoice, view: CallView) -> ProviderChoice:
    """The agent's own model, or what stood in for its provider in the call."""
    stood = provision_of(view)["stand_ins"]
    used = next((one["used"] for one in stood if (one["leg"], one["wanted"]) == (MODEL, own.provider)), "")
    return model_in_place(own, used) if used else own


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


def _without_effect(view: CallView, arguments: argparse.Namespace, defaults: ProviderDefaults) -> list[str]:
    """Which changes are of what a what-if has not (sound, what comes after the call, and with recorded answers the model), or are none."""
    agent, written = view.header.agent, _is_chat(view)
    told: list[str] = []
    for change in arguments.set:
        try:
            old, new = (_read(body, defaults, written) for body in (agent, with_changes(agent, [change])))
        except BadInputError:
            continue  # it can only be with the other changes
        before, after = (plan_for(spec, view.header.variables) for spec in (old, new))
        asked = arguments.model != RECORDED and old.model != new.model
        if arguments.model == RECORDED:
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


def _print(found: WhatIf, arguments: argparse.Namespace, remarks: Sequence[str]) -> None:
    first = first_difference(found.before, found.after)
    if arguments.json:
        plain = {name: value for name, value in asdict(found).items() if name != "log"}
        body = {
            "what_if": True,
            "set": arguments.set,
            "model": arguments.model,
            **plain,
            "remarks": list(dict.fromkeys(remarks)),
            "first_difference": first or None,
        }
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
        return
    changed = "; ".join(arguments.set) or "nothing changed"
    width = min(WIDEST, shutil.get_terminal_size((120, 40)).columns)
    lines = [
        f"WHAT IF from turn {found.from_turn} on: {changed}; answers: {arguments.model}",
        "None of it happened. No tool was called, nobody was transferred, and nothing was written.",
        "",
        *columns(found.before, found.after, width),
        "",
        f"first difference: {first or 'none'}",
        f"the what-if ended: {found.ended}",
        f"from the answer to the end: {found.lasted_ms[0]:,} ms as it was, {found.lasted_ms[1]:,} ms what if",
        _simulated(found),
        *dict.fromkeys(remarks),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _simulated(found: WhatIf) -> str:
    if found.simulated_from is None:
        return "the agent does nothing otherwise, so that all of it is as recorded"
    return (
        f"simulated from turn {found.simulated_from} on, as recorded before"
        if found.simulated_from
        else "all of it is simulated"
    )
