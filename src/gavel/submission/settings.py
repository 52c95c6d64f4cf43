"""Settings of the submission service: read from the environment once, here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

SERVICES = (
    "gavel.submission.v1.SubmissionService",
    "gavel.submission.v1.ProblemService",
    "gavel.submission.v1.FileService",
)
"""What the process serves."""
STOP_GRACE_S = 15.0
"""How long calls may go on after SIGTERM; with the producer's flush the process ends within 20 s."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each from the environment variable of its name behind `GAVEL_`."""

    name: str
    """The instance, in logs and metrics: `submission-0`."""
    listen: str
    """host:port of gRPC."""
    metrics_listen: str
    """host:port of `/metrics`."""
    kafka: str
    """Bootstrap servers."""
    database_url: str
    storage_url: str
    log_level: str = "info"
    """debug, info, warning or error."""
    accepts_in_flight: int = 1_000
    """Accepts that wait for the broker at one time; one more is refused with OVERLOADED."""
    uploads: int = 32
    """Uploads at one time."""
    upload_bytes: int = 4 * 1024**3
    """Announced bytes of all uploads going on, which lie on disk until they are complete."""
    spool_dir: str = ""
    """Where uploads lie until they are complete; empty: the system's temporary folder."""
    database_connections: int = 8

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads them. KeyError for one that is missing and has no default, ValueError for a malformed
        number.
        """
        numbers = {
            name: int(environment[f"GAVEL_{name.upper()}"])
            for name in ("accepts_in_flight", "uploads", "upload_bytes", "database_connections")
            if environment.get(f"GAVEL_{name.upper()}")
        }
        if any(number < 1 for number in numbers.values()):
            raise ValueError(f"must be at least 1: {numbers}")
        return cls(
            name=environment["GAVEL_NAME"],
            listen=environment["GAVEL_LISTEN"],
            metrics_listen=environment["GAVEL_METRICS_LISTEN"],
            kafka=environment["GAVEL_KAFKA"],
            database_url=environment["GAVEL_DATABASE_URL"],
            storage_url=environment["GAVEL_STORAGE_URL"],
            log_level=environment.get("GAVEL_LOG_LEVEL") or "info",
            spool_dir=environment.get("GAVEL_SPOOL_DIR") or "",
            **numbers,
        )

    def shown(self) -> dict[str, object]:
        """For the log, without passwords."""
        return {
            "listen": self.listen,
            "metrics_listen": self.metrics_listen,
            "kafka": self.kafka,
            "database": _masked(self.database_url),
            "storage": _masked(self.storage_url),
            "accepts_in_flight": self.accepts_in_flight,
            "uploads": self.uploads,
            "upload_bytes": self.upload_bytes,
            "spool_dir": self.spool_dir,
            "database_connections": self.database_connections,
        }


def _masked(url: str) -> str:
    """Scheme, host and path alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
