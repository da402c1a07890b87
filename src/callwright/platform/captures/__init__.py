"""Packets of calls in progress."""
