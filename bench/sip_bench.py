"""SIP calls through the whole platform: SIPp's phones, the gateway process, the server with scripted providers. Loopback only.

    python bench/sip_bench.py [--calls 50] [--seconds 15]

Prints the time between neighbouring packets of a call as the kernel saw them arrive, the CPU time of gateway and server per call, and
their memory. Needs SIPp (apt-get install sip-tester); without it prints why nothing was measured. Exits with 1 when a call did not
complete or the 99th percentile of the gaps is 25 ms or more.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.phone.load import LoadFigures, load  # noqa: E402
from tests.phone.ports import Ports  # noqa: E402
from tests.phone.server import Server  # noqa: E402

from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement  # noqa: E402
from callwright.storage.migrate import migrate  # noqa: E402

LARGEST_GAP_MS = 25.0


def measure(calls: int, seconds: float) -> LoadFigures:
    """Run a server of its own under load."""
    folder = Path(tempfile.mkdtemp(prefix="cw-bench-"))
    database = EmbeddedPostgres(
        folder, placement=ServerPlacement(elsewhere=folder / "elsewhere", settings={"fsync": "off"})
    )
    try:
        dsn = database.acquire()
        asyncio.run(migrate(dsn))
        ports = Ports()
        server = Server(folder, dsn, ports.sip(), ports.gateway_media())
        server.start()
        try:
            return asyncio.run(load(server, ports, folder, calls, seconds))
        finally:
            server.stop()
    finally:
        database.release()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """0 when the figures are good, or there is nothing to measure with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=15.0)
    arguments = parser.parse_args()
    if shutil.which("sipp") is None:
        print("not measured: there is no SIPp here; as root: apt-get install --no-install-recommends sip-tester")
        return 0
    figures = measure(arguments.calls, arguments.seconds)
    print(figures.text())
    return int(figures.statuses != {"completed": arguments.calls} or figures.gap_ms[99] >= LARGEST_GAP_MS)


if __name__ == "__main__":
    sys.exit(main())
