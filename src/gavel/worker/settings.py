"""Settings of the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gavel import settings
from gavel.bus.topics import Partitions
from gavel.sandbox import EXCEPTABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the variable `GAVEL_<FIELD>`."""

    name: str = "worker-0"
    """This process: the worker's id, in heartbeats, logs and metrics. No two workers share one."""
    listen: str = "127.0.0.1:0"
    """`host:port` of the gRPC server; port 0 is a free one."""
    metrics_listen: str = "127.0.0.1:0"
    """`host:port` of the Prometheus page."""
    kafka: str
    """Bootstrap servers."""
    storage_url: str
    """Object storage: `file:///folder`, `s3://bucket/prefix`, .."""
    languages: tuple[str, ...]
    """Kattis codes, separated by commas. One that the machine lacks is unavailable and harms no other."""
    languages_file: str = ""
    """More languages, or other commands for known ones; the submission service needs the same."""
    roots: tuple[str, ...] = ()
    """`LANGUAGE=/folder`, separated by commas: root filesystems in place of this machine's."""
    slots: int = 0
    """Runs at one time, of all languages together; 0: one for each core."""
    programs: int = -1
    """Programs without a record (RunProgram) at one time, in slots of these; 0: none, -1: half of the slots,
    at least one. With several slots at least one stays the judgements'; from four on judgements leave one
    free."""
    state_dir: str
    """A private folder of this process; nothing in it outlives it."""
    allow_unenforced: tuple[str, ...] = ()
    """Limits of the sandbox without which the worker starts all the same: `cpu_weight`, `network`, `swap`.
    Each that does not hold is logged as a warning and shown by ListWorkers and `gavel status`."""
    cache_dir: str = ""
    """What compiling made, for later starts and for other workers of this machine; empty: in `state_dir`."""
    log_level: str = "info"
    """debug, info, warning or error."""
    grace_s: float = 15.0
    """Seconds that runs have to end after SIGTERM; the process ends within 5 s more."""
    kafka_replication: int = 1
    """Replicas of the topics that the worker makes; 3 in a cluster."""
    kafka_min_insync: int = 1
    """Replicas that a record must have before it is acknowledged; 2 in a cluster."""
    partitions_interactive: int = Partitions().interactive
    """Partitions of `submissions.<language>`, where the worker makes it."""
    partitions_batch: int = Partitions().batch
    """Partitions of `submissions.<language>.batch`, where the worker makes it."""
    partitions_events: int = Partitions().events
    """Partitions of `events`, where the worker makes it; never changed afterwards."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables; SettingsError names the one that is wrong."""
        found = settings.read(cls, environ)
        if wrong := sorted(set(found.allow_unenforced) - EXCEPTABLE.keys()):
            may = ", ".join(EXCEPTABLE)
            raise settings.SettingsError(
                f"GAVEL_ALLOW_UNENFORCED: expected some of {may}; found {', '.join(wrong)}"
            )
        return found
