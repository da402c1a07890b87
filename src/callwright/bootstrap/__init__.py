"""Composition: the one place that builds the object graph of a process."""
