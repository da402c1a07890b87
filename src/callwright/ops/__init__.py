"""Settings, clock, ids, logging with redaction, metrics, health: the only place that touches the process's surroundings."""
