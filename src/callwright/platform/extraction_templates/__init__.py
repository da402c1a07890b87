"""Extraction templates."""
