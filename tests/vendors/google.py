"""Google Cloud: recogniser and voice over gRPC and the list of voices over REST, all for tokens that a service account signed itself.

Judged by the vendor's libraries in every run: google-cloud-speech and google-cloud-texttospeech ask and read, google-auth makes and
verifies the tokens.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.vendors.server import (
    CLOSING,
    FAILING,
    GARBLED,
    LIMITED,
    REFUSED,
    EndsHereError,
    Hearing,
    Line,
    Route,
    SpeechVendors,
    Visit,
    key_of,
    web,
)

grpc: Any = importlib.import_module("grpc") if importlib.util.find_spec("grpc") else None
"""There where the vendor's clients are, as ``web`` is."""

VOICES = "https://texttospeech.googleapis.com/"
RECOGNISER = "https://speech.googleapis.com/"
ENDING = "canary-vendor-ends-old-streams"
"""It ends a stream after its first sentence, as one that is as old as it may be."""
_STATUSES = {REFUSED: "UNAUTHENTICATED", LIMITED: "RESOURCE_EXHAUSTED", FAILING: "UNAVAILABLE"}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def credentials(key: str) -> str:
    """The provider key of a service account with which the vendor behaves as ``key`` says."""
    secret = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "p-1",
        "private_key_id": "k-1",
        "private_key": secret.decode(),
        "client_email": f"{key}@p-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(account)


def _verified(token: str, audience: str) -> bool:
    """Whether Google's own library takes the token."""
    from google.auth import jwt

    public = (
        _key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    try:
        jwt.decode(token, certs=public, audience=audience)
    except ValueError:
        return False
    return True


async def _voices(line: Line) -> Any:
    if not _verified(line.request.headers["Authorization"].removeprefix("Bearer "), VOICES):
        return web.json_response({"error": {"status": "UNAUTHENTICATED"}}, status=401)
    aoede = {
        "languageCodes": ["en-US"],
        "name": "en-US-Chirp3-HD-Aoede",
        "ssmlGender": "FEMALE",
        "naturalSampleRateHertz": 24000,
    }
    neural = {**aoede, "languageCodes": ["hi-IN"], "name": "hi-IN-Neural2-B", "ssmlGender": "MALE"}
    return web.json_response({"voices": [aoede, neural, {**aoede, "name": "Aoede"}]})


ROUTES = (Route("GET", "/v1/voices", _voices, quiet=True),)


class _Call(Line):
    """A client's call of the recogniser. It ends with the status that follows."""

    async def close(self, code: int, reason: str = "") -> None:
        """Nothing is open besides."""

    def abort(self) -> None:
        """Nothing is open besides."""


async def _visited(vendors: SpeechVendors, method: str, audience: str, context: Any, requests: Any = None) -> Visit:
    """A caller with a token of this service account. Others are turned away, as its key wants it: behind the first two of ``requests``,
    which are on their way when the refusal of a vendor who is farther away comes. gRPC loses a status that meets a request."""

    async def refuse(status: str, why: str) -> None:
        if requests is not None:
            await anext(requests, None)
            await anext(requests, None)
        await context.abort(grpc.StatusCode[status], why)

    token = dict(context.invocation_metadata()).get("authorization", "")
    if not _verified(token.removeprefix("Bearer "), audience):
        await refuse("UNAUTHENTICATED", "no token of this service account")
    visit = Visit(method, {}, key_of({"Authorization": token}))
    if visit.key in _STATUSES:
        await refuse(_STATUSES[visit.key], f"no: {visit.key}")
    vendors.visits.append(visit)
    return visit


class _Voice:
    """``StreamingSynthesize``: one answer for each piece of a clause, with the behaviour that its key asks for."""

    def __init__(self, vendors: SpeechVendors, types: Any) -> None:
        self._vendors = vendors
        self._types = types

    async def answers(self, requests: Any, context: Any) -> AsyncIterator[bytes]:
        """Messages as bytes, so that some can be garbage."""
        visit = await _visited(self._vendors, "StreamingSynthesize", VOICES, context, aiter(requests))
        kind = self._types.StreamingSynthesizeResponse
        try:
            if visit.key == GARBLED:
                yield b"\xff\xff no message"
            async for request in requests:
                config = request.streaming_config
                if config.voice.name:
                    audio = config.streaming_audio_config
                    asked = {"voice": config.voice.name, "language": config.voice.language_code}
                    visit.messages.append({**asked, "rate": audio.sample_rate_hertz, "speed": audio.speaking_rate})
                    if config.voice.name == "Nobody":
                        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such voice")
                elif visit.key != CLOSING:
                    visit.messages.append({"text": request.input.text})
                    async for piece in _Call(None, visit, object()).pieces(request.input.text):
                        yield kind.serialize(kind(audio_content=piece))
        except EndsHereError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "something broke")
        finally:
            visit.closed = True


