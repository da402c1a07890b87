"""Azure AI Speech: voices over HTTP in SSML, and their list."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from tests.vendors.server import Line, Route, web

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


ROUTES = (
    Route("POST", "/cognitiveservices/v1", _speech),
    Route("GET", "/cognitiveservices/voices/list", _voices, quiet=True),
)
