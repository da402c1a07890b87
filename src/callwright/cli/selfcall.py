"""``callwright selfcall``: a call through the configured carrier to ourselves, and how it sounded. No database, no running server."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import uvloop

from callwright.bootstrap.plugins import PluginInstances, installed_plugins, setting_texts
from callwright.cli.selfcall_ends import Desk, Ears, End, Heard, sound_flows, speech
from callwright.cli.selfcall_table import SCRIPTED, SelfCall, Spoken, WayMeasured, as_json, judged, table
from callwright.domain.errors import ConfigurationError
from callwright.lab.arguments import line_option
from callwright.lab.line import LineConditions, PacketLine
from callwright.media.framing import FRAME_SAMPLES
from callwright.media.probe import dbfs, find_markers, marker, read_tone, steady_tone
from callwright.media.tones import silence
from callwright.ops.clock import SystemClock
from callwright.ops.logging import configure_logging
from callwright.ops.settings import Settings, load_settings
from callwright.platform.dialling.actions import default_decision
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest
from callwright.ports.registry import PluginContext
from callwright.telephony.sip.relay import open_relay

LOOPBACK, SIP = "loopback", "sip"
HOST = "127.0.0.1"
LANGUAGE = "en"
LEAST_SECONDS, MOST_SECONDS = 5, 300
RING_SECONDS = 20
MARKERS = 5
MARKER_GAP_MS = 300
TONE_MS = 3_000
THERE_HZ, BACK_HZ = 1_000.0, 600.0
TONE_AMPLITUDE = 8_000
KEYS_THERE, KEYS_BACK = "159#", "2604"
SETTLE_S = 0.6
WORDS_S = 15.0
KEYS_S = 1.5
SENTENCES = (
    (
        "Good morning, I would like to move my appointment to Friday afternoon.",
        "Of course, may I have your family name please?",
    ),
    ("We often meet near the old railway station on Sunday.", "The weather was very pleasant during the whole summer."),
    ("Please bring the yellow folder and a clean sheet of paper.", "She will call the office again after lunch."),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--carrier", choices=(SIP, LOOPBACK), help="the carrier (CALLWRIGHT_CARRIER)")
    parser.add_argument(
        "--line",
        default="",
        metavar="CONDITIONS",
        help="what the line is like, as loss=5,jitter=100 (docs/how-to/line-lab.md)",
    )
    parser.add_argument(
        "--seconds", type=int, default=15, help="speak until the call has lasted so long (one round at least)"
    )
    parser.add_argument(
        "--no-models", action="store_true", help="speak and hear two-tone text instead of using local models"
    )
    parser.add_argument("--json", action="store_true", help="print figures and verdicts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Place the call and print the table; 0 when every row is within its limit, else 1."""
    if not LEAST_SECONDS <= arguments.seconds <= MOST_SECONDS:
        raise ConfigurationError(f"--seconds: {arguments.seconds} is not between {LEAST_SECONDS} and {MOST_SECONDS}")
    conditions = line_option(arguments.line) if arguments.line else LineConditions()
    settings = load_settings(os.environ, carrier=arguments.carrier)
    if settings.carrier not in (SIP, LOOPBACK):
        raise ConfigurationError(
            f"the carrier {settings.carrier!r} cannot call itself; use --carrier {SIP} or {LOOPBACK}"
        )
    settings = replace(settings, log_level="error" if settings.log_level == "info" else settings.log_level)
    if arguments.no_models:
        settings = replace(settings, loopback_voice=SCRIPTED, loopback_ears=SCRIPTED)
    configure_logging(settings.log_level, settings.log_format)
    call = uvloop.run(_selfcall(settings, conditions, arguments.seconds))
    rows = judged(call)
    print(json.dumps(as_json(call, rows), indent=2) if arguments.json else table(call, rows))
    sys.stdout.flush()
    return 0 if all(row.ok for row in rows) else 1


# -- the carrier ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the call goes: the carrier that dials, and what it dials."""

    carrier: Any
    address: str


@asynccontextmanager
async def _loopback(
    context: PluginContext, plugins: PluginInstances, desk: Desk, line: LineConditions
) -> AsyncIterator[_Place]:
    carrier = plugins.registry.find("carrier", LOOPBACK).factory(context)
    carrier.line = line
    try:
        await carrier.open(desk)
        yield _Place(carrier, "loopback:in/selfcall")
    finally:
        await carrier.aclose()


