"""Protocols between the use cases and the world: speech and language models, carriers, storage, the registry of plugins."""
