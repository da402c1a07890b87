"""When a webhook is tried again, and what an answer means."""

from __future__ import annotations

DELAYS_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""Waits after the first, second, ... failed try; after the last there is no further one (ten tries in about 16 hours)."""

GAP_AFTER_S = 180
"""After so long without success the execution's next event may pass, marked as following a gap."""

LEASE_MARGIN_S = 15
"""A lease outlasts the time limit of one exchange by this much, so that two workers never send the same entry at once."""

_SLOW_DOWN = frozenset({429, 502, 503, 504})


def retry_in(tries: int, http_status: int | None) -> int | None:
    """Seconds until the next try after ``tries`` failed ones (the failed one included), or None for never.

    410 (gone) ends the tries at once; 429 and gateway errors wait at least 30 seconds.
    """
    if http_status == 410 or tries > len(DELAYS_S):
        return None
    delay = DELAYS_S[tries - 1]
    return max(delay, 30) if http_status in _SLOW_DOWN else delay


def is_delivered(http_status: int) -> bool:
    """Whether the receiver took it: any 2xx. Redirects are failures."""
    return 200 <= http_status < 300
