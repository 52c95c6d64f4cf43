"""The Kafka broker's jars: resolved by `jgo`, locked with SHA-256 sums in `kafka.jars`, fetched on demand.

`python -m gavel.embedded.jars` writes the lock anew. At run time nothing is resolved: exactly the locked jars
are fetched, several at a time, checked, and moved into the user's cache folder, where later starts find them
without a network.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KAFKA_VERSION = "4.4.0"
_BROKER = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
# Kafka brings log4j but no binding of SLF4J 1.7 to it, and without one it logs nothing. Fetched by itself:
# resolved together with the broker, its parent's version management replaces Kafka's own jars by older ones.
_LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5"

_LOCK = Path(__file__).with_name("kafka.jars")
_FETCHES = 8
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_DEBIAN_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_TIMEOUT_SECONDS = 60
_TRIES = 3


class JarsError(Exception):
    """A jar could not be fetched, or is not the one that the lock names."""


@dataclass(frozen=True, slots=True)
class Jar:
    """A locked jar: its Maven coordinate (group:artifact:version) and the SHA-256 of its bytes, in hex."""

    coordinate: str
    sha256: str

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def cache_folder() -> Path:
    """XDG_CACHE_HOME/gavel, by default ~/.cache/gavel."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gavel"


def locked() -> tuple[Jar, ...]:
    """The jars of the lock, in class path order."""
    return tuple(Jar(*line.split()) for line in _LOCK.read_text().splitlines() if line)


def fetch(progress: Callable[[str], None] = lambda _: None) -> tuple[Path, ...]:
    """Returns the paths of all jars, fetching those that the cache lacks; JarsError if that fails.

    Every jar is hashed on every call (43 MB: 30 ms), so a damaged cache is replaced, never run.
    """
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    jars = locked()
    missing = [jar for jar in jars if not _is_there(folder / jar.name, jar)]
    if missing:
        progress(f"fetching {len(missing)} of {len(jars)} jars of Kafka {KAFKA_VERSION} (once)")
        _download_all(missing, folder)
    return tuple(folder / jar.name for jar in jars)


def _download_all(jars: list[Jar], folder: Path) -> None:
    with (
        _machine_certificates(),
        tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch,
        ThreadPoolExecutor(_FETCHES) as pool,
    ):
        for error in pool.map(lambda jar: _download(jar, folder, Path(scratch)), jars):
            if error is not None:
                raise error


@contextmanager
def _machine_certificates() -> Iterator[None]:
    """Makes requests trust what this machine trusts, unless its user said otherwise.

    By itself it knows only the list that came with it, which fails behind a proxy that re-encrypts. What is
    fetched is held to its SHA-256 in any case.
    """
    trusted = ssl.get_default_verify_paths().cafile or _DEBIAN_CERTIFICATES
    if any(name in os.environ for name in _CERTIFICATE_VARIABLES) or not Path(trusted).exists():
        yield
        return
    os.environ[_CERTIFICATE_VARIABLES[0]] = trusted
    try:
        yield
    finally:
        del os.environ[_CERTIFICATE_VARIABLES[0]]


def _download(jar: Jar, folder: Path, scratch: Path) -> JarsError | None:
    from jgo.maven import MavenContext  # a quarter of a second, needed at the first start only

    reason = ""
    for attempt in range(_TRIES):
        context = MavenContext(repo_cache=scratch / jar.name / str(attempt), timeout=_TIMEOUT_SECONDS)
        group, artifact, version = jar.coordinate.split(":")
        try:
            path = context.project(group, artifact).at_version(version).artifact().resolve()
        except Exception as error:  # jgo lets whatever requests raises through
            reason = f"{type(error).__name__}: {error}"
            continue
        if _is_there(path, jar):
            path.replace(folder / jar.name)
            return None
        reason = f"its SHA-256 is not {jar.sha256}"
    return JarsError(f"{jar.coordinate}: {reason}")


def _is_there(path: Path, jar: Jar) -> bool:
    try:
        return _sha256(path) == jar.sha256
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve() -> list[Jar]:
    """Resolves the broker's dependencies afresh, over the network."""
    from jgo.maven import MavenContext

    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch), timeout=_TIMEOUT_SECONDS)
        given, transitive = context.resolver.resolve([context.create_dependency(_BROKER)])
        dependencies = [*given, *transitive, context.create_dependency(_LOG_BINDING)]
        jars = {
            Jar(f"{d.groupId}:{d.artifactId}:{d.version}", _sha256(d.artifact.resolve()))
            for d in dependencies
        }
    return sorted(jars, key=lambda jar: jar.coordinate)


if __name__ == "__main__":
    text = "".join(f"{jar.coordinate} {jar.sha256}\n" for jar in resolve())
    _LOCK.write_text(text)
    sys.stderr.write(f"wrote {_LOCK}\n")
