"""Calls that go on at the moment."""
