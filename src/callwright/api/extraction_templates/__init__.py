"""Extraction templates: `/extractions` (older)."""
