#!/usr/bin/env python3
"""Makes the folder with Debian sid and Asterisk in which ``make asterisk`` calls, where it is missing. Debian 13 has no Asterisk.

CALLWRIGHT_ASTERISK_FOLDER names a folder that has one already, DEBIAN_MIRROR another mirror.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("CALLWRIGHT_ASTERISK_FOLDER") or ROOT / "build/asterisk")


def lacks() -> str:
    """Why there can be no Asterisk here; empty where there can."""
    if os.geteuid() != 0:
        return "make asterisk needs root: Asterisk runs in a folder of its own (chroot)"
    if not (FOLDER / "usr/sbin/asterisk").exists() and shutil.which("debootstrap") is None:
        return f"{FOLDER} has no Asterisk, and debootstrap is missing: apt-get install debootstrap"
    return ""


def make() -> None:
    """Fetch Debian sid and its Asterisk: about 650 MB on disk."""
    mirror = [url] if (url := os.environ.get("DEBIAN_MIRROR")) else []
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    _run("debootstrap", "--variant=minbase", "sid", str(FOLDER), *mirror)
    # Nothing is started by its package.
    policy = FOLDER / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    # Without its own name in it, Asterisk asks a name server during calls, and stands still for seconds where none answers.
    (FOLDER / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "asterisk")
    _run("chroot", str(FOLDER), "env", "DEBIAN_FRONTEND=noninteractive", *install)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> int:
    """The exit code."""
    if why := lacks():
        sys.stderr.write(f"{why}\n")
        return 1
    if not (FOLDER / "usr/sbin/asterisk").exists():
        make()
    version = subprocess.run(
        ["chroot", str(FOLDER), "asterisk", "-V"], check=True, capture_output=True, text=True
    ).stdout
    sys.stderr.write(version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
