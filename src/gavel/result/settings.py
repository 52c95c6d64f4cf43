"""Settings of the result service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gavel import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the variable `GAVEL_<FIELD>`."""

    name: str = "result-0"
    """This process, in logs and metrics."""
    listen: str = "127.0.0.1:0"
    """`host:port` of the gRPC server; port 0 is a free one."""
    metrics_listen: str = "127.0.0.1:0"
    """`host:port` of the Prometheus page."""
    kafka: str
    """Bootstrap servers of the broker."""
    database_url: str
    """`postgresql://user@host:port/database`."""
    storage_url: str
    """`file:///folder`, `s3://bucket/prefix`, `gs://..` or `az://..`."""
    log_level: str = "info"
    """debug, info, warning or error."""
    grace_s: float = 5.0
    """Seconds that calls have to end after the streams were drained."""
    drain_s: float = 3.0
    """Seconds over which the ends of open streams are spread after SIGTERM."""
    database_connections: int = 4
    """Connections for reads; the writers have three more."""
    streams: int = 20_000
    """Watches open at once; one more is refused with RESOURCE_EXHAUSTED."""
    window_bytes: int = 64 * 1024 * 1024
    """Memory for recent events."""
    window_age_s: float = 600.0
    """How long an event stays in it at most."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables; SettingsError names the one that is wrong."""
        return settings.read(cls, environ)
