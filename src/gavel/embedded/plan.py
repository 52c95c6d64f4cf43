"""What runs where: from what was asked for to the parts of a mesh. Pure, but for the ports it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from gavel.embedded.envoy import Envoy
from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.postgres import Postgres
from gavel.embedded.service import Service
from gavel.mesh import Endpoint, Topology
from gavel.mesh.topology import WORKER, WORKER_PREFIX

REPLICAS_MAX = 16
SLOTS_MAX = 1_024
_UNFIT = frozenset(",:\\") | frozenset(map(chr, range(32)))
"""Kafka's settings and Java's class path take these in a path for something else."""
_LANGUAGE = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process: its languages (Kattis codes; empty: all that this machine has) and its slots.

    `slots` is how many programs it runs at once; 0 means the number of cores.
    """

    languages: tuple[str, ...] = ()
    slots: int = 0

    @classmethod
    def parse(cls, text: str) -> Worker:
        """From `LANGUAGE[,LANGUAGE...][=SLOTS]`; ValueError if it is something else."""
        names, _, slots = text.partition("=")
        languages = tuple(dict.fromkeys(names.split(",")))
        if not all(_LANGUAGE.fullmatch(language) for language in languages):
            raise ValueError(f"expected LANGUAGE[,LANGUAGE...][=SLOTS], got {text!r}")
        if "=" in text and not (slots.isdecimal() and 1 <= int(slots) <= SLOTS_MAX):
            raise ValueError(f"expected 1 to {SLOTS_MAX} slots, got {slots!r}")
        return cls(languages, int(slots) if slots else 0)

    def __str__(self) -> str:
        return ",".join(self.languages) + (f"={self.slots}" if self.slots else "")


@dataclass(frozen=True, slots=True)
class Options:
    """What `gavel up` was asked for."""

    data_dir: Path
    ingress_host: str = "127.0.0.1"
    ingress_port: int = 8080
    submission: int = 2
    result: int = 2
    workers: tuple[Worker, ...] = (Worker(),)

    def __post_init__(self) -> None:
        ip_address(self.ingress_host)  # a ValueError that says so
        if set(str(self.data_dir)) & _UNFIT:
            raise ValueError(f"expected a data folder without any of , : \\ in its path, got {self.data_dir}")
        for what, count in (("submission", self.submission), ("result", self.result)):
            if not 1 <= count <= REPLICAS_MAX:
                raise ValueError(f"{what}: expected 1 to {REPLICAS_MAX} replicas, got {count}")
        if not 1 <= len(self.workers) <= REPLICAS_MAX:
            raise ValueError(f"workers: expected 1 to {REPLICAS_MAX}, got {len(self.workers)}")


class UnavailableLanguageError(ValueError):
    """A worker was asked to serve a language whose toolchain this machine lacks."""


def assign_languages(workers: Sequence[Worker], available: Sequence[str]) -> tuple[Worker, ...]:
    """Fills in the languages of workers that named none; UnavailableLanguageError for one not available."""
    for worker in workers:
        for language in worker.languages:
            if language not in available:
                raise UnavailableLanguageError(language)
    if not available:
        raise UnavailableLanguageError("any language")
    return tuple(Worker(worker.languages or tuple(available), worker.slots) for worker in workers)


def stores(data: Path, port: Callable[[str], int]) -> tuple[KafkaBroker, Postgres]:
    """The broker and the database of a data folder."""
    kafka = KafkaBroker(
        data / "kafka",
        port=port("kafka"),
        controller_port=port("kafka.controller"),
        log=log_of(data, "kafka"),
    )
    return kafka, Postgres(data / "postgres", port=port("postgres"), log=log_of(data, "postgres"))


def services(
    options: Options,
    workers: Sequence[Worker],
    kafka: str,
    database_url: str,
    port: Callable[[str], int],
) -> tuple[Service, ...]:
    """The service processes; `workers` name their languages."""
    data = options.data_dir
    shared = {
        "GAVEL_KAFKA": kafka,
        "GAVEL_DATABASE_URL": database_url,
        "GAVEL_STORAGE_URL": (data / "objects").as_uri(),
        "GAVEL_LOG_LEVEL": "info",
    }

    def service(role: str, number: int, more: dict[str, str]) -> Service:
        name = f"{role}-{number}"
        address = f"127.0.0.1:{port(name)}"
        own = {
            "GAVEL_NAME": name,
            "GAVEL_LISTEN": address,
            "GAVEL_METRICS_LISTEN": f"127.0.0.1:{port(f'{name}.metrics')}",
        }
        return Service(name, role, address, {**shared, **own, **more}, log_of(data, name))

    made = [service("worker", n, _worker_environment(data, n, worker)) for n, worker in enumerate(workers)]
    made += [service("submission", n, {}) for n in range(options.submission)]
    made += [service("result", n, {}) for n in range(options.result)]
    made += [service("cleanup", 0, {})]
    return tuple(made)


def envoy(options: Options, made: Sequence[Service], port: Callable[[str], int]) -> Envoy:
    """Envoy in front of the services."""
    folder = options.data_dir / "envoy"
    return Envoy(folder, topology(options, made, port), log=log_of(options.data_dir, "envoy"))


def topology(options: Options, made: Sequence[Service], port: Callable[[str], int]) -> Topology:
    """Which service answers where, and which worker serves which languages."""
    endpoints: dict[str, tuple[Endpoint, ...]] = {}
    languages: dict[Endpoint, Sequence[str]] = {}
    for service in made:
        host, number = service.address.rsplit(":", 1)
        endpoint = Endpoint(service.name, host, int(number))
        endpoints[service.role] = (*endpoints.get(service.role, ()), endpoint)
        if service.role == WORKER:
            languages[endpoint] = service.environment["GAVEL_LANGUAGES"].split(",")
    endpoints |= language_clusters(languages)
    return Topology(options.ingress_host, options.ingress_port, port("envoy.admin"), endpoints)


def language_clusters(workers: Mapping[Endpoint, Sequence[str]]) -> dict[str, tuple[Endpoint, ...]]:
    """A cluster for each language that some of the workers lack, so that a program that is run at once
    reaches one that has it. What all of them have needs none: each cluster costs a health check a second.
    """
    every = dict.fromkeys(language for languages in workers.values() for language in languages)
    serving = {
        language: tuple(worker for worker, languages in workers.items() if language in languages)
        for language in every
    }
    return {
        WORKER_PREFIX + language: found for language, found in serving.items() if len(found) < len(workers)
    }


def log_of(data: Path, part: str) -> Path:
    """Where a part's output goes."""
    return data / "logs" / f"{part}.log"


def _worker_environment(data: Path, number: int, worker: Worker) -> dict[str, str]:
    return {
        "GAVEL_LANGUAGES": ",".join(worker.languages),
        "GAVEL_SLOTS": str(worker.slots),
        "GAVEL_STATE_DIR": str(data / "run" / f"worker-{number}"),
        "GAVEL_CACHE_DIR": str(data / "cache"),
    }
