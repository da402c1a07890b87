"""Carriers that listen are opened at the start, and one that cannot keeps nobody from starting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from callwright.bootstrap.carriers import open_carriers
from callwright.bootstrap.plugins import PluginInstances
from callwright.domain.errors import ConfigurationError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import InboundDesk
from callwright.ports.registry import Plugin, PluginContext, Registry

DESK = cast(InboundDesk, object())


class Listening:
    """A carrier that notes to whom it was opened."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.opened: list[object] = []
        self._failure = failure

    async def open(self, desk: InboundDesk) -> None:
        self.opened.append(desk)
        if self._failure is not None:
            raise self._failure


class Deaf:
    """A carrier that only dials."""


def plugins(**carriers: Callable[[PluginContext], Any]) -> PluginInstances:
    made = PluginInstances(Registry(Plugin("carrier", name, "", factory) for name, factory in carriers.items()))
    made.use(PluginContext({}, Path()))
    return made


async def test_every_carrier_that_can_listen_is_opened_once() -> None:
    first, second = Listening(), Listening()
    await open_carriers(plugins(a=lambda _: first, b=lambda _: Deaf(), sip=lambda _: second), DESK, sip=True)
    assert (first.opened, second.opened) == ([DESK], [DESK])


async def test_without_an_address_sip_is_not_even_made() -> None:
    def never(_: PluginContext) -> Any:
        raise AssertionError("made")

    other = Listening()
    await open_carriers(plugins(sip=never, other=lambda _: other), DESK, sip=False)
    assert other.opened == [DESK]


@pytest.mark.parametrize(
    "failure",
    [
        ConfigurationError("the address is in use"),
        ProviderError(FailureKind.UNAVAILABLE, "a", "gone"),
        OSError(98, "Address already in use"),
        RuntimeError("a defect"),
    ],
)
async def test_one_that_cannot_listen_does_not_stop_the_others(failure: Exception) -> None:
    def cannot(_: PluginContext) -> Any:
        raise failure

    last = Listening()
    await open_carriers(plugins(a=lambda _: Listening(failure), b=cannot, c=lambda _: last), DESK, sip=True)
    assert last.opened == [DESK]


def test_a_plugin_whose_factory_has_a_defect_fails_as_a_provider() -> None:
    def broken(_: PluginContext) -> Any:
        return Deaf(1)  # type: ignore[call-arg]

    with pytest.raises(ProviderError, match="its factory failed with TypeError"):
        plugins(a=broken)("carrier", "a")
