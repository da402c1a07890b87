"""Packets of calls: asking for them."""
