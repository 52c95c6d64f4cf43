"""Settings of the submission service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gavel import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the variable `GAVEL_<FIELD>`."""

    name: str = "submission-0"
    """This process, in logs and metrics."""
    listen: str = "127.0.0.1:0"
    """`host:port` of the gRPC server; port 0 is a free one."""
    metrics_listen: str = "127.0.0.1:0"
    """`host:port` of the Prometheus page."""
    kafka: str
    """Bootstrap servers."""
    database_url: str
    """`postgresql://user@host:port/database`."""
    storage_url: str
    """Object storage: `file:///folder`, `s3://bucket/prefix`, .."""
    languages_file: str = ""
    """More languages, or other settings of known ones; the workers need the same."""
    log_level: str = "info"
    """debug, info, warning or error."""
    grace_s: float = 12.0
    """Seconds that calls have to end after SIGTERM; the process ends within 20 s."""
    accepts_in_flight: int = 1_000
    """Accepts that wait for the broker at one time; one more is OVERLOADED."""
    uploads: int = 32
    """Uploads at one time; one more is OVERLOADED."""
    upload_bytes: int = 4 * 1024**3
    """Announced bytes of all uploads going on, which lie on disk until they are complete; more is
    OVERLOADED.
    """
    downloads: int = 64
    """Files that are read at one time; one more is OVERLOADED."""
    spool_dir: str = ""
    """Folder where uploads lie until they are complete; empty: the system's temporary folder."""
    database_connections: int = 8
    """Connections to the database at one time."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables; SettingsError names the one that is wrong."""
        return settings.read(cls, environ)
