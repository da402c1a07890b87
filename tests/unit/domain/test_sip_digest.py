"""Digest authentication of callers: right answers, wrong ones, and answers to other challenges."""

import hashlib
import re

import pytest

from callwright.domain import sip_digest
from callwright.domain.sip_digest import NONCE_SECONDS, Digest
from callwright.domain.sip_message import parsed


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def nonce_of(challenge):
    (nonce,) = re.findall(r'nonce="([^"]*)"', challenge)
    return nonce


def invite(
    nonce, *, user="guest", password="pw", call_id="c1", qop=True, method="INVITE", more="", uri="sip:x@y", to="sip:x@y"
):
    first, second = md5(f"{user}:callwright:{password}"), md5(f"{method}:{uri}")
    middle = f"{nonce}:00000001:abc:auth" if qop else nonce
    value = (
        f'Digest username="{user}", realm="callwright", nonce="{nonce}", uri="{uri}",'
        f' response="{md5(f"{first}:{middle}:{second}")}"'
    )
    value += ', qop=auth, nc=00000001, cnonce="abc"' if qop else ""
    return parsed(f"{method} {to} SIP/2.0\r\nCall-ID: {call_id}\r\nAuthorization: {value}{more}\r\n\r\n")


@pytest.fixture
def digest():
    return Digest("guest", "pw", "key of this process")


def test_a_right_answer_is_accepted_with_and_without_qop(digest):
    nonce = nonce_of(digest.challenge("c1", 100))
    assert digest.accepts(invite(nonce), 100)
    assert digest.accepts(invite(nonce, qop=False), 100 + NONCE_SECONDS)
    assert digest.accepts(invite(nonce_of(digest.challenge("c1", 100)), more=", algorithm=MD5"), 100)


@pytest.mark.parametrize("uri", ["sip:x@z:5080;transport=udp", "sips:x@y", "sip:x;user=phone@y"])
def test_an_answer_names_who_is_called_whatever_became_of_the_rest_of_the_address(digest, uri):
    nonce = nonce_of(digest.challenge("c1", 100))
    assert digest.accepts(invite(nonce, uri=uri), 100)
    assert not digest.accepts(invite(nonce_of(digest.challenge("c1", 100)), uri=uri, to="sip:another@y"), 100)


@pytest.mark.parametrize("qop", [True, False])
def test_an_answer_that_was_overheard_is_good_for_nothing(digest, qop):
    nonce = nonce_of(digest.challenge("c1", 100))
    assert digest.accepts(invite(nonce, qop=qop), 100)
    assert not digest.accepts(invite(nonce, qop=qop), 100)


def test_only_so_many_answers_are_remembered(digest, monkeypatch):
    monkeypatch.setattr(sip_digest, "MAX_ANSWERS_KEPT", 2)
    nonces = [nonce_of(digest.challenge("c1", 100)) for _ in range(3)]
    assert [digest.accepts(invite(nonce), 100) for nonce in nonces] == [True] * 3
    assert [digest.accepts(invite(nonce), 100) for nonce in reversed(nonces)] == [False, False, True]


def test_everything_else_is_not(digest):
    nonce = nonce_of(digest.challenge("c1", 100))
    assert not digest.accepts(invite(nonce, password="other"), 100)
    assert not digest.accepts(invite(nonce, user="other"), 100)
    assert not digest.accepts(invite(nonce, call_id="c2"), 100)
    assert not digest.accepts(invite(nonce), 100 + NONCE_SECONDS + 1)
    assert not digest.accepts(invite(nonce), 99)
    assert not digest.accepts(invite("64.1." + "0" * 32), 100)
    assert not digest.accepts(invite("64." + "0" * 32), 100)
    assert not digest.accepts(invite("nonsense"), 100)
    assert not digest.accepts(invite(nonce, more=", algorithm=SHA-256"), 100)
    assert not digest.accepts(invite(nonce, more=", qop=auth-int"), 100)
    assert not digest.accepts(parsed("INVITE sip:x@y SIP/2.0\r\nCall-ID: c1\r\n\r\n"), 100)
    assert not digest.accepts(parsed("INVITE sip:x@y SIP/2.0\r\nCall-ID: c1\r\nAuthorization: Basic Zm9v\r\n\r\n"), 100)


def test_a_challenge_of_another_process_is_not_ours(digest):
    nonce = nonce_of(Digest("guest", "pw", "another key").challenge("c1", 100))
    assert not digest.accepts(invite(nonce), 100)


def test_a_digest_shows_nothing(digest):
    assert repr(digest) == "Digest(***)"
