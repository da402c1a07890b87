"""A gateway without SIP, as a child process that speaks the real protocol: ``python scripted_gateway.py --fd N``.

It does what the call itself says: the header ``X-Script`` of a dial is a JSON list of steps, each ``[type, values]`` to be sent for
that call, or one of ``["die"]``, ``["deaf"]`` (answer no pings), ``["mute"]`` (confirm no hang-up), ``["freeze"]``,
``["come_in", values]`` (an inbound call, number 2), ``["raw", text]`` (bytes that are no message). Audio is played back to the call.
Other commands are confirmed, and told to the server as a ``media`` message with ``codec`` "command" and the command as ``why``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from typing import Any

from callwright.telephony.sip.wire import Reader, audio, control


class ScriptedGateway:
    """One life."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._deaf = False
        self._mute = False

    def run(self) -> None:
        """Until the server is gone."""
        reader = Reader()
        while data := self._connection.recv(65_536):
            for call, message in reader.feed(data):
                if isinstance(message, bytes):
                    self._connection.sendall(audio(call, message))
                else:
                    self._obey(call, dict(message))

    def _send(self, call: int, kind: str, **values: Any) -> None:
        self._connection.sendall(control(call, kind, **values))

    def _obey(self, call: int, message: dict[str, Any]) -> None:
        kind = message.pop("type")
        if kind == "settings":
            self._begin(message)
        elif kind == "ping":
            if not self._deaf:
                self._send(0, "pong", at=message["at"], calls=0)
        elif kind == "stop":
            sys.exit(0)
        elif kind == "dial":
            self._script(call, json.loads(message["headers"].pop("X-Script", "[]")), message)
        else:
            self._send(call, "media", codec="command", why=json.dumps([kind, message]))
            self._confirm(call, kind, message)

    def _begin(self, settings: dict[str, Any]) -> None:
        if settings["listen"].endswith(":15199"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", 15199))
                except OSError as error:
                    self._send(0, "refused", reason=error.strerror)
                    sys.exit(1)
        if settings["listen"].endswith(":15198"):
            sys.exit(3)
        self._send(0, "ready", listen=settings["listen"], rtp_ports=settings["rtp_ports"], max_calls=1, pid=os.getpid())

    def _script(self, call: int, steps: list[list[Any]], dialled: dict[str, Any]) -> None:
        for step in steps:
            kind = step[0]
            if kind == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            elif kind == "deaf":
                self._deaf = True
            elif kind == "mute":
                self._mute = True
            elif kind == "freeze":
                time.sleep(60)
            elif kind == "raw":
                self._connection.sendall(step[1].encode())
            elif kind == "come_in":
                self._send(2, "incoming", **step[1])
            elif kind == "show":
                self._send(call, "media", codec="command", why=json.dumps(["dial", dialled]))
            else:
                self._send(call, kind, **(step[1] if len(step) > 1 else {}))

    def _confirm(self, call: int, kind: str, message: dict[str, Any]) -> None:
        if kind == "hang_up" and self._mute:
            return
        if kind == "hang_up":
            self._send(call, "closed", by="us", sip_status=0, q850=None, reason="")
        elif kind == "reject":
            self._send(call, "closed", by="us", sip_status=message["code"], q850=None, reason="")
        elif kind == "answer":
            self._send(call, "answered", codec="pcmu")
        elif kind == "keys":
            for key in message["keys"]:
                self._send(call, "key", key=key)
        elif kind == "transfer":
            self._transfer(call, message)
        elif kind == "refer" and message["accept"]:
            self._send(call, "moved", target="sip:other@127.0.0.1")

    def _transfer(self, call: int, message: dict[str, Any]) -> None:
        user = message["target"].removeprefix("sip:").partition("@")[0]
        if user == "taken":
            self._send(call, "transfer_progress", request=message["request"], state="ringing")
            self._send(call, "transfer_progress", request=message["request"] + 1, state="answered")
            self._send(call, "transferred", request=message["request"], ok=True, sip_status=200, reason="OK")
            self._send(call, "closed", by="us", sip_status=0, q850=None, reason="transferred")
        elif user == "leave":
            self._send(call, "closed", by="them", sip_status=0, q850=None, reason="")
        elif user.isdigit():
            self._send(call, "transferred", request=message["request"], ok=False, sip_status=int(user), reason="No")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    ScriptedGateway(socket.socket(fileno=parser.parse_args().fd)).run()
