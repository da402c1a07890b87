"""A carrier's side of a SIP trunk, played by SIPp: what it asks for, and whether the answer proves the password."""

from __future__ import annotations

import hashlib
import re

from tests.phone.sipp import IP, Message, Sipp

REALM, NONCE = "carrier.example", "dcd98b7102dd2f0e8b11d0f600bfb0c0"

_SECTION = """
  <recv request="INVITE"/>
  <send><![CDATA[
SIP/2.0 {status}
@tagged_reply@
{header}: Digest realm="{realm}", nonce="{nonce}", algorithm=MD5, qop="auth"
Content-Length: 0

]]></send>
  <recv request="ACK"/>
"""


def challenge(status: int) -> str:
    """The part of a scenario that asks for a password, with 401 or 407."""
    words = {401: "401 Unauthorized", 407: "407 Proxy Authentication Required"}[status]
    header = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}[status]
    return _SECTION.format(status=words, header=header, realm=REALM, nonce=NONCE)


def proves(message: Message, user: str, password: str) -> bool:
    """Whether an INVITE answers the challenge (RFC 2617) as somebody with that name and password would."""
    given = message.header("Authorization") or message.header("Proxy-Authorization")
    values = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)}
    if values.get("username") != user:
        return False
    one = _md5(f"{user}:{REALM}:{password}")
    two = _md5(f"INVITE:{values['uri']}")
    middle = f"{values['nc']}:{values['cnonce']}:{values['qop']}:" if "qop" in values else ""
    return bool(values["response"] == _md5(f"{one}:{NONCE}:{middle}{two}"))


def invites(phone: Sipp) -> list[Message]:
    """The INVITEs a carrier got, without repetitions."""
    found = {message.header("CSeq"): message for message in phone.messages("INVITE", sent=False)}
    return list(found.values())


def check_ended(phone: Sipp) -> None:
    """The answer of a phone nobody waits for any more was confirmed, and its call ended, in the dialog that the answer made."""
    invite = invites(phone)[0]
    answer = next(m for m in phone.messages("200", sent=True) if m.header("CSeq") == invite.header("CSeq"))
    number = int(invite.header("CSeq").split()[0])
    ack, bye = phone.messages("ACK", sent=False)[0], phone.messages("BYE", sent=False)[0]
    assert (ack.header("CSeq"), bye.header("CSeq")) == (f"{number} ACK", f"{number + 1} BYE")
    for message in (ack, bye):
        assert message.start.split()[1] == f"sip:phone@{IP}:{phone.port}", "where the answer's Contact says"
        assert message.header("Call-ID") == invite.header("Call-ID")
        assert message.header("From").partition("tag=")[2] == invite.header("From").partition("tag=")[2]
        assert message.header("To").partition("tag=")[2] == answer.header("To").partition("tag=")[2]
    branches = [m.header("Via").partition("branch=")[2].partition(";")[0] for m in (invite, ack, bye)]
    assert len(set(branches)) == 3, "each is a transaction of its own"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
