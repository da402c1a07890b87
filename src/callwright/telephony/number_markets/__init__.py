"""Carriers whose numbers can be searched, rented and given back with an account's own keys. They carry no calls."""

from __future__ import annotations

from callwright.telephony.number_markets.provider_table import PLUGINS

__all__ = ["PLUGINS"]
