"""Calls of scenario files, with a verdict: `callwright simulate [SCENARIO ...] --runs N --seed S [--jobs J]`.

Each run is a whole call through the real media path under a virtual clock. Without a scenario, those that come with Callwright run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from callwright.bootstrap.plugins import installed_plugins
from callwright.bootstrap.scenario_runner import LOCAL, SPEECH, TONES, CallMade, ScenarioRunner, save
from callwright.domain.errors import BadInputError, CallwrightError, ConfigurationError
from callwright.lab.arguments import UNDECIDED, at_least_one, for_people, from_zero, report_file
from callwright.lab.call_scenario import CallScenario, flat, read_call_scenario, spec_of, with_agent
from callwright.lab.outcomes import judge
from callwright.lab.processes import shared_out
from callwright.lab.verdicts import (
    FAIL,
    PASS,
    RunResult,
    Verdict,
    as_json,
    as_junit,
    as_lines,
    overall,
    stopped_of,
)
from callwright.lab.virtual_loop import TimeStandsStillError, VirtualLoop
from callwright.media.mixdown import mix_down
from callwright.ops.clock import SystemClock
from callwright.ops.settings import Settings, load_settings
from callwright.ports.failures import ProviderError

EXIT = {PASS: 0, FAIL: 1}
DEFAULT_KEEP = "simulated-calls"
CHUNK = 5


class ScenarioFileError(ConfigurationError):
    """A scenario file, or the agent that it names, cannot be used."""

    hint = "Correct the file; docs/how-to/simulate.md says what a scenario holds."


@dataclass(frozen=True, slots=True)
class Session:
    """How calls are made: ``speech`` (tones or local), the folder for runs that fail, the settings of this installation, and ``keys``: the
    provider keys of the agents' models, by the names of their environment variables."""

    settings: Settings
    speech: str = TONES
    keep: Path = Path(DEFAULT_KEEP)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Runs for one process."""

    session: Session
    runs: tuple[tuple[CallScenario, int], ...]


def shipped() -> list[CallScenario]:
    """The scenarios that come with Callwright."""
    with_us = files("callwright.lab") / "scenarios"
    agents = with_us / "agents"
    found = sorted((one for one in with_us.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return [
        _read(one.read_bytes(), one.name, lambda name: _agent((agents / f"{name}.json").read_bytes, name))
        for one in found
    ]


def scenarios_in(path: Path) -> list[CallScenario]:
    """The scenario of a file, or those of a folder (``*.json``). Raises BadInputError, ConfigurationError."""
    if path.is_dir():
        found = [scenario for file in sorted(path.glob("*.json")) for scenario in scenarios_in(file)]
        if not found:
            raise BadInputError(f"there are no scenario files (*.json) in {path}")
        return found
    if not path.is_file():
        raise BadInputError(f"there is no scenario file or folder {path}")
    agents = path.parent / "agents"
    return [_read(path.read_bytes(), path.name, lambda name: _agent((agents / f"{name}.json").read_bytes, name))]


def _read(text: bytes, name: str, agent_file: Callable[[str], Any]) -> CallScenario:
    try:
        return read_call_scenario(text, name.removesuffix(".json"), agent_file)
    except ConfigurationError as error:
        raise ScenarioFileError(error.message) from error


def _agent(read: Callable[[], bytes], name: str) -> Any:
    try:
        return json.loads(read())
    except OSError as error:
        raise ConfigurationError(f"the agent {name!r} is no file agents/{name}.json beside the scenario") from error
    except (RecursionError, ValueError) as error:
        raise ConfigurationError(f"the agent {name!r} is no JSON: {error}") from error


def run(scenarios: Sequence[CallScenario], session: Session, seed: int, jobs: int = 1) -> tuple[list[Verdict], float]:
    """Every scenario's runs, with the seeds from ``seed`` on, in ``jobs`` processes; and how long it took in seconds.

    Interrupted (Ctrl-C) it returns what was done so far, of several processes without what they were at.
    """
    clock = SystemClock()
    began_us = clock.monotonic_us()
    verdicts = {one.name: Verdict(one.name, one.about, one.pass_rate, wanted=one.runs) for one in scenarios}
    wanted = [(one, number) for one in scenarios for number in range(seed, seed + one.runs)]
    try:
        for result in _results(session, wanted, jobs):
            verdicts[result.scenario].results.append(result)
    except KeyboardInterrupt:
        # A long run that is stopped tells what it has found so far.
        pass
    return list(verdicts.values()), (clock.monotonic_us() - began_us) / 1e6


def _results(session: Session, wanted: Sequence[tuple[CallScenario, int]], jobs: int) -> Iterator[RunResult]:
    if jobs == 1:
        yield from _made(_Chunk(session, tuple(wanted)))
        return
    size = CHUNK if session.speech == TONES else max(1, -(-len(wanted) // jobs))
    chunks = [_Chunk(session, tuple(wanted[at : at + size])) for at in range(0, len(wanted), size)]
    with shared_out(jobs, _run_chunk, chunks) as parts:
        for part in parts:
            yield from part


def _run_chunk(chunk: _Chunk) -> list[RunResult]:
    return list(_made(chunk))


def _made(chunk: _Chunk) -> Iterator[RunResult]:
    """Each run when it is done. In real speech the models are loaded once for all of them."""
    session = chunk.session
    with _unlogged():
        if session.speech != TONES:
            yield from _in_one_process(session, chunk.runs)
            return
        for one in chunk.runs:
            yield from _in_one_process(session, (one,))


@contextmanager
def _unlogged() -> Iterator[None]:
    """What goes wrong in a simulated call is in its verdict; the log of the process that asked for it goes on as it was."""
    logger = logging.getLogger("callwright")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _in_one_process(session: Session, runs: Sequence[tuple[CallScenario, int]]) -> Iterator[RunResult]:
    with _open_runner(session) as (runner, calls):
        for scenario, seed in runs:
            yield _one(runner, calls, session, scenario, seed)


def check(scenarios: Sequence[CallScenario], session: Session) -> dict[str, str]:
    """Returns for each scenario which model, voice and recogniser its calls have. Raises ConfigurationError, which names the scenario and
    says what to do, when its agent's models do not answer; each is asked once for all scenarios."""
    loop = VirtualLoop()
    found: dict[str, str] = {}
    with asyncio.Runner(loop_factory=lambda: loop) as runner, _unlogged():
        calls = ScenarioRunner(session.settings, session.speech, loop, session.keys)
        try:
            for one in scenarios:
                try:
                    found[one.name] = runner.run(calls.check(one))
                except ConfigurationError as error:
                    raise ConfigurationError(f"{one.name}: {error.message}") from error
        finally:
            runner.run(calls.aclose())
    return found


