"""Which form of a built file a client gets."""

from __future__ import annotations

import pytest

from callwright.dashboard.files import BuiltFile, accepted_encodings


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", set()),
        ("gzip, deflate, br", {"gzip", "deflate", "br"}),
        ("GZIP;q=0.5 , br;q=1.0", {"gzip", "br"}),
        ("br;q=0, gzip", {"gzip"}),
        ("br; q=0.000, gzip;q=0.001", {"gzip"}),
    ],
)
def test_what_a_client_accepts(header: str, accepted: set[str]) -> None:
    assert accepted_encodings(header) == accepted


@pytest.mark.parametrize(
    ("header", "content", "encoding"),
    [
        ("gzip, br", b"small", "br"),
        ("gzip", b"middle", "gzip"),
        ("identity", b"the whole file", ""),
        ("br;q=0", b"the whole file", ""),
    ],
)
def test_a_client_gets_the_smallest_form_it_accepts(header: str, content: bytes, encoding: str) -> None:
    file = BuiltFile(b"the whole file", "text/css", {"br": b"small", "gzip": b"middle"})
    assert file.for_client(header) == (content, encoding)


def test_a_file_that_was_not_compressed_is_sent_as_it_is() -> None:
    assert BuiltFile(b"picture", "image/png").for_client("br") == (b"picture", "")
