"""Many calls at once through the whole platform. How evenly packets leave is judged in the full suite; CI only wants every call whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.phone.length import FULL, sized
from tests.phone.load import load
from tests.phone.ports import Ports
from tests.phone.server import Server
from tests.phone.summary import FIGURE

CALLS = sized(50, 20)
SECONDS = sized(20, 5)
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
    """Full: 50 calls, 20 s, the gaps' 99th percentile under 25 ms. CI: 20 calls, 5 s, the figures only told (bench/sip_bench.py)."""
    figures = await load(own_server, ports, tmp_path, CALLS, SECONDS)
    record_property(FIGURE, figures.text())

    assert figures.statuses == {"completed": CALLS}
    if FULL:
        assert figures.packets_per_second > 49, figures.text()
        assert figures.gap_ms[99] < LARGEST_GAP_MS, figures.text()
