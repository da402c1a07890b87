"""Amazon Polly: speech over signed HTTP, the list of voices. The key is the access key's id.

Judged by the vendor's client: boto3 1.44.8 spoke and read the list with its own signature (2026-11-29).
"""

from __future__ import annotations

import re
from typing import Any

from tests.vendors.server import Line, Route, web

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[a-z0-9-]+/polly/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}"
)


def _refusal(request: Any) -> Any:
    if _SIGNED.fullmatch(request.headers.get("Authorization", "")) and "X-Amz-Date" in request.headers:
        return None
    return web.json_response({"message": "not signed"}, status=403, headers={"x-amzn-ErrorType": "SignatureException"})


async def _speech(line: Line) -> Any:
    asked = await line.request.json()
    line.visit.messages.append({**asked, "text": asked["Text"]})
    if asked["VoiceId"] == "Throttled":
        error = {"x-amzn-ErrorType": "ThrottlingException"}
        return web.json_response({"message": "Rate exceeded"}, status=400, headers=error)
    assert (asked["OutputFormat"], asked["SampleRate"]) == ("pcm", "8000"), "the audio of telephones"
    return _refusal(line.request) or await line.stream(line.pieces(asked["Text"]), "audio/pcm")


async def _voices(line: Line) -> Any:
    kajal = {
        "Gender": "Female",
        "Id": "Kajal",
        "LanguageCode": "en-IN",
        "LanguageName": "Indian English",
        "Name": "Kajal",
        "AdditionalLanguageCodes": ["hi-IN"],
        "SupportedEngines": ["neural", "generative"],
    }
    return _refusal(line.request) or web.json_response({"Voices": [kajal]})


ROUTES = (
    Route("POST", "/v1/speech", _speech),
    Route("GET", "/v1/voices", _voices, quiet=True, header="X-Amz-Date"),
)
