"""Call scenarios: who calls, over what line, which agent, and what must come of it. Data, read from JSON files.

A file is an object: ``about``, ``agent`` (a body of ``POST /v2/agent``, or the name of a file in the folder ``agents`` beside it),
``persona`` (as in a scenario file of the loopback carrier), ``line``, ``user_data``, ``tools`` (what each answers), ``delays`` (how
long the providers take), ``runs``, ``pass_rate`` and ``expect``. ``docs/how-to/simulate.md`` describes every key. Whatever is wrong
raises ConfigurationError naming the path of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from callwright.conversation.plan import plan_for
from callwright.conversation.tools import ends_call
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.insight.extraction import wanted_by
from callwright.lab.caller_scenario import BUILT_IN, Persona, persona_of
from callwright.lab.line_conditions import LineConditions, line_of
from callwright.lab.outcomes import Expectation, expectation_of, no_tool, unfit
from callwright.lab.scenario_values import flag_of, list_of, object_of, text_of, whole_of, wrong
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec

KEYS = {
    *("about", "agent", "persona", "others", "line", "user_data", "tools", "delays", "runs", "pass_rate", "expect"),
    "needs",
}
MOST_RUNS = 10_000
NEEDS = ("speech", "tones")
"""What a scenario may need to mean anything: real speech, or two-tone text, which carries what no installed voice or recogniser can. With
the other one it is left out."""
DEFAULT_RUNS = 10
DEFAULT_PASS_RATE = 0.7
"""What ten runs that all pass can show with a confidence of 95 %."""
LEAST_THINK, MOST_THINK = 0.6, 1.4
"""How much a caller's pause to think varies from run to run."""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answers in this scenario, and after how long."""

    text: str = '{"ok": true}'
    ok: bool = True
    ms: int = 0


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the agent's providers take, in milliseconds from and to; drawn anew for each piece of work by the seed of the run."""

    transcriber_ms: tuple[int, int] = (0, 0)
    model_ms: tuple[int, int] = (0, 0)
    voice_ms: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class CallScenario:
    """One scenario. ``others``: personas a call may be transferred to, by name. ``pass_rate``: the share of runs that must pass."""

    name: str
    agent: Mapping[str, Any]
    persona: Persona
    about: str = ""
    others: Mapping[str, Persona] = field(default_factory=dict)
    line: LineConditions | None = None
    user_data: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, ToolAnswer] = field(default_factory=dict)
    delays: Delays = field(default_factory=Delays)
    runs: int = DEFAULT_RUNS
    pass_rate: float = DEFAULT_PASS_RATE
    expect: tuple[Expectation, ...] = ()
    needs: tuple[str, ...] = ()

    def of_seed(self, seed: int) -> CallScenario:
        """As it is in one run: the same caller, who thinks a little longer or shorter, over a line that loses other packets."""
        random = Random(f"{self.name} {seed}")
        think_ms = round(self.persona.think_ms * random.uniform(LEAST_THINK, MOST_THINK))
        line = self.line or self.persona.line
        return replace(
            self,
            persona=replace(self.persona, think_ms=think_ms, line=None),
            line=None if line is None else replace(line, seed=random.randrange(1_000_000)),
        )


def dice_of(scenario: CallScenario, seed: int) -> Random:
    """What is drawn during a run: how long each piece of work of a provider takes."""
    return Random(f"delays {scenario.name} {seed}")


AgentFile = Callable[[str], Any]
"""An agent's body by its name. Raises ConfigurationError."""


def read_call_scenario(text: str | bytes, name: str, agent_file: AgentFile) -> CallScenario:
    """A scenario from the text of its file. Raises ConfigurationError."""
    try:
        data = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise ConfigurationError(f"the scenario {name} is no JSON: {error}") from error
    try:
        return call_scenario_of(data, name, agent_file)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error.message}") from error


def call_scenario_of(data: Any, name: str, agent_file: AgentFile) -> CallScenario:
    """A scenario from its JSON value. Raises ConfigurationError naming the path of what is wrong."""
    given = object_of(data, "scenario", KEYS)
    for needed in ("agent", "persona", "expect"):
        if needed not in given:
            raise wrong(needed, "is missing")
    others: dict[str, Persona] = {}
    for other, body in object_of(given.get("others", {}), "others").items():
        others[other] = persona_of(body, other, {**BUILT_IN, **others}, f"others.{other}")
    agent = agent_file(given["agent"]) if isinstance(given["agent"], str) else given["agent"]
    scenario = CallScenario(
        name=name,
        about=text_of(given.get("about", ""), "about"),
        agent=flat(object_of(agent, "agent")),
        persona=_persona(given["persona"], others),
        others=others,
        line=line_of(given["line"], "scenario: line") if "line" in given else None,
        user_data=dict(object_of(given.get("user_data", {}), "user_data")),
        tools={tool: _tool(one, f"tools.{tool}") for tool, one in object_of(given.get("tools", {}), "tools").items()},
        delays=_delays(given.get("delays", {})),
        runs=whole_of(given.get("runs", DEFAULT_RUNS), "runs", MOST_RUNS, least=1),
        pass_rate=_rate(given.get("pass_rate", DEFAULT_PASS_RATE), "pass_rate"),
        expect=_expect(given["expect"]),
        needs=tuple(_need(one, f"needs[{at}]") for at, one in enumerate(list_of(given.get("needs", []), "needs"))),
    )
    _fit_together(scenario)
    return scenario


