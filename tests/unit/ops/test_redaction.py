"""What may be in a log and what may not."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.ops.logging import configure_logging, redact

SECRET = "q7Zr-9_xT.2b+K/1=="


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: bearer  {SECRET}",
        f"Authorization: Basic {SECRET}",
        f"headers={{'authorization': 'Bearer {SECRET}'}}",
        f'{{"api_key": "{SECRET}"}}',
        f'{{"api-key":"{SECRET}","model":"m"}}',
        f"{{'apiKey': '{SECRET}'}}",
        f"CALLWRIGHT_MODEL_API_KEY={SECRET}",
        f"api_token = {SECRET}",
        f"?access_token={SECRET}&x=1",
        f"GET /recordings/file/1/call.wav?expires=1&signature={SECRET}",
        f"postgresql://callwright:{SECRET.replace('/', '%2F')}@db:5432/calls",
        "postgresql://callwright:q7Zr@9xT@db/calls",
        "postgres://:q7Zr9x@db/calls",
        f'password="{SECRET}"',
        f"PGPASSWORD={SECRET}",
        f"passwd: {SECRET}",
        f"client_secret={SECRET}",
        f"CALLWRIGHT_SECRET='{SECRET}'",
        "secret=b'q7Zr 9xT with spaces'",
        '{"secret": "q7Zr\\"9xT"}',
        "key bn-q7Zr9xT2bK1f0e was used",
        "key sa-q7Zr9xT2bK1f0e was used",
        "Incorrect API key provided: sk-q7Zr9xT2bK1f0e.",
        "whsec_q7Zr9xT2bK1f0e",
    ],
)
def test_secrets_do_not_survive(line: str):
    shown = redact(line)
    assert "***" in shown
    assert "q7Zr" not in shown
    assert "9xT" not in shown


@pytest.mark.parametrize(
    "line",
    [
        "webhook initiated of 3f1c failed (500); next try in 5 s",
        "visa-approved and bran-new",
        "https://receiver.example:8443/hook?x=1",
        "at 12:30:05 user@example.com called +15550123",
        "the secret of good coffee",
        "ask-anything",
        "GET /v2/agent/all 200",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str):
    assert redact(line) == line


def test_what_stands_around_a_secret_stays():
    assert redact('{"api_key": "abcdef", "model": "m"}') == '{"api_key": ***, "model": "m"}'
    assert redact("postgresql://me:abcdef@db:5432/calls") == "postgresql://me:***@db:5432/calls"
    assert redact("?signature=abcdef&x=1") == "?signature=***&x=1"


@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=8, max_size=40))
def test_whatever_the_key_is_it_does_not_survive(key: str):
    ascii_key = "".join(c for c in key if c.isascii()) or "abcdefgh"
    for line in (f"api_key={key}", f'"password": "{key}"', f"Bearer {ascii_key}zzzz", f"postgres://u:{key}@h/db"):
        assert key not in redact(line).replace("api_key", "").replace("password", "").replace("Bearer", "").replace(
            "postgres", ""
        )


def test_redacting_twice_changes_nothing():
    once = redact(f"Bearer {SECRET} password={SECRET}")
    assert redact(once) == once


Log = Callable[[str], list[str]]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """Configure the log in a style; returns what it has written so far, by line."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def configured(style: str) -> list[str]:
        configure_logging("info", style)
        logging.getLogger("callwright.test").debug("not shown")
        logging.getLogger("callwright.test").info("key %s", "bn-q7Zr9xT2bK1f0e")
        try:
            raise ValueError(f"password={SECRET}")
        except ValueError:
            logging.getLogger("callwright.test").exception("it failed")
        logging.getLogger("httpx2").info("POST https://receiver.example/?token=q7Zr9xT")
        return capsys.readouterr().err.splitlines()

    yield configured
    root.handlers[:], root.level = before


def test_lines_of_text_are_redacted_with_their_tracebacks(log: Log):
    lines = log("text")
    assert "INFO    callwright.test: key bn-***" in lines[0]
    assert any(line.endswith("ValueError: password=***") for line in lines)
    assert "q7Zr" not in "".join(lines)


def test_lines_of_json_are_redacted_with_their_tracebacks(log: Log):
    first, second = (json.loads(line) for line in log("json"))
    assert (first["level"], first["logger"], first["message"]) == ("info", "callwright.test", "key bn-***")
    assert second["exception"].endswith("ValueError: password=***")
    assert set(second) == {"time", "level", "logger", "message", "exception"}
