"""HTTP tools of one call (contract 14), and the webhook that tells of a tool before it runs (contract 9).

Everything goes through the guarded client. What is sent is made by pure functions of ``domain``; this module sends it, in bounded time,
and puts the outcome into words for the model that hold nothing of the address but its host.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from callwright.call.live.redaction import redacted
from callwright.call.live.tools import ToolOutcome
from callwright.domain.errors import BlockedUrlError, UnavailableError, VaultLockedError
from callwright.domain.limits import TOOL_REQUEST_SECONDS
from callwright.platform.agents.rules.spec import AgentSpec, ToolSpec
from callwright.platform.agents.rules.transfers import SYSTEM_VARIABLES, asks_for_transfer
from callwright.platform.executions.rules.execution import Execution, Status
from callwright.platform.tools.rules.address import host_of
from callwright.platform.tools.rules.answer import answer_text, remembered
from callwright.platform.tools.rules.arguments import UnfitArgumentsError, fitted
from callwright.platform.tools.rules.named_values import given_values
from callwright.platform.tools.rules.request import ToolRequest, tool_request
from callwright.platform.tools.rules.template import BadTemplateError, filled, read_template, value_text
from callwright.platform.webhooks.rules.address import webhook_address
from callwright.ports.world import Clock

ROW_SECONDS = 2.0
"""For a look at the ledger; a tool does not wait longer for a database that is away."""


class Reply(Protocol):
    """A web server's answer."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name."""
        ...

    @property
    def body(self) -> bytes:
        """The body, cut at a limit."""
        ...


class Sender(Protocol):
    """The guarded HTTP client as tools use it."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """One exchange. Raises BlockedUrlError or UnavailableError."""
        ...


LiveRow = Callable[[str], Awaitable[Execution | None]]
"""The execution as the ledger has it now. Raises UnavailableError."""

InProgress = Callable[[Execution], Mapping[str, Any]]
"""The Execution object of the contract, as a webhook has it."""

Signer = Callable[[str, bytes], Awaitable[Mapping[str, str]]]
"""Headers that sign the body of a tenant's webhook; none without a secret. Raises UnavailableError, or VaultLockedError where the secret
cannot be opened."""


async def _unsigned(_: str, __: bytes) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class WebDesk:
    """What HTTP tools of all calls share."""

    sender: Sender
    clock: Clock
    row: LiveRow
    body: InProgress
    sign: Signer = _unsigned

    def tools(self, execution: Execution, spec: AgentSpec, variables: Mapping[str, str]) -> WebTools:
        """The tools of one call. ``variables`` are the call's."""
        return WebTools(self, execution, spec, variables)


