"""``callwright demo``: one real call, offline, through the public API, to a synthetic caller that speaks and listens."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import shutil
import signal
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import httpx2 as httpx
import uvloop

from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.addresses import open_in_browser, sign_in_link
from callwright.cli.demo_agent import demo_agent
from callwright.cli.serving import bind, http_server, url_of, warn_of_unknown_variables
from callwright.domain.errors import BadInputError, UnavailableError
from callwright.domain.limits import MAX_RING_SECONDS
from callwright.domain.number import LOOPBACK
from callwright.insight.provision import provision_text
from callwright.lab.arguments import line_option
from callwright.lab.caller_scenario import BUILT_IN
from callwright.lab.line import LineConditions
from callwright.ops.logging import configure_logging
from callwright.ops.settings import Settings, load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.execution import TERMINAL, Status
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.services import missing
from callwright.platform.sessions.actions import new_code
from callwright.platform.sessions.rules import HOME
from callwright.providers.local.inference import LocalInference
from callwright.telephony.loopback.carrier import LoopbackCarrier, load_scenario
from callwright.telephony.loopback.observer import LineMoment

NUMBER = "+15550123"
_LIMIT_SECONDS = 450
_LOADING_SECONDS = 150
_NEW_CALL = "new"
_SHOWN = {"UserSaid": "agent heard ", "AgentSaid": "agent said  "}


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--json", action="store_true", help="standard output is only the execution")
    parser.add_argument("--model", default="", help="model provider of the agent: local, intents or custom")
    parser.add_argument(
        "--persona", default="demo", help="synthetic caller: demo, talkative, silent, hangup, machine, busy, ..."
    )
    parser.add_argument(
        "--line",
        default="",
        metavar="CONDITIONS",
        help="what the line is like, as loss=5,jitter=100 (docs/how-to/line-lab.md)",
    )
    parser.add_argument(
        "--open",
        nargs="?",
        const=_NEW_CALL,
        default="",
        metavar="EXECUTION",
        help="afterwards show the call in the browser until Ctrl-C; with an id show that call of an earlier demo, and place none",
    )
    parser.add_argument("--data", type=Path, help="data folder; the demo uses its own folder in it (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Place the call; 0 when the execution is ``completed``, or ended as its persona wants it."""
    settings = load_settings(os.environ, data=arguments.data)
    # Its caller is in this process: the SIP port is left to whoever serves phones.
    quiet = _at_least_warning(settings.log_level)
    # It calls nobody's phone, whatever the server's accounts do.
    settings = replace(settings, data=settings.data / "demo", log_level=quiet, sip_listen="", sandbox="always")
    configure_logging(settings.log_level, settings.log_format)
    warn_of_unknown_variables(os.environ)
    out = sys.stderr if arguments.json else sys.stdout
    if arguments.open not in ("", _NEW_CALL):
        uvloop.run(_show(settings, arguments.open, out))
        return 0
    model = arguments.model or ("custom" if settings.model_base_url else "local")
    known = load_scenario(str(settings.scenario or "")).personas
    if arguments.persona not in known:
        raise BadInputError(
            f"--persona: there is no synthetic caller {arguments.persona!r}; known: {', '.join(sorted(known))}"
        )
    line = line_option(arguments.line) if arguments.line else None
    own = {"local_model": settings.local_model, "local_model_paths": ",".join(settings.local_model_paths)}
    missing = LocalInference(settings.models.expanduser(), own).what_to_install(language=model == "local")
    if missing:
        print("\n".join(("The demo speaks with local models. Install them first:", *missing)), file=sys.stderr)
        return 1
    body = uvloop.run(_demo(settings, _Demo(model, arguments.persona, line, arguments.open == _NEW_CALL), out))
    return judged(json.loads(body)["status"], arguments.persona, out)


def judged(status: str, persona: str, out: TextIO) -> int:
    """The exit status for a call that ended with ``status``: 1 for a defect, and for a caller who takes calls and was not reached."""
    caller = BUILT_IN.get(persona)
    if status == Status.NO_ANSWER and caller is not None and caller.answer.how in ("answer", "machine"):
        _say(
            out,
            f"not reached  a telephone rings for {MAX_RING_SECONDS} s at most, and a call is answered when voice and recogniser are ready;"
            " on a busy machine they may not be by then: run the demo again when it is less busy",
        )
        return 1
    return int(status == Status.ERROR)


def _at_least_warning(level: str) -> str:
    return level if level in {"debug", "error"} else "warning"


@dataclass(frozen=True, slots=True)
class _Demo:
    """What was asked for."""

    model: str
    persona: str
    line: LineConditions | None
    in_browser: bool


async def _demo(settings: Settings, asked: _Demo, out: TextIO) -> str:
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)

    def watch(moment: LineMoment) -> None:
        if moment.kind == "said":
            _say(out, f"caller says {moment.text}")
        elif moment.kind == "heard":
            _say(out, f"caller hears {moment.text}")
        elif moment.kind in {"ringing", "answered", "closed", "key"}:
            _say(out, f"line        {moment.kind} {moment.text}".rstrip())

    _say(out, "starting the platform ...")
    if asked.line is not None:
        _say(out, f"the line: {asked.line.text() or 'perfect'}")
    async with open_platform(settings, url) as platform, http_server(platform.app, listener):
        carrier: LoopbackCarrier = platform.foundation.plugins("carrier", LOOPBACK)
        carrier.observer, carrier.line = watch, asked.line
        async with asyncio.timeout(_LIMIT_SECONDS):
            body = await _call(platform, url, asked, out)
        sys.stdout.write(f"{body}\n")
        sys.stdout.flush()
        if asked.in_browser:
            await _keep_open(platform, url, json.loads(body)["id"], out)
        return body


