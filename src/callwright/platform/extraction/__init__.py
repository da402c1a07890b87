"""Extraction from a transcript on request."""
