"""What a process tells about itself: JSON log lines, Prometheus metrics, OpenTelemetry traces."""

from gavel.telemetry.setup import setup

__all__ = ["setup"]
