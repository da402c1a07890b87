"""Speech and language on this machine: models from the store, run in worker processes."""
