"""Google Cloud Text-to-Speech: the list of voices over REST, for tokens that a service account signed itself.

Judged by the vendor's library: google-auth 2.63.0 verifies the tokens (2026-11-29). What is spoken and heard goes over gRPC to addresses
that the client fixes (see ``table``).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.vendors.server import Line, Route, web

AUDIENCE = "https://texttospeech.googleapis.com/"


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


def _verified(token: str) -> bool:
    """Whether Google's own library takes the token."""
    from google.auth import jwt

    public = (
        _key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    try:
        jwt.decode(token, certs=public, audience=AUDIENCE)
    except ValueError:
        return False
    return True


async def _voices(line: Line) -> Any:
    if not _verified(line.request.headers["Authorization"].removeprefix("Bearer ")):
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
