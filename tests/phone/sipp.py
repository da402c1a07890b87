"""SIPp as the phone: runs a scenario of ours and shows every SIP message it saw.

A scenario is a file of ``scenarios/``. Words between @ are filled in at run time; the blocks below are those that nearly every
message repeats. A phone goes from one part of its scenario to the next when the test says so (``goes_on``), which it does by an INFO of
its own in the phone's dialog; the times in a scenario are only for phones that nobody watches.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.phone.ports import is_bound
from tests.waiting import until

FOLDER = Path(__file__).parent / "scenarios"
IP = "127.0.0.1"
_LONGEST_S = 90
_WORD = re.compile(r"@([a-z_]+)@")
_HEAD = re.compile(r"^-{20,}[^\n]*\n(?P<what>(?:UDP|TCP) message (?P<way>sent|received)[^\n]*)\n\n", re.MULTILINE)

_REPLY = """[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:phone@[local_ip]:[local_port]>"""
_TAGGED = _REPLY.replace("[last_To:]", "[last_To:];tag=[pid]phone[call_number]")
_SDP = """v=0
o=phone 53655765 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio @rtp_port@ RTP/AVP @payload@ 101
a=rtpmap:@payload@ @encoding@/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a={direction}"""

DEFAULTS: Mapping[str, str] = {
    "reply": _REPLY,
    "tagged_reply": _TAGGED,
    "sdp": _SDP.format(version=1, direction="sendrecv"),
    "sdp_again": _SDP.format(version=2, direction="sendrecv"),
    "sdp_hold": _SDP.format(version=3, direction="sendonly"),
    "sdp_back": _SDP.format(version=4, direction="sendrecv"),
    "payload": "0",
    "encoding": "PCMU",
    "from_user": "+15550001",
    "called": "agent",
    "dialled": "@called@",
    "challenged": "",
    "more_headers": "X-Nothing: 0",
    "hold_ms": "60000",
    "late_ms": "1",
    "ring_ms": "300",
    "talk_ms": "60000",
    "held_ms": "60000",
    "outcome": "200 OK",
    "progress": "100 Trying",
    "refer_ms": "300",
    "refer_to": "sip:nobody@127.0.0.1:9",
    "refer_status": "202",
    "status": "486 Busy Here",
    "status_code": "486",
}
ALAW: Mapping[str, str] = {"payload": "8", "encoding": "PCMA"}


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message. ``sent``: by the phone."""

    sent: bool
    start: str
    text: str

    def header(self, name: str) -> str:
        """The first header ``name``; empty when there is none."""
        found = re.search(rf"^{re.escape(name)}\s*:\s*(.*?)\s*$", self.text, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""

    @property
    def method(self) -> str:
        """INVITE, BYE, ... for a request; the status as text for a response."""
        first, second = self.start.split(" ")[:2]
        return second if first.startswith("SIP/") else first

    @property
    def media(self) -> tuple[str, int] | None:
        """Where the sender wants sound, from its SDP."""
        where = re.search(r"^c=IN IP4 (\S+)", self.text, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.text, re.MULTILINE)
        return (where[1], int(port[1])) if where and port else None


def scenario(name: str, words: Mapping[str, str], transport: str = "udp") -> str:
    """The text of a scenario with everything filled in. A word nobody knows is an error."""
    given = {**DEFAULTS, **words}
    text = (FOLDER / f"{name}.xml").read_text()
    while _WORD.search(text):
        text = _WORD.sub(lambda word: given[word[1]], text)
    if transport == "tcp":
        text = text.replace("SIP/2.0/UDP", "SIP/2.0/TCP").replace("[local_port]>", "[local_port];transport=tcp>")
    return text


class Sipp:
    """A SIPp process with one scenario."""

    def __init__(self, folder: Path, name: str, port: int, media_port: int) -> None:
        self.port = port
        self.name = name
        self._media_port = media_port
        self._told = 0
        self._base = folder / f"{name}-{port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(
        self,
        *,
        target: int | None = None,
        calls: int = 1,
        rate: float = 10,
        **words: str | int,
    ) -> None:
        """Start; with ``target`` it calls that port, else it waits for calls. Returns once it has its port. ``transport`` among
        the words: udp or tcp.

        Debian's SIPp 3.7.3 sends nothing over TLS ("Unable to send TLS message"): softphones do."""
        executable = shutil.which("sipp")
        assert executable is not None
        given = {key: str(value) for key, value in words.items()}
        transport = given.pop("transport", "udp")
        self._file(".xml").write_text(scenario(self.name, given, transport))
        arguments = [
            *("-sf", self._file(".xml"), "-i", IP, "-p", self.port, "-m", calls, "-l", calls, "-r", rate, "-nostdin"),
            *("-t", {"udp": "u1", "tcp": "t1"}[transport]),
            *(
                "-mi",
                IP,
                "-min_rtp_port",
                self._media_port,
                "-max_rtp_port",
                self._media_port + 7,
                "-timeout",
                f"{_LONGEST_S}s",
            ),
            *(
                "-trace_msg",
                "-message_file",
                self._file(".messages"),
                "-trace_err",
                "-error_file",
                self._file(".errors"),
            ),
            *([f"{IP}:{target}"] if target else []),
        ]
        with self._file(".out").open("w") as out:
            self._process = await asyncio.create_subprocess_exec(
                executable,
                *map(str, arguments),
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                stdin=asyncio.subprocess.DEVNULL,
            )
        process = self._process
        await until(lambda: is_bound(self.port, transport) or process.returncode is not None, 10)

    async def ended(self, seconds: float = 30) -> None:
        """Wait until every call of the scenario went as it is written. AssertionError with the phone's own words when not."""
        assert self._process is not None
        try:
            async with asyncio.timeout(seconds):
                code = await self._process.wait()
        except TimeoutError:
            code = -1
        assert code == 0, f"SIPp ({self.name}) ended with {code if code != -1 else 'no end'}: {self.complaints()}"

    async def stop(self) -> None:
        """End the process if it still runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process is not None and self._process.returncode is None

    def complaints(self) -> str:
        """What SIPp found wrong, or else the first lines of all messages."""
        errors = self._file(".errors")
        lines = errors.read_text(errors="replace")[-3_000:] if errors.exists() else ""
        return lines + "\n" + "\n".join(f"{'>' if m.sent else '<'} {m.start}" for m in self.messages())

    def messages(self, method: str = "", *, sent: bool | None = None) -> list[Message]:
        """Every message so far, in order."""
        path = self._file(".messages")
        read = list(_messages(path.read_text(errors="replace"))) if path.exists() else []
        return [m for m in read if method in ("", m.method) and sent in (None, m.sent)]

    async def saw(self, method: str, *, sent: bool = False, seconds: float = 10) -> Message:
        """Wait for a message."""
        await until(lambda: bool(self.messages(method, sent=sent)), seconds)
        return self.messages(method, sent=sent)[0]

    async def goes_on(self, seconds: float = 10) -> None:
        """Let the phone do what comes next in its scenario (hang up, hold, refer), once no offer of the other side is open."""
        await until(self._is_settled, seconds)
        last = [m for m in self.messages(sent=False) if m.header("To").find("tag=") >= 0][-1]
        # As if the other side had sent it; its own messages of a call name it in From, its answers in To.
        them, us = ("To", "From") if last.start.startswith("SIP/") else ("From", "To")
        self._told += 1
        lines = [
            f"INFO sip:phone@{IP}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/UDP {IP}:9;branch=z9hG4bK-test-{self.port}-{self._told}",
            f"From: {last.header(them)}",
            f"To: {last.header(us)}",
            f"Call-ID: {last.header('Call-ID')}",
            f"CSeq: {9_000 + self._told} INFO",
            "Content-Length: 0",
        ]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto("\r\n".join([*lines, "", ""]).encode(), (IP, self.port))

    def _is_settled(self) -> bool:
        """Whether the call is set up and every answer to an INVITE is acknowledged."""
        answers = [m for m in self.messages() if m.method == "200" and m.header("CSeq").endswith("INVITE")]
        confirmed = {m.header("CSeq").split()[0] for m in self.messages("ACK")}
        return bool(answers) and all(m.header("CSeq").split()[0] in confirmed for m in answers)

    def _file(self, suffix: str) -> Path:
        return self._base.with_name(self._base.name + suffix)


def _messages(text: str) -> Iterator[Message]:
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):
        body = text[head.end() : end].strip("\n")
        if body.strip():
            yield Message(head["way"] == "sent", body.splitlines()[0].strip(), body)
