"""Many calls at once through the whole platform: each is whole, and its packets leave evenly. On a machine that does nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.phone.length import only_in_full
from tests.phone.load import load
from tests.phone.ports import Ports
from tests.phone.server import Server
from tests.phone.summary import FIGURE

pytestmark = only_in_full

CALLS = 50
SECONDS = 20
LARGEST_GAP_MS = 25.0


@pytest.fixture(scope="module")
def own_server(
    phone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, ports: Ports
) -> Iterator[Server]:
    """A server that has nothing else to do."""
    server = Server(tmp_path_factory.mktemp("loaded"), phone_database("loaded"), ports.sip(), ports.gateway_media())
    server.start()
    yield server
    server.stop()


async def test_many_calls_at_once_all_complete(
    own_server: Server, ports: Ports, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """50 calls for 20 s; the 99th percentile of the gaps between packets stays under 25 ms (bench/sip_bench.py compares)."""
    figures = await load(own_server, ports, tmp_path, CALLS, SECONDS)
    record_property(FIGURE, figures.text())

    assert figures.statuses == {"completed": CALLS}
    assert figures.packets_per_second > 49, figures.text()
    assert figures.gap_ms[99] < LARGEST_GAP_MS, figures.text()
