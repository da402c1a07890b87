"""Which user the server runs as. PostgreSQL refuses to run as root, and another user often cannot enter root's folders.

As an ordinary user: that user. As root, the first of these that works:

1. the owner of the existing cluster, or of the data folder, if that is an ordinary user;
2. root without privileges under another name: a user namespace that maps root to an ordinary user id and drops every capability
   (``unshare --user --map-user``). Files stay root's, so a 0700 home is no obstacle;
3. ``nobody``, with its own cluster: inside the data folder if ``nobody`` can enter it, else under ``/var/lib/callwright``.

No step changes the mode or owner of a folder that was there before.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callwright.domain.errors import ConfigurationError

PROBE_LIMIT_SECONDS = 30
COMMAND_LIMIT_SECONDS = 300
NOBODY = "nobody"
MASKED = "masked"


@dataclass(frozen=True)
class ServerUser:
    """How to run a program as the server's user. ``uid`` and ``gid`` own its files; ``prefix`` goes before every command."""

    uid: int
    gid: int
    description: str
    prefix: tuple[str, ...] = ()
    switches: bool = False

    def start_options(self) -> dict[str, Any]:
        """Keyword arguments for ``subprocess``: clean environment (no key of ours, no PG* setting) and the user switch."""
        options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
        if self.switches:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def run(
        self,
        command: Sequence[str | Path],
        *,
        text_in: str = "",
        keep_open: tuple[int, ...] = (),
        limit_seconds: int = COMMAND_LIMIT_SECONDS,
    ) -> tuple[int, str]:
        """Run to the end; the exit code and everything it said. A program that cannot be started has code 127.

        The program inherits the descriptors ``keep_open``.
        """
        try:
            done = subprocess.run(
                [*self.prefix, *map(str, command)],
                input=text_in,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=limit_seconds,
                check=False,
                pass_fds=keep_open,
                **self.start_options(),
            )
        except OSError as error:
            return 127, str(error)
        except subprocess.TimeoutExpired:
            return 124, f"{command[0]} was stopped after {limit_seconds} s"
        return done.returncode, done.stdout

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can go into ``folder``, tried and not computed (ACLs, mounts and namespaces count)."""
        code, _ = self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder], limit_seconds=PROBE_LIMIT_SECONDS)
        return code == 0

    def can_run(self, program: Path) -> bool:
        """Whether this user can start ``program``."""
        code, _ = self.run([program, "--version"], limit_seconds=PROBE_LIMIT_SECONDS)
        return code == 0


def named_user(name: str) -> ServerUser:
    """The user called ``name`` for a process that runs as root, or the process's own user."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise ConfigurationError(
            f"There is no user {name!r} to run the embedded PostgreSQL as: create it or name another."
        ) from error
    if entry.pw_uid == 0:
        raise ConfigurationError("PostgreSQL does not run as root: name another user for the embedded PostgreSQL.")
    return ServerUser(entry.pw_uid, entry.pw_gid, f"the user {name}", switches=entry.pw_uid != os.geteuid())


def masked_user() -> ServerUser | None:
    """This process's own user under another name and without capabilities, or None where user namespaces do not work."""
    unshare = shutil.which("unshare")
    shown = next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)
    if unshare is None or shown is None:
        return None
    prefix = (unshare, "--user", f"--map-user={shown.pw_uid}", f"--map-group={shown.pw_gid}", "--")
    user = ServerUser(os.geteuid(), os.getegid(), "this user in a user namespace of its own", prefix)
    code, said = user.run(["/bin/sh", "-c", "id -u"], limit_seconds=PROBE_LIMIT_SECONDS)
    return user if code == 0 and said.strip() == str(shown.pw_uid) else None


def owning_user(path: Path) -> ServerUser | None:
    """The owner of ``path`` if that is an ordinary user with a name (initdb asks for one)."""
    try:
        owner = path.stat().st_uid
        return None if owner == 0 else named_user(pwd.getpwuid(owner).pw_name)
    except (FileNotFoundError, KeyError):
        return None


def user_of_cluster(cluster: Path) -> ServerUser:
    """The user an existing cluster must be run as: its owner.

    Raises ``ConfigurationError`` if this process cannot act as that user.
    """
    owner, own = cluster.stat().st_uid, os.geteuid()
    if owner not in (own, 0) and own == 0:
        user = owning_user(cluster)
    elif owner == own:
        user = own_user()
    else:
        user = None
    if user is None:
        raise ConfigurationError(
            f"The database in {cluster} belongs to user id {owner} and this process runs as {own}: run Callwright as that user, "
            "or set DATABASE_URL to a PostgreSQL server."
        )
    return user


def own_user() -> ServerUser | None:
    """This process's own user as PostgreSQL accepts it: masked if it is root or has no name; None if that cannot be done."""
    own = os.geteuid()
    try:
        name = pwd.getpwuid(own).pw_name
    except KeyError:
        return masked_user()
    return masked_user() if own == 0 else named_user(name)


def candidate_users(data_folder: Path) -> list[ServerUser]:
    """The users a new cluster could belong to, best first."""
    if os.geteuid() != 0:
        own = own_user()
        return [] if own is None else [own]
    found = [owning_user(data_folder), masked_user()]
    return [user for user in found if user is not None] + [named_user(NOBODY)]
