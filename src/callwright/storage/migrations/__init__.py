"""The schema of the ledger as alembic revisions in plain SQL."""

from __future__ import annotations

from pathlib import Path

VERSIONS = Path(__file__).with_name("versions")
"""The folder of the revision files."""
