"""The packets of one call as a pcap file: its SIP messages, its RTP and its RTCP, as they were on the wire.

SIP comes from the stack's own copies, because over TLS nobody else can read it: each message is written as one UDP datagram between the two
addresses, whatever carried it. RTP is read from a packet socket, which needs CAP_NET_RAW; without it the file has SIP alone. What is
encrypted stays so. Credentials and the keys of SRTP are overwritten, unless the capture was asked to keep them.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import re
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import FileIO
from ipaddress import IPv4Address
from typing import Any

from callwright.ops.clock import SystemClock
from callwright.telephony.sip.trace import TracedCall

TICKS_A_SECOND = 50
LINKTYPE_RAW = 101
_MAGIC, _SNAP_BYTES = 0xA1B2C3D4, 65_535
_FILE_HEAD = struct.Struct("<IHHiIII")
_PACKET_HEAD = struct.Struct("<IIII")
_TIME = struct.Struct("@qq")
_ETH_P_ALL, _ETH_P_IP, _SO_TIMESTAMPNS, _SO_ATTACH_FILTER, _OUTGOING = 0x0003, 0x0800, 35, 26, 4
_RECEIVE_BYTES = 1 << 20
_READS_AT_ONCE = 64
# With the lines that continue it (RFC 3261 7.3.1): they begin with a space or a tab, which stays.
_SECRET = re.compile(
    r"^((?:proxy-)?authorization[ \t]*:[ \t]*)(.*?(?:\r?\n[ \t].*?)*)(\r?)$", re.IGNORECASE | re.MULTILINE
)
_OF_SECRET = re.compile(r"(?<!\n)[^\r\n]")
_CRYPTO = re.compile(r"^a=crypto:.*", re.MULTILINE)
# A line may have several keys (RFC 4568 9.2).
_SRTP_KEY = re.compile(r"(inline:)([^\s|;]+)")
# Classic BPF (linux/filter.h), over an IP packet: UDP without an earlier fragment, from or to one of two ports.
_LOAD_BYTE, _LOAD_HALF, _LOAD_HALF_X, _LOAD_LENGTH_X = 0x30, 0x28, 0x48, 0xB1
_JUMP_EQUAL, _JUMP_SET, _RETURN = 0x15, 0x45, 0x06
_PROTOCOL = 0xFFFFF000
_INSTRUCTION = struct.Struct("HBBI")

_log = logging.getLogger("callwright.telephony.sip.gateway")


class CallCapture:
    """The capture of one call; off until :meth:`start`. ``tell`` sends the wire's ``capture`` messages of the call."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._file: FileIO | None = None
        self._socket: socket.socket | None = None
        self._port = 0
        self._ticks_left = 0
        self._bytes_left = 0
        self._size = 0
        self._sip = self._media = 0
        self._lack = ""
        self._keep_secrets = False

    @property
    def is_on(self) -> bool:
        """Whether packets are written."""
        return self._file is not None

    def start(self, asked: Mapping[str, Any]) -> None:
        """Begin as the wire's ``capture`` message says, once."""
        if self._file is not None or self._size:
            self._tell("capture", state="refused", why="this call is or was captured already")
            return
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = FileIO(os.open(str(asked["path"]), flags, 0o600), "w")
        except OSError as error:
            self._tell("capture", state="refused", why=f"the file cannot be made: {error.strerror}")
            return
        self._ticks_left = int(asked["seconds"]) * TICKS_A_SECOND
        self._bytes_left = int(asked["bytes"])
        self._keep_secrets = bool(asked.get("keep_secrets"))
        self._put(_FILE_HEAD.pack(_MAGIC, 2, 4, 0, 0, _SNAP_BYTES, LINKTYPE_RAW))
        self._tell("capture", state="began")

    def tick(self, call: TracedCall | None, ticks: int) -> None:
        """Write the call's messages since the last time, and follow its media."""
        if self._file is None or call is None:
            return
        self._messages(call)
        if call.media_port != self._port:
            self._listen(call.media_port)
        self._ticks_left -= ticks
        if self._bytes_left <= 0:
            self.stop(None, "the file is full")
        elif self._ticks_left <= 0:
            self.stop(None, "the time is over")

    def stop(self, call: TracedCall | None, why: str) -> None:
        """End it, if it is on."""
        if self._file is None:
            return
        if call is not None:
            self._messages(call)
        self._unlisten()
        self._file.close()
        self._file = None
        lack = {"no_media": self._lack} if self._lack else {}
        self._tell(
            "capture",
            state="ended",
            why=why,
            sip_messages=self._sip,
            media_packets=self._media,
            bytes=self._size,
            **lack,
        )

    def _messages(self, call: TracedCall) -> None:
        while call.messages:
            at_us, text = call.messages.popleft()
            packet = sip_packet(text if self._keep_secrets else redacted(text))
            if packet is not None and self._packet(at_us, packet):
                self._sip += 1

    def _packet(self, at_us: int, packet: bytes) -> bool:
        seconds, us = divmod(at_us, 1_000_000)
        record = _PACKET_HEAD.pack(seconds, us, len(packet), len(packet)) + packet
        if len(record) > self._bytes_left:
            self._bytes_left = 0
            return False
        self._put(record)
        return True

    def _put(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError as error:
            # A full disk ends the capture, never the call.
            _log.warning("a capture ends: %s", error.strerror)
            self._bytes_left = 0
            return
        self._size += len(data)
        self._bytes_left -= len(data)

    # -- media -----------------------------------------------------------------------------------------------------------------

    def _listen(self, port: int) -> None:
        self._unlisten()
        self._port = port
        if not port:
            return
        try:
            self._socket = _packet_socket(port)
        except OSError as error:
            denied = error.errno in (errno.EPERM, errno.EACCES)
            self._lack = "the process may not read packets (CAP_NET_RAW)" if denied else str(error.strerror)
            _log.warning("a capture has no media: %s", self._lack)
            return
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def _unlisten(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket, self._port = None, 0

    def _read(self) -> None:
        for _ in range(_READS_AT_ONCE):
            if self._socket is None:
                return
            try:
                packet, extra, _, source = self._socket.recvmsg(_SNAP_BYTES, 64)
            except OSError:
                # Nothing more to read.
                return
            # What a machine sends to itself is seen twice.
            if source[2] == _OUTGOING and source[0] == "lo":
                continue
            stamps = [_TIME.unpack(data[: _TIME.size]) for _, kind, data in extra if kind == _SO_TIMESTAMPNS]
            at_us = stamps[0][0] * 1_000_000 + stamps[0][1] // 1_000 if stamps else now_us()
            if self._packet(at_us, packet):
                self._media += 1


def now_us() -> int:
    """The time of day, as packets have it."""
    return int(SystemClock().now().timestamp() * 1_000_000)


def redacted(text: str) -> str:
    """A traced message without its credentials and without keys of SRTP, in the same length. Pure."""

    def hidden(found: re.Match[str]) -> str:
        return found[1] + _OF_SECRET.sub("x", found[2]) + (found[3] if found.re is _SECRET else "")

    return _CRYPTO.sub(lambda line: _SRTP_KEY.sub(hidden, line[0]), _SECRET.sub(hidden, text))


def sip_packet(text: str) -> bytes | None:
    """The IP packet of a traced message: a line ``TX UDP a:p -> b:p``, then the message. None when it is none, or not over IPv4. Pure."""
    head, _, message = text.partition("\n")
    parts = head.split()
    if len(parts) != 5:
        return None
    try:
        source, target = _address(parts[2]), _address(parts[4])
    except ValueError:
        return None
    payload = message.encode("utf-8", "surrogateescape")
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0, source[0].packed, target[0].packed
    )
    return ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:] + udp


