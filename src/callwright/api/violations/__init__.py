"""Violations: complaints of the operator and what accounts answer."""