def _told(providers: Mapping[str, str]) -> list[str]:
    """Who speaks and hears in which scenarios, for people."""
    named: dict[str, list[str]] = {}
    for scenario, those in providers.items():
        named.setdefault(those, []).append(scenario)
    return [
        f"ran with {those}: {', '.join(names)}" if len(named) > 1 else f"ran with {those}"
        for those, names in named.items()
    ]


@contextmanager
def _open_runner(session: Session) -> Iterator[tuple[asyncio.Runner, ScenarioRunner]]:
    """A runner of scenarios that is open, and what runs its calls."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        calls = ScenarioRunner(session.settings, session.speech, loop, session.keys)
        runner.run(calls.open())
        try:
            yield runner, calls
        finally:
            runner.run(calls.aclose())


def recorded(scenario: CallScenario, seed: int) -> str:
    """The log of one call of a scenario spoken in tones, the same bytes on every machine: nothing of this installation is in it."""
    with _open_runner(Session(Settings())) as (runner, calls):
        return runner.run(calls.call(scenario, seed)).log


def _one(
    runner: asyncio.Runner, calls: ScenarioRunner, session: Session, scenario: CallScenario, seed: int
) -> RunResult:
    clock = SystemClock()
    began_us = clock.monotonic_us()
    try:
        made = runner.run(calls.call(scenario, seed))
    except TimeStandsStillError as error:
        return RunResult(scenario.name, seed, (f"the call stands still: {error}",))
    except (CallwrightError, ProviderError) as error:
        # What one run lacks is said of it; the others are judged.
        return RunResult(scenario.name, seed, (f"the call could not be made: {error}",))
    took_s = (clock.monotonic_us() - began_us) / 1e6
    failures = failures_of(scenario, made)
    saved: tuple[str, ...] = ()
    if failures:
        try:
            saved = save(made, session.keep, f"{scenario.name}-{seed}", mix_down(made.caller, made.agent))
        except OSError as error:
            failures = (*failures, f"nothing of the run is kept: {session.keep} cannot be written: {error.strerror}")
    return RunResult(scenario.name, seed, failures, made.facts.seconds, took_s, saved)


def failures_of(scenario: CallScenario, made: CallMade) -> tuple[str, ...]:
    """Why a call does not pass; nothing when it does."""
    missed = (judge(expectation, made.facts) for expectation in scenario.expect)
    return (*made.problems, *(reason for reason in missed if reason))


def command(options: argparse.Namespace) -> int:
    """Makes the calls and prints the verdicts. Raises BadInputError, ConfigurationError where nothing was judged."""
    people = for_people(options.out, options.json)
    session = Session(load_settings(os.environ), options.speech, Path(options.keep), _keys(os.environ))
    scenarios = _chosen(options)
    other = {LOCAL: "tones", TONES: "speech"}[session.speech]
    left_out = [one for one in scenarios if other in one.needs]
    scenarios = [one for one in scenarios if one not in left_out]
    if not scenarios:
        raise BadInputError(
            "no scenario is left to run; those that need real speech run with --speech local, those that need tones without it"
        )
    providers = check(scenarios, session)
    with report_file(options.out) as write_junit, report_file(options.json) as write_json:
        verdicts, seconds = run(scenarios, session, options.seed, options.jobs)
        lines = as_lines(verdicts, seconds)
        why = {"speech": "needs real speech, --speech local", "tones": "needs tones, --speech tones"}[other]
        lines += _told(providers)
        lines += [f"left out ({why}): {', '.join(one.name for one in left_out)}"] * bool(left_out)
        people.write("\n".join(lines) + "\n")
        write_junit(as_junit(verdicts))
        write_json(json.dumps(as_json(verdicts, seconds, options.seed, providers), indent=2) + "\n")
    # What was not run may fail: stopped before its end, nothing passes.
    return UNDECIDED if stopped_of(verdicts) and overall(verdicts) == PASS else EXIT.get(overall(verdicts), UNDECIDED)


def _keys(environment: Mapping[str, str]) -> dict[str, str]:
    """The provider keys in the environment, and nothing else of it: it goes to other processes."""
    asked = {name for plugin in installed_plugins().all() if plugin.kind == "model" for name in plugin.keys}
    return {name: environment[name] for name in sorted(asked & set(environment))}


def _named(name: str) -> list[CallScenario]:
    """The scenarios of a folder or file, or the one of this name that comes with Callwright."""
    path = Path(name)
    if path.exists():
        return scenarios_in(path)
    with_us = shipped()
    found = [one for one in with_us if one.name == name]
    if not found:
        known = ", ".join(one.name for one in with_us)
        raise BadInputError(f"there is no scenario file or folder {name}, and no scenario of that name; known: {known}")
    return found


def _chosen(options: argparse.Namespace) -> list[CallScenario]:
    scenarios = [one for name in options.scenarios for one in _named(name)] if options.scenarios else shipped()
    if options.only:
        unknown = sorted(set(options.only) - {one.name for one in scenarios})
        if unknown:
            raise BadInputError(
                f"there is no scenario {unknown[0]!r}; known: {', '.join(one.name for one in scenarios)}"
            )
        scenarios = [one for one in scenarios if one.name in options.only]
    names = [one.name for one in scenarios]
    if len(set(names)) < len(names):
        raise BadInputError("two scenario files have the same name; their verdicts could not be told apart")
    if options.agent:
        agent = _agent_of(Path(options.agent))
        scenarios = [with_agent(one, agent) for one in scenarios]
    return [replace(one, runs=options.runs) for one in scenarios] if options.runs else scenarios


def _agent_of(path: Path) -> Any:
    try:
        body = json.loads(path.read_bytes())
    except (OSError, RecursionError, ValueError) as error:
        raise BadInputError(f"the agent {path} cannot be read: {error}") from error
    config = body.get("agent_config", body) if isinstance(body, dict) else None
    if not isinstance(config, dict):
        raise BadInputError(f"the agent {path} is none: it must be a JSON object, as the body of POST /v2/agent")
    agent = flat(body)
    try:
        spec_of(agent)
    except ConfigurationError as error:
        raise BadInputError(f"the agent {path} cannot be used: {error.message}") from error
    return agent


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.epilog = "Exit status: 0 every scenario passes, 1 one fails, 2 nothing was judged, 3 the runs do not decide."
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help="a scenario file, a folder of them, or the name of one that comes with Callwright (default: all of those)",
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="run only this scenario (may be given again)")
    parser.add_argument(
        "--agent",
        default="",
        metavar="FILE",
        help="your agent (a body of POST /v2/agent) instead of the scenarios' own",
    )
    parser.add_argument("--runs", type=at_least_one, help="calls of each scenario (else as it says)")
    parser.add_argument("--seed", type=from_zero, default=1, help="the first seed; the others follow it")
    parser.add_argument("--jobs", type=at_least_one, default=1, help="processes")
    parser.add_argument(
        "--speech", choices=SPEECH, default=TONES, help="how caller and agent speak: tones need no models"
    )
    parser.add_argument(
        "--keep", default=DEFAULT_KEEP, metavar="FOLDER", help="where log and recording of failed runs go"
    )
    parser.add_argument("--out", default="", metavar="FILE", help="write JUnit XML there (-: standard output)")
    parser.add_argument("--json", default="", metavar="FILE", help="write JSON there (-: standard output)")
