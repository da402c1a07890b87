"""Signature version 4 of Amazon Web Services, for requests whose body is known."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

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
