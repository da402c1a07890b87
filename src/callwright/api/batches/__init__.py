"""Batches: calling everybody on a list, `/batches...`."""
