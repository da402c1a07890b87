"""What a call's providers fail at is logged once and counted each time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callwright.call.live.failure_reports import FailureReports
from callwright.call.live.think import Thinker
from callwright.ops.metrics import Metrics
from callwright.ports.model import ModelDelta, ModelRequest, ModelSettings


class Mind:
    """A model in this process."""

    name = "mind"

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        yield ModelDelta(ended="stop")

    async def warm(self, request: ModelRequest) -> None:
        """Nothing."""


class FarMind(Mind):
    """A model on another machine."""

    def host(self, settings: ModelSettings) -> str:
        return "llm.example:8443"

    async def probe(self, settings: ModelSettings) -> str:
        return ""


def failed(kind: str, message: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "provider": "acme", "failure": "unavailable", "message": message, "generation": 1, **more}


def reports(model: Mind) -> tuple[FailureReports, Metrics]:
    metrics = Metrics()
    return FailureReports("e-1", Thinker(model, "acme", ModelSettings(), {}), metrics), metrics


def tell(to: FailureReports, *entries: tuple[str, dict[str, Any]]) -> None:
    for number, (name, values) in enumerate(entries):
        to.take(number, number * 1_000, "core", "in", name, values)


def counted(metrics: Metrics, kind: str, failure: str) -> float | None:
    labels = {"kind": kind, "failure": failure}
    return metrics.registry.get_sample_value("callwright_provider_errors_total", labels)


def test_a_failure_is_logged_once_with_call_and_host_and_counted_each_time(caplog: pytest.LogCaptureFixture) -> None:
    told, metrics = reports(FarMind())
    tell(told, *[("ProviderFailed", failed("model", "the endpoint failed (HTTP 500)", request=1))] * 3)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        'execution e-1 at llm.example:8443: The model acme failed, unavailable: "the endpoint failed (HTTP 500)".'
    )
    assert counted(metrics, "model", "unavailable") == 3


def test_another_failure_is_another_line_and_a_model_here_has_no_host(caplog: pytest.LogCaptureFixture) -> None:
    told, metrics = reports(Mind())
    tell(told, ("ProviderFailed", failed("model", "a", request=1)), ("ProviderFailed", failed("voice", "b")))
    assert [record.getMessage() for record in caplog.records] == [
        'execution e-1: The model acme failed, unavailable: "a".',
        'execution e-1: The voice acme failed, unavailable: "b".',
    ]
    assert (counted(metrics, "model", "unavailable"), counted(metrics, "voice", "unavailable")) == (1, 1)


class OddMind(FarMind):
    """A plugin with a defect."""

    def host(self, settings: ModelSettings) -> str:
        raise ValueError("no host")


def test_a_plugins_defect_does_not_hide_the_failure(caplog: pytest.LogCaptureFixture) -> None:
    told, _ = reports(OddMind())
    tell(told, ("ProviderFailed", failed("model", "a", request=1)))
    assert 'execution e-1: The model acme failed, unavailable: "a".' in caplog.text


def test_a_tool_is_logged_with_its_own_host(caplog: pytest.LogCaptureFixture) -> None:
    told, metrics = reports(FarMind())
    sent = {"request": 5, "tool": "slots", "host": "10.0.0.7", "status": 0, "blocked": True}
    tell(told, ("CallTool", {"request": 5, "name": "slots"}), ("tool_request", sent),
         ("ToolResult", {"request": 5, "ok": False, "result": "Not called"}))  # fmt: skip
    assert caplog.records[0].getMessage() == (
        'execution e-1 at 10.0.0.7: The tool slots was never asked: "Not called".'
    )
    assert counted(metrics, "tool", "blocked") == 1


def test_what_works_is_neither_logged_nor_counted(caplog: pytest.LogCaptureFixture) -> None:
    told, metrics = reports(FarMind())
    tell(
        told, ("AskModel", {"request": 1, "generation": 1}), ("ReplyText", {"request": 1, "generation": 1, "text": "x"})
    )
    assert caplog.records == []
    assert counted(metrics, "model", "unavailable") is None


def test_a_fallback_that_took_over_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    told, metrics = reports(FarMind())
    values = {"kind": "voice", "before": "throat", "after": "spare", "reason": "unavailable: HTTP 503"}
    tell(told, ("ProviderSwitched", values), ("ProviderSwitched", {**values, "reason": "it failed in other calls"}))
    assert caplog.records[0].getMessage() == (
        'execution e-1: The voice throat failed, unavailable: "HTTP 503". spare took over.'
    )
    assert counted(metrics, "voice", "unavailable") == 1
    assert metrics.registry.get_sample_value("callwright_provider_switches_total", {"kind": "voice"}) == 2
