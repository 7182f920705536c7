"""Curio Tracking's records as OpenTelemetry spans and metrics.

`plugin` is what the entry point names; it imports nothing of OpenTelemetry until the exporter is made.
"""
