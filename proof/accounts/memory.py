"""What the model is told: who said what, what was heard, which tools were called, and what they answered."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.ports.model import Message
from proof.accounts.book import Book, Handlers, contradict

FAILED = "The tool failed: "
IN_PROGRESS = '"status": "in progress"'


class MemoryAccount:
    """The history as it must be, held against every question to the model."""

    __slots__ = (
        "_aside",
        "_book",
        "_by_service",
        "_called",
        "_caller",
        "_heard",
        "_results",
        "_transfers",
        "_waiting",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._caller: list[str] = []
        self._heard: list[str] = []
        self._aside = False  # something was said for a tool
        self._called: set[str] = set()
        self._by_service: dict[str, bool] = {}  # call -> whether it asked a service to transfer
        self._waiting: dict[int, str] = {}  # request -> call whose first answer counts
        self._transfers: dict[int, str] = {}
        self._results: dict[str, str] = {}  # call -> what its result must hold

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.ToolResult: self._result,
            ev.ProviderFailed: self._failed,
            fx.UserSaid: self._user_said,
            fx.AgentSaid: self._agent_said,
            fx.CallTool: self._call,
            fx.SendKeys: self._call,
            fx.CancelTool: self._cancel,
            fx.Transfer: self._transfer,
            fx.TransferSettled: self._transferred,
            fx.Note: self._note,
            fx.AskModel: self._ask,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _user_said(self, effect: fx.UserSaid) -> None:
        self._caller.append(effect.text)

    def _agent_said(self, effect: fx.AgentSaid) -> None:
        self._heard.extend(effect.text.split())
        self._aside = self._aside or effect.purpose in ("tool", "transfer")

    def _call(self, effect: fx.CallTool | fx.SendKeys) -> None:
        self._called.add(effect.call_id)
        self._by_service[effect.call_id] = effect.name in self._book.replies.transfers
        self._waiting[effect.request] = effect.call_id
        self._results[effect.call_id] = IN_PROGRESS

    def _result(self, event: ev.ToolResult) -> None:
        call_id = self._waiting.pop(event.request, None)
        if call_id is not None:
            self._results[call_id] = event.result if event.ok else self._failure(call_id, event.result)

    def _failure(self, call_id: str, reason: str) -> str:
        return '"transferred": false' if self._by_service[call_id] else FAILED + reason

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "tool" and not self._book.hung_up:
            call_id = self._waiting.pop(event.request, None)
            if call_id is not None:
                self._results[call_id] = self._failure(call_id, event.message)

    def _cancel(self, effect: fx.CancelTool) -> None:
        call_id = self._waiting.get(effect.request)
        if call_id is not None:
            self._results[call_id] = "did not answer in time"

    def _transfer(self, effect: fx.Transfer) -> None:
        self._called.add(effect.call_id)
        self._transfers[effect.request] = effect.call_id
        self._results[effect.call_id] = IN_PROGRESS

    def _transferred(self, effect: fx.TransferSettled) -> None:
        call_id = self._transfers.get(effect.request)
        if call_id is not None:
            self._results[call_id] = f'"transferred": {str(effect.transferred).lower()}'

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "transfer_unsettled":
            for call_id in self._waiting.values():
                if self._by_service[call_id]:
                    self._results[call_id] = '"transferred": false'

    def _ask(self, effect: fx.AskModel) -> None:
        self._who_it_is(effect)
        self._what_the_caller_said(effect)
        self._what_it_said(effect)
        self._what_tools_answered(effect)

    def _who_it_is(self, effect: fx.AskModel) -> None:
        prompt = " ".join(self._book.rendered(self._book.plan.system_prompt))
        system = [message.content for message in effect.messages if message.role == "system"]
        if prompt and not (system and effect.messages[0].role == "system" and system[0].startswith(prompt)):
            contradict("the model is told who it is", effect.request)

    def _what_the_caller_said(self, effect: fx.AskModel) -> None:
        if effect.purpose == "welcome":
            return  # nobody has said anything; what stands there is ours
        said = [message.content for message in effect.messages if message.role == "user"]
        expected = list(self._caller)
        if effect.turn > len(expected):
            expected.append(effect.messages[-1].content if effect.messages[-1].role == "user" else "")
        if said != expected:
            contradict(
                "the model knows what the caller said", f"{said[-3:]} and {expected[-3:]} in request {effect.request}"
            )

    def _what_it_said(self, effect: fx.AskModel) -> None:
        told = [word for message in effect.messages if message.role == "assistant" for word in message.content.split()]
        count = len(self._heard)
        audible = self._book.replies.audible
        speaking = audible.sound.spoken if audible is not None else []
        if told[:count] == self._heard and told[count:] == speaking[: len(told) - count]:
            return
        # What is said for a tool stands in the message that called it, which need not be the last.
        if not self._aside or sorted(told) != sorted([*self._heard, *speaking[: len(told) - count]]):
            contradict(
                "the model knows what was heard of it",
                f"{told[-5:]} after {self._heard[-5:]} in request {effect.request}",
            )

    def _what_tools_answered(self, effect: fx.AskModel) -> None:
        answers = {message.tool_call_id: message.content for message in effect.messages if message.role == "tool"}
        for call_id in self._called:
            answer, result = answers.get(call_id), self._results[call_id]
            if answer is None or result not in answer or (FAILED in answer) != (FAILED in result):
                contradict("the model knows what its tools answered", f"{call_id}: {answer!r}, not {result!r}")
        _well_formed(effect.messages)
        open_ = [call_id for call_id, answer in answers.items() if IN_PROGRESS in answer]
        if open_:
            contradict("the model is told what became of all it called", f"{open_} in request {effect.request}")


def _well_formed(messages: tuple[Message, ...]) -> None:
    """A tool's answer follows the message that called it: models refuse anything else."""
    called: set[str] = set()
    for message in messages:
        if message.role == "tool":
            if message.tool_call_id not in called:
                contradict("a tool's answer follows its call", message.tool_call_id)
        else:
            called = {call.call_id for call in message.tool_calls}