class _Recogniser:
    """``StreamingRecognize`` of one version of the API: answers to a client's requests, with the behaviour that its key asks for."""

    def __init__(self, vendors: SpeechVendors, types: Any, times: tuple[str, str]) -> None:
        """``times``: the fields of a word's beginning and end."""
        self._vendors = vendors
        self._types = types
        self._times = times

    async def answers(self, requests: Any, context: Any) -> AsyncIterator[bytes]:
        """Messages as bytes, so that some can be garbage."""
        visit = await _visited(self._vendors, "StreamingRecognize", RECOGNISER, context)
        try:
            if visit.key == GARBLED:
                yield b"\xff\xff no message"
            if visit.key != CLOSING:
                async for answer in self._heard(visit, requests):
                    yield answer
                    result = self._types.StreamingRecognizeResponse.deserialize(answer).results[0]
                    if visit.key == ENDING and result.is_final:
                        await context.abort(grpc.StatusCode.OUT_OF_RANGE, "the stream is too old")
        except EndsHereError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "something broke")
        finally:
            visit.closed = True

    async def _heard(self, visit: Visit, requests: Any) -> AsyncIterator[bytes]:
        answers: list[bytes] = []

        async def report(final: bool) -> None:
            begins, ends = self._times
            words = [
                {"word": one["word"], begins: timedelta(seconds=one["start"]), ends: timedelta(seconds=one["end"])}
                for one in hearing.ear.words()
            ]
            best = {"transcript": hearing.ear.text, "confidence": 0.99, "words": words}
            result = {"alternatives": [best], "is_final": final, "language_code": "en-US"}
            kind = self._types.StreamingRecognizeResponse
            answers.append(kind.serialize(kind(results=[result])))

        hearing = Hearing(_Call(None, visit, object()), report)
        async for request in requests:
            await hearing.feed(getattr(request, "audio_content", b"") or getattr(request, "audio", b""))
            while answers:
                yield answers.pop(0)


@asynccontextmanager
async def recogniser() -> AsyncIterator[SpeechVendors]:
    """The recogniser over gRPC, in both versions of the API."""
    from google.cloud import speech_v1, speech_v2

    place = SpeechVendors()
    versions = {
        "v1": (speech_v1.types.cloud_speech, ("start_time", "end_time")),
        "v2": (speech_v2.types.cloud_speech, ("start_offset", "end_offset")),
    }
    methods = []
    for version, (types, times) in versions.items():
        handler = grpc.stream_stream_rpc_method_handler(
            _Recogniser(place, types, times).answers, types.StreamingRecognizeRequest.deserialize
        )
        methods.append((f"google.cloud.speech.{version}.Speech", "StreamingRecognize", handler))
    async with _serving(place, methods):
        yield place


@asynccontextmanager
async def voice() -> AsyncIterator[SpeechVendors]:
    """The voice over gRPC."""
    from google.cloud import texttospeech_v1

    place, types = SpeechVendors(), texttospeech_v1.types
    handler = grpc.stream_stream_rpc_method_handler(
        _Voice(place, types).answers, types.StreamingSynthesizeRequest.deserialize
    )
    async with _serving(place, [("google.cloud.texttospeech.v1.TextToSpeech", "StreamingSynthesize", handler)]):
        yield place


@asynccontextmanager
async def _serving(place: SpeechVendors, methods: list[tuple[str, str, Any]]) -> AsyncIterator[None]:
    """A server with these methods, and one that says nothing."""
    server = grpc.aio.server()
    for service, name, handler in methods:
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    place.origin = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    deaf = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    place.deaf = "http://{}:{}".format(*deaf.sockets[0].getsockname())
    await server.start()
    try:
        yield
    finally:
        deaf.close()
        await server.stop(None)
