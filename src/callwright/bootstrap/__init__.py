"""Composition: the one place that builds the object graph of a process."""

from callwright.bootstrap.foundation import Foundation, open_actions, open_foundation

__all__ = ["Foundation", "open_actions", "open_foundation"]
