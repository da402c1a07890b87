"""Hears the packets of keys beside the stack: a second socket on the port of a call's sound, to which the kernel gives these packets alone.

The stack's socket and ours share the port (SO_REUSEPORT), and a classic BPF program, for which no privilege is needed, sorts by payload
type: telephone events to us, everything else to the stack. Where the kernel does not do that, keys come from the stack as before.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import socket
import struct
from collections.abc import Callable

from callwright.media.key_events import Presses
from callwright.telephony.sip.allow import ANY_ADDRESS, sockets_on
from callwright.telephony.sip.trace import TracedCall

_SO_ATTACH_REUSEPORT_CBPF = 51
_LOAD_BYTE, _AND, _JUMP_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_THEIRS, _OURS = 0, 1
"""The order in which the two sockets came to the port."""
_INSTRUCTION = struct.Struct("HBBI")
_READS_AT_ONCE = 64
_LARGEST = 2_048

_log = logging.getLogger("callwright.telephony.sip.gateway")


class KeyEars:
    """The keys of one call. ``tried``: ``open`` has done what it can."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._presses = Presses()
        self.tried = False

    @property
    def packets(self) -> int:
        """Packets heard here, which the stack does not see and takes for lost."""
        return self._presses.packets

    def open(self, call: TracedCall | None, on_key: Callable[[str], None]) -> None:
        """Hear the keys of ``call`` on its port, once; where it names none, its audio is encrypted or it cannot be, they stay with the
        stack."""
        if self.tried or call is None or not call.media_port:
            return
        self.tried = True
        if not call.key_types or call.is_encrypted:
            return
        try:
            self._socket = _beside(call.media_port, sorted(call.key_types))
        except OSError as error:
            _log.warning("keys are heard through the stack, which may hear one twice: %s", error.strerror or error)
            return
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read, on_key)

    def close(self) -> None:
        """Give the port back; a call that goes on with another line may open again."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket, self.tried = None, False

    def _read(self, on_key: Callable[[str], None]) -> None:
        for _ in range(_READS_AT_ONCE):
            if self._socket is None:
                return
            try:
                datagram = self._socket.recv(_LARGEST)
            except OSError:
                # Nothing more to read; an error of the port is the stack's to see.
                return
            key = self._presses.feed(datagram)
            if key:
                on_key(key)


def _beside(port: int, types: list[int]) -> socket.socket:
    """Our socket on ``port`` beside the stack's. Raises OSError."""
    found = sockets_on((ANY_ADDRESS, port))
    theirs = [one for one in found if one.type == socket.SOCK_DGRAM]
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if len(theirs) != 1:
            raise OSError(f"{len(theirs)} sockets of the stack on port {port}")
        ours.setblocking(False)
        for one in (theirs[0], ours):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ours.bind(theirs[0].getsockname())
        program = sorting(types)
        code = ctypes.create_string_buffer(program)
        head = struct.pack("HL", len(program) // _INSTRUCTION.size, ctypes.addressof(code))
        theirs[0].setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, head)
    except OSError:
        ours.close()
        raise
    finally:
        for one in found:
            one.close()
    return ours


def sorting(types: list[int]) -> bytes:
    """The kernel's instructions: packets of the RTP payload types ``types`` are ours, all others the stack's. Pure."""
    steps = [(_LOAD_BYTE, 0, 0, 1), (_AND, 0, 0, 0x7F)]
    for left, kind in zip(range(len(types), 0, -1), types, strict=True):
        # Over the types that are left and the return for what is none of them.
        steps.append((_JUMP_EQUAL, left, 0, kind))
    steps += [(_RETURN, 0, 0, _THEIRS), (_RETURN, 0, 0, _OURS)]
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)
