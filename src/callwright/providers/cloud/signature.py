"""Signed requests to vendors: version 4 of Amazon Web Services, for a known body, and tokens that Google's service accounts sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An access key, and the region it is used in."""

    access_key_id: str
    secret: str = field(repr=False)
    region: str


def signed(
    method: str, url: str, headers: Mapping[str, str], body: bytes, keys: AwsKeys, service: str, at: datetime
) -> dict[str, str]:
    """The headers with the date, the host and the signature. ``at`` is in UTC."""
    parts = urlsplit(url)
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    given = {
        **{name.lower(): value.strip() for name, value in headers.items()},
        "host": parts.netloc,
        "x-amz-date": stamp,
    }
    names = ";".join(sorted(given))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    lines = [f"{name}:{given[name]}" for name in sorted(given)]
    request = [
        method,
        quote(parts.path or "/", safe="/-_.~"),
        query,
        *lines,
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    ]
    scope = f"{day}/{keys.region}/{service}/aws4_request"
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    key = f"AWS4{keys.secret}".encode()
    for part in (day, keys.region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}".encode(), "sha256").hex()
    credential = f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**given, "authorization": credential}


_TOKEN_SECONDS = 3_600


def google_token(account: Mapping[str, Any], audience: str, at: datetime) -> str:
    """The token with which a service account asks the API ``audience``, signed by itself (RFC 7519, RS256). Raises ValueError for an
    account without an RSA key."""
    key = serialization.load_pem_private_key(str(account.get("private_key", "")).encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the key is no RSA key")
    head = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id", "")}
    email, now = account.get("client_email", ""), int(at.timestamp())
    claims = {"iss": email, "sub": email, "aud": audience, "iat": now, "exp": now + _TOKEN_SECONDS}
    signed_part = f"{_base64url(json.dumps(head).encode())}.{_base64url(json.dumps(claims).encode())}"
    signature = key.sign(signed_part.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed_part}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
