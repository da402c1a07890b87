"""Dispositions asked of a transcript that is no call of ours, to try them out: nothing is stored."""

from __future__ import annotations

import asyncio
from typing import Any

from callwright.call.afterwards.call_dispositions import readable
from callwright.call.afterwards.models import examiner_of, models_afterwards
from callwright.call.afterwards.post_log import RESULT
from callwright.call.live.deps import RuntimeDeps
from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import EXAMINATION_SECONDS, MAX_EXAMINATIONS
from callwright.insight.dispositions import CallFacts, questions_of, unanswered
from callwright.insight.extra_cost import rated
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.ports.questions import Examination, Examined


class _Paper:
    """Notes that nobody keeps."""

    def __init__(self) -> None:
        self.usage: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []
        self.found: dict[str, Any] = {}

    def fact(self, name: str, values: dict[str, Any]) -> None:
        """Something was found or spent."""
        if name == "usage":
            self.usage.append(values)
        elif name == RESULT:
            self.found.setdefault(values["category"], {})[values["name"]] = values["result"]

    def failed(self, what: str, reason: str) -> None:
        """Something could not be done."""
        self.failures.append({"what": what, "reason": reason})

    async def keep(self) -> None:
        """There is nowhere to keep it."""


class Examinations:
    """``ports.questions.Questions`` over the models of this process."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps
        self._ends_us: dict[str, int] = {}

    async def examine(self, asked: Examination) -> Examined:
        """Ask, and store nothing. What is not answered after EXAMINATION_SECONDS is told as such."""
        now_us = self._deps.clock.monotonic_us()
        if asked.tenant_id in self._ends_us:
            left_s = self._left_s(self._ends_us[asked.tenant_id], now_us)
            told = f"a test of dispositions of this account is under way and ends within {left_s} s; wait for it"
            raise RateLimitedError(told, retry_after_s=left_s)
        if len(self._ends_us) >= MAX_EXAMINATIONS:
            left_s = self._left_s(min(self._ends_us.values()), now_us)
            told = f"{MAX_EXAMINATIONS} tests of dispositions are under way in this process; one ends within {left_s} s"
            raise RateLimitedError(told, retry_after_s=left_s)
        self._ends_us[asked.tenant_id] = now_us + EXAMINATION_SECONDS * 1_000_000
        try:
            return await self._examine(asked)
        finally:
            del self._ends_us[asked.tenant_id]

    @staticmethod
    def _left_s(ends_us: int, now_us: int) -> int:
        return max(1, -(-(ends_us - now_us) // 1_000_000))

    async def _examine(self, asked: Examination) -> Examined:
        body = await self._deps.access.opened(asked.tenant_id, asked.agent)
        spec = parse_agent(body, defaults=self._deps.settings.defaults)
        models = await models_afterwards(self._deps, asked.tenant_id, spec)
        own, examiner = models.spec.model, examiner_of(self._deps, models)
        questions = questions_of(readable(asked.bodies), {})
        call = CallFacts(asked.transcript, asked.moment, {})
        paper = _Paper()
        try:
            async with asyncio.timeout(EXAMINATION_SECONDS):
                for group in examiner.grouped(questions, own):
                    await examiner.dispositions(group, call, own, paper)
        except TimeoutError:
            late = f"not answered within {EXAMINATION_SECONDS} s; try a shorter transcript, or name a faster model"
            paper.failed("dispositions", late)
            for one in questions:
                paper.found.setdefault(one.asked.category, {}).setdefault(one.name, unanswered(one.asked, late))
        cost = rated(paper.usage, self._deps.book.at(self._deps.clock.now())).cost_nano
        return Examined(paper.found, paper.usage, cost, paper.failures)
