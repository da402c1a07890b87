"""Prices of what calls use."""