@asynccontextmanager
async def _sip(
    context: PluginContext, plugins: PluginInstances, desk: Desk, line: LineConditions
) -> AsyncIterator[_Place]:
    """Two gateways with the configured settings on free ports of this machine, and between them a relay when the line is not perfect."""
    factory = plugins.registry.find("carrier", SIP).factory
    async with AsyncExitStack() as stack:
        ports: list[int] = []
        carriers: list[Any] = []
        for takes in (Desk(SystemClock(), None), desk):
            ports.append(_free_port())
            own = {"sip_listen": f"{HOST}:{ports[-1]}", "sip_user": "", "sip_password": "", "sip_max_calls": "2"}
            carriers.append(factory(replace(context, settings={**context.settings, **own})))
            stack.push_async_callback(carriers[-1].aclose)
            await carriers[-1].open(takes)
        target = ports[1]
        if line.text():
            between = await stack.enter_async_context(open_relay(PacketLine(line), (HOST, ports[0]), (HOST, ports[1])))
            target = between.for_gateway[1]
        yield _Place(carriers[0], f"sip:selfcall@{HOST}:{target}")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


# -- the call ------------------------------------------------------------------------------------------------------------------


async def _selfcall(settings: Settings, line: LineConditions, seconds: int) -> SelfCall:
    plugins = PluginInstances(await asyncio.to_thread(installed_plugins))
    clock = SystemClock()
    context = PluginContext(setting_texts(settings), settings.models.expanduser(), plugins)
    plugins.use(context)
    near, far = End(clock), End(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(plugins.aclose)
        sentences = await _sentences(plugins, settings.loopback_voice)
        for end in (near, far):
            end.ears = await Ears.open(plugins("transcriber", settings.loopback_ears), LANGUAGE, clock)
            stack.push_async_callback(end.ears.aclose)
        opener = _sip if settings.carrier == SIP else _loopback
        place = await stack.enter_async_context(opener(context, plugins, Desk(clock, far), line))
        decision = default_decision(place.address, clock.now())
        if not decision.dials:
            raise _failed(place, decision.reason)
        request = DialRequest("selfcall", place.address, settings.from_number, RING_SECONDS, decision=decision)
        set_up_ms = await _dial(place, near, far, request)
        there, back = await _measured(near, far, line, seconds, sentences)
    return SelfCall(settings.carrier, line, settings.loopback_voice, settings.loopback_ears, set_up_ms, there, back)


async def _sentences(plugins: PluginInstances, voice: str) -> list[list[tuple[str, bytes]]]:
    """The sentences of each round with their sound, made before the call so that it need not wait for them."""
    speaker = plugins("voice", voice)
    return [[(text, await speech(speaker, text, LANGUAGE)) for text in pair] for pair in SENTENCES]


async def _dial(place: _Place, near: End, far: End, request: DialRequest) -> float:
    """Place the call; returns the milliseconds from asking the carrier to the answer. Raises ProviderError when there is none."""
    began_s = near.now_s()
    near.takes(await place.carrier.dial(request, near))
    try:
        async with asyncio.timeout(RING_SECONDS + 5):
            await near.is_answered.wait()
            await far.is_answered.wait()
    except TimeoutError:
        raise _failed(place, "it was not answered: one of its ends heard neither of an answer nor of an end") from None
    closed = near.closed_as or far.closed_as
    if closed is not None:
        why = f"it was not answered: {closed.by}: {closed.reason} ({closed.provider_code or closed.code})"
        raise _failed(place, why)
    return (near.answered_s - began_s) * 1000


def _failed(place: _Place, why: str) -> ProviderError:
    return ProviderError(FailureKind.UNAVAILABLE, place.carrier.name, f"the call to ourselves failed: {why}")


async def _measured(
    near: End, far: End, line: LineConditions, seconds: int, sentences: list[list[tuple[str, bytes]]]
) -> tuple[WayMeasured, WayMeasured]:
    settle_s = SETTLE_S + (line.delay_ms + line.jitter_ms + line.reorder_ms * bool(line.reorder_percent)) / 1000
    async with sound_flows(near, far):
        await asyncio.sleep(settle_s)
        there = await _markers(near, far, line, settle_s)
        back = await _markers(far, near, line, settle_s)
        there, back = await _tones(near, far, there, back, settle_s)
        for number in range(1000):
            first, second = sentences[number % len(sentences)]
            there = await _sentence(near, far, there, first, settle_s)
            back = await _sentence(far, near, back, second, settle_s)
            if near.now_s() - near.answered_s >= seconds or near.is_closed.is_set():
                break
        # Packets of keys upset the stack's count of losses and jitter: what was counted before them is the line's.
        counted = {end: end.quality for end in (near, far)}
        there = await _keys(near, far, there, KEYS_THERE)
        back = await _keys(far, near, back, KEYS_BACK)
        await near.leg.hang_up("")
        try:
            await asyncio.wait_for(far.is_closed.wait(), 5)
        except TimeoutError:
            raise ProviderError(
                FailureKind.UNAVAILABLE, "selfcall", "the called end did not hear that the call is over"
            ) from None
    return (
        replace(there, quality=counted[far] or far.quality, sender_quality=near.quality),
        replace(back, quality=counted[near] or near.quality, sender_quality=far.quality),
    )


async def _markers(sender: End, receiver: End, line: LineConditions, settle_s: float) -> WayMeasured:
    """Delay to the other end, and whether anything comes back."""
    since, own = receiver.position, sender.position
    sent_s = []
    for _ in range(MARKERS):
        sent_s.append(await sender.play(marker()))
        await sender.play(silence(MARKER_GAP_MS))
    await asyncio.sleep(settle_s)
    delays_ms = _delays(receiver.heard(since), sent_s, line.delay_ms)
    returned = sender.heard(own)
    echoes_ms = _delays(returned, sent_s, 2 * line.delay_ms + line.echo_ms)
    levels = sorted(found.level_dbfs for found in find_markers(returned.pcm))
    sent_dbfs = find_markers(marker())[0].level_dbfs
    echo = (levels[len(levels) // 2] - sent_dbfs, min(echoes_ms)) if levels and echoes_ms else None
    return WayMeasured(tuple(delays_ms), MARKERS, echo=echo)


def _delays(heard: Heard, sent_s: list[float], expected_ms: float) -> list[float]:
    """For each marker that came, how long after it was written; of several it may have been, the one nearest to what is expected."""
    delays = []
    for found in find_markers(heard.pcm):
        frame, samples = divmod(found.at_samples, FRAME_SAMPLES)
        at_ms = heard.came_s[frame] * 1000 + samples / 8
        possible = [at_ms - sent * 1000 for sent in sent_s if at_ms >= sent * 1000]
        if possible:
            delays.append(min(possible, key=lambda delay: abs(delay - expected_ms - 100)))
    return delays


async def _tones(
    near: End, far: End, there: WayMeasured, back: WayMeasured, settle_s: float
) -> tuple[WayMeasured, WayMeasured]:
    since = {near: near.position, far: far.position}
    await asyncio.gather(
        near.play(steady_tone(THERE_HZ, TONE_MS, TONE_AMPLITUDE)),
        far.play(steady_tone(BACK_HZ, TONE_MS, TONE_AMPLITUDE)),
    )
    await asyncio.sleep(settle_s)
    sent_dbfs = dbfs(TONE_AMPLITUDE / 2**0.5)
    return (
        replace(there, sent_dbfs=sent_dbfs, tone=read_tone(far.heard(since[far]).pcm, THERE_HZ)),
        replace(back, sent_dbfs=sent_dbfs, tone=read_tone(near.heard(since[near]).pcm, BACK_HZ)),
    )


async def _sentence(
    speaker: End, listener: End, way: WayMeasured, sentence: tuple[str, bytes], settle_s: float
) -> WayMeasured:
    assert listener.ears is not None
    text, pcm = sentence
    listener.ears.listening = True
    await speaker.play(pcm)
    await asyncio.sleep(settle_s)
    heard = await listener.ears.sentence(WORDS_S)
    return replace(way, spoken=(*way.spoken, Spoken(text, heard)))


async def _keys(sender: End, receiver: End, way: WayMeasured, keys: str) -> WayMeasured:
    receiver.keys = ""
    await sender.leg.send_keys(keys)
    return replace(way, keys_sent=keys, keys_got=await receiver.pressed(KEYS_S))
