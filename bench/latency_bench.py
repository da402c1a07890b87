"""Last caller frame to first agent frame on the wire, with scripted instant providers and default settings.

    python bench/latency_bench.py [--calls 4] [--at-once 1]

Prints the median and the 95th percentile over all turns, the shares of the waterfall, and the two things that would make the figure
worthless: how late the audio clock ran, and how late a timer with nothing to do ran at the same time (the machine's own share). Exits
with 1 when the median is above 0.8 s, or a line ran dry inside an utterance (starved or late frames).
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.call_world import call_world  # noqa: E402

from callwright.insight.view import view_of  # noqa: E402
from callwright.insight.waterfall import waterfall  # noqa: E402
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement  # noqa: E402
from callwright.storage.migrate import migrate  # noqa: E402

TARGET_MS = 800


async def _control(late_ms: list[float]) -> None:
    """A bare 20 ms timer: what the machine and the event loop do to everybody."""
    next_s = time.perf_counter()
    while True:
        next_s += 0.02
        await asyncio.sleep(max(0.0, next_s - time.perf_counter()))
        late_ms.append((time.perf_counter() - next_s) * 1000)


def _percentile(values: Sequence[float], per_hundred: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * per_hundred // 100)] if ordered else 0.0


async def measure(dsn: str, folder: Path, calls: int, at_once: int) -> dict[str, Any]:
    """Run the calls and collect the turns of all of them."""
    totals: list[float] = []
    shares: dict[str, list[float]] = {}
    lines: list[dict[str, int]] = []
    late_ms: list[float] = []
    async with call_world(dsn, folder) as world:
        control = asyncio.create_task(_control(late_ms))
        for begin in range(0, calls, at_once):
            ids = [await world.place() for _ in range(min(at_once, calls - begin))]
            for execution_id in ids:
                row = await world.until(execution_id, "completed", "error", "failed", seconds=120)
                if row.status != "completed":
                    raise SystemExit(f"a call ended as {row.status}: {row.error_message}")
                lines.append(row.record["line"])
                for turn in waterfall(view_of(await world.log(execution_id))):
                    totals.append(turn.total_us / 1000)
                    for part, us in turn.parts_us.items():
                        shares.setdefault(part, []).append(us / 1000)
        control.cancel()
    return {"totals": totals, "shares": shares, "lines": lines, "late_ms": late_ms}


def report(found: dict[str, Any]) -> bool:
    """Print the figures; whether they are good."""
    totals, lines = found["totals"], found["lines"]
    median = statistics.median(totals)
    print(f"turns                 {len(totals)}")
    print(f"median                {median:.0f} ms (target at most {TARGET_MS})")
    print(f"95th percentile       {_percentile(totals, 95):.0f} ms")
    for part, values in found["shares"].items():
        print(f"  {part:<20}{statistics.median(values):.1f} ms")
    starved, late = (sum(line[name] for line in lines) for name in ("starved_frames", "late_frames"))
    written = sum(line["frames_out"] for line in lines)
    print(f"frames                {written} written, {starved} starved, {late} late")
    print(f"audio clock, p99      {max(line['late_p99_ms'] for line in lines)} ms late in the worst call")
    print(f"bare timer, p99       {_percentile(found['late_ms'], 99):.1f} ms late (the machine's own share)")
    return median <= TARGET_MS and starved == 0 and late == 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--at-once", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cw-bench-"))
    server = EmbeddedPostgres(folder, placement=ServerPlacement(elsewhere=folder / "elsewhere"))
    try:
        dsn = server.acquire()
        asyncio.run(migrate(dsn))
        found = asyncio.run(measure(dsn, folder / "data", arguments.calls, arguments.at_once))
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if report(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
