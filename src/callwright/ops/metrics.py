"""Metrics in the Prometheus text format. One object holds them all; whoever counts gets it from the bootstrap."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from callwright.ops.security_log import KINDS

_LATENCY_BUCKETS_S = (0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 1.3, 1.8, 2.5, 4.0, 8.0)

_OF_SIP = {
    "sip_listening": "1 while SIP phones are served.",
    "sip_calls": "SIP calls this process holds now.",
    "sip_gateway_restarts": "SIP gateways that ended and were replaced.",
    "sip_registrations_failed": "SIP trunks that should be registered and are not.",
    "sip_trunk_gateways_unreachable": "Gateways of SIP trunks that do not answer OPTIONS.",
}
"""Gauges that are exposed from the start, also by a process that serves no phones."""


class Metrics:
    """Counters of the platform. ``docs/how-to/operate.md`` says which to alarm on."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter("callwright_calls", "Attempts by their outcome.", ["outcome"], registry=self.registry)
        self.provider_errors = Counter(
            "callwright_provider_errors",
            "Failures of providers and tools in calls, by kind of provider and of failure.",
            ["kind", "failure"],
            registry=self.registry,
        )
        self.provider_switches = Counter(
            "callwright_provider_switches",
            "Fallbacks that took over in calls, by kind of provider.",
            ["kind"],
            registry=self.registry,
        )
        self.live_calls = Gauge("callwright_live_calls", "Calls this process holds now.", registry=self.registry)
        self.inbound_refused = Counter(
            "callwright_inbound_refused",
            "Calls that came in and were not taken, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.reply_seconds = Histogram(
            "callwright_reply_seconds",
            "Last caller frame to first agent frame on the wire.",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.webhooks = Counter(
            "callwright_webhooks", "Webhook deliveries by result.", ["result"], registry=self.registry
        )
        self.webhook_endpoints_paused = Gauge(
            "callwright_webhook_endpoints_paused",
            "Webhook endpoints of all organisations that are paused.",
            registry=self.registry,
        )
        self.requests = Counter(
            "callwright_requests", "API requests by status class.", ["status"], registry=self.registry
        )
        self.security_events = Counter(
            "callwright_security_events", "Events of security by kind.", ["kind"], registry=self.registry
        )
        for kind in KINDS:
            self.security_events.labels(kind=kind)
        self.pacing_late_ms = Gauge(
            "callwright_pacing_late_ms", "Lateness of the audio clock, p99 of the last minute.", registry=self.registry
        )
        self._of_plugins: dict[str, Gauge] = {}
        for name, meaning in _OF_SIP.items():
            self.gauge(name, meaning)

    def gauge(self, name: str, meaning: str = "") -> Gauge:
        """Returns the gauge ``callwright_<name>``, which a plugin sets (``ports.registry.Gauges``)."""
        if name not in self._of_plugins:
            self._of_plugins[name] = Gauge(f"callwright_{name}", meaning, registry=self.registry)
        return self._of_plugins[name]

    def exposition(self) -> bytes:
        """All metrics as Prometheus text."""
        return generate_latest(self.registry)
