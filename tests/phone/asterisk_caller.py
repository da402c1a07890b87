"""A process that calls one number through an Asterisk, says what a successor needs to end the call, and waits to be killed.

``python -m tests.phone.asterisk_caller URL NUMBER``
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.phone.asterisk_pbx import APP, PASSWORD, USER
from tests.phone.bare_carrier import Call, Desk

from callwright.ports.leg import DialRequest
from callwright.telephony.asterisk.carrier import AsteriskCarrier
from callwright.telephony.asterisk.configuration import AsteriskSettings


async def _call(url: str, number: str) -> None:
    carrier = AsteriskCarrier(AsteriskSettings(url, USER, PASSWORD, APP, "PJSIP/{number}"))
    await carrier.open(Desk())
    call = Call()
    await carrier.dial(DialRequest("killed.1", number, "+15550100", 30), call)
    await call.until("ringing")
    _say(json.dumps(dict(call.facts)["dialog"]))
    await call.until("answered", 60)
    _say("answered")
    await asyncio.sleep(600)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_call(*sys.argv[1:]))
