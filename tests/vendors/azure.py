"""Azure AI Speech: voices over HTTP in SSML, their list, and the recogniser over a websocket.

The recogniser is judged by the vendor's SDK where it is installed: azure-cognitiveservices-speech is the only client that there is.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from tests.vendors.server import SILENT, Hearing, Line, Route, socket, web

_SPEECH = "{http://www.w3.org/2001/10/synthesis}"


async def _speech(line: Line) -> Any:
    body = await line.request.text()
    try:
        ssml = ET.fromstring(body)
    except ET.ParseError:
        return web.Response(status=400)
    voice = ssml.find(f"{_SPEECH}voice")
    assert voice is not None, "SSML names a voice"
    text = "".join(ssml.itertext())
    line.visit.messages.append({"text": text, "voice": voice.get("name"), "ssml": body})
    assert line.request.headers["X-Microsoft-OutputFormat"] == "raw-8khz-16bit-mono-pcm", "the format of telephones"
    return await line.stream(line.pieces(text), "audio/basic")


async def _voices(_line: Line) -> Any:
    neerja = {
        "Name": "Microsoft Server Speech Text to Speech Voice (en-IN, NeerjaNeural)",
        "DisplayName": "Neerja",
        "LocalName": "Neerja",
        "ShortName": "en-IN-NeerjaNeural",
        "Gender": "Female",
        "Locale": "en-IN",
        "LocaleName": "English (India)",
        "VoiceType": "Neural",
        "Status": "GA",
    }
    old = {**neerja, "DisplayName": "Old", "ShortName": "en-IN-OldNeural", "Status": "Deprecated"}
    return web.json_response([neerja, old])


_TICKS_PER_SECOND = 10_000_000
_WAV_HEAD_BYTES = 44


async def _recognition(line: Line) -> None:
    """Messages of headers and a body: in text after an empty line, in bytes after the headers' length in two bytes."""
    request_id = ""

    async def send(path: str, body: dict[str, Any]) -> None:
        head = f"X-RequestId:{request_id}\r\nPath:{path}\r\nContent-Type:application/json; charset=utf-8\r\n\r\n"
        await line.send(head + json.dumps(body))

    async def report(final: bool) -> None:
        ear = hearing.ear
        times = {"Offset": _ticks(ear.began_s), "Duration": _ticks(ear.ended_s - ear.began_s)}
        if final:
            await send("speech.phrase", {"RecognitionStatus": "Success", "DisplayText": ear.text, **times})
        else:
            await send("speech.hypothesis", {"Text": ear.text, **times})

    hearing = Hearing(line, report)
    async for message in line:
        if isinstance(message, str):
            continue
        begin = 2 + int.from_bytes(message[:2], "big")
        headers = dict(one.split(":", 1) for one in message[2:begin].decode().split("\r\n") if one)
        if not request_id:
            request_id = headers["X-RequestId"]
            await send("turn.start", {"context": {"serviceTag": "t-1"}})
        audio = message[begin:]
        await hearing.feed(audio[_WAV_HEAD_BYTES:] if audio.startswith(b"RIFF") else audio)
        if not audio and line.visit.key != SILENT:
            await hearing.finish()
            await send("turn.end", {})


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS_PER_SECOND)


ROUTES = (
    socket("/speech/recognition/conversation/cognitiveservices/v1", _recognition),
    Route("POST", "/cognitiveservices/v1", _speech),
    Route("GET", "/cognitiveservices/voices/list", _voices, quiet=True),
)
