"""Calls from web pages."""