class WebTools:
    """The tool runner of one call. What the answers taught fills the places of later requests."""

    def __init__(self, desk: WebDesk, execution: Execution, spec: AgentSpec, variables: Mapping[str, str]) -> None:
        self._desk = desk
        self._execution = execution
        self._spec = spec
        self._system = {name: variables.get(name, "") for name in SYSTEM_VARIABLES}
        self._learned: dict[str, Any] = {}

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Send the tool's request once. ``arguments`` is a JSON object, checked against the tool's schema."""
        tool = self._tool(name)
        if tool is None or not tool.params.get("url"):
            return ToolOutcome(False, f"the tool {name} is not available: it has no url")
        given = _object(arguments)
        # What the carrier calls this call is known once it has been dialled.
        if not self._system["call_sid"]:
            await self._read_row()
        try:
            extra = self._control_request(given) if asks_for_transfer(tool) else None
            request = tool_request(tool, self._values(tool, given), self._fixed(), extra)
        except UnfitArgumentsError as error:
            return ToolOutcome(False, f"The tool was not called: {error}")
        except BadTemplateError as error:
            return ToolOutcome(False, f"the tool {name} cannot be called: its param {error}")
        outcome = await self._send(tool, request)
        if outcome.ok:
            self._learned = remembered(self._learned, outcome.text)
        return outcome

    async def before(self, name: str, arguments: str) -> Mapping[str, Any] | None:
        """Tell of a tool that is about to run, where its agent wants that: the execution as it is now, and the rendered parameters at the
        top level. Returns a fact for the log. What becomes of it changes nothing in the call."""
        tool = self._tool(name)
        if tool is None or tool.params.get("pre_call_webhook_param") is None:
            return None
        url = tool.params.get("pre_call_webhook_url") or self._spec.webhook_url
        if not url:
            return {"tool": name, "ok": False, "reason": "neither the tool nor the agent has a webhook URL"}
        await self._read_row()
        try:
            values = self._values(tool, _object(arguments))
            told = filled(read_template(tool.params["pre_call_webhook_param"]), values)
        except (UnfitArgumentsError, BadTemplateError) as error:
            return {"tool": name, "ok": False, "reason": str(error)}
        # The row may be written a moment after the call was answered.
        now = replace(self._execution, status=Status.IN_PROGRESS)
        whole = {**self._desk.body(now), **(told if isinstance(told, dict) else {})}
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), default=float).encode("utf-8", "replace")
        try:
            async with asyncio.timeout(ROW_SECONDS):
                signature = await self._desk.sign(self._execution.tenant_id, body)
        except (TimeoutError, UnavailableError, VaultLockedError):
            return {"tool": name, "ok": False, "reason": "the webhook's secret cannot be read now"}
        headers = {"content-type": "application/json", **signature}
        if url == self._spec.webhook_url:
            # The agent's own headers are for its own receiver only.
            headers = {**{key.lower(): value for key, value in self._spec.webhook_headers.items()}, **headers}
        address = webhook_address(str(url), {key: value_text(value) for key, value in self._fixed().items()})
        outcome, facts = await self._exchange(ToolRequest("POST", address, headers, body))
        return {"tool": name, "ok": outcome.ok, "reason": "" if outcome.ok else outcome.text, **facts}

    def _tool(self, name: str) -> ToolSpec | None:
        return next((tool for tool in self._spec.tools if tool.name == name), None)

    async def _read_row(self) -> None:
        """Read the execution as it is now. Where that fails it stays as it was read before."""
        try:
            async with asyncio.timeout(ROW_SECONDS):
                row = await self._desk.row(self._execution.id)
        except (UnavailableError, TimeoutError):
            return
        if row is not None:
            self._execution = row
            self._system["call_sid"] = row.provider_call_id or ""

    def _fixed(self) -> dict[str, Any]:
        """The call's own variables: no model changes them."""
        return {**given_values(self._execution.user_data), **self._system}

    def _values(self, tool: ToolSpec, given: Mapping[str, Any]) -> dict[str, Any]:
        declared = tool.parameters.get("properties")
        values = {**self._learned, **given_values(self._execution.user_data), **given, **self._system}
        for name, rule in (declared if isinstance(declared, Mapping) else {}).items():
            if name in values and name not in given:
                values[name] = _as_declared(rule, values[name], name)
        return values

    def _control_request(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What a transfer service is told (contract 14.3); the tool's own ``param`` comes on top."""
        return {
            "call_sid": self._system["call_sid"],
            "provider": self._execution.carrier,
            "stream_sid": "",
            "from_number": self._system["from_number"],
            "execution_id": self._system["execution_id"],
            "call_transfer_number": "",
            **given,
        }

    async def _send(self, tool: ToolSpec, request: ToolRequest) -> ToolOutcome:
        outcome, facts = await self._exchange(request)
        sent = {"tool": tool.name, "method": request.method, "sent": redacted(request.sent, sent=True), **facts}
        return ToolOutcome(outcome.ok, outcome.text, sent)

    async def _exchange(self, request: ToolRequest) -> tuple[ToolOutcome, dict[str, Any]]:
        clock, host = self._desk.clock, host_of(request.url)
        began_us = clock.monotonic_us()
        status, blocked = 0, False
        try:
            reply = await self._desk.sender.send(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                timeout_s=TOOL_REQUEST_SECONDS,
            )
        except BlockedUrlError as error:
            blocked = True
            outcome = ToolOutcome(False, f"Not called, blocked by the outbound policy: {error.message}. {error.hint}")
        except UnavailableError as error:
            outcome = ToolOutcome(False, f"ERROR CALLING API: Request to {host}: {error.message}")
        else:
            status = reply.status
            kind, packing = (reply.headers.get(f"content-{name}", "") for name in ("type", "encoding"))
            outcome = ToolOutcome(*answer_text(status, kind, reply.body, packing))
        facts = {"host": host, "status": status, "ms": (clock.monotonic_us() - began_us) // 1000}
        return outcome, {**facts, "blocked": True} if blocked else facts


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text or "{}")
    return value if isinstance(value, dict) else {}


def _as_declared(rule: object, value: Any, name: str) -> Any:
    try:
        return fitted(rule, value, name)
    except UnfitArgumentsError:
        return value