def _address(text: str) -> tuple[IPv4Address, int]:
    host, _, port = text.rpartition(":")
    number = int(port)
    if not 0 < number < 65_536:
        raise ValueError(port)
    return IPv4Address(host), number


def _checksum(head: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(head) // 2}H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packet_socket(port: int) -> socket.socket:
    """A socket that gets a copy of the packets from and to ``port`` and the next one. Raises OSError."""
    program = passing((port, port + 1))
    code = ctypes.create_string_buffer(program)
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    try:
        head = struct.pack("HL", len(program) // _INSTRUCTION.size, ctypes.addressof(code))
        one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        one.setblocking(False)
        _drain(one)
    except OSError:
        one.close()
        raise
    return one


def _drain(one: socket.socket) -> None:
    """Drop what came before the filter was there."""
    with suppress(BlockingIOError):
        while True:
            one.recv(1)


def passing(ports: tuple[int, int]) -> bytes:
    """The kernel's instructions: pass IPv4 packets of UDP from or to one of ``ports``, drop the rest. Pure."""
    first, second = ports
    steps = (
        (_LOAD_HALF, 0, 0, _PROTOCOL),
        (_JUMP_EQUAL, 0, 12, _ETH_P_IP),
        (_LOAD_BYTE, 0, 0, 9),
        (_JUMP_EQUAL, 0, 10, socket.IPPROTO_UDP),
        (_LOAD_HALF, 0, 0, 6),
        (_JUMP_SET, 8, 0, 0x1FFF),
        (_LOAD_LENGTH_X, 0, 0, 0),
        (_LOAD_HALF_X, 0, 0, 0),
        (_JUMP_EQUAL, 4, 0, first),
        (_JUMP_EQUAL, 3, 0, second),
        (_LOAD_HALF_X, 0, 0, 2),
        (_JUMP_EQUAL, 1, 0, first),
        (_JUMP_EQUAL, 0, 1, second),
        (_RETURN, 0, 0, 0xFFFFFFFF),
        (_RETURN, 0, 0, 0),
    )
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)
