"""Settings of the cleanup service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gavel import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the variable `GAVEL_<FIELD>`."""

    name: str = "cleanup-0"
    """This process, in logs and metrics."""
    listen: str = "127.0.0.1:0"
    """`host:port` of the gRPC server; port 0 is a free one."""
    metrics_listen: str = "127.0.0.1:0"
    """`host:port` of the Prometheus page."""
    database_url: str
    """`postgresql://user@host:port/database`."""
    log_level: str = "info"
    """debug, info, warning or error."""
    grace_s: float = 10.0
    """Seconds that calls have to end after SIGTERM."""
    partition_interval_s: float = 3600.0
    """Seconds between two looks at the day partitions."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables; SettingsError names the one that is wrong."""
        return settings.read(cls, environ)
