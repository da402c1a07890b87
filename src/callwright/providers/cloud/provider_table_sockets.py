"""Recognisers over websockets that no kept client speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from callwright.domain.settings.kinds import SWITCH, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.ops.ids import RandomIds
from callwright.providers.cloud.languages import bare
from callwright.providers.cloud.provider_table_options import NAME, PIXA_KEYS, WORDS, boosted, model_option
from callwright.providers.cloud.socket_client import Alternative, Event, Kind, SocketStatusError, Wire, WordEnd
from callwright.providers.cloud.vendor import TRANSCRIBER, Client, Vendor

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.44, 1.2
_CLOSED_WITH_ERROR = 1011


def _pixa_url(sent: Mapping[str, Any]) -> str:
    query = {"language": sent["language"], "encoding": "linear16", "sample_rate": 16_000}
    return f"{sent['base_url']}?{urlencode(query)}"


def _pixa_events(told: Mapping[str, Any]) -> Iterator[Event]:
    if told.get("type") == "Results" and isinstance(told.get("transcript"), str):
        yield Event(Kind.FINAL if told.get("is_final") else Kind.PARTIAL, (Alternative(told["transcript"]),))


_PIXA = Wire(
    _pixa_url,
    lambda sent: {"X-Pixa-Key": f"Bearer {sent['api_key']}"},
    lambda _: _pixa_events,
    flush='{"type":"Finalize"}',
    goodbye='{"type":"CloseStream"}',
)


def _bodhi_config(sent: Mapping[str, Any]) -> str:
    names = ("model", "parse_number", "endpoint_silence_duration")
    config = {name: sent[name] for name in names if name in sent}
    if sent.get("hotwords"):
        config["hotwords"] = [
            {"phrase": phrase, **({} if score == 1 else {"score": score})} for phrase, score in sent["hotwords"]
        ]
    return json.dumps({"config": {**config, "sample_rate": 8_000, "transaction_id": RandomIds().uuid()}})


def _bodhi_events(told: Mapping[str, Any]) -> Iterator[Event]:
    if told.get("error"):
        code = told.get("code")
        raise SocketStatusError(code if isinstance(code, int) else _CLOSED_WITH_ERROR)
    kind = {"complete": Kind.FINAL, "partial": Kind.PARTIAL}.get(str(told.get("type")))
    if kind is not None and isinstance(told.get("text"), str):
        yield Event(kind, (Alternative(told["text"], words=_bodhi_end(told.get("segment_meta"))),))


def _bodhi_end(about: Any) -> tuple[WordEnd, ...]:
    """Where the segment ends, of its beginning and the times of its tokens within it, in seconds."""
    try:
        return (WordEnd(float(about["start_time"] + about["timestamps"][-1])),)
    except (LookupError, TypeError, ValueError):
        return ()


_BODHI = Wire(
    lambda sent: str(sent["base_url"]),
    lambda sent: {"x-api-key": sent["api_key"], "x-customer-id": sent["customer_id"]},
    lambda _: _bodhi_events,
    _bodhi_config,
    goodbye='{"eof": 1}',
)


def _pause(ms: float) -> float:
    return min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, ms / 1000))


SOCKET_TRANSCRIBERS = (
    Vendor(
        TRANSCRIBER,
        "pixa",
        "Pixa Luna, Hindi",
        PIXA_KEYS,
        (
            Client(
                "pixa.Stream",
                addresses={"base_url": "wss://transcript.heypixa.ai/v1/listen"},
                rate_hz=16_000,
                flushes=True,
                own=True,
                wire=_PIXA,
            ),
        ),
        (model_option("pixa-1"), Option("language", "language", NAME, "hi", convert=lambda code: bare(code) or "hi")),
    ),
    Vendor(
        TRANSCRIBER,
        "bodhi",
        "Bodhi of Navana; its models have a language each",
        ("BODHI", "BODHI_API_KEY"),
        (Client("bodhi.Stream", addresses={"base_url": "wss://bodhi.navana.ai"}, own=True, wire=_BODHI),),
        (
            model_option("hi-general-v2-8khz"),
            Option("endpointing", "endpoint_silence_duration", whole(0, 10_000), 440, convert=_pause),
            Option("keywords", "hotwords", WORDS, convert=boosted),
            Option("numerals", "parse_number", SWITCH),
        ),
        more_keys={"customer_id": "BODHI_CUSTOMER_ID"},
    ),
)
