"""Where and as whom the server runs: the choice for a new cluster, and the making of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.storage.embedded.binaries import Binaries, installed_binaries
from callwright.storage.embedded.cluster import check_version, make_cluster
from callwright.storage.embedded.folders import ELSEWHERE, Home
from callwright.storage.embedded.server_user import (
    MASKED,
    ServerUser,
    candidate_users,
    masked_user,
    named_user,
    user_of_cluster,
)


@dataclass(frozen=True)
class ServerPlacement:
    """Where and as whom the server runs; every default is right for an ordinary installation.

    ``user``: name of a user, ``masked`` (see ``server_user``), or None to find out. ``elsewhere``: where the cluster goes if
    that user cannot enter the data folder. ``binaries``: None for the installed wheel. ``settings`` go over ``DEFAULT_SETTINGS``.
    """

    user: str | None = None
    elsewhere: Path = ELSEWHERE
    binaries: Binaries | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def prepare_cluster(home: Home, placement: ServerPlacement, lock: int) -> tuple[ServerUser, Path, Binaries]:
    """The server's user, its cluster (made now if there is none) and binaries that user can run."""
    binaries = placement.binaries or installed_binaries()
    state = home.state()
    cluster = state / "cluster"
    is_new = not cluster.exists()
    if is_new:
        user, state = _choose_place(home, placement, binaries)
        cluster = state / "cluster"
    else:
        check_version(cluster, binaries)
        user = user_of_cluster(cluster)
    if not user.can_run(binaries.program("postgres")):
        binaries = binaries.copy_server_to(state / f"server-{binaries.version}")
    if is_new:
        make_cluster(cluster, binaries, user, lock)
        home.remember_state(state)
    return user, cluster, binaries


def _choose_place(home: Home, placement: ServerPlacement, binaries: Binaries) -> tuple[ServerUser, Path]:
    """For a new cluster: its user and the folder it goes into."""
    users = _asked_users(home, placement)
    for user in users:
        if user.can_enter(home.folder):
            _own_home(home, user)
            return user, home.folder
    if users and os.geteuid() == 0:
        state = home.new_state(placement.elsewhere)
        if users[-1].can_enter(state):
            return users[-1], state
    raise ConfigurationError(
        f"No user was found who can run PostgreSQL {binaries.version} in {home.folder}: run Callwright as an ordinary user, "
        "or set DATABASE_URL to a PostgreSQL server."
    )


def _asked_users(home: Home, placement: ServerPlacement) -> list[ServerUser]:
    if placement.user is None:
        return candidate_users(home.folder.parent)
    user = masked_user() if placement.user == MASKED else named_user(placement.user)
    return [] if user is None else [user]


def _own_home(home: Home, user: ServerUser) -> None:
    # Root acting for the owner of a data folder leaves files that the owner can use later without root.
    if user.switches and home.folder.parent.stat().st_uid == user.uid:
        for path in (home.folder, home.gate, home.use, home.server, home.log):
            if path.exists():
                os.chown(path, user.uid, user.gid, follow_symlinks=False)
