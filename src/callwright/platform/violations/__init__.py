"""Complaints about calls."""
