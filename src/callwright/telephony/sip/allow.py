"""Who may send SIP to this process: a filter in the kernel on the stack's own listening sockets.

A classic BPF program with the allowed networks is attached to the UDP socket and the TCP listener of the SIP address (no privilege is
needed for that on a socket of one's own); what comes from elsewhere is dropped before the stack sees it, so a stranger meets a closed
port. It counts for requests and for answers: with an allow-list, calls can only be placed to addresses on it. Audio (RTP) is not
filtered: its ports are told in the call.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Sequence

MAX_NETWORKS = 250
ANY_ADDRESS = "0.0.0.0"
_SO_ATTACH_FILTER = 26
# Classic BPF (linux/filter.h). Offsets from SKF_NET_OFF count from the IP header, whatever the socket's own offset is.
_LOAD_WORD, _AND, _JUMP_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_SOURCE_ADDRESS = 0xFFF00000 + 12
_PASS, _DROP = 0xFFFFFFFF, 0
_INSTRUCTION = struct.Struct("HBBI")


class AllowError(Exception):
    """The filter could not be set; the text says why. Then nothing may listen."""


def allow_only(networks: Sequence[str], listen: tuple[str, int]) -> int:
    """Let only these IPv4 networks reach the sockets of this process that listen on ``listen``. Returns how many sockets there were. Raises
    AllowError when there are none, or a network is none."""
    instructions = program(networks)
    sockets = sockets_on(listen)
    if not sockets:
        raise AllowError(f"no socket listens on {listen[0]}:{listen[1]}")
    code = ctypes.create_string_buffer(instructions)
    head = struct.pack("HL", len(instructions) // _INSTRUCTION.size, ctypes.addressof(code))
    for one in sockets:
        with one:
            try:
                one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
            except OSError as error:
                raise AllowError(f"the kernel did not take the filter: {error.strerror}") from error
    return len(sockets)


def program(networks: Sequence[str]) -> bytes:
    """The filter as the kernel's instructions: pass when the source address is in one of ``networks``, else drop. Pure."""
    if len(networks) > MAX_NETWORKS:
        raise AllowError(f"{len(networks)} networks; at most {MAX_NETWORKS} can be allowed")
    steps: list[tuple[int, int, int, int]] = []
    for text in networks:
        try:
            network = ipaddress.IPv4Network(text, strict=False)
        except ValueError as error:
            raise AllowError(f"{text} is no IPv4 network") from error
        steps += [
            (_LOAD_WORD, 0, 0, _SOURCE_ADDRESS),
            (_AND, 0, 0, int(network.netmask)),
            (_JUMP_EQUAL, 0, 1, int(network.network_address)),
            (_RETURN, 0, 0, _PASS),
        ]
    steps.append((_RETURN, 0, 0, _DROP))
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def sockets_on(listen: tuple[str, int]) -> list[socket.socket]:
    """Duplicates of this process's IPv4 sockets bound to ``listen`` with no peer: UDP, and TCP listeners; for the address 0.0.0.0 those on
    its port at any address. The caller closes them."""
    return _own_sockets(lambda one: _listens(one, listen))


def connections_with(peer: tuple[str, int]) -> list[socket.socket]:
    """Duplicates of this process's TCP connections over IPv4 with ``peer``. The caller closes them."""
    return _own_sockets(lambda one: _is_connection(one, peer))


def _own_sockets(wanted: Callable[[socket.socket], bool]) -> list[socket.socket]:
    found = []
    seen = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            one = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            # Closed since it was listed: the listing's own descriptor always is.
            continue
        # The listing's own descriptor is closed by now, and the number may be that of one of our duplicates.
        inode = os.fstat(one.fileno()).st_ino
        if inode not in seen and wanted(one):
            seen.add(inode)
            found.append(one)
        else:
            one.close()
    return found


def _listens(one: socket.socket, listen: tuple[str, int]) -> bool:
    if one.family != socket.AF_INET:
        return False
    try:
        host, port = one.getsockname()
        if port != listen[1] or listen[0] not in (host, ANY_ADDRESS):
            return False
        return one.type == socket.SOCK_DGRAM or bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def _is_connection(one: socket.socket, peer: tuple[str, int]) -> bool:
    if one.family != socket.AF_INET or one.type != socket.SOCK_STREAM:
        return False
    try:
        return bool(one.getpeername()[:2] == peer)
    except OSError:
        return False