def with_agent(scenario: CallScenario, agent: Mapping[str, Any]) -> CallScenario:
    """The scenario with another agent, flat as the platform stores it. Raises ConfigurationError for one that is wrong, and for assertions
    that could not fail with it. Those that it cannot meet are left: that it does not is a finding."""
    spec = spec_of(agent)
    problem = unfit(scenario.expect, tool_names(spec), value_names(spec), vacuous=True)
    if problem:
        raise ConfigurationError(f"{scenario.name}: scenario: {problem}")
    return replace(scenario, agent=agent)


def spec_of(agent: Mapping[str, Any]) -> AgentSpec:
    """The agent, read. Raises ConfigurationError."""
    try:
        return parse_agent(agent)
    except BadInputError as error:
        raise wrong("agent", error.message) from error


def tool_names(spec: AgentSpec) -> frozenset[str]:
    """The tools of the agent that can be asserted. One that ends the call is none of them: it is told by how the call ended."""
    plan = plan_for(spec)
    names = [*(tool.name for tool in plan.tools), *(transfer.name for transfer in plan.transfers)]
    return frozenset(name for name in names if not ends_call(name))


def value_names(spec: AgentSpec) -> frozenset[str]:
    """What the agent's work after the call extracts."""
    return frozenset(one.key for task in spec.post_call if task.kind == "extraction" for one in wanted_by(task))


def _fit_together(scenario: CallScenario) -> None:
    """Refuse what the agent of a scenario can neither do nor fail to do."""
    spec = spec_of(scenario.agent)
    tools = tool_names(spec)
    unknown = sorted(set(scenario.tools) - tools)
    if unknown:
        raise wrong(f"tools.{unknown[0]}", no_tool(unknown[0], tools))
    problem = unfit(scenario.expect, tools, value_names(spec), vacuous=False)
    if problem:
        raise ConfigurationError(f"scenario: {problem}")


def _expect(body: Any) -> tuple[Expectation, ...]:
    given = list_of(body, "expect")
    if not given:
        raise wrong("expect", "needs an assertion: without one every call would pass")
    return tuple(expectation_of(one, f"expect[{at}]") for at, one in enumerate(given))


def _persona(body: Any, others: Mapping[str, Persona]) -> Persona:
    if isinstance(body, str):
        known = {**BUILT_IN, **others}
        if body not in known:
            raise wrong("persona", f"there is no persona {body!r}; known: {', '.join(sorted(known))}")
        return known[body]
    return persona_of(body, "persona", {**BUILT_IN, **others}, "persona")


def flat(agent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body of ``POST /v2/agent`` as the platform stores it: the keys of ``agent_config`` at the top, ``agent_prompts`` beside them."""
    config = agent.get("agent_config")
    if not isinstance(config, Mapping):
        return agent
    return {**config, "agent_prompts": agent.get("agent_prompts", {})}


def _tool(body: Any, path: str) -> ToolAnswer:
    given = object_of(body, path, {"answer", "ok", "ms"})
    answer = given.get("answer", {"ok": True})
    return ToolAnswer(
        answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False),
        flag_of(given.get("ok", True), f"{path}.ok"),
        whole_of(given.get("ms", 0), f"{path}.ms"),
    )


def _delays(body: Any) -> Delays:
    given = object_of(body, "delays", {"transcriber_ms", "model_ms", "voice_ms"})
    return Delays(**{name: _between(value, f"delays.{name}") for name, value in given.items()})


def _between(value: Any, path: str) -> tuple[int, int]:
    if not isinstance(value, list):
        same = whole_of(value, path)
        return same, same
    if len(value) != 2:
        raise wrong(path, "must be a number of milliseconds, or two of them: from and to")
    low, high = (whole_of(one, path) for one in value)
    if low > high:
        raise wrong(path, f"goes from {low} to {high}; write the smaller number first")
    return low, high


def _rate(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise wrong(path, f"must be a share above 0, at most 1, not {value!r}")
    return float(value)


def _need(value: Any, path: str) -> str:
    if value not in NEEDS:
        raise wrong(path, f"{value!r} is not one of {', '.join(NEEDS)}")
    return str(value)
