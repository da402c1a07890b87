"""Requests signed for Amazon Web Services, against the vendor's own published examples."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwright.providers.cloud.signature import AwsKeys, signed

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        ("GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "https://example.amazonaws.com/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
)
def test_the_vendors_test_suite_is_signed_as_it_says(method: str, url: str, signature: str) -> None:
    headers = signed(method, url, {}, b"", KEYS, "service", AT)
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
        f"Signature={signature}"
    )
    assert headers["x-amz-date"] == "20150830T123600Z"


def test_the_secret_is_not_shown() -> None:
    assert KEYS.secret not in repr(KEYS)
    assert KEYS.secret not in str(signed("GET", "https://example.org/", {}, b"", KEYS, "polly", AT))
