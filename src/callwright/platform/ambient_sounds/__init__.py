"""Ambient tracks of accounts' own."""
