"""Dispositions: questions asked after a call."""