async def _show(settings: Settings, execution_id: str, out: TextIO) -> None:
    """Show a call of an earlier demo in the browser. Raises NotFoundError."""
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    async with open_platform(settings, url) as platform, http_server(platform.app, listener):
        async with platform.services.ledger.reading() as unit:
            if await unit.executions.get(DEFAULT_TENANT_ID, execution_id) is None:
                raise missing("call")
        await _keep_open(platform, url, execution_id, out)


async def _keep_open(platform: Platform, url: str, execution_id: str, out: TextIO) -> None:
    """Open the page of a call in the browser, and go on serving until a signal."""
    link = sign_in_link(url, await new_code(platform.services, DEFAULT_TENANT_ID), f"{HOME}calls/{execution_id}")
    _say(out, f"the call in the browser (good once, for 10 minutes; Ctrl-C ends)\n{link}")
    await asyncio.to_thread(open_in_browser, link)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()


async def _call(platform: Platform, url: str, asked: _Demo, out: TextIO) -> str:
    key = (await create_key(platform.services, DEFAULT_TENANT_ID, "demo")).secret
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as api:
        agent_id = (await _post(api, "/v2/agent", demo_agent(asked.model)))["agent_id"]
        _say(
            out, f"agent {agent_id} created with the model {asked.model!r}; loading what it speaks and thinks with ..."
        )
        # Otherwise a busy machine loads it while the telephone rings, which it does not for ever.
        if not await platform.runtime.preparer.settled(_LOADING_SECONDS):
            _say(
                out, f"this machine is busy: it still loads after {_LOADING_SECONDS} s, and the telephone may ring out"
            )
        _say(out, f"calling {NUMBER}")
        order = {"agent_id": agent_id, "recipient_phone_number": NUMBER, "user_data": {"persona": asked.persona}}
        execution_id = (await _post(api, "/call", order))["execution_id"]
        following = asyncio.create_task(_follow(api, execution_id, out))
        try:
            body = await _final(api, execution_id, out)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    _summary(platform, execution_id, json.loads(body), out)
    for line in look_again(
        execution_id,
        platform.foundation.settings.data,
        shown=asked.in_browser,
        program=program_of(sys.argv[0]),
    ):
        _say(out, line)
    return body


async def _post(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = await api.post(path, json=body)
    if answer.status_code >= 300:
        raise UnavailableError(f"{path} answered {answer.status_code}: {answer.text}")
    return answer.json()


async def _follow(api: httpx.AsyncClient, execution_id: str, out: TextIO) -> None:
    """Show what the agent heard and said, from the live event stream."""
    async with api.stream("GET", f"/v1/callwright/executions/{execution_id}/events", timeout=None) as stream:
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name in _SHOWN:
                values = json.loads(line.removeprefix("data: "))["values"]
                if values["text"]:
                    _say(out, f"{_SHOWN[name]}{values['text']}{' (interrupted)' if values.get('cut') else ''}")


async def _final(api: httpx.AsyncClient, execution_id: str, out: TextIO) -> str:
    shown = ""
    while True:
        answer = await api.get(f"/executions/{execution_id}")
        status = answer.json()["status"]
        if status != shown:
            shown = status
            _say(out, f"status      {status}")
        if status in TERMINAL:
            return answer.text
        await asyncio.sleep(0.25)


def _summary(platform: Platform, execution_id: str, body: dict[str, Any], out: TextIO) -> None:
    recording = platform.foundation.recordings.path(execution_id, "call.wav")
    _say(out, f"recording   {recording or 'none'}")
    for line in provision_text(body["callwright"]):
        _say(out, line)
    delays = [turn["latency_ms"]["total"] for turn in body["callwright"]["turns"] if turn["latency_ms"]]
    if delays:
        _say(
            out,
            f"latency     last caller frame to first agent frame: median {statistics.median(delays):.0f} ms of {len(delays)} turns",
        )


def look_again(execution_id: str, data: Path, *, shown: bool = False, program: str = "callwright") -> list[str]:
    """Lines with the commands that read the call afterwards. ``data``: the demo's own folder, which they would not look into. ``shown``:
    the browser shows the call already. ``program``: the first word of a command."""
    where = f"{execution_id} --data {shlex.quote(str(data))}"
    browser = f"in the browser      {program} demo --open {execution_id} --data {shlex.quote(str(data.parent))}"
    return [
        f"what went wrong     {program} doctor {where}",
        f"replay it           {program} replay {where}",
        *([] if shown else [browser]),
    ]


def program_of(started_as: str, path: str | None = None) -> str:
    """The first word of a command that runs this program again: ``started_as`` (``sys.argv[0]``), unless ``path`` (the environment's)
    finds it."""
    given = Path(started_as)
    if given.name != "callwright" or shutil.which("callwright", path=path) == started_as:
        return "callwright"
    return shlex.quote(started_as)


def _say(out: TextIO, line: str) -> None:
    print(line, file=out, flush=True)
